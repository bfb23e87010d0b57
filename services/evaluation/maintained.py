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
from typing import NamedTuple

from services.evaluation.exact import scaled
from shared.admission.verdicts import Series
from shared.registry import Registry
from shared.registry.rows import Target

MAINTAIN = "maintain"
"""The kind of target that is to be kept all year, whatever its last figure says."""
Observed = Mapping[Series, Sequence[tuple[date, str]]]
"""The entries that count, by series: date and value."""


class Line(NamedTuple):
    """A series that a part stands on, a predecessor's included: up to which day it counts, and whose it is.

    What it is held to where the part is looked at, and where the whole is; None: to the target's value of the day.
    """

    series: Series
    up_to: date
    unit: str
    in_part: int | None
    in_whole: int | None


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
        for series, up_to, unit, in_part, in_whole in self.lines[at]:
            for on, text in observed.get(series, ()):
                if on > up_to:
                    continue
                value, wanted = scaled(text), self.values[bisect_right(self.dates, on)]
                part, whole = wanted if in_part is None else in_part, wanted if in_whole is None else in_whole
                if self.lower:
                    value, part, whole = -value, -part, -whole
                if value < part or value < whole:
                    yield Miss(on, unit, value < part, value < whole)


def kept(registry: Registry, id: str, target: Target, parts: Sequence[Sequence[tuple[Series, date, str]]]) -> Kept:
    """What is to be kept of the target, given what each part stands on: series, up to which day, and whose."""
    stood = registry.targets.history(id)
    return Kept(
        tuple(tuple(_line(registry, id, target, *line) for line in lines) for lines in parts),
        target.direction == "lower",
        tuple(on for on, _, _ in stood),
        (scaled(target.value), *(scaled(row.value) for _, _, row in stood)),
    )


def _line(registry: Registry, id: str, target: Target, series: Series, up_to: date, unit: str) -> Line:
    part = registry.assignments.latest(series.part)
    own = None if part.value is None else scaled(part.value)
    given = registry.targets.get(id, part.valid_from) or target
    has_all = target.roll_up == "lead" or (target.roll_up == "sum" and own == scaled(given.value))
    return Line(series, up_to, unit, own, None if has_all else own)
