"""What can stand in the registry: one frozen row a kind of thing, with all that later questions need of it."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from shared.contracts.organisation import PostKind, UnitChange, UnitKind
from shared.contracts.shapes import Label, Measure
from shared.contracts.target_kinds import Band, Scoring, Step
from shared.contracts.targets import (
    AdjustmentStatus,
    AlignedSide,
    AlignmentChoice,
    AssignmentRole,
    CatalogueItem,
    Category,
    Direction,
    Issuer,
    RollUp,
    TargetKind,
    TimeProgress,
)
from shared.year_states import YearState


class Row(Struct, frozen=True, kw_only=True):
    """One version of one thing."""


class Unit(Row, frozen=True, kw_only=True):
    """A responsible unit (责任单位) from one day of its life on, or (`ended_on` set) after its end.

    `named_on` and `placed_on` say since when it has this name and this parent: what is said of an earlier day holds
    for this version too, unless it speaks of the same itself. `change` and `reason` are of the fact that opened it.
    """

    code: str
    name: Label
    kind: UnitKind
    parent: str | None
    valid_from: date
    named_on: date = date.min
    placed_on: date = date.min
    ended_on: date | None = None
    successors: tuple[str, ...] = ()
    change: UnitChange = "registered"
    reason: str | None = None


class Member(Row, frozen=True, kw_only=True):
    """A unit in a peer group for [valid_from, valid_until)."""

    unit: str
    valid_from: date
    valid_until: date | None

    def valid_on(self, day: date) -> bool:
        """Is it a member on this day?"""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


class PeerGroup(Row, frozen=True, kw_only=True):
    """Units that are ranked against one another in a year (同类组), members of the past included."""

    year: int
    code: str
    name: Label
    members: tuple[Member, ...]


class Post(Row, frozen=True, kw_only=True):
    """A person in a post of a unit for [valid_from, valid_until)."""

    person: str
    unit: str
    kind: PostKind
    valid_from: date
    valid_until: date | None


class Source(Row, frozen=True, kw_only=True):
    """A registered name under which a client reports."""

    client: str


class Person(Row, frozen=True, kw_only=True):
    """An opaque person; the name is elsewhere."""

    unit: str | None
    erased: bool


class AssessmentYear(Row, frozen=True, kw_only=True):
    """An assessment year (考核年度) and its rules."""

    time_progress: TimeProgress
    state: YearState | None = None
    """None: it was never moved."""


class TargetTable(Row, frozen=True, kw_only=True):
    """A unit's target table as it was last issued. `known_at` is the position as of which it was read."""

    year: int
    unit: str
    sha256: str
    known_at: int


class Signature(Row, frozen=True, kw_only=True):
    """What a unit last signed for. `by` is the actor's opaque id, `person` who is said to have signed."""

    year: int
    unit: str
    sha256: str
    by: str
    person: str | None


class LetterTemplate(Row, frozen=True, kw_only=True):
    """What responsibility letters are made from."""

    sha256: str


class Target(Row, frozen=True, kw_only=True):
    """A target (目标). `value` is canonical text in the target's unit of measure. A withdrawn one no longer stands."""

    year: int
    code: str
    name: Label
    issuer: Issuer
    category: Category
    kind: TargetKind
    direction: Direction
    value: str
    measures: tuple[Measure, ...]
    roll_up: RollUp
    tags: tuple[str, ...]
    weight: str | None
    points: str | None
    indicator: str | None
    text: str | None = None
    steps: tuple[Step, ...] = ()
    bands: tuple[Band, ...] = ()
    scoring: Scoring | None = None
    withdrawn: bool = False

    @property
    def unit_of_measure(self) -> str:
        """That of its value: the judged measure's, except that steps are of one each and add to 100 per cent."""
        return "percent" if self.kind == "milestone" else self.measures[0].unit_of_measure


class Assignment(Row, frozen=True, kw_only=True):
    """A part of a target, given to a unit for [valid_from, valid_until).

    `follows` are the parts that it took over from, `carries` those of them whose levels count on; `below` is the part
    of which it is a part.
    """

    target: str
    unit: str
    role: AssignmentRole
    value: str | None
    valid_from: date
    valid_until: date | None
    follows: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()
    below: str | None = None

    @property
    def reports(self) -> bool:
        """The lead unit reports, and whoever was given a value of its own; coordination never does."""
        return self.role == "lead" or (self.role == "supporting" and self.value is not None)

    def valid_on(self, day: date) -> bool:
        """Is the part in force on this day?"""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


