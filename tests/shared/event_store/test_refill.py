"""An event store restored from an older copy knows again all that the log has of it, before it decides anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import MetaData, delete, select

from shared.commands import Order, execute
from shared.contracts.targets import PeriodLocked
from shared.deciding import Fact, Stream
from shared.event_log.directory import Directory
from shared.event_log.embedded import open_embedded
from shared.event_log.port import Topics
from shared.event_store.refill import behind, refill
from shared.event_store.relay import Relay
from shared.event_store.store import EventStore
from shared.projections import ProjectionSet, Reader, core_tables
from shared.sql import reading, writing
from tests.shared.projections.city import City

LOCKS: Stream[int] = Stream("locks:2009", 0, lambda count, _: count + 1)


@pytest.fixture
def topics(tmp_path: Path) -> Iterator[Topics]:
    topics = open_embedded(tmp_path / "log")
    yield topics
    topics.close()


def lock(store: EventStore, log: str, month: int) -> int:
    order = Order(
        log=log, partition=0, actor="actor", authrole="office", authscope="all", key=f"month {month}",
        request_sha256="a" * 64, time="2009-08-31T09:00:00Z", today=date(2009, 8, 31),
    )  # fmt: skip
    fact = Fact(PeriodLocked(year=2009, month=month, reason="closed"))
    return execute(store, order, LOCKS, lambda state, look: [fact]).version


def read_all(store: EventStore, topics: Topics) -> ProjectionSet:
    metadata = MetaData()
    into = ProjectionSet("_g1", core_tables(metadata, "_g1"), ())
    metadata.create_all(store.engine)
    directory = Directory(topics.listings)
    reader = Reader(store.engine, topics.events, directory, 0, into)
    reader.catch_up()
    reader.close()
    directory.close()
    return into


def publish(store: EventStore, topics: Topics) -> None:
    relay = Relay(store, topics, alone=True)
    relay.start()
    relay.stop()
    with reading(store.engine) as db:
        assert not db.execute(select(store.tables.outbox)).all()


def stored(store: EventStore) -> list[dict[str, object]]:
    """The stream, but for the requests: the log does not hold them."""
    events = store.tables.stream_events
    with reading(store.engine) as db:
        rows = db.execute(select(events).where(events.c.stream == LOCKS.name).order_by(events.c.version)).mappings()
        return [{name: value for name, value in row.items() if name != "request_sha256"} for row in rows]


def test_what_the_log_has_beyond_the_store_comes_back(store: EventStore, topics: Topics) -> None:
    city = City(topics)
    city.open()
    for month in range(1, 6):
        lock(store, city.log, month)
    publish(store, topics)
    into = read_all(store, topics)
    events = store.tables.stream_events
    whole = stored(store)
    with writing(store.engine) as db:
        db.execute(delete(events).where(events.c.version > 2))

    with reading(store.engine) as db:
        missing = behind(db, store, into.core.streams)
    # The city's record 0 was written by hand: the store has nothing of its stream at all.
    assert missing == {(city.log, "locks:2009"): 2, (city.log, "log"): 0}
    assert refill(store, topics.events, missing) == 4

    with reading(store.engine) as db:
        assert behind(db, store, into.core.streams) == {}
    assert stored(store) == whole
    assert lock(store, city.log, 5) == 5, "a repeat of what only the log remembered gets the first outcome"
    assert lock(store, city.log, 6) == 6
