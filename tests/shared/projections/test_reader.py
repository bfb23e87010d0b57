"""Readers count the same positions, mark what does not count, and stop on what they cannot process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Connection, Engine, func, select, update
from sqlalchemy.exc import OperationalError

from shared import merkle
from shared.contracts.logs import EngineAdopted
from shared.contracts.projects import ProgressSubmitted, Withdrawal
from shared.contracts.shapes import EntryRef
from shared.contracts.targets import YearOpened
from shared.event_log.directory import Directory
from shared.event_log.ids import log_id
from shared.event_log.port import LogUnavailable, Topics
from shared.projections import Fenced, Folded, LogFold, LogIsShorter, ProjectionSet, Reader
from shared.sql import reading, writing
from tests.shared.projections.city import COUNTY_SOURCE, City, roads

JULY = date(2009, 7, 31)


def statuses(engine: Engine, into: ProjectionSet) -> list[tuple[int, str]]:
    records = into.core.records
    with reading(engine) as db:
        return [
            tuple(row) for row in db.execute(select(records.c.position, records.c.status).order_by(records.c.position))
        ]


def test_positions_are_gapless_and_the_root_is_that_of_all_leaves(
    city: City, reader: Reader, engine: Engine, into: ProjectionSet
) -> None:
    city.open()
    city.issues_roads()
    reader.catch_up()
    records = into.core.records
    with reading(engine) as db:
        rows = db.execute(select(records).order_by(records.c.position)).mappings().all()
    assert [row["position"] for row in rows] == list(range(len(rows)))
    assert bytes(rows[-1]["root"]) == merkle.naive_root([bytes(row["leaf_hash"]) for row in rows])


def test_duplicates_and_invalid_records_take_a_position_but_do_not_count(
    city: City, reader: Reader, engine: Engine, into: ProjectionSet
) -> None:
    city.open()
    city.issues_roads()
    city.clock("2009-08-01T08:00:00+08:00")
    base = city.count
    city.reports(roads("54.5", JULY), id="a")
    city.reports(roads("54.5", JULY), id="a")
    city.reports(roads("55", JULY), id="a")
    city.append(b"not json", b'{"specversion":"1.0"}')
    reader.catch_up()
    assert [status for _, status in statuses(engine, into)[base:]] == [
        "counted", "duplicate", "reused", "invalid", "invalid",
    ]  # fmt: skip


def test_what_was_refused_as_a_whole_may_be_sent_again(
    city: City, reader: Reader, engine: Engine, into: ProjectionSet
) -> None:
    city.open()
    city.issues_roads()
    city.reports(roads("54.5", JULY), id="too-early")  # the clock still stands in January
    city.clock("2009-08-01T08:00:00+08:00")
    city.reports(roads("54.5", JULY), id="too-early")
    reader.catch_up()
    told = [status for _, status in statuses(engine, into)]
    assert [told[-3], told[-1]] == ["refused", "counted"]
    identities = into.core.identities
    with reading(engine) as db:
        position = db.execute(select(identities.c.position).where(identities.c.id == "too-early")).scalar()
    assert position == reader.logs[city.log].place.position


def test_without_a_ledger_only_a_plain_figure_takes_the_identity(
    city: City, reader: Reader, engine: Engine, into: ProjectionSet
) -> None:
    city.open()
    city.issues_roads()
    city.clock("2009-08-01T08:00:00+08:00")
    base = city.count
    named = EntryRef(source=COUNTY_SOURCE, id="never-counted", entry=0)
    # No ledger here can tell whether these came to anything; where there is one, they did not.
    city.reports(roads("54", JULY, corrects=named), id="a")
    city.reports(Withdrawal(withdraws=named), id="a")
    city.reports(roads("54.5", JULY), id="a")
    city.reports(roads("54.5", JULY), id="a")
    city.reports(roads("54", JULY, corrects=named), id="a")
    reader.catch_up()
    assert [status for _, status in statuses(engine, into)[base:]] == [
        "counted", "counted", "counted", "duplicate", "reused",
    ]  # fmt: skip
    with reading(engine) as db:
        held = db.execute(select(into.core.identities.c.position).where(into.core.identities.c.id == "a")).scalars()
        assert list(held) == [base + 2]


def test_records_before_the_listed_one_have_no_position(
    city: City, reader: Reader, engine: Engine, into: ProjectionSet
) -> None:
    city.append(b"early")
    city.topics.events.append_all(0, [("a\0b", b"a key that PostgreSQL's text cannot hold")])
    city.open()
    stranger = City(city.topics, log=log_id(True))
    stranger.append(b"of no open log")
    reader.catch_up()
    assert statuses(engine, into) == [(0, "counted")]
    with reading(engine) as db:
        assert db.execute(select(func.count()).select_from(into.core.unplaced)).scalar() == 3


def test_a_simulated_log_is_recorded_at_its_own_clock(city: City, reader: Reader) -> None:
    city.open("2009-01-05T09:00:00+08:00")
    city.clock("2009-08-31T18:00:00+08:00")
    city.clock("2009-03-01T00:00:00+08:00")  # it only moves forward
    reader.catch_up()
    assert reader.logs[city.log].place.today() == date(2009, 8, 31)


def test_a_valid_record_that_cannot_be_processed_stops_its_log_and_no_other(
    city: City, reader: Reader, engine: Engine, into: ProjectionSet
) -> None:
    city.open()
    city.says(EngineAdopted(engine=999), "engine")
    city.issues_roads()
    other = City(city.topics, log=log_id(True))
    reader.catch_up()
    assert reader.stopped[city.log].position == 1
    assert "engine 999" in reader.stopped[city.log].reason
    assert [position for position, _ in statuses(engine, into)] == [0]
    assert other.log not in reader.logs


def test_an_unknown_type_of_ours_stops_the_reader(city: City, reader: Reader) -> None:
    city.open()
    sealed = city.sealed(EngineAdopted(engine=1), "engine").replace(
        b"jikao.engine.adopted.v1", b"jikao.tomorrow.came.v1"
    )
    city.append(sealed)
    reader.catch_up()
    assert "jikao.tomorrow.came.v1" in reader.stopped[city.log].reason


def test_an_unknown_version_of_a_known_type_is_invalid_and_foreign_types_are_ignored(
    city: City, reader: Reader, engine: Engine, into: ProjectionSet
) -> None:
    city.open()
    sealed = city.sealed(EngineAdopted(engine=1))
    city.append(sealed.replace(b"jikao.engine.adopted.v1", b"jikao.engine.adopted.v7"))
    city.append(sealed.replace(b"jikao.engine.adopted.v1", b"org.example.said"))
    reader.catch_up()
    assert statuses(engine, into)[1:] == [(1, "invalid"), (2, "foreign")]


def test_another_services_fact_is_invalid_whoever_states_it_and_the_owner_may_still_state_it(
    city: City, reader: Reader, engine: Engine, into: ProjectionSet
) -> None:
    city.open()
    year = YearOpened(year=2009, time_progress="by_month")
    for forger in (COUNTY_SOURCE, "urn:jikao:service:projects"):
        city.append(city.sealed(year, source=forger))
    figures = ProgressSubmitted(entries=[roads("54.5", JULY)])
    city.append(city.sealed(figures, source="urn:jikao:service:targets"))
    reader.catch_up()
    assert statuses(engine, into)[1:] == [(1, "invalid"), (2, "invalid"), (3, "invalid")]
    assert not len(reader.logs[city.log].registry.years)

    city.says(year, "year:2009")
    reader.catch_up()
    assert statuses(engine, into)[4:] == [(4, "counted")]
    assert len(reader.logs[city.log].registry.years) == 1


def test_a_second_event_at_one_stream_version_stops_the_log(city: City, reader: Reader) -> None:
    city.open()
    city.issues_roads()
    city.versions["year:2009"] = 0
    city.says(YearOpened(year=2010, time_progress="by_month"), "year:2009")
    reader.catch_up()
    assert "year:2009" in reader.stopped[city.log].reason


class FailsOnce:
    """A projection whose database goes away in the middle of a batch."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error
        self.seen: list[int] = []

    def project(self, db: Connection, log: LogFold, batch: Sequence[Folded]) -> None:
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        self.seen += [folded.record.position for folded in batch]


