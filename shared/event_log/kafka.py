"""The event log on Kafka (kafka-python): what the embedded one promises, on topics checked at the start.

An append that times out may still land: the producer gave up waiting, the broker may not have. That is why
appends are safe to repeat (records carry an identity), and why no answer here ever says "it was not written".
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from shared.event_log.clock import OnSkew, WriterClock, wall_clock
from shared.event_log.port import (
    EVENTS,
    LISTINGS,
    MOST_OCTETS_IN_FLIGHT,
    MOST_RECORDS_IN_FLIGHT,
    Ack,
    InFlight,
    LogUnavailable,
    PlaceNotInLog,
    Raw,
    RecordTooLarge,
    Topics,
    refuse_misfit,
)

with warnings.catch_warnings():
    # Importing kafka-python raises some two hundred deprecation warnings of its own.
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
    from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
    from kafka.errors import (
        InvalidPartitionsError,
        KafkaError,
        KafkaTimeoutError,
        LogTruncationError,
        MessageSizeTooLargeError,
        OffsetOutOfRangeError,
        RecordListTooLargeError,
        TopicAlreadyExistsError,
    )

Profile = Literal["production", "single-broker"]

BATCH_OCTETS: Final = 1_048_576
"""What the producer puts into one batch at most, and what a topic must accept."""

CHUNK_OCTETS: Final = 800 * 1024
CHUNK_RECORDS: Final = 500
RECORD_OVERHEAD: Final = 64
"""More than the framing of one record in a batch, in octets."""

SEND_MAY_BLOCK: Final = 0.5
"""Seconds that the producer may wait for metadata; it does so only after having lost it."""

RECONNECTED_WITHIN: Final = 1.5
"""Seconds in which a broker that is back is found again; a few times the longest pause between two tries."""

RENEWED_AGAIN_AFTER: Final = 0.5
"""Seconds between two tries to make new producers while no broker answers."""

SEND_FAILED: Final = (KafkaError, ValueError)
"""What send() raises; a ValueError for a partition, which we know to exist, that is not in its metadata now."""

PEEK: Final = 0.1
"""Below this many seconds of waiting, an empty read asks for the log's end before it says: nothing there."""

REQUIRED: Final[Mapping[str, str]] = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "message.timestamp.type": "LogAppendTime",
    "unclean.leader.election.enable": "false",
}
REPLICAS: Final = 3
IN_SYNC_REPLICAS: Final = 2

log = logging.getLogger(__name__)


class TopicMisconfigured(Exception):
    """A topic is not as it must be.

    The message says in one sentence what to change. Stops the start, reaches no caller.
    """


