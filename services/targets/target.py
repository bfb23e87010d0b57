"""Targets (目标): issued for a year with a value that can be judged, and adjusted from a date on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from msgspec import UNSET

from services.targets.alignment import Floor, undercuts
from services.targets.errors import (
    BelowProvince,
    DateBeforeTarget,
    DirectionDoesNotFit,
    KindNotIssuable,
    MeasureStatedTwice,
    NegativeNotAllowed,
    RateIsNotPercent,
    TargetCodeTaken,
    TargetValueIsNegative,
    TargetValueIsZero,
    UnitOfMeasureIsUnknown,
)
from services.targets.year import require_open, require_within
from shared.admission.errors import TargetUnknown
from shared.contracts.shapes import Label, Measure, Shape
from shared.contracts.targets import (
    Category,
    Direction,
    Issuer,
    RollUp,
    Tag,
    TargetAdjusted,
    TargetIssued,
    TargetKind,
)
from shared.deciding import Fact, Stream
from shared.errors import Refusal
from shared.quantities import UNITS, canonical_text, parse

DIRECTION_OF: dict[str, Direction] = {"cumulative": "higher", "floor": "higher", "ceiling": "lower"}
"""What a kind says about the direction; rate and maintain may go either way."""


@dataclass(frozen=True, slots=True)
class Target:
    """Only what the next decision needs; `id` is None until the code is issued."""

    id: str | None = None
    kind: TargetKind = "cumulative"
    direction: Direction = "higher"
    effective_on: date = date.max


def stream_name(year: int, code: str) -> str:
    """One target's facts, and the requests to adjust it; the versions are the ETags of the API."""
    return f"target:{year}:{code}"


def target_stream(year: int, code: str) -> Stream[Target]:
    """The stream of one target."""
    return Stream(stream_name(year, code), Target(), evolve_target)


@dataclass(frozen=True, slots=True)
class IssueTarget:
    """Put a target in force from `effective_on`; `target` is the new id, the first measure the judged one."""

    target: str
    year: int
    code: str
    name: Label
    issuer: Issuer
    category: Category
    kind: TargetKind
    direction: Direction
    value: str
    measures: Sequence[Measure]
    roll_up: RollUp
    tags: Sequence[Tag]
    weight: str | None
    points: str | None
    indicator: str | None
    effective_on: date


@dataclass(frozen=True, slots=True)
class AdjustTarget:
    """The decision that the value is another one from `effective_on` on."""

    year: int
    code: str
    value: str
    effective_on: date
    reason: str


def issue_target(command: IssueTarget, target: Target, *, year_open: bool) -> list[Fact]:
    """Refuses what could never be judged: value 0, a direction against the kind, an unknown unit of measure."""
    require_open(command.year, year_open)
    if target.id is not None:
        raise TargetCodeTaken(target=command.code, year=command.year)
    kind = command.kind
    if kind == "milestone" or kind == "qualitative":
        raise _at(KindNotIssuable, "/kind", kind=kind)
    if command.direction != DIRECTION_OF.get(kind, command.direction):
        raise _at(DirectionDoesNotFit, "/direction", kind=kind, direction=command.direction)
    require_judgeable(command.value, kind)
    _require_measures(command.measures, kind)
    _require_not_negative(command.weight, "/weight")
    _require_not_negative(command.points, "/points")
    require_within(command.year, command.effective_on, "/effective_on")
    fact = TargetIssued(
        target=command.target, year=command.year, code=command.code, name=command.name, issuer=command.issuer,
        category=command.category, kind=kind, direction=command.direction, value=canonical_text(command.value),
        measures=list(command.measures), roll_up=command.roll_up, tags=list(command.tags),
        weight=canonical_text(command.weight) if command.weight is not None else UNSET,
        points=canonical_text(command.points) if command.points is not None else UNSET,
        indicator=command.indicator or UNSET, effective_on=command.effective_on,
    )  # fmt: skip
    return [Fact(fact, command.effective_on)]


def adjust_target(command: AdjustTarget, target: Target, *, floor: Floor | None) -> list[Fact]:
    """TargetUnknown; the new value must be one that could be issued, from a date on which the target stands.

    BelowProvince: while the province's own target stands (`floor`), nothing may undercut it (就高不就低).
    """
    id = require_issued(target, command.code)
    require_judgeable(command.value, target.kind)
    require_within(command.year, command.effective_on, "/effective_on")
    require_in_force(target, command.effective_on, "/effective_on")
    if floor is not None and undercuts(command.value, floor, target.direction):
        raise _at(
            BelowProvince, "/value", province=floor.value, unit_of_measure=floor.unit_of_measure, edition=floor.edition
        )
    fact = TargetAdjusted(
        target=id, value=canonical_text(command.value), effective_on=command.effective_on, reason=command.reason
    )
    return [Fact(fact, command.effective_on)]


def require_issued(target: Target, code: str) -> str:
    """The id of the target at a command's address. TargetUnknown."""
    if target.id is None:
        raise TargetUnknown(target=code)
    return target.id


def require_in_force(target: Target, day: date, pointer: str) -> None:
    """DateBeforeTarget for a date before the target's first day."""
    if day < target.effective_on:
        raise _at(DateBeforeTarget, pointer, effective_on=target.effective_on, date=day)


def require_judgeable(value: str, kind: TargetKind) -> None:
    """A completion rate divides by the value, and only a rate can sensibly be below zero."""
    number = parse(value)
    if number == Decimal(0):
        raise _at(TargetValueIsZero, "/value")
    if number < 0 and kind != "rate":
        raise _at(TargetValueIsNegative, "/value", value=value)


def _require_measures(measures: Sequence[Measure], kind: TargetKind) -> None:
    seen: set[str] = set()
    for at, measure in enumerate(measures):
        if measure.unit_of_measure not in UNITS:
            raise _at(
                UnitOfMeasureIsUnknown, f"/measures/{at}/unit_of_measure", unit_of_measure=measure.unit_of_measure
            )
        if measure.code in seen:
            raise _at(MeasureStatedTwice, f"/measures/{at}/code", measure=measure.code)
        seen.add(measure.code)
    if kind == "rate" and measures[0].unit_of_measure != "percent":
        raise _at(RateIsNotPercent, "/measures/0/unit_of_measure", unit_of_measure=measures[0].unit_of_measure)


def _require_not_negative(quantity: str | None, pointer: str) -> None:
    if quantity is not None and parse(quantity) < 0:
        raise _at(NegativeNotAllowed, pointer, value=quantity)


def _at(refusal: type[Refusal], pointer: str, **about: object) -> Refusal:
    return refusal(faults=[refusal().fault(pointer)], **about)


def evolve_target(target: Target, fact: Shape) -> Target:
    """Remember."""
    match fact:
        case TargetIssued():
            return replace(
                target, id=fact.target, kind=fact.kind, direction=fact.direction, effective_on=fact.effective_on
            )
        case _:
            return target
