"""Topics made anew on Kafka: as CreateTime while they are filled, then altered to LogAppendTime.

Old batches keep their times, what is appended afterwards is stamped by the brokers. A service refuses to start on a
topic that is still being filled, since it is not yet set to LogAppendTime.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.errors import KafkaError

from shared.event_log.clock import WriterClock
from shared.event_log.kafka.opening import administrator
from shared.event_log.kafka.provisioning import REQUIRED, in_force, prepare, topics_of
from shared.event_log.kafka.reader import KafkaReader
from shared.event_log.kafka.senders import SEND_FAILED, Senders
from shared.event_log.kafka.settings import KafkaSettings
from shared.event_log.kafka.topic import KafkaTopic
from shared.event_log.port import EVENTS, LISTINGS, LogUnavailable, Raw
from shared.event_log.reopening import AT_ONCE, Old

STAMP: Final = "message.timestamp.type"
FILLING: Final = {
    **REQUIRED,
    STAMP: "CreateTime",
    # The clock of a simulated log may stand years ahead, and brokers refuse times an hour from now.
    "message.timestamp.after.max.ms": str(2**63 - 1),
}
IN_FORCE_WITHIN: Final = 30.0
"""Seconds until all brokers have heard of an altered setting."""
ONE_READ: Final = 5.0
MOST_OCTETS_SENT: Final = 8 * 1024 * 1024
"""On their way at once: a quarter of what the producer holds in memory."""


class KafkaAnew:
    """Both topics, missing ones made anew; see reopening.Anew.

    An empty topic (services make one when they start after a loss) is taken for a missing one.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        """Raises TopicMisconfigured, ChecksumPackageMissing, LogUnavailable."""
        self._settings = settings
        self._admin = administrator(settings)
        self._names = dict(zip((EVENTS, LISTINGS), topics_of(settings), strict=True))
        self._readers: dict[tuple[str, int], KafkaReader] = {}
        try:
            filling = self._being_filled()
            ids = prepare(self._admin, settings, {n: FILLING if f else REQUIRED for n, f in filling.items()})
            self._senders = Senders(settings, list(filling))
        except KafkaError as error:
            self._admin.close()
            raise LogUnavailable() from error
        except BaseException:
            self._admin.close()
            raise
        self._open = {topic: not filling[name] for topic, name in self._names.items()}
        self._topics = {
            topic: KafkaTopic(name, ids[name], self._senders, self._admin, WriterClock(name))
            for topic, name in self._names.items()
        }

    def _being_filled(self) -> dict[str, bool]:
        """By topic: is it to be filled? Sets empty ones to be."""
        existing = set(self._admin.list_topics())
        there = [name for name in self._names.values() if name in existing]
        stamps = {name: found[STAMP] for name, found in in_force(self._admin, there).items()} if there else {}
        filling: dict[str, bool] = {}
        for name in self._names.values():
            filling[name] = stamps.get(name, "CreateTime") == "CreateTime"
            if name in stamps and not filling[name] and self._is_empty(name):
                self._alter(name, FILLING)
                filling[name] = True
        return filling

    def _is_empty(self, name: str) -> bool:
        [described] = self._admin.describe_topics([name])
        places = {TopicPartition(name, at): OffsetSpec.LATEST for at in range(len(described["partitions"]))}
        return all(found.offset == 0 for found in self._admin.list_partition_offsets(places).values())

    def is_open(self, topic: str) -> bool:
        """See Anew.is_open."""
        return self._open[topic]

    def end(self, topic: str, partition: int) -> int:
        """See Anew.end."""
        return self._topics[topic].end(partition)

    def read(self, topic: str, partition: int, offset: int) -> list[Raw]:
        """See Anew.read."""
        place = (topic, partition)
        reader = self._readers.get(place)
        if reader is None:
            reader = self._readers[place] = self._topics[topic].reader(partition)
        if offset >= self.end(topic, partition):
            return []
        raws = reader.read(offset, limit=AT_ONCE, timeout=ONE_READ)
        if not raws:
            raise LogUnavailable()
        return raws

    def fill(self, topic: str, partition: int, records: Sequence[Old]) -> None:
        """See Anew.fill."""
        sending: list[Any] = []
        octets = 0
        for old in records:
            octets += len(old.value or b"")
            try:
                sending.append(self._senders.single.send(
                    self._names[topic], key=old.key.encode(), value=old.value, partition=partition,
                    timestamp_ms=old.appended_at // 1000,
                ))  # fmt: skip
            except SEND_FAILED as error:
                raise LogUnavailable() from error
            if octets > MOST_OCTETS_SENT:
                self._acknowledged(sending)
                sending, octets = [], 0
        self._acknowledged(sending)

    def _acknowledged(self, sending: Sequence[Any]) -> None:
        until = time.monotonic() + self._settings.delivery_timeout + self._settings.request_timeout
        try:
            for future in sending:
                future.get(timeout=max(0.0, until - time.monotonic()))
        except SEND_FAILED as error:
            raise LogUnavailable() from error

    def hand_over(self) -> None:
        """See Anew.hand_over."""
        for topic, name in self._names.items():
            if not self._open[topic]:
                self._alter(name, {STAMP: REQUIRED[STAMP]})
                self._open[topic] = True

    def _alter(self, name: str, configs: dict[str, str]) -> None:
        try:
            self._admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs)])
            until = time.monotonic() + IN_FORCE_WITHIN
            while configs.items() - in_force(self._admin, [name])[name].items():
                if time.monotonic() >= until:
                    raise LogUnavailable()
                time.sleep(0.1)
        except KafkaError as error:
            raise LogUnavailable() from error

    def close(self) -> None:
        """See Anew.close."""
        for reader in self._readers.values():
            reader.close()
        self._senders.close()
        self._admin.close()
