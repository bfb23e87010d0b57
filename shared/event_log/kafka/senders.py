"""The two producers of an installation, and what becomes of one that an error has spoilt."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError, RecordListTooLargeError

from shared.event_log.kafka.settings import KafkaSettings
from shared.event_log.port import InFlight, LogUnavailable, RecordTooLarge

BATCH_OCTETS: Final = 1_048_576
"""What the producer puts into one batch at most, and what a topic must accept."""

SEND_MAY_BLOCK: Final = 0.5
"""Seconds that the producer may wait for metadata; it does so only after having lost it."""

RENEWED_AGAIN_AFTER: Final = 0.5
"""Seconds between two tries to make new producers while no broker answers."""

SEND_FAILED: Final = (KafkaError, ValueError)
"""What send() raises; a ValueError for a partition, which we know to exist, that is not in its metadata now."""

TOO_LARGE: Final = (MessageSizeTooLargeError, RecordListTooLargeError)

log = logging.getLogger(__name__)


class Senders:
    """The two producers of an installation, shared by its topics.

    Made anew after an error they cannot recover from.
    """

    def __init__(self, settings: KafkaSettings, topics: Sequence[str]) -> None:
        self.settings = settings
        self.in_flight = InFlight(settings.records_in_flight, settings.octets_in_flight)
        self.relaying = threading.Lock()
        self._topics = topics
        self._making = threading.Lock()
        self._renewing = False
        self._closed = False
        self.single = self._make_single()
        self.bulk = self._make_bulk()

    def _make_single(self) -> KafkaProducer:
        # A partition has one batch on its way at a time (idempotence keeps their order): what arrives meanwhile goes
        # together in the next one.
        return self._with_metadata(_producer(self.settings, linger_ms=0, batch_size=BATCH_OCTETS))

    def _make_bulk(self) -> KafkaProducer:
        # Nothing leaves before flush(): a chunk of append_all is one batch, written as a whole or not at all.
        linger_ms = round((self.settings.delivery_timeout - self.settings.request_timeout) * 1000)
        return self._with_metadata(_producer(self.settings, linger_ms=linger_ms, batch_size=BATCH_OCTETS))

    def _with_metadata(self, producer: KafkaProducer) -> KafkaProducer:
        # Fetched now, so that send() has no reason to block an event loop later.
        until = time.monotonic() + self.settings.request_timeout
        for topic in self._topics:
            while True:
                try:
                    producer.partitions_for(topic)
                    break
                except KafkaError:
                    if time.monotonic() >= until:
                        _abandon(producer)
                        raise
        return producer

    def refusal(
        self, topic: str, error: Exception, by: KafkaProducer, *, taken: bool
    ) -> LogUnavailable | RecordTooLarge:
        """What whoever appends is told about an error of a producer; what has spoilt the producer has it replaced."""
        if isinstance(error, TOO_LARGE):
            return RecordTooLarge()
        log.warning("an append to %s was not acknowledged: %r", topic, error)
        if isinstance(error, KafkaError):
            self._renew_after(error, by, taken=taken)
        return LogUnavailable()

    def _renew_after(self, error: KafkaError, by: KafkaProducer, *, taken: bool) -> None:
        """Replace both producers, in a thread of its own, after an `error` that the one it came from stays in.

        That the time of a record ran out which it had `taken` is such an error: with a record that it had to send
        again, kafka-python (3.0.12) gives up its producer id, asks for no other one, and never sends anything again.
        """
        stuck = taken and isinstance(error, KafkaTimeoutError)
        if error.retriable and not stuck:
            return
        with self._making:
            if self._renewing or self._closed or by not in (self.single, self.bulk):
                return
            self._renewing = True
        log.error("the producer met %r and is replaced", error)
        threading.Thread(target=self._renew, name="event-log-renewal", daemon=True).start()

    def _renew(self) -> None:
        while (fresh := self._fresh()) is None:
            time.sleep(RENEWED_AGAIN_AFTER)
            if self._closed:
                return
        with self._making:
            stale = fresh if self._closed else (self.single, self.bulk)
            if not self._closed:
                self.single, self.bulk = fresh
            self._renewing = False
        for producer in stale:
            _abandon(producer)

    def _fresh(self) -> tuple[KafkaProducer, KafkaProducer] | None:
        """Two new producers; None while no broker answers."""
        try:
            single = self._make_single()
            try:
                return single, self._make_bulk()
            except KafkaError:
                _abandon(single)
                raise
        except KafkaError as error:
            # As text: a record of the log that keeps the error keeps with it all that the failed producer had open.
            log.warning("no new producer yet; trying again: %s", repr(error))
            return None

    def close(self) -> None:
        """Finish what is on its way. Harmless when repeated."""
        with self._making:
            if self._closed:
                return
            self._closed = True
        for producer in (self.single, self.bulk):
            try:
                producer.close(timeout=self.settings.delivery_timeout)
            except KafkaError:
                log.warning("not everything on its way was acknowledged at the close", exc_info=True)


def _producer(settings: KafkaSettings, **more: Any) -> KafkaProducer:
    return KafkaProducer(
        **settings.connection(),
        acks="all",
        enable_idempotence=True,
        allow_auto_create_topics=False,
        max_block_ms=round(SEND_MAY_BLOCK * 1000),
        delivery_timeout_ms=round(settings.delivery_timeout * 1000),
        max_request_size=BATCH_OCTETS,
        metrics_enabled=False,
        **more,
    )


def _abandon(producer: KafkaProducer) -> None:
    """Let go of a producer at once: whoever waits for one of its records is told that it was not acknowledged."""
    try:
        producer.close(timeout=0)
    except KafkaTimeoutError:  # raised before anything is closed, while it holds records
        producer._sender.force_close()
        producer._closed = True  # else its destructor would wait for them, a second long, in whatever thread comes by
