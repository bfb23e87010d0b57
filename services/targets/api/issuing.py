"""The year's targets issued from a run of the alignment, all by one order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sqlalchemy import select

from services.targets.api.alignments import AlignmentId
from services.targets.api.asking import READ_WITHIN, read_to_the_end
from services.targets.api.catalogues import CatalogueFault
from services.targets.api.indicators import issued_beside, issuing_alone
from services.targets.api.kinds import BandBody, ScoringBody, StepBody
from services.targets.api.outcomes import aligned_run
from services.targets.api.shapes import OFFICE, Body, CodeStr, MeasureBody, example, shown
from services.targets.errors import at
from services.targets.errors.alignments import (
    AlignmentUnknown,
    DetailsStatedTwice,
    IndicatorIsUnknown,
    OutcomesNotIssuable,
)
from services.targets.errors.years import DateOutsideYear
from services.targets.issuing import (
    Candidate,
    Details,
    IssuingStatus,
    Verdict,
    indicators_of,
    issued_stream,
    judge,
    overtaken,
)
from services.targets.target import Target, issue_target, target_stream
from services.targets.year import YearStanding, require_within, standing_stream, while_allowed
from shared.admission.errors import YearDoesNotAllow
from shared.commands import Done, Looking
from shared.contracts.targets import AlignmentReason, Category, RollUp, TargetIssued
from shared.deciding import Fact, Look
from shared.errors import Fault
from shared.event_log.ids import event_id, uuid7
from shared.event_store.store import EventStore
from shared.http.answers import commanded
from shared.http.asking import View
from shared.http.fields import Flag, Label, StrictDate
from shared.http.ordering import Ordering, OrderingDep, YearNumber
from shared.projections import NotYetRead
from shared.sql import each_of, reading

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}/alignments/{alignment}", tags=["targets"])
MAX_OUTCOMES = 20_000
"""Of one run: two catalogues of the largest size that have nothing in common."""


class DetailsBody(Body):
    """What no catalogue says of one indicator's target.

    `measures` are those beside the judged one, which has the code `value`: the steps of a milestone target are among
    them. `code` is the indicator unless stated, `roll_up` as the outcome shows it.
    """

    indicator: CodeStr
    code: CodeStr | None = None
    roll_up: RollUp | None = None
    measures: list[MeasureBody] = Field(default_factory=list, max_length=19)
    steps: list[StepBody] = Field(default_factory=list, max_length=20)
    bands: Annotated[list[BandBody], Field(min_length=2, max_length=20)] | None = None
    scoring: ScoringBody | None = None

    def stated(self) -> Details:
        """As the rule takes it."""
        return Details(
            code=self.code, roll_up=self.roll_up, measures=[each.contract() for each in self.measures],
            steps=[step.contract() for step in self.steps], bands=[band.contract() for band in self.bands or ()],
            scoring=self.scoring.stated() if self.scoring else None,
        )  # fmt: skip


class IssuingBody(Body):
    """From which day on the targets are in force, which they are, and what no catalogue says of some of them.

    Without `indicators`: all that became targets. What is named there has to be issued, or stand as it would be.
    """

    effective_on: StrictDate
    indicators: Annotated[list[CodeStr], Field(min_length=1, max_length=MAX_OUTCOMES)] | None = None
    details: list[DetailsBody] = Field(default_factory=list, max_length=MAX_OUTCOMES)

    model_config = example(
        {
            "effective_on": "2009-01-01",
            "details": [{"indicator": "roads", "scoring": {"method": "proportional"}}],
        }
    )


class DifferenceShown(BaseModel):
    """What a target that stands has otherwise than the run; rows as JSON text."""

    member: str
    stands: str | None
    proposed: str | None


class OutcomeIssued(BaseModel):
    """What came of one outcome. After a check, what would come of it.

    `issued`: a target was issued. `unchanged`: it stands with the same content already, and on its own date.
    `differs`: it was issued otherwise, adjusted since (see `differences`) or withdrawn, and is left as it is.
    `undecided`, `not_applicable`: it is no target. `refused`: a rule forbids it. Where nothing was issued `faults` say
    why, with pointers into the target (see the body of issuing one), and `remedy` is the address where it goes on.
    `position`: of the fact that says how the target stands, once the log has it and this service has read it.
    """

    indicator: str
    name: Label
    category: Category
    reason: AlignmentReason
    status: IssuingStatus
    target: str | None
    code: str | None
    position: int | None
    differences: list[DifferenceShown]
    faults: list[CatalogueFault]
    remedy: str | None


class Issuing(BaseModel):
    """What came of an order to issue: totals by status, and each outcome by indicator."""

    alignment: str
    status: Literal["checked", "recorded", "accepted"]
    totals: dict[IssuingStatus, int]
    items: list[OutcomeIssued]


@router.post(
    "/targets",
    status_code=201,
    responses={
        200: {"model": Issuing, "description": "What `mode=check` found."},
        **commanded(
            AlignmentUnknown, YearDoesNotAllow, DateOutsideYear, IndicatorIsUnknown, DetailsStatedTwice,
            OutcomesNotIssuable,
        ),
        202: {"model": Issuing, "description": "Stored; the log has not confirmed it yet."},
    },
)  # fmt: skip
async def issue_aligned_targets(
    year: YearNumber,
    alignment: AlignmentId,
    body: IssuingBody,
    ordering: OrderingDep,
    mode: Annotated[Literal["check", "apply"], Query(description="Only check, or issue.")] = "apply",
    atomic: Annotated[Flag, Query(description="`false`: issue what can be, leave out what is refused.")] = True,
) -> Issuing:
    """Issue the year's targets from a run: the value that stands, with what its catalogue says of it.

    The city's own additions count as part of its catalogue, as in the run. What is issued already is never issued
    anew: a repeat, or another run after a new edition, adds what is missing and names what differs; that is adjusted.
    With `atomic`, a refusal, or anything in `indicators` that is not a target or stands otherwise, leaves all
    unissued. The assessment office only; assignments to units follow.
    """
    role = ordering.permit_whole(*OFFICE)
    require_within(year, body.effective_on, "/effective_on")
    judged = partial(_judged, year=year, alignment=alignment, body=body, details=_details(body))
    found = await read_to_the_end(ordering, judged)
    if mode == "check":
        ordering.response.status_code = 200
        return _answer(ordering, year, alignment, "checked", found, {})
    done = await ordering.execute(
        role, standing_stream(year), while_allowed("plan", year, partial(issue_judged, year, found, atomic)),
        basis=found.position,
    )  # fmt: skip
    del ordering.response.headers["ETag"]  # it would be the year's, and nothing was said of the year
    if done.repeated and done.basis is not None:
        # The first outcome, also of what was not issued then.
        found = await read_to_the_end(ordering, judged, known_at=done.basis)
    accepted = ordering.response.status_code == 202
    issued = {} if accepted else await _positions(ordering, done)
    found = await run_in_threadpool(_as_done, found, done, ordering.service.store)
    return _answer(ordering, year, alignment, "accepted" if accepted else "recorded", found, issued)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What comes of each outcome as known at `position`, and where the targets that stand already were spoken of.

    `codes`: of the year's targets known then.
    """

    position: int
    codes: Set[str]
    verdicts: list[Verdict]
    standing: Mapping[str, int]


