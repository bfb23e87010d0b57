"""Assignments of a target to units, and their hand-over from one unit to another."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from services.targets.api.asking import page_of, unit_that_stands
from services.targets.api.shapes import OFFICE, SEES_TARGETS, Body, CodeStr, TargetCode, UnitCode, example
from services.targets.api.targets import AssignmentShown, parts_in_scope, standing_target
from services.targets.assignment import AssignTarget, HandOver, assign_target, assignments_stream, hand_over
from services.targets.errors import (
    AssignmentUnknown,
    CompanyOnlyCoordinates,
    CoordinationTakesNoPart,
    DateBeforeTarget,
    DateOutsideYear,
    LeadIsTaken,
    SuccessorIsTheSame,
    TargetValueIsNegative,
    TargetValueIsZero,
    UnitHasPartAlready,
    UnitIsNotValid,
    UnitIsUnknown,
)
from services.targets.target import target_stream
from services.targets.unit import unit_stream
from services.targets.year import while_allowed
from shared.admission.errors import TargetUnknown, YearDoesNotAllow
from shared.contracts.targets import AssignmentHandedOver, AssignmentMade, AssignmentRole
from shared.event_log.ids import uuid7
from shared.http.answers import asking, commanded
from shared.http.asking import AskedDep, View
from shared.http.fields import QuantityStr, StrictDate
from shared.http.ordering import OrderingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt

router = APIRouter(
    prefix="/v1/jurisdictions/{jurisdiction}/years/{year}/targets/{target}/assignments", tags=["targets"]
)


class AssignmentBody(Body):
    """A part for a unit (its code). `value` is in the unit of measure of the target's first measure."""

    model_config = example({"unit": "transport", "role": "lead", "value": "60", "valid_from": "2009-01-01"})

    unit: CodeStr
    role: AssignmentRole
    value: QuantityStr | None = None
    valid_from: StrictDate


class HandOverBody(Body):
    """The unit's part ends the day before `on`; `successor` (a code) has it from that day, with role and value.

    `carries_levels` says whether the year-to-date levels reported until then go on counting.
    """

    model_config = example({"successor": "road-administration", "on": "2009-07-01", "carries_levels": True})

    successor: CodeStr
    on: StrictDate
    carries_levels: bool


class AssignmentList(BaseModel):
    """The parts of a target, ended ones included, by first day."""

    items: list[AssignmentShown]
    next_cursor: str | None
    pin: StandsAt


@router.post(
    "",
    status_code=201,
    responses=commanded(
        TargetUnknown,
        YearDoesNotAllow,
        UnitIsUnknown,
        UnitIsNotValid,
        UnitHasPartAlready,
        LeadIsTaken,
        CompanyOnlyCoordinates,
        CoordinationTakesNoPart,
        TargetValueIsZero,
        TargetValueIsNegative,
        DateOutsideYear,
        DateBeforeTarget,
    ),
)
async def assign_year_target(
    year: YearNumber, target: TargetCode, body: AssignmentBody, ordering: OrderingDep
) -> Recorded:
    """Give a part of a target to a unit. The assessment office only."""
    role = ordering.permit_whole(*OFFICE)
    command = AssignTarget(uuid7(), year, target, body.unit, body.role, body.value, body.valid_from)
    done = await ordering.execute(
        role,
        assignments_stream(year, target),
        while_allowed(
            "plan",
            year,
            lambda parts, look: assign_target(
                command, parts, target=look.at(target_stream(year, target)), unit=unit_that_stands(look, body.unit)
            ),
        ),
    )
    fact = done.facts[0]
    assert isinstance(fact, AssignmentMade)
    return ordering.recorded(fact.assignment, done)


@router.post(
    "/{unit}/hand-overs",
    status_code=201,
    responses=commanded(
        TargetUnknown,
        YearDoesNotAllow,
        AssignmentUnknown,
        SuccessorIsTheSame,
        UnitIsUnknown,
        UnitIsNotValid,
        UnitHasPartAlready,
        CompanyOnlyCoordinates,
        DateOutsideYear,
    ),
)
async def hand_over_assignment(
    year: YearNumber, target: TargetCode, unit: UnitCode, body: HandOverBody, ordering: OrderingDep
) -> Recorded:
    """Hand a unit's part over to another unit on a date; answers with the new part's id. The office only."""
    role = ordering.permit_whole(*OFFICE)
    command = HandOver(uuid7(), year, target, unit, body.successor, body.on, body.carries_levels)
    done = await ordering.execute(
        role,
        assignments_stream(year, target),
        while_allowed(
            "plan",
            year,
            lambda parts, look: hand_over(
                command,
                parts,
                target=look.at(target_stream(year, target)),
                unit=look.at(unit_stream(unit)),
                successor=unit_that_stands(look, body.successor),
            ),
        ),
    )
    fact = done.facts[0]
    assert isinstance(fact, AssignmentHandedOver)
    return ordering.recorded(fact.successor, done)


@router.get("", responses=asking(TargetUnknown, CursorInvalid))
def list_assignments(year: YearNumber, target: TargetCode, asked: AskedDep, page: Page) -> AssignmentList:
    """The parts of a target that lie within your scope, with the days on which they are valid."""
    asked.permit(*SEES_TARGETS)

    def found(view: View) -> list[tuple[tuple[str, str], AssignmentShown]]:
        id, _ = standing_target(view, year, target)
        parts = parts_in_scope(id, view, asked)
        if parts is None:
            raise TargetUnknown(target=target)
        return [((part.valid_from.isoformat(), part.id), part) for part in parts]

    items, cursor, pin = page_of(asked, page, f"assignments {year} {target}", found)
    return AssignmentList(items=items, next_cursor=cursor, pin=pin)
