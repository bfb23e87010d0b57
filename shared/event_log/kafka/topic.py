"""One topic on Kafka: what is appended, in which order, and where it begins and ends.

An append that times out may still land: the producer gave up waiting, the broker may not have. That is why
appends are safe to repeat (records carry an identity), and why no answer here ever says "it was not written".
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from shared.event_log.clock import WriterClock
from shared.event_log.kafka.appending import Appender
from shared.event_log.kafka.reader import KafkaReader
from shared.event_log.kafka.senders import SEND_FAILED, Senders
from shared.event_log.port import Ack, LogUnavailable, refuse_misfit

CHUNK_OCTETS: Final = 800 * 1024

CHUNK_RECORDS: Final = 500

RECORD_OVERHEAD: Final = 64
"""More than the framing of one record in a batch, in octets."""

RECONNECTED_WITHIN: Final = 1.5
"""Seconds in which a broker that is back is found again; a few times the longest pause between two tries."""


class KafkaTopic:
    """One topic on Kafka; see port.Topic."""

    def __init__(
        self, name: str, incarnation: str, senders: Senders, admin: KafkaAdminClient, clock: WriterClock
    ) -> None:
        self.name = name
        self.incarnation = incarnation
        self._senders = senders
        self._admin = admin
        self._clock = clock
        self._settings = senders.settings
        self._partitions = len(senders.single.partitions_for(name))
        self._appender: Appender | None = None
        """Of the loop that appended last: a process has one, and where it has more, each change makes a new one."""

    @property
    def partitions(self) -> int:
        """See port.Topic.partitions; as of the opening."""
        return self._partitions

    async def append(self, partition: int, key: str, value: bytes) -> Ack:
        """See port.Topic.append.

        LogUnavailable after `delivery_timeout`, and the record may land even later.
        """
        octets = refuse_misfit(self, partition, ((key, value),))
        loop = asyncio.get_running_loop()
        appender = self._appender
        if appender is None or appender.loop is not loop:
            appender = self._appender = Appender(self.name, self._senders, self._clock, loop)
        return await appender.put(partition, key, value, octets)

    def append_all(self, partition: int, records: Sequence[tuple[str, bytes]]) -> list[Ack]:
        """See port.Topic.append_all.

        Chunks go one after the other, each as one batch, which a broker takes whole.
        """
        refuse_misfit(self, partition, records)
        acks: list[Ack] = []
        for chunk in _chunks(records):
            sent_at = self._clock.before(partition)
            # flush() would send another thread's half-filled batch: one chunk at a time.
            with self._senders.relaying:
                acks += self._append_chunk(partition, chunk)
            self._clock.after(partition, sent_at, acks[-1].appended_at)
        return acks

    def _append_chunk(self, partition: int, chunk: Sequence[tuple[str, bytes]]) -> list[Ack]:
        producer = self._senders.bulk
        until = time.monotonic() + self._settings.delivery_timeout + self._settings.request_timeout
        sending: list[Any] = []
        try:
            for key, value in chunk:
                sending.append(producer.send(self.name, key=key.encode(), value=value, partition=partition))
            producer.flush(timeout=until - time.monotonic())
            done = [future.get(timeout=max(0.0, until - time.monotonic())) for future in sending]
        except SEND_FAILED as error:
            raise self._senders.refusal(self.name, error, producer, taken=len(sending) == len(chunk)) from error
        return [Ack(partition, metadata.offset, metadata.timestamp * 1000) for metadata in done]

    def reader(self, partition: int) -> KafkaReader:
        """See port.Topic.reader; connects at the first read."""
        refuse_misfit(self, partition, ())
        return KafkaReader(self, self._settings, partition)

    def end(self, partition: int) -> int:
        """See port.Topic.end."""
        return self._offset(partition, OffsetSpec.LATEST)

    def begin(self, partition: int) -> int:
        """See port.Topic.begin."""
        return self._offset(partition, OffsetSpec.EARLIEST)

    def grown_to(self) -> int:
        """See port.Topic.grown_to."""
        try:
            [described] = self._admin.describe_topics([self.name])
        except KafkaError as error:
            raise LogUnavailable() from error
        # A topic that is gone is no news of this question: whoever reads or writes it meets that first.
        return max(self._partitions, len(described["partitions"]))

    def _offset(self, partition: int, which: OffsetSpec) -> int:
        refuse_misfit(self, partition, ())
        place = TopicPartition(self.name, partition)
        timeout_ms = round(self._settings.request_timeout * 1000)
        until = time.monotonic() + RECONNECTED_WITHIN
        while True:
            try:
                offsets = self._admin.list_partition_offsets({place: which}, timeout_ms=timeout_ms)
                return int(offsets[place].offset)
            except KafkaError as error:
                # While a connection is being made again, this fails at once without asking anybody.
                if not error.retriable or time.monotonic() >= until:
                    raise LogUnavailable() from error
            time.sleep(0.05)


def _chunks(records: Sequence[tuple[str, bytes]]) -> list[list[tuple[str, bytes]]]:
    """In order, each small enough for one batch."""
    chunks: list[list[tuple[str, bytes]]] = []
    room = 0
    for key, value in records:
        size = len(key.encode()) + len(value) + RECORD_OVERHEAD
        if not chunks or size > room or len(chunks[-1]) >= CHUNK_RECORDS:
            chunks.append([])
            room = CHUNK_OCTETS
        chunks[-1].append((key, value))
        room -= size
    return chunks