def _details(body: IssuingBody) -> dict[str, Details]:
    """DetailsStatedTwice."""
    found: dict[str, Details] = {}
    for n, each in enumerate(body.details):
        if each.indicator in found:
            raise at(DetailsStatedTwice, f"/details/{n}/indicator", indicator=each.indicator)
        found[each.indicator] = each.stated()
    return found


def _judged(view: View, *, year: int, alignment: str, body: IssuingBody, details: Mapping[str, Details]) -> Judgement:
    """AlignmentUnknown; IndicatorIsUnknown for one that the run doesn't have."""
    run = aligned_run(view, year, alignment)
    known = {outcome.indicator for outcome in run.outcomes}
    asked = [(f"/indicators/{n}", each) for n, each in enumerate(body.indicators or ())]
    asked += [(f"/details/{n}/indicator", each.indicator) for n, each in enumerate(body.details)]
    if unknown := [(pointer, each) for pointer, each in asked if each not in known]:
        raise IndicatorIsUnknown(
            indicators=[each for _, each in unknown],
            faults=[IndicatorIsUnknown().fault(pointer) for pointer, _ in unknown],
        )
    named = None if body.indicators is None else set(body.indicators)
    candidates = [
        Candidate(outcome, run.proposed(outcome), named=named is not None)
        for outcome in run.outcomes
        if named is None or outcome.indicator in named
    ]
    targets = view.registry.targets
    standing = {id: row for id in targets if (row := targets.latest(id)).year == year}
    verdicts = judge(candidates, details, standing, year=year, effective_on=body.effective_on, new_id=uuid7)
    positions = {each.standing: targets.position(each.standing) for each in verdicts if each.standing is not None}
    return Judgement(view.standpoint.position, {row.code for row in standing.values()}, verdicts, positions)


def issue_judged(year: int, found: Judgement, atomic: bool, _: YearStanding, look: Look) -> list[Fact]:
    """OutcomesNotIssuable where all or nothing is asked for. What had been issued when it was judged is left out,
    also if the log did not have it then."""
    issued_before = _issued_before(found, issuing_alone(look, year))
    facts: list[Fact] = []
    stops = [each for each in found.verdicts if each.stops_all]
    for each in found.verdicts:
        if each.issue is None:
            continue
        if (standing := issued_before(each)) is not None:
            stops += [left] if (left := overtaken(each, standing)).stops_all else []
        else:
            stream = target_stream(each.issue.year, each.issue.code).name
            facts += [replace(fact, stream=stream) for fact in issue_target(each.issue, Target(), year_open=True)]
    if atomic and stops:
        raise OutcomesNotIssuable(outcomes=len(stops), faults=[fault for each in stops for fault in _pointed(each)])
    return facts


