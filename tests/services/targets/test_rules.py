"""What the rules of targets, assignments, locks, units and years allow, without the web or a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest

from services.targets.alignment import Floor
from services.targets.assignment import (
    AssignTarget,
    HandOver,
    Opening,
    Parts,
    assign_target,
    assignments_stream,
    hand_over,
)
from services.targets.clock import clock_stream, set_clock
from services.targets.decomposition import Aim
from services.targets.errors.logs import ClockOnlyMovesForward
from services.targets.errors.organisation import (
    PersonIsErased,
    PersonUnknown,
    SourceNameTaken,
    UnitCodeTaken,
    UnitIsNotValid,
    UnitIsUnknown,
)
from services.targets.errors.parts import (
    AssignmentUnknown,
    CompanyOnlyCoordinates,
    CoordinationTakesNoPart,
    LeadIsTaken,
    SuccessorIsTheSame,
    UnitHasPartAlready,
)
from services.targets.errors.targets import (
    DateBeforeTarget,
    DirectionDoesNotFit,
    MeasureStatedTwice,
    NegativeNotAllowed,
    RateIsNotPercent,
    TargetCodeTaken,
    TargetIsUnknown,
    TargetValueIsNegative,
    TargetValueIsZero,
    UnitOfMeasureIsUnknown,
)
from services.targets.errors.years import DateOutsideYear, MonthIsLockedAlready, MonthIsNotLocked, YearIsOpenAlready
from services.targets.lock import ChangeLock, Locks, lock_month, locks_stream, unlock_month
from services.targets.person import Known, erase_person, person_stream
from services.targets.source import RegisterSource, register_source, source_stream
from services.targets.target import AdjustTarget, IssueTarget, Target, adjust_target, issue_target, target_stream
from services.targets.unit import RegisterUnit, Unit, register_unit, unit_stream
from services.targets.year import open_year, year_stream
from shared.admission.errors import TargetUnknown, YearIsNotOpen
from shared.contracts.decomposition import AssignmentHandedOver, OpenedPart
from shared.contracts.logs import ClockSet
from shared.contracts.organisation import UnitRegistered
from shared.contracts.shapes import Label, Measure
from shared.contracts.targets import (
    AssignmentMade,
    AssignmentRole,
    PeriodLocked,
    PeriodUnlocked,
    PersonErased,
    PersonRegistered,
    SourceRegistered,
    TargetAdjusted,
    TargetIssued,
    YearOpened,
)
from shared.deciding import Fact
from shared.errors import Refusal
from tests.services.targets.ruling import given, state

NEW_YEAR, JULY = date(2009, 1, 1), date(2009, 7, 1)
ROADS = TargetIssued(
    target="t1", year=2009, code="roads", name=Label(zh="公路"), issuer="city", category="livelihood",
    kind="cumulative", direction="higher", value="60", roll_up="sum", tags=[],
    measures=[Measure(code="length", name=Label(zh="里程"), unit_of_measure="km")], effective_on=NEW_YEAR,
)  # fmt: skip
TARGET = state(target_stream(2009, "roads"), ROADS)
TRANSPORT = Unit("u1", "department", NEW_YEAR)
COUNTY = Unit("u2", "county", NEW_YEAR)
COMPANY = Unit("u3", "company", NEW_YEAR)
UNKNOWN = Unit()


# Units


def unit_of(code: str, **changes: object) -> UnitRegistered:
    known: dict[str, object] = {"unit": "u1", "name": Label(zh=code), "kind": "department", "valid_from": NEW_YEAR}
    return UnitRegistered(code=code, **(known | changes))  # type: ignore[arg-type]


def registering(parent: Unit | None = None, **changes: object) -> Callable[[Unit], Sequence[Fact]]:
    known: dict[str, object] = {"unit": "u9", "code": "roads-office", "name": Label(zh="路政"), "kind": "department",
                                "parent": "transport" if parent else None, "valid_from": NEW_YEAR}  # fmt: skip
    command = RegisterUnit(**(known | changes))  # type: ignore[arg-type]
    return lambda unit: register_unit(command, unit, parent)


def test_a_unit_is_registered_below_another() -> None:
    given(unit_stream("roads-office")).when(registering(TRANSPORT)).then(
        unit_of("roads-office", unit="u9", name=Label(zh="路政"), parent="u1")
    )


def test_a_unit_code_is_registered_once() -> None:
    given(unit_stream("transport"), unit_of("transport")).when(registering()).refuses(UnitCodeTaken)


def test_a_parent_must_be_registered() -> None:
    given(unit_stream("roads-office")).when(registering(UNKNOWN)).refuses(UnitIsUnknown, "/parent")


def test_a_parent_must_stand_on_the_first_day_of_the_unit() -> None:
    late = Unit("u1", "department", JULY)
    given(unit_stream("roads-office")).when(registering(late)).refuses(UnitIsNotValid, "/parent")


# Sources, persons, years, clock


def test_a_source_name_is_never_reused() -> None:
    register = partial(register_source, RegisterSource("county", "county-system"))
    given(source_stream("county")).when(register).then(SourceRegistered(source="county", client="county-system"))
    taken = SourceRegistered(source="county", client="county-system")
    given(source_stream("county"), taken).when(register).refuses(SourceNameTaken)


def test_a_person_is_erased_once() -> None:
    erase: Callable[[Known], list[Fact]] = partial(erase_person, "p1")
    stream, known = person_stream("p1"), PersonRegistered(person="p1")
    given(stream, known).when(erase).then(PersonErased(person="p1"))
    given(stream).when(erase).refuses(PersonUnknown)
    given(stream, known, PersonErased(person="p1")).when(erase).refuses(PersonIsErased)


def test_a_year_is_opened_once() -> None:
    opening: Callable[[bool], list[Fact]] = partial(open_year, 2009, "by_month")
    opened = YearOpened(year=2009, time_progress="by_month")
    given(year_stream(2009)).when(opening).then(opened)
    given(year_stream(2009), opened).when(opening).refuses(YearIsOpenAlready)


def test_a_simulated_clock_only_moves_forward() -> None:
    began = datetime(2009, 1, 5, tzinfo=UTC)

    def setting(instant: str) -> Callable[[datetime | None], list[Fact]]:
        return lambda last: set_clock(instant, last, began)

    march = ClockSet(instant="2009-03-01T00:00:00Z")
    given(clock_stream()).when(setting(march.instant)).then(march)
    given(clock_stream()).when(setting("2009-01-04T00:00:00Z")).refuses(ClockOnlyMovesForward, "/instant")
    # an instant is compared, not its text: this is 28 February in UTC
    given(clock_stream(), march).when(setting("2009-03-01T07:00:00+08:00")).refuses(ClockOnlyMovesForward)
    given(clock_stream(), march).when(setting(march.instant)).refuses(ClockOnlyMovesForward)


# Targets


def issuing(year_open: bool = True, **changes: Any) -> Callable[[Target], Sequence[Fact]]:
    known: dict[str, object] = {
        "target": "t1", "year": 2009, "code": "roads", "name": Label(zh="公路"), "issuer": "city",
        "category": "livelihood", "kind": "cumulative", "direction": "higher", "value": "60", "roll_up": "sum",
        "tags": (), "measures": ROADS.measures, "weight": None, "points": None, "indicator": None,
        "effective_on": NEW_YEAR,
    }  # fmt: skip
    command = IssueTarget(**(known | changes))  # type: ignore[arg-type]
    return lambda target: issue_target(command, target, year_open=year_open)


def percent(code: str = "rate") -> list[Measure]:
    return [Measure(code=code, name=Label(zh="率"), unit_of_measure="percent")]


def test_a_target_is_issued_with_canonical_quantities() -> None:
    given(target_stream(2009, "roads")).when(issuing(value="60.00")).then(ROADS)


def test_a_target_code_is_unique_in_its_year() -> None:
    given(target_stream(2009, "roads"), ROADS).when(issuing()).refuses(TargetCodeTaken)


def test_a_target_is_issued_in_an_open_year_only() -> None:
    given(target_stream(2009, "roads")).when(issuing(year_open=False)).refuses(YearIsNotOpen)


@pytest.mark.parametrize(
    ("changes", "refusal", "pointer"),
    [
        ({"direction": "lower"}, DirectionDoesNotFit, "/direction"),
        ({"kind": "floor", "direction": "lower"}, DirectionDoesNotFit, "/direction"),
        ({"kind": "ceiling", "direction": "higher"}, DirectionDoesNotFit, "/direction"),
        ({"value": "0"}, TargetValueIsZero, "/value"),
        ({"value": "0.000"}, TargetValueIsZero, "/value"),
        ({"value": "-0"}, TargetValueIsZero, "/value"),
        ({"value": "-1"}, TargetValueIsNegative, "/value"),
        ({"weight": "-1"}, NegativeNotAllowed, "/weight"),
        ({"points": "-0.5"}, NegativeNotAllowed, "/points"),
        ({"effective_on": date(2010, 1, 1)}, DateOutsideYear, "/effective_on"),
        ({"effective_on": date(2008, 12, 31)}, DateOutsideYear, "/effective_on"),
        ({"kind": "rate"}, RateIsNotPercent, "/measures/0/unit_of_measure"),
        ({"measures": [Measure(code="a", name=Label(zh="a"), unit_of_measure="league")]},
         UnitOfMeasureIsUnknown, "/measures/0/unit_of_measure"),
        ({"measures": percent("a") + percent("a")}, MeasureStatedTwice, "/measures/1/code"),
    ],
)  # fmt: skip
def test_what_could_never_be_judged_is_not_issued(
    changes: dict[str, Any], refusal: type[Refusal], pointer: str
) -> None:
    given(target_stream(2009, "roads")).when(issuing(**changes)).refuses(refusal, pointer)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "ceiling", "direction": "lower"},
        {"kind": "rate", "measures": percent(), "roll_up": "worst", "value": "-2"},
        {"kind": "rate", "direction": "lower", "measures": percent(), "roll_up": "best"},
        {"kind": "maintain", "measures": percent(), "roll_up": "lead", "value": "100"},
        {"kind": "floor"},
        {"effective_on": date(2009, 12, 31)},
        {"weight": "1.50", "points": "0"},
    ],
)
def test_every_judgeable_kind_can_be_issued(changes: dict[str, Any]) -> None:
    assert len(issuing(**changes)(Target())) == 1


def adjusting(value: str = "66", on: date = JULY, floor: Floor | None = None) -> Callable[[Target], list[Fact]]:
    return partial(adjust_target, AdjustTarget(2009, "roads", value, on, "追加"), floor=floor)


def test_a_target_is_adjusted_from_a_date() -> None:
    given(target_stream(2009, "roads"), ROADS).when(adjusting("66.0")).then(
        TargetAdjusted(target="t1", value="66", effective_on=JULY, reason="追加")
    )


def test_only_what_could_be_issued_can_be_adjusted_to() -> None:
    stream = target_stream(2009, "roads")
    given(stream).when(adjusting()).refuses(TargetUnknown)
    given(stream, ROADS).when(adjusting("0")).refuses(TargetValueIsZero, "/value")
    given(stream, ROADS).when(adjusting("-3")).refuses(TargetValueIsNegative, "/value")
    given(stream, ROADS).when(adjusting(on=date(2010, 1, 1))).refuses(DateOutsideYear, "/effective_on")


def test_an_adjustment_cannot_take_effect_before_the_target() -> None:
    late = TargetIssued(**{name: getattr(ROADS, name) for name in ROADS.__struct_fields__} | {"effective_on": JULY})
    given(target_stream(2009, "roads"), late).when(adjusting(on=NEW_YEAR)).refuses(DateBeforeTarget, "/effective_on")


# Assignments


def made(assignment: str, unit: str, role: str = "lead", on: date = NEW_YEAR, **more: object) -> AssignmentMade:
    return AssignmentMade(assignment=assignment, target="t1", unit=unit, role=role, valid_from=on, **more)  # type: ignore[arg-type]


def assigning(
    unit: Unit = TRANSPORT,
    role: str = "lead",
    *,
    value: str | None = None,
    on: date = NEW_YEAR,
    target: Target = TARGET,
) -> Callable[[Parts], Sequence[Fact]]:
    command = AssignTarget("a9", 2009, "roads", "unit-code", role, value, on)  # type: ignore[arg-type]
    return lambda parts: assign_target(command, parts, target=target, unit=unit)


PARTS = assignments_stream(2009, "roads")


def test_a_part_is_given_to_a_unit() -> None:
    given(PARTS).when(assigning(value="60.0")).then(made("a9", "u1", value="60"))
    given(PARTS).when(assigning()).then(made("a9", "u1"))


def test_a_unit_has_one_part_of_a_target_at_a_time() -> None:
    given(PARTS, made("a1", "u1")).when(assigning(role="supporting")).refuses(UnitHasPartAlready, "/unit")
    later = made("a1", "u1", on=JULY)
    given(PARTS, later).when(assigning(role="supporting")).refuses(UnitHasPartAlready)


def test_a_target_has_one_lead_at_a_time() -> None:
    given(PARTS, made("a1", "u2")).when(assigning()).refuses(LeadIsTaken, "/role")
    given(PARTS, made("a1", "u2")).when(assigning(role="supporting")).then(made("a9", "u1", "supporting"))


def test_a_unit_whose_part_has_ended_can_have_another() -> None:
    ended = over("a2")
    given(PARTS, made("a1", "u1", "supporting"), ended).when(assigning(role="supporting", on=JULY)).then(
        made("a9", "u1", "supporting", JULY)
    )


@pytest.mark.parametrize(
    ("decide", "refusal", "pointer"),
    [
        (assigning(UNKNOWN), UnitIsUnknown, "/unit"),
        (assigning(Unit("u1", "department", JULY)), UnitIsNotValid, "/unit"),
        (assigning(COMPANY), CompanyOnlyCoordinates, "/role"),
        (assigning(COMPANY, "coordination", value="1"), CoordinationTakesNoPart, "/value"),
        (assigning(value="0"), TargetValueIsZero, "/value"),
        (assigning(value="-1"), TargetValueIsNegative, "/value"),
        (assigning(on=date(2010, 1, 1)), DateOutsideYear, "/valid_from"),
        (assigning(target=Target("t1", "cumulative", "higher", JULY)), DateBeforeTarget, "/valid_from"),
        (assigning(target=Target()), TargetUnknown, None),
    ],
)
def test_what_cannot_be_assigned(
    decide: Callable[[Parts], Sequence[Fact]], refusal: type[Refusal], pointer: str | None
) -> None:
    given(PARTS).when(decide).refuses(refusal, pointer)


def test_a_unit_whose_end_is_recorded_gets_no_new_part_and_the_refusal_names_who_follows() -> None:
    """From its end on no entry could be made for it, while the part would go on counting."""
    ends = Unit("u1", "department", NEW_YEAR, JULY, successors=("u2",))
    given(PARTS).when(assigning(ends, on=date(2009, 3, 1))).refuses(
        UnitIsNotValid, "/unit", on=JULY, valid_until=JULY, successors=["u2"]
    )


def test_companies_only_coordinate() -> None:
    given(PARTS).when(assigning(COMPANY, "coordination")).then(made("a9", "u3", "coordination"))


# Hand-overs


def over(successor: str, role: AssignmentRole = "lead") -> AssignmentHandedOver:
    opened = OpenedPart(assignment=successor, unit="u2", role=role, carries=["a1"])
    return AssignmentHandedOver(on=JULY, ends=["a1"], opens=[opened])


def handing(
    successor: Unit = COUNTY, *, on: date = JULY, unit: Unit = TRANSPORT, to: str = "county"
) -> Callable[[Parts], Sequence[Fact]]:
    command = HandOver(2009, "roads", ("transport",), (Opening("a9", to, ("transport",)),), on)
    aim = Aim("t1", values=((NEW_YEAR, "60"),))
    return lambda parts: hand_over(
        command, parts, aim=aim, units={"transport": unit, to: successor}, under=lambda _: set()
    )


def test_a_part_is_handed_over_on_a_date() -> None:
    given(PARTS, made("a1", "u1")).when(handing()).then(over("a9"))


def test_the_successor_of_a_lead_is_the_lead() -> None:
    third = assigning(Unit("u4", "department", NEW_YEAR), on=date(2009, 8, 1))
    given(PARTS, made("a1", "u1"), over("a2")).when(third).refuses(LeadIsTaken)


@pytest.mark.parametrize(
    ("decide", "refusal", "pointer"),
    [
        (handing(on=date(2008, 12, 31)), AssignmentUnknown, None),
        (handing(unit=COUNTY), AssignmentUnknown, None),
        (handing(on=date(2010, 1, 1)), DateOutsideYear, "/effective_on"),
        (handing(TRANSPORT, to="transport"), SuccessorIsTheSame, "/successor"),
        (handing(UNKNOWN), UnitIsUnknown, "/successor"),
        (handing(Unit("u2", "county", date(2009, 8, 1))), UnitIsNotValid, "/successor"),
        (handing(Unit("u2", "county", NEW_YEAR, date(2009, 10, 1))), UnitIsNotValid, "/successor"),
        (handing(COMPANY), CompanyOnlyCoordinates, "/successor"),
    ],
)
def test_what_cannot_be_handed_over(
    decide: Callable[[Parts], Sequence[Fact]], refusal: type[Refusal], pointer: str | None
) -> None:
    given(PARTS, made("a1", "u1")).when(decide).refuses(refusal, pointer)


def test_a_part_that_was_handed_over_cannot_be_handed_over_again() -> None:
    third = Unit("u4", "department", NEW_YEAR)
    given(PARTS, made("a1", "u1"), over("a2")).when(handing(third, on=date(2009, 8, 1), to="third")).refuses(
        AssignmentUnknown
    )


def test_a_successor_that_has_a_part_already_is_refused() -> None:
    given(PARTS, made("a1", "u1"), made("a2", "u2", "supporting")).when(handing()).refuses(
        UnitHasPartAlready, "/successor"
    )


# Locks


JULY_LOCKED = PeriodLocked(year=2009, month=7, reason="取数")
ROADS_LOCKED = PeriodLocked(year=2009, month=7, target="t1", reason="核查")
LOCKS = locks_stream(2009)


def locking(
    target: Target | None = None, *, month: int = 7, year_open: bool = True
) -> Callable[[Locks], Sequence[Fact]]:
    command = ChangeLock(2009, month, "roads" if target else None, "取数")
    return lambda locks: lock_month(command, locks, year_open=year_open, target=target, author=lambda v: f"author {v}")


def unlocking(target: Target | None = None) -> Callable[[Locks], Sequence[Fact]]:
    command = ChangeLock(2009, 7, "roads" if target else None, "补报")
    return lambda locks: unlock_month(command, locks, year_open=True, target=target)


def test_a_month_is_locked_for_all_or_for_one_target() -> None:
    given(LOCKS).when(locking()).then(JULY_LOCKED)
    given(LOCKS).when(locking(TARGET)).then(PeriodLocked(year=2009, month=7, target="t1", reason="取数"))
    given(LOCKS, JULY_LOCKED).when(locking(month=8)).then(PeriodLocked(year=2009, month=8, reason="取数"))


def test_a_locked_month_says_who_locked_it_and_why() -> None:
    other = PeriodLocked(year=2009, month=1, reason="一月")
    given(LOCKS, other, JULY_LOCKED).when(locking()).refuses(MonthIsLockedAlready, by="author 2", reason="取数")
    given(LOCKS, JULY_LOCKED).when(locking(TARGET)).refuses(MonthIsLockedAlready, by="author 1")
    given(LOCKS, ROADS_LOCKED).when(locking(TARGET)).refuses(MonthIsLockedAlready, reason="核查")


def test_a_month_locked_for_one_target_can_still_be_locked_for_all() -> None:
    given(LOCKS, ROADS_LOCKED).when(locking()).then(JULY_LOCKED)


def test_a_month_is_unlocked_as_it_was_locked() -> None:
    opened = PeriodUnlocked(year=2009, month=7, reason="补报")
    given(LOCKS, JULY_LOCKED).when(unlocking()).then(opened)
    given(LOCKS, JULY_LOCKED).when(unlocking(TARGET)).refuses(MonthIsNotLocked)
    given(LOCKS, JULY_LOCKED, opened).when(unlocking()).refuses(MonthIsNotLocked)
    given(LOCKS, JULY_LOCKED, opened).when(locking()).then(JULY_LOCKED)


def test_locks_need_an_open_year_and_a_target_that_exists() -> None:
    given(LOCKS).when(locking(year_open=False)).refuses(YearIsNotOpen)
    given(LOCKS).when(locking(Target())).refuses(TargetIsUnknown, "/target")
