"""What comes of comparing a value with a target's: the exact rate, is it met, and the marks that totals count. Pure.

All comparisons are between exact ratios. Not reported is not zero: a figure without a report has no rate.
"""

from __future__ import annotations

from typing import NamedTuple


class Ratio(NamedTuple):
    """An exact completion rate; `below` is positive."""

    above: int
    below: int

    def less_than(self, other: Ratio) -> bool:
        """Compared at full precision."""
        return self.above * other.below < other.above * self.below


class Rule(NamedTuple):
    """How a target is judged: its kind, and whether lower is better (a ceiling always, others by their direction)."""

    kind: str
    lower: bool

    def rate(self, actual: int, wanted: int) -> Ratio | None:
        """r = a/t; where lower is better r = 2 - a/t, not below 0. None when t is 0, which no issued target is."""
        if wanted == 0:
            return None
        if wanted < 0:
            actual, wanted = -actual, -wanted
        if self.lower:
            return Ratio(max(0, 2 * wanted - actual), wanted)
        if self.kind == "rate" and actual < 0:
            return Ratio(0, 1)  # a negative growth rate counts 0
        return Ratio(actual, wanted)

    def met(self, actual: int, wanted: int) -> bool:
        """Is the target's value reached (or, where lower is better, kept)?"""
        return actual <= wanted if self.lower else actual >= wanted


REPORTED, COMPLETE, MET, AT_LEAST_80, AT_LEAST_100 = 1, 2, 4, 8, 16
"""What may be said of a figure, as bits: complete means that all it is made of have reported."""
SHORT = REPORTED | COMPLETE
NEARLY = SHORT | AT_LEAST_80
FULL = NEARLY | AT_LEAST_100 | MET


class Judged(NamedTuple):
    """What came of comparing a value with a target's: of a target as a whole, or of one unit's part of it."""

    actual: int | None
    against: int
    rate: Ratio | None
    met: bool | None
    full: bool

    @property
    def marks(self) -> int:
        """The bits that hold; thresholds compare at full precision. 0 where nothing is reported."""
        actual, _, rate, met, full = self
        if actual is None:
            return 0
        found = REPORTED | (COMPLETE if full else 0) | (MET if met else 0)
        if rate is not None and 5 * rate.above >= 4 * rate.below:
            found |= AT_LEAST_80 | (AT_LEAST_100 if rate.above >= rate.below else 0)
        return found


class Tally:
    """How many targets, and how far they are: counted by their marks, so that counting costs next to nothing."""

    __slots__ = ("by_marks",)

    def __init__(self) -> None:
        self.by_marks = [0] * 32

    def add(self, marks: int) -> None:
        """Count one more."""
        self.by_marks[marks] += 1

    @property
    def targets(self) -> int:
        """How many there are."""
        return sum(self.by_marks)

    def having(self, mark: int) -> int:
        """How many have this mark."""
        return sum(count for marks, count in enumerate(self.by_marks) if marks & mark)
