"""What is to be kept all year (保持): what every line of reports is held to, and where it fell short. Pure.

A part is held to its own value and, where it has none, to what the target's is on the day. So is the whole by each of
its parts, but for who has all of it: the lead unit whose figure is the city's, and a part that was given the target's
value, to be added up. They go where the target is adjusted to.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from services.evaluation.exact import quantity_text, scaled
from services.evaluation.ledger import Entries
from shared.admission.verdicts import Series
from shared.registry import Registry
from shared.registry.rows import Target

MAINTAIN = "maintain"
"""The kind of target that is to be kept all year, whatever its last figure says."""
Observed = Mapping[Series, Entries]
"""The entries that count, by series."""


class Line(NamedTuple):
    """A series that a part stands on, a predecessor's included: up to which day it counts, and whose it is.

    What it is held to where the part is looked at, and where the whole is; None: to the target's value of the day.
    """

    series: Series
    up_to: date
    unit: str
    in_part: int | None
    in_whole: int | None
    hardest: Decimal
    """What it could be held to at most (where lower is better, at least): what reaches it is never a miss."""


class Miss(NamedTuple):
    """An observation that fell short of what was to be kept: as one of its part's, or as one of the whole's."""

    effective_on: date
    unit: str
    in_part: bool
    in_whole: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """What is to be kept of one target: the lines of each part, and the target's value of each day."""

    lines: tuple[tuple[Line, ...], ...]
    lower: bool
    dates: tuple[date, ...]
    values: tuple[int, ...]
    """Before the first of the dates, and from each of them on."""

    def series(self, places: Iterable[int]) -> Iterator[Series]:
        """What the parts at these places stand on."""
        return (line.series for at in places for line in self.lines[at])

    def misses(self, at: int, observed: Observed) -> Iterator[Miss]:
        """Where the part at this place fell short."""
        lower = self.lower
        for series, up_to, unit, in_part, in_whole, hardest in self.lines[at]:
            if series not in observed:
                continue
            dates, texts = observed[series]
            # So it is nearly everywhere: decimals are read and compared exactly, at half the price of our integers.
            if max(map(Decimal, texts)) <= hardest if lower else min(map(Decimal, texts)) >= hardest:
                continue
            for on, value in zip(map(date.fromisoformat, dates), map(scaled, texts), strict=True):
                if on > up_to:
                    continue
                wanted = self.values[bisect_right(self.dates, on)]
                part, whole = (
                    value > held if lower else value < held
                    for held in (wanted if own is None else own for own in (in_part, in_whole))
                )
                if part or whole:
                    yield Miss(on, unit, part, whole)


def kept(registry: Registry, id: str, target: Target, parts: Sequence[Sequence[tuple[Series, date, str]]]) -> Kept:
    """What is to be kept of the target, given what each part stands on: series, up to which day, and whose."""
    stood, lower = registry.targets.history(id), target.direction == "lower"
    values = (scaled(target.value), *(scaled(row.value) for _, _, row in stood))
    hardest = min if lower else max

    def line(series: Series, up_to: date, unit: str) -> Line:
        part = registry.assignments.latest(series.part)
        own = None if part.value is None else scaled(part.value)
        given = registry.targets.get(id, part.valid_from) or target
        has_all = target.roll_up == "lead" or (target.roll_up == "sum" and own == scaled(given.value))
        held = (*values, *(() if own is None else (own,)))
        return Line(series, up_to, unit, own, None if has_all else own, Decimal(quantity_text(hardest(held))))

    lines = tuple(tuple(line(*stands_on) for stands_on in part) for part in parts)
    return Kept(lines, lower, tuple(on for on, _, _ in stood), values)
