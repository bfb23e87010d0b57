"""How far along are key projects? Per project, per group of projects, and the city's own total. Pure.

Only leaves carry figures: a project with sub-projects is the sum of them. A project may be in any number of nested,
dated groups; whatever a group is made of counts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from services.evaluation.completion import time_progress
from services.evaluation.exact import quantity_text, ratio_text, scaled
from services.evaluation.ledger import Level, Levels
from services.evaluation.target_documents import (
    Document,
    coverage,
    lead_pp,
    level_document,
    progress_text,
    standings,
)
from shared.admission.verdicts import Series
from shared.quantities import UNITS
from shared.registry import Registry
from shared.registry.rows import Group, Project

MONEY = "money"
LEVEL_PREFIX = "level:"
"""`level:provincial` is a group that nobody has to define: all projects of that level. No group's code has a colon."""


@dataclass(slots=True)
class Leaf:
    """A project or sub-project that carries figures itself; `times` converts its unit of measure into the city's."""

    id: str
    project: Project
    plan: str | None
    level: Level | None
    times: int
    others: tuple[Level | None, ...]

    @property
    def planned(self) -> int:
        """Planned investment of the year in the city's unit of measure; 0 when none is stated."""
        return scaled(self.plan) * self.times if self.plan is not None else 0

    @property
    def done(self) -> int:
        """Completed investment in the city's unit of measure; 0 when nothing is reported (coverage tells)."""
        return scaled(self.level.best[0]) * self.times if self.level is not None else 0


@dataclass(slots=True)
class ProjectFigure:
    """A project with what it is made of: its sub-projects, or itself."""

    id: str
    project: Project
    leaves: list[Leaf]
    started_on: date | None
    planned_start: date | None

    @property
    def sub_projects(self) -> int:
        """How many sub-projects it has."""
        return 0 if len(self.leaves) == 1 and self.leaves[0].id == self.id else len(self.leaves)

    @property
    def reported(self) -> bool:
        """Have all that it is made of reported?"""
        return all(leaf.level is not None for leaf in self.leaves)


@dataclass(slots=True)
class Sum:
    """Plan and completed investment of some leaves, each counted once."""

    planned: int = 0
    done: int = 0
    plans: int = 0
    reported: int = 0
    leaves: int = 0
    standings: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, leaves: Iterable[Leaf]) -> Sum:
        """Add them up."""
        total = cls()
        for leaf in leaves:
            total.leaves += 1
            total.planned += leaf.planned
            total.plans += leaf.plan is not None
            if leaf.level is not None:
                total.done += leaf.done
                total.reported += 1
                total.standings.add(leaf.level.best[1])
        return total


