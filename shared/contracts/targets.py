"""What the target service promises: units, sources, persons, years, catalogues, alignment, targets, locks."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from shared.contracts.registry import contract
from shared.contracts.shapes import (
    Code,
    Count,
    Label,
    Measure,
    Month,
    Quantity,
    Reason,
    Sha256,
    Shape,
    SourceName,
    Text,
    Uuid,
    Year,
)
from shared.contracts.target_kinds import Band, Scoring, Step

UnitKind = Literal["department", "county", "park", "company"]
Issuer = Literal["province", "city"]
Category = Literal["key_work", "livelihood", "economy", "society", "government"]
TargetKind = Literal["cumulative", "floor", "ceiling", "rate", "maintain", "milestone", "qualitative"]
Direction = Literal["higher", "lower"]
RollUp = Literal["sum", "worst", "best", "lead"]
AssignmentRole = Literal["lead", "supporting", "coordination"]
Tag = Literal["practical_matter"]
TimeProgress = Literal["by_month", "by_day"]
AlignmentChoice = Literal["province", "city", "other"]
AdjustmentStatus = Literal["submitted", "reviewed", "approved", "refused"]
AlignmentReason = Literal[
    "NOT_APPLICABLE", "ADDED_FROM_PROVINCE", "CITY_ONLY", "BONUS_ITEM", "TEXT_MERGED", "NEEDS_DECISION",
    "RAISED_TO_PROVINCE", "CITY_STRICTER_KEPT",
]  # fmt: skip
PartNumber = Annotated[int, Meta(ge=1, le=1000)]


@contract("jikao.unit.registered.v1")
class UnitRegistered(Shape, frozen=True, kw_only=True):
    """A responsible unit, valid from a date."""

    unit: Uuid
    code: Code
    name: Label
    kind: UnitKind
    parent: Uuid | UnsetType = UNSET
    valid_from: date


@contract("jikao.source.registered.v1")
class SourceRegistered(Shape, frozen=True, kw_only=True):
    """A name under which one client reports; never reused for another."""

    source: SourceName
    client: Annotated[str, Meta(min_length=1, max_length=128)]


@contract("jikao.person.registered.v1")
class PersonRegistered(Shape, frozen=True, kw_only=True):
    """A person as an opaque id. The name lives in the erasable table, never here."""

    person: Uuid
    unit: Uuid | UnsetType = UNSET


@contract("jikao.person.erased.v1")
class PersonErased(Shape, frozen=True, kw_only=True):
    """The person's name has been erased; answers say so."""

    person: Uuid


@contract("jikao.year.opened.v1")
class YearOpened(Shape, frozen=True, kw_only=True):
    """An assessment year and the rules it starts with."""

    year: Year
    time_progress: TimeProgress


class CatalogueItem(Shape, frozen=True, kw_only=True):
    """One indicator of an issuer's catalogue."""

    code: Code
    indicator: Code
    name: Label
    category: Category
    kind: TargetKind
    direction: Direction
    basis: Literal["value", "growth"]
    period: Annotated[str, Meta(min_length=1, max_length=32)]
    value: Quantity | UnsetType = UNSET
    unit_of_measure: Code | UnsetType = UNSET
    weight: Quantity | UnsetType = UNSET
    points: Quantity | UnsetType = UNSET
    text: Text | UnsetType = UNSET
    bonus: bool
    assesses_us: bool
    tags: list[Tag]


@contract("jikao.catalogue-part.recorded.v1")
class CataloguePartRecorded(Shape, frozen=True, kw_only=True):
    """Part n of m of a catalogue; nothing shows before the closing fact."""

    catalogue: Uuid
    part: PartNumber
    parts: PartNumber
    items: list[CatalogueItem]


@contract("jikao.catalogue.imported.v1")
class CatalogueImported(Shape, frozen=True, kw_only=True):
    """A catalogue is complete. `sha256` is over the canonical JSON of all its items in order."""

    catalogue: Uuid
    year: Year
    issuer: Issuer
    edition: Annotated[int, Meta(ge=1, le=1000)]
    parts: PartNumber
    items: Count
    sha256: Sha256


class AlignedSide(Shape, frozen=True, kw_only=True):
    """What one catalogue said of an indicator, as it went into the alignment."""

    code: Code
    value: Quantity | UnsetType = UNSET
    unit_of_measure: Code | UnsetType = UNSET
    text: Text | UnsetType = UNSET


class AlignmentOutcome(Shape, frozen=True, kw_only=True):
    """What became of one indicator (就高不就低), with both inputs and the reason.

    `city_indicator` is the city's own code of an indicator that a person has confirmed to be the province's.
    """

    indicator: Code
    city_indicator: Code | UnsetType = UNSET
    name: Label
    category: Category
    matched: bool
    bonus: bool
    reason: AlignmentReason
    province: AlignedSide | UnsetType = UNSET
    city: AlignedSide | UnsetType = UNSET
    value: Quantity | UnsetType = UNSET
    unit_of_measure: Code | UnsetType = UNSET


@contract("jikao.alignment-part.recorded.v1")
class AlignmentPartRecorded(Shape, frozen=True, kw_only=True):
    """Part n of m of an alignment's outcomes; nothing shows before the closing fact."""

    alignment: Uuid
    part: PartNumber
    parts: PartNumber
    outcomes: list[AlignmentOutcome]


