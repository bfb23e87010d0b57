"""The event log of an installation without a broker: one SQLite file that keeps the same promises as Kafka.

Appends that arrive together share one transaction (a group commit), because the disk's flush is what costs.
One process writes; others may read the file at the same time.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shared.event_log.clock import OnSkew, WriterClock, wall_clock
from shared.event_log.ids import uuid7
from shared.event_log.port import (
    EVENTS,
    LISTINGS,
    Ack,
    InFlight,
    LogIsFull,
    LogUnavailable,
    PlaceNotInLog,
    Raw,
    Topics,
    refuse_misfit,
)
from shared.starting import StartRefused

FILE_NAME: Final = "log.db"

LOOK_AGAIN_AFTER: Final = 0.2
"""Seconds a waiting reader sleeps at most: a writer in another process cannot wake it."""

MOST_OCTETS_READ: Final = 16 * 1024 * 1024
"""A read stops after this much, however many records were asked for."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS topics (
    topic TEXT PRIMARY KEY,
    incarnation TEXT NOT NULL,
    partitions INTEGER NOT NULL CHECK (partitions > 0)
) STRICT;
CREATE TABLE IF NOT EXISTS records (
    topic TEXT NOT NULL REFERENCES topics,
    partition INTEGER NOT NULL CHECK (partition >= 0),
    "offset" INTEGER NOT NULL CHECK ("offset" >= 0),
    appended_at INTEGER NOT NULL CHECK (appended_at % 1000 = 0),
    key TEXT,
    value BLOB,
    PRIMARY KEY (topic, partition, "offset")
) STRICT;
CREATE TRIGGER IF NOT EXISTS records_are_never_changed BEFORE UPDATE ON records
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS records_are_never_deleted BEFORE DELETE ON records
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS partitions_never_shrink BEFORE UPDATE ON topics
WHEN NEW.partitions < OLD.partitions
BEGIN SELECT RAISE(ABORT, 'partitions may only grow in number'); END;
"""

LAST: Final = (
    'SELECT "offset", appended_at FROM records WHERE topic = ? AND partition = ? ORDER BY "offset" DESC LIMIT 1'
)
FIRST: Final = 'SELECT "offset" FROM records WHERE topic = ? AND partition = ? ORDER BY "offset" LIMIT 1'
INSERT: Final = 'INSERT INTO records (topic, partition, "offset", appended_at, key, value) VALUES (?, ?, ?, ?, ?, ?)'
READ: Final = (
    'SELECT "offset", appended_at, key, value FROM records'
    ' WHERE topic = ? AND partition = ? AND "offset" >= ? ORDER BY "offset" LIMIT ?'
)

log = logging.getLogger(__name__)


class LogFileUnusable(StartRefused):
    """The file of the log cannot be opened; the message is one sentence that says what to do."""


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the log's file, on which acknowledged means on disk."""
    # Each connection is used by one thread at a time; close() may come from another.
    db = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    return db


@dataclass(slots=True, eq=False)
class _Append:
    """Records of one caller on their way to the disk, and whom to tell."""

    topic: str
    partition: int
    records: Sequence[tuple[str, bytes]]
    asked: asyncio.Future[list[Ack]] | Future[list[Ack]]
    loop: asyncio.AbstractEventLoop | None
    release: Callable[[], None] | None = None
    outcome: list[Ack] | LogUnavailable = field(default_factory=list)

    def tell(self) -> None:
        """In the caller's thread (or any, for a blocking caller)."""
        if self.asked.done():  # the caller was cancelled; the record is on the log all the same
            return
        if isinstance(self.outcome, LogUnavailable):
            self.asked.set_exception(self.outcome)
        else:
            self.asked.set_result(self.outcome)


def _refusal(error: Exception) -> LogUnavailable:
    full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return LogIsFull(retry_after=10) if full else LogUnavailable()


def _tell_all(appends: list[_Append]) -> None:
    for append in appends:
        append.tell()