@dataclass(slots=True)
class Projects:
    """The figures of the projects of one year, on one day, from one reading of the levels."""

    registry: Registry
    levels: Levels
    year: int
    as_of: date
    day: date = field(init=False)
    progress: Fraction = field(init=False)
    unit_of_measure: str = field(init=False, default="yi_yuan")
    figures: dict[str, ProjectFigure] = field(init=False, default_factory=dict)
    """Every project on the day, by id; sub-projects too, each as a leaf of its own."""
    top: list[ProjectFigure] = field(init=False, default_factory=list)
    """The projects that are no sub-projects, by code."""
    city: Sum = field(init=False)

    def __post_init__(self) -> None:
        self.day = min(self.as_of, date(self.year, 12, 31))
        self.progress = time_progress(self.registry, self.year, self.as_of)
        rows = {id: row for id, row in self.registry.projects.on(self.day) if row.year == self.year}
        self.unit_of_measure = _smallest(rows.values())
        latest = self.levels.latest_of(rows, self.day)
        parents = {row.parent for row in rows.values() if row.parent is not None}
        leaves = {id: self._leaf(id, row, latest) for id, row in rows.items() if id not in parents}
        subs: dict[str, list[Leaf]] = {}
        for leaf in leaves.values():
            if leaf.project.parent is not None:
                subs.setdefault(leaf.project.parent, []).append(leaf)
        for id, row in rows.items():
            own = [leaves[id]] if id in leaves else sorted(subs.get(id, ()), key=lambda leaf: leaf.project.code)
            self.figures[id] = ProjectFigure(id, row, own, self._started(id, own), row.planned_start)
        self.top = sorted(
            (figure for figure in self.figures.values() if figure.project.parent not in rows),
            key=lambda figure: figure.project.code,
        )
        self.city = Sum.of(leaf for figure in self.top for leaf in figure.leaves)

    def _leaf(self, id: str, row: Project, latest: Mapping[Series, Level]) -> Leaf:
        first, *rest = row.measures
        plan = self.registry.plans.get(id, self.day)
        measured = UNITS.get(first.unit_of_measure)
        money = measured is not None and measured.dimension == MONEY
        times = int(measured.factor / UNITS[self.unit_of_measure].factor) if measured is not None and money else 1

        def level(measure: str) -> Level | None:
            return latest.get(Series(self.year, "project", id, measure, id))

        return Leaf(
            id, row, plan.planned_investment if plan is not None and money else None,
            level(first.code) if money else None, times, tuple(level(measure.code) for measure in rest),
        )  # fmt: skip

    def _started(self, id: str, leaves: list[Leaf]) -> date | None:
        """The day on which work began, if it does not lie after the day asked about; a project begins with a part."""
        days = [
            self.registry.starts.latest(each).started_on
            for each in {id, *(leaf.id for leaf in leaves)}
            if each in self.registry.starts
        ]
        begun = min(days, default=None)
        return begun if begun is not None and begun <= self.day else None

    def groups(self) -> dict[str, list[ProjectFigure]]:
        """Members of every group by its code, by code of the project: nested ones included, each once."""
        groups = dict(self.registry.groups.on(self.day))
        above = {id: _and_above(id, groups) for id in groups}
        members: dict[str, list[ProjectFigure]] = {group.code: [] for group in groups.values()}
        for figure in sorted(self.figures.values(), key=lambda figure: figure.project.code):
            within = self._within(figure, above)
            if figure.project.parent in self.figures:
                # A sub-project is a member of its own only where its project is not.
                within -= self._within(self.figures[figure.project.parent], above)
            else:
                members.setdefault(LEVEL_PREFIX + figure.project.level, []).append(figure)
            for id in within:
                members[groups[id].code].append(figure)
        return members

    def _within(self, figure: ProjectFigure, above: Mapping[str, frozenset[str]]) -> set[str]:
        return {group for named in figure.project.groups for group in above.get(named, ())}


def _and_above(group: str, groups: Mapping[str, Group]) -> frozenset[str]:
    """The group and all that it lies within on the day."""
    found: set[str] = set()
    at: str | None = group
    while at is not None and at in groups and at not in found:
        found.add(at)
        at = groups[at].parent
    return frozenset(found)


def _smallest(rows: Iterable[Project]) -> str:
    """The smallest unit of money in use: into it every other one converts without a further decimal."""
    used = {row.measures[0].unit_of_measure for row in rows}
    money = [UNITS[code] for code in used if code in UNITS and UNITS[code].dimension == MONEY]
    return min(money, key=lambda unit: unit.factor).code if money else "yi_yuan"


# Documents


def groups_document(projects: Projects) -> Document:
    """All groups of projects, and the city's total that they are compared with."""
    groups = projects.groups()
    return {
        "time_progress": progress_text(projects.progress),
        "unit_of_measure": projects.unit_of_measure,
        "city": figures_of(projects, projects.top),
        "groups": [{"code": code} | figures_of(projects, groups[code]) for code in sorted(groups)],
    }


def group_document(projects: Projects, code: str, members: list[ProjectFigure]) -> Document:
    """One group, with its projects."""
    return {
        "time_progress": progress_text(projects.progress),
        "unit_of_measure": projects.unit_of_measure,
        "city": figures_of(projects, projects.top),
        "group": {"code": code} | figures_of(projects, members),
        "projects": [_row(projects, figure) for figure in members],
    }


def project_document(projects: Projects, figure: ProjectFigure) -> Document:
    """One project, with its sub-projects and the entries that its figures come from."""
    document = _row(projects, figure) | {
        "time_progress": progress_text(projects.progress),
        "made_of": [_leaf_document(projects, leaf) for leaf in figure.leaves],
    }
    if figure.project.parent is not None and figure.project.parent in projects.registry.projects:
        document["parent"] = projects.registry.projects.latest(figure.project.parent).code
    return document