@contract("jikao.alignment.completed.v1")
class AlignmentCompleted(Shape, frozen=True, kw_only=True):
    """The province's catalogue has been aligned with the city's. `sha256` is over all outcomes in order."""

    alignment: Uuid
    year: Year
    province: Uuid
    city: Uuid
    rule: Literal["stricter.v1"]
    parts: PartNumber
    outcomes: Count
    sha256: Sha256


@contract("jikao.alignment-match.confirmed.v1")
class AlignmentMatchConfirmed(Shape, frozen=True, kw_only=True):
    """A person says: the city's indicator is the province's under another code. Runs from here on match the two."""

    match: Uuid
    year: Year
    province: Code
    city: Code


@contract("jikao.alignment-match.revoked.v1")
class AlignmentMatchRevoked(Shape, frozen=True, kw_only=True):
    """The two are not the same after all; runs from here on no longer match them."""

    match: Uuid
    reason: Reason


@contract("jikao.alignment.decided.v1")
class AlignmentDecided(Shape, frozen=True, kw_only=True):
    """A person has decided what stands where the rule could not compare.

    Decided on these two inputs: where a later run finds other ones, it has to be decided anew.
    """

    decision: Uuid
    year: Year
    indicator: Code
    province: AlignedSide
    city: AlignedSide
    choice: AlignmentChoice
    value: Quantity | UnsetType = UNSET
    unit_of_measure: Code | UnsetType = UNSET
    reason: Reason


@contract("jikao.target.issued.v2")
class TargetIssued(Shape, frozen=True, kw_only=True):
    """A target in force from `effective_on`.

    `value` is in the first measure's unit of measure; of a milestone target, in per cent. `text` says what is asked
    where no number does. Milestone targets have `steps`, qualitative ones `bands`, the best first.
    """

    target: Uuid
    year: Year
    code: Code
    name: Label
    issuer: Issuer
    category: Category
    kind: TargetKind
    direction: Direction
    value: Quantity
    measures: Annotated[list[Measure], Meta(min_length=1, max_length=20)]
    roll_up: RollUp
    tags: list[Tag]
    weight: Quantity | UnsetType = UNSET
    points: Quantity | UnsetType = UNSET
    indicator: Code | UnsetType = UNSET
    text: Text | UnsetType = UNSET
    steps: Annotated[list[Step], Meta(min_length=1, max_length=20)] | UnsetType = UNSET
    bands: Annotated[list[Band], Meta(min_length=2, max_length=20)] | UnsetType = UNSET
    scoring: Scoring | UnsetType = UNSET
    effective_on: date


@contract("jikao.assignment.made.v2")
class AssignmentMade(Shape, frozen=True, kw_only=True):
    """A target is given to a unit. With a `value` the unit answers for that part of it.

    `below` is the part of which this is a part, where a unit breaks its own down among the units under it.
    """

    assignment: Uuid
    target: Uuid
    unit: Uuid
    role: AssignmentRole
    value: Quantity | UnsetType = UNSET
    valid_from: date
    below: Uuid | UnsetType = UNSET


@contract("jikao.target.adjusted.v1")
class TargetAdjusted(Shape, frozen=True, kw_only=True):
    """The decision that from `effective_on` the target's value is another one."""

    target: Uuid
    value: Quantity
    effective_on: date
    reason: Reason


@contract("jikao.target.withdrawn.v1")
class TargetWithdrawn(Shape, frozen=True, kw_only=True):
    """The decision that from `on` the target no longer stands. `evidence` are hashes of documents."""

    target: Uuid
    on: date
    reason: Reason
    evidence: Annotated[list[Sha256], Meta(max_length=20)]


@contract("jikao.adjustment-cut-off.set.v1")
class AdjustmentCutOffSet(Shape, frozen=True, kw_only=True):
    """After this day no adjustment of a target of the year can be requested."""

    year: Year
    on: date


@contract("jikao.adjustment.requested.v1")
class AdjustmentRequested(Shape, frozen=True, kw_only=True):
    """A unit that answers for a part of the target asks for another value of the whole from `effective_on`.

    `evidence` are hashes under which documents can be found, never the documents.
    """

    request: Uuid
    target: Uuid
    unit: Uuid
    value: Quantity
    effective_on: date
    reason: Reason
    evidence: Annotated[list[Sha256], Meta(max_length=20)]


@contract("jikao.adjustment.reviewed.v1")
class AdjustmentReviewed(Shape, frozen=True, kw_only=True):
    """The assessment office has looked at a request, and recommends it or not."""

    request: Uuid
    recommended: bool
    reason: Reason


@contract("jikao.adjustment.approved.v1")
class AdjustmentApproved(Shape, frozen=True, kw_only=True):
    """A leader has decided for a request. The target's adjustment is a fact of its own, beside this one."""

    request: Uuid


@contract("jikao.adjustment.refused.v1")
class AdjustmentRefused(Shape, frozen=True, kw_only=True):
    """A leader has decided against a request."""

    request: Uuid
    reason: Reason


@contract("jikao.period.locked.v1")
class PeriodLocked(Shape, frozen=True, kw_only=True):
    """Figures dated in this month (of this target, if one is named) are closed."""

    year: Year
    month: Month
    target: Uuid | UnsetType = UNSET
    reason: Reason


@contract("jikao.period.unlocked.v1")
class PeriodUnlocked(Shape, frozen=True, kw_only=True):
    """The month is open again, with a reason."""

    year: Year
    month: Month
    target: Uuid | UnsetType = UNSET
    reason: Reason
