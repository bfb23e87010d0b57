"""Who answers for the parts of a unit that ends? Its successors, from the day of its end, in the same decision.

With one successor all parts are its own from then on; with several the order says for each target who takes it over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from services.targets.assignment import HandOver, Opening, Part, Parts, assignments_stream, hand_over
from services.targets.decomposition import Aim
from services.targets.errors.organisation import TakenOverByNoSuccessor, TakesOverNothing, UnitHasOpenAssignments
from services.targets.unit import Unit
from services.targets.unit_tree import SHOWN, EndUnit
from shared.deciding import Fact

STREAMS = "assignments:"
"""What the names of the streams of all targets' parts begin with; a year and a target's code follow."""


@dataclass(frozen=True, slots=True)
class Held:
    """A target of which the unit that ends has a part on the day of its end or later, and all its parts."""

    year: int
    code: str
    aim: Aim
    parts: Parts


@dataclass(frozen=True, slots=True)
class TakeOver:
    """`successor` (a code) has the ending unit's part of this target."""

    year: int
    target: str
    successor: str


def inherit(
    command: EndUnit,
    take_overs: Sequence[TakeOver],
    held: Sequence[Held],
    units: Mapping[str, Unit],
    *,
    carries_levels: bool,
    new_id: Callable[[], str],
    under: Callable[[str], Set[str]],
) -> list[Fact]:
    """The hand-overs. `units` are the ending unit and its successors, by code; `under` gives the ids of those below.

    A successor that has a part of the target itself has both from then on, as one.

    UnitHasOpenAssignments names the parts that nobody takes over; TakenOverByNoSuccessor and TakesOverNothing are about
    what the order says of a target; and whatever a hand-over refuses.
    """
    heirs = _heirs(command, take_overs, held)
    facts, left = list[Fact](), list[Held]()
    for each in held:
        heir, parts = heirs.get((each.year, each.code)), _open(each.parts, units[command.code], command)
        if heir is None or any(part.valid_until is not None for part in parts):
            left.append(each)
            continue
        for part in parts:
            code, pointer = heir
            on = max(command.on, part.valid_from)
            own = each.parts.open_part(units[code].id)
            ends = (command.code,) if own is None or own.valid_from > on else (command.code, code)
            opening = Opening(new_id(), code, ends if carries_levels else (), pointer=pointer)
            order = HandOver(each.year, each.code, ends, (opening,), on)
            made = hand_over(order, each.parts, aim=each.aim, units=units, under=under)
            stream = assignments_stream(each.year, each.code).name
            facts += (replace(fact, stream=stream) for fact in made)
    if left:
        raise UnitHasOpenAssignments(
            unit=command.code, on=command.on, of=len(left),
            targets=[{"year": each.year, "target": each.code} for each in left[:SHOWN]],
            faults=[UnitHasOpenAssignments().fault("/take_overs" if command.successors else "/successors")],
        )  # fmt: skip
    return facts


def _heirs(
    command: EndUnit, take_overs: Sequence[TakeOver], held: Sequence[Held]
) -> dict[tuple[int, str], tuple[str, str]]:
    """Who has the part of which target (year, code), and where the order says so."""
    only = command.successors[0] if len(command.successors) == 1 else None
    heirs = {(each.year, each.code): (only, "/successors/0") for each in held if only is not None}
    for at, take_over in enumerate(take_overs):
        place, pointer = (take_over.year, take_over.target), f"/take_overs/{at}"
        if take_over.successor not in command.successors:
            fault = TakenOverByNoSuccessor().fault(f"{pointer}/successor")
            raise TakenOverByNoSuccessor(unit=take_over.successor, faults=[fault])
        if not any(place == (each.year, each.code) for each in held):
            fault = TakesOverNothing().fault(f"{pointer}/target")
            raise TakesOverNothing(unit=command.code, target=take_over.target, year=take_over.year, faults=[fault])
        heirs[place] = (take_over.successor, f"{pointer}/successor")
    return heirs


def _open(parts: Parts, unit: Unit, command: EndUnit) -> list[Part]:
    """The unit's parts that stand on the day of its end or later."""
    return [part for part in parts.parts if part.unit == unit.id and part.stands_from(command.on)]