def figures_of(projects: Projects, members: list[ProjectFigure]) -> Document:
    """The figures of a group: counts, investment, start rate, and its place in the city."""
    total = Sum.of({leaf.id: leaf for figure in members for leaf in figure.leaves}.values())
    phases: dict[str, int] = {}
    for figure in members:
        phases[figure.project.phase] = phases.get(figure.project.phase, 0) + 1
    return {
        "projects": len(members),
        "with_sub_projects": len(members) + sum(figure.sub_projects for figure in members),
        "phases": [{"code": code, "projects": phases[code]} for code in sorted(phases)],
        "coverage": {"reported": sum(figure.reported for figure in members), "of": len(members)},
        "start": _start(projects, members),
    } | _investment(projects, total)


def _investment(projects: Projects, total: Sum) -> Document:
    """Plan, completed, rate, lead over time progress, and how it stands to the city's total."""
    city = projects.city
    document: Document = {
        "plans": {"stated": total.plans, "of": total.leaves},
        "leaves": {"reported": total.reported, "of": total.leaves},
        "standings": sorted(total.standings),
    }
    if total.plans:
        document["planned_investment"] = quantity_text(total.planned)
    if not total.reported:
        return document
    document["investment"] = quantity_text(total.done)
    if total.planned > 0:
        document["rate"] = ratio_text(total.done, total.planned)
        document["lead_pp"] = lead_pp(total.done, total.planned, projects.progress)
        if city.planned > 0:
            document["over_city_pp"] = ratio_text(
                100 * (total.done * city.planned - city.done * total.planned), total.planned * city.planned
            )
    if city.done > 0:
        document["share_of_city"] = ratio_text(total.done, city.done)
    return document


def _start(projects: Projects, members: list[ProjectFigure]) -> Document:
    """Started of all that were to start by the year's end, earlier years included, and of those due by the day.

    A continued project without a planned start was to start in an earlier year.
    """
    year_end = date(projects.year, 12, 31)
    planned = due = started = started_of_planned = started_of_due = 0
    for figure in members:
        begun = figure.started_on is not None
        start = figure.planned_start
        if start is None and figure.project.phase == "continued":
            start = date.min
        started += begun
        if start is not None and start <= year_end:
            planned += 1
            started_of_planned += begun
            if start <= projects.day:
                due += 1
                started_of_due += begun
    document: Document = {
        "started": started, "planned": planned, "started_of_planned": started_of_planned,
        "due": due, "started_of_due": started_of_due,
    }  # fmt: skip
    if planned:
        document["rate"] = ratio_text(started_of_planned, planned)
    if due:
        document["rate_of_due"] = ratio_text(started_of_due, due)
    return document


def _row(projects: Projects, figure: ProjectFigure) -> Document:
    project = figure.project
    unit = (
        projects.registry.units.latest(project.unit).code if project.unit in projects.registry.units else project.unit
    )
    document: Document = {
        "code": project.code, "level": project.level, "phase": project.phase, "unit": unit,
        "sub_projects": figure.sub_projects, "started": figure.started_on is not None,
        "unit_of_measure": projects.unit_of_measure,
        "coverage": coverage(leaf.level for leaf in figure.leaves),
    }  # fmt: skip
    if figure.planned_start is not None:
        document["planned_start"] = figure.planned_start.isoformat()
    if figure.started_on is not None:
        document["started_on"] = figure.started_on.isoformat()
    return document | _investment(projects, Sum.of(figure.leaves))


def _leaf_document(projects: Projects, leaf: Leaf) -> Document:
    first, *rest = leaf.project.measures
    document: Document = {
        "code": leaf.project.code, "measure": first.code, "unit_of_measure": first.unit_of_measure,
        "standings": standings([leaf.level]),
        "measures": [
            {"code": measure.code, "unit_of_measure": measure.unit_of_measure, **level_document(level)}
            for measure, level in zip(rest, leaf.others, strict=True) if level is not None
        ],
    }  # fmt: skip
    if leaf.plan is not None:
        document["planned_investment"] = leaf.plan
    if leaf.level is not None:
        document["level"] = level_document(leaf.level)
        if leaf.planned > 0:
            document["rate"] = ratio_text(leaf.done, leaf.planned)
            document["lead_pp"] = lead_pp(leaf.done, leaf.planned, projects.progress)
    return document