def test_a_database_that_goes_away_stops_nothing_and_loses_nothing(
    city: City, engine: Engine, topics: Topics, into: ProjectionSet
) -> None:
    projection = FailsOnce(OperationalError("INSERT", {}, Exception("server closed the connection")))
    reader = Reader(engine, topics.events, Directory(topics.listings), 0, replace(into, projections=(projection,)))
    city.open()
    city.issues_roads()
    with pytest.raises(OperationalError):
        reader.catch_up()
    reader.catch_up()
    assert reader.stopped == {}
    assert projection.seen == list(range(city.count))
    reader.close()


def test_a_failing_projection_stops_the_log_at_the_record_that_fails(
    city: City, engine: Engine, topics: Topics, into: ProjectionSet
) -> None:
    class Chokes:
        def project(self, db: Connection, log: LogFold, batch: Sequence[Folded]) -> None:
            if any(isinstance(folded.record.fact, YearOpened) for folded in batch):
                raise KeyError("no such year")

    reader = Reader(engine, topics.events, Directory(topics.listings), 0, replace(into, projections=(Chokes(),)))
    city.open()
    city.issues_roads()
    reader.catch_up()
    assert reader.stopped[city.log].position == 3
    assert reader.logs[city.log].place.position == 2
    reader.close()


def test_a_zombie_is_fenced_out(
    city: City, reader: Reader, engine: Engine, topics: Topics, into: ProjectionSet
) -> None:
    city.open()
    reader.catch_up()
    zombie = Reader(engine, topics.events, Directory(topics.listings), 0, into)
    zombie.open()
    city.issues_roads()
    reader.catch_up()
    with pytest.raises(Fenced):
        zombie.step()
    zombie.close()


