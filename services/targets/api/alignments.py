"""Alignments of the province's catalogue with the city's: run, and shown with their totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path
from msgspec import UnsetType
from pydantic import BaseModel

from services.targets.additions import additions_stream
from services.targets.alignment_decisions import decisions_stream
from services.targets.alignment_run import AlignCatalogues, align_catalogues, alignment_stream
from services.targets.api.asking import page_of, page_shown
from services.targets.api.complete import complete
from services.targets.api.outcomes import AlignedRun, Decisions, WeighedOutcome, aligned_run
from services.targets.api.shapes import OFFICE, SEES_THE_CITY, Body, UuidStr, example
from services.targets.catalogue import catalogue_stream
from services.targets.errors.alignments import AlignmentUnknown
from services.targets.errors.catalogues import CatalogueIsUnknown, CatalogueOfOtherIssuer
from services.targets.year import while_allowed
from shared.admission.errors import YearDoesNotAllow
from shared.contracts.targets import (
    AlignmentCompleted,
    AlignmentOutcome,
    AlignmentReason,
    Category,
)
from shared.event_log.ids import uuid7
from shared.http.answers import asking, commanded
from shared.http.asking import AskedDep, View
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


class AlignmentList(BaseModel):
    """Completed alignments, oldest first."""

    items: list[AlignmentShown]
    next_cursor: str | None
    pin: StandsAt


class AlignmentAnswer(BaseModel):
    """One alignment, its totals, and a page of its outcomes by indicator."""

    alignment: AlignmentShown
    totals: AlignmentTotals
    items: list[WeighedOutcome]
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
        found = complete(view, year, view.registry.alignments).items()
        return [((closed_at,), _shown(id, row)) for id, (closed_at, row) in found]

    items, cursor, pin = page_of(asked, page, f"alignments {year}", found)
    return AlignmentList(items=items, next_cursor=cursor, pin=pin)


@router.get("/{alignment}", responses=asking(AlignmentUnknown, CursorInvalid))
def get_alignment(year: YearNumber, alignment: AlignmentId, asked: AskedDep, page: Page) -> AlignmentAnswer:
    """One alignment: its totals, and its outcomes page by page."""
    asked.permit_whole(*SEES_THE_CITY)
    runs: list[tuple[AlignedRun, dict[str, str]]] = []

    def found(view: View) -> list[tuple[tuple[str], AlignmentOutcome]]:
        run = aligned_run(view, year, alignment)
        runs.append((run, run.tilted(view.registry.weight_rules.get(str(year), ALWAYS))))
        return [((outcome.indicator,), outcome) for outcome in run.outcomes]

    def show(_: View, outcome: AlignmentOutcome) -> WeighedOutcome:
        run, weights = runs[0]
        return WeighedOutcome(**dict(run.shown(outcome)), tilted_weight=weights.get(outcome.indicator))

    items, cursor, pin = page_shown(asked, page, f"alignment {alignment}", found, show)
    run, _ = runs[0]
    return AlignmentAnswer(
        alignment=_shown(alignment, run.row), totals=totals(run.outcomes, run.decisions), items=items,
        next_cursor=cursor, pin=pin,
    )  # fmt: skip


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
