"""What becomes of units: another name, another place in the tree, an end with or without successors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.targets.api.shapes import ADMIN, Body, CodeStr, ReasonStr, UnitCode, example, label
from services.targets.assignment import assignments_stream
from services.targets.decomposition import aim_stream
from services.targets.errors.organisation import (
    SuccessorStatedTwice,
    TakenOverByNoSuccessor,
    TakesOverNothing,
    UnitEndsBeforeItBegins,
    UnitHasEnded,
    UnitHasOpenAssignments,
    UnitHasUnitsBelow,
    UnitIsNotValid,
    UnitIsUnknown,
    UnitTreeCycle,
    UnitUnknown,
)
from services.targets.errors.parts import (
    CompanyOnlyCoordinates,
    LevelsNotAddedUp,
    SuccessorIsTheSame,
    SumTooLarge,
    UnitHasPartAlready,
    UnitIsNotBelow,
    ValuesNotAddedUp,
    WholesDiffer,
)
from services.targets.inheritance import STREAMS as ASSIGNMENTS
from services.targets.inheritance import Held, TakeOver, inherit
from services.targets.unit import STREAMS, RenameUnit, Unit, rename_unit, unit_stream
from services.targets.unit_tree import UNITS, EndUnit, MoveUnit, Units, end_unit, move_unit, units_below
from services.targets.year import require_allowed, standing_stream, stay
from shared.admission.errors import YearDoesNotAllow
from shared.commands import Done, Looking, transaction_of
from shared.contracts.decomposition import AssignmentHandedOver
from shared.contracts.organisation import UnitEnded, UnitMoved, UnitRenamed
from shared.deciding import Fact, Look
from shared.event_log.ids import uuid7
from shared.http.answers import changed
from shared.http.fields import Label, StrictDate
from shared.http.ordering import ChangingDep, Recorded

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/units/{unit}", tags=["targets"])

ENDS = ("office", "admin")


class NameBody(Body):
    """The unit's name from `effective_on` on, until the next one. Its code stays."""

    model_config = example({"name": {"zh": "市交通运输局"}, "effective_on": "2009-07-01", "reason": "机构改革"})

    name: Label
    effective_on: StrictDate
    reason: ReasonStr


class MoveBody(Body):
    """The unit is below `parent` (a code) from `effective_on` on, until its next move; without `parent`, below none."""

    model_config = example({"parent": "transport", "effective_on": "2009-07-01", "reason": "机构改革"})

    parent: CodeStr | None = None
    effective_on: StrictDate
    reason: ReasonStr


class TakeOverBody(Body):
    """One of the successors has the ending unit's part of this target; `year` is that of the end if none is given."""

    target: CodeStr
    year: Annotated[int, Field(strict=True, ge=1990, le=2100)] | None = None
    successor: CodeStr


class EndingBody(Body):
    """The unit's last day is the one before `effective_on`; `successors` (codes) inherit what was its own.

    Two units that end with one successor are a merger, one that ends with several is a split. A single successor takes
    over every part of a target that the unit has on that day or later; of several, `take_overs` says for each target
    who does. `carries_levels` says whether the levels reported until then go on counting.
    """

    model_config = example({"effective_on": "2009-07-01", "successors": ["transport"], "reason": "机构改革"})

    effective_on: StrictDate
    successors: Annotated[list[CodeStr], Field(max_length=20)] = Field(default_factory=list)
    take_overs: Annotated[list[TakeOverBody], Field(max_length=10_000)] = Field(default_factory=list)
    carries_levels: Annotated[bool, Field(strict=True)] = True
    reason: ReasonStr


class HandedOver(BaseModel):
    """The assignment `ended` of a target goes on as `opened`, with a successor."""

    year: int
    target: str
    ended: str
    opened: str


class Ended(Recorded):
    """The unit's end is recorded, and with it every part that a successor took over."""

    handed_over: list[HandedOver]


_CHANGED = (UnitUnknown, UnitIsNotValid)


@router.post("/names", status_code=201, responses=changed(*_CHANGED))
async def rename_responsible_unit(unit: UnitCode, body: NameBody, ordering: ChangingDep) -> Recorded:
    """Give a unit another name from a date on. Administrators only; needs the unit's ETag."""
    role = ordering.permit_whole(*ADMIN)
    command = RenameUnit(unit, label(body.name), body.effective_on, body.reason)
    done = await ordering.execute(role, unit_stream(unit), lambda standing, _: rename_unit(command, standing))
    fact = done.facts[0]
    assert isinstance(fact, UnitRenamed)
    return ordering.recorded(fact.unit, done)


