"""A log, a database and a reader that folds one into the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, MetaData

from shared.event_log.directory import Directory
from shared.event_log.embedded import open_embedded
from shared.event_log.port import Topics
from shared.projections import ProjectionSet, Reader, core_tables
from shared.sql import engine as open_engine
from tests.shared.projections.city import City


@pytest.fixture
def topics(tmp_path: Path) -> Iterator[Topics]:
    """An embedded log."""
    topics = open_embedded(tmp_path / "log")
    yield topics
    topics.close()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A fresh database of each kind."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def city(topics: Topics) -> City:
    """A city that has not opened its log yet."""
    return City(topics)


@pytest.fixture
def into(engine: Engine) -> ProjectionSet:
    """Core tables only."""
    metadata = MetaData()
    core = core_tables(metadata, "_g1")
    metadata.create_all(engine)
    return ProjectionSet("_g1", core, ())


@pytest.fixture
def reader(engine: Engine, topics: Topics, into: ProjectionSet) -> Iterator[Reader]:
    """A reader at the log's begin."""
    reader = Reader(engine, topics.events, Directory(topics.listings), 0, into)
    yield reader
    reader.close()
