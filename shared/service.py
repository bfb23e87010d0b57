"""What every service is made of: its database, its read side, its event store and relay, its door's identity.

The composition roots (each service's main.py, and services/standalone) build one of these and hand it to the
service's application, where routes find it as `app.state.service`.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import Connection, Engine, MetaData, Table, select

from shared.calendars import local_date
from shared.event_log.directory import Directory, Listing
from shared.event_log.port import LogUnavailable, Topics
from shared.event_store.rebinding import rebind
from shared.event_store.refill import behind, refill
from shared.event_store.relay import Relay
from shared.event_store.store import EventStore
from shared.event_store.tables import EventStoreTables, event_store_tables
from shared.http.health import Check
from shared.http.metrics import Metrics, Reading
from shared.identity.actors import Actors, actors_table
from shared.identity.callers import Caller, scope_text
from shared.identity.tokens import Verifier
from shared.liveness import Heartbeat
from shared.projections import NotYetRead, ReadSide
from shared.projections.generations import Make, generations_table
from shared.projections.read_side import GATHER
from shared.projections.rebinding import Rebound
from shared.projections.records import Place
from shared.sql import migrate, reading
from shared.storage import DatabaseUnavailable, free, short_of_room

MOST_BEHIND = 10_000
"""Records a reader may be behind the log's end and the service still be called ready."""


