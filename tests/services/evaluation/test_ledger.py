"""The ledger against a naive list: any order of arrival, any date, any state of knowledge, on both databases.

The naive list does by definition what the ledger does by index: it takes the records up to the position that is
asked about, one after the other, and looks at everything for every question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from sqlalchemy import Engine, select

from services.evaluation.documents import Question, figures
from services.evaluation.ledger import Level, Levels, MemoryLedger
from services.evaluation.read_models.archive import archived
from services.evaluation.read_models.ledger import number
from services.evaluation.read_models.levels import levels
from services.evaluation.replay import replay
from shared.admission import Counted, EntryKey, Series, Withdrawn
from shared.contracts import projects
from shared.contracts.evaluation import ValueCertified, ValueReturned, ValueVerified
from shared.contracts.targets import PeriodLocked
from shared.event_log.port import Topics
from shared.projections import Folded
from shared.projections import reader as reader_module
from shared.registry import Registry, versions
from shared.sql import engine as open_engine
from shared.sql import reading
from tests.services.evaluation.county import JOBS, JOBS_LEAD, JOBS_SUPPORTING, ROADS, County, ReadSide, read_side

DATES = (date(2009, 1, 31), date(2009, 3, 31), date(2009, 7, 15), date(2009, 7, 31), date(2009, 12, 31))
Act = Callable[[County], None]
Answer = dict[Series, tuple[date, EntryKey, str, str | None, str | None]]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def side(engine: Engine, topics: Topics) -> Iterator[ReadSide]:
    side = read_side(engine, topics, "_g1")
    yield side
    side.reader.close()


@dataclass
class Line:
    """One line of the naive list."""

    series: Series
    on: date
    key: EntryKey
    value: str
    current: bool = True
    standings: dict[str, str] = field(default_factory=dict)


def naive(folded: Sequence[Folded], as_of: date, known_at: int) -> Answer:
    lines: list[Line] = []
    for one in folded:
        if one.record.position > known_at:
            break
        for at, outcome in enumerate(one.judgement.outcomes if one.judgement else ()):
            if isinstance(outcome, Counted):
                for line in lines:
                    same = (line.series, line.on) == (outcome.series, outcome.effective_on)
                    line.current = line.current and not same and line.key != outcome.corrects
                key = EntryKey(one.record.position, at)
                lines.append(Line(outcome.series, outcome.effective_on, key, outcome.value))
            elif isinstance(outcome, Withdrawn):
                for line in lines:
                    line.current = line.current and line.key != outcome.names
        for line in lines:
            if line.key == one.standing:
                fact = one.record.fact
                if isinstance(fact, ValueVerified | ValueCertified):
                    line.standings[type(fact).__name__] = fact.value
                else:
                    line.current = False
    answer: Answer = {}
    for line in sorted((line for line in lines if line.current and line.on <= as_of), key=lambda line: line.on):
        answer[line.series] = (
            line.on, line.key, line.value, line.standings.get("ValueVerified"), line.standings.get("ValueCertified"),
        )  # fmt: skip
    return answer


def told(found: dict[Series, Level]) -> Answer:
    return {s: (lv.effective_on, lv.key, lv.reported, lv.verified, lv.certified) for s, lv in found.items()}


def answers(registry: Registry, levels: Levels, as_of: date) -> list[object]:
    """What is said of both targets, as far as they are known: handed over and merged parts stand on earlier levels."""
    known = [code for code in ("roads", "jobs") if registry.target_id(2009, code)]
    return [figures(Question("target", 2009, code), as_of, registry, levels) for code in known]


def observed(levels: Levels, as_of: date) -> dict[Series, list[tuple[str, str]]]:
    """Every entry that counts, in order of date."""
    found = levels.observed(list(levels.latest(as_of)), as_of)
    return {series: sorted(zip(*entries, strict=True)) for series, entries in found.items()}


values = st.sampled_from(["1", "2", "0", "-3", "4.5"])
nth = st.integers(0, 30)
"""An entry that was sent before, counted from the last one, round and round: most references then mean something."""


@dataclass(frozen=True)
class Says:
    """One entry of a report to come."""

    target: str
    unit: str
    value: str
    small_units: bool
    on: date
    corrects: int | None

    def entry(self, county: County) -> projects.Entry:
        units = {"roads": ("km", "m"), "jobs": ("wan_person", "person")}[self.target]
        named = UNSET if self.corrects is None else county.nth(self.corrects)
        return projects.TargetFigure(
            target=self.target, unit=self.unit, value=self.value, unit_of_measure=units[self.small_units],
            effective_on=self.on, corrects=named,
        )  # fmt: skip


@dataclass(frozen=True)
class Withdraws:
    """A withdrawal in a report to come."""

    nth: int

    def entry(self, county: County) -> projects.Entry:
        return projects.Withdrawal(withdraws=county.nth(self.nth))


def _report(entries: list[Says | Withdraws], reuse: bool) -> Act:
    return lambda county: county.sends([entry.entry(county) for entry in entries], reuse=reuse)


def _verify(nth: int, value: str) -> Act:
    return lambda county: county.stands(ValueVerified(entry=county.nth(nth), value=value))


def _certify(nth: int, value: str) -> Act:
    return lambda county: county.stands(ValueCertified(entry=county.nth(nth), value=value))


def _return(nth: int) -> Act:
    return lambda county: county.stands(ValueReturned(entry=county.nth(nth), reason="不符"))


def _hand_over(on: date, carries: bool) -> Act:
    return lambda county: county.hands_over_roads(on, carries)


def _merge(on: date, carries: list[str]) -> Act:
    return lambda county: county.merges_jobs(on, carries)


def _lock(month: int) -> Act:
    return lambda county: county.says(PeriodLocked(year=2009, month=month, reason="结账"), "locks")


def _repeat(county: County) -> None:
    if county.waiting:
        county.append(county.waiting[-1])


PARTS = (("roads", "transport"), ("jobs", "transport"), ("jobs", "county"), ("roads", "county"))


@st.composite
def entries(draw: st.DrawFn) -> Says | Withdraws:
    """One in eight withdraws, one in four corrects."""
    kind = draw(st.integers(0, 7))
    if kind == 7:
        return Withdraws(draw(nth))
    target, unit = PARTS[draw(st.integers(0, 15)) % 7 % 4]  # the last one, valid after the hand-over only, is rarer
    corrects = draw(nth) if kind in (5, 6) else None
    return Says(target, unit, draw(values), draw(st.booleans()), draw(st.sampled_from(DATES)), corrects)


@st.composite
def acts(draw: st.DrawFn) -> Act:
    """Mostly reports, then standings; now and then a hand-over, a merger, a repeat, a reused id, a lock."""
    kind = draw(st.integers(0, 39))
    if kind < 10:
        return draw(
            st.sampled_from([_verify, _certify]).flatmap(lambda act: st.builds(act, nth, values))
            if kind < 7
            else st.builds(_return, nth)
        )
    if kind == 39:
        return _lock(draw(st.sampled_from([3, 1])))
    if kind == 38:
        return _repeat
    if kind == 35:
        carries = draw(st.sampled_from([[JOBS_LEAD, JOBS_SUPPORTING], [JOBS_SUPPORTING], []]))
        return _merge(draw(st.sampled_from(DATES)), carries)
    if kind == 37:
        return _hand_over(draw(st.sampled_from(DATES)), draw(st.booleans()))
    return _report(draw(st.lists(entries(), min_size=1, max_size=4)), reuse=kind == 36)


questions = st.tuples(st.sampled_from(DATES), st.integers(0, 25))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    first=st.lists(acts(), min_size=4, max_size=20), second=st.lists(acts(), min_size=4, max_size=20),
    asked=st.lists(questions, min_size=2, max_size=4),
)  # fmt: skip
def test_every_way_to_ask_says_what_a_naive_list_says_and_later_facts_change_nothing_known_before(
    side: ReadSide, topics: Topics, engine: Engine, first: list[Act], second: list[Act],
    asked: list[tuple[date, int]],
) -> None:  # fmt: skip
    county = County(topics)
    county.open()
    for act in first:
        act(county)
    county.send()
    side.reader.catch_up()
    half = side.overheard.folded[county.log][-1].record.position
    with reading(engine) as db:
        known_then = {on: told(levels(db, side.into, county.log, half).latest(on)) for on in DATES}
    for act in second:
        act(county)
    county.send()
    side.reader.catch_up()
    assert not side.reader.stopped
    folded = side.overheard.folded[county.log]
    last = folded[-1].record.position
    memory = MemoryLedger()
    for one in folded:
        memory.take(one)
    with reading(engine) as db:
        for on in DATES:
            assert told(levels(db, side.into, county.log, half).latest(on)) == known_then[on] == naive(folded, on, half)
        for as_of, back in asked:
            known_at = max(0, last - back)
            expected = naive(folded, as_of, known_at)
            sql = levels(db, side.into, county.log, known_at)
            replayed = replay(archived(db, county.log, up_to=known_at), known_at)
            assert told(sql.latest(as_of)) == expected
            assert told(memory.at(known_at).latest(as_of)) == expected
            assert told(replayed.levels.latest(as_of)) == expected
            assert replayed.root == folded[known_at].record.root.hex()
            of_year = {series: certified or verified or reported
                       for series, (_, _, reported, verified, certified) in expected.items()}  # fmt: skip
            assert sql.values(as_of, 2009) == of_year == memory.at(known_at).values(as_of, 2009)
            assert sql.values_in(of_year, as_of) == of_year
            assert observed(sql, as_of) == observed(memory.at(known_at), as_of) == observed(replayed.levels, as_of)
            registry = versions.load(db, side.into.core.versions, county.log, known_at)
            assert answers(registry, sql, as_of) == answers(replayed.registry, replayed.levels, as_of)
            for subject in (ROADS, JOBS):
                of_subject = {s: level for s, level in sql.latest(as_of).items() if s.subject_id == subject}
                assert sql.latest_of([subject], as_of) == of_subject == memory.at(known_at).latest_of([subject], as_of)
                assert sql.history(subject) == memory.at(known_at).history(subject) == replayed.levels.history(subject)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12)
@given(done=st.lists(acts(), min_size=10, max_size=30))
def test_a_rebuild_in_other_batches_comes_to_the_same_rows_as_the_live_ledger(
    side: ReadSide, topics: Topics, engine: Engine, done: list[Act]
) -> None:
    county = County(topics)
    county.open()
    for act in done:
        act(county)
    county.send()
    side.reader.catch_up()
    again = read_side(engine, topics, f"_r{county.jurisdiction}")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reader_module, "BATCH", 3)  # batches of another size, so that other rows meet in memory
        again.reader.catch_up()
    with reading(engine) as db:
        for name in ("series", "rows", "standings"):
            live, rebuilt = (getattr(of.into.index.tables, name) for of in (side, again))  # type: ignore[union-attr]
            log = county.log if name == "series" else number(county.log)
            asked = [select(t).where(t.c.log == log).order_by(*t.primary_key.columns) for t in (live, rebuilt)]
            assert [tuple(row) for row in db.execute(asked[0])] == [tuple(row) for row in db.execute(asked[1])]
    again.reader.close()


def test_a_value_verified_again_supersedes_the_earlier_one_and_both_stay_answerable(
    side: ReadSide, topics: Topics, engine: Engine
) -> None:
    county = County(topics)
    county.open()
    county.sends([Says("roads", "transport", "5", False, DATES[0], None).entry(county)])
    for value in ("4", "3"):
        county.stands(ValueVerified(entry=county.nth(0), value=value))
        county.send()
        side.reader.catch_up()  # a batch each, so that the earlier value lies in the database already
    last = side.overheard.folded[county.log][-1].record.position
    with reading(engine) as db:
        now, before = (levels(db, side.into, county.log, at).history(ROADS) for at in (last, last - 1))
        assert [level.best for level in levels(db, side.into, county.log, last).latest(DATES[0]).values()] == [
            ("3", "verified")
        ]
    assert [(s.value, s.known_from, s.known_until) for s in now[0].stood] == [("4", last - 1, last), ("3", last, None)]
    assert [(s.value, s.known_until) for s in before[0].stood] == [("4", None)]
