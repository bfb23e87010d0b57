"""A service's migrations can own the event store's tables."""

from __future__ import annotations

from sqlalchemy import MetaData, delete, func, insert, select

from shared.event_store.store import EventStore
from shared.event_store.tables import event_store_tables
from shared.sql import drift


def test_the_tables_as_made_are_the_tables_as_declared(store: EventStore) -> None:
    metadata = MetaData()
    names = event_store_tables(metadata).names()
    assert drift(store.engine, metadata, "version_of_targets", names) == []


def test_a_number_in_the_outbox_is_never_given_twice(store: EventStore) -> None:
    outbox = store.tables.outbox
    row = {"topic": "events", "partition": 0, "key": "k", "log": "k", "event_id": "e", "value": b""}
    seen: list[int] = []
    for _ in range(3):
        with store.begin() as db:
            db.execute(insert(outbox), row)
            seen.append(db.execute(select(func.max(outbox.c.seq))).scalar_one())
            db.execute(delete(outbox))
    assert seen == sorted(set(seen))
