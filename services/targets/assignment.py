"""Decomposition (目标分解): which unit answers for which part of a target, and who takes it over on which date."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from msgspec import UNSET

from services.targets.errors import (
    AssignmentUnknown,
    CompanyOnlyCoordinates,
    CoordinationTakesNoPart,
    LeadIsTaken,
    SuccessorIsTheSame,
    UnitHasPartAlready,
)
from services.targets.kinds import require_judgeable
from services.targets.target import Target, require_in_force, require_issued
from services.targets.unit import Unit, unit_valid_on
from services.targets.year import require_within
from shared.contracts.shapes import Shape
from shared.contracts.targets import AssignmentHandedOver, AssignmentMade, AssignmentRole
from shared.deciding import Fact, Stream
from shared.quantities import canonical_text


@dataclass(frozen=True, slots=True)
class Part:
    """One part, for [valid_from, valid_until)."""

    id: str
    unit: str
    role: AssignmentRole
    valid_from: date
    valid_until: date | None = None

    def stands_from(self, day: date) -> bool:
        """Does it stand on that day or on any later one?"""
        return self.valid_until is None or self.valid_until > day


@dataclass(frozen=True, slots=True)
class Parts:
    """All parts of one target, ended ones included."""

    parts: tuple[Part, ...] = ()


def assignments_stream(year: int, target: str) -> Stream[Parts]:
    """All parts of a target are one stream: there is one lead, and a unit has one part at a time."""
    return Stream(f"assignments:{year}:{target}", Parts(), evolve)


@dataclass(frozen=True, slots=True)
class AssignTarget:
    """Give a part to a unit (its code); `assignment` is the new id."""

    assignment: str
    year: int
    target: str
    unit: str
    role: AssignmentRole
    value: str | None
    valid_from: date


@dataclass(frozen=True, slots=True)
class HandOver:
    """The part of `unit` ends the day before `on`; `successor` (a code) has it from then on, under a new id."""

    assignment: str
    year: int
    target: str
    unit: str
    successor: str
    on: date
    carries_levels: bool


def assign_target(command: AssignTarget, parts: Parts, *, target: Target, unit: Unit) -> list[Fact]:
    """One lead, one part a unit at a time, within the year and the lives of target and unit."""
    target_id = require_issued(target, command.target)
    require_within(command.year, command.valid_from, "/valid_from")
    require_in_force(target, command.valid_from, "/valid_from")
    unit_id = unit_valid_on(unit, command.unit, command.valid_from, "/unit")
    _require_fit(unit, command.unit, command.role, "/role")
    if command.value is not None:
        if command.role == "coordination":
            raise CoordinationTakesNoPart(unit=command.unit, faults=[CoordinationTakesNoPart().fault("/value")])
        require_judgeable(command.value, target.kind)
    _require_free(parts, unit_id, command.unit, command.valid_from, "/unit")
    if command.role == "lead" and any(p.role == "lead" and p.stands_from(command.valid_from) for p in parts.parts):
        raise LeadIsTaken(target=command.target, faults=[LeadIsTaken().fault("/role")])
    fact = AssignmentMade(
        assignment=command.assignment, target=target_id, unit=unit_id, role=command.role,
        value=canonical_text(command.value) if command.value is not None else UNSET, valid_from=command.valid_from,
    )  # fmt: skip
    return [Fact(fact, command.valid_from)]


def hand_over(command: HandOver, parts: Parts, *, target: Target, unit: Unit, successor: Unit) -> list[Fact]:
    """AssignmentUnknown unless the unit's part stands, open-ended, on the date."""
    require_issued(target, command.target)
    part = next((p for p in parts.parts if p.unit == unit.id and p.valid_until is None), None)
    if part is None or part.valid_from > command.on:
        raise AssignmentUnknown(target=command.target, unit=command.unit, on=command.on)
    require_within(command.year, command.on, "/on")
    if command.successor == command.unit:
        raise SuccessorIsTheSame(unit=command.unit, faults=[SuccessorIsTheSame().fault("/successor")])
    successor_id = unit_valid_on(successor, command.successor, command.on, "/successor")
    _require_fit(successor, command.successor, part.role, "/successor")
    _require_free(parts, successor_id, command.successor, command.on, "/successor")
    fact = AssignmentHandedOver(
        assignment=part.id, successor=command.assignment, unit=successor_id, on=command.on,
        carries_levels=command.carries_levels,
    )  # fmt: skip
    return [Fact(fact, command.on)]


def _require_fit(unit: Unit, code: str, role: AssignmentRole, pointer: str) -> None:
    """The city coordinates with centrally and provincially run companies, it does not command them."""
    if unit.kind == "company" and role != "coordination":
        raise CompanyOnlyCoordinates(unit=code, role=role, faults=[CompanyOnlyCoordinates().fault(pointer)])


def _require_free(parts: Parts, unit: str, code: str, day: date, pointer: str) -> None:
    """A new part is open-ended, so it meets every part of the unit that stands on its first day or later."""
    if any(p.unit == unit and p.stands_from(day) for p in parts.parts):
        raise UnitHasPartAlready(unit=code, faults=[UnitHasPartAlready().fault(pointer)])


def evolve(parts: Parts, fact: Shape) -> Parts:
    """Remember."""
    match fact:
        case AssignmentMade():
            return Parts((*parts.parts, Part(fact.assignment, fact.unit, fact.role, fact.valid_from)))
        case AssignmentHandedOver():
            before = next(p for p in parts.parts if p.id == fact.assignment)
            others = tuple(replace(p, valid_until=fact.on) if p is before else p for p in parts.parts)
            return Parts((*others, Part(fact.successor, fact.unit, before.role, fact.on)))
        case _:
            return parts