class _Writer:
    """The one thread that writes, and the bell that wakes the readers."""

    def __init__(self, path: Path, now: Callable[[], int]) -> None:
        self._path = path
        self._now = now
        self._waiting: list[_Append] = []
        self._arrived = threading.Condition()
        self._closed = False
        self.commits = 0
        self.committed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="event-log-writer", daemon=True)
        self._thread.start()

    def hand_over(self, append: _Append) -> None:
        with self._arrived:
            if self._closed:
                raise LogUnavailable()
            self._waiting.append(append)
            if len(self._waiting) == 1:
                self._arrived.notify()

    def close(self) -> None:
        with self._arrived:
            self._closed = True
            self._arrived.notify()
        self._thread.join()

    def _run(self) -> None:
        db: sqlite3.Connection | None = None
        while True:
            with self._arrived:
                while not self._waiting and not self._closed:
                    self._arrived.wait()
                group, self._waiting = self._waiting, []
            if not group:
                break
            try:
                if db is None:
                    db = connect(self._path)
                self._commit(db, group)
            except Exception as error:
                # A full or failing disk: nobody is acknowledged, and the next group starts on a new
                # connection. Whatever it was, this thread goes on: without it every append would wait for ever.
                log.exception("the event log could not be written")
                if db is not None:
                    db.close()
                    db = None
                for append in group:
                    append.outcome = _refusal(error)
            self._tell(group)
        if db is not None:
            db.close()

    def _commit(self, db: sqlite3.Connection, group: list[_Append]) -> None:
        """All of the group in one transaction, in the order of arrival."""
        lasts: dict[tuple[str, int], tuple[int, int]] = {}
        outcomes: list[list[Ack]] = []
        db.execute("BEGIN IMMEDIATE")
        now = self._now() // 1000 * 1000
        for append in group:
            place = (append.topic, append.partition)
            last = lasts.get(place)
            if last is None:
                last = db.execute(LAST, place).fetchone() or (-1, 0)
            offset, appended_at = last
            appended_at = max(appended_at, now)
            acks = []
            for key, value in append.records:
                offset += 1
                db.execute(INSERT, (*place, offset, appended_at, key, value))
                acks.append(Ack(append.partition, offset, appended_at))
            lasts[place] = (offset, appended_at)
            outcomes.append(acks)
        db.execute("COMMIT")
        for append, acks in zip(group, outcomes, strict=True):
            append.outcome = acks
        with self.committed:
            self.commits += 1
            self.committed.notify_all()

    def _tell(self, group: list[_Append]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[_Append]] = defaultdict(list)
        for append in group:
            if append.release is not None:
                append.release()
            if append.loop is None:
                append.tell()
            else:
                by_loop[append.loop].append(append)
        for loop, appends in by_loop.items():
            try:
                loop.call_soon_threadsafe(_tell_all, appends)
            except RuntimeError:  # that loop has been closed: nobody waits there any more
                log.info("an event loop was closed before its appends were acknowledged")


class EmbeddedTopic:
    """One topic of the embedded log; see port.Topic."""

    def __init__(
        self,
        path: Path,
        name: str,
        incarnation: str,
        partitions: int,
        writer: _Writer,
        in_flight: InFlight,
        clock: WriterClock,
    ) -> None:
        self.name = name
        self.incarnation = incarnation
        self.partitions = partitions
        self._path = path
        self._writer = writer
        self._in_flight = in_flight
        self._clock = clock
        self._looking = threading.Lock()
        self._db: sqlite3.Connection | None = None

    async def append(self, partition: int, key: str, value: bytes) -> Ack:
        """See port.Topic.append."""
        records = ((key, value),)
        octets = refuse_misfit(self, partition, records)
        sent_at = self._clock.before(partition)
        self._in_flight.enter(octets)
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[list[Ack]] = loop.create_future()

        def release() -> None:
            self._in_flight.leave(octets)

        try:
            self._writer.hand_over(_Append(self.name, partition, records, asked, loop, release))
        except LogUnavailable:
            release()
            raise
        [ack] = await asked
        self._clock.after(partition, sent_at, ack.appended_at)
        return ack

    def append_all(self, partition: int, records: Sequence[tuple[str, bytes]]) -> list[Ack]:
        """See port.Topic.append_all; here all records of one call are written or none."""
        if not records:
            return []
        refuse_misfit(self, partition, records)
        sent_at = self._clock.before(partition)
        asked: Future[list[Ack]] = Future()
        self._writer.hand_over(_Append(self.name, partition, records, asked, None))
        acks = asked.result()
        self._clock.after(partition, sent_at, acks[-1].appended_at)
        return acks

    def reader(self, partition: int) -> EmbeddedReader:
        """See port.Topic.reader."""
        refuse_misfit(self, partition, ())
        return EmbeddedReader(self._path, self.name, partition, self._writer)

    def end(self, partition: int) -> int:
        """See port.Topic.end."""
        last = self._one(LAST, partition)
        return 0 if last is None else last + 1

    def begin(self, partition: int) -> int:
        """See port.Topic.begin."""
        return self._one(FIRST, partition) or 0

    def grown_to(self) -> int:
        """See port.Topic.grown_to."""
        return self._ask("SELECT partitions FROM topics WHERE topic = ?", self.name) or self.partitions

    def _one(self, statement: str, partition: int) -> int | None:
        refuse_misfit(self, partition, ())
        return self._ask(statement, self.name, partition)

    def _ask(self, statement: str, *values: object) -> int | None:
        with self._looking:
            try:
                if self._db is None:
                    self._db = connect(self._path)
                row = self._db.execute(statement, values).fetchone()
            except sqlite3.Error as error:
                if self._db is not None:
                    self._db.close()
                    self._db = None
                raise LogUnavailable() from error
        return None if row is None else int(row[0])

    def close(self) -> None:
        """Let go of the file; Topics.close calls it."""
        with self._looking:
            if self._db is not None:
                self._db.close()
                self._db = None


