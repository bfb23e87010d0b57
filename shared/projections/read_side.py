"""A service's read side: its readers (one thread a partition), what they have read, and waiting for them.

Everything an API reads comes through here: a consistent transaction on the generation in force, the registry as
known at a position, and the wait for a token's place.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, Table, select

from shared.errors import NotFound, RuleBroken, Unavailable
from shared.event_log.directory import Directory, Listing
from shared.event_log.port import Topics
from shared.liveness import Heartbeat, why
from shared.projections import generations
from shared.projections.folding import LogFold
from shared.projections.generations import Make
from shared.projections.reader import BATCH, Fenced, ProjectionSet, Reader, Stopped
from shared.projections.rebinding import OnRebind
from shared.registry import Registry, versions
from shared.sql import reading, writing

logger = logging.getLogger(__name__)
POLL = 0.1
"""Seconds a reader waits for a record before it looks whether it should stop."""
BACK_OFF = 1.0
GATHER = 0.05
"""Seconds at most that a reader lets records gather after a batch that was not full.

A transaction costs as much as folding many records, so following every few at once is the dearest way to keep up, and
a reader that does nothing else takes from the door, in the same process, what it needs to take more in.
"""
IDLE = 10
"""Times as long as its last batch took may a reader pause that has leave to gather for longer than GATHER."""
THICK = 5
"""Records in a batch from which on it may: where they come one by one, there is nothing to gather."""
REGISTRIES = 4
"""Registries kept in memory: a registry changes rarely, so a few serve nearly every question."""


class JurisdictionUnknown(NotFound):
    """No log is open for this jurisdiction, or it is outside your scope."""

    zh = "该行政区没有已开启的日志,或不在您的范围内。"


class NotYetRead(Unavailable):
    """What you ask for has not been read from the log yet; try again shortly."""

    zh = "所需内容尚未从日志读入,请稍后重试。"


class RebuildIsRunning(RuleBroken):
    """The projections of this service are being rebuilt already."""

    zh = "该服务的投影正在重建。"


class LogStopped(Unavailable):
    """The reader of this log has stopped at a record that it cannot process; an operator has been alarmed."""

    zh = "该日志的读取已在一条无法处理的记录处停止,已通知运维人员。"


class PartitionNotRead(Unavailable):
    """This jurisdiction's log lies in a partition that was added since this service started; it must be restarted."""

    zh = "该行政区的日志位于本服务启动之后新增的分区,须重启本服务。"


