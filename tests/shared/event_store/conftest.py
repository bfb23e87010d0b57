"""An event store on each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import MetaData

from shared.event_store.store import EventStore
from shared.event_store.tables import event_store_tables
from shared.sql import engine, writing


@pytest.fixture
def store(database_url: str) -> Iterator[EventStore]:
    made = engine(database_url)
    metadata = MetaData()
    tables = event_store_tables(metadata)
    with writing(made) as db:
        metadata.create_all(db)
    yield EventStore(made, tables, "urn:jikao:service:targets")
    made.dispose()
