"""What people add to an alignment: likely matches to confirm, decisions where the rule could not compare; and what
changed from one run to another."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from services.targets.alignment_decisions import (
    ConfirmMatch,
    DecideOutcome,
    confirm_match,
    decide_outcome,
    decisions_stream,
    revoke_match,
)
from services.targets.alignment_run import alignment_stream, require_run
from services.targets.api.alignments import AlignmentId
from services.targets.api.asking import page_of, stream_version
from services.targets.api.outcomes import OutcomeShown, aligned_run, complete_run
from services.targets.api.shapes import (
    OFFICE,
    SEES_THE_CITY,
    Body,
    CodeStr,
    ReasonStr,
    UuidStr,
    example,
    shown,
)
from services.targets.changes import ChangeKind, changes
from services.targets.errors.alignments import (
    AlignmentUnknown,
    ChoiceHasNoValue,
    IndicatorIsUnknown,
    MatchedAlready,
    MatchUnknown,
    NothingToDecide,
    NothingToMatch,
    OtherValueMissing,
    OtherValueNotWanted,
)
from services.targets.errors.targets import UnitOfMeasureIsUnknown
from services.targets.likely_matches import likely_matches
from services.targets.year import while_allowed
from shared.admission.errors import YearDoesNotAllow
from shared.contracts.targets import AlignmentChoice, AlignmentDecided, AlignmentMatchConfirmed
from shared.event_log.ids import uuid7
from shared.http.answers import asking, changed, commanded
from shared.http.asking import AskedDep, View
from shared.http.fields import Label, QuantityStr
from shared.http.ordering import AddingDep, ChangingDep, OrderingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt
from shared.http.preconditions import IfMatchInvalid, etag
from shared.quantities import shown as rounded
from shared.registry import ALWAYS

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}", tags=["targets"])

MatchId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="Id of the confirmed match.")]
ID = "0190b2d6-4a00-7000-8000-000000000001"


class MatchBody(Body):
    """Two indicators that stand alone in this alignment, and are the same."""

    model_config = example({"alignment": ID, "province": "rural-roads", "city": "county-roads"})

    alignment: UuidStr
    province: CodeStr
    city: CodeStr


class RevocationBody(Body):
    """Why they are not the same after all."""

    model_config = example({"reason": "口径不同"})

    reason: ReasonStr


class DecisionBody(Body):
    """What stands for an indicator that the rule could not compare; `value` only with the choice `other`."""

    model_config = example({"indicator": "rural-roads", "choice": "province", "reason": "以省级口径为准"})

    indicator: CodeStr
    choice: AlignmentChoice
    value: QuantityStr | None = None
    unit_of_measure: CodeStr | None = None
    reason: ReasonStr


class Named(BaseModel):
    """An indicator and its name."""

    indicator: str
    name: Label


class ProposalShown(BaseModel):
    """Two indicators that may be the same; `likeness` of their names from 0.60 to 1.00."""

    province: Named
    city: Named
    likeness: str


class ProposalList(BaseModel):
    """Likely matches, the likeliest first. Nothing follows from them until a person confirms one."""

    items: list[ProposalShown]
    next_cursor: str | None
    pin: StandsAt


class MatchShown(BaseModel):
    """A match that a person has confirmed; `by` is their opaque id."""

    id: str
    province: str
    city: str
    by: str
    revoked: bool
    position: int


class MatchList(BaseModel):
    """The year's matches, oldest first, revoked ones included."""

    items: list[MatchShown]
    next_cursor: str | None
    pin: StandsAt


class ChangeShown(BaseModel):
    """One indicator whose outcome differs between two runs; null where a run has none."""

    indicator: str
    change: ChangeKind
    before: OutcomeShown | None
    after: OutcomeShown | None


class ChangeList(BaseModel):
    """What differs from the earlier run, by indicator."""

    items: list[ChangeShown]
    next_cursor: str | None
    pin: StandsAt


@router.get("/alignments/{alignment}/proposals", responses=asking(AlignmentUnknown, CursorInvalid))
def list_proposed_matches(year: YearNumber, alignment: AlignmentId, asked: AskedDep, page: Page) -> ProposalList:
    """Indicators of the city and the province that stand alone in this run and have much the same name."""
    asked.permit_whole(*SEES_THE_CITY)

    def found(view: View) -> list[tuple[tuple[int], ProposalShown]]:
        proposals = likely_matches(complete_run(view, year, alignment)[1])
        return [
            (
                (at,),
                ProposalShown(
                    province=Named(indicator=theirs.indicator, name=shown(theirs.name)),
                    city=Named(indicator=ours.indicator, name=shown(ours.name)),
                    likeness=rounded(likeness, 2),
                ),
            )
            for at, (theirs, ours, likeness) in enumerate(proposals)
        ]

    items, cursor, pin = page_of(asked, page, f"proposals {alignment}", found)
    return ProposalList(items=items, next_cursor=cursor, pin=pin)


