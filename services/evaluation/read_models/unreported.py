"""Who has not reported for a month? Folded from the registry and the levels; it keeps no table of its own."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from services.evaluation.ledger import Levels
from shared.admission import Series
from shared.calendars import month_end
from shared.registry import Registry


@dataclass(frozen=True, slots=True)
class Owed:
    """A part of a target, or a project without sub-projects, whose figure of the month a unit owes."""

    unit: str
    kind: Literal["target", "project"]
    code: str
    series: Series
    or_in: tuple[Series, ...] = ()
    """An entry in one of these will do too: of a milestone target any step can be reported."""


@dataclass(slots=True)
class UnitReports:
    """What one unit owes for the month, and what of it is missing."""

    unit: str
    owed: int = 0
    missing: list[Owed] = field(default_factory=list)

    @property
    def reported(self) -> int:
        """How many of what is owed have an entry."""
        return self.owed - len(self.missing)


def unreported(
    registry: Registry, levels: Levels, year: int, month: int, as_of: date, units: Set[str] | None = None
) -> list[UnitReports]:
    """Unit by unit, in order of their codes: parts and projects of the month's end without a current entry in it.

    Entries count up to `as_of`; the judged measure is the one that is owed. A returned or withdrawn entry leaves its
    month unreported. `units` are the ids of those asked about, None for all.
    """
    end = month_end(year, month)
    latest = levels.latest(min(as_of, end), year)
    reports: dict[str, UnitReports] = {}
    for owed in _owed(registry, year, end):
        if units is not None and owed.unit not in units:
            continue
        of_unit = reports.setdefault(owed.unit, UnitReports(owed.unit))
        of_unit.owed += 1
        told = [level for series in (owed.series, *owed.or_in) if (level := latest.get(series)) is not None]
        if not any(level.effective_on >= end.replace(day=1) for level in told):
            of_unit.missing.append(owed)
    for of_unit in reports.values():
        of_unit.missing.sort(key=lambda owed: (owed.kind, owed.code, owed.series.part))
    return sorted(reports.values(), key=lambda of_unit: registry.units.first(of_unit.unit).code)


def _owed(registry: Registry, year: int, end: date) -> Iterator[Owed]:
    for id, target in registry.targets_on(end):
        if target.year != year:
            continue
        for part, assignment in registry.answering(id, end):
            series = Series(year, "target", id, target.measures[0].code, part)
            steps = tuple(series._replace(measure=step.measure) for step in target.steps)
            yield Owed(assignment.unit, "target", target.code, series, steps)
    for id, project in registry.projects.on(end):
        if project.year == year and not registry.subs_of(id):
            series = Series(year, "project", id, project.measures[0].code, id)
            yield Owed(project.unit, "project", project.code, series)
