"""What an event log promises, whichever adapter keeps the promise.

- `append` returns once the record is durable, and not before; what was acknowledged is never lost or changed.
- Within a partition, offsets grow by one from `begin` to `end`, and every reader sees the same records in
  that order.
- An append that failed may still have landed (a time-out tells nothing). Repeat it: records carry an
  identity, and the fold marks the second one as a duplicate.
- `appended_at` is the log's own clock, in microseconds and always a whole millisecond. A broker's clock may
  step back between records: readers make the time non-decreasing per log.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from shared.errors import TooLarge, Unavailable

EVENTS: Final = "jikao.events.v1"
LISTINGS: Final = "jikao.logs.v1"

LARGEST_RECORD: Final = 900 * 1024
"""Octets of key and value together; what is larger is written as parts and a closing fact."""

MOST_RECORDS_IN_FLIGHT: Final = 1024
MOST_OCTETS_IN_FLIGHT: Final = 64 * 1024 * 1024


class LogUnavailable(Unavailable):
    """The event log cannot be reached right now; a record may have been written or not: send it again."""

    zh = "事件日志暂时无法访问,记录可能已写入也可能未写入,请重新提交。"


class LogIsFull(LogUnavailable):
    """The disk of the event log is full, so nothing of this was written; send it again once there is room."""

    zh = "事件日志所在磁盘已满,本次内容未写入,请待腾出空间后重新提交。"


class LogBusy(Unavailable):
    """Too many records are on their way to the event log; send this again shortly."""

    zh = "正在写入事件日志的记录过多,请稍后重试。"


class ClockSkewed(Unavailable):
    """The clocks of this server and of the event log differ by over a minute, so nothing is written."""

    zh = "本服务器与事件日志的时钟相差超过一分钟,已停止写入。"


class RecordTooLarge(TooLarge):
    """A record of the event log may not be larger than 900 KiB."""

    zh = "事件日志的单条记录不得超过 900 KiB。"


class PlaceNotInLog(Unavailable):
    """The place to read from is not in the event log, which was shortened or replaced since then."""

    zh = "读取位置超出事件日志范围:日志可能已被截断或替换。"


@dataclass(frozen=True, slots=True)
class Raw:
    """One record as it lies on the log."""

    partition: int
    offset: int
    appended_at: int
    """Microseconds since 1970, a whole millisecond."""
    key: str | None
    """The log id; None for what no writer of ours wrote (a key that is no UTF-8 is read as None too)."""
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Ack:
    """The log has this record, durably, at this offset."""

    partition: int
    offset: int
    appended_at: int
    """Microseconds since 1970, a whole millisecond."""


class PartitionReader(Protocol):
    """Reads one partition from any place. Belongs to one thread."""

    def read(self, offset: int, *, limit: int = 500, timeout: float = 0.0) -> list[Raw]:
        """At most `limit` records from `offset` on, in order and without a gap.

        What was acknowledged before the call is returned even with `timeout` 0; at the log's end it waits up
        to `timeout` seconds for the first record, then returns []. It returns [] too while the log is away,
        and goes on by itself once the log is back. May return fewer than `limit` although more are there.

        Raises PlaceNotInLog when `offset` is before the log's begin or beyond its end.
        """
        ...

    def close(self) -> None:
        """Let go of the connection. Harmless when repeated."""
        ...


class Topic(Protocol):
    """One topic: a fixed name, an incarnation, and partitions that may grow in number and never shrink."""

    @property
    def name(self) -> str:
        """The topic's name on the log."""
        ...

    @property
    def incarnation(self) -> str:
        """Differs whenever the topic is made anew: an offset of the old one is never taken for one of it."""
        ...

    @property
    def partitions(self) -> int:
        """How many partitions there are, numbered from 0."""
        ...

    async def append(self, partition: int, key: str, value: bytes) -> Ack:
        """Write one record and return once it is durable.

        Raises RecordTooLarge, LogBusy (too many in flight), LogUnavailable (unknown outcome: repeat),
        ClockSkewed; ValueError for a partition that does not exist.
        """
        ...

    def append_all(self, partition: int, records: Sequence[tuple[str, bytes]]) -> list[Ack]:
        """Write (key, value) records in this order and block until all are durable; for relays, not for event
        loops.

        No record is written before an earlier one of the call. On a failure the first k records are on the
        log, for some unknown k, and none of the others: repeat the whole call. Raises what `append` raises,
        except LogBusy.
        """
        ...

    def reader(self, partition: int) -> PartitionReader:
        """A new reader of this partition, for one thread; close it."""
        ...

    def end(self, partition: int) -> int:
        """The offset that the next record will get, asked of the log itself.

        Blocks. Raises LogUnavailable.
        """
        ...

    def begin(self, partition: int) -> int:
        """The offset of the first record there is, asked of the log itself. Blocks. Raises LogUnavailable."""
        ...

    def grown_to(self) -> int:
        """How many partitions there are by now, asked of the log itself: `partitions` is as of the opening.

        Blocks. Raises LogUnavailable.
        """
        ...


@dataclass(frozen=True, slots=True)
class Topics:
    """The two topics of an installation.

    `events` (all facts) and `listings` (which log lives in which partition).
    """

    events: Topic
    listings: Topic
    on_close: Callable[[], None]
    folder: Path | None = None
    """Where the log lies on a disk of this machine; None where brokers keep it."""

    def close(self) -> None:
        """Finish what is on its way and let go of the log. Harmless when repeated."""
        self.on_close()


def refuse_misfit(topic: Topic, partition: int, records: Sequence[tuple[str, bytes]]) -> int:
    """The octets of these records; RecordTooLarge over the limit, ValueError for an unknown partition."""
    if not 0 <= partition < topic.partitions:
        raise ValueError(f"topic {topic.name} has no partition {partition}")
    octets = 0
    for key, value in records:
        size = len(key.encode()) + len(value)
        if size > LARGEST_RECORD:
            raise RecordTooLarge(octets=size, limit=LARGEST_RECORD)
        octets += size
    return octets


class InFlight:
    """Caps what is on its way to the log, in records and octets. Thread-safe; never blocks."""

    def __init__(self, records: int = MOST_RECORDS_IN_FLIGHT, octets: int = MOST_OCTETS_IN_FLIGHT) -> None:
        self._most_records = records
        self._most_octets = octets
        self._records = 0
        self._octets = 0
        self._lock = threading.Lock()

    def enter(self, octets: int) -> None:
        """Take room for one record, or raise LogBusy."""
        with self._lock:
            if self._records >= self._most_records or self._octets + octets > self._most_octets:
                raise LogBusy(retry_after=1)
            self._records += 1
            self._octets += octets

    def leave(self, octets: int) -> None:
        """Give the room of one record back."""
        with self._lock:
            self._records -= 1
            self._octets -= octets
