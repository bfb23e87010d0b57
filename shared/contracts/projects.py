"""What the project service promises: groups, projects, plans, starts, and the progress that is submitted."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from shared.contracts.registry import contract
from shared.contracts.shapes import Code, EntryRef, Label, Measure, Quantity, Reason, Shape, Uuid, Year

ProjectLevel = Literal["national", "provincial", "municipal", "county"]
ProjectPhase = Literal["continued", "new", "completed", "preliminary"]
MAX_ENTRIES = 1000


@contract("jikao.group.defined.v1")
class GroupDefined(Shape, frozen=True, kw_only=True):
    """A group of key projects, perhaps inside another one."""

    group: Uuid
    code: Code
    name: Label
    parent: Uuid | UnsetType = UNSET
    valid_from: date


@contract("jikao.project.registered.v1")
class ProjectRegistered(Shape, frozen=True, kw_only=True):
    """A key project of a year, or a sub-project (then with `parent`). `unit` answers for it."""

    project: Uuid
    year: Year
    code: Code
    name: Label
    level: ProjectLevel
    phase: ProjectPhase
    unit: Uuid
    parent: Uuid | UnsetType = UNSET
    groups: list[Uuid]
    measures: Annotated[list[Measure], Meta(min_length=1, max_length=20)]
    planned_start: date | UnsetType = UNSET
    valid_from: date


@contract("jikao.project.planned.v1")
class ProjectPlanned(Shape, frozen=True, kw_only=True):
    """The planned investment of the year (年度计划投资), in the project's first measure's unit of measure."""

    project: Uuid
    planned_investment: Quantity
    effective_on: date


@contract("jikao.project-plan.changed.v1")
class ProjectPlanChanged(Shape, frozen=True, kw_only=True):
    """The plan of the year is another one from `effective_on`."""

    project: Uuid
    planned_investment: Quantity
    effective_on: date
    reason: Reason


@contract("jikao.project.started.v1")
class ProjectStarted(Shape, frozen=True, kw_only=True):
    """Work has begun on this day (开工)."""

    project: Uuid
    started_on: date


class TargetFigure(Shape, frozen=True, kw_only=True, tag_field="kind", tag="target"):
    """The year-to-date level of a target at the end of `effective_on`.

    `unit` says whose part where several units answer for the target; without `measure` the judged one is meant.
    """

    target: Code
    unit: Code | UnsetType = UNSET
    measure: Code | UnsetType = UNSET
    value: Quantity
    unit_of_measure: Code
    effective_on: date
    corrects: EntryRef | UnsetType = UNSET


class ProjectFigure(Shape, frozen=True, kw_only=True, tag_field="kind", tag="project"):
    """The year-to-date level of a project or sub-project at the end of `effective_on`."""

    project: Code
    measure: Code | UnsetType = UNSET
    value: Quantity
    unit_of_measure: Code
    effective_on: date
    corrects: EntryRef | UnsetType = UNSET


class Withdrawal(Shape, frozen=True, kw_only=True, tag_field="kind", tag="withdrawal"):
    """The named entry no longer counts; its series falls back to its latest earlier date."""

    withdraws: EntryRef


Figure = TargetFigure | ProjectFigure
Entry = TargetFigure | ProjectFigure | Withdrawal


@contract("jikao.progress.submitted.v1")
class ProgressSubmitted(Shape, frozen=True, kw_only=True):
    """One submission: many entries, judged one by one at the record's position."""

    entries: Annotated[list[Entry], Meta(min_length=1, max_length=MAX_ENTRIES)]
