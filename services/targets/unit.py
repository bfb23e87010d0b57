"""Responsible units: a code for ever; a name, a place below another unit and a life of its own, each from a date.

Where a unit is in the tree lies in its own stream; that the tree holds together is a matter of all units
(unit_tree.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from msgspec import UNSET

from services.targets.errors.organisation import UnitCodeTaken, UnitIsNotValid, UnitIsUnknown, UnitUnknown
from shared.contracts.organisation import UnitEnded, UnitKind, UnitMoved, UnitRegistered, UnitRenamed
from shared.contracts.shapes import Label, Shape
from shared.deciding import Fact, Stream


@dataclass(frozen=True, slots=True)
class Unit:
    """Only what the next decision needs; `id` is None until the code is registered.

    It stands on [valid_from, valid_until). `places` says from when it is below which unit (its id, or None), by date;
    `successors` (ids) follow on it when it has ended.
    """

    id: str | None = None
    kind: UnitKind | None = None
    valid_from: date = date.max
    valid_until: date | None = None
    code: str = ""
    places: tuple[tuple[date, str | None], ...] = ()
    successors: tuple[str, ...] = ()

    def stands_on(self, day: date) -> bool:
        """Is this a day of its life?"""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)

    def parent_on(self, day: date) -> str | None:
        """The id of the unit it is below on a day."""
        return next((parent for since, parent in reversed(self.places) if since <= day), None)

    def placed_until(self, day: date) -> date | None:
        """Until when a place that begins on this day lasts: its next one or its end, whichever comes first."""
        ends = [since for since, _ in self.places if since > day]
        return min([*ends, *([self.valid_until] if self.valid_until else [])], default=None)


STREAMS = "unit:"
"""What the names of all units' streams begin with."""


def unit_stream(code: str) -> Stream[Unit]:
    """The stream of one unit."""
    return Stream(STREAMS + code, Unit(), evolve)


@dataclass(frozen=True, slots=True)
class RegisterUnit:
    """`unit` is the new id; `parent` is the code of the unit above, if any."""

    unit: str
    code: str
    name: Label
    kind: UnitKind
    parent: str | None
    valid_from: date


@dataclass(frozen=True, slots=True)
class RenameUnit:
    """The unit of this code has this name from `on`."""

    code: str
    name: Label
    on: date
    reason: str


def register_unit(command: RegisterUnit, unit: Unit, parent: Unit | None) -> list[Fact]:
    """UnitCodeTaken; UnitIsUnknown or UnitIsNotValid for the parent, which must stand from the unit's first day on."""
    if unit.id is not None:
        raise UnitCodeTaken(unit=command.code)
    above = None
    if command.parent is not None and parent is not None:
        above = unit_valid_throughout(parent, command.parent, command.valid_from, None, "/parent")
    fact = UnitRegistered(
        unit=command.unit, code=command.code, name=command.name, kind=command.kind, parent=above or UNSET,
        valid_from=command.valid_from,
    )  # fmt: skip
    return [Fact(fact, command.valid_from)]


def rename_unit(command: RenameUnit, unit: Unit) -> list[Fact]:
    """UnitUnknown; UnitIsNotValid unless the unit stands on the day."""
    id = registered(unit, command.code)
    unit_valid_on(unit, command.code, command.on, "/effective_on")
    return [Fact(UnitRenamed(unit=id, name=command.name, on=command.on, reason=command.reason), command.on)]


def registered(unit: Unit, code: str) -> str:
    """The id of the unit that a command is about. UnitUnknown."""
    if unit.id is None:
        raise UnitUnknown(unit=code)
    return unit.id


def unit_valid_on(unit: Unit, code: str, day: date, pointer: str) -> str:
    """The id of a unit that a command names at `pointer`, if it stands on that day."""
    if unit.id is None:
        raise UnitIsUnknown(unit=code, faults=[UnitIsUnknown().fault(pointer)])
    if not unit.stands_on(day):
        raise _not_valid(unit, code, day, pointer)
    return unit.id


def unit_valid_throughout(unit: Unit, code: str, since: date, until: date | None, pointer: str) -> str:
    """The id of a unit that stands on all of [since, until): what is to last cannot hang on a unit that is to end."""
    id = unit_valid_on(unit, code, since, pointer)
    if unit.valid_until is not None and (until is None or unit.valid_until < until):
        raise _not_valid(unit, code, unit.valid_until, pointer)
    return id


def _not_valid(unit: Unit, code: str, day: date, pointer: str) -> UnitIsNotValid:
    life: dict[str, object] = {"valid_from": unit.valid_from}
    if unit.valid_until is not None:
        life |= {"valid_until": unit.valid_until, "successors": list(unit.successors)}
    return UnitIsNotValid(unit=code, on=day, faults=[UnitIsNotValid().fault(pointer)], **life)


def evolve(unit: Unit, fact: Shape) -> Unit:
    """Remember."""
    match fact:
        case UnitRegistered():
            above = None if fact.parent is UNSET else fact.parent
            return Unit(fact.unit, fact.kind, fact.valid_from, None, fact.code, ((fact.valid_from, above),))
        case UnitMoved():
            placed = dict(unit.places) | {fact.on: None if fact.parent is UNSET else fact.parent}
            return replace(unit, places=tuple(sorted(placed.items())))
        case UnitEnded():
            return replace(unit, valid_until=fact.on, successors=tuple(fact.successors))
        case _:
            return unit
