"""Units are renamed, moved and ended by the rules: given what happened, when this is ordered, then this."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import pytest

from services.targets.errors.organisation import (
    SuccessorStatedTwice,
    UnitEndsBeforeItBegins,
    UnitHasEnded,
    UnitHasUnitsBelow,
    UnitIsNotValid,
    UnitIsUnknown,
    UnitTreeCycle,
    UnitUnknown,
)
from services.targets.errors.parts import SuccessorIsTheSame
from services.targets.unit import RegisterUnit as Register
from services.targets.unit import RenameUnit, Unit, register_unit, rename_unit, unit_stream
from services.targets.unit_tree import EndUnit, MoveUnit, end_unit, move_unit
from shared.contracts.organisation import UnitEnded, UnitMoved, UnitRegistered, UnitRenamed
from shared.contracts.shapes import Label
from shared.deciding import Fact
from shared.errors import Refusal
from tests.services.targets.ruling import given, state

NEW_YEAR, JULY, OCTOBER = date(2009, 1, 1), date(2009, 7, 1), date(2009, 10, 1)
TRANSPORT = UnitRegistered(unit="t", code="transport", name=Label(zh="交通局"), kind="department", valid_from=NEW_YEAR)


def unit(code: str, parent: str | None = None, since: date = NEW_YEAR, until: date | None = None) -> Unit:
    """A unit whose id is the first letter of its code."""
    return Unit(code[0], "county", since, until, code, ((since, parent),))


COUNTY, PARK, TOWN = unit("county"), unit("park"), unit("village", "c")
STREAM = unit_stream("transport")


def all_of(*units: Unit) -> dict[str, Unit]:
    return {each.id: each for each in (state(STREAM, TRANSPORT), *units) if each.id is not None}


def renaming(on: date = JULY) -> Callable[[Unit], Sequence[Fact]]:
    return lambda standing: rename_unit(RenameUnit("transport", Label(zh="交通运输局"), on, "改革"), standing)


def moving(parent: Unit | None, *others: Unit, on: date = JULY) -> Callable[[Unit], Sequence[Fact]]:
    command = MoveUnit("transport", (parent.code or "nobody") if parent else None, on, "改革")
    return lambda standing: move_unit(command, standing, parent, all_of(*others, *([parent] if parent else [])))


def ending(*successors: Unit, on: date = JULY, others: Sequence[Unit] = ()) -> Callable[[Unit], Sequence[Fact]]:
    command = EndUnit("transport", on, tuple(each.code or "nobody" for each in successors), "改革")
    return lambda standing: end_unit(command, standing, successors, all_of(*others))


def test_a_unit_has_another_name_from_a_date_on() -> None:
    renamed = UnitRenamed(unit="t", name=Label(zh="交通运输局"), on=JULY, reason="改革")
    given(STREAM, TRANSPORT).when(renaming()).then(renamed)


def test_only_a_registered_unit_is_changed() -> None:
    for order in (renaming(), moving(COUNTY), ending()):
        given(STREAM).when(order).refuses(UnitUnknown, unit="transport")


def test_a_unit_is_changed_on_a_day_of_its_life_only() -> None:
    ended = UnitEnded(unit="t", on=JULY, successors=[], reason="改革")
    for order in (renaming(date(2008, 12, 31)), moving(None, on=date(2008, 12, 31))):
        given(STREAM, TRANSPORT).when(order).refuses(UnitIsNotValid, "/effective_on", valid_from=NEW_YEAR)
    for order in (renaming(), moving(None)):
        given(STREAM, TRANSPORT, ended).when(order).refuses(
            UnitIsNotValid, "/effective_on", valid_until=JULY, successors=[]
        )


def test_a_unit_moves_below_another_or_below_none() -> None:
    given(STREAM, TRANSPORT).when(moving(COUNTY)).then(UnitMoved(unit="t", parent="c", on=JULY, reason="改革"))
    given(STREAM, TRANSPORT).when(moving(None)).then(UnitMoved(unit="t", on=JULY, reason="改革"))


@pytest.mark.parametrize(
    ("parent", "refusal"),
    [
        (Unit(), UnitIsUnknown),
        (unit("late", since=OCTOBER), UnitIsNotValid),
        (unit("gone", until=JULY), UnitIsNotValid),
        (unit("soon gone", until=OCTOBER), UnitIsNotValid),
    ],
)
def test_the_unit_above_must_stand_as_long_as_the_other_is_below_it(parent: Unit, refusal: type[Refusal]) -> None:
    given(STREAM, TRANSPORT).when(moving(parent)).refuses(refusal, "/parent")


def test_a_unit_may_be_below_one_that_ends_once_it_has_been_moved_away() -> None:
    moved = UnitMoved(unit="t", parent="p", on=OCTOBER, reason="改革")
    below = UnitMoved(unit="t", parent="s", on=JULY, reason="改革")
    given(STREAM, TRANSPORT, moved).when(moving(unit("soon gone", until=OCTOBER))).then(below)


def test_a_unit_is_never_above_itself_and_the_refusal_shows_the_way_round() -> None:
    county = unit("county", "t")
    village = unit("village", "c")
    moved = given(STREAM, TRANSPORT).when
    moved(moving(state(STREAM, TRANSPORT))).refuses(UnitTreeCycle, "/parent", on=JULY, path=["transport", "transport"])
    moved(moving(village, county)).refuses(
        UnitTreeCycle, "/parent", on=JULY, path=["transport", "village", "county", "transport"]
    )


def test_a_cycle_that_would_begin_only_later_is_refused_with_its_day() -> None:
    county = Unit("c", "county", NEW_YEAR, None, "county", ((NEW_YEAR, None), (OCTOBER, "t")))
    cycle = given(STREAM, TRANSPORT).when(moving(county))
    cycle.refuses(UnitTreeCycle, on=OCTOBER, path=["transport", "county", "transport"])
    back = UnitMoved(unit="t", on=OCTOBER, reason="改革")
    moved = UnitMoved(unit="t", parent="c", on=JULY, reason="改革")
    given(STREAM, TRANSPORT, back).when(moving(county)).then(moved)


def test_a_unit_ends_with_one_successor_with_several_or_with_none() -> None:
    for successors in ((), (COUNTY,), (COUNTY, PARK)):
        ids = [each.id for each in successors if each.id]
        ended = UnitEnded(unit="t", on=JULY, successors=ids, reason="改革")
        given(STREAM, TRANSPORT).when(ending(*successors)).then(ended)


def test_a_unit_ends_once_and_not_before_it_began() -> None:
    ended = UnitEnded(unit="t", on=JULY, successors=[], reason="改革")
    given(STREAM, TRANSPORT, ended).when(ending()).refuses(UnitHasEnded, ended_on=JULY)
    given(STREAM, TRANSPORT).when(ending(on=NEW_YEAR)).refuses(UnitEndsBeforeItBegins, "/effective_on")


@pytest.mark.parametrize(
    ("successors", "refusal", "pointer"),
    [
        ((COUNTY, Unit()), UnitIsUnknown, "/successors/1"),
        ((unit("late", since=OCTOBER),), UnitIsNotValid, "/successors/0"),
        ((unit("gone", until=JULY),), UnitIsNotValid, "/successors/0"),
        ((unit("soon gone", until=OCTOBER),), UnitIsNotValid, "/successors/0"),
        ((COUNTY, COUNTY), SuccessorStatedTwice, "/successors/1"),
        ((unit("transport"),), SuccessorIsTheSame, "/successors/0"),
    ],
)
def test_a_successor_is_another_unit_that_stands_from_that_day_on_with_no_end_recorded(
    successors: tuple[Unit, ...], refusal: type[Refusal], pointer: str
) -> None:
    given(STREAM, TRANSPORT).when(ending(*successors)).refuses(refusal, pointer)


def test_a_unit_with_units_below_it_ends_once_these_have_been_moved() -> None:
    village = unit("village", "t")
    away = Unit("v", "town", NEW_YEAR, None, "village", ((NEW_YEAR, "t"), (JULY, "c")))
    later = Unit("v", "town", NEW_YEAR, None, "village", ((NEW_YEAR, None), (OCTOBER, "t")))
    gone = unit("village", "t", until=JULY)
    for below in (village, later):
        refused = given(STREAM, TRANSPORT).when(ending(others=[below]))
        refused.refuses(UnitHasUnitsBelow, units=["village"], of=1)
    for free in (away, gone):
        given(STREAM, TRANSPORT).when(ending(others=[free])).then(
            UnitEnded(unit="t", on=JULY, successors=[], reason="改革")
        )


def test_a_new_unit_is_not_put_below_one_that_is_to_end() -> None:
    command = Register("v", "village", Label(zh="村"), "town", "gone", NEW_YEAR)
    given(unit_stream("village")).when(lambda new: register_unit(command, new, unit("gone", until=JULY))).refuses(
        UnitIsNotValid, "/parent", valid_until=JULY
    )