class EmbeddedReader:
    """Reads one partition over a connection of its own; see port.PartitionReader."""

    def __init__(self, path: Path, topic: str, partition: int, writer: _Writer) -> None:
        self._path = path
        self._topic = topic
        self._partition = partition
        self._writer = writer
        self._db: sqlite3.Connection | None = None

    def read(self, offset: int, *, limit: int = 500, timeout: float = 0.0) -> list[Raw]:
        """See port.PartitionReader.read."""
        until = time.monotonic() + timeout
        while True:
            # Taken before looking: a commit in between then ends the wait at once.
            commits = self._writer.commits
            records = self._look(offset, limit)
            left = until - time.monotonic()
            if records or left <= 0:
                return records
            with self._writer.committed:
                if self._writer.commits == commits:
                    self._writer.committed.wait(min(left, LOOK_AGAIN_AFTER))

    def close(self) -> None:
        """See port.PartitionReader.close."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _look(self, offset: int, limit: int) -> list[Raw]:
        try:
            if self._db is None:
                self._db = connect(self._path)
            records: list[Raw] = []
            octets = 0
            rows = self._db.execute(READ, (self._topic, self._partition, offset, limit))
            for at, appended_at, key, value in rows:
                records.append(Raw(self._partition, at, appended_at, key, value))
                octets += len(value) if value is not None else 0
                if octets >= MOST_OCTETS_READ:
                    break
            rows.close()
            if records:
                if records[0].offset != offset:
                    raise PlaceNotInLog(topic=self._topic, partition=self._partition, offset=offset)
            elif offset > 0:
                last = self._db.execute(LAST, (self._topic, self._partition)).fetchone()
                # Read after the records: a record that came in between makes the end larger, never smaller.
                if offset > (last[0] + 1 if last else 0):
                    raise PlaceNotInLog(topic=self._topic, partition=self._partition, offset=offset)
        except sqlite3.Error:
            log.warning("the event log could not be read; trying again", exc_info=True)
            self.close()
            return []
        return records


def open_embedded(
    directory: Path,
    partitions: int = 1,
    *,
    now: Callable[[], int] = wall_clock,
    in_flight: InFlight | None = None,
    on_skew: OnSkew | None = None,
) -> Topics:
    """Open the log kept in `directory` (made if missing); `partitions` of the events topic are added if it
    has fewer. LogFileUnusable when its file cannot be opened.

    `now` is the log's clock and this writer's (microseconds); `on_skew` is told when the two differ.
    One process at a time may write; the caller sees to that (a lock on the data directory).
    """
    path = directory / FILE_NAME
    try:
        directory.mkdir(parents=True, exist_ok=True)
        found = _prepared(path, partitions)
    except (OSError, sqlite3.Error) as error:
        raise LogFileUnusable(
            f"The event log {path} cannot be opened ({error}): see that its disk has room and that it may be written."
        ) from error
    writer = _Writer(path, now)
    room = in_flight or InFlight()

    def topic(name: str) -> EmbeddedTopic:
        return EmbeddedTopic(path, name, *found[name], writer, room, WriterClock(name, now=now, on_skew=on_skew))

    events, listings = topic(EVENTS), topic(LISTINGS)

    def close() -> None:
        writer.close()
        events.close()
        listings.close()

    return Topics(events=events, listings=listings, on_close=close, folder=directory)


def _prepared(path: Path, partitions: int) -> dict[str, tuple[str, int]]:
    """Make and grow the topics; the incarnation of each and its partitions, by name."""
    found: dict[str, tuple[str, int]] = {}
    with closing(connect(path)) as db:
        db.executescript(SCHEMA)
        db.execute("BEGIN IMMEDIATE")
        for name, wanted in ((EVENTS, partitions), (LISTINGS, 1)):
            db.execute("INSERT OR IGNORE INTO topics VALUES (?, ?, ?)", (name, uuid7(), wanted))
            db.execute("UPDATE topics SET partitions = ?2 WHERE topic = ?1 AND partitions < ?2", (name, wanted))
            row = db.execute("SELECT incarnation, partitions FROM topics WHERE topic = ?", (name,)).fetchone()
            found[name] = (row[0], row[1])
        db.execute("COMMIT")
    return found