@router.post(
    "/alignment-matches",
    status_code=201,
    responses=commanded(YearDoesNotAllow, AlignmentUnknown, IndicatorIsUnknown, NothingToMatch, MatchedAlready),
)
async def confirm_alignment_match(year: YearNumber, body: MatchBody, ordering: OrderingDep) -> Recorded:
    """Confirm that two indicators are the same: the next run matches them. The assessment office only."""
    role = ordering.permit_whole(*OFFICE)
    command = ConfirmMatch(uuid7(), year, body.province, body.city)
    done = await ordering.execute(
        role, decisions_stream(year),
        while_allowed("plan", year, lambda matches, look: confirm_match(
            command, matches, require_run(look.at(alignment_stream(body.alignment)), body.alignment, year)
        )),
    )  # fmt: skip
    fact = done.facts[0]
    assert isinstance(fact, AlignmentMatchConfirmed)
    return ordering.recorded(fact.match, done)


@router.post(
    "/alignment-matches/{match}/revocations", status_code=201, responses=changed(YearDoesNotAllow, MatchUnknown)
)
async def revoke_alignment_match(
    year: YearNumber, match: MatchId, body: RevocationBody, ordering: ChangingDep
) -> Recorded:
    """Take a match back: the next run no longer matches the two. The assessment office; needs the ETag of matches."""
    role = ordering.permit_whole(*OFFICE)
    done = await ordering.execute(
        role, decisions_stream(year),
        while_allowed("plan", year, lambda matches, _: revoke_match(match, body.reason, matches)),
    )  # fmt: skip
    return ordering.recorded(match, done)


@router.get("/alignment-matches", responses=asking(CursorInvalid))
def list_alignment_matches(year: YearNumber, asked: AskedDep, page: Page) -> MatchList:
    """What has been confirmed to be the same, and what was revoked.

    The ETag is that of all matches and decisions of the year, which a revocation must match.
    """
    asked.permit_whole(*SEES_THE_CITY)

    def found(view: View) -> list[tuple[tuple[str], MatchShown]]:
        matches = view.registry.matches
        asked.response.headers["ETag"] = etag(stream_version(view, decisions_stream(year).name))
        return [
            ((id,), MatchShown(id=id, province=row.province, city=row.city, by=row.by, revoked=row.revoked,
                               position=matches.position(id)))
            for id, row in matches.on(ALWAYS)
            if row.year == year
        ]  # fmt: skip

    items, cursor, pin = page_of(asked, page, f"alignment-matches {year}", found)
    return MatchList(items=items, next_cursor=cursor, pin=pin)


@router.post(
    "/alignments/{alignment}/decisions",
    status_code=201,
    responses=commanded(
        YearDoesNotAllow, AlignmentUnknown, IndicatorIsUnknown, NothingToDecide, ChoiceHasNoValue, OtherValueMissing,
        OtherValueNotWanted, UnitOfMeasureIsUnknown, IfMatchInvalid,
    ),
)  # fmt: skip
async def decide_alignment_outcome(
    year: YearNumber, alignment: AlignmentId, body: DecisionBody, ordering: AddingDep
) -> Recorded:
    """Decide what stands for one indicator. Holds for later runs too, as long as both inputs stay the same.

    The assessment office only. The last decision holds and each stays on record, so it needs no If-Match; one with the
    ETag of the year's matches and decisions is heeded.
    """
    role = ordering.permit_whole(*OFFICE)
    command = DecideOutcome(
        uuid7(), year, body.indicator, body.choice, body.value, body.unit_of_measure, body.reason
    )  # fmt: skip
    done = await ordering.execute(
        role, decisions_stream(year),
        while_allowed("plan", year, lambda _, look: decide_outcome(
            command, require_run(look.at(alignment_stream(alignment)), alignment, year)
        )),
    )  # fmt: skip
    fact = done.facts[0]
    assert isinstance(fact, AlignmentDecided)
    return ordering.recorded(fact.decision, done)


@router.get("/alignments/{alignment}/changes", responses=asking(AlignmentUnknown, CursorInvalid))
def list_alignment_changes(
    year: YearNumber,
    alignment: AlignmentId,
    asked: AskedDep,
    page: Page,
    since: Annotated[str, Query(pattern=r"^[0-9a-f-]{36}$", description="Id of the earlier run.", examples=[ID])],
) -> ChangeList:
    """What this run says otherwise than an earlier one, for instance before a new edition of a catalogue."""
    asked.permit_whole(*SEES_THE_CITY)

    def found(view: View) -> list[tuple[tuple[str], ChangeShown]]:
        earlier, later = (
            {outcome.indicator: run.shown(outcome) for outcome in run.outcomes}
            for run in (aligned_run(view, year, since), aligned_run(view, year, alignment))
        )
        return [
            ((each.key,), ChangeShown(indicator=each.key, change=each.kind, before=each.before, after=each.after))
            for each in changes(earlier, later)
        ]

    items, cursor, pin = page_of(asked, page, f"alignment-changes {since} {alignment}", found)
    return ChangeList(items=items, next_cursor=cursor, pin=pin)
