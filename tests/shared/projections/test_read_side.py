"""A service's read side: waiting for a place, asking about the past, rebuilding beside the running generation."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from datetime import date

import pytest
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, delete, inspect, select, update

from shared.contracts.logs import EngineAdopted
from shared.event_log.directory import Directory
from shared.event_log.port import Topics
from shared.http.axes import AtDay, AtInstant, AtPosition, Axes, Pin
from shared.projections import (
    Folded,
    JurisdictionUnknown,
    LogFold,
    LogIsShorter,
    NotYetRead,
    ProjectionSet,
    ReadSide,
    core_tables,
    generations,
    resolve,
)
from shared.projections.asking import AsOfInFuture, KnownAtOutOfBounds, PinDoesNotMatch, resolve_compared
from shared.projections.generations import form, generations_table
from shared.projections.read_side import LogStopped
from shared.projections.records import instant_us
from shared.sql import insert_many, reading, writing
from tests.shared.projections.city import PART, City, roads

pytestmark = pytest.mark.anyio


def make(metadata: MetaData, suffix: str) -> ProjectionSet:
    return ProjectionSet(suffix, core_tables(metadata, suffix), ())


@pytest.fixture
def read_side(engine: Engine, topics: Topics) -> Iterator[ReadSide]:
    metadata = MetaData()
    in_force = generations_table(metadata)
    metadata.create_all(engine)
    side = ReadSide("test", engine, topics, Directory(topics.listings), in_force, make)
    side.open()
    side.start()
    yield side
    side.stop()


def updated(before: ReadSide, make: generations.Make = make) -> ReadSide:
    """The same service after an update of its program."""
    return ReadSide("test", before.engine, before.topics, Directory(before.topics.listings), before.generations, make)


async def filled_by_other_code(city: City, read_side: ReadSide) -> None:
    """A generation as a program left it in which a part followed at most one other."""
    await lived(city, read_side)
    read_side.stop()
    row = (
        b'{"target":"t","unit":"u","role":"lead","value":null,"valid_from":"2009-01-01","valid_until":null,'
        b'"follows":null,"carries_levels":false}'
    )
    versions, form = read_side.current.core.versions, generations.form_table(MetaData(), "_g1")
    with writing(read_side.engine) as db:
        db.execute(update(versions).where(versions.c.kind == "assignment").values(body=row))
        db.execute(update(form).values(form="0" * 64))


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


async def test_whoever_waits_is_not_kept_by_the_pause_in_which_a_reader_lets_records_gather(
    city: City, read_side: ReadSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.projections.read_side.IDLE", 1_000_000)
    monkeypatch.setattr("shared.projections.read_side.THICK", 1)
    read_side.gather = 3_600.0
    city.open()
    city.issues_roads()
    for month in range(1, 6):
        city.reports(roads("5", date(2009, month, 28)), id=f"month-{month}")
        await read_side.reached_end(0, wait=30)


async def test_what_comes_one_by_one_is_not_let_gather_though_nobody_waits(
    city: City, read_side: ReadSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.projections.read_side.IDLE", 1_000_000)
    read_side.gather = 3_600.0
    city.open()
    city.issues_roads()
    await read_side.reached_end(0, wait=30)
    city.reports(
        roads("5", date(2009, 1, 28)), id="alone"
    )  # what came before may have been a batch worth gathering for
    await read_side.reached_end(0, wait=30)
    read = threading.Event()
    read_side.on_read = read.set
    for month in range(2, 5):
        read.clear()
        city.reports(roads("5", date(2009, month, 28)), id=f"month-{month}")
        assert await asyncio.to_thread(read.wait, 30)


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


@pytest.mark.parametrize("older", [False, True])
async def test_what_other_code_filled_is_not_read_but_filled_again_from_the_log(
    city: City, read_side: ReadSide, engine: Engine, older: bool
) -> None:
    await filled_by_other_code(city, read_side)
    if older:  # from before generations kept their form
        with writing(engine) as db:
            generations.form_table(MetaData(), "_g1").drop(db)
            Table("forgotten_g1", MetaData(), Column("id", Integer, primary_key=True)).create(db)
    side = updated(read_side)
    side.open()
    [reader] = side.readers
    reader.catch_up()

    assert (side.generation, reader.logs[city.log].place.position) == (2, city.count - 1)
    assert reader.logs[city.log].registry.assignments.latest(PART).follows == ()
    with side.reading() as (db, into):
        assert resolve(db, into.core, city.log, Axes()).as_of == date(2009, 8, 31)
    assert not [name for name in inspect(engine).get_table_names() if name.endswith("_g1")]
    side.stop()

    again = updated(side)
    again.open()
    assert (again.generation, again.readers[0].next_offset) == (2, reader.next_offset)
    again.stop()


async def test_a_rebuild_needs_nothing_of_what_other_code_filled(city: City, read_side: ReadSide) -> None:
    await filled_by_other_code(city, read_side)
    side = updated(read_side)
    side.open()
    rebuilt = side.rebuild()
    assert (rebuilt.switched, rebuilt.differing, side.generation) == (True, (), 3)
    side.stop()


async def test_a_table_that_is_new_with_an_update_holds_what_is_older_too(city: City, read_side: ReadSide) -> None:
    class Seen:
        def __init__(self, table: Table) -> None:
            self.table = table

        def project(self, db: Connection, log: LogFold, batch: Sequence[Folded]) -> None:
            insert_many(db, self.table, [{"position": folded.record.position} for folded in batch])

    def more(metadata: MetaData, suffix: str) -> ProjectionSet:
        seen = Table(f"seen{suffix}", metadata, Column("position", Integer, primary_key=True, autoincrement=False))
        return ProjectionSet(suffix, core_tables(metadata, suffix), (Seen(seen),))

    await lived(city, read_side)
    read_side.stop()
    side = updated(read_side, more)
    side.open()
    side.readers[0].catch_up()
    [projection] = side.current.projections
    assert isinstance(projection, Seen)
    with reading(side.engine) as db:
        assert list(db.execute(select(projection.table.c.position)).scalars()) == list(range(city.count))
    side.stop()


async def test_a_log_that_is_not_the_one_that_was_read_is_refused_before_other_codes_tables_go(
    city: City, read_side: ReadSide, engine: Engine
) -> None:
    await filled_by_other_code(city, read_side)
    with writing(engine) as db:
        db.execute(update(read_side.current.core.places).values(last_value_sha256="0" * 64))
    side = updated(read_side)
    with pytest.raises(LogIsShorter, match="differs"):
        side.open()
    assert generations.active(engine, side.generations, "test") == 1
    assert [name for name in inspect(engine).get_table_names() if name == "log_records_g1"]
    side.stop()


async def test_of_two_processes_that_find_other_codes_tables_one_replaces_them(
    city: City, read_side: ReadSide, engine: Engine
) -> None:
    await filled_by_other_code(city, read_side)
    done = [generations.replace(engine, make, read_side.generations, "test", 1) for _ in range(2)]
    assert done == [2, 2]
    assert generations.has_form(engine, make, 2)


def test_another_column_is_another_form() -> None:
    def wider(metadata: MetaData, suffix: str) -> ProjectionSet:
        made = make(metadata, suffix)
        made.core.streams.append_column(Column("more", Integer))
        return made

    assert form(make) != form(wider)


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
