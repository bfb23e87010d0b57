"""Precedents never say "counted" where `judge` would not: over every day of the year, locks and hand-overs included."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, structs

from shared.admission import Counted, Identity, Known, judge
from shared.admission import precedents as module
from shared.admission.precedents import Precedents
from shared.contracts import organisation, projects, targets
from shared.contracts.shapes import EntryRef, Label, Measure, Shape
from shared.registry import Registry, changes

NEW_YEAR = date(2009, 1, 1)
TODAY = date(2009, 11, 30)
LENGTH = Measure(code="length", name=Label(zh="里程"), unit_of_measure="km")
UNITS = ("a", "b")
DAYS = st.integers(0, 364).map(lambda n: NEW_YEAR + timedelta(days=n))
REF = EntryRef(source="urn:jikao:source:other", id="x", entry=0)


def registry(*facts: Shape) -> Registry:
    """What stands after these facts."""
    made = Registry()
    for position, fact in enumerate(facts):
        for change in changes(fact, "actor", made):
            made.put(change.kind, change.id, change.effective_on, change.row, position)
    return made


def city(
    adjusted: date, from_: date, handed: date, *locked: tuple[int, str | None], ended: date = date(2009, 12, 31)
) -> Registry:
    """Roads with two parts, one from a date on and handed over later to a unit that ends; a project; locks."""
    return registry(
        *(
            organisation.UnitRegistered(unit=u, code=u, name=Label(zh=u), kind="county", valid_from=NEW_YEAR)
            for u in UNITS
        ),
        targets.YearOpened(year=2009, time_progress="by_month"),
        targets.TargetIssued(
            target="roads", year=2009, code="roads", name=Label(zh="路"), issuer="city", category="economy",
            kind="cumulative", direction="higher", value="60", roll_up="sum", tags=[],
            effective_on=min(adjusted, from_),
            measures=[LENGTH, Measure(code="people", name=Label(zh="人"), unit_of_measure="person")],
        ),
        targets.TargetAdjusted(target="roads", value="70", effective_on=adjusted, reason="more"),
        targets.AssignmentMade(assignment="p1", target="roads", unit="a", role="lead", value="40", valid_from=from_),
        targets.AssignmentMade(assignment="p2", target="roads", unit="b", role="supporting", value="20",
                               valid_from=adjusted),
        targets.AssignmentHandedOver(assignment="p1", successor="p3", unit="b", on=handed, carries_levels=True),
        organisation.UnitEnded(unit="b", on=ended, successors=["a"], reason="merged"),
        projects.ProjectRegistered(
            project="plant", year=2009, code="plant", name=Label(zh="厂"), level="municipal", phase="new", unit="a",
            groups=[], measures=[LENGTH], valid_from=from_,
        ),
        *(
            targets.PeriodLocked(year=2009, month=month, target=target or UNSET, reason="closed")
            for month, target in locked
        ),
    )  # fmt: skip


def entries(on: date) -> list[projects.Entry]:
    """Every way of saying it."""
    made: list[projects.Entry] = []
    for uom in ("km", "m", "person"):
        for measure in (UNSET, "length", "people"):
            made.append(projects.ProjectFigure(project="plant", measure=measure, value="0.000000000001",
                                               unit_of_measure=uom, effective_on=on))  # fmt: skip
            made += [
                projects.TargetFigure(target="roads", unit=unit, measure=measure, value="0.000000000001",
                                      unit_of_measure=uom, effective_on=on)
                for unit in (UNSET, "a", "b", "nobody")
            ]  # fmt: skip
    return made


def counted(entry: projects.Entry, at: Registry) -> bool:
    (outcome,) = judge(projects.ProgressSubmitted(entries=[entry]), ("s", "i"), "", TODAY, at, Known()).outcomes
    return isinstance(outcome, Counted)


@given(
    adjusted=DAYS, from_=DAYS, handed=DAYS, ended=DAYS, learnt=DAYS, asked=DAYS,
    locked=st.lists(st.tuples(st.integers(1, 12), st.sampled_from([None, "roads"])), max_size=2),
)  # fmt: skip
def test_a_precedent_says_nothing_that_the_judge_would_not(
    adjusted: date,
    from_: date,
    handed: date,
    ended: date,
    learnt: date,
    asked: date,
    locked: list[tuple[int, str | None]],
) -> None:
    at = city(adjusted, from_, handed, *locked, ended=ended)
    precedents = Precedents()
    for entry in entries(learnt):
        submission = projects.ProgressSubmitted(entries=[entry])
        precedents.remember([entry], judge(submission, ("s", "i"), "", TODAY, at, Known()).outcomes, at)
    for day in (asked, adjusted, from_, handed, ended, learnt):
        for entry in entries(day):
            if precedents.certain([entry], TODAY, at):
                assert counted(entry, at)


@given(
    adjusted=DAYS, from_=DAYS, handed=DAYS, ended=DAYS, asked=st.lists(DAYS, min_size=1, max_size=3),
    locked=st.lists(st.tuples(st.integers(1, 12), st.sampled_from([None, "roads"])), max_size=2),
    value=st.sampled_from(["1.50", "-0", "0.000000000001", "99999999999999999999"]),
)  # fmt: skip
def test_every_outcome_is_the_same_with_precedents_and_without(
    adjusted: date,
    from_: date,
    handed: date,
    ended: date,
    asked: list[date],
    locked: list[tuple[int, str | None]],
    value: str,
) -> None:
    at, precedents = city(adjusted, from_, handed, *locked, ended=ended), Precedents()
    known = Known({("urn:jikao:source:other", "x"): Identity(3, "")}, {})
    for day in (*asked, adjusted, from_, handed, ended, *asked):
        said: list[projects.Entry] = [
            *(
                structs.replace(entry, value=value)
                for entry in entries(day)
                if not isinstance(entry, projects.Withdrawal)
            ),
            *(structs.replace(entry, corrects=REF) for entry in entries(day)[:2]),
            projects.Withdrawal(withdraws=REF),
        ]
        for submission in (*([entry] for entry in said), said):
            fact = projects.ProgressSubmitted(entries=submission)
            plain = judge(fact, ("s", "i"), "", TODAY, at, known)
            assert judge(fact, ("s", "i"), "", TODAY, at, known, precedents) == plain


def test_where_there_are_too_many_words_to_remember_them_the_others_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1)
    at, precedents, entry = learnt()
    other = projects.TargetFigure(target="roads", unit="a", value="1", unit_of_measure="km", effective_on=NEW_YEAR)
    fact = projects.ProgressSubmitted(entries=[entry, other])
    assert judge(fact, ("s", "i"), "", TODAY, at, Known(), precedents) == judge(
        fact, ("s", "i"), "", TODAY, at, Known()
    )
    assert precedents.certain([entry], TODAY, at)
    assert not precedents.certain([other], TODAY, at)


def learnt(on: date = NEW_YEAR) -> tuple[Registry, Precedents, projects.ProjectFigure]:
    at = city(NEW_YEAR, NEW_YEAR, date(2009, 7, 1))
    entry = projects.ProjectFigure(project="plant", value="1", unit_of_measure="km", effective_on=on)
    precedents = Precedents()
    outcomes = judge(projects.ProgressSubmitted(entries=[entry]), ("s", "i"), "", TODAY, at, Known()).outcomes
    precedents.remember([entry], outcomes, at)
    return at, precedents, entry


def test_what_was_counted_once_needs_no_judge_again() -> None:
    at, precedents, entry = learnt()
    later = projects.ProjectFigure(project="plant", value="2", unit_of_measure="km", effective_on=date(2009, 9, 30))
    assert precedents.certain([entry, later], TODAY, at)
    assert not precedents.certain([entry, entry], TODAY, at)  # stated twice
    precedents.forget()
    assert not precedents.certain([entry], TODAY, at)
