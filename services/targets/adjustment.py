"""Adjustment requests (调整申请): a unit asks, the assessment office reviews, a leader decides.

Requests lie in the target's own stream, so whoever decides has seen everything that was asked of the target, and an
approval and the adjustment that it makes are one decision. Who decides is a matter of roles (api/adjustments.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from services.targets.alignment import Floor
from services.targets.assignment import Parts
from services.targets.errors.adjustments import (
    AdjustmentRequestUnknown,
    CutOffHasPassed,
    RequestIsDecided,
    RequestIsNotReviewed,
    UnitHasNoPart,
)
from services.targets.target import AdjustTarget, Target, adjust_target, evolve_target, stream_name
from services.targets.year import require_open, require_within
from shared.contracts.shapes import Shape
from shared.contracts.targets import (
    AdjustmentApproved,
    AdjustmentCutOffSet,
    AdjustmentRefused,
    AdjustmentRequested,
    AdjustmentReviewed,
    AdjustmentStatus,
)
from shared.deciding import Fact, Stream
from shared.quantities import canonical_text


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, and how far it has come."""

    value: str
    effective_on: date
    reason: str
    status: AdjustmentStatus = "submitted"


@dataclass(frozen=True, slots=True)
class Requests:
    """A target, and all that was ever asked about it, by request id."""

    target: Target = field(default_factory=Target)
    requests: Mapping[str, Request] = field(default_factory=dict)


def requests_stream(year: int, target: str) -> Stream[Requests]:
    """The target's stream, with its requests remembered."""
    return Stream(stream_name(year, target), Requests(), evolve)


@dataclass(frozen=True, slots=True)
class RequestAdjustment:
    """`request` is the new id; `unit` the code of the unit that asks; `evidence` sha256 in hex."""

    request: str
    year: int
    target: str
    unit: str
    value: str
    effective_on: date
    reason: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is said about one request: a review, an approval or a refusal."""

    year: int
    target: str
    request: str
    reason: str = ""


def request_adjustment(
    command: RequestAdjustment,
    requests: Requests,
    *,
    unit: str | None,
    parts: Parts,
    cut_off: date | None,
    today: date,
    floor: Floor | None,
) -> list[Fact]:
    """UnitHasNoPart unless `unit` (its id) answers for a part today; CutOffHasPassed; what an adjustment refuses."""
    if unit is None or not any(p.unit == unit and p.valid_from <= today and p.stands_from(today) for p in parts.parts):
        raise UnitHasNoPart(unit=command.unit, faults=[UnitHasNoPart().fault("/unit")])
    if cut_off is not None and today > cut_off:
        raise CutOffHasPassed(cut_off=cut_off, today=today)
    asked = AdjustTarget(command.year, command.target, command.value, command.effective_on, command.reason)
    adjust_target(asked, requests.target, floor=floor)  # what could never be approved is refused at once
    assert requests.target.id is not None
    fact = AdjustmentRequested(
        request=command.request, target=requests.target.id, unit=unit, value=canonical_text(command.value),
        effective_on=command.effective_on, reason=command.reason, evidence=list(command.evidence),
    )  # fmt: skip
    return [Fact(fact, command.effective_on)]


def review_adjustment(command: Decision, requests: Requests, *, recommended: bool) -> list[Fact]:
    """A request may be reviewed again as long as it is not decided: the last review counts."""
    _undecided(command, requests)
    return [Fact(AdjustmentReviewed(request=command.request, recommended=recommended, reason=command.reason))]


def approve_adjustment(command: Decision, requests: Requests, *, floor: Floor | None) -> list[Fact]:
    """RequestIsNotReviewed; and what an adjustment refuses, for the target may have changed since it was asked."""
    asked = _reviewed(command, requests)
    adjustment = AdjustTarget(command.year, command.target, asked.value, asked.effective_on, asked.reason)
    return [
        Fact(AdjustmentApproved(request=command.request)),
        *adjust_target(adjustment, requests.target, floor=floor),
    ]


def refuse_adjustment(command: Decision, requests: Requests) -> list[Fact]:
    """RequestIsNotReviewed."""
    _reviewed(command, requests)
    return [Fact(AdjustmentRefused(request=command.request, reason=command.reason))]


def cut_off_stream(year: int) -> Stream[date | None]:
    """The year's cut-off for requests; None while none is set."""
    return Stream(f"adjustment-cut-off:{year}", None, _cut_off)


def set_cut_off(year: int, on: date, cut_off: date | None, *, year_open: bool) -> list[Fact]:
    """It may be set again, earlier or later: every answer says which one stood then."""
    require_open(year, year_open)
    require_within(year, on, "/last_on")
    return [Fact(AdjustmentCutOffSet(year=year, on=on))] if on != cut_off else []


def _cut_off(cut_off: date | None, fact: Shape) -> date | None:
    return fact.on if isinstance(fact, AdjustmentCutOffSet) else cut_off


def _undecided(command: Decision, requests: Requests) -> Request:
    request = requests.requests.get(command.request)
    if request is None:
        raise AdjustmentRequestUnknown(request=command.request)
    if request.status in ("approved", "refused"):
        raise RequestIsDecided(request=command.request, status=request.status)
    return request


def _reviewed(command: Decision, requests: Requests) -> Request:
    request = _undecided(command, requests)
    if request.status != "reviewed":
        raise RequestIsNotReviewed(request=command.request)
    return request


def evolve(requests: Requests, fact: Shape) -> Requests:
    """Remember."""
    target, known = evolve_target(requests.target, fact), requests.requests
    match fact:
        case AdjustmentRequested():
            asked = Request(fact.value, fact.effective_on, fact.reason)
            return Requests(target, {**known, fact.request: asked})
        case AdjustmentReviewed():
            return Requests(target, {**known, fact.request: replace(known[fact.request], status="reviewed")})
        case AdjustmentApproved():
            return Requests(target, {**known, fact.request: replace(known[fact.request], status="approved")})
        case AdjustmentRefused():
            return Requests(target, {**known, fact.request: replace(known[fact.request], status="refused")})
        case _:
            return Requests(target, known)
