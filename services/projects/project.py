"""A key project or sub-project: registered once, planned, its plan changed, started.

A project with sub-projects takes neither plan nor figures itself; they do (and so a union counts each once).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from msgspec import UNSET

from services.projects import group
from services.projects.errors import (
    DateBeforeProject,
    DateOutsideYear,
    GroupNamedTwice,
    MeasureDeclaredTwice,
    MeasureUnitUnknown,
    ParentHasFigures,
    ParentHasPlan,
    ParentIsSubProject,
    ParentProjectUnknown,
    PlanBelongsToSubProjects,
    PlanIsNotMoney,
    PlanNotPositive,
    PlanUnchanged,
    PlanUnitOfMeasureDiffers,
    ProjectCodeTaken,
    ProjectHasNoPlan,
    ProjectHasPlan,
    ProjectNotFound,
    ProjectStartedAlready,
    StartInFuture,
)
from shared.contracts.projects import (
    ProjectLevel,
    ProjectPhase,
    ProjectPlanChanged,
    ProjectPlanned,
    ProjectRegistered,
    ProjectStarted,
)
from shared.contracts.shapes import Label, Measure, Shape
from shared.deciding import Fact, Look, Stream
from shared.errors import Fault
from shared.quantities import NOT_CONVERTIBLE, UNITS, convert_text, parse

INVESTMENT = Measure(code="investment", name=Label(zh="完成投资", en="Completed investment"), unit_of_measure="yi_yuan")
"""What is reported of a project that declares nothing else."""
MONEY = UNITS[INVESTMENT.unit_of_measure].dimension
"""A planned investment is judged by the first measure, which can be that of an investment only if it is money."""


@dataclass(frozen=True, slots=True)
class Project:
    """What the next decision needs; `id` is None while there is none. The plan is in `unit_of_measure`.

    That and `measure` are of the first measure declared.
    """

    id: str | None = None
    parent: str | None = None
    valid_from: date = date.max
    measure: str = ""
    unit_of_measure: str = ""
    plan: str | None = None
    planned_from: date = date.max
    started: bool = False


@dataclass(frozen=True, slots=True)
class RegisterProject:
    """Register a project. `unit` is an id; `parent` and `groups` are codes.

    `parent_reported`: figures of the parent itself are on the log.
    """

    id: str
    year: int
    code: str
    name: Label
    level: ProjectLevel
    phase: ProjectPhase
    unit: str
    parent: str | None
    groups: Sequence[str]
    measures: Sequence[Measure]
    planned_start: date | None
    valid_from: date
    parent_reported: bool = False


@dataclass(frozen=True, slots=True)
class PlanProject:
    """Give a project its plan of the year, or (with a reason) another one from a date.

    Without `unit_of_measure` the value is in that of the project's first measure.
    """

    year: int
    value: str
    unit_of_measure: str | None
    effective_on: date
    has_sub_projects: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StartProject:
    """Work has begun; `today` is the log's."""

    started_on: date
    today: date


def evolve(project: Project, fact: Shape) -> Project:
    """Remember."""
    match fact:
        case ProjectRegistered():
            parent = None if fact.parent is UNSET else str(fact.parent)
            first = fact.measures[0]
            return Project(fact.project, parent, fact.valid_from, first.code, first.unit_of_measure)
        case ProjectPlanned() | ProjectPlanChanged():
            return replace(project, plan=fact.planned_investment, planned_from=fact.effective_on)
        case ProjectStarted():
            return replace(project, started=True)
        case _:
            return project


def stream(year: int, code: str) -> Stream[Project]:
    """A project's stream."""
    return Stream(f"project:{year}:{code}", Project(), evolve)


def register(command: RegisterProject, project: Project, look: Look) -> list[Fact]:
    """Register it, under a parent if one is named."""
    if project.id is not None:
        raise ProjectCodeTaken(code=command.code, year=command.year)
    _refuse_malformed(command)
    parent = _parent(command, look) if command.parent else UNSET
    groups = [group.standing(code, command.valid_from, look, f"/groups/{at}") for at, code in enumerate(command.groups)]
    fact = ProjectRegistered(
        project=command.id, year=command.year, code=command.code, name=command.name, level=command.level,
        phase=command.phase, unit=command.unit, parent=parent, groups=groups, measures=list(command.measures),
        planned_start=UNSET if command.planned_start is None else command.planned_start,
        valid_from=command.valid_from,
    )  # fmt: skip
    return [Fact(fact, command.valid_from)]