@dataclass(slots=True)
class _Waiter:
    partition: int
    offset: int | None
    event: tuple[str, str] | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[None] = field(init=False)

    def __post_init__(self) -> None:
        self.future = self.loop.create_future()


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How a rebuild ended: the generation now in force, and the tables in which the two differed."""

    generation: int
    differing: tuple[str, ...]
    switched: bool


@dataclass(slots=True)
class ReadSide:
    """All readers of one service and the generation of tables they fill."""

    service: str
    engine: Engine
    topics: Topics
    directory: Directory
    generations: Table
    make: Make
    readers: list[Reader] = field(default_factory=list)
    current: ProjectionSet = field(init=False)
    generation: int = field(init=False, default=0)
    fenced: str | None = None
    on_rebind: OnRebind = lambda db, rebound: None
    on_read: Callable[[], None] = lambda: None
    """Told after each batch that the generation in force has taken in."""
    gather: float = GATHER
    """Seconds at most that the readers let records gather, while nobody waits to see them."""
    beats: dict[int, Heartbeat] = field(default_factory=dict)
    """Of each reader's thread, by partition."""
    waits: dict[int, str] = field(default_factory=dict)
    """What a reader waits for, by partition: the database or the log is away, and it tries again and again."""
    _rebuilding: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _hurry: threading.Event = field(default_factory=threading.Event)
    """Set by whoever comes to wait, and at the stop."""
    _waiters: list[_Waiter] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _registries: OrderedDict[tuple[str, str, int], Registry] = field(default_factory=OrderedDict)

    def open(self) -> None:
        """Open the generation in force and check it against the log; LogIsShorter refuses the start.

        A generation that was made by code with other tables or rows is not read: an empty one takes its place, which
        the readers fill from the log's beginning.
        """
        self.generation = generations.active(self.engine, self.generations, self.service)
        if not generations.has_form(self.engine, self.make, self.generation):
            self._replace()
        self._drop_others()
        self.current = generations.create(self.engine, self.make, self.generation)
        self.readers = [self._reader(self.current, p) for p in range(self.topics.events.partitions)]
        for reader in self.readers:
            reader.open()

    def _replace(self) -> None:
        """Put an empty generation in force, once the log is found to go on from where the old one has read it.

        Until then nothing of the old one is lost, so that after LogIsShorter the log can still be reopened; and where
        it was reopened, whatever is kept outside the generations is bound to the new topic by the old places.
        """
        old = generations.create(self.engine, self.make, self.generation)  # a table that it lacks can be bound, empty
        for partition in range(self.topics.events.partitions):
            with closing(self._reader(old, partition)) as reader:
                reader.places_only = True
                reader.open()
        was = self.generation
        self.generation = generations.replace(self.engine, self.make, self.generations, self.service, was)
        logger.warning(
            "the projections of %s in generation %s were made by a program with other ones: generation %s is filled "
            "from the log, and nothing is answered until it has been read to its end",
            self.service, was, self.generation,
        )  # fmt: skip

    def _reader(self, into: ProjectionSet, partition: int, *, guarded: bool = True) -> Reader:
        """A reader of one partition; a guarded one fills the generation in force and wakes those who wait."""
        reader = Reader(self.engine, self.topics.events, self.directory, partition, into)
        if guarded:
            reader.on_read, reader.guard, reader.on_rebind = self._tell, self._in_force, self.on_rebind
        return reader

    def start(self) -> None:
        """Start one thread a partition."""
        self._stopping.clear()
        self.beats = {reader.partition: Heartbeat() for reader in self.readers}
        self._threads = [
            threading.Thread(target=self._run, args=(r,), name=f"{self.service}-reader-{r.partition}", daemon=True)
            for r in self.readers
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop the threads after the batch at hand."""
        self._stopping.set()
        self._hurry.set()
        for thread in self._threads:
            thread.join()
        self._threads = []
        for reader in self.readers:
            reader.close()

    def _run(self, reader: Reader) -> None:
        heart, partition = self.beats[reader.partition], reader.partition
        while not self._stopping.is_set():
            heart.beat()
            try:
                read = reader.step(timeout=POLL)
                self.waits.pop(partition, None)
                if 0 < read < BATCH:
                    self._let_gather(reader, self.gather if read >= THICK else GATHER)
            except Fenced as fence:
                self.fenced = str(fence)
                logger.critical("the %s reader of partition %s ends: %s", self.service, partition, fence)
                return
            except Exception as error:  # the database or the log is away: nothing was stored, go on from the same place
                self.waits[partition] = why(error)
                logger.exception("the %s reader of partition %s waits", self.service, partition)
                self._stopping.wait(BACK_OFF)

    def _let_gather(self, reader: Reader, most: float) -> None:
        """Wait a moment for more records; while somebody waits to see them, no longer than the last batch took."""
        with self._lock:
            hurried = bool(self._waiters) or self._stopping.is_set()
            if not hurried:
                self._hurry.clear()
        if hurried:
            self._stopping.wait(min(reader.took, GATHER))
        else:
            self._hurry.wait(min(max(GATHER, IDLE * reader.took), most))

    def _in_force(self, db: Connection) -> None:
        """Called in each writing transaction of a reader: another process may have switched generations."""
        table = self.generations
        now = db.execute(select(table.c.active).where(table.c.service == self.service)).scalar()
        if now != self.generation:
            raise Fenced(f"generation {now} is in force, this reader fills {self.generation}: restart the service")

    def rebuild(self, *, accept_differences: bool = False) -> Rebuilt:
        """Fill the next generation from the log, compare it with the running one, put it in force.

        Reads go on meanwhile; folding pauses only for the last stretch. With differences (a mended projection
        has them on purpose) nothing is switched unless they are accepted. One at a time: RebuildIsRunning.
        """
        if not self._rebuilding.acquire(blocking=False):
            raise RebuildIsRunning
        try:
            new = self.generation + 1
            self._drop_others()
            into = generations.create(self.engine, self.make, new)
            readers = [self._reader(into, reader.partition, guarded=False) for reader in self.readers]
            for reader in readers:
                reader.catch_up()
            running = bool(self._threads)
            self.stop()
            try:
                # Both read to one and the same end, else what is written meanwhile would count as a difference.
                for old, fresh in zip(self.readers, readers, strict=True):
                    end = self.topics.events.end(fresh.partition)
                    for reader in (old, fresh):
                        reader.open()
                        reader.catch_up(end)
                differing = generations.differences(self.engine, self.make, self.generation, new)
                if differing and not accept_differences:
                    return Rebuilt(self.generation, tuple(differing), switched=False)
                with writing(self.engine) as db:
                    if not generations.switch(db, self.generations, self.service, self.generation, new):
                        raise Fenced("another process has switched generations")
                self.generation, self.current = new, into
                for reader in [*self.readers, *readers]:
                    reader.close()
                self.readers = [self._reader(into, reader.partition) for reader in readers]
                for reader in self.readers:
                    reader.open()
            finally:
                if running:
                    self.start()
            return Rebuilt(new, tuple(differing), switched=True)
        finally:
            self._rebuilding.release()

    def _drop_others(self) -> None:
        """Drop what a rebuild left: the generation before (kept until now, for reads under way) or one unfinished."""
        for other in (self.generation - 1, self.generation + 1):
            generations.drop(self.engine, other)

    @contextmanager
    def reading(self) -> Iterator[tuple[Connection, ProjectionSet]]:
        """A read transaction on one snapshot, and the tables to read in it."""
        with reading(self.engine) as db:
            yield db, self.current

    def fold_of(self, log: str) -> LogFold | None:
        """The fold of a log as it stands in memory (the reader's own: take `lock_of` to read more than one thing)."""
        for reader in self.readers:
            if log in reader.logs:
                return reader.logs[log]
        return None

    def lock_of(self, log: str) -> threading.Lock:
        """The lock under which the log's fold changes in memory.

        JurisdictionUnknown for a log that is not listed, PartitionNotRead.
        """
        listing = self.directory.by_log(log)
        if listing is None:
            raise JurisdictionUnknown(log=log)
        self._refuse_unread(listing.partition)
        return self.readers[listing.partition].lock

    def listing(self, jurisdiction: str) -> Listing:
        """The open log of a jurisdiction. JurisdictionUnknown if there is none, PartitionNotRead."""
        listing = self.directory.by_jurisdiction(jurisdiction)
        if listing is None:
            self.directory.refresh()
            listing = self.directory.by_jurisdiction(jurisdiction)
        if listing is None:
            raise JurisdictionUnknown(jurisdiction=jurisdiction)
        self._refuse_unread(listing.partition)
        return listing

    def _refuse_unread(self, partition: int) -> None:
        if partition >= len(self.readers):
            raise PartitionNotRead(partition=partition)

    def unwell(self) -> list[str]:
        """What is not well with the readers' threads, a sentence for each; nothing while a rebuild has them pause."""
        told = [f"the reader of partition {partition} waits: {reason}" for partition, reason in self.waits.items()]
        for thread, (partition, heart) in zip(self._threads, self.beats.items(), strict=False):
            who = f"the reader of partition {partition}"
            stuck = heart.stuck(who) if thread.is_alive() else f"{who} has ended: restart the service"
            told += [stuck] if stuck else []
        return told

    def unread(self) -> list[int]:
        """Partitions that were added to the topic since the start: no reader of this process reads them."""
        return list(range(len(self.readers), self.topics.events.grown_to()))

    @property
    def stopped(self) -> list[Stopped]:
        """Logs whose reader has stopped."""
        return [stopped for reader in self.readers for stopped in reader.stopped.values()]

    def lag(self) -> dict[int, int]:
        """Records behind the log's end, by partition."""
        return {r.partition: max(0, self.topics.events.end(r.partition) - r.next_offset) for r in self.readers}

    def registry(self, db: Connection, into: ProjectionSet, log: str, known_at: int) -> Registry:
        """The registry as known at a position. Shared between questions: read it, never change it."""
        at = versions.last_change(db, into.core.versions, log, known_at)
        key = (into.suffix, log, at)
        with self._lock:
            if key in self._registries:
                self._registries.move_to_end(key)
                return self._registries[key]
            before = [(p, kept) for (suffix, of, p), kept in self._registries.items()
                      if (suffix, of) == key[:2] and p < at]  # fmt: skip
        earlier = max(before, key=lambda each: each[0], default=None)
        loaded = versions.load(db, into.core.versions, log, known_at, earlier)
        with self._lock:
            self._registries[key] = loaded
            while len(self._registries) > REGISTRIES:
                self._registries.popitem(last=False)
        return loaded

    async def reached(self, partition: int, offset: int, wait: float, log: str | None = None) -> None:
        """Return once this service has read the record at `offset`; NotYetRead after `wait` seconds.

        With `log`, LogStopped where that log's reader stopped at or before the record: its partition was read on,
        but an answer would lack what is waited for.
        """
        await self._wait(_Waiter(partition, offset, None, asyncio.get_running_loop()), wait)
        for stopped in self.stopped:
            fold = self.fold_of(stopped.log)
            if stopped.log == log and (fold is None or fold.place.next_offset <= offset):
                raise LogStopped(position=stopped.position)

    async def reached_event(self, log: str, event_id: str, wait: float) -> None:
        """Return once this service has read the event; NotYetRead after `wait` seconds."""
        await self._wait(_Waiter(0, None, (log, event_id), asyncio.get_running_loop()), wait)

    async def reached_end(self, partition: int, wait: float) -> None:
        """Return once this service has read to the end that the log has now: before a door refuses on its copy.

        NotYetRead after `wait` seconds, PartitionNotRead, LogUnavailable.
        """
        self._refuse_unread(partition)
        end = await asyncio.to_thread(self.topics.events.end, partition)
        await self.reached(partition, end - 1, wait)

    async def _wait(self, waiter: _Waiter, wait: float) -> None:
        with self._lock:
            self._waiters.append(waiter)
            self._hurry.set()
        try:
            if waiter.event is None and self._has_read(waiter):
                return
            if waiter.event is not None and await asyncio.to_thread(self._has_read, waiter):
                return
            await asyncio.wait_for(waiter.future, wait)
        except TimeoutError:
            raise NotYetRead(retry_after=1) from None
        finally:
            with self._lock:
                self._waiters.remove(waiter)

    def _has_read(self, waiter: _Waiter) -> bool:
        if waiter.offset is not None:
            if waiter.partition >= len(self.readers):
                return False  # the topic has grown since this service was started
            return waiter.offset < 0 or self.readers[waiter.partition].next_offset > waiter.offset
        assert waiter.event is not None
        log, event_id = waiter.event
        identities = self.current.core.identities
        with reading(self.engine) as db:
            asked = select(identities.c.position).where(identities.c.log == log, identities.c.id == event_id)
            return db.execute(asked.limit(1)).first() is not None

    def _tell(self) -> None:
        """After each batch: wake whoever waited for something in it."""
        with self._lock:
            waiting = list(self._waiters)
        for waiter in waiting:
            if self._has_read(waiter):
                waiter.loop.call_soon_threadsafe(_resolve, waiter.future)
        self.on_read()


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
