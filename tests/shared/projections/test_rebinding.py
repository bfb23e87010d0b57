"""A reader goes on in another topic only where it finds what it read, and the word that the log was reopened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, MetaData, select

from shared.contracts.logs import LogReopened
from shared.event_log.directory import SOURCE, Directory
from shared.event_log.embedded import open_embedded
from shared.event_log.ids import log_id
from shared.event_log.port import EVENTS, LISTINGS, Raw, Topics
from shared.event_log.reopening import EmbeddedAnew, Old
from shared.projections import LogIsShorter, ProjectionSet, Reader, ReadSide, core_tables, generations
from shared.projections.rebinding import Rebound
from shared.sql import reading
from tests.shared.projections.city import COUNTY_SOURCE, City

Change = Callable[[list[Raw]], list[Raw]]


@pytest.fixture
def remake(topics: Topics, tmp_path: Path) -> Iterator[Callable[..., Topics]]:
    """The same log in topics made anew, with what a test changes about its records."""
    with ExitStack() as opened:

        def remake(change: Change = list, name: str = "anew") -> Topics:
            anew = EmbeddedAnew(tmp_path / name)
            for topic, of in ((LISTINGS, topics.listings), (EVENTS, topics.events)):
                reader = of.reader(0)
                raws = reader.read(0)
                reader.close()
                kept = change(raws) if topic == EVENTS else raws
                anew.fill(topic, 0, [Old(raw.key or "", raw.value, raw.appended_at) for raw in kept])
            anew.hand_over()
            anew.close()
            remade = open_embedded(tmp_path / name)
            opened.callback(remade.close)
            return remade

        yield remake


def says_reopened(topics: Topics, reader: Reader, log: str, **other: object) -> None:
    place = reader.logs[log].place
    fact = LogReopened(size=place.position + 1, root=place.frontier.root().hex(), reason="the topic was lost")
    city = City(topics, log)
    city.append(city.sealed(replace_fact(fact, other), source=str(other.get("source", SOURCE)), id="reopened"))


def replace_fact(fact: LogReopened, other: dict[str, object]) -> LogReopened:
    size, root = other.get("size", fact.size), other.get("root", fact.root)
    assert isinstance(size, int)
    return LogReopened(size=size, root=str(root), reason=fact.reason)


def reader_of(engine: Engine, topics: Topics, into: ProjectionSet) -> Reader:
    return Reader(engine, topics.events, Directory(topics.listings), 0, into)


def refusal(reader: Reader) -> str:
    with pytest.raises(LogIsShorter) as refused:
        reader.open()
    reader.close()
    return str(refused.value)


@pytest.fixture
def read(city: City, reader: Reader) -> Reader:
    """A reader that has read a stranger's record and a city."""
    stranger = City(city.topics, log=log_id(True))
    stranger.append(b"of no open log")
    city.open()
    city.issues_roads()
    reader.catch_up()
    return reader


def test_a_reader_goes_on_where_the_log_was_reopened(
    read: Reader, city: City, engine: Engine, into: ProjectionSet, remake: Callable[..., Topics]
) -> None:
    # What had no position is not in the archive, so every record lies one offset earlier than before.
    anew = remake(lambda raws: raws[1:])
    says_reopened(anew, read, city.log)
    told: list[Rebound] = []
    again = reader_of(engine, anew, into)
    again.on_rebind = lambda db, to: told.append(to)

    again.catch_up()

    place = again.logs[city.log].place
    assert (place.incarnation, place.position) == (anew.events.incarnation, city.count)
    assert place.frontier.size == read.logs[city.log].place.frontier.size + 1
    with reading(engine) as db:
        records = into.core.records
        offsets = list(db.execute(select(records.c.topic_offset).order_by(records.c.position)).scalars())
        assert list(db.execute(select(into.core.unplaced))) == []
    assert offsets == list(range(city.count + 1))
    [to] = told
    assert to.next_offsets == {city.log: city.count}
    # Each fact of a service is found, in particular those that nobody has read here yet.
    assert sorted(to.facts.values()) == list(range(city.count + 1))
    assert (SOURCE, city.log, "reopened") in to.facts
    again.close()

    once_more = reader_of(engine, anew, into)
    once_more.on_rebind = lambda db, to: pytest.fail("bound twice")
    once_more.open()
    once_more.close()