def plan(command: PlanProject, project: Project, look: Look) -> list[Fact]:
    """The first plan of the year."""
    value = _planned(command, project)
    if project.plan is not None:
        raise ProjectHasPlan
    fact = ProjectPlanned(project=_id(project), planned_investment=value, effective_on=command.effective_on)
    return [Fact(fact, command.effective_on)]


def change_plan(command: PlanProject, project: Project, look: Look) -> list[Fact]:
    """Another plan, from a date on."""
    value = _planned(command, project)
    if project.plan is None:
        raise ProjectHasNoPlan
    if project.plan == value and project.planned_from <= command.effective_on:
        raise PlanUnchanged
    fact = ProjectPlanChanged(
        project=_id(project), planned_investment=value, effective_on=command.effective_on, reason=command.reason
    )
    return [Fact(fact, command.effective_on)]


def start(command: StartProject, project: Project, look: Look) -> list[Fact]:
    """Work has begun, once, and not in the future. Continued projects began in earlier years."""
    id = _id(project)
    if project.started:
        raise ProjectStartedAlready
    if command.started_on > command.today:
        raise StartInFuture(faults=[StartInFuture().fault("/started_on")], today=command.today)
    return [Fact(ProjectStarted(project=id, started_on=command.started_on), command.started_on)]


def _id(project: Project) -> str:
    if project.id is None:
        raise ProjectNotFound
    return project.id


def _refuse_malformed(command: RegisterProject) -> None:
    faults: list[Fault] = []
    if command.valid_from.year != command.year:
        faults.append(DateOutsideYear().fault("/valid_from"))
    seen: set[str] = set()
    for at, measure in enumerate(command.measures):
        if measure.code in seen:
            faults.append(MeasureDeclaredTwice().fault(f"/measures/{at}/code"))
        if measure.unit_of_measure not in UNITS:
            faults.append(MeasureUnitUnknown().fault(f"/measures/{at}/unit_of_measure"))
        seen.add(measure.code)
    for at, code in enumerate(command.groups):
        if code in command.groups[:at]:
            faults.append(GroupNamedTwice().fault(f"/groups/{at}"))
    if faults:
        known = (DateOutsideYear, MeasureDeclaredTwice, MeasureUnitUnknown, GroupNamedTwice)
        raise next(refusal for refusal in known if refusal.code() == faults[0].code)(faults=faults)


def _parent(command: RegisterProject, look: Look) -> str:
    parent = look.at(stream(command.year, command.parent or ""))
    if parent.id is None or parent.valid_from > command.valid_from:
        raise ParentProjectUnknown(faults=[ParentProjectUnknown().fault("/parent")], code=command.parent)
    refused = (
        ParentIsSubProject if parent.parent is not None
        else ParentHasPlan if parent.plan is not None
        else ParentHasFigures if command.parent_reported
        else None
    )  # fmt: skip
    if refused is not None:
        raise refused(faults=[refused().fault("/parent")], code=command.parent)
    return parent.id


def _planned(command: PlanProject, project: Project) -> str:
    """The value in the project's own unit of measure."""
    _id(project)
    if command.has_sub_projects:
        raise PlanBelongsToSubProjects
    if UNITS[project.unit_of_measure].dimension != MONEY:
        raise PlanIsNotMoney(
            faults=[PlanIsNotMoney().fault("/planned_investment")],
            measure=project.measure, unit_of_measure=project.unit_of_measure,
        )  # fmt: skip
    if command.effective_on.year != command.year:
        raise DateOutsideYear(faults=[DateOutsideYear().fault("/effective_on")])
    if command.effective_on < project.valid_from:
        raise DateBeforeProject(faults=[DateBeforeProject().fault("/effective_on")], valid_from=project.valid_from)
    if parse(command.value) <= 0:
        raise PlanNotPositive(faults=[PlanNotPositive().fault("/planned_investment")])
    try:
        return convert_text(command.value, command.unit_of_measure or project.unit_of_measure, project.unit_of_measure)
    except NOT_CONVERTIBLE as error:
        raise PlanUnitOfMeasureDiffers(
            faults=[PlanUnitOfMeasureDiffers().fault("/unit_of_measure")], declared=project.unit_of_measure
        ) from error
