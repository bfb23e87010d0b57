"""A service's read side: waiting for a place, asking about the past, rebuilding beside the running generation."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine, MetaData, delete, inspect, update

from shared.contracts.logs import EngineAdopted
from shared.event_log.directory import Directory
from shared.event_log.port import Topics
from shared.http.axes import AtDay, AtInstant, AtPosition, Axes, Pin
from shared.projections import JurisdictionUnknown, NotYetRead, ProjectionSet, ReadSide, core_tables, resolve
from shared.projections.asking import AsOfInFuture, KnownAtOutOfBounds, PinDoesNotMatch, resolve_compared
from shared.projections.generations import generations_table
from shared.projections.read_side import LogStopped
from shared.projections.records import instant_us
from shared.sql import writing
from tests.shared.projections.city import City, roads

pytestmark = pytest.mark.anyio


def make(metadata: MetaData, suffix: str) -> ProjectionSet:
    return ProjectionSet(suffix, core_tables(metadata, suffix), ())


@pytest.fixture
def read_side(engine: Engine, topics: Topics) -> Iterator[ReadSide]:
    metadata = MetaData()
    generations = generations_table(metadata)
    metadata.create_all(engine)
    side = ReadSide("test", engine, topics, Directory(topics.listings), generations, make)
    side.open()
    side.start()
    yield side
    side.stop()


async def test_a_reader_is_waited_for_and_not_for_ever(city: City, read_side: ReadSide, topics: Topics) -> None:
    city.open()
    city.issues_roads()
    end = topics.events.end(0)
    await read_side.reached(0, end - 1, wait=10)
    assert read_side.readers[0].next_offset >= end
    with pytest.raises(NotYetRead):
        await read_side.reached(0, end, wait=0.05)


async def test_an_event_still_in_an_outbox_is_waited_for_by_its_id(city: City, read_side: ReadSide) -> None:
    city.open()
    city.issues_roads()
    city.clock("2009-08-01T08:00:00+08:00")
    city.reports(roads("5", date(2009, 7, 31)), id="later")
    await read_side.reached_event(city.log, "later", wait=10)
    with pytest.raises(NotYetRead):
        await read_side.reached_event(city.log, "never", wait=0.05)


async def test_a_jurisdiction_without_a_log_is_unknown(read_side: ReadSide) -> None:
    with pytest.raises(JurisdictionUnknown):
        read_side.listing("999999")


async def lived(city: City, read_side: ReadSide) -> None:
    """Record 0 in January, the clock on 31 July and on 31 August, each with a fact behind it."""
    city.open("2009-01-05T09:00:00+08:00")
    city.issues_roads()
    city.clock("2009-07-31T18:00:00+08:00")
    city.reports(roads("5", date(2009, 7, 31)), id="july")
    city.clock("2009-08-31T18:00:00+08:00")
    city.reports(roads("6", date(2009, 8, 31)), id="august")
    await read_side.reached_end(0, wait=10)


async def test_known_at_is_the_last_position_recorded_by_then(city: City, read_side: ReadSide) -> None:
    await lived(city, read_side)
    with read_side.reading() as (db, into):
        now = resolve(db, into.core, city.log, Axes())
        july = resolve(db, into.core, city.log, Axes(known_at=AtDay(date(2009, 7, 31))))
        noon = resolve(db, into.core, city.log, Axes(known_at=AtInstant(instant_us("2009-08-31T12:00:00+08:00"))))
        assert (now.position, now.as_of) == (city.count - 1, date(2009, 8, 31))
        assert july.position == noon.position == city.count - 3
        assert resolve(db, into.core, city.log, Axes(known_at=AtPosition(0))).position == 0
        assert not now.open


async def test_what_lies_out_of_bounds_is_refused_with_the_bound(city: City, read_side: ReadSide) -> None:
    await lived(city, read_side)
    with read_side.reading() as (db, into):
        for known_at in (AtPosition(99), AtDay(date(2009, 9, 1)), AtDay(date(2009, 1, 4)), AtInstant(0)):
            with pytest.raises(KnownAtOutOfBounds):
                resolve(db, into.core, city.log, Axes(known_at=known_at))
        with pytest.raises(AsOfInFuture) as refused:
            resolve(db, into.core, city.log, Axes(as_of=date(2009, 9, 1)))
    assert refused.value.about["today"] == "2009-08-31"


async def test_a_pin_stands_where_it_stood_and_a_wrong_root_is_refused(city: City, read_side: ReadSide) -> None:
    await lived(city, read_side)
    with read_side.reading() as (db, into):
        then = resolve(db, into.core, city.log, Axes(as_of=date(2009, 7, 31), known_at=AtPosition(8)))
        pin = Pin(city.log, then.as_of, then.position, then.root)
        assert resolve(db, into.core, city.log, Axes(pin=pin)) == then
        for wrong in (Pin(city.log, then.as_of, 9, then.root), Pin("sim-other", then.as_of, 8, then.root)):
            with pytest.raises(PinDoesNotMatch):
                resolve(db, into.core, city.log, Axes(pin=wrong))


async def test_a_comparison_keeps_the_axis_it_does_not_name(city: City, read_side: ReadSide) -> None:
    await lived(city, read_side)
    with read_side.reading() as (db, into):
        axes = Axes(as_of=date(2009, 7, 31), compare_known_at=AtPosition(8))
        other = resolve_compared(db, into.core, city.log, axes)
        assert other is not None
        assert (other.as_of, other.position) == (date(2009, 7, 31), 8)
        assert resolve_compared(db, into.core, city.log, Axes()) is None


async def test_a_rebuild_equals_the_running_generation_and_takes_over(
    city: City, read_side: ReadSide, engine: Engine
) -> None:
    await lived(city, read_side)
    rebuilt = read_side.rebuild()
    assert (rebuilt.generation, rebuilt.differing, rebuilt.switched) == (2, (), True)
    assert read_side.rebuild().generation == 3
    assert not [name for name in inspect(engine).get_table_names() if name.endswith("_g1")]
    city.clock("2009-09-30T18:00:00+08:00")
    await read_side.reached_end(0, wait=10)
    with read_side.reading() as (db, into):
        assert resolve(db, into.core, city.log, Axes()).as_of == date(2009, 9, 30)


async def test_a_rebuild_that_differs_is_named_and_not_put_in_force(
    city: City, read_side: ReadSide, engine: Engine
) -> None:
    await lived(city, read_side)
    versions = read_side.current.core.versions
    with writing(engine) as db:
        db.execute(delete(versions).where(versions.c.kind == "target"))
    rebuilt = read_side.rebuild()
    assert (rebuilt.generation, rebuilt.differing, rebuilt.switched) == (1, ("registry_versions",), False)
    assert read_side.rebuild(accept_differences=True).switched


async def test_a_reader_ends_when_another_process_switches_generations(
    city: City, read_side: ReadSide, engine: Engine
) -> None:
    await lived(city, read_side)
    with writing(engine) as db:
        db.execute(update(read_side.generations).values(active=7))
    city.clock("2009-09-30T18:00:00+08:00")
    for thread in read_side._threads:
        thread.join(timeout=10)
    assert "generation 7 is in force" in (read_side.fenced or "")


async def test_a_rebuild_while_facts_come_in_takes_over_and_loses_none(city: City, read_side: ReadSide) -> None:
    await lived(city, read_side)
    writing = threading.Event()

    def write() -> None:
        for n in range(300):
            city.reports(roads(str(n), date(2009, 8, 31)), id=f"meanwhile-{n}")
            writing.set()

    writer = threading.Thread(target=write)
    writer.start()
    writing.wait(10)
    rebuilt = await asyncio.to_thread(read_side.rebuild)
    writer.join()
    assert (rebuilt.switched, rebuilt.differing) == (True, ())
    await read_side.reached_end(0, wait=20)
    with read_side.reading() as (db, into):
        assert resolve(db, into.core, city.log, Axes()).position == city.count - 1


async def test_waiting_for_a_record_at_which_the_log_stopped_says_so_instead_of_answering_without_it(
    city: City, read_side: ReadSide
) -> None:
    city.open()
    city.says(EngineAdopted(engine=999), "engine")
    city.clock("2009-07-31T18:00:00+08:00")
    await read_side.reached(0, 0, wait=10, log=city.log)
    for offset in (1, 2):
        with pytest.raises(LogStopped) as refused:
            await read_side.reached(0, offset, wait=10, log=city.log)
        assert refused.value.about["position"] == 1