@router.post("/moves", status_code=201, responses=changed(*_CHANGED, UnitIsUnknown, UnitTreeCycle))
async def move_responsible_unit(unit: UnitCode, body: MoveBody, ordering: ChangingDep) -> Recorded:
    """Put a unit below another one from a date on. Administrators only; needs the unit's ETag.

    Refused if on any date a unit would be above itself; `path` then leads once round.
    """
    role = ordering.permit_whole(*ADMIN)
    command = MoveUnit(unit, body.parent, body.effective_on, body.reason)

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
    responses={
        **changed(
            *_CHANGED,
            YearDoesNotAllow,
            UnitIsUnknown,
            UnitHasEnded,
            UnitEndsBeforeItBegins,
            SuccessorIsTheSame,
            SuccessorStatedTwice,
            UnitHasUnitsBelow,
            UnitHasOpenAssignments,
            TakenOverByNoSuccessor,
            TakesOverNothing,
            UnitHasPartAlready,
            UnitIsNotBelow,
            LevelsNotAddedUp,
            WholesDiffer,
            SumTooLarge,
            ValuesNotAddedUp,
            CompanyOnlyCoordinates,
        ),
        202: {"model": Ended, "description": "Stored; the log has not confirmed it yet."},
    },
)
async def end_responsible_unit(unit: UnitCode, body: EndingBody, ordering: ChangingDep) -> Ended:
    """End a unit on a date, and hand its parts of targets over to its successors, or neither.

    Parts of a year that is closing or over stay where they are: the unit ends in the next one, or the year is reopened.
    The assessment office or an administrator; needs the unit's ETag.
    """
    role = ordering.permit_whole(*ENDS)
    on = body.effective_on
    command = EndUnit(unit, on, tuple(body.successors), body.reason)
    take_overs = [TakeOver(each.year or on.year, each.target, each.successor) for each in body.take_overs]

    def decide(standing: Unit, look: Look) -> list[Fact]:
        at = transaction_of(look)
        stay(on.year, at)  # before the tree is held, as whoever gives out a part takes them
        at.alone(UNITS)
        successors = {code: at.at(unit_stream(code)) for code in body.successors}
        units = _all_units(at)
        ended = end_unit(command, standing, [successors[code] for code in body.successors], units)
        held = _held(at, standing, on)
        for year in sorted({each.year for each in held}):
            require_allowed("plan", year, at.at(standing_stream(year)))
        inherited = inherit(
            command, take_overs, held, {unit: standing, **successors},
            carries_levels=body.carries_levels, new_id=uuid7, under=lambda id: units_below(id, on, units),
        )  # fmt: skip
        return [*ended, *inherited]

    done = await ordering.execute(role, unit_stream(unit), decide)
    fact = done.facts[0]
    assert isinstance(fact, UnitEnded)
    return Ended(**ordering.recorded(fact.unit, done).model_dump(), handed_over=list(_handed_over(done)))


def _held(at: Looking, unit: Unit, on: date) -> list[Held]:
    """The targets of which the unit has a part on that day or later; of earlier years nothing is reported any more."""
    held = []
    assert unit.id is not None
    for name in at.streams(ASSIGNMENTS, since=f"{ASSIGNMENTS}{on.year}:", mentioning=unit.id):
        year, code = name.removeprefix(ASSIGNMENTS).split(":", 1)
        parts = at.at(assignments_stream(int(year), code))
        if any(part.unit == unit.id and part.stands_from(on) for part in parts.parts):
            held.append(Held(int(year), code, at.at(aim_stream(int(year), code)), parts))
    return held


def _handed_over(done: Done) -> Iterator[HandedOver]:
    for fact, stream in zip(done.facts, done.streams, strict=True):
        if isinstance(fact, AssignmentHandedOver):
            year, code = stream.removeprefix(ASSIGNMENTS).split(":", 1)
            for ended in fact.ends:
                yield HandedOver(year=int(year), target=code, ended=ended, opened=fact.opens[0].assignment)


def _all_units(at: Looking) -> Units:
    units = (at.at(unit_stream(name.removeprefix(STREAMS))) for name in at.streams(STREAMS))
    return {unit.id: unit for unit in units if unit.id is not None}
