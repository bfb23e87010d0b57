"""A reader: one partition of the log, folded into one generation of a service's tables.

Its places are stored in the same transaction as what it wrote: delivered twice, counted once. They are moved
only if they still hold what this reader expects, so a zombie is fenced out. A valid record that this code cannot
process stops its log here, by name, and is never stepped over; the partition's other logs go on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as SqlTimeout

from shared.errors import Unavailable
from shared.event_log.directory import Directory
from shared.event_log.port import LogUnavailable, PartitionReader, Raw, Topic
from shared.garbage import no_collections
from shared.merkle import Frontier
from shared.projections import rebinding
from shared.projections.folding import EntryIndex, LogFold, Projection
from shared.projections.rebinding import LogIsShorter, OnRebind
from shared.projections.records import Place, Record, begin, place, value_sha256
from shared.projections.tables import CoreTables
from shared.registry import Registry, versions
from shared.sql import insert_if_absent, reading, upsert, writing

logger = logging.getLogger(__name__)
BATCH = 500


class Fenced(Exception):
    """Another reader has moved this place: this one is a zombie and ends."""


_NOT_THE_RECORDS_FAULT = (
    Fenced, Unavailable, OperationalError, InterfaceError, InternalError, SqlTimeout, MemoryError,
)  # fmt: skip
"""The log or the database is away, full or locked: the same batch is read again, and no log is stopped for it."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A log whose reader has stopped: where, and why."""

    log: str
    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class ProjectionSet:
    """One generation of a service's tables, and what fills them."""

    suffix: str
    core: CoreTables
    projections: Sequence[Projection]
    index: EntryIndex | None = None
    judges_progress: bool = True


