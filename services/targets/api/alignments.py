"""Alignments of the province's catalogue with the city's: run, and shown with their totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    judged: list[JudgedRun] = []

    def found(view: View) -> list[tuple[tuple[str], AlignmentOutcome]]:
        judged.append(_JUDGED.of(view, year, alignment))
        return [((outcome.indicator,), outcome) for outcome in judged[0].run.outcomes]

    def show(_: View, outcome: AlignmentOutcome) -> WeighedOutcome:
        weight = judged[0].weights.get(outcome.indicator)
        return WeighedOutcome(**dict(judged[0].run.shown(outcome)), tilted_weight=weight)

    items, cursor, pin = page_shown(asked, page, f"alignment {alignment}", found, show)
    return AlignmentAnswer(
        alignment=_shown(alignment, judged[0].run.row), totals=judged[0].totals, items=items, next_cursor=cursor,
        pin=pin,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """What every page of a run needs of the whole run, as known at one position."""

    run: AlignedRun
    weights: Mapping[str, str]
    totals: AlignmentTotals


class JudgedRuns:
    """Keeps the last few: whoever turns the pages of one asks for the same run at the same position each time."""

    def __init__(self, most: int = 2) -> None:
        self._most = most
        self._kept: tuple[tuple[tuple[str, int, int, str], JudgedRun], ...] = ()

    def of(self, view: View, year: int, alignment: str) -> JudgedRun:
        """The run as known where the question stands, judged if need be. AlignmentUnknown."""
        asked = (view.standpoint.log, view.standpoint.position, year, alignment)
        for key, kept in self._kept:
            if key == asked:
                return kept
        run = aligned_run(view, year, alignment)
        weights = run.tilted(view.registry.weight_rules.get(str(year), ALWAYS))
        judged = JudgedRun(run, weights, totals(run.outcomes, run.decisions))
        self._kept = ((asked, judged), *self._kept)[: self._most]  # one assignment: threads see old or new
        return judged


_JUDGED = JudgedRuns()


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
