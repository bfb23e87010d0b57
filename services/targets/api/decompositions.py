"""Parts of parts, down to towns, and the statement that parts are complete."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter

from services.targets.api.asking import read_to_the_end, require_own, unit_that_stands
from services.targets.api.shapes import OFFICE, Body, CodeStr, ReasonStr, TargetCode, UnitCode, example
from services.targets.assignment import Parts, assignments_stream
from services.targets.breakdown import BreakDown, StateDecomposition, break_down, state_decomposition
from services.targets.decomposition import aim_stream
from services.targets.errors.adjustments import TargetIsWithdrawn, UnitOutOfScope
from services.targets.errors.organisation import UnitIsNotValid
from services.targets.errors.parts import (
    AssignmentUnknown,
    CompanyOnlyCoordinates,
    NothingToBreakDown,
    PartsExceed,
    PartsFallShort,
    PartsNotAddedUp,
    ReserveNeedsReason,
    UnitHasPartAlready,
    UnitIsNotBelow,
)
from services.targets.errors.targets import (
    DateBeforeTarget,
    NegativeNotAllowed,
    TargetValueIsNegative,
    TargetValueIsZero,
)
from services.targets.errors.years import DateOutsideYear
from services.targets.target import target_stream
from services.targets.unit import unit_stream
from services.targets.year import while_allowed
from shared.admission.errors import TargetUnknown, YearDoesNotAllow
from shared.contracts.targets import AssignmentMade
from shared.deciding import Decide
from shared.event_log.ids import uuid7
from shared.http.answers import changed, commanded
from shared.http.asking import View
from shared.http.fields import QuantityStr, StrictDate
from shared.http.ordering import AddingDep, ChangingDep, Ordering, Recorded, YearNumber
from shared.http.preconditions import IfMatchInvalid

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}/targets/{target}", tags=["targets"])


class PartBody(Body):
    """A part of a unit's part, for a unit below it. `value` is in the target's unit of measure."""

    model_config = example({"unit": "yunhu-town", "value": "12", "valid_from": "2009-01-01"})

    unit: CodeStr
    value: QuantityStr
    valid_from: StrictDate


class DecompositionBody(Body):
    """That on this day the parts are complete: with what is held in `reserve` they come to the whole."""

    model_config = example({"stated_on": "2009-02-15", "reserve": "2", "reason": "机动指标"})

    stated_on: StrictDate
    reserve: QuantityStr | None = None
    reason: ReasonStr | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """The tree of units on a day, as read at `position`, which goes into the decided facts as their basis."""

    position: int
    beneath: Mapping[str, Set[str]]
    """The ids of the units directly below each."""

    def under(self, unit: str) -> Set[str]:
        """The ids of all units below this one, itself left out."""
        found: set[str] = set()
        next_ones = set(self.beneath.get(unit, ()))
        while next_ones:
            found |= next_ones
            next_ones = {id for one in next_ones for id in self.beneath.get(one, ())} - found
        return found - {unit}


async def read_tree(ordering: Ordering, day: date) -> Tree:
    """The tree as the log has it by now: a unit registered just before is in it. NotYetRead."""
    return await read_to_the_end(ordering, lambda view: _tree(view, day))


_IN_FORCE = (TargetUnknown, YearDoesNotAllow, DateOutsideYear, DateBeforeTarget, TargetIsWithdrawn)
_ABOUT_A_PART = (*_IN_FORCE, AssignmentUnknown, UnitOutOfScope, NothingToBreakDown)


@router.post(
    "/assignments/{unit}/parts",
    status_code=201,
    responses=commanded(
        *_ABOUT_A_PART,
        UnitIsNotValid,
        UnitIsNotBelow,
        CompanyOnlyCoordinates,
        UnitHasPartAlready,
        TargetValueIsZero,
        TargetValueIsNegative,
        IfMatchInvalid,
    ),
)
async def break_down_assignment(
    year: YearNumber, target: TargetCode, unit: UnitCode, body: PartBody, ordering: AddingDep
) -> Recorded:
    """Give a part of a unit's part to a unit below it, as a county does to its towns. The unit's assessment office.

    What such parts report is shown beneath the part and never added to its figure. It adds to the parts there are, so
    it needs no If-Match; one with the ETag of the target's list of assignments is heeded.
    """
    role = ordering.permit(*OFFICE)
    tree = await _within_scope(ordering, year, target, unit, body.valid_from)
    command = BreakDown(uuid7(), year, target, unit, body.unit, body.value, body.valid_from)
    done = await ordering.execute(
        role,
        assignments_stream(year, target),
        while_allowed(
            "plan",
            year,
            lambda parts, look: break_down(
                command,
                parts,
                aim=look.at(aim_stream(year, target)),
                target=look.at(target_stream(year, target)),
                above=look.at(unit_stream(unit)),
                unit=unit_that_stands(look, body.unit),
                under=tree.under,
            ),
        ),
        basis=tree.position,
    )
    fact = done.facts[0]
    assert isinstance(fact, AssignmentMade)
    return ordering.recorded(fact.assignment, done)


_STATED = (
    PartsFallShort, PartsExceed, PartsNotAddedUp, NegativeNotAllowed, ReserveNeedsReason,
)  # fmt: skip


@router.post("/decompositions", status_code=201, responses=changed(*_IN_FORCE, *_STATED))
async def state_target_decomposition(
    year: YearNumber, target: TargetCode, body: DecompositionBody, ordering: ChangingDep
) -> Recorded:
    """State that the parts of a target are complete. The assessment office only; needs the ETag of its assignments."""
    role = ordering.permit_whole(*OFFICE)
    command = StateDecomposition(year, target, None, body.stated_on, body.reserve, body.reason)
    done = await ordering.execute(
        role,
        assignments_stream(year, target),
        _stating(command),
    )
    return ordering.recorded(target, done)


@router.post("/assignments/{unit}/decompositions", status_code=201, responses=changed(*_ABOUT_A_PART, *_STATED))
async def state_part_decomposition(
    year: YearNumber, target: TargetCode, unit: UnitCode, body: DecompositionBody, ordering: ChangingDep
) -> Recorded:
    """State that the parts of a unit's part are complete. The unit's office; needs the ETag of the assignments."""
    role = ordering.permit(*OFFICE)
    tree = await _within_scope(ordering, year, target, unit, body.stated_on)
    command = StateDecomposition(year, target, unit, body.stated_on, body.reserve, body.reason)
    done = await ordering.execute(
        role,
        assignments_stream(year, target),
        _stating(command),
        basis=tree.position,
    )
    return ordering.recorded(target, done)


def _stating(command: StateDecomposition) -> Decide[Parts]:
    year, target, unit = command.year, command.target, command.unit
    return while_allowed(
        "plan",
        year,
        lambda parts, look: state_decomposition(
            command,
            parts,
            aim=look.at(aim_stream(year, target)),
            target=look.at(target_stream(year, target)),
            unit=look.at(unit_stream(unit)) if unit is not None else None,
        ),
    )


async def _within_scope(ordering: Ordering, year: int, target: str, unit: str, day: date) -> Tree:
    """The tree of the day; TargetUnknown or UnitOutOfScope for what is not the caller's to break down on it."""

    def found(view: View) -> Tree:
        require_own(ordering, view.registry, year, target, unit, day)
        return _tree(view, day)

    return await read_to_the_end(ordering, found)


def _tree(view: View, day: date) -> Tree:
    beneath: dict[str, set[str]] = {}
    for id, unit in view.registry.units.on(day):
        if unit.parent is not None:
            beneath.setdefault(unit.parent, set()).add(id)
    return Tree(view.standpoint.position, beneath)