class ChecksumPackageMissing(Exception):
    """The package crc32c isn't installed; stops the start."""


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """How to reach the brokers, and how much to ask of them."""

    bootstrap: str
    """`host:port`, several separated by commas."""
    profile: Profile = "production"
    """`production` insists on three replicas, two in sync; `single-broker` has one copy of every fact."""
    partitions: int = 1
    """Of the events topic; added if it has fewer, never removed."""
    prefix: str = ""
    """Before both topics' names, so that installations (or tests) can share brokers."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"] | None = None
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    delivery_timeout: float = 10.0
    """Seconds until an append that was not acknowledged is LogUnavailable; longer than an election takes."""
    request_timeout: float = 5.0
    """Seconds to wait for one answer of a broker, or for the first connection."""
    records_in_flight: int = MOST_RECORDS_IN_FLIGHT
    octets_in_flight: int = MOST_OCTETS_IN_FLIGHT

    def connection(self) -> dict[str, Any]:
        """What every kafka-python client needs to connect."""
        return {
            "bootstrap_servers": self.bootstrap.split(","),
            "security_protocol": self.security_protocol,
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": self.sasl_password,
            "ssl_cafile": self.ssl_cafile,
            "ssl_certfile": self.ssl_certfile,
            "ssl_keyfile": self.ssl_keyfile,
            "request_timeout_ms": round(self.request_timeout * 1000),
            "bootstrap_timeout_ms": round(self.request_timeout * 1000),
            "reconnect_backoff_max_ms": 500,
            "metadata_max_age_ms": 60_000,
        }


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
        return self._with_metadata(_producer(self.settings, linger_ms=0))

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

    def renew_after(self, error: KafkaError, by: KafkaProducer, *, taken: bool) -> None:
        """Replace both producers, in a thread of its own, after an `error` that the one it came from stays in.

        That the time of a record ran out which it had `taken` is such an error: with a record that it had to send
        again, kafka-python (3.0.12) gives up its producer id, asks for no other one, and never sends anything again.
        """
        stuck = taken and isinstance(error, KafkaTimeoutError)
        if error.retriable and not stuck:
            return
        if isinstance(error, (MessageSizeTooLargeError, RecordListTooLargeError)):
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
        # After send() had to wait for metadata once, the next ones wait in a thread until one went through.
        self._send_may_block = False

    @property
    def partitions(self) -> int:
        """See port.Topic.partitions; as of the opening."""
        return self._partitions

    async def append(self, partition: int, key: str, value: bytes) -> Ack:
        """See port.Topic.append.

        LogUnavailable after `delivery_timeout`, and the record may land even later.
        """
        octets = refuse_misfit(self, partition, ((key, value),))
        sent_at = self._clock.before(partition)
        loop = asyncio.get_running_loop()
        acknowledged: asyncio.Future[Ack] = loop.create_future()
        in_flight = self._senders.in_flight
        in_flight.enter(octets)

        # The room is the record's in the producer's memory: given back when the producer is done with it,
        # not when the caller stops waiting. Whoever takes the token out gives it back, so that happens once.
        held = [octets]
        producer = self._senders.single

        def leave() -> None:
            try:
                in_flight.leave(held.pop())
            except IndexError:
                return

        # These two run in the producer's thread.
        def success(metadata: Any) -> None:
            leave()
            ack = Ack(partition, metadata.offset, metadata.timestamp * 1000)
            try:
                self._clock.after(partition, sent_at, ack.appended_at)
            finally:
                _tell(loop, acknowledged, ack)

        def failure(error: Exception) -> None:
            leave()
            _tell(loop, acknowledged, self._refusal(error, producer, taken=True))

        try:
            if self._send_may_block:
                sending = await asyncio.to_thread(self._send, producer, partition, key, value)
            else:
                sending = self._send(producer, partition, key, value)
        except BaseException as error:
            leave()
            if isinstance(error, SEND_FAILED):
                raise self._refusal(error, producer, taken=False) from error
            raise
        sending.add_callback(success)
        sending.add_errback(failure)
        try:
            # The producer keeps to its own time-out; ours only guards against a future it forgot.
            async with asyncio.timeout(self._settings.delivery_timeout + self._settings.request_timeout):
                return await acknowledged
        except TimeoutError as error:
            leave()
            late = KafkaTimeoutError("the producer did not keep to its time")
            raise self._refusal(late, producer, taken=True) from error

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
            raise self._refusal(error, producer, taken=len(sending) == len(chunk)) from error
        return [Ack(partition, metadata.offset, metadata.timestamp * 1000) for metadata in done]

    def reader(self, partition: int) -> KafkaReader:
        """See port.Topic.reader; connects at the first read."""
        refuse_misfit(self, partition, ())
        return KafkaReader(self, partition)

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

    def _send(self, producer: KafkaProducer, partition: int, key: str, value: bytes) -> Any:
        try:
            sending = producer.send(self.name, key=key.encode(), value=value, partition=partition)
        except SEND_FAILED:
            self._send_may_block = True
            raise
        self._send_may_block = False
        return sending

    def _refusal(self, error: Exception, by: KafkaProducer, *, taken: bool) -> LogUnavailable | RecordTooLarge:
        if isinstance(error, (MessageSizeTooLargeError, RecordListTooLargeError)):
            return RecordTooLarge()
        log.warning("an append to %s was not acknowledged: %r", self.name, error)
        if isinstance(error, KafkaError):
            self._senders.renew_after(error, by, taken=taken)
        return LogUnavailable()


def _tell(loop: asyncio.AbstractEventLoop, future: asyncio.Future[Ack], outcome: Ack | Exception) -> None:
    def tell() -> None:
        if future.done():  # the caller was cancelled
            return
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    try:
        loop.call_soon_threadsafe(tell)
    except RuntimeError:  # that loop has been closed: nobody waits there any more
        log.info("an event loop was closed before its append was acknowledged")


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


class KafkaReader:
    """Reads one partition with a consumer of its own, in no consumer group; see port.PartitionReader."""

    def __init__(self, topic: KafkaTopic, partition: int) -> None:
        self._topic = topic
        self._partition = partition
        self._place = TopicPartition(topic.name, partition)
        self._consumer: KafkaConsumer | None = None
        self._next: int | None = None

    def read(self, offset: int, *, limit: int = 500, timeout: float = 0.0) -> list[Raw]:
        """See port.PartitionReader.read."""
        until = time.monotonic() + timeout
        try:
            records = self._poll(offset, limit, timeout)
            if not records and timeout < PEEK and self._topic.end(self._partition) != offset:
                # Nothing had been fetched yet, which isn't the same as nothing being there.
                records = self._poll(offset, limit, self._topic._settings.request_timeout)
        except (OffsetOutOfRangeError, LogTruncationError) as error:
            self.close()
            raise PlaceNotInLog(topic=self._topic.name, partition=self._partition, offset=offset) from error
        except KafkaError as error:
            if not error.retriable:
                # A consumer that met one of these is not to be trusted with the next read.
                self.close()
            log.warning("the event log could not be read; trying again: %r", error)
            records = []
        except LogUnavailable:
            records = []
        if not records:
            # A broker that is away is answered at once; the caller's loop must not spin.
            _wait_until(until)
        return records

    def close(self) -> None:
        """See port.PartitionReader.close."""
        if self._consumer is not None:
            self._consumer.close(autocommit=False, timeout_ms=1000)
            self._consumer = None

    def _poll(self, offset: int, limit: int, timeout: float) -> list[Raw]:
        consumer = self._consumer or self._connect()
        if self._next != offset:
            consumer.seek(self._place, offset)
            self._next = offset
        fetched = consumer.poll(timeout_ms=round(timeout * 1000), max_records=limit).get(self._place, [])
        records = [
            Raw(self._partition, record.offset, record.timestamp * 1000, _key(record.key), record.value)
            for record in fetched
        ]
        if records:
            if records[0].offset != offset:
                # No transactions, no compaction: offsets have no gaps, unless the log isn't what it was.
                raise OffsetOutOfRangeError(offset)
            self._next = records[-1].offset + 1
        return records

    def _connect(self) -> KafkaConsumer:
        consumer = KafkaConsumer(
            **self._topic._settings.connection(),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            isolation_level="read_uncommitted",
            max_partition_fetch_bytes=4 * 1024 * 1024,
            metrics_enabled=False,
        )
        consumer.assign([self._place])
        self._consumer = consumer
        self._next = None
        return consumer


def _key(key: bytes | None) -> str | None:
    if key is None:
        return None
    try:
        return key.decode()
    except UnicodeDecodeError:
        return None


def _wait_until(moment: float) -> None:
    left = moment - time.monotonic()
    if left > 0:
        time.sleep(left)


def open_kafka(
    settings: KafkaSettings,
    *,
    now: Callable[[], int] = wall_clock,
    on_skew: OnSkew | None = None,
) -> Topics:
    """Connect, make the topics that are missing, check them, and open them.

    `now` is this writer's clock in microseconds; `on_skew` is told when the brokers' clock differs. Raises
    TopicMisconfigured, ChecksumPackageMissing, LogUnavailable (no broker answers).
    """
    admin = administrator(settings)
    wanted = topics_of(settings)
    try:
        ids = prepare(admin, settings, dict.fromkeys(wanted, REQUIRED))
        senders = Senders(settings, list(wanted))
    except KafkaError as error:
        admin.close()
        raise LogUnavailable() from error
    except BaseException:
        admin.close()
        raise

    def topic(name: str) -> KafkaTopic:
        return KafkaTopic(name, ids[name], senders, admin, WriterClock(name, now=now, on_skew=on_skew))

    events, listings = (topic(name) for name in wanted)
    # The start is through, so the way to the brokers is right. From here on this module reports what fails;
    # kafka-python would add several lines a second while a broker is away.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)

    def close() -> None:
        senders.close()
        admin.close()

    return Topics(events=events, listings=listings, on_close=close)


def topics_of(settings: KafkaSettings) -> dict[str, int]:
    """The names of the two topics, events first, each with its number of partitions."""
    return {settings.prefix + EVENTS: settings.partitions, settings.prefix + LISTINGS: 1}


def administrator(settings: KafkaSettings) -> KafkaAdminClient:
    """A connection for looking after topics. ChecksumPackageMissing, LogUnavailable."""
    if importlib.util.find_spec("crc32c") is None:
        raise ChecksumPackageMissing(
            "Install the package crc32c: without it kafka-python check-sums in Python, up to fifteen times slower."
        )
    if settings.profile == "single-broker":
        log.warning("profile single-broker: every fact has one copy; use profile production for what must not be lost")
    try:
        return KafkaAdminClient(**settings.connection())
    except KafkaError as error:
        raise LogUnavailable() from error


def prepare(
    admin: KafkaAdminClient, settings: KafkaSettings, required: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """Make, grow and check the topics, each by what is required of it; returns their ids by name."""
    wanted = topics_of(settings)
    existing = set(admin.list_topics())
    production = settings.profile == "production"
    configs = {"max.message.bytes": str(2 * BATCH_OCTETS)}
    if production:
        configs["min.insync.replicas"] = str(IN_SYNC_REPLICAS)
    missing = {
        name: {
            "num_partitions": partitions,
            "replication_factor": REPLICAS if production else 1,
            "configs": {**required[name], **configs},
        }
        for name, partitions in wanted.items()
        if name not in existing
    }
    if missing:
        try:
            admin.create_topics(missing, wait_for_metadata=True)
        except TopicAlreadyExistsError:
            log.info("another service made the topics at the same moment")
            admin.wait_for_topics(list(missing))
    described = {topic["name"]: topic for topic in admin.describe_topics(list(wanted))}
    grown = {name: partitions for name, partitions in wanted.items() if len(described[name]["partitions"]) < partitions}
    if grown:
        try:
            admin.create_partitions(grown)
        except InvalidPartitionsError:
            log.info("another service added the partitions at the same moment")
        admin.wait_for_topics(list(grown))
        described = {topic["name"]: topic for topic in admin.describe_topics(list(wanted))}
    for name, configs_in_force in in_force(admin, list(wanted)).items():
        _check(name, described[name], configs_in_force, production, required[name])
    if len(described[settings.prefix + LISTINGS]["partitions"]) != 1:
        raise TopicMisconfigured(
            f"Topic {settings.prefix + LISTINGS}: it must have exactly one partition; make it anew."
        )
    return {name: str(described[name]["topic_id"]) for name in wanted}


def in_force(admin: KafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Every setting of each of these topics, by name."""
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found = admin.describe_configs(resources, config_filter="all")["topic"]
    return {name: {key: entry["value"] for key, entry in found[name].items()} for name in names}


