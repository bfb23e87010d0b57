"""A catalogue whose closing fact its parts do not bear out is never shown, and everything after it goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import date

import pytest
from sqlalchemy import Engine, MetaData

from services.targets.alignment import RULE
from services.targets.catalogue import hash_of
from services.targets.main import tables
from services.targets.read_models.parts import Parts, parts_of
from shared.contracts.organisation import UnitRegistered
from shared.contracts.shapes import Label
from shared.contracts.targets import (
    AlignmentCompleted,
    CatalogueImported,
    CatalogueItem,
    CataloguePartRecorded,
)
from shared.event_log.directory import Directory
from shared.event_log.port import Topics
from shared.projections import Reader
from shared.registry import ALWAYS
from shared.sql import engine as open_engine
from shared.sql import reading
from tests.services.targets.catalogues import item
from tests.shared.projections.city import City

GOOD = "22222222-0000-7000-8000-000000000001"
BAD = "22222222-0000-7000-8000-000000000002"
UNIT = "22222222-0000-7000-8000-000000000003"
FIRST, SECOND = item("roads"), item("jobs")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def city(topics: Topics) -> City:
    city = City(topics)
    city.open()
    return city


def part(city: City, catalogue: str, n: int, items: Sequence[CatalogueItem], parts: int = 2) -> None:
    fact = CataloguePartRecorded(catalogue=catalogue, part=n, parts=parts, items=list(items))
    city.append(city.sealed(fact))


def close(city: City, catalogue: str, items: Sequence[CatalogueItem], parts: int = 2, edition: int = 1) -> None:
    fact = CatalogueImported(catalogue=catalogue, year=2009, issuer="city", edition=edition, parts=parts,
                             items=len(items), sha256=hash_of(items))  # fmt: skip
    city.append(city.sealed(fact))


def read(engine: Engine, topics: Topics) -> tuple[Parts, Reader]:
    metadata = MetaData()
    into = tables(metadata, "_g1")
    metadata.create_all(engine)
    reader = Reader(engine, topics.events, Directory(topics.listings), 0, into)
    reader.catch_up()
    reader.close()
    assert reader.stopped == {}
    return parts_of(into), reader


def test_a_catalogue_whose_parts_hash_to_something_else_stays_incomplete_and_the_log_goes_on(
    engine: Engine, topics: Topics, city: City, caplog: pytest.LogCaptureFixture
) -> None:
    part(city, BAD, 1, [FIRST])
    part(city, BAD, 1, [item("other")])  # the first of a number stands
    part(city, BAD, 2, [SECOND])
    close(city, BAD, [item("other"), SECOND])
    part(city, GOOD, 1, [FIRST])
    part(city, GOOD, 2, [SECOND])
    close(city, GOOD, [FIRST, SECOND], edition=2)
    unit = UnitRegistered(unit=UNIT, code="late", name=Label(zh="late"), kind="department", valid_from=date(2009, 1, 1))
    city.says(unit, "unit:late")
    with caplog.at_level(logging.ERROR):
        parts, reader = read(engine, topics)
    registry = reader.logs[city.log].registry
    bad, good = registry.catalogues.position(BAD), registry.catalogues.position(GOOD)
    assert registry.units.get(UNIT, date(2009, 1, 1)) is not None
    with reading(engine) as db:
        assert parts.incomplete(db, city.log) == {bad}
        assert parts.items(db, city.log, GOOD, good) == [FIRST, SECOND]
    assert [record.message for record in caplog.records if BAD in record.message and "incomplete" in record.message]


@pytest.mark.parametrize("given", [[1], [2], [1, 2, 3], []])
def test_a_catalogue_without_exactly_its_parts_stays_incomplete(
    engine: Engine, topics: Topics, city: City, given: list[int]
) -> None:
    rows = {1: [FIRST], 2: [SECOND], 3: []}
    for n in given:
        part(city, BAD, n, rows[n], parts=2)
    close(city, BAD, [row for n in given for row in rows[n]])
    parts, reader = read(engine, topics)
    assert reader.logs[city.log].registry.catalogues.get(BAD, ALWAYS) is not None
    with reading(engine) as db:
        assert len(parts.incomplete(db, city.log)) == 1


def test_a_part_that_comes_after_the_closing_fact_belongs_to_nothing(
    engine: Engine, topics: Topics, city: City
) -> None:
    part(city, GOOD, 1, [FIRST], parts=1)
    close(city, GOOD, [FIRST], parts=1)
    part(city, GOOD, 2, [SECOND], parts=1)
    parts, reader = read(engine, topics)
    at = reader.logs[city.log].registry.catalogues.position(GOOD)
    with reading(engine) as db:
        assert parts.incomplete(db, city.log) == frozenset()
        assert parts.items(db, city.log, GOOD, at) == [FIRST]


def test_an_alignment_without_its_outcomes_stays_incomplete(engine: Engine, topics: Topics, city: City) -> None:
    fact = AlignmentCompleted(alignment=BAD, year=2009, province=GOOD, city=UNIT, rule=RULE, parts=1, outcomes=0,
                              sha256=hash_of([]))  # fmt: skip
    city.append(city.sealed(fact))
    parts, _ = read(engine, topics)
    with reading(engine) as db:
        assert len(parts.incomplete(db, city.log)) == 1
