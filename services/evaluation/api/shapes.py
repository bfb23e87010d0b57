"""What answers about figures look like, for the OpenAPI document.

The answers themselves are canonical bytes and are sent as they are: members without a value are absent, never null.
Typed dictionaries say just that; tests/services/evaluation/test_figures_api.py compares them with real answers.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from services.evaluation.steps_and_bands import StepStatus
from shared.quantities import QUANTITY_PATTERN

Quantity = Annotated[str, Field(pattern=QUANTITY_PATTERN, examples=["54.5"])]
Rate = Annotated[str, Field(description="A ratio, not per cent: 12 decimals, HALF_UP.", examples=["0.908333333333"])]
Points = Annotated[str, Field(description="Percentage points.", examples=["24.166666666667"])]
Sum = Annotated[str, Field(description="Plain decimal text.", examples=["107.2"])]
Day = Annotated[str, Field(json_schema_extra={"format": "date"}, examples=["2009-07-31"])]
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
Standing = Literal["reported", "verified", "certified"]
_CLOSED = with_config(ConfigDict(extra="forbid"))


@_CLOSED
class PinShown(TypedDict):
    """Where an answer stands. As text: `<log>.<as_of>.<position>.<root>`, which `pin=` takes."""

    log: str
    as_of: Day
    position: Count
    root: Hash


@_CLOSED
class QuestionShown(TypedDict):
    """What was asked."""

    kind: str
    year: int
    code: NotRequired[str]


@_CLOSED
class Coverage(TypedDict):
    """How many have reported: "5 of 6"."""

    reported: Count
    of: Count


@_CLOSED
class EntryShown(TypedDict):
    """An entry: the submission's source and id, and its place in it."""

    source: str
    id: str
    entry: Count


@_CLOSED
class LevelShown(TypedDict):
    """A level: the value that counts, its standing and date, the entry and position it comes from."""

    value: Quantity
    standing: Standing
    effective_on: Day
    entry: EntryShown
    position: Count
    reported: NotRequired[Quantity]


@_CLOSED
class PartLevelShown(LevelShown):
    """The level of a further measure, or one that is carried on, with the part it belongs to."""

    id: str
    unit: str


@_CLOSED
class PartShown(TypedDict):
    """A unit's part of a target. `carried_from` names the part whose level was carried over at a hand-over.

    Where several parts became one that has not reported yet, `carried` are their levels, `total` is what they come
    to, and `coverage` says how many of them had one. `below` is the part of which it is a part, `parts` are its own
    parts: they are in its figure already and never added to it. Of a milestone target the levels stand under
    `measures`; `reached_share` adds up the steps that the part reached.
    """

    id: str
    unit: str
    role: str
    target_value: NotRequired[Quantity]
    level: NotRequired[LevelShown]
    rate: NotRequired[Rate]
    reached_share: NotRequired[Sum]
    band: NotRequired[str]
    carried_from: NotRequired[str]
    carried: NotRequired[list[PartLevelShown]]
    total: NotRequired[Sum]
    coverage: NotRequired[Coverage]
    below: NotRequired[str]
    parts: NotRequired[list[PartShown]]


@_CLOSED
class MeasureShown(TypedDict):
    """A further measure of a target: reported, never judged."""

    code: str
    unit_of_measure: str
    coverage: Coverage
    standings: list[Standing]
    levels: list[PartLevelShown]
    total: NotRequired[Sum]


@_CLOSED
class Judgement(TypedDict):
    """A value against the target's. `rate` follows the target's kind; `ratio` is a/t where that is not the rate.

    `band` is the code of the band that was chosen for a qualitative target.
    """

    denominator: Sum
    numerator: NotRequired[Sum]
    rate: NotRequired[Rate]
    ratio: NotRequired[Rate]
    difference_pp: NotRequired[Points]
    band: NotRequired[str]
    met: NotRequired[bool]


@_CLOSED
class TargetRow(Judgement):
    """A target in a list."""

    code: str
    category: str
    kind: str
    direction: str
    target_value: Quantity
    unit_of_measure: str
    coverage: Coverage
    lead_pp: NotRequired[Points]


@_CLOSED
class MissShown(TypedDict):
    """An observation that fell short of what was to be kept."""

    effective_on: Day
    unit: str


@_CLOSED
class StepShown(TypedDict):
    """A step of a milestone target on the day, and the units that have reached it; overdue after its due date."""

    measure: str
    share: Sum
    due_on: Day
    status: StepStatus
    reached_by: list[str]


@_CLOSED
class TargetInFull(TargetRow):
    """A target in full. `measure` is the one it is judged by; a milestone target has `steps` instead.

    `standings` are those of the levels that its figure is made of.
    """

    issuer: str
    roll_up: str
    measure: NotRequired[str]
    tags: list[str]
    standings: list[Standing]
    parts: list[PartShown]
    measures: list[MeasureShown]
    steps: NotRequired[list[StepShown]]
    misses: NotRequired[list[MissShown]]


@_CLOSED
class UnitTargetRow(Judgement):
    """What a unit answers for: the whole of a target that it leads, else its part."""

    code: str
    category: str
    kind: str
    direction: str
    unit_of_measure: str
    answers_for: Literal["whole", "part"]
    coverage: Coverage
    parts: list[PartShown]


