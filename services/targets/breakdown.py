"""Breaking down (分解): a unit gives parts of its part to units below it, and the office says when parts are complete.

Parts may come to more than the whole, which is shown; to less only with a reserve and its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from msgspec import UNSET

from services.targets.assignment import Part, Parts, assignments_stream, evolve, require_fit, require_free
from services.targets.decomposition import Aim, Decomposed, broken_down, require_aim, sum_text
from services.targets.errors.parts import (
    AssignmentUnknown,
    NothingToBreakDown,
    PartsExceed,
    PartsFallShort,
    PartsNotAddedUp,
    ReserveNeedsReason,
    UnitIsNotBelow,
)
from services.targets.errors.targets import NegativeNotAllowed
from services.targets.kinds import require_judgeable
from services.targets.target import Target, require_in_force
from services.targets.unit import Unit, unit_valid_on
from services.targets.year import require_within
from shared.contracts.decomposition import DecompositionStated
from shared.contracts.shapes import Shape
from shared.contracts.targets import AssignmentMade
from shared.deciding import Fact, Stream
from shared.quantities import canonical_text, parse


@dataclass(frozen=True, slots=True)
class BreakDown:
    """Of the part of `above` (a code) the unit `unit` has this value from `valid_from`; `assignment` is the new id."""

    assignment: str
    year: int
    target: str
    above: str
    unit: str
    value: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class StateDecomposition:
    """On this day the parts of the target are complete or, with `unit` (a code), those of that unit's part."""

    year: int
    target: str
    unit: str | None
    on: date
    reserve: str | None
    reason: str | None


def break_down(
    command: BreakDown,
    parts: Parts,
    *,
    aim: Aim,
    target: Target,
    above: Unit,
    unit: Unit,
    under: Callable[[str], Set[str]],
) -> list[Fact]:
    """AssignmentUnknown unless `above` has an open-ended part on that day; `under` gives the units below one."""
    target_id = require_aim(aim, command.target)
    require_within(command.year, command.valid_from, "/valid_from")
    require_in_force(target, command.valid_from, "/valid_from")
    part = _part_of(command.target, command.above, above, command.valid_from, parts)
    if part.valid_until is not None:
        raise AssignmentUnknown(target=command.target, unit=command.above, on=part.valid_until)
    if part.value is None:
        raise NothingToBreakDown(unit=command.above, target=command.target)
    if unit.id not in under(part.unit):  # first: who asks does not learn which units there are elsewhere
        raise UnitIsNotBelow(unit=command.unit, above=command.above, faults=[UnitIsNotBelow().fault("/unit")])
    unit_id = unit_valid_on(unit, command.unit, command.valid_from, "/unit")
    require_fit(unit, command.unit, "supporting", "/unit")
    require_judgeable(command.value, aim.kind)
    require_free(parts.parts, unit, command.unit, command.valid_from, "/unit")
    fact = AssignmentMade(
        assignment=command.assignment, target=target_id, unit=unit_id, role="supporting",
        value=canonical_text(command.value), valid_from=command.valid_from, below=part.id,
    )  # fmt: skip
    return [Fact(fact, command.valid_from)]


def state_decomposition(
    command: StateDecomposition, parts: Parts, *, aim: Aim, target: Target, unit: Unit | None
) -> list[Fact]:
    """PartsFallShort or PartsExceed with the numbers. It may be stated again, as parts and values change."""
    target_id = require_aim(aim, command.target)
    require_within(command.year, command.on, "/stated_on")
    require_in_force(target, command.on, "/stated_on")
    if aim.roll_up != "sum":
        raise PartsNotAddedUp(target=command.target, roll_up=aim.roll_up)
    if command.reserve is not None and parse(command.reserve) < 0:
        raise NegativeNotAllowed(value=command.reserve, faults=[NegativeNotAllowed().fault("/reserve")])
    if command.reserve is not None and command.reason is None:
        raise ReserveNeedsReason(faults=[ReserveNeedsReason().fault("/reason")])
    above, value = None, aim.value_on(command.on)
    if command.unit is not None and unit is not None:
        part = _part_of(command.target, command.unit, unit, command.on, parts)
        if part.value is None:
            raise NothingToBreakDown(unit=command.unit, target=command.target)
        above, value = part.id, part.value
    _require_enough(command, value, parts, above, aim)
    fact = DecompositionStated(
        target=target_id, part=above or UNSET, on=command.on, reason=command.reason or UNSET,
        reserve=canonical_text(command.reserve) if command.reserve is not None else UNSET,
    )  # fmt: skip
    return [Fact(fact, command.on)]


@dataclass(frozen=True, slots=True)
class StatedParts:
    """The parts of a target, and what was last said on each day of the target's own being complete."""

    parts: Parts = field(default_factory=Parts)
    stated: Mapping[date, DecompositionStated] = field(default_factory=dict)


def stated_parts_stream(year: int, target: str) -> Stream[StatedParts]:
    """The stream of a target's parts, with the statements about them remembered."""
    return Stream(assignments_stream(year, target).name, StatedParts(), _remember)


def broken_down_on(day: date, aim: Aim, broken: StatedParts) -> Decomposed | None:
    """What the parts of a target come to against its value on a day; None where nothing is added up."""
    standing = [part for part in broken.parts.directly_below(None, day) if part.role != "coordination"]
    if aim.roll_up != "sum" or not standing:
        return None
    said = max((on for on in broken.stated if on <= day), default=None)
    fact = broken.stated[said] if said is not None else None
    reserve, reason = (None, None) if fact is None else (fact.reserve or None, fact.reason or None)
    found = broken_down(aim.value_on(day), standing, reserve, aim.direction, of_target=True)
    return Decomposed(found, said, reason)


def _remember(broken: StatedParts, fact: Shape) -> StatedParts:
    if isinstance(fact, DecompositionStated):
        return broken if fact.part is not UNSET else replace(broken, stated={**broken.stated, fact.on: fact})
    return replace(broken, parts=evolve(broken.parts, fact))


def _require_enough(command: StateDecomposition, value: str, parts: Parts, above: str | None, aim: Aim) -> None:
    standing = parts.directly_below(above, command.on)
    found = broken_down(value, standing, command.reserve, aim.direction, of_target=above is None)
    if found.missing:
        about: dict[str, Any] = {
            "value": sum_text(found.value), "sum": sum_text(found.parts), "reserve": sum_text(found.reserve),
            "over" if found.lower else "missing": sum_text(found.missing),
        }  # fmt: skip
        raise (PartsExceed if found.lower else PartsFallShort)(**about)


def _part_of(target: str, code: str, unit: Unit, day: date, parts: Parts) -> Part:
    part = next((part for part in parts.parts if part.unit == unit.id and part.stands_on(day)), None)
    if unit.id is None or part is None:
        raise AssignmentUnknown(target=target, unit=code, on=day)
    return part
