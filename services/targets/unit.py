"""Responsible units: registered once under a code, valid from a date, perhaps below another unit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from msgspec import UNSET

from services.targets.errors import UnitCodeTaken, UnitIsNotValid, UnitIsUnknown
from shared.contracts.shapes import Label, Shape
from shared.contracts.targets import UnitKind, UnitRegistered
from shared.deciding import Fact, Stream


@dataclass(frozen=True, slots=True)
class Unit:
    """Only what the next decision needs; `id` is None until the code is registered."""

    id: str | None = None
    kind: UnitKind | None = None
    valid_from: date = date.max


def unit_stream(code: str) -> Stream[Unit]:
    """The stream of one unit."""
    return Stream(f"unit:{code}", Unit(), evolve)


@dataclass(frozen=True, slots=True)
class RegisterUnit:
    """`unit` is the new id; `parent` is the code of the unit above, if any."""

    unit: str
    code: str
    name: Label
    kind: UnitKind
    parent: str | None
    valid_from: date


def register_unit(command: RegisterUnit, unit: Unit, parent: Unit | None) -> list[Fact]:
    """UnitCodeTaken; UnitIsUnknown or UnitIsNotValid for the parent, which must stand on the unit's first day."""
    if unit.id is not None:
        raise UnitCodeTaken(unit=command.code)
    above = None
    if command.parent is not None and parent is not None:
        above = unit_valid_on(parent, command.parent, command.valid_from, "/parent")
    fact = UnitRegistered(
        unit=command.unit, code=command.code, name=command.name, kind=command.kind, parent=above or UNSET,
        valid_from=command.valid_from,
    )  # fmt: skip
    return [Fact(fact, command.valid_from)]


def unit_valid_on(unit: Unit, code: str, day: date, pointer: str) -> str:
    """The id of a unit that a command names at `pointer`, if it stands on that day."""
    if unit.id is None:
        raise UnitIsUnknown(unit=code, faults=[UnitIsUnknown().fault(pointer)])
    if day < unit.valid_from:
        raise UnitIsNotValid(unit=code, valid_from=unit.valid_from, on=day, faults=[UnitIsNotValid().fault(pointer)])
    return unit.id


def evolve(unit: Unit, fact: Shape) -> Unit:
    """Remember."""
    match fact:
        case UnitRegistered():
            return replace(unit, id=fact.unit, kind=fact.kind, valid_from=fact.valid_from)
        case _:
            return unit