@_CLOSED
class Totals(TypedDict):
    """How many targets, how many of them have a figure, from all of their parts, are met, and how far they are."""

    targets: Count
    reported: Count
    complete: Count
    met: Count
    at_least_80: Count
    at_least_100: Count


@_CLOSED
class TotalsOf(Totals):
    """The same of one category or unit."""

    code: str


@_CLOSED
class StartShown(TypedDict):
    """Started of all that were to start by the year's end, and of those due by the day."""

    started: Count
    planned: Count
    started_of_planned: Count
    due: Count
    started_of_due: Count
    rate: NotRequired[Rate]
    rate_of_due: NotRequired[Rate]


@_CLOSED
class Stated(TypedDict):
    """How many plans are stated."""

    stated: Count
    of: Count


@_CLOSED
class Investment(TypedDict):
    """Planned and completed investment, and how they stand to the year and to the city's total."""

    plans: Stated
    leaves: Coverage
    standings: list[Standing]
    planned_investment: NotRequired[Sum]
    investment: NotRequired[Sum]
    rate: NotRequired[Rate]
    lead_pp: NotRequired[Points]
    over_city_pp: NotRequired[Points]
    share_of_city: NotRequired[Rate]


@_CLOSED
class PhaseCount(TypedDict):
    """How many projects are in a phase."""

    code: str
    projects: Count


@_CLOSED
class ProjectsShown(Investment):
    """The figures of some projects, each counted once."""

    projects: Count
    with_sub_projects: Count
    phases: list[PhaseCount]
    coverage: Coverage
    start: StartShown


@_CLOSED
class GroupShown(ProjectsShown):
    """The figures of a group."""

    code: str


@_CLOSED
class ProjectRow(Investment):
    """A project in a list."""

    code: str
    level: str
    phase: str
    unit: str
    sub_projects: Count
    started: bool
    unit_of_measure: str
    coverage: Coverage
    planned_start: NotRequired[Day]
    started_on: NotRequired[Day]


@_CLOSED
class ProjectMeasureShown(LevelShown):
    """A further measure of a project."""

    code: str
    unit_of_measure: str


@_CLOSED
class LeafShown(TypedDict):
    """What carries the figures: a sub-project, or the project itself."""

    code: str
    measure: str
    unit_of_measure: str
    standings: list[Standing]
    measures: list[ProjectMeasureShown]
    planned_investment: NotRequired[Quantity]
    level: NotRequired[LevelShown]
    rate: NotRequired[Rate]
    lead_pp: NotRequired[Points]


@_CLOSED
class _Answer(TypedDict):
    pin: PinShown
    question: QuestionShown
    engine: int
    time_progress: Rate


@_CLOSED
class CityCompletion(_Answer):
    """The whole city."""

    totals: Totals
    categories: list[TotalsOf]
    units: list[TotalsOf]
    targets: list[TargetRow]


@_CLOSED
class TargetCompletion(_Answer):
    """One target."""

    target: TargetInFull


@_CLOSED
class TargetsCompletion(_Answer):
    """Some targets in full: those of a category, or the practical matters."""

    totals: Totals
    targets: list[TargetInFull]


@_CLOSED
class UnitCompletion(_Answer):
    """One unit."""

    totals: Totals
    targets: list[UnitTargetRow]
    coordinates: list[str]


@_CLOSED
class GroupsCompletion(_Answer):
    """All groups of key projects, and the city's total."""

    unit_of_measure: str
    city: ProjectsShown
    groups: list[GroupShown]


@_CLOSED
class GroupCompletion(_Answer):
    """One group of key projects."""

    unit_of_measure: str
    city: ProjectsShown
    group: GroupShown
    projects: list[ProjectRow]


@_CLOSED
class ProjectCompletion(ProjectRow):
    """One key project or sub-project."""

    pin: PinShown
    question: QuestionShown
    engine: int
    time_progress: Rate
    made_of: list[LeafShown]
    parent: NotRequired[str]


@_CLOSED
class StoodShown(TypedDict):
    """A verified or certified value of an entry, from one position until another superseded it."""

    standing: Standing
    value: Quantity
    position: Count
    closed_at: NotRequired[Count]


@_CLOSED
class HistoryEntry(TypedDict):
    """An entry of a target.

    `id` is its position and its place in the record; `closed_at` is the position from which it counts no more.
    """

    id: str
    part: str
    unit: str
    measure: str
    effective_on: Day
    value: Quantity
    entry: EntryShown
    position: Count
    standings: list[StoodShown]
    closed_at: NotRequired[Count]


@_CLOSED
class TargetHistory(TypedDict):
    """All entries of a target, in the order of the log."""

    pin: PinShown
    question: QuestionShown
    engine: int
    entries: list[HistoryEntry]


@_CLOSED
class Difference(TypedDict):
    """A place where two documents differ; a side that lacks it is absent."""

    pointer: str
    second_pointer: NotRequired[str]
    first: NotRequired[Any]
    second: NotRequired[Any]


@_CLOSED
class Comparison(TypedDict):
    """The answers to one question at two standpoints, and where they differ (pins aside)."""

    first: dict[str, Any]
    second: dict[str, Any]
    differences: list[Difference]
