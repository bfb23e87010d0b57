"""Which levels does a part stand on: its own, that of a predecessor, or those of several that became one? Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeAlias, TypeVar

from services.evaluation.ledger import Level
from shared.admission.verdicts import Series
from shared.registry import Registry
from shared.registry.rows import Assignment, Target

T = TypeVar("T")
PartLevel: TypeAlias = "Level | Together[Level] | None"


@dataclass(frozen=True, slots=True)
class Carried:
    """A predecessor's series whose level counts on, up to the day before the hand-over, and whose it carried itself."""

    series: Series
    up_to: date
    unit: str
    carried: tuple[Carried, ...]


@dataclass(frozen=True, slots=True)
class Together(Generic[T]):
    """What several predecessors had when their parts became one: those found count together, out of `of`."""

    found: tuple[T, ...]
    of: int


def each(level: T | Together[T] | None) -> tuple[T, ...]:
    """The levels that a part stands on: its own, that of a predecessor, or those of several."""
    return () if level is None else level.found if isinstance(level, Together) else (level,)


def only(level: T | Together[T] | None) -> T | None:
    """The one level that a part stands on, where nothing is added up."""
    return next(iter(each(level)), None)


def owed(level: object) -> int:
    """How many levels it takes for the part to stand complete: one, unless it carries on those of several."""
    return level.of if isinstance(level, Together) else 1


def complete(level: object) -> bool:
    """Is nothing missing of what the part stands on?"""
    return level is not None and not (isinstance(level, Together) and len(level.found) < level.of)


@dataclass(frozen=True, slots=True)
class Part:
    """One reporting part on the day. `series` and `carried` have one member for each measure of the target."""

    id: str
    assignment: Assignment
    unit: str
    wanted: int | None
    series: tuple[Series, ...]
    carried: tuple[tuple[Carried, ...], ...]
    below: str | None
    """The part of which it is a part, as that stands on the day: where it was handed over, whoever has it now."""


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What was looked up for some parts: on the day, and on the last day of those whose levels they carry on.

    A hand-over may be told late, when the predecessor has a later level already: so each is asked about its own day.
    """

    day: date
    latest: Mapping[Series, T]
    earlier: Mapping[date, Mapping[Series, T]]

    def of(self, part: Part, measure: int = 0) -> T | Together[T] | None:
        """The part's own or, where it carries them on, what its predecessors had: the nearest that has one in each
        line and, where several became one, all of theirs together."""
        own = self.latest.get(part.series[measure])
        return own if own is not None else self._of(part.carried[measure], self.day)

    def only(self, part: Part, measure: int = 0) -> T | None:
        """The same where nothing is added up, so that no part carries on more than one."""
        return only(self.of(part, measure))

    def _of(self, line: tuple[Carried, ...], day: date) -> T | Together[T] | None:
        if len(line) == 1:
            return self._at(line[0], day)
        found = [self._at(one, day) for one in line]
        levels = tuple(level for one in found for level in each(one))
        # Where none had a level there is none, but how many were asked for must show: so it is not None.
        return Together(levels, sum(owed(one) for one in found)) if line else None

    def _at(self, carried: Carried, day: date) -> T | Together[T] | None:
        up_to = min(day, carried.up_to)
        own = self.earlier[up_to].get(carried.series)
        return own if own is not None else self._of(carried.carried, up_to)


def carried_by(
    registry: Registry, units: Mapping[str, str], id: str, target: Target, measure: str, part: Assignment
) -> tuple[Carried, ...]:
    """The series of those that it took over from with their levels, each with those that it carried itself."""
    found: list[Carried] = []
    # Where nothing is added up, several levels have no meaning together, whatever was told: the first one goes on.
    for follows in part.carries if target.roll_up == "sum" else part.carries[:1]:
        before = registry.assignments.latest(follows)
        series = Series(target.year, "target", id, measure, follows)
        carried = carried_by(registry, units, id, target, measure, before)
        found.append(Carried(series, part.valid_from - timedelta(days=1), units.get(before.unit, before.unit), carried))
    return tuple(found)


def merging(carried: tuple[Carried, ...]) -> bool:
    """Do several become one anywhere along the line?"""
    return len(carried) > 1 or any(merging(one.carried) for one in carried)


def predecessors(carried: Iterable[Carried], up_to: date) -> Iterator[tuple[Carried, date]]:
    """All predecessors, near and far, each with the day up to which it counts."""
    for one in carried:
        until = min(up_to, one.up_to)
        yield one, until
        yield from predecessors(one.carried, until)
