"""Targets (目标): issued for a year with a value that can be judged, adjusted from a date on, and withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from msgspec import UNSET

from services.targets.alignment import Demand, Floor, undercuts
from services.targets.errors import at
from services.targets.errors.adjustments import BelowProvince, ProvinceStillAsks, TargetIsWithdrawn
from services.targets.errors.targets import DateBeforeTarget, NegativeNotAllowed, TargetCodeTaken
from services.targets.kinds import Judged, canonical_bands, canonical_steps, require_fit, require_judgeable
from services.targets.scoring import StatedScoring, scoring_of
from services.targets.year import require_open, require_within
from shared.admission.errors import TargetUnknown
from shared.contracts.shapes import Label, Measure, Shape
from shared.contracts.target_kinds import Band, Step
from shared.contracts.targets import (
    Category,
    Direction,
    Issuer,
    RollUp,
    Tag,
    TargetAdjusted,
    TargetIssued,
    TargetKind,
    TargetWithdrawn,
)
from shared.deciding import Fact, Stream
from shared.quantities import canonical_text, parse


@dataclass(frozen=True, slots=True)
class Target:
    """Only what the next decision needs; `id` is None until the code is issued."""

    id: str | None = None
    kind: TargetKind = "cumulative"
    direction: Direction = "higher"
    effective_on: date = date.max
    withdrawn_on: date | None = None
    indicator: str | None = None


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
    text: str | None = None
    steps: Sequence[Step] = ()
    bands: Sequence[Band] = ()
    scoring: StatedScoring | None = None


@dataclass(frozen=True, slots=True)
class WithdrawTarget:
    """The decision that the target does not stand from `on` on; `evidence` sha256 in hex."""

    year: int
    code: str
    on: date
    reason: str
    evidence: Sequence[str]


@dataclass(frozen=True, slots=True)
class AdjustTarget:
    """The decision that the value is another one from `effective_on` on."""

    year: int
    code: str
    value: str
    effective_on: date
    reason: str


def issue_target(command: IssueTarget, target: Target, *, year_open: bool) -> list[Fact]:
    """Refuses what could never be judged or scored: see `kinds` and `scoring`."""
    require_open(command.year, year_open)
    if target.id is not None:
        raise TargetCodeTaken(target=command.code, year=command.year)
    kind = command.kind
    require_fit(
        Judged(
            command.year, kind, command.direction, command.value, command.measures, command.roll_up, command.text,
            command.steps, command.bands,
        )
    )  # fmt: skip
    _require_not_negative(command.weight, "/weight")
    _require_not_negative(command.points, "/points")
    require_within(command.year, command.effective_on, "/effective_on")
    steps, bands = canonical_steps(command.steps), canonical_bands(kind, command.bands)
    scoring = command.scoring and scoring_of(command.scoring, kind, command.direction, [band.code for band in bands])
    fact = TargetIssued(
        target=command.target, year=command.year, code=command.code, name=command.name, issuer=command.issuer,
        category=command.category, kind=kind, direction=command.direction, value=canonical_text(command.value),
        measures=list(command.measures), roll_up=command.roll_up, tags=list(command.tags),
        weight=canonical_text(command.weight) if command.weight is not None else UNSET,
        points=canonical_text(command.points) if command.points is not None else UNSET,
        indicator=command.indicator or UNSET, text=command.text or UNSET, steps=steps or UNSET, bands=bands or UNSET,
        scoring=scoring or UNSET, effective_on=command.effective_on,
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
        raise at(
            BelowProvince, "/value", target=command.code, indicator=floor.indicator, value=command.value,
            province=floor.value, unit_of_measure=floor.unit_of_measure, edition=floor.edition,
        )  # fmt: skip
    fact = TargetAdjusted(
        target=id, value=canonical_text(command.value), effective_on=command.effective_on, reason=command.reason
    )
    return [Fact(fact, command.effective_on)]


def withdraw_target(command: WithdrawTarget, target: Target, *, demand: Demand | None) -> list[Fact]:
    """TargetUnknown, TargetIsWithdrawn; ProvinceStillAsks while the province's own target stands (`demand`)."""
    id = require_issued(target, command.code)
    require_within(command.year, command.on, "/effective_on")
    if target.withdrawn_on is not None:
        raise TargetIsWithdrawn(target=command.code, withdrawn_on=target.withdrawn_on)
    require_in_force(target, command.on, "/effective_on")
    if demand is not None:
        raise ProvinceStillAsks(
            target=command.code, indicator=demand.indicator, edition=demand.edition, province=demand.value,
            unit_of_measure=demand.unit_of_measure, text=demand.text,
        )  # fmt: skip
    fact = TargetWithdrawn(target=id, on=command.on, reason=command.reason, evidence=list(command.evidence))
    return [Fact(fact, command.on)]


def require_issued(target: Target, code: str) -> str:
    """The id of the target at a command's address. TargetUnknown."""
    if target.id is None:
        raise TargetUnknown(target=code)
    return target.id


def require_in_force(target: Target, day: date, pointer: str) -> None:
    """DateBeforeTarget for a date before the target's first day, TargetIsWithdrawn for one after its last."""
    if day < target.effective_on:
        raise at(DateBeforeTarget, pointer, effective_on=target.effective_on, date=day)
    if target.withdrawn_on is not None and day >= target.withdrawn_on:
        raise at(TargetIsWithdrawn, pointer, withdrawn_on=target.withdrawn_on, date=day)


def _require_not_negative(quantity: str | None, pointer: str) -> None:
    if quantity is not None and parse(quantity) < 0:
        raise at(NegativeNotAllowed, pointer, value=quantity)


def evolve_target(target: Target, fact: Shape) -> Target:
    """Remember."""
    match fact:
        case TargetIssued():
            return replace(
                target, id=fact.target, indicator=fact.indicator or None, kind=fact.kind, direction=fact.direction,
                effective_on=fact.effective_on,
            )  # fmt: skip
        case TargetWithdrawn():
            return replace(target, withdrawn_on=fact.on)
        case _:
            return target
