"""Alignments of the province's catalogue with the city's: run, and shown with their totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path
from msgspec import UnsetType
from pydantic import BaseModel

from services.targets.additions import additions_stream
from services.targets.alignment_decisions import decisions_stream, holds
from services.targets.alignment_run import AlignCatalogues, align_catalogues, alignment_stream
from services.targets.api.asking import page_of
from services.targets.api.shapes import OFFICE, SEES_THE_CITY, Body, UuidStr, example, shown
from services.targets.catalogue import catalogue_stream
from services.targets.errors import AlignmentUnknown, CatalogueIsUnknown, CatalogueOfOtherIssuer
from services.targets.read_models.parts import parts_of
from services.targets.year import while_allowed
from shared.admission.errors import YearDoesNotAllow
from shared.contracts.targets import (
    AlignedSide,
    AlignmentChoice,
    AlignmentCompleted,
    AlignmentOutcome,
    AlignmentReason,
    Category,
)
from shared.event_log.ids import uuid7
from shared.http.answers import asking, commanded
from shared.http.asking import AskedDep, View
from shared.http.fields import Label
from shared.http.ordering import OrderingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt
from shared.registry import ALWAYS, Registry, rows

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}/alignments", tags=["targets"])

AlignmentId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="Id of the alignment.")]


class AlignmentBody(Body):
    """The ids of two complete catalogues of the year."""

    model_config = example(
        {"province": "0f6e3c1a-5b1d-5a53-9a35-2f1a3a0b7c11", "city": "5a0d9b52-7a5e-5f0e-8a55-9c1f2b7d4e22"}
    )

    province: UuidStr
    city: UuidStr


class AlignmentShown(BaseModel):
    """A completed alignment; `sha256` is over the canonical JSON of all its outcomes in order."""

    id: str
    province: str
    city: str
    rule: str
    outcomes: int
    sha256: str


class AlignmentTotals(BaseModel):
    """Counts by match: of the province's catalogue, how many assess us, and of these how many we had already.

    `undecided`: indicators the rule could not compare, and for which no decision stands.
    """

    catalogue: int
    assessing_us: int
    matched: int
    new: int
    new_by_category: dict[Category, int]
    by_reason: dict[AlignmentReason, int]
    undecided: int


class AlignedSideShown(BaseModel):
    """What one catalogue said."""

    code: str
    value: str | None
    unit_of_measure: str | None
    text: str | None


class DecisionShown(BaseModel):
    """What a person decided, on these two inputs; `by` is their opaque id. The outcome shows the value decided."""

    id: str
    choice: AlignmentChoice
    reason: str
    by: str
    position: int


class OutcomeShown(BaseModel):
    """What became of one indicator, with both inputs and the reason.

    `city_indicator` is the city's own code, where a person has confirmed that it means the same.
    """

    indicator: str
    city_indicator: str | None
    name: Label
    category: Category
    matched: bool
    bonus: bool
    reason: AlignmentReason
    province: AlignedSideShown | None
    city: AlignedSideShown | None
    value: str | None
    unit_of_measure: str | None
    decision: DecisionShown | None


class AlignmentList(BaseModel):
    """Completed alignments, oldest first."""

    items: list[AlignmentShown]
    next_cursor: str | None
    pin: StandsAt


class AlignmentAnswer(BaseModel):
    """One alignment, its totals, and a page of its outcomes by indicator."""

    alignment: AlignmentShown
    totals: AlignmentTotals
    items: list[OutcomeShown]
    next_cursor: str | None
    pin: StandsAt


@router.post("", status_code=201, responses=commanded(YearDoesNotAllow, CatalogueIsUnknown, CatalogueOfOtherIssuer))
async def align_year_catalogues(year: YearNumber, body: AlignmentBody, ordering: OrderingDep) -> Recorded:
    """Align two catalogues: the stricter stands. The city's own additions count as part of its catalogue.

    The assessment office only; nothing is issued by it.
    """
    role = ordering.permit_whole(*OFFICE)
    alignment = uuid7()
    command = AlignCatalogues(alignment, year, body.province, body.city)
    done = await ordering.execute(
        role, alignment_stream(alignment),
        while_allowed("plan", year, lambda _, look: align_catalogues(
            command, province=look.at(catalogue_stream(body.province)), city=look.at(catalogue_stream(body.city)),
            additions=look.at(additions_stream(year)), confirmed=look.at(decisions_stream(year)).by_city(),
        )),
    )  # fmt: skip
    fact = done.facts[-1]
    assert isinstance(fact, AlignmentCompleted)
    return ordering.recorded(fact.alignment, done)


@router.get("", responses=asking(CursorInvalid))
def list_alignments(year: YearNumber, asked: AskedDep, page: Page) -> AlignmentList:
    """The completed alignments of the year."""
    asked.permit_whole(*SEES_THE_CITY)

    def found(view: View) -> list[tuple[tuple[int], AlignmentShown]]:
        alignments = view.registry.alignments
        incomplete = parts_of(view.tables).incomplete(view.db, view.standpoint.log)
        return [
            ((closed_at,), _shown(id, row))
            for id, row in alignments.on(ALWAYS)
            if row.year == year and (closed_at := alignments.position(id)) not in incomplete
        ]

    items, cursor, pin = page_of(asked, page, f"alignments {year}", found)
    return AlignmentList(items=items, next_cursor=cursor, pin=pin)


@router.get("/{alignment}", responses=asking(AlignmentUnknown, CursorInvalid))
def get_alignment(year: YearNumber, alignment: AlignmentId, asked: AskedDep, page: Page) -> AlignmentAnswer:
    """One alignment: its totals, and its outcomes page by page."""
    asked.permit_whole(*SEES_THE_CITY)
    whole: list[tuple[AlignmentShown, AlignmentTotals]] = []

    def found(view: View) -> list[tuple[tuple[str], OutcomeShown]]:
        row, outcomes = complete_run(view, year, alignment)
        decisions = Decisions(view.registry, year)
        whole.append((_shown(alignment, row), totals(outcomes, decisions)))
        return [((outcome.indicator,), outcome_shown(outcome, decisions)) for outcome in outcomes]

    items, cursor, pin = page_of(asked, page, f"alignment {alignment}", found)
    return AlignmentAnswer(alignment=whole[0][0], totals=whole[0][1], items=items, next_cursor=cursor, pin=pin)


def complete_run(view: View, year: int, alignment: str) -> tuple[rows.Alignment, list[AlignmentOutcome]]:
    """A run of the year and its outcomes by indicator, if it was complete. AlignmentUnknown."""
    row = view.registry.alignments.get(alignment, ALWAYS)
    if row is None or row.year != year:
        raise AlignmentUnknown(alignment=alignment)
    parts, log, at = parts_of(view.tables), view.standpoint.log, view.registry.alignments.position(alignment)
    if at in parts.incomplete(view.db, log):
        raise AlignmentUnknown(alignment=alignment)
    return row, parts.outcomes(view.db, log, alignment, at)


class Decisions:
    """The last decision about each indicator of a year, as known where the question stands."""

    def __init__(self, registry: Registry, year: int) -> None:
        self._position = registry.decisions.position
        found = (row for row in registry.decisions.on(ALWAYS) if row[1].year == year)
        self._of = {row.indicator: (id, row) for id, row in found}  # in the order of the log, so the last one stays

    def about(self, outcome: AlignmentOutcome) -> tuple[DecisionShown, rows.AlignmentDecision] | None:
        """The decision that holds for this outcome; None where its inputs were others, or none was needed."""
        id, row = self._of.get(outcome.indicator, (None, None))
        if id is None or row is None or not holds(row, outcome):
            return None
        shown = DecisionShown(id=id, choice=row.choice, reason=row.reason, by=row.by, position=self._position(id))
        return shown, row


def totals(outcomes: Sequence[AlignmentOutcome], decisions: Decisions) -> AlignmentTotals:
    """Counts by match, not by reason: a matched one counts as matched whatever became of it."""
    theirs = [outcome for outcome in outcomes if not isinstance(outcome.province, UnsetType)]
    new = [outcome for outcome in theirs if outcome.reason == "ADDED_FROM_PROVINCE"]
    return AlignmentTotals(
        catalogue=len(theirs),
        assessing_us=sum(outcome.reason != "NOT_APPLICABLE" for outcome in theirs),
        matched=sum(outcome.matched for outcome in theirs),
        new=len(new),
        new_by_category=dict(Counter(outcome.category for outcome in new)),
        by_reason=dict(Counter(outcome.reason for outcome in outcomes)),
        undecided=sum(o.reason == "NEEDS_DECISION" and decisions.about(o) is None for o in outcomes),
    )


def _shown(id: str, row: rows.Alignment) -> AlignmentShown:
    return AlignmentShown(
        id=id, province=row.province, city=row.city, rule=row.rule, outcomes=row.outcomes, sha256=row.sha256
    )


def outcome_shown(outcome: AlignmentOutcome, decisions: Decisions) -> OutcomeShown:
    """As answers carry it, with the decision that holds."""
    decided = decisions.about(outcome)
    value, unit_of_measure = _none(outcome.value), _none(outcome.unit_of_measure)
    if decided is not None:
        value, unit_of_measure = decided[1].value, decided[1].unit_of_measure
    return OutcomeShown(
        indicator=outcome.indicator, city_indicator=_none(outcome.city_indicator), name=shown(outcome.name),
        category=outcome.category, matched=outcome.matched,
        bonus=outcome.bonus, reason=outcome.reason, province=_side(outcome.province), city=_side(outcome.city),
        value=value, unit_of_measure=unit_of_measure, decision=decided[0] if decided else None,
    )  # fmt: skip


def _side(side: AlignedSide | UnsetType) -> AlignedSideShown | None:
    if isinstance(side, UnsetType):
        return None
    return AlignedSideShown(
        code=side.code, value=_none(side.value), unit_of_measure=_none(side.unit_of_measure), text=_none(side.text)
    )


def _none(value: str | UnsetType) -> str | None:
    return None if isinstance(value, UnsetType) else value