@dataclass(slots=True)
class Reader:
    """Reads one partition of `topic`, batch by batch, into one generation."""

    engine: Engine
    topic: Topic
    directory: Directory
    partition: int
    into: ProjectionSet
    on_read: Callable[[], None] = lambda: None
    guard: Callable[[Connection], None] = lambda db: None
    on_rebind: OnRebind = lambda db, rebound: None
    logs: dict[str, LogFold] = field(default_factory=dict)
    stopped: dict[str, Stopped] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while a batch changes the registries in memory; the doors take it to judge."""
    places_only: bool = False
    """The rest was made by other code: it is opened to be checked and bound, and nothing is folded into it."""
    took: float = 0.0
    """Seconds that the last batch took to fold and store."""
    _next: int = 0
    _unsure: bool = False
    _source: PartitionReader | None = None

    def open(self) -> None:
        """Load the places and check that the log still holds what was read. LogIsShorter refuses the start."""
        with reading(self.engine) as db:
            self._load(db)
        self._rebind()
        with reading(self.engine) as db:
            self._next = self._start(db)
        self._source = self.topic.reader(self.partition)
        end = self.topic.end(self.partition)
        for fold in self.logs.values():
            self._check(fold.place, end)

    def close(self) -> None:
        """Let go of the log."""
        if self._source is not None:
            self._source.close()
            self._source = None

    @property
    def next_offset(self) -> int:
        """The offset in the partition from which this reader goes on."""
        return self._next

    def step(self, timeout: float = 0.0, most: int = BATCH) -> int:
        """Read and fold one batch, waiting up to `timeout` seconds for its first record; how many it had."""
        if self._source is None:
            self.open()
        assert self._source is not None
        if self._unsure:
            self._reload()
        raws = self._source.read(self._next, limit=min(most, BATCH), timeout=timeout)
        if not raws:
            return 0
        began = time.monotonic()
        try:
            self._fold(raws)
        except _NOT_THE_RECORDS_FAULT:
            raise
        except Exception:  # whatever it is, one record at a time says which it was and stops only its log
            logger.warning("a batch of partition %s failed; reading it one by one", self.partition, exc_info=True)
            self._reload()
            for raw in raws:
                self._fold_one(raw)
        self._next = raws[-1].offset + 1
        self.took = time.monotonic() - began
        self.on_read()
        return len(raws)

    def catch_up(self, end: int | None = None) -> None:
        """Read to `end` and no further; to the end that the log has now unless it is given."""
        if self._source is None:
            self.open()
        end = self.topic.end(self.partition) if end is None else end
        while self._next < end:
            self.step(timeout=1.0, most=end - self._next)

    def _fold_one(self, raw: Raw) -> None:
        try:
            self._fold([raw])
        except _NOT_THE_RECORDS_FAULT:
            raise
        except Exception as fault:
            self._reload()
            log = raw.key or ""
            position = self.logs[log].place.position + 1 if log in self.logs else 0
            self.stopped[log] = Stopped(log, position, f"{type(fault).__name__}: {fault}")
            logger.critical("the reader of log %s stopped at position %s: %s", log, position, fault, exc_info=True)

    def _fold(self, raws: Sequence[Raw]) -> None:
        by_log: dict[str | None, list[Raw]] = {}
        for raw in raws:
            by_log.setdefault(raw.key, []).append(raw)
        self._unsure = True  # until it is committed, memory may be ahead of the database
        with self.lock, no_collections(), writing(self.engine) as db:
            self.guard(db)
            for key, of_log in by_log.items():
                if key in self.stopped:
                    continue
                self._fold_log(db, key, of_log)
            if not self.stopped:  # a stopped log is read again from its own place after a restart
                rows = [{"partition": self.partition, "next_offset": raws[-1].offset + 1}]
                upsert(db, self.into.core.partitions, rows, on=("partition",))
        self._unsure = False

    def _fold_log(self, db: Connection, key: str | None, raws: Sequence[Raw]) -> None:
        fold = self.logs.get(key or "")
        if fold is None:
            fold, raws = self._begin(db, key, raws)
            if fold is None:
                return
        expected = fold.place.next_offset
        records: list[Record] = [place(raw, fold.place) for raw in raws if raw.offset >= expected]
        if not records:
            return
        self._advance(db, fold.place, expected)  # first, so that a zombie is fenced out before it writes
        engine = fold.place.engine
        batch = fold.fold(db, records)
        if fold.place.engine != engine:
            self._advance(db, fold.place, fold.place.next_offset)
        for projection in self.into.projections:
            projection.project(db, fold, batch)

    def _begin(self, db: Connection, key: str | None, raws: Sequence[Raw]) -> tuple[LogFold | None, Sequence[Raw]]:
        """A log begins at the first record whose hash is the listed one; earlier records have no position."""
        listing = self.directory.by_log(key) if key else None
        if key and listing is None:
            self.directory.refresh()
            listing = self.directory.by_log(key)
        for at, raw in enumerate(raws):
            if (
                listing is not None
                and listing.partition == self.partition
                and value_sha256(raw.value) == listing.record0_sha256
            ):
                self._report(db, raws[:at])
                start = begin(raw, listing.jurisdiction, self.topic.incarnation)
                fold = LogFold(start, Registry(), self.into.core, self.into.index, self.into.judges_progress)
                db.execute(insert(self.into.core.places).values(**_columns(start)))
                self.logs[start.log] = fold
                return fold, raws[at:]
        self._report(db, raws)
        return None, raws

    def _report(self, db: Connection, raws: Sequence[Raw]) -> None:
        """These records have no position: their key is not an open log of this partition."""
        for raw in raws:
            logger.warning("no position: partition %s offset %s key %r", raw.partition, raw.offset, raw.key)
        rows = [
            {
                "partition": raw.partition,
                "topic_offset": raw.offset,
                "key": (raw.key or "").replace("\0", "\ufffd")[:200],
            }
            for raw in raws
        ]
        insert_if_absent(db, self.into.core.unplaced, rows, on=("partition", "topic_offset"))

    def _advance(self, db: Connection, moved: Place, expected: int) -> None:
        places = self.into.core.places
        values = _columns(moved)
        done = db.execute(
            update(places).where(places.c.log == moved.log, places.c.next_offset == expected).values(**values)
        )
        if done.rowcount != 1:
            raise Fenced(f"the place of log {moved.log} is no longer at offset {expected}")

    def _reload(self) -> None:
        with self.lock, reading(self.engine) as db:
            self._load(db)
        self._unsure = False

    def _load(self, db: Connection) -> None:
        core = self.into.core
        logs: dict[str, LogFold] = {}
        for row in db.execute(select(core.places).where(core.places.c.partition == self.partition)).mappings():
            values = dict(row)
            at = Place(**(values | {"frontier": Frontier.from_bytes(values["frontier"])}))
            registry = Registry() if self.places_only else versions.load(db, core.versions, at.log, at.position)
            logs[at.log] = LogFold(at, registry, core, self.into.index, self.into.judges_progress)
        self.logs = logs  # at once: whoever looks for a log meanwhile finds the one or the other

    def _start(self, db: Connection) -> int:
        partitions = self.into.core.partitions
        kept = db.execute(select(partitions.c.next_offset).where(partitions.c.partition == self.partition)).scalar()
        return self.topic.begin(self.partition) if kept is None else int(kept)

    def _rebind(self) -> None:
        """Go on in another topic than the one that was read, where it was reopened; LogIsShorter if it was not."""
        moved = [fold.place for fold in self.logs.values() if fold.place.incarnation != self.topic.incarnation]
        if not moved:
            return
        to = rebinding.rebound(self.topic, self.directory, self.partition, moved)
        with writing(self.engine) as db:
            self.guard(db)
            if rebinding.bind(db, self.into.core, self.into.projections, to):
                self.on_rebind(db, to)
        self._reload()

    def _check(self, at: Place, end: int) -> None:
        """The log may not be shorter than our place, and its last record must be the one we read."""
        if end < at.next_offset:
            raise LogIsShorter(
                f"the database has read log {at.log} up to offset {at.next_offset}, the log ends at {end}: "
                "restore the log, or start on an empty database"
            )
        assert self._source is not None
        last = self._source.read(at.next_offset - 1, limit=1, timeout=5.0)
        if not last:  # it is there, since the log's end lies behind it: a broker was killed between the two questions
            raise LogUnavailable
        if value_sha256(last[0].value) != at.last_value_sha256:
            raise LogIsShorter(
                f"the last record read of log {at.log} (offset {at.next_offset - 1}) differs from the one in the log: "
                "restore the log, or start on an empty database"
            )


def _columns(at: Place) -> dict[str, object]:
    return {
        "log": at.log, "jurisdiction": at.jurisdiction, "partition": at.partition, "incarnation": at.incarnation,
        "zone": at.zone, "simulated": at.simulated, "engine": at.engine, "next_offset": at.next_offset,
        "recorded_at": at.recorded_at, "clock": at.clock, "last_value_sha256": at.last_value_sha256,
        "frontier": at.frontier.to_bytes(),
    }  # fmt: skip
