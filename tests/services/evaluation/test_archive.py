"""The archive is kept outside the generations, as the migrations say, and a replay from it refuses gaps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, update

import services.evaluation
from services.evaluation.read_models.archive import archived
from services.evaluation.replay import ArchiveHasGaps, replay
from services.evaluation.tables import ARCHIVE
from shared.event_log.port import Topics
from shared.sql import drift, migrate, reading, writing
from shared.sql import engine as open_engine
from tests.services.evaluation.county import County, read_side

MIGRATIONS = Path(services.evaluation.__file__).parent / "migrations"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def test_the_migrations_make_the_tables_that_the_code_declares(engine: Engine) -> None:
    migrate(engine, MIGRATIONS, "evaluation_migrations")
    tables = {"archive", "archived_listings"}
    assert drift(engine, ARCHIVE.records.metadata, "evaluation_migrations", tables) == []


def test_a_second_generation_neither_doubles_nor_empties_the_archive(engine: Engine, topics: Topics) -> None:
    county = County(topics)
    county.open()
    for suffix in ("_g1", "_g2"):
        side = read_side(engine, topics, suffix)
        side.reader.catch_up()
        last = side.reader.logs[county.log].place.position
        side.reader.close()
        with reading(engine) as db:
            assert [record.position for record in archived(db, county.log, up_to=last)] == list(range(last + 1))


def test_a_replay_refuses_an_archive_that_lacks_a_record(engine: Engine, topics: Topics) -> None:
    county = County(topics)
    county.open()
    side = read_side(engine, topics, "_g1")
    side.reader.catch_up()
    last = side.reader.logs[county.log].place.position
    side.reader.close()
    with reading(engine) as db, pytest.raises(ArchiveHasGaps, match="ends"):
        replay(archived(db, county.log, up_to=last + 5), last + 5)
    with writing(engine) as db:
        db.execute(delete(ARCHIVE.records).where(ARCHIVE.records.c.position == 3))
    with reading(engine) as db, pytest.raises(ArchiveHasGaps, match="position 3"):
        replay(archived(db, county.log, up_to=last), last)


def test_a_log_that_says_something_else_than_the_archive_stops_instead_of_being_believed(
    engine: Engine, topics: Topics
) -> None:
    county = County(topics)
    county.open()
    first = read_side(engine, topics, "_g1")
    first.reader.catch_up()
    first.reader.close()
    with writing(engine) as db:
        db.execute(update(ARCHIVE.records).where(ARCHIVE.records.c.position == 2).values(value=b"rewritten"))
    again = read_side(engine, topics, "_g2")
    again.reader.catch_up()
    assert again.reader.stopped[county.log].position == 2
    assert "restore the log" in again.reader.stopped[county.log].reason
    again.reader.close()
