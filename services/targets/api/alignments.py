"""Alignments of the province's catalogue with the city's: run, and shown with their totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path
from msgspec import UnsetType
from pydantic import BaseModel

from services.targets.alignment_run import AlignCatalogues, align_catalogues, alignment_stream
from services.targets.api.asking import page_of
from services.targets.api.shapes import OFFICE, SEES_THE_CITY, Body, UuidStr, example, shown
from services.targets.catalogue import catalogue_stream
from services.targets.errors import AlignmentUnknown, CatalogueIsUnknown, CatalogueOfOtherIssuer
from services.targets.read_models.parts import parts_of
from shared.contracts.targets import AlignedSide, AlignmentCompleted, AlignmentOutcome, AlignmentReason, Category
from shared.event_log.ids import uuid7
from shared.http.answers import asking, commanded
from shared.http.asking import AskedDep, View
from shared.http.fields import Label
from shared.http.ordering import OrderingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt
from shared.registry import ALWAYS, rows

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
    """Counts by match: of the province's catalogue, how many assess us, and of these how many we had already."""

    catalogue: int
    assessing_us: int
    matched: int
    new: int
    new_by_category: dict[Category, int]
    by_reason: dict[AlignmentReason, int]


class AlignedSideShown(BaseModel):
    """What one catalogue said."""

    code: str
    value: str | None
    unit_of_measure: str | None
    text: str | None


class OutcomeShown(BaseModel):
    """What became of one indicator, with both inputs and the reason."""

    indicator: str
    name: Label
    category: Category
    matched: bool
    bonus: bool
    reason: AlignmentReason
    province: AlignedSideShown | None
    city: AlignedSideShown | None
    value: str | None
    unit_of_measure: str | None


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


@router.post("", status_code=201, responses=commanded(CatalogueIsUnknown, CatalogueOfOtherIssuer))
async def align_year_catalogues(year: YearNumber, body: AlignmentBody, ordering: OrderingDep) -> Recorded:
    """Align two catalogues: the stricter stands. The assessment office only; nothing is issued by it."""
    role = ordering.permit_whole(*OFFICE)
    alignment = uuid7()
    command = AlignCatalogues(alignment, year, body.province, body.city)
    done = await ordering.execute(
        role,
        alignment_stream(alignment),
        lambda _, look: align_catalogues(
            command, province=look.at(catalogue_stream(body.province)), city=look.at(catalogue_stream(body.city))
        ),
    )
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
        row = view.registry.alignments.get(alignment, ALWAYS)
        if row is None or row.year != year:
            raise AlignmentUnknown(alignment=alignment)
        parts, log, at = parts_of(view.tables), view.standpoint.log, view.registry.alignments.position(alignment)
        if at in parts.incomplete(view.db, log):
            raise AlignmentUnknown(alignment=alignment)
        outcomes = parts.outcomes(view.db, log, alignment, at)
        whole.append((_shown(alignment, row), totals(outcomes)))
        return [((outcome.indicator,), _outcome(outcome)) for outcome in outcomes]

    items, cursor, pin = page_of(asked, page, f"alignment {alignment}", found)
    return AlignmentAnswer(alignment=whole[0][0], totals=whole[0][1], items=items, next_cursor=cursor, pin=pin)


def totals(outcomes: Sequence[AlignmentOutcome]) -> AlignmentTotals:
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
    )


def _shown(id: str, row: rows.Alignment) -> AlignmentShown:
    return AlignmentShown(
        id=id, province=row.province, city=row.city, rule=row.rule, outcomes=row.outcomes, sha256=row.sha256
    )


def _outcome(outcome: AlignmentOutcome) -> OutcomeShown:
    return OutcomeShown(
        indicator=outcome.indicator, name=shown(outcome.name), category=outcome.category, matched=outcome.matched,
        bonus=outcome.bonus, reason=outcome.reason, province=_side(outcome.province), city=_side(outcome.city),
        value=_none(outcome.value), unit_of_measure=_none(outcome.unit_of_measure),
    )  # fmt: skip


def _side(side: AlignedSide | UnsetType) -> AlignedSideShown | None:
    if isinstance(side, UnsetType):
        return None
    return AlignedSideShown(
        code=side.code, value=_none(side.value), unit_of_measure=_none(side.unit_of_measure), text=_none(side.text)
    )


def _none(value: str | UnsetType) -> str | None:
    return None if isinstance(value, UnsetType) else value
