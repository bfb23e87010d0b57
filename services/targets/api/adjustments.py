"""Adjustments of targets on request: a unit asks, the office reviews, a leader decides; and the year's cut-off date."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from services.targets.adjustment import (
    Decision,
    RequestAdjustment,
    approve_adjustment,
    cut_off_stream,
    refuse_adjustment,
    request_adjustment,
    requests_stream,
    review_adjustment,
    set_cut_off,
)
from services.targets.api.asking import page_of, read_to_the_end, require_own, stream_version
from services.targets.api.decomposed import ADJUSTED_LATER, Adjusted, adjusted
from services.targets.api.floors import Read, floor_in
from services.targets.api.shapes import (
    OFFICE,
    SEES_TARGETS,
    Body,
    CodeStr,
    ReasonStr,
    Sha256Str,
    TargetCode,
    example,
)
from services.targets.assignment import assignments_stream
from services.targets.errors.adjustments import (
    AdjustmentRequestUnknown,
    BelowProvince,
    CutOffHasPassed,
    RequestIsDecided,
    RequestIsNotReviewed,
    TargetIsWithdrawn,
    UnitHasNoPart,
    UnitOutOfScope,
)
from services.targets.errors.kinds import ValueIsNotHundred
from services.targets.errors.targets import DateBeforeTarget, TargetValueIsNegative, TargetValueIsZero
from services.targets.errors.years import DateOutsideYear
from services.targets.unit import unit_stream
from services.targets.year import while_allowed, year_stream
from shared.admission.errors import TargetUnknown, YearDoesNotAllow, YearIsNotOpen
from shared.contracts.targets import AdjustmentRequested, AdjustmentStatus
from shared.event_log.ids import uuid7
from shared.http.answers import asking, changed, commanded
from shared.http.asking import Asked, AskedDep, View
from shared.http.fields import Flag, QuantityStr, StrictDate
from shared.http.ordering import ChangingDep, Ordering, OrderingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt, stands_at
from shared.http.preconditions import etag
from shared.registry import ALWAYS, Registry, rows

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}", tags=["targets"])

ASKS = ("unit", "office")
DECIDES = ("leader",)

RequestId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="Id of the adjustment request.")]


class CutOffBody(Body):
    """The last day on which adjustments can be requested."""

    model_config = example({"last_on": "2009-09-30"})

    last_on: StrictDate


class CutOffAnswer(BaseModel):
    """The year's cut-off for adjustment requests; null while none is set."""

    last_on: date | None
    pin: StandsAt


class RequestBody(Body):
    """What a unit asks: another value of the whole target from `effective_on`, in the target's unit of measure.

    `evidence`: sha256 of documents, in hex, that the office holds.
    """

    model_config = example(
        {"unit": "transport", "value": "52", "effective_on": "2009-07-01", "reason": "洪灾影响施工", "evidence": []}
    )

    unit: CodeStr
    value: QuantityStr
    effective_on: StrictDate
    reason: ReasonStr
    evidence: list[Sha256Str] = Field(default_factory=list, max_length=20)


class ReviewBody(Body):
    """What the assessment office says of it."""

    model_config = example({"recommended": True, "reason": "情况属实"})

    recommended: Annotated[bool, Field(strict=True)]
    reason: ReasonStr


class RefusalBody(Body):
    """Why a request is refused."""

    model_config = example({"reason": "理由不充分"})

    reason: ReasonStr


class RequestShown(BaseModel):
    """A request as it stands. `position` is that of the fact that brought it to this status.

    `review` and `recommended` are the office's, `refusal` the leader's reason.
    """

    id: str
    target: str
    unit: str
    value: str
    effective_on: date
    reason: str
    evidence: list[str]
    status: AdjustmentStatus
    recommended: bool | None
    review: str | None
    refusal: str | None
    position: int


class RequestList(BaseModel):
    """Adjustment requests, oldest first."""

    items: list[RequestShown]
    next_cursor: str | None
    pin: StandsAt


class RequestAnswer(BaseModel):
    """One adjustment request."""

    request: RequestShown
    pin: StandsAt