def test_where_other_code_had_read_a_reopened_log_all_that_stays_is_bound_and_the_rest_is_read_again(
    read: Reader, city: City, engine: Engine, remake: Callable[..., Topics]
) -> None:
    anew = remake(lambda raws: raws[1:])
    says_reopened(anew, read, city.log)
    metadata = MetaData()
    in_force = generations.generations_table(metadata)
    metadata.create_all(engine)
    told: list[Rebound] = []
    side = ReadSide(
        "test", engine, anew, Directory(anew.listings), in_force,
        lambda metadata, suffix: ProjectionSet(suffix, core_tables(metadata, suffix), ()),
        on_rebind=lambda db, to: told.append(to),
    )  # fmt: skip
    side.open()
    [reader] = side.readers
    reader.catch_up()
    assert [to.next_offsets for to in told] == [{city.log: city.count}]
    assert (side.generation, reader.logs[city.log].place.position) == (2, city.count)
    side.stop()


def test_a_log_that_nobody_has_read_yet_is_read_in_the_other_topic(
    read: Reader, city: City, engine: Engine, into: ProjectionSet, remake: Callable[..., Topics]
) -> None:
    anew = remake(lambda raws: raws[1:])
    other = City(anew, log=log_id(True))
    other.open()
    says_reopened(anew, read, city.log)
    again = reader_of(engine, anew, into)
    again.catch_up()
    # The same city under another log is not listed: its first record has no position. It was looked at all the same.
    with reading(engine) as db:
        assert [row.key for row in db.execute(select(into.core.unplaced))] == [other.log]
    assert again.logs[city.log].place.position == city.count
    again.close()


def test_a_topic_that_does_not_say_it_was_reopened_is_refused(
    read: Reader, engine: Engine, into: ProjectionSet, remake: Callable[..., Topics]
) -> None:
    assert "does not say that it was reopened" in refusal(reader_of(engine, remake(), into))


@pytest.mark.parametrize("other", [{"root": "0" * 64}, {"size": 3}, {"source": COUNTY_SOURCE}])
def test_a_reopening_with_another_root_or_size_or_from_somebody_else_is_none(
    read: Reader,
    city: City,
    engine: Engine,
    into: ProjectionSet,
    remake: Callable[..., Topics],
    other: dict[str, object],
) -> None:
    anew = remake()
    says_reopened(anew, read, city.log, **other)
    assert "does not say that it was reopened" in refusal(reader_of(engine, anew, into))


def without_one(raws: list[Raw]) -> list[Raw]:
    return raws[:-2] + raws[-1:]


def two_swapped(raws: list[Raw]) -> list[Raw]:
    return [*raws[:-3], raws[-2], raws[-3], raws[-1]]


def one_byte_changed(raws: list[Raw]) -> list[Raw]:
    value = raws[-2].value
    assert value is not None
    return [*raws[:-2], replace(raws[-2], value=value.replace(b"office", b"offize")), raws[-1]]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (without_one, "this one holds"),
        (lambda raws: raws[:3], "this one holds"),
        (lambda raws: [], "this one holds 0"),
        (two_swapped, "holds other records"),
        (one_byte_changed, "holds other records"),
    ],
)
def test_a_topic_with_other_records_is_refused_and_nothing_is_changed(
    read: Reader,
    city: City,
    engine: Engine,
    into: ProjectionSet,
    remake: Callable[..., Topics],
    change: Change,
    sentence: str,
) -> None:
    def places(db: Connection) -> object:
        return db.execute(select(into.core.places)).all(), db.execute(select(into.core.partitions)).all()

    with reading(engine) as db:
        before = places(db)
    anew = remake(change)
    says_reopened(anew, read, city.log)

    assert sentence in refusal(reader_of(engine, anew, into))
    with reading(engine) as db:
        assert places(db) == before


def test_a_process_that_starts_after_another_has_bound_the_log_changes_nothing(
    read: Reader, city: City, engine: Engine, into: ProjectionSet, remake: Callable[..., Topics]
) -> None:
    anew = remake(lambda raws: raws[1:])
    says_reopened(anew, read, city.log)
    again = reader_of(engine, anew, into)
    again.catch_up()
    at = again.logs[city.log].place.next_offset
    other = reader_of(engine, anew, into)
    other.open()
    assert other.logs[city.log].place.next_offset == at
    other.close()
    again.close()
