"""Who answers for which part of a target, and who takes parts over on which date: reassigned, merged or split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import date
from re import fullmatch
from typing import Any

from msgspec import UNSET, UnsetType

from services.targets.decomposition import Aim, added_up, require_aim, sum_text, total
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
    SumTooLarge,
    UnitHasPartAlready,
    UnitIsNotBelow,
    UnitNamedTwice,
    ValueIsExceeded,
    ValueIsLost,
    ValuesNotAddedUp,
    WholesDiffer,
)
from services.targets.errors.targets import NegativeNotAllowed
from services.targets.kinds import require_judgeable
from services.targets.target import Target, require_in_force, require_issued
from services.targets.unit import Unit, unit_valid_on, unit_valid_throughout
from services.targets.year import require_within
from shared.contracts.decomposition import AssignmentHandedOver, OpenedPart
from shared.contracts.shapes import Shape
from shared.contracts.targets import AssignmentMade, AssignmentRole
from shared.deciding import Fact, Stream
from shared.errors import Refusal
from shared.quantities import CONTEXT, QUANTITY_PATTERN, canonical_text, parse

STRONGEST_FIRST: tuple[AssignmentRole, ...] = ("lead", "supporting", "coordination")


@dataclass(frozen=True, slots=True)
class Part:
    """One part, for [valid_from, valid_until); `value` is canonical text, `below` the part of which it is a part."""

    id: str
    unit: str
    role: AssignmentRole
    valid_from: date
    valid_until: date | None = None
    value: str | None = None
    below: str | None = None
    follows: tuple[str, ...] = ()

    def stands_from(self, day: date) -> bool:
        """Does it stand on that day or on any later one?"""
        return self.valid_until is None or self.valid_until > day

    def stands_on(self, day: date) -> bool:
        """Does it stand on that day?"""
        return self.valid_from <= day and self.stands_from(day)


@dataclass(frozen=True, slots=True)
class Parts:
    """All parts of one target, ended ones included."""

    parts: tuple[Part, ...] = ()

    def open_part(self, unit: str | None) -> Part | None:
        """The part of a unit (its id) that has no end yet."""
        return next((part for part in self.parts if part.unit == unit and part.valid_until is None), None)

    def standing_for(self, id: str, day: date) -> Part:
        """The part itself or, where it was handed over before the day, the one that took over: the first by day and id,
        as wherever parts are kept in another order."""
        part = next(part for part in self.parts if part.id == id)
        while not part.stands_from(day):
            followers = (other for other in self.parts if part.id in other.follows)
            part = min(followers, key=lambda other: (other.valid_from, other.id))
        return part

    def whole_of(self, part: Part, day: date) -> Part | None:
        """The part that stands for the one of which this is a part; None of what lies directly below the target."""
        return None if part.below is None else self.standing_for(part.below, day)

    def directly_below(self, above: str | None, day: date) -> list[Part]:
        """The parts on a day of which this part consists or, of None, the target itself."""
        return [
            part
            for part in self.parts
            if part.stands_on(day) and ((whole := self.whole_of(part, day)) and whole.id) == above
        ]


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
class Opening:
    """A part that opens for `unit` (a code) under a new id, carrying on the levels of the ending parts of `carries`.

    Without a role it takes the ending parts as they are: the strongest of their roles, and what their values come to.
    `pointer` is where the request names it.
    """

    assignment: str
    unit: str
    carries: tuple[str, ...]
    role: AssignmentRole | None = None
    value: str | None = None
    pointer: str = "/successor"

    def at(self, member: str) -> str:
        """Where the request says this of it; one that is only named says everything in one place."""
        return self.pointer if self.role is None else f"{self.pointer}/{member}"


@dataclass(frozen=True, slots=True)
class HandOver:
    """The parts of the units `ends` (codes) end the day before `on`; from then on those of `opens` stand."""

    year: int
    target: str
    ends: tuple[str, ...]
    opens: tuple[Opening, ...]
    on: date
    reserve: str | None = None
    reason: str | None = None

    def units(self) -> set[str]:
        """The codes of all units that a decision needs to look at."""
        return {*self.ends, *(opening.unit for opening in self.opens)}


def assign_target(command: AssignTarget, parts: Parts, *, target: Target, unit: Unit) -> list[Fact]:
    """One lead, one part a unit at a time, within the year and the lives of target and unit."""
    target_id = require_issued(target, command.target)
    require_within(command.year, command.valid_from, "/valid_from")
    require_in_force(target, command.valid_from, "/valid_from")
    unit_id = unit_valid_on(unit, command.unit, command.valid_from, "/unit")
    require_fit(unit, command.unit, command.role, "/role")
    if command.value is not None:
        if command.role == "coordination":
            raise _at(CoordinationTakesNoPart, "/value", unit=command.unit)
        require_judgeable(command.value, target.kind)
    require_free(parts.parts, unit, command.unit, command.valid_from, "/unit")
    if command.role == "lead":
        _require_no_lead(parts.parts, command.target, command.valid_from, "/role")
    fact = AssignmentMade(
        assignment=command.assignment, target=target_id, unit=unit_id, role=command.role,
        value=_or_unset(command.value), valid_from=command.valid_from,
    )  # fmt: skip
    return [Fact(fact, command.valid_from)]


def hand_over(
    command: HandOver, parts: Parts, *, aim: Aim, units: Mapping[str, Unit], under: Callable[[str], Set[str]]
) -> list[Fact]:
    """Reassign, merge or split. `units` are those of `command.units()`, by their codes; `under` gives the ids of the
    units below one (its id) on the command's day.

    AssignmentUnknown unless each unit's part stands, open-ended, from before the date. No value, no lead and no level
    is lost or counted twice without being said: ValueIsLost, LeadIsLost, CarriedTwice, LevelsNotAddedUp.

    A part that goes to the unit which has the whole of it ends, and the whole goes on as it was: with its value, role
    and level. So a unit's part ends when its county takes it back, or when it has moved to another county.
    """
    require_aim(aim, command.target)
    _require_named_once(command.ends, "/together_with")
    _require_named_once([opening.unit for opening in command.opens], "/successors")
    ended = {code: _ending(command, parts, code, units[code]) for code in command.ends}
    require_within(command.year, command.on, "/effective_on")
    if [opening.unit for opening in command.opens] == list(command.ends):
        raise _at(SuccessorIsTheSame, command.opens[0].at("unit"), unit=command.ends[0])
    command, ended, back = _taken_back(command, parts, ended, units)
    if len({whole and whole.id for whole in (parts.whole_of(part, command.on) for part in ended.values())}) > 1:
        raise WholesDiffer(units=list(command.ends))
    if len(command.opens) > 1 and any(p.stands_from(command.on) and parts.whole_of(p, command.on) in ended.values()
                                      for p in parts.parts):  # fmt: skip
        raise PartHasPartsBelow(target=command.target)
    _require_below(command, next(iter(ended.values())), parts, units, under)
    staying = tuple(part for part in parts.parts if part not in (*ended.values(), *back))
    opens = [_opened(command, opening, staying, ended, aim, units[opening.unit]) for opening in command.opens]
    _require_one_lead(command, staying, ended, opens)
    _require_carried_once(command, ended, aim)
    _require_value_kept(command, staying, ended, opens, aim)
    fact = AssignmentHandedOver(
        on=command.on, ends=[part.id for part in (*ended.values(), *back)], opens=opens,
        reserve=_or_unset(command.reserve), reason=command.reason or UNSET,
    )  # fmt: skip
    return [Fact(fact, command.on)]


def _ending(command: HandOver, parts: Parts, code: str, unit: Unit) -> Part:
    part = parts.open_part(unit.id) if unit.id is not None else None
    if part is None or part.valid_from > command.on:
        raise AssignmentUnknown(target=command.target, unit=code, on=command.on)
    return part


def _taken_back(
    command: HandOver, parts: Parts, ended: dict[str, Part], units: Mapping[str, Unit]
) -> tuple[HandOver, dict[str, Part], tuple[Part, ...]]:
    """If all that ends goes back to the whole of it: the order that lets the whole go on, the whole, and what ends.

    Something has to open where something ends, and a unit has one part at a time: so the whole opens anew.
    """
    code = command.opens[0].unit
    lower = tuple(part for part in ended.values() if part.unit != units[code].id)
    wholes = {parts.whole_of(part, command.on) for part in lower}
    whole = wholes.pop() if len(wholes) == 1 and command.opens[0].role is None else None
    if whole is None or whole.unit != units[code].id or whole.valid_until is not None:
        return command, ended, ()
    going_on = replace(command, ends=(code,), opens=(replace(command.opens[0], carries=(code,)),))
    return going_on, {code: whole}, lower


def _opened(
    command: HandOver, opening: Opening, staying: tuple[Part, ...], ended: Mapping[str, Part], aim: Aim, unit: Unit
) -> OpenedPart:
    id = unit_valid_on(unit, opening.unit, command.on, opening.at("unit"))
    value = opening.value
    role: AssignmentRole
    if opening.role is not None:
        role = opening.role
    else:
        role = min((part.role for part in ended.values()), key=STRONGEST_FIRST.index)
        value = _together(opening, [part.value for part in ended.values() if part.value is not None], aim)
    require_fit(unit, opening.unit, role, opening.at("role"))
    require_free(staying, unit, opening.unit, command.on, opening.at("unit"))
    if value is not None:
        if role == "coordination":
            raise _at(CoordinationTakesNoPart, opening.at("value"), unit=opening.unit)
        require_judgeable(value, aim.kind)
    if unknown := [code for code in opening.carries if code not in ended]:
        raise _at(CarriesWhatStays, opening.at("carries"), units=unknown)
    return OpenedPart(
        assignment=opening.assignment, unit=id, role=role, value=_or_unset(value),
        carries=[part.id for code, part in ended.items() if code in opening.carries],
    )  # fmt: skip


def _together(opening: Opening, values: list[str], aim: Aim) -> str | None:
    """What values of parts that become one come to: their sum or, where nothing is added up, what all of them say."""
    if not values:
        return None
    if aim.roll_up != "sum":
        if len(set(values)) > 1:
            raise _at(ValuesNotAddedUp, opening.pointer, roll_up=aim.roll_up, values=values)
        return values[0]
    value = sum_text(total(values))
    if not fullmatch(QUANTITY_PATTERN, value):
        raise _at(SumTooLarge, opening.pointer, sum=value)
    return value


def _require_below(
    command: HandOver, part: Part, parts: Parts, units: Mapping[str, Unit], under: Callable[[str], Set[str]]
) -> None:
    """Who takes over a part of a part is below the unit that has the whole of it, as its predecessor was."""
    if part.below is None:
        return
    below = under(parts.standing_for(part.below, command.on).unit)
    for opening in command.opens:
        if units[opening.unit].id not in below:
            raise _at(UnitIsNotBelow, opening.at("unit"), unit=opening.unit)


def _require_one_lead(
    command: HandOver, staying: Iterable[Part], ended: Mapping[str, Part], opens: list[OpenedPart]
) -> None:
    leading = [opening for opening, opened in zip(command.opens, opens, strict=True) if opened.role == "lead"]
    if leading:
        _require_no_lead(staying, command.target, command.on, leading[0].at("role"))
    if len(leading) > 1:
        raise _at(LeadIsTaken, leading[1].at("role"), target=command.target)
    if not leading and any(part.role == "lead" for part in ended.values()):
        raise LeadIsLost(target=command.target)


def _require_carried_once(command: HandOver, ended: Mapping[str, Part], aim: Aim) -> None:
    counted = Counter(code for opening in command.opens for code in set(opening.carries))
    for opening in command.opens:
        if twice := [code for code in opening.carries if counted[code] > 1]:
            raise _at(CarriedTwice, opening.at("carries"), unit=twice[0])
        valued = {ended[code].value is not None for code in opening.carries}
        if len(set(opening.carries)) > 1 and (aim.roll_up != "sum" or len(valued) > 1):
            raise _at(LevelsNotAddedUp, opening.at("carries"), roll_up=aim.roll_up, units=list(opening.carries))


def _require_value_kept(
    command: HandOver, staying: Iterable[Part], ended: Mapping[str, Part], opens: list[OpenedPart], aim: Aim
) -> None:
    """Only what is added up can be lost in part; where nothing is, each part is measured by its own value.

    A lead without a value answers for the whole target where no part has one: before, and from then on.
    """
    if command.reserve is not None:
        if parse(command.reserve) < 0:
            raise _at(NegativeNotAllowed, "/reserve", value=command.reserve)
        if command.reason is None:
            raise _at(ReserveNeedsReason, "/reason")
    if aim.roll_up != "sum":
        return
    led = any(part.role == "lead" for part in ended.values()) and not any(
        part.value is not None and part.below is None and part.stands_on(command.on) for part in staying
    )
    value = aim.value_on(command.on)
    before = total(added_up([part.value for part in ended.values()], led, value))
    after = total(added_up([_or_none(opened.value) for opened in opens], led, value))
    reserve = parse(command.reserve or "0")
    kept = CONTEXT.add(after, reserve)
    about: dict[str, Any] = {"ended": sum_text(before), "opened": sum_text(after), "reserve": sum_text(reserve)}
    if aim.direction == "lower" and kept > before:
        raise ValueIsExceeded(**about)
    if aim.direction == "higher" and kept < before:
        raise ValueIsLost(**about, missing=sum_text(CONTEXT.subtract(before, kept)))


def _require_named_once(codes: Iterable[str], pointer: str) -> None:
    for code, count in Counter(codes).items():
        if count > 1:
            raise _at(UnitNamedTwice, pointer, unit=code)


def require_fit(unit: Unit, code: str, role: AssignmentRole, pointer: str) -> None:
    """The city coordinates with centrally and provincially run companies, it does not command them."""
    if unit.kind == "company" and role != "coordination":
        raise _at(CompanyOnlyCoordinates, pointer, unit=code, role=role)


def require_free(parts: Iterable[Part], unit: Unit, code: str, day: date, pointer: str) -> None:
    """A new part is open-ended, so it meets every part of the unit that stands on its first day or later, and its unit
    has no end: from then on no entry could be made for it."""
    id = unit_valid_throughout(unit, code, day, None, pointer)
    if any(part.unit == id and part.stands_from(day) for part in parts):
        raise _at(UnitHasPartAlready, pointer, unit=code)


def _require_no_lead(parts: Iterable[Part], target: str, day: date, pointer: str) -> None:
    if any(part.role == "lead" and part.stands_from(day) for part in parts):
        raise _at(LeadIsTaken, pointer, target=target)


def _or_unset(value: str | None) -> str | UnsetType:
    return UNSET if value is None else canonical_text(value)


def _at(refusal: type[Refusal], pointer: str, **about: object) -> Refusal:
    return refusal(faults=[refusal().fault(pointer)], **about)


def evolve(parts: Parts, fact: Shape) -> Parts:
    """Remember."""
    match fact:
        case AssignmentMade():
            made = Part(
                fact.assignment, fact.unit, fact.role, fact.valid_from, value=_or_none(fact.value),
                below=_or_none(fact.below),
            )  # fmt: skip
            return Parts((*parts.parts, made))
        case AssignmentHandedOver():
            first = next(part for part in parts.parts if part.id == fact.ends[0])
            before = tuple(replace(p, valid_until=fact.on) if p.id in fact.ends else p for p in parts.parts)
            return Parts((*before, *(_taken_over(fact, opened, first) for opened in fact.opens)))
        case _:
            return parts


def _taken_over(fact: AssignmentHandedOver, opened: OpenedPart, before: Part) -> Part:
    """Without a role of its own it has role and value of the part that ended."""
    role, value = before.role, before.value
    if not isinstance(opened.role, UnsetType):
        role, value = opened.role, _or_none(opened.value)
    return Part(
        opened.assignment, opened.unit, role, fact.on, value=value, below=before.below, follows=tuple(fact.ends)
    )  # fmt: skip


def _or_none(value: str | UnsetType) -> str | None:
    return None if isinstance(value, UnsetType) else value
