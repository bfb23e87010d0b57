"""Topics made anew and filled with old records at their old times, before any writer may use them.

A log that was lost is refilled from an archive, and an embedded one moves into Kafka the same way (kafka.reopening).
Filling may be cut off and taken up again: what is there already is compared, never written twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from shared.event_log.embedded import FILE_NAME, INSERT, LAST, READ, SCHEMA, connect
from shared.event_log.ids import uuid7
from shared.event_log.port import EVENTS, LISTINGS, Raw

UNFINISHED: Final = FILE_NAME + ".reopening"
AT_ONCE: Final = 200
"""Records read or filled together: 180 MB at most, if all were of the largest size."""


@dataclass(frozen=True, slots=True)
class Old:
    """A record as it once lay in the log; `appended_at` in microseconds, a whole millisecond."""

    key: str
    value: bytes | None
    appended_at: int


class Anew(Protocol):
    """The two topics of an installation while they are made anew; `topic` is EVENTS or LISTINGS."""

    def is_open(self, topic: str) -> bool:
        """Has the topic been given to its writers, so that only its own clock may stamp records?"""
        ...

    def end(self, topic: str, partition: int) -> int:
        """How many records the partition holds; its first offset is 0."""
        ...

    def read(self, topic: str, partition: int, offset: int) -> list[Raw]:
        """Some records from `offset` on; [] at the end. Raises LogUnavailable."""
        ...

    def fill(self, topic: str, partition: int, records: Sequence[Old]) -> None:
        """Append old records at their old times, durably and in this order. Raises LogUnavailable."""
        ...

    def hand_over(self) -> None:
        """From now on the topics stamp records by their own clock, and writers may open them."""
        ...

    def close(self) -> None:
        """Let go of the topics. Harmless when repeated."""
        ...


class EmbeddedAnew:
    """The embedded log, made anew in a file of its own that takes its place when it is handed over."""

    def __init__(self, directory: Path, partitions: int = 1) -> None:
        """A log that holds records already is opened as it is; leftovers of an unfinished filling are thrown away."""
        directory.mkdir(parents=True, exist_ok=True)
        self._path = directory / FILE_NAME
        self._open = self._path.exists() and _holds_records(self._path)
        self._file = self._path if self._open else directory / UNFINISHED
        if not self._open:
            _remove(self._file)
        self._db = connect(self._file)
        if not self._open:
            self._db.executescript(SCHEMA)
            for name, wanted in ((EVENTS, partitions), (LISTINGS, 1)):
                self._db.execute("INSERT INTO topics VALUES (?, ?, ?)", (name, uuid7(), wanted))

    def is_open(self, topic: str) -> bool:
        """See Anew.is_open; both topics are one file."""
        return self._open

    def end(self, topic: str, partition: int) -> int:
        """See Anew.end."""
        last = self._db.execute(LAST, (topic, partition)).fetchone()
        return 0 if last is None else int(last[0]) + 1

    def read(self, topic: str, partition: int, offset: int) -> list[Raw]:
        """See Anew.read."""
        rows = self._db.execute(READ, (topic, partition, offset, AT_ONCE))
        return [Raw(partition, at, appended_at, key, value) for at, appended_at, key, value in rows]

    def fill(self, topic: str, partition: int, records: Sequence[Old]) -> None:
        """See Anew.fill."""
        first = self.end(topic, partition)
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(
            INSERT,
            [(topic, partition, at, old.appended_at, old.key, old.value) for at, old in enumerate(records, first)],
        )
        self._db.execute("COMMIT")

    def hand_over(self) -> None:
        """See Anew.hand_over."""
        if self._open:
            return
        self._db.close()  # which also folds the write-ahead log into the file
        # A write-ahead log left by the lost file would be taken for one of the new file.
        _remove(self._path)
        self._file.rename(self._path)
        self._open, self._file = True, self._path
        self._db = connect(self._file)

    def close(self) -> None:
        """See Anew.close."""
        self._db.close()


def _holds_records(path: Path) -> bool:
    db = connect(path)
    try:
        tables = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'records'").fetchone()[0]
        return bool(tables) and db.execute("SELECT 1 FROM records LIMIT 1").fetchone() is not None
    except sqlite3.DatabaseError:
        return True  # whatever it is, it is not ours to throw away
    finally:
        db.close()


def _remove(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
