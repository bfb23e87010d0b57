"""Who has not reported for a month."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.evaluation.errors import MonthNotBegun, YearIsUnknown
from services.evaluation.read_models.levels import levels
from services.evaluation.read_models.unreported import unreported
from shared.http.answers import asking
from shared.http.asking import AskedDep
from shared.http.fields import WholeNumber
from shared.http.ordering import YearNumber
from shared.http.pins import StandsAt, stands_at

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}", tags=["evaluation"])


class Missing(BaseModel):
    """A part of a target, or a project, without a current entry in the month."""

    kind: Literal["target", "project"]
    code: str
    part: str = Field(description="The id of the assignment, or of the project.")


class UnitCoverage(BaseModel):
    """How many of a unit's parts and projects have reported, and which have not."""

    unit: str
    reported: int
    of: int
    coverage: str = Field(examples=["5 of 6"])
    missing: list[Missing]


class UnreportedAnswer(BaseModel):
    """Unit by unit, in order of their codes; units that owe nothing are left out."""

    year: int
    month: int
    reported: int
    of: int
    coverage: str
    units: list[UnitCoverage]
    pin: StandsAt


@router.get("/unreported", responses=asking(YearIsUnknown, MonthNotBegun))
def list_unreported(
    year: YearNumber,
    asked: AskedDep,
    month: Annotated[WholeNumber, Query(ge=1, le=12, description="Month of the year.", examples=[8])],
) -> UnreportedAnswer:
    """Parts of targets and projects without a current entry dated in a month, unit by unit, on both axes.

    Asked are those that stand at the month's end and report themselves; entries count up to `as_of`. Not reported is
    not zero: a returned or withdrawn entry counts as missing. Units see their own scope.
    """
    asked.permit("office", "leader", "auditor", "inspector", "certifier", "unit", "county_system")
    with asked.view() as view:
        at, registry = view.standpoint, view.registry
        if str(year) not in registry.years:
            raise YearIsUnknown(year=year)
        if date(year, month, 1) > at.as_of:
            raise MonthNotBegun(faults=[MonthNotBegun().fault("/query/month")], as_of=at.as_of.isoformat())
        known = levels(view.db, view.tables, at.log, at.position)
        found = unreported(registry, known, year, month, at.as_of, asked.units(registry))
    reported, owed = sum(unit.reported for unit in found), sum(unit.owed for unit in found)
    return UnreportedAnswer(
        year=year, month=month, reported=reported, of=owed, coverage=f"{reported} of {owed}",
        units=[
            UnitCoverage(
                unit=registry.units.first(unit.unit).code, reported=unit.reported, of=unit.owed,
                coverage=f"{unit.reported} of {unit.owed}",
                missing=[Missing(kind=owed.kind, code=owed.code, part=owed.series.part) for owed in unit.missing],
            )
            for unit in found
        ],
        pin=stands_at(at),
    )  # fmt: skip