class Decomposition(Row, frozen=True, kw_only=True):
    """That the parts of a target (or of one part) are complete on a day; `reserve` is canonical text."""

    target: str
    reserve: str | None
    reason: str | None
    by: str


class AlignmentMatch(Row, frozen=True, kw_only=True):
    """Two indicators that a person has said are the same; `by` is the actor's opaque id."""

    year: int
    province: str
    city: str
    by: str
    revoked: bool


class AlignmentDecision(Row, frozen=True, kw_only=True):
    """What a person decided to stand for an indicator, on these two inputs."""

    year: int
    indicator: str
    province: AlignedSide
    city: AlignedSide
    choice: AlignmentChoice
    value: str | None
    unit_of_measure: str | None
    reason: str
    by: str


class CatalogueAddition(Row, frozen=True, kw_only=True):
    """An indicator that the city added to its own catalogue of the year; `by` is the actor's opaque id."""

    year: int
    item: CatalogueItem
    by: str
    withdrawn: str | None
    """Why it was withdrawn; None while it stands."""


class WeightRule(Row, frozen=True, kw_only=True):
    """The province's least share of a unit's weight, in per cent, and the decimals of tilted weights."""

    province_share: str
    decimals: int


class Adjustment(Row, frozen=True, kw_only=True):
    """A request to adjust a target (调整申请), and how far it has come. `unit` asks; `value` is canonical text."""

    target: str
    unit: str
    value: str
    asked_from: date
    reason: str
    evidence: tuple[str, ...]
    status: AdjustmentStatus
    recommended: bool | None = None
    review: str | None = None
    refusal: str | None = None


class CutOff(Row, frozen=True, kw_only=True):
    """The last day on which adjustments of a year's targets can be requested."""

    on: date


class Lock(Row, frozen=True, kw_only=True):
    """A month, of one target or of all, closed or open again. `by` is the actor's opaque id."""

    year: int
    month: int
    target: str | None
    locked: bool
    by: str
    reason: str


class Group(Row, frozen=True, kw_only=True):
    """A group of key projects, perhaps inside another."""

    code: str
    name: Label
    parent: str | None


class Project(Row, frozen=True, kw_only=True):
    """A key project (重点项目) or, with a parent, a sub-project (子项目)."""

    year: int
    code: str
    name: Label
    level: str
    phase: str
    unit: str
    parent: str | None
    groups: tuple[str, ...]
    measures: tuple[Measure, ...]
    planned_start: date | None
    valid_from: date


class Plan(Row, frozen=True, kw_only=True):
    """The planned investment of the year, canonical text in the project's first measure's unit of measure."""

    planned_investment: str


class Start(Row, frozen=True, kw_only=True):
    """The day on which work began."""

    started_on: date


class Catalogue(Row, frozen=True, kw_only=True):
    """A complete catalogue; its items are read from its parts."""

    year: int
    issuer: Issuer
    edition: int
    parts: int
    items: int
    sha256: str


class Alignment(Row, frozen=True, kw_only=True):
    """A completed alignment; its outcomes are read from its parts."""

    year: int
    province: str
    city: str
    rule: str
    parts: int
    outcomes: int
    sha256: str


class Engine(Row, frozen=True, kw_only=True):
    """The engine by which the log is judged from here on."""

    number: int


KINDS: dict[str, type[Row]] = {
    "unit": Unit, "source": Source, "person": Person, "year": AssessmentYear, "target": Target,
    "assignment": Assignment, "lock": Lock, "group": Group, "project": Project, "plan": Plan, "start": Start,
    "catalogue": Catalogue, "alignment": Alignment, "adjustment": Adjustment, "cut-off": CutOff,
    "match": AlignmentMatch, "decision": AlignmentDecision, "decomposition": Decomposition,
    "addition": CatalogueAddition,
    "weight-rule": WeightRule, "peer-group": PeerGroup, "post": Post,
    "table": TargetTable, "signature": Signature, "letter-template": LetterTemplate, "engine": Engine,
}  # fmt: skip
