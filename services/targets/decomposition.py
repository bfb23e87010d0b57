"""What do the parts of a target come to, and are they complete (目标分解, 层层加码)? Exact sums, no rounding."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from typing import Protocol

from services.targets.target import stream_name
from shared.admission.errors import TargetUnknown
from shared.contracts.shapes import Shape
from shared.contracts.targets import AssignmentRole, Direction, RollUp, TargetAdjusted, TargetIssued, TargetKind
from shared.deciding import Stream
from shared.quantities import CONTEXT, parse, shown


@dataclass(frozen=True, slots=True)
class Aim:
    """What the parts of a target are to come to: its value from each date on. `id` is None until it is issued."""

    id: str | None = None
    kind: TargetKind = "cumulative"
    direction: Direction = "higher"
    roll_up: RollUp = "sum"
    values: tuple[tuple[date, str], ...] = ()

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


@dataclass(frozen=True, slots=True)
class Comparison:
    """What parts come to, against what was to be broken down: the value of a target, or of one part of it."""

    value: Decimal
    parts: Decimal
    reserve: Decimal
    lower: bool

    @property
    def missing(self) -> Decimal:
        """What is short of the value or, where lower is better, over it; 0 where nothing is."""
        kept = CONTEXT.add(self.parts, self.reserve)
        short = CONTEXT.subtract(kept, self.value) if self.lower else CONTEXT.subtract(self.value, kept)
        return max(short, Decimal(0))

    @property
    def surplus(self) -> Decimal:
        """By how much the parts ask for more than the whole (层层加码); 0 where they do not."""
        more = CONTEXT.subtract(self.value, self.parts) if self.lower else CONTEXT.subtract(self.parts, self.value)
        return max(more, Decimal(0))

    @property
    def surplus_pp(self) -> str | None:
        """The same in percentage points of the value, to 12 decimals HALF_UP."""
        if not self.value:
            return None
        digits = shown(100 * Fraction(self.surplus) / Fraction(abs(self.value)), 12).rstrip("0")
        return digits.rstrip(".")


@dataclass(frozen=True, slots=True)
class Decomposed:
    """The comparison, and since when it is stated that the parts are complete, if it is."""

    comparison: Comparison
    stated_on: date | None
    reason: str | None


def compared(value: str, parts: Iterable[str], reserve: str | None, direction: Direction) -> Comparison:
    """Exact: nothing is rounded before it is compared."""
    return Comparison(parse(value), total(parts), parse(reserve or "0"), direction == "lower")


def added_up(values: Sequence[str | None], leads: bool, value: str) -> list[str]:
    """What counts of the parts that lie directly below: those with a value of their own.

    Where none has one, a lead unit answers for the whole.
    """
    stated = [each for each in values if each is not None]
    return stated if stated or not leads else [value]


class Given(Protocol):
    """A part as it stands, whoever remembers it: the registry, or the stream that a decision looks at."""

    @property
    def role(self) -> AssignmentRole:
        """What the unit does."""

    @property
    def value(self) -> str | None:
        """Its own value, if it was given one."""


def broken_down(
    whole: str, parts: Sequence[Given], reserve: str | None, direction: Direction, *, of_target: bool
) -> Comparison:
    """What the parts directly below come to, against the value of the target (`of_target`) or of one part of it.

    Only a target has a lead unit that answers for the whole where no part has a value.
    """
    leads = of_target and any(part.role == "lead" for part in parts)
    return compared(whole, added_up([part.value for part in parts], leads, whole), reserve, direction)


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
