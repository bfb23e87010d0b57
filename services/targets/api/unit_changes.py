"""What becomes of units: another name, another place in the tree, an end with or without successors."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from services.targets.api.shapes import ADMIN, Body, CodeStr, ReasonStr, UnitCode, example, label
from services.targets.errors import (
    SuccessorIsTheSame,
    SuccessorStatedTwice,
    UnitEndsBeforeItBegins,
    UnitHasEnded,
    UnitHasUnitsBelow,
    UnitIsNotValid,
    UnitIsUnknown,
    UnitTreeCycle,
    UnitUnknown,
)
from services.targets.unit import STREAMS, RenameUnit, Unit, rename_unit, unit_stream
from services.targets.unit_tree import UNITS, EndUnit, MoveUnit, Units, end_unit, move_unit
from shared.commands import Looking, transaction_of
from shared.contracts.organisation import UnitEnded, UnitMoved, UnitRenamed
from shared.deciding import Fact, Look
from shared.errors import PreconditionMissing
from shared.http.answers import commanded
from shared.http.fields import Label, StrictDate
from shared.http.ordering import ChangingDep, Recorded

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/units/{unit}", tags=["targets"])

ENDS = ("office", "admin")


class NameBody(Body):
    """The unit's name from `on` on, until the next one. Its code stays."""

    model_config = example({"name": {"zh": "市交通运输局"}, "on": "2009-07-01", "reason": "机构改革"})

    name: Label
    on: StrictDate
    reason: ReasonStr


class MoveBody(Body):
    """The unit is below `parent` (a code) from `on` on, until its next move; without `parent`, below none."""

    model_config = example({"parent": "transport", "on": "2009-07-01", "reason": "机构改革"})

    parent: CodeStr | None = None
    on: StrictDate
    reason: ReasonStr


class EndingBody(Body):
    """The unit's last day is the one before `on`; `successors` (codes) inherit what was its own.

    Two units that end with one successor are a merger, one that ends with several is a split.
    """

    model_config = example({"on": "2009-07-01", "successors": ["transport"], "reason": "机构改革"})

    on: StrictDate
    successors: Annotated[list[CodeStr], Field(max_length=20)] = Field(default_factory=list)
    reason: ReasonStr


_CHANGED = (UnitUnknown, UnitIsNotValid, PreconditionMissing)


@router.post("/names", status_code=201, responses=commanded(*_CHANGED))
async def rename_responsible_unit(unit: UnitCode, body: NameBody, ordering: ChangingDep) -> Recorded:
    """Give a unit another name from a date on. Administrators only; needs the unit's ETag."""
    role = ordering.permit_whole(*ADMIN)
    command = RenameUnit(unit, label(body.name), body.on, body.reason)
    done = await ordering.execute(role, unit_stream(unit), lambda standing, _: rename_unit(command, standing))
    fact = done.facts[0]
    assert isinstance(fact, UnitRenamed)
    return ordering.recorded(fact.unit, done)


@router.post("/moves", status_code=201, responses=commanded(*_CHANGED, UnitIsUnknown, UnitTreeCycle))
async def move_responsible_unit(unit: UnitCode, body: MoveBody, ordering: ChangingDep) -> Recorded:
    """Put a unit below another one from a date on. Administrators only; needs the unit's ETag.

    Refused if on any date a unit would be above itself; `path` then leads once round.
    """
    role = ordering.permit_whole(*ADMIN)
    command = MoveUnit(unit, body.parent, body.on, body.reason)

    def decide(standing: Unit, look: Look) -> list[Fact]:
        at = transaction_of(look)
        at.alone(UNITS)
        parent = at.at(unit_stream(body.parent)) if body.parent is not None else None
        return move_unit(command, standing, parent, _all_units(at))

    done = await ordering.execute(role, unit_stream(unit), decide)
    fact = done.facts[0]
    assert isinstance(fact, UnitMoved)
    return ordering.recorded(fact.unit, done)


@router.post(
    "/endings",
    status_code=201,
    responses=commanded(
        *_CHANGED,
        UnitIsUnknown,
        UnitHasEnded,
        UnitEndsBeforeItBegins,
        SuccessorIsTheSame,
        SuccessorStatedTwice,
        UnitHasUnitsBelow,
    ),
)
async def end_responsible_unit(unit: UnitCode, body: EndingBody, ordering: ChangingDep) -> Recorded:
    """End a unit on a date. The assessment office or an administrator; needs the unit's ETag."""
    role = ordering.permit_whole(*ENDS)
    command = EndUnit(unit, body.on, tuple(body.successors), body.reason)

    def decide(standing: Unit, look: Look) -> list[Fact]:
        at = transaction_of(look)
        at.alone(UNITS)
        successors = [at.at(unit_stream(code)) for code in body.successors]
        return end_unit(command, standing, successors, _all_units(at))

    done = await ordering.execute(role, unit_stream(unit), decide)
    fact = done.facts[0]
    assert isinstance(fact, UnitEnded)
    return ordering.recorded(fact.unit, done)


def _all_units(at: Looking) -> Units:
    units = (at.at(unit_stream(name.removeprefix(STREAMS))) for name in at.streams(STREAMS))
    return {unit.id: unit for unit in units if unit.id is not None}
