"""Assignments of a target to units, and their hand-over from one unit to another."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.targets.api.asking import page_of, stream_version, unit_that_stands
from services.targets.api.decompositions import read_tree
from services.targets.api.shapes import OFFICE, SEES_TARGETS, Body, CodeStr, ReasonStr, TargetCode, UnitCode, example
from services.targets.api.targets import AssignmentShown, parts_in_scope, standing_target
from services.targets.assignment import (
    AssignTarget,
    HandOver,
    Opening,
    assign_target,
    assignments_stream,
    hand_over,
)
from services.targets.decomposition import aim_stream
from services.targets.errors.organisation import UnitIsNotValid, UnitIsUnknown
from services.targets.errors.parts import (
    AssignmentUnknown,
    CarriedTwice,
    CarriesWhatStays,
    CompanyOnlyCoordinates,
    CoordinationTakesNoPart,
    LeadIsLost,
    LeadIsTaken,
    LevelsNotAddedUp,
    PartHasPartsBelow,
    ReserveNeedsReason,
    SuccessorIsTheSame,
    SuccessorsNotClear,
    SumTooLarge,
    UnitHasPartAlready,
    UnitIsNotBelow,
    UnitNamedTwice,
    ValueIsExceeded,
    ValueIsLost,
    ValuesNotAddedUp,
    WholesDiffer,
)
from services.targets.errors.targets import (
    DateBeforeTarget,
    NegativeNotAllowed,
    TargetValueIsNegative,
    TargetValueIsZero,
)
from services.targets.errors.years import DateOutsideYear
from services.targets.target import target_stream
from services.targets.year import while_allowed
from shared.admission.errors import TargetUnknown, YearDoesNotAllow
from shared.contracts.decomposition import MOST_PARTS, AssignmentHandedOver
from shared.contracts.targets import AssignmentMade, AssignmentRole
from shared.event_log.ids import uuid7
from shared.http.answers import asking, changed, commanded
from shared.http.asking import AskedDep, View
from shared.http.fields import QuantityStr, StrictDate
from shared.http.ordering import AddingDep, ChangingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt
from shared.http.preconditions import IfMatchInvalid, etag

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


class SuccessorBody(Body):
    """One of several successors. `carries` are units whose parts end here and whose levels count on in this part."""

    unit: CodeStr
    role: AssignmentRole
    value: QuantityStr | None = None
    carries: Annotated[list[CodeStr], Field(max_length=MOST_PARTS)] = Field(default_factory=list)


class HandOverBody(Body):
    """The unit's part ends the day before `effective_on`, and with it those of the units `together_with` (a merger).

    Either one `successor` (a code) has all of it from that day, with the strongest of their roles and what their
    values come to; `carries_levels` says whether the year-to-date levels reported until then go on counting, those of
    several parts as their sum, until the successor reports itself. Or there are several `successors` (a split), each
    with its own role and value. Less of the value than before takes a `reserve` and a `reason`.
    """

    model_config = example({"successor": "road-administration", "effective_on": "2009-07-01", "carries_levels": True})

    effective_on: StrictDate
    together_with: Annotated[list[CodeStr], Field(max_length=MOST_PARTS - 1)] = Field(default_factory=list)
    successor: CodeStr | None = None
    carries_levels: Annotated[bool, Field(strict=True)] | None = None
    successors: Annotated[list[SuccessorBody], Field(max_length=MOST_PARTS)] = Field(default_factory=list)
    reserve: QuantityStr | None = None
    reason: ReasonStr | None = None

    def command(self, year: int, target: str, unit: str) -> HandOver:
        """SuccessorsNotClear unless there is either one successor or a list of them."""
        ends = (unit, *self.together_with)
        if self.successor is not None and self.carries_levels is not None and not self.successors:
            opens = [Opening(uuid7(), self.successor, ends if self.carries_levels else ())]
        elif self.successor is None and self.carries_levels is None and self.successors:
            opens = [
                Opening(uuid7(), each.unit, tuple(each.carries), each.role, each.value, f"/successors/{at}")
                for at, each in enumerate(self.successors)
            ]
        else:
            raise SuccessorsNotClear(faults=[SuccessorsNotClear().fault("/successor")])
        return HandOver(year, target, ends, tuple(opens), self.effective_on, self.reserve, self.reason)


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
        IfMatchInvalid,
    ),
)
async def assign_year_target(
    year: YearNumber, target: TargetCode, body: AssignmentBody, ordering: AddingDep
) -> Recorded:
    """Give a part of a target to a unit. The assessment office only.

    It adds to the parts there are, so it needs no If-Match; one with the ETag of their list is heeded.
    """
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
    responses=changed(
        TargetUnknown,
        YearDoesNotAllow,
        AssignmentUnknown,
        SuccessorsNotClear,
        SuccessorIsTheSame,
        UnitNamedTwice,
        UnitIsUnknown,
        UnitIsNotValid,
        UnitHasPartAlready,
        LeadIsTaken,
        LeadIsLost,
        CompanyOnlyCoordinates,
        CoordinationTakesNoPart,
        TargetValueIsZero,
        TargetValueIsNegative,
        SumTooLarge,
        ValuesNotAddedUp,
        CarriesWhatStays,
        CarriedTwice,
        LevelsNotAddedUp,
        ValueIsLost,
        ValueIsExceeded,
        NegativeNotAllowed,
        ReserveNeedsReason,
        WholesDiffer,
        PartHasPartsBelow,
        UnitIsNotBelow,
        DateOutsideYear,
    ),
)
async def hand_over_assignment(
    year: YearNumber, target: TargetCode, unit: UnitCode, body: HandOverBody, ordering: ChangingDep
) -> Recorded:
    """Hand a unit's part over on a date: to another unit, merged with others, or split. The office only.

    Answers with the first new part's id. Needs the ETag of the target's list of assignments.
    """
    role = ordering.permit_whole(*OFFICE)
    command = body.command(year, target, unit)
    tree = await read_tree(ordering, body.effective_on)
    done = await ordering.execute(
        role,
        assignments_stream(year, target),
        while_allowed(
            "plan",
            year,
            lambda parts, look: hand_over(
                command,
                parts,
                aim=look.at(aim_stream(year, target)),
                units={code: unit_that_stands(look, code) for code in command.units()},
                under=tree.under,
            ),
        ),
        basis=tree.position,
    )
    fact = done.facts[0]
    assert isinstance(fact, AssignmentHandedOver)
    return ordering.recorded(fact.opens[0].assignment, done)


@router.get("", responses=asking(TargetUnknown, CursorInvalid))
def list_assignments(year: YearNumber, target: TargetCode, asked: AskedDep, page: Page) -> AssignmentList:
    """The parts of a target that lie within your scope, with the days on which they are valid.

    The ETag is what a hand-over must match, and an assignment or a part of a part may be made to.
    """
    asked.permit(*SEES_TARGETS)

    def found(view: View) -> list[tuple[tuple[str, str], AssignmentShown]]:
        id, _ = standing_target(view, year, target)
        parts = parts_in_scope(id, view, asked.units(view.registry))
        if parts is None:
            raise TargetUnknown(target=target)
        asked.response.headers["ETag"] = etag(stream_version(view, assignments_stream(year, target).name))
        return [((part.valid_from.isoformat(), part.id), part) for part in parts]

    items, cursor, pin = page_of(asked, page, f"assignments {year} {target}", found)
    return AssignmentList(items=items, next_cursor=cursor, pin=pin)