def test_a_restart_goes_on_from_the_stored_place(
    city: City, reader: Reader, engine: Engine, topics: Topics, into: ProjectionSet
) -> None:
    city.open()
    city.issues_roads()
    reader.catch_up()
    root = reader.logs[city.log].place.frontier.root()
    again = Reader(engine, topics.events, Directory(topics.listings), 0, into)
    again.open()
    assert again.logs[city.log].place.frontier.root() == root
    assert again.logs[city.log].registry.target_id(2009, "roads") is not None
    city.clock("2009-08-01T08:00:00+08:00")
    assert again.step() == 1
    again.close()


def test_a_database_ahead_of_the_log_is_refused(
    city: City, reader: Reader, engine: Engine, topics: Topics, into: ProjectionSet
) -> None:
    city.open()
    reader.catch_up()
    with writing(engine) as db:
        db.execute(update(into.core.places).values(next_offset=99))
    ahead = Reader(engine, topics.events, Directory(topics.listings), 0, into)
    with pytest.raises(LogIsShorter, match="restore the log"):
        ahead.open()
    ahead.close()


def test_a_log_whose_last_record_differs_is_refused(
    city: City, reader: Reader, engine: Engine, topics: Topics, into: ProjectionSet
) -> None:
    city.open()
    reader.catch_up()
    with writing(engine) as db:
        db.execute(update(into.core.places).values(last_value_sha256="0" * 64))
    other = Reader(engine, topics.events, Directory(topics.listings), 0, replace(into))
    with pytest.raises(LogIsShorter, match="differs"):
        other.open()
    other.close()


def test_a_log_whose_last_record_cannot_be_read_just_now_is_not_taken_for_another_one(
    city: City, reader: Reader, engine: Engine, topics: Topics, into: ProjectionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.open()
    reader.catch_up()
    nothing = type("NothingComes", (), {"read": lambda *a, **k: [], "close": lambda self: None})
    monkeypatch.setattr(type(topics.events), "reader", lambda self, partition: nothing())
    other = Reader(engine, topics.events, Directory(topics.listings), 0, into)
    with pytest.raises(LogUnavailable):
        other.open()
    other.close()


class AwayOnce(Directory):
    """A directory whose control topic cannot be reached at the first try."""

    away = True

    def refresh(self, timeout: float = 0.0) -> None:
        if self.away:
            self.away = False
            raise LogUnavailable
        super().refresh(timeout)


def test_a_control_topic_that_is_away_stops_no_log(
    city: City, engine: Engine, topics: Topics, into: ProjectionSet
) -> None:
    city.open()
    reader = Reader(engine, topics.events, AwayOnce(topics.listings), 0, into)
    with pytest.raises(LogUnavailable):
        reader.catch_up()
    reader.catch_up()
    assert (reader.stopped, reader.logs[city.log].place.position) == ({}, 0)
    reader.close()