def misconfigured(admin: KafkaAdminClient, settings: KafkaSettings) -> list[str]:
    """What is wrong with the topics as they are, a sentence for each of them; nothing is made or changed."""
    existing = set(admin.list_topics())
    faults = [f"Topic {name}: it does not exist." for name in topics_of(settings) if name not in existing]
    names = [name for name in topics_of(settings) if name in existing]
    described = {topic["name"]: topic for topic in admin.describe_topics(names)} if names else {}
    for name, configs in (in_force(admin, names) if names else {}).items():
        try:
            _check(name, described[name], configs, settings.profile == "production", REQUIRED)
        except TopicMisconfigured as fault:
            faults.append(str(fault))
    return faults


def _check(
    name: str,
    described: Mapping[str, Any],
    configs: Mapping[str, str],
    production: bool,
    required: Mapping[str, str],
) -> None:
    """Raise TopicMisconfigured for the first thing that must be changed."""
    for key, value in required.items():
        if configs[key] != value:
            raise TopicMisconfigured(f"Topic {name}: set {key} to {value} (it is {configs[key]}).")
    if int(configs["max.message.bytes"]) < BATCH_OCTETS:
        raise TopicMisconfigured(
            f"Topic {name}: set max.message.bytes to at least {BATCH_OCTETS} (it is {configs['max.message.bytes']})."
        )
    replicas = min(len(partition["replica_nodes"]) for partition in described["partitions"])
    if production and replicas < REPLICAS:
        raise TopicMisconfigured(
            f"Topic {name}: give every partition {REPLICAS} replicas (one has {replicas}),"
            " or choose the profile single-broker and live with one copy."
        )
    if production and int(configs["min.insync.replicas"]) < IN_SYNC_REPLICAS:
        raise TopicMisconfigured(
            f"Topic {name}: set min.insync.replicas to {IN_SYNC_REPLICAS} (it is {configs['min.insync.replicas']})."
        )
