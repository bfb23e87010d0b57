"""Projects, their plans and starts over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sqlalchemy import select

from services.projects import project
from services.projects.api.fields import CodeStr, In, MeasureIn, MeasureOut, example, label, measure_shown, shown
from services.projects.api.looking import listing_of, look, turn_to
from services.projects.door import receipts_of
from services.projects.errors import (
    DateBeforeProject,
    DateOutsideYear,
    GroupNamedTwice,
    GroupUnknown,
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
    ResponsibleUnitUnknown,
    StartInFuture,
)
from shared.admission.errors import YearDoesNotAllow, YearIsNotOpen
from shared.admission.year import not_allowed
from shared.contracts.projects import ProjectLevel, ProjectPhase, ProjectRegistered
from shared.contracts.shapes import Measure
from shared.deciding import Decide, Fact, Look
from shared.event_log.directory import Listing
from shared.event_log.ids import uuid7
from shared.http.answers import asking, changed, commanded
from shared.http.asking import AskedDep, View, units_in_scope
from shared.http.fields import Label, QuantityStr, StrictDate, Text
from shared.http.ordering import AddingDep, ChangingDep, Ordering, OrderingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page, Place, next_cursor
from shared.http.preconditions import IfMatchInvalid, etag
from shared.registry import ALWAYS, Registry
from shared.registry.rows import Project

S = TypeVar("S")
router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}/projects", tags=["projects"])

READERS = ("office", "leader", "auditor", "inspector", "certifier", "unit", "county_system")
"""Not an administrator: a plan is a figure."""

ProjectCode = Annotated[
    str,
    Path(
        alias="project",  # as every path names it; the rules have that name here
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="Code of the project.",
        examples=["stadium"],
    ),
]
Reason = Annotated[Text, Field(description="For the record. No names of persons.")]


class ProjectIn(In):
    """A key project, or with `parent` (a project's code) a sub-project. `unit` and `groups` are codes.

    Without `measures` the completed investment in 亿元 is reported; the first measure declared is the judged one,
    and plans are in its unit of measure. Without `valid_from` it stands from New Year's Day.
    """

    model_config = example(
        {
            "code": "stadium",
            "name": {"zh": "体育中心"},
            "level": "municipal",
            "phase": "continued",
            "unit": "key-projects-office",
        }
    )

    code: CodeStr = Field(examples=["stadium"])
    name: Label
    level: ProjectLevel = Field(examples=["municipal"])
    phase: ProjectPhase = Field(examples=["continued"])
    unit: CodeStr = Field(examples=["key-projects-office"])
    parent: CodeStr | None = None
    groups: list[CodeStr] = Field(default_factory=list, max_length=100, examples=[["all"]])
    measures: list[MeasureIn] | None = Field(default=None, min_length=1, max_length=20)
    planned_start: StrictDate | None = None
    valid_from: StrictDate | None = None


class PlanIn(In):
    """The planned investment of the year (年度计划投资), in the first measure's unit of measure unless said.

    Only for a project whose first measure is money.
    """

    model_config = example({"planned_investment": "12.5"})

    planned_investment: QuantityStr = Field(examples=["12.5"])
    unit_of_measure: CodeStr | None = Field(default=None, examples=["yi_yuan"])
    effective_on: StrictDate | None = Field(default=None, description="Left out: the project's first day.")


class PlanChangeIn(In):
    """Another plan of the year from a date on."""

    model_config = example({"planned_investment": "13", "effective_on": "2009-07-01", "reason": "提前供地"})

    planned_investment: QuantityStr = Field(examples=["13"])
    unit_of_measure: CodeStr | None = Field(default=None, examples=["yi_yuan"])
    effective_on: StrictDate
    reason: Reason = Field(examples=["Land became available earlier"])


class StartIn(In):
    """Work has begun (开工)."""

    model_config = example({"started_on": "2009-03-01"})

    started_on: StrictDate


class PlanOut(BaseModel):
    """A plan of the year, from a date on; `position` is that of the fact which says so."""

    planned_investment: str
    unit_of_measure: str
    effective_on: date
    position: int


class ProjectOut(BaseModel):
    """A project or sub-project as it stands on the date asked for."""

    id: str
    code: str
    name: Label
    level: ProjectLevel
    phase: ProjectPhase
    unit: str = Field(description="Code of the responsible unit.")
    parent: str | None = Field(description="Code of the project it is a part of, where that is within your scope.")
    groups: list[str]
    measures: list[MeasureOut]
    planned_start: date | None
    started_on: date | None
    valid_from: date
    planned_investment: str | None = Field(description="In the first measure's unit of measure.")
    sub_projects: int = Field(description="How many there are within your scope.")


class ProjectPage(BaseModel):
    """Projects and sub-projects in order of their codes, as they stood at `pin`."""

    pin: str
    items: list[ProjectOut]
    next_cursor: str | None


class ProjectWhole(BaseModel):
    """One project with its sub-projects and the history of its plan."""

    pin: str
    project: ProjectOut
    sub_projects: list[ProjectOut]
    plans: list[PlanOut]


@router.post(
    "",
    status_code=201,
    responses=commanded(
        ProjectCodeTaken, YearIsNotOpen, YearDoesNotAllow, ResponsibleUnitUnknown, GroupUnknown, ParentProjectUnknown,
        ParentIsSubProject, ParentHasPlan, ParentHasFigures, DateOutsideYear, MeasureDeclaredTwice,
        MeasureUnitUnknown, GroupNamedTwice,
    ),
)  # fmt: skip
async def register_project(year: YearNumber, body: ProjectIn, ordering: OrderingDep) -> Recorded:
    """Register a project or sub-project of the year (role office).

    A parent is a project of the same year that is no sub-project and has neither plan nor figures of its own.
    """
    role = ordering.permit_whole("office")
    listing = await listing_of(ordering)
    valid_from = body.valid_from or date(year, 1, 1)

    def ask(registry: Registry) -> tuple[str, str | None]:
        if str(year) not in registry.years:
            raise YearIsNotOpen(year=year)
        unit = registry.unit_id(body.unit)
        if unit is None or registry.unit_on(unit, valid_from) is None:
            raise ResponsibleUnitUnknown(faults=[ResponsibleUnitUnknown().fault("/unit")], code=body.unit)
        return unit, registry.project_id(year, body.parent) if body.parent else None

    unit, parent = await look(ordering, listing, ask, fresh=body.parent is not None)
    reported = parent is not None and await run_in_threadpool(_has_figures, ordering, listing, parent)
    command = project.RegisterProject(
        id=uuid7(), year=year, code=body.code, name=label(body.name), level=body.level, phase=body.phase, unit=unit,
        parent=body.parent, groups=body.groups, measures=_measures(body), planned_start=body.planned_start,
        valid_from=valid_from, parent_reported=reported,
    )  # fmt: skip
    stream = project.stream(year, body.code)
    decide = await _while_planned(ordering, listing, year, partial(project.register, command))
    done = await ordering.execute_in(listing, role, stream, decide)
    fact = done.facts[0]
    assert isinstance(fact, ProjectRegistered)
    return ordering.recorded(fact.project, done)


@router.post(
    "/{project}/plans",
    status_code=201,
    responses=commanded(
        YearDoesNotAllow, ProjectNotFound, ProjectHasPlan, PlanBelongsToSubProjects, DateOutsideYear, DateBeforeProject,
        PlanNotPositive, PlanIsNotMoney, PlanUnitOfMeasureDiffers, IfMatchInvalid,
    ),
)  # fmt: skip
async def plan_project(year: YearNumber, code: ProjectCode, body: PlanIn, ordering: AddingDep) -> Recorded:
    """Give a project its plan of the year (role office). A project with sub-projects carries none itself.

    It is given once, so it needs no If-Match; one with the project's ETag is heeded.
    """
    role = ordering.permit("office")
    listing, id, row, subs = await _known(ordering, year, code)
    effective_on = body.effective_on or row.valid_from
    command = project.PlanProject(year, body.planned_investment, body.unit_of_measure, effective_on, subs)
    decide = await _while_planned(ordering, listing, year, partial(project.plan, command))
    done = await ordering.execute_in(listing, role, project.stream(year, code), decide)
    return ordering.recorded(id, done)


@router.post(
    "/{project}/plan-changes",
    status_code=201,
    responses=changed(
        YearDoesNotAllow, ProjectNotFound, ProjectHasNoPlan, PlanUnchanged, PlanBelongsToSubProjects, DateOutsideYear,
        DateBeforeProject, PlanNotPositive, PlanIsNotMoney, PlanUnitOfMeasureDiffers,
    ),
)  # fmt: skip
async def change_plan(year: YearNumber, code: ProjectCode, body: PlanChangeIn, ordering: ChangingDep) -> Recorded:
    """Change the plan of the year from a date on, with a reason (role office; If-Match: the project's ETag)."""
    role = ordering.permit("office")
    listing, id, _, subs = await _known(ordering, year, code)
    command = project.PlanProject(
        year, body.planned_investment, body.unit_of_measure, body.effective_on, subs, body.reason
    )
    decide = await _while_planned(ordering, listing, year, partial(project.change_plan, command))
    done = await ordering.execute_in(listing, role, project.stream(year, code), decide)
    return ordering.recorded(id, done)


@router.post(
    "/{project}/starts",
    status_code=201,
    responses=commanded(YearDoesNotAllow, ProjectNotFound, ProjectStartedAlready, StartInFuture, IfMatchInvalid),
)
async def start_project(year: YearNumber, code: ProjectCode, body: StartIn, ordering: AddingDep) -> Recorded:
    """Report that work has begun, once and not in the future (role office, or the unit that answers for it).

    Until the year is closing: the start rate is judged then, and a start that was left out needs a reopening.
    It is reported once, so it needs no If-Match; one with the project's ETag is heeded.
    """
    role = ordering.permit("office", "unit")
    listing, id, _, _ = await _known(ordering, year, code)
    today = ordering.service.clock(listing)[1]
    command = project.StartProject(body.started_on, today)
    decide = await _while_planned(ordering, listing, year, partial(project.start, command))
    done = await ordering.execute_in(listing, role, project.stream(year, code), decide)
    return ordering.recorded(id, done)


@router.get("", responses=asking(CursorInvalid))
def list_projects(
    year: YearNumber,
    asked: AskedDep,
    page: Page,
    group: Annotated[str | None, Query(description="Only of this group, or of a group inside it.")] = None,
    level: Annotated[ProjectLevel | None, Query(description="Only of this level.")] = None,
    phase: Annotated[ProjectPhase | None, Query(description="Only in this phase.")] = None,
    unit: Annotated[str | None, Query(description="Only those this unit answers for.")] = None,
) -> ProjectPage:
    """The projects and sub-projects that stand on a date, as known at a position, within your scope."""
    asked.permit(*READERS)
    of = f"projects:{asked.listing.log}:{year}:{group}:{level}:{phase}:{unit}"
    after = turn_to(asked, page, of)
    with asked.view() as view:
        registry, day = view.registry, view.standpoint.as_of
        groups = None if group is None else _inside(registry, group, day)
        unit_id = None if unit is None else registry.unit_id(unit)
        units = asked.units(registry)
        found = sorted(
            (row.code, id, row)
            for id, row in _standing(units, view, year)
            if (after is None or row.code > after)
            and (groups is None or not groups.isdisjoint(row.groups))
            and (level is None or row.level == level)
            and (phase is None or row.phase == phase)
            and (unit is None or row.unit == unit_id)
        )
        items = [_shown(view, id, row, units) for _, id, row in found[: page.limit]]
        more = len(found) > page.limit
        place = Place(view.standpoint.position, (items[-1].code,), day) if more else None
        return ProjectPage(
            pin=view.standpoint.text, items=items, next_cursor=None if place is None else next_cursor(of, place)
        )


@router.get("/{project}", responses=asking(ProjectNotFound))
def get_project(year: YearNumber, code: ProjectCode, asked: AskedDep) -> ProjectWhole:
    """One project with its sub-projects and its plan's history up to the date asked for. `ETag` is its version."""
    asked.permit(*READERS)
    with asked.view() as view:
        registry, day = view.registry, view.standpoint.as_of
        units = asked.units(registry)
        id = registry.project_id(year, code)
        row = registry.projects.get(id, day)
        if id is None or row is None or (units is not None and row.unit not in units):
            raise ProjectNotFound(code=code, year=year)
        subs = [(registry.projects.get(sub, day), sub) for sub in registry.subs_of(id)]
        within = [(sub, r) for r, sub in subs if r is not None and (units is None or r.unit in units)]
        version = _version(view, f"project:{year}:{code}")
        if version is not None:
            asked.response.headers["ETag"] = etag(version)
        return ProjectWhole(
            pin=view.standpoint.text,
            project=_shown(view, id, row, units),
            sub_projects=sorted((_shown(view, sub, r, units) for sub, r in within), key=lambda out: out.code),
            plans=[
                PlanOut(planned_investment=plan.planned_investment, effective_on=on, position=position,
                        unit_of_measure=row.measures[0].unit_of_measure)
                for on, position, plan in registry.plans.history(id) if on <= day
            ],
        )  # fmt: skip


def _measures(body: ProjectIn) -> list[Measure]:
    if body.measures is None:
        return [project.INVESTMENT]
    return [Measure(code=m.code, name=label(m.name), unit_of_measure=m.unit_of_measure) for m in body.measures]


def _has_figures(ordering: Ordering, listing: Listing, id: str) -> bool:
    with ordering.service.read_side.reading() as (db, tables):
        return receipts_of(tables.projections).has_figures(db, listing.log, id)


async def _known(ordering: Ordering, year: int, code: str) -> tuple[Listing, str, Project, bool]:
    """The project within the caller's scope: its log, id, row, and whether it has sub-projects. ProjectNotFound."""
    listing = await listing_of(ordering)
    today = (await run_in_threadpool(ordering.service.clock, listing))[1]

    def ask(registry: Registry) -> tuple[str, Project, bool]:
        id = registry.project_id(year, code)
        units = units_in_scope(ordering.caller, registry, today)
        if id is None or (units is not None and registry.projects.latest(id).unit not in units):
            raise ProjectNotFound(code=code, year=year)
        return id, registry.projects.latest(id), bool(registry.subs_of(id))

    return (listing, *await look(ordering, listing, ask, fresh=True))


async def _while_planned(ordering: Ordering, listing: Listing, year: int, decide: Decide[S]) -> Decide[S]:
    """The same decision, refused once the year takes no plans (YearDoesNotAllow): what was judged by one keeps it.

    A repeat of what was done before is not decided again.
    """
    state = await look(ordering, listing, lambda registry: registry.years.latest(str(year)).state, fresh=True)

    def decided(project: S, at: Look) -> Sequence[Fact]:
        if (refusal := not_allowed("plan", year, state)) is not None:
            raise refusal
        return decide(project, at)

    return decided


def _standing(units: frozenset[str] | None, view: View, year: int) -> Iterator[tuple[str, Project]]:
    for id, row in view.registry.projects.on(view.standpoint.as_of):
        if row.year == year and (units is None or row.unit in units):
            yield id, row


def _inside(registry: Registry, code: str, day: date) -> set[str]:
    """The ids of the group of this code and of all groups inside it, on a day. Empty if there is none."""
    first = registry.group_id(code)
    found = {first} if first is not None and registry.groups.get(first, day) is not None else set()
    grown = bool(found)
    while grown:
        more = {id for id, row in registry.groups.on(day) if row.parent in found} - found
        found |= more
        grown = bool(more)
    return found


def _shown(view: View, id: str, row: Project, units: frozenset[str] | None) -> ProjectOut:
    registry, day = view.registry, view.standpoint.as_of
    parent = registry.projects.latest(row.parent) if row.parent is not None else None
    plan, start = registry.plans.get(id, day), registry.starts.get(id, max(day, ALWAYS))
    subs = [registry.projects.get(sub, day) for sub in registry.subs_of(id)]
    return ProjectOut.model_validate({
        "id": id, "code": row.code, "name": shown(row.name), "level": row.level, "phase": row.phase,
        "unit": registry.units.latest(row.unit).code,
        "parent": parent.code if parent is not None and (units is None or parent.unit in units) else None,
        "groups": sorted(registry.groups.latest(group).code for group in row.groups),
        "measures": [measure_shown(measure) for measure in row.measures],
        "planned_start": row.planned_start,
        "started_on": start.started_on if start is not None and start.started_on <= day else None,
        "valid_from": row.valid_from,
        "planned_investment": plan.planned_investment if plan is not None else None,
        "sub_projects": sum(sub is not None and (units is None or sub.unit in units) for sub in subs),
    })  # fmt: skip


def _version(view: View, stream: str) -> int | None:
    """The stream's version, where the question stands at the newest position: a version of the past opens nothing."""
    core, at = view.tables.core, view.standpoint
    newest = select(core.records.c.position).where(core.records.c.log == at.log)
    if view.db.execute(newest.order_by(core.records.c.position.desc()).limit(1)).scalar() != at.position:
        return None
    of_stream = select(core.streams.c.version).where(core.streams.c.log == at.log, core.streams.c.stream == stream)
    return view.db.execute(of_stream).scalar()