_ADJUSTS = (
    TargetUnknown, TargetValueIsZero, TargetValueIsNegative, ValueIsNotHundred, DateOutsideYear, DateBeforeTarget,
    TargetIsWithdrawn, BelowProvince, YearDoesNotAllow,
)  # fmt: skip
_DECIDED = (TargetUnknown, AdjustmentRequestUnknown, RequestIsDecided)


@router.post("/adjustment-cut-off", status_code=201, responses=changed(YearIsNotOpen, DateOutsideYear))
async def set_adjustment_cut_off(year: YearNumber, body: CutOffBody, ordering: ChangingDep) -> Recorded:
    """Set the last day on which adjustments of the year's targets can be requested.

    The assessment office only; needs the ETag of the cut-off.
    """
    role = ordering.permit_whole(*OFFICE)
    done = await ordering.execute(
        role, cut_off_stream(year),
        lambda cut_off, look: set_cut_off(year, body.last_on, cut_off, year_open=look.at(year_stream(year))),
    )  # fmt: skip
    return ordering.recorded(str(year), done)


@router.get("/adjustment-cut-off", responses=asking())
def get_adjustment_cut_off(year: YearNumber, asked: AskedDep) -> CutOffAnswer:
    """Until when adjustments of the year's targets can be requested; the ETag is what another date must match."""
    asked.permit(*SEES_TARGETS, "admin")
    with asked.view() as view:
        row = view.registry.cut_offs.get(str(year), ALWAYS)
        asked.response.headers["ETag"] = etag(stream_version(view, cut_off_stream(year).name))
        return CutOffAnswer(last_on=row.on if row else None, pin=stands_at(view.standpoint))


@router.post(
    "/targets/{target}/adjustment-requests",
    status_code=201,
    responses=commanded(*_ADJUSTS, UnitOutOfScope, UnitHasNoPart, CutOffHasPassed),
)
async def request_target_adjustment(
    year: YearNumber, target: TargetCode, body: RequestBody, ordering: OrderingDep
) -> Recorded:
    """Ask for another value of a target, as a unit that answers for a part of it. Decided by a leader, after review."""
    role = ordering.permit(*ASKS)
    now = await read_to_the_end(ordering, lambda view: _read(view, ordering, year, target, body.unit))
    command = RequestAdjustment(
        uuid7(), year, target, body.unit, body.value, body.effective_on, body.reason, tuple(body.evidence)
    )
    done = await ordering.execute(
        role,
        requests_stream(year, target),
        while_allowed("adjust", year, lambda requests, look: request_adjustment(
            command, requests, unit=look.at(unit_stream(body.unit)).id,
            parts=look.at(assignments_stream(year, target)), cut_off=look.at(cut_off_stream(year)),
            today=now.today, floor=now.floor,
        )),
        basis=now.position,
    )  # fmt: skip
    fact = done.facts[0]
    assert isinstance(fact, AdjustmentRequested)
    return ordering.recorded(fact.request, done)


@router.post("/targets/{target}/adjustment-requests/{request}/reviews", status_code=201, responses=changed(*_DECIDED))
async def review_target_adjustment(
    year: YearNumber, target: TargetCode, request: RequestId, body: ReviewBody, ordering: ChangingDep
) -> Recorded:
    """Review a request; again, as long as it is not decided. The assessment office only; needs the target's ETag."""
    role = ordering.permit_whole(*OFFICE)
    command = Decision(year, target, request, body.reason)
    done = await ordering.execute(
        role,
        requests_stream(year, target),
        lambda requests, _: review_adjustment(command, requests, recommended=body.recommended),
    )
    return ordering.recorded(request, done)


@router.post(
    "/targets/{target}/adjustment-requests/{request}/approvals",
    status_code=201,
    responses={**changed(*_ADJUSTS, *_DECIDED[1:], RequestIsNotReviewed), **ADJUSTED_LATER},
)
async def approve_target_adjustment(
    year: YearNumber, target: TargetCode, request: RequestId, ordering: ChangingDep
) -> Adjusted:
    """Approve a reviewed request: the target is adjusted, its parts stay, and the answer says what they come to.

    Leaders only; needs the target's ETag.
    """
    role = ordering.permit_whole(*DECIDES)
    now = await read_to_the_end(ordering, lambda view: floor_in(view, year, target))
    command = Decision(year, target, request)
    done = await ordering.execute(
        role,
        requests_stream(year, target),
        while_allowed("adjust", year, lambda requests, _: approve_adjustment(command, requests, floor=now.floor)),
        basis=now.position,
    )
    return await adjusted(ordering, request, done, year, target)


