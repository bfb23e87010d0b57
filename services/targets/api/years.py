"""Assessment years."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.targets.api.asking import page_of
from services.targets.api.shapes import OFFICE, Body, example
from services.targets.errors import YearIsOpenAlready, YearUnknown
from services.targets.year import open_year, year_stream
from shared.contracts.targets import TimeProgress
from shared.http.answers import asking, commanded
from shared.http.asking import AskedDep, View
from shared.http.ordering import OrderingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt, stands_at

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years", tags=["targets"])


class YearBody(Body):
    """An assessment year and how the time that has passed of it is counted."""

    model_config = example({"year": 2009, "time_progress": "by_month"})

    year: Annotated[int, Field(strict=True, ge=1990, le=2100, examples=[2009])]
    time_progress: TimeProgress = Field("by_month", description="Whole months, or days, over those of the year.")


class YearShown(BaseModel):
    """An assessment year and its rules."""

    year: int
    time_progress: TimeProgress


class YearList(BaseModel):
    """Years that have been opened, earliest first."""

    items: list[YearShown]
    next_cursor: str | None
    pin: StandsAt


class YearAnswer(BaseModel):
    """One assessment year; `targets` and `locked_months` as they stand at `as_of`."""

    year: YearShown
    targets: int
    locked_months: list[int]
    pin: StandsAt


@router.post("", status_code=201, responses=commanded(YearIsOpenAlready))
async def create_year(body: YearBody, ordering: OrderingDep) -> Recorded:
    """Open an assessment year. The assessment office only."""
    role = ordering.permit_whole(*OFFICE)
    done = await ordering.execute(
        role, year_stream(body.year), lambda is_open, _: open_year(body.year, body.time_progress, is_open)
    )
    return ordering.recorded(str(body.year), done)


@router.get("", responses=asking(CursorInvalid))
def list_years(asked: AskedDep, page: Page) -> YearList:
    """The years that have been opened, whichever date is asked about."""

    def found(view: View) -> list[tuple[tuple[int], YearShown]]:
        years = view.registry.years
        return [((int(id),), YearShown(year=int(id), time_progress=years.latest(id).time_progress)) for id in years]

    items, cursor, pin = page_of(asked, page, "years", found)
    return YearList(items=items, next_cursor=cursor, pin=pin)


@router.get("/{year}", responses=asking(YearUnknown))
def get_year(year: YearNumber, asked: AskedDep) -> YearAnswer:
    """One assessment year: its rules, how many targets stand, which months are locked for all of them."""
    with asked.view() as view:
        registry = view.registry
        if str(year) not in registry.years:
            raise YearUnknown(year=year)
        standing = [target for _, target in registry.targets_on(view.standpoint.as_of) if target.year == year]
        return YearAnswer(
            year=YearShown(year=year, time_progress=registry.years.latest(str(year)).time_progress),
            targets=len(standing),
            locked_months=[month for month in range(1, 13) if registry.locked(year, month, None)],
            pin=stands_at(view.standpoint),
        )
