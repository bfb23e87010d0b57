"""The tree of units (隶属关系): units move and end, and on no date is one above itself or below one that is no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from msgspec import UNSET

from services.targets.errors.organisation import (
    SuccessorStatedTwice,
    UnitEndsBeforeItBegins,
    UnitHasEnded,
    UnitHasUnitsBelow,
    UnitTreeCycle,
)
from services.targets.errors.parts import SuccessorIsTheSame
from services.targets.unit import Unit, registered, unit_valid_on, unit_valid_throughout
from shared.contracts.organisation import UnitEnded, UnitMoved
from shared.deciding import Fact

UNITS = "units"
"""What a decision on the tree holds alone, and one that needs a unit to stand shares."""
SHOWN = 20
"""Names in a refusal, at most."""

Units = Mapping[str, Unit]
"""All units, by id."""


@dataclass(frozen=True, slots=True)
class MoveUnit:
    """The unit of this code is below `parent` (a code; None: below none) from `on`."""

    code: str
    parent: str | None
    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class EndUnit:
    """The last day of the unit of this code is the one before `on`; `successors` (codes) inherit."""

    code: str
    on: date
    successors: tuple[str, ...]
    reason: str


def move_unit(command: MoveUnit, unit: Unit, parent: Unit | None, units: Units) -> list[Fact]:
    """UnitUnknown; UnitIsUnknown; UnitIsNotValid, also for a parent that ends meanwhile; UnitTreeCycle."""
    id = registered(unit, command.code)
    unit_valid_on(unit, command.code, command.on, "/effective_on")
    above = None
    if command.parent is not None and parent is not None:
        until = unit.placed_until(command.on)
        above = unit_valid_throughout(parent, command.parent, command.on, until, "/parent")
        _require_no_cycle(unit, above, command.on, until, units)
    return [Fact(UnitMoved(unit=id, parent=above or UNSET, on=command.on, reason=command.reason), command.on)]


def end_unit(command: EndUnit, unit: Unit, successors: Sequence[Unit], units: Units) -> list[Fact]:
    """UnitUnknown, UnitHasEnded, UnitEndsBeforeItBegins; what is wrong with a successor; UnitHasUnitsBelow.

    `successors` are the units of the command's successors, in its order.
    """
    id = registered(unit, command.code)
    if unit.valid_until is not None:
        raise UnitHasEnded(unit=command.code, ended_on=unit.valid_until)
    if command.on <= unit.valid_from:
        fault = UnitEndsBeforeItBegins().fault("/effective_on")
        raise UnitEndsBeforeItBegins(unit=command.code, valid_from=unit.valid_from, faults=[fault])
    heirs: list[str] = []
    for at, (code, successor) in enumerate(zip(command.successors, successors, strict=True)):
        pointer = f"/successors/{at}"
        heir = unit_valid_throughout(successor, code, command.on, None, pointer)
        if heir == id:
            raise SuccessorIsTheSame(unit=code, faults=[SuccessorIsTheSame().fault(pointer)])
        if heir in heirs:
            raise SuccessorStatedTwice(unit=code, faults=[SuccessorStatedTwice().fault(pointer)])
        heirs.append(heir)
    if below := sorted(_below_from(id, command.on, units)):
        raise UnitHasUnitsBelow(unit=command.code, on=command.on, units=below[:SHOWN], of=len(below))
    return [Fact(UnitEnded(unit=id, on=command.on, successors=heirs, reason=command.reason), command.on)]


def _require_no_cycle(unit: Unit, parent: str, since: date, until: date | None, units: Units) -> None:
    """UnitTreeCycle if on any day of [since, until) the way up from `parent` comes to the unit itself."""
    days = {day for each in units.values() for day, _ in each.places if day > since and (until is None or day < until)}
    for day in (since, *sorted(days)):
        path, above = [unit.code], units.get(parent)
        while above is not None and above.id != unit.id:
            path.append(above.code)
            above = units.get(above.parent_on(day) or "")
        if above is not None:
            fault = UnitTreeCycle().fault("/parent")
            raise UnitTreeCycle(unit=unit.code, on=day, path=[*path, unit.code], faults=[fault])


def units_below(unit: str, day: date, units: Units) -> set[str]:
    """The ids of all units below this one on a day."""
    found: set[str] = set()
    grown = {unit}
    while grown:
        grown = {id for id, each in units.items() if each.parent_on(day) in grown} - found
        found |= grown
    return found


def _below_from(unit: str, day: date, units: Units) -> Iterator[str]:
    """The codes of the units that are below this one on that day or on a later one."""
    for each in units.values():
        for since, parent in each.places:
            until = each.placed_until(since)
            if parent == unit and (until is None or max(since, day) < until):
                yield each.code
                break