@router.post(
    "/targets/{target}/adjustment-requests/{request}/refusals",
    status_code=201,
    responses=changed(*_DECIDED, RequestIsNotReviewed),
)
async def refuse_target_adjustment(
    year: YearNumber, target: TargetCode, request: RequestId, body: RefusalBody, ordering: ChangingDep
) -> Recorded:
    """Refuse a reviewed request, with a reason. Leaders only; needs the target's ETag."""
    role = ordering.permit_whole(*DECIDES)
    command = Decision(year, target, request, body.reason)
    done = await ordering.execute(
        role, requests_stream(year, target), lambda requests, _: refuse_adjustment(command, requests)
    )
    return ordering.recorded(request, done)


@router.get("/adjustment-requests", responses=asking(CursorInvalid))
def list_adjustment_requests(
    year: YearNumber,
    asked: AskedDep,
    page: Page,
    status: Annotated[AdjustmentStatus | None, Query(description="Only requests that have come this far.")] = None,
    target: Annotated[str | None, Query(description="Only those about the target of this code.")] = None,
    recommended: Annotated[Flag | None, Query(description="Only those the office recommends, or does not.")] = None,
) -> RequestList:
    """The year's adjustment requests by units within your scope, each as it stands."""
    asked.permit(*SEES_TARGETS)

    def found(view: View) -> list[tuple[tuple[str], RequestShown]]:
        wanted = view.registry.target_id(year, target) if target is not None else None
        return [
            ((id,), _shown(id, row, view.registry))
            for id, row in view.registry.adjustments.on(ALWAYS)
            if _is_of(year, row, view.registry)
            and _in_scope(row, view, asked)
            and status in (None, row.status)
            and recommended in (None, row.recommended)
            and (target is None or row.target == wanted)
        ]

    of = f"adjustment-requests {year} {status} {target} {recommended}"
    items, cursor, pin = page_of(asked, page, of, found)
    return RequestList(items=items, next_cursor=cursor, pin=pin)


@router.get("/adjustment-requests/{request}", responses=asking(AdjustmentRequestUnknown))
def get_adjustment_request(year: YearNumber, request: RequestId, asked: AskedDep) -> RequestAnswer:
    """One adjustment request, as it stood at the asked state of knowledge.

    The ETag is its target's, which a review, an approval or a refusal must match.
    """
    asked.permit(*SEES_TARGETS)
    with asked.view() as view:
        row = view.registry.adjustments.get(request, ALWAYS)
        if row is None or not _is_of(year, row, view.registry) or not _in_scope(row, view, asked):
            raise AdjustmentRequestUnknown(request=request)
        stream = requests_stream(year, view.registry.targets.first(row.target).code)
        asked.response.headers["ETag"] = etag(stream_version(view, stream.name))
        return RequestAnswer(request=_shown(request, row, view.registry), pin=stands_at(view.standpoint))


def _read(view: View, ordering: Ordering, year: int, target: str, unit: str) -> Read:
    """The floor; TargetUnknown or UnitOutOfScope for what is not the caller's to speak about."""
    require_own(ordering, view.registry, year, target, unit, view.standpoint.as_of, pointer="/unit")
    return floor_in(view, year, target)


def _is_of(year: int, row: rows.Adjustment, registry: Registry) -> bool:
    return registry.targets.first(row.target).year == year


def _in_scope(row: rows.Adjustment, view: View, asked: Asked) -> bool:
    scope = asked.units(view.registry)
    return scope is None or row.unit in scope


def _shown(id: str, row: rows.Adjustment, registry: Registry) -> RequestShown:
    return RequestShown(
        id=id, target=registry.targets.first(row.target).code, unit=registry.units.latest(row.unit).code,
        value=row.value, effective_on=row.asked_from, reason=row.reason, evidence=list(row.evidence),
        status=row.status, recommended=row.recommended, review=row.review, refusal=row.refusal,
        position=registry.adjustments.position(id),
    )  # fmt: skip
