"""Reads one partition with a consumer of its own."""

from __future__ import annotations

import logging
import time
from typing import Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, LogTruncationError, OffsetOutOfRangeError

from shared.event_log.kafka.settings import KafkaSettings
from shared.event_log.port import LogUnavailable, PlaceNotInLog, Raw, Topic

PEEK: Final = 0.1
"""Below this many seconds of waiting, an empty read asks for the log's end before it says: nothing there."""

log = logging.getLogger(__name__)


class KafkaReader:
    """Reads one partition with a consumer of its own, in no consumer group; see port.PartitionReader."""

    def __init__(self, topic: Topic, settings: KafkaSettings, partition: int) -> None:
        self._topic = topic
        self._settings = settings
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
                records = self._poll(offset, limit, self._settings.request_timeout)
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
            **self._settings.connection(),
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