@dataclass(slots=True)
class Service:
    """One running service."""

    name: str
    engine: Engine
    topics: Topics
    directory: Directory
    read_side: ReadSide
    actors: Actors
    verifier: Verifier
    store: EventStore
    relay: Relay
    checks: dict[str, Check] = field(default_factory=dict)
    heartbeats: dict[str, Heartbeat] = field(default_factory=dict)
    """Of threads beside the readers' and the relay's; who starts one puts its heart here, and says so in a check."""
    now: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self.checks |= {
            "database": self._database, "log": self._log, "partitions": self._partitions, "readers": self._readers,
            "relay": self.relay.unwell,
        }  # fmt: skip
        if self._folders():
            self.checks["disk"] = self._disk

    def start(self) -> None:
        """Check the read side against the log, then start readers and relay. Refuses what must be refused."""
        self.catch_up()
        self.read_side.start()
        self.relay.start()

    def catch_up(self) -> int:
        """Read to the log's end and mend what a restored database lacks; how many facts the event store lacked."""
        self.directory.refresh()
        self.read_side.open()
        return self._catch_up_store()

    def stop(self) -> None:
        """Stop in the order in which nothing is lost: the relay, then the readers."""
        self.relay.stop()
        self.read_side.stop()
        self.directory.close()
        self.engine.dispose()

    def _catch_up_store(self) -> int:
        """Refill an event store that was restored from before what the log has of it.

        Readers first read to the end, so that what the log has is known: a start after a long absence takes as long.
        """
        for reader in self.read_side.readers:
            reader.catch_up()
        with reading(self.engine) as db:
            missing = behind(db, self.store, self.read_side.current.core.streams)
        return refill(self.store, self.topics.events, missing) if missing else 0

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        """For an application that runs one service."""
        app.state.service, app.state.verifier = self, self.verifier
        self.observe(app.state.metrics)
        try:
            self.start()
            yield
        finally:
            self.stop()  # also after a refused start: what it opened is closed

    def observe(self, metrics: Metrics) -> None:
        """What an operator watches: how far behind, how much unsent, which log has stopped and where."""

        def by_partition() -> Reading:
            return {(str(partition),): behind for partition, behind in self.read_side.lag().items()}

        def stopped() -> Reading:
            return {(log.log,): log.position for log in self.read_side.stopped}

        def beats() -> Reading:
            return {(str(partition),): heart.age() for partition, heart in list(self.read_side.beats.items())}

        def others() -> Reading:
            return {(name,): heart.age() for name, heart in list(self.heartbeats.items())}

        def room() -> Reading:
            return {(of,): left for of, left in free(self._folders()).items()}

        metrics.gauge("jikao_reader_lag_records", "Records behind the log's end.", by_partition, ("partition",))
        metrics.gauge("jikao_reader_stopped_position", "Where a log's reader has stopped.", stopped, ("log",))
        metrics.gauge("jikao_outbox_facts", "Facts the log has not acknowledged yet.", lambda: {(): self.relay.depth()})
        metrics.gauge("jikao_relay_active", "1 while this process publishes.", lambda: {(): self.relay.active})
        metrics.gauge("jikao_reader_heartbeat_seconds", "Since a reader last went round.", beats, ("partition",))
        relay = self.relay.heartbeat
        metrics.gauge("jikao_relay_heartbeat_seconds", "Since the relay last went round.", lambda: {(): relay.age()})
        metrics.gauge("jikao_thread_heartbeat_seconds", "Since another thread last went round.", others, ("thread",))
        metrics.gauge("jikao_disk_free_bytes", "Room left where a database or the log lies.", room, ("of",))

    def place(self, listing: Listing) -> Place:
        """How far this service has read a log. NotYetRead right after its opening."""
        fold = self.read_side.fold_of(listing.log)
        if fold is None:
            raise NotYetRead(retry_after=1)
        return fold.place

    def scope_of(self, listing: Listing, caller: Caller) -> str:
        """A caller's scope as this log's facts carry it; ScopeIsEmpty, NotYetRead."""
        fold = self.read_side.fold_of(listing.log)
        if fold is None:
            raise NotYetRead(retry_after=1)
        return scope_text(caller, fold.registry.unit_id)

    def clock(self, listing: Listing) -> tuple[str, date]:
        """The log's clock: (RFC 3339, local date). Simulated logs stand still between settings."""
        place = self.place(listing)
        instant = place.clock if place.simulated else int(self.now() * 1_000) * 1_000
        moment = datetime.fromtimestamp(instant / 1_000_000, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"), local_date(instant, place.zone)

    def _folders(self) -> dict[str, Path]:
        """The folders of this machine that this service writes to, by what lies there."""
        found: dict[str, Path] = {}
        if self.engine.dialect.name == "sqlite" and self.engine.url.database:
            found["database"] = Path(self.engine.url.database).parent
        if self.topics.folder is not None:
            found["log"] = self.topics.folder
        return found

    def _database(self) -> str | None:
        try:
            with reading(self.engine) as db:
                db.execute(select(1))
        except DatabaseUnavailable:
            return "the database cannot be reached"
        return None

    def _log(self) -> str | None:
        try:
            self.topics.events.end(0)
        except LogUnavailable:
            return "the event log cannot be reached"
        return None

    def _partitions(self) -> str | None:
        try:
            unread = self.read_side.unread()
        except LogUnavailable:
            return None  # what another check says
        if not unread:
            return None
        told = ", ".join(map(str, unread))
        return f"nobody here reads partition {told}, added to the topic since the start: restart the service"

    def _readers(self) -> str | None:
        if self.read_side.fenced:
            return self.read_side.fenced
        told = [f"log {s.log} stopped at position {s.position}: {s.reason}" for s in self.read_side.stopped]
        told += self.read_side.unwell()
        try:
            behind = max(self.read_side.lag().values(), default=0)
        except LogUnavailable:
            behind = 0
        if behind > MOST_BEHIND:
            told.append(f"{behind} records behind the log")
        return "; ".join(told) or None

    def _disk(self) -> str | None:
        return short_of_room(self._folders())


def base_tables(metadata: MetaData) -> tuple[EventStoreTables, Table, Table]:
    """What every service's migrations begin with: event store, actors, generation in force."""
    return event_store_tables(metadata), actors_table(metadata), generations_table(metadata)


def compose(
    name: str,
    package: Path,
    engine: Engine,
    topics: Topics,
    verifier: Verifier,
    make: Make,
    *,
    alone: bool,
    gather: float = GATHER,
) -> Service:
    """Put a service together on an open database and log, after bringing its tables up to date.

    `package` is the directory of the service's package (its `migrations` are run); `make` builds its projection
    tables; `alone` says that no other process uses this database; `gather` is ReadSide's.
    """
    migrate(engine, package / "migrations", f"{name}_migrations")
    store_tables, actors, generations = base_tables(MetaData())
    directory = Directory(topics.listings)
    store = EventStore(engine, store_tables, f"urn:jikao:service:{name}")

    def on_rebind(db: Connection, to: Rebound) -> None:
        rebind(db, store, topics.listings, to.partition, to.facts)

    return Service(
        name=name,
        engine=engine,
        topics=topics,
        directory=directory,
        read_side=ReadSide(name, engine, topics, directory, generations, make, on_rebind=on_rebind, gather=gather),
        actors=Actors(engine, actors),
        verifier=verifier,
        store=store,
        relay=Relay(store, topics, alone=alone),
    )