def _as_done(found: Judgement, done: Done, store: EventStore) -> Judgement:
    """With the ids that the facts have; what there is no fact of had been issued already."""
    ids = {fact.code: fact.target for fact in _issued(done)}
    left = [each for each in found.verdicts if each.issue is not None and each.issue.code not in ids]
    with reading(store.engine) as db:
        issued_before = _issued_before(replace(found, verdicts=left), Looking(store, db, done.log))

    def came_of(each: Verdict) -> Verdict:
        if each.issue is None:
            return each
        if each.issue.code in ids:
            return replace(each, standing=ids[each.issue.code])
        standing = issued_before(each)
        assert standing is not None  # else it would have been issued
        return overtaken(each, standing)

    return replace(found, verdicts=list(map(came_of, found.verdicts)))


def _issued_before(found: Judgement, looking: Looking) -> Callable[[Verdict], TargetIssued | None]:
    """What the event store has, of what was to be issued: under the same code, or for the indicator under another."""
    orders = [each.issue for each in found.verdicts if each.issue is not None]
    if not orders:
        return lambda _: None
    states = looking.all_at([issued_stream(each.year, each.code) for each in orders])
    beside = issued_beside(looking, orders[0].year, found.codes | {each.code for each in orders})
    by_indicator = {fact.indicator: fact for fact in (*beside, *states.values()) if fact is not None}

    def of(verdict: Verdict) -> TargetIssued | None:
        assert verdict.issue is not None
        same_code = states[target_stream(verdict.issue.year, verdict.issue.code).name]
        return same_code or next(filter(None, map(by_indicator.get, indicators_of(verdict.outcome))), None)

    return of


def _issued(done: Done) -> list[TargetIssued]:
    return [fact for fact in done.facts if isinstance(fact, TargetIssued)]


async def _positions(ordering: Ordering, done: Done) -> dict[str, int]:
    """Where the facts lie in the log, by target; nothing where this service has not read that far in time."""
    read_side, source = ordering.service.read_side, ordering.service.store.source
    try:
        await read_side.reached_event(done.log, done.event_id, READ_WITHIN)
    except NotYetRead:
        return {}
    ids = {event_id(source, ordering.key, n): fact.target for n, fact in enumerate(_issued(done))}

    def read() -> dict[str, int]:
        with read_side.reading() as (db, tables):
            c = tables.core.identities.c
            asked = select(c.id, c.position).where(c.log == done.log, c.source == source)
            return {ids[id]: position for id, position in each_of(db, asked, c.id, ids)}

    return await run_in_threadpool(read)


def _answer(
    ordering: Ordering,
    year: int,
    alignment: str,
    status: Literal["checked", "recorded", "accepted"],
    found: Judgement,
    issued: Mapping[str, int],
) -> Issuing:
    places = {**found.standing, **issued}
    here = f"/v1/jurisdictions/{ordering.jurisdiction}/years/{year}"

    def shown_of(each: Verdict) -> OutcomeIssued:
        remedy = None
        if each.status == "undecided":
            remedy = f"{here}/alignments/{alignment}/decisions"
        elif any(difference.member == "value" for difference in each.differences):
            remedy = f"{here}/targets/{each.code}/adjustments"
        return OutcomeIssued(
            indicator=each.outcome.indicator, name=shown(each.outcome.name), category=each.outcome.category,
            reason=each.outcome.reason, status=each.status, target=each.standing, code=each.code,
            position=places.get(each.standing) if each.standing is not None else None,
            differences=[DifferenceShown(**difference._asdict()) for difference in each.differences],
            faults=[
                CatalogueFault(pointer=fault.pointer, code=fault.code, zh=fault.message_zh, en=fault.message)
                for fault in _faults(each)
            ],
            remedy=remedy,
        )  # fmt: skip

    totals = Counter(each.status for each in found.verdicts)
    return Issuing(alignment=alignment, status=status, totals=dict(totals), items=list(map(shown_of, found.verdicts)))


def _faults(verdict: Verdict) -> Sequence[Fault]:
    """Why nothing was issued; a refusal of the whole has no place of its own."""
    if verdict.refusal is None:
        return ()
    return verdict.refusal.faults or (verdict.refusal.fault(""),)


def _pointed(verdict: Verdict) -> list[Fault]:
    """The same for a problem document about many outcomes."""
    place = f"/outcomes/{verdict.outcome.indicator}"
    return [replace(fault, pointer=f"{place}{fault.pointer}") for fault in _faults(verdict)]
