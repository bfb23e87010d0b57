"""What do the parts of a target come to, and are they complete (目标分解, 层层加码)? Exact sums, no rounding."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import reduce

from services.targets.target import stream_name
from shared.admission.errors import TargetUnknown
from shared.contracts.shapes import Shape
from shared.contracts.targets import Direction, RollUp, TargetAdjusted, TargetIssued, TargetKind
from shared.deciding import Stream
from shared.quantities import CONTEXT, parse


@dataclass(frozen=True, slots=True)
class Aim:
    """What the parts of a target are to come to: its value from each date on. `id` is None until it is issued."""

    id: str | None = None
    kind: TargetKind = "cumulative"
    direction: Direction = "higher"
    roll_up: RollUp = "sum"
    values: tuple[tuple[date, str], ...] = ()

    @property
    def first_day(self) -> date:
        """The day from which it is in force."""
        return self.values[0][0]

    def value_on(self, day: date) -> str:
        """The value in force on a day, from its first one on."""
        return self.values[bisect_right(self.values, day, key=lambda value: value[0]) - 1][1]


def aim_stream(year: int, code: str) -> Stream[Aim]:
    """The target's stream, with only that remembered."""
    return Stream(stream_name(year, code), Aim(), evolve_aim)


def require_aim(aim: Aim, code: str) -> str:
    """The id of the target. TargetUnknown."""
    if aim.id is None:
        raise TargetUnknown(target=code)
    return aim.id


def total(values: Iterable[str]) -> Decimal:
    """The exact sum."""
    return reduce(CONTEXT.add, map(parse, values), Decimal(0))


def sum_text(value: Decimal) -> str:
    """A sum as plain text, of any size: what is added up may have more digits than what is stated."""
    return format(value.normalize(CONTEXT), "f") if value else "0"


def evolve_aim(aim: Aim, fact: Shape) -> Aim:
    """Remember."""
    match fact:
        case TargetIssued():
            return Aim(fact.target, fact.kind, fact.direction, fact.roll_up, ((fact.effective_on, fact.value),))
        case TargetAdjusted():
            others = tuple(value for value in aim.values if value[0] != fact.effective_on)
            return replace(aim, values=tuple(sorted((*others, (fact.effective_on, fact.value)))))
        case _:
            return aim
