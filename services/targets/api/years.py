"""Assessment years: opened, and moved from state to state."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.targets.api.asking import page_of, stream_version
from services.targets.api.shapes import OFFICE, Body, ReasonStr, example
from services.targets.errors.years import (
    ReopeningNeedsReason,
    TablesAreNotIssued,
    YearCannotMove,
    YearIsOpenAlready,
    YearUnknown,
)
from services.targets.year import DRAFT, MoveYear, moving, open_year, standing_stream, year_stream
from shared.admission.errors import YearIsNotOpen
from shared.contracts.targets import TimeProgress
from shared.http.answers import asking, changed, commanded
from shared.http.asking import AskedDep, View
from shared.http.ordering import ChangingDep, OrderingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt, stands_at
from shared.http.preconditions import etag
from shared.registry import Registry
from shared.year_states import ALLOWED, YearState, allows, following

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years", tags=["targets"])


class YearBody(Body):
    """An assessment year and how the time that has passed of it is counted."""

    model_config = example({"year": 2009, "time_progress": "by_month"})

    year: Annotated[int, Field(strict=True, ge=1990, le=2100, examples=[2009])]
    time_progress: TimeProgress = Field("by_month", description="Whole months, or days, over those of the year.")


class YearMoveBody(Body):
    """The state the year moves to: the next one, or an earlier one with a reason."""

    model_config = example({"state": "running"})

    state: YearState
    reason: ReasonStr | None = None


class YearShown(BaseModel):
    """An assessment year, its rules and its state. `moved_at` is the position of the fact that moved it there.

    While it is null the year was never moved: a draft that takes everything.
    """

    year: int
    time_progress: TimeProgress
    state: YearState
    moved_at: int | None


class YearList(BaseModel):
    """Years that have been opened, earliest first."""

    items: list[YearShown]
    next_cursor: str | None
    pin: StandsAt


class YearAnswer(BaseModel):
    """One assessment year; `targets` and `locked_months` as they stand at `as_of`.

    `allowed` is what its state allows to be done to it, `next` the state that follows, null after the last.
    """

    year: YearShown
    targets: int
    locked_months: list[int]
    allowed: list[str]
    next: YearState | None
    pin: StandsAt


@router.post("", status_code=201, responses=commanded(YearIsOpenAlready))
async def create_year(body: YearBody, ordering: OrderingDep) -> Recorded:
    """Open an assessment year. The assessment office only."""
    role = ordering.permit_whole(*OFFICE)
    done = await ordering.execute(
        role, year_stream(body.year), lambda is_open, _: open_year(body.year, body.time_progress, is_open)
    )
    return ordering.recorded(str(body.year), done)


@router.post(
    "/{year}/moves",
    status_code=201,
    responses=changed(YearIsNotOpen, YearCannotMove, ReopeningNeedsReason, TablesAreNotIssued),
)
async def move_assessment_year(year: YearNumber, body: YearMoveBody, ordering: ChangingDep) -> Recorded:
    """Move a year on by one state, or back with a reason. The assessment office only; needs the year's ETag."""
    role = ordering.permit_whole(*OFFICE)
    command = MoveYear(year, body.state, body.reason)
    done = await ordering.execute(role, standing_stream(year), moving(command))
    return ordering.recorded(str(year), done)


@router.get("", responses=asking(CursorInvalid))
def list_years(asked: AskedDep, page: Page) -> YearList:
    """The years that have been opened, whichever date is asked about."""

    def found(view: View) -> list[tuple[tuple[int], YearShown]]:
        years = view.registry.years
        return [((int(id),), _shown(id, view.registry)) for id in years]

    items, cursor, pin = page_of(asked, page, "years", found)
    return YearList(items=items, next_cursor=cursor, pin=pin)


@router.get("/{year}", responses=asking(YearUnknown))
def get_year(year: YearNumber, asked: AskedDep) -> YearAnswer:
    """One assessment year: its rules and state, how many targets stand, which months are locked for all of them.

    The ETag is what a move, and the issue of its target tables, must match.
    """
    with asked.view() as view:
        registry = view.registry
        if str(year) not in registry.years:
            raise YearUnknown(year=year)
        standing = [target for _, target in registry.targets_on(view.standpoint.as_of) if target.year == year]
        asked.response.headers["ETag"] = etag(stream_version(view, standing_stream(year).name))
        state = registry.years.latest(str(year)).state
        return YearAnswer(
            year=_shown(str(year), registry),
            targets=len(standing),
            locked_months=[month for month in range(1, 13) if registry.locked(year, month, None)],
            allowed=[act for act in ALLOWED if allows(state, act)],
            next=following(state or DRAFT),
            pin=stands_at(view.standpoint),
        )


def _shown(id: str, registry: Registry) -> YearShown:
    year = registry.years.latest(id)
    return YearShown(
        year=int(id), time_progress=year.time_progress, state=year.state or DRAFT,
        moved_at=registry.years.position(id) if year.state is not None else None,
    )  # fmt: skip
