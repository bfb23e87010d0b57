"""Targets: issued, adjusted, and asked about on both axes."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sqlalchemy import select

from services.targets.api.asking import page_shown, stream_version
from services.targets.api.decomposed import ADJUSTED_LATER, Adjusted, DecompositionShown, adjusted, decomposition_shown
from services.targets.api.floors import read_floor
from services.targets.api.indicators import issuing_once
from services.targets.api.kinds import (
    AskedText,
    BandBody,
    ScoringBody,
    ScoringShown,
    StepBody,
    band_shown,
    scoring_shown,
    step_shown,
)
from services.targets.api.shapes import (
    DECIDES_ADJUSTMENTS,
    OFFICE,
    SEES_TARGETS,
    Body,
    CodeStr,
    MeasureBody,
    ReasonStr,
    TargetCode,
    example,
    label,
    measure,
    shown,
)
from services.targets.decomposition import Decomposed
from services.targets.errors.adjustments import BelowProvince, TargetIsWithdrawn
from services.targets.errors.kinds import (
    BandsAreInPercent,
    BandsNotDescending,
    BandsNotWanted,
    BandStatedTwice,
    RollUpDoesNotFit,
    ShareOutOfBounds,
    SharesDoNotAddUp,
    StepHasNoMeasure,
    StepsMissing,
    StepsNotWanted,
    StepStatedTwice,
    TextMissing,
    ValueIsNotHundred,
)
from services.targets.errors.scoring import (
    ScoringDoesNotFit,
    ScoringParameterInvalid,
    ScoringParameterMissing,
    ScoringParametersDoNotFit,
    ScoringParameterUnknown,
)
from services.targets.errors.targets import (
    DateBeforeTarget,
    DirectionDoesNotFit,
    IndicatorHasTarget,
    MeasureStatedTwice,
    NegativeNotAllowed,
    RateIsNotPercent,
    TargetCodeTaken,
    TargetValueIsNegative,
    TargetValueIsZero,
    UnitOfMeasureIsUnknown,
)
from services.targets.errors.years import DateOutsideYear
from services.targets.read_models.decompositions import decomposed
from services.targets.target import AdjustTarget, IssueTarget, adjust_target, target_stream
from services.targets.year import while_allowed
from shared.admission.errors import TargetUnknown, YearDoesNotAllow, YearIsNotOpen
from shared.contracts.targets import (
    AssignmentRole,
    Category,
    Direction,
    Issuer,
    RollUp,
    Tag,
    TargetAdjusted,
    TargetIssued,
    TargetKind,
)
from shared.event_log.ids import uuid7
from shared.http.answers import asking, changed, commanded
from shared.http.asking import Asked, AskedDep, AskedTwiceDep, View
from shared.http.fields import Label, QuantityStr, StrictDate
from shared.http.ordering import ChangingDep, OrderingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt, stands_at
from shared.http.preconditions import etag
from shared.quantities import parse, text
from shared.registry import Registry, rows

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}/targets", tags=["targets"])


class TargetBody(Body):
    """A target of the year. `value` is in the unit of measure of the first measure, which is the judged one.

    Of a milestone target, which has `steps`, and of a qualitative one, which has `text` and perhaps `bands` of its own
    (excellent, good, fair and poor for 100, 80, 60 and 0 unless stated, the best first), `value` is "100", in per cent.
    """

    code: CodeStr
    name: Label
    issuer: Issuer
    category: Category
    kind: TargetKind
    direction: Direction
    value: QuantityStr
    measures: Annotated[list[MeasureBody], Field(min_length=1, max_length=20)]
    roll_up: RollUp = Field(description="How the parts of units make the figure of the city.")
    tags: list[Tag] = Field(default_factory=list, max_length=10)
    weight: QuantityStr | None = None
    points: QuantityStr | None = None
    indicator: CodeStr | None = None
    text: AskedText | None = None
    steps: list[StepBody] = Field(default_factory=list, max_length=20)
    bands: Annotated[list[BandBody], Field(min_length=2, max_length=20)] | None = None
    scoring: ScoringBody | None = None
    effective_on: StrictDate

    model_config = example(
        {
            "code": "roads", "name": {"zh": "改造县乡公路"}, "issuer": "city", "category": "livelihood",
            "kind": "cumulative", "direction": "higher", "value": "60", "roll_up": "sum",
            "measures": [{"code": "length", "name": {"zh": "里程"}, "unit_of_measure": "km"}],
            "tags": ["practical_matter"], "effective_on": "2009-01-01",
            "scoring": {"method": "per_point", "parameters": {"k": "1", "max_bonus": "5", "max_deduction": "5"}},
        }
    )  # fmt: skip


class AdjustmentBody(Body):
    """The decision that from `effective_on` the target's value is another one."""

    model_config = example({"value": "66", "effective_on": "2009-07-01", "reason": "省级追加任务"})

    value: QuantityStr
    effective_on: StrictDate
    reason: ReasonStr


class TargetShown(BaseModel):
    """A target as it stands. `effective_on` is the date from which this version is in force.

    Of a withdrawn target that date is its withdrawal's, and `withdrawn` is true.
    """

    id: str
    year: int
    code: str
    name: Label
    issuer: Issuer
    category: Category
    kind: TargetKind
    direction: Direction
    value: str
    unit_of_measure: str
    measures: list[MeasureBody]
    roll_up: RollUp
    tags: list[str]
    weight: str | None
    points: str | None
    indicator: str | None
    text: str | None
    steps: list[StepBody]
    bands: list[BandBody]
    scoring: ScoringShown | None
    withdrawn: bool
    effective_on: date


class AssignmentShown(BaseModel):
    """A unit's part of a target for [valid_from, valid_until).

    `follows` are the parts it took over from, `carries` those of them whose levels count on; `below` is the part of
    which it is a part, `decomposition` what its own parts come to, null where it has none or they are not all yours
    to see.
    """

    id: str
    unit: str
    role: AssignmentRole
    value: str | None
    valid_from: date
    valid_until: date | None
    follows: list[str]
    carries: list[str]
    below: str | None
    decomposition: DecompositionShown | None


class TargetVersion(BaseModel):
    """One version: in force from `effective_on`, known from a position and until another one replaced it."""

    effective_on: date
    value: str
    withdrawn: bool
    known_from: int
    known_until: int | None


class TargetWithAssignments(BaseModel):
    """A target and the parts of it that lie within your scope, ended ones included."""

    target: TargetShown
    decomposition: DecompositionShown | None
    assignments: list[AssignmentShown]


class TargetList(BaseModel):
    """Targets by code."""

    items: list[TargetWithAssignments]
    next_cursor: str | None
    pin: StandsAt


class ComparedTarget(BaseModel):
    """The same target on the other side of the comparison; `value_difference` is this answer's minus that one's."""

    target: TargetShown | None
    value_difference: str | None
    pin: StandsAt


class TargetAnswer(TargetWithAssignments):
    """One target with all its versions, as far as they are known at the asked position."""

    history: list[TargetVersion]
    compared: ComparedTarget | None
    pin: StandsAt


_KINDS_REFUSE = (
    DirectionDoesNotFit, TargetValueIsZero, TargetValueIsNegative, ValueIsNotHundred, RateIsNotPercent,
    UnitOfMeasureIsUnknown, MeasureStatedTwice, RollUpDoesNotFit, StepsMissing, StepsNotWanted, StepHasNoMeasure,
    StepStatedTwice, ShareOutOfBounds, SharesDoNotAddUp, TextMissing, BandsNotWanted, BandsAreInPercent,
    BandStatedTwice, BandsNotDescending,
)  # fmt: skip
_SCORING_REFUSES = (
    ScoringDoesNotFit, ScoringParameterUnknown, ScoringParameterMissing, ScoringParameterInvalid,
    ScoringParametersDoNotFit,
)  # fmt: skip


@router.post(
    "",
    status_code=201,
    responses=commanded(
        YearIsNotOpen,
        YearDoesNotAllow,
        TargetCodeTaken,
        IndicatorHasTarget,
        DateOutsideYear,
        NegativeNotAllowed,
        *_KINDS_REFUSE,
        *_SCORING_REFUSES,
    ),
)
async def issue_year_target(year: YearNumber, body: TargetBody, ordering: OrderingDep) -> Recorded:
    """Issue a target. The assessment office only; assignments to units follow.

    An indicator of the year has one target: for another code its first target has to be withdrawn before.
    """
    role = ordering.permit_whole(*OFFICE)
    command = IssueTarget(
        target=uuid7(), year=year, code=body.code, name=label(body.name), issuer=body.issuer, category=body.category,
        kind=body.kind, direction=body.direction, value=body.value, measures=[m.contract() for m in body.measures],
        roll_up=body.roll_up, tags=list(dict.fromkeys(body.tags)), weight=body.weight, points=body.points,
        indicator=body.indicator, effective_on=body.effective_on, text=body.text,
        steps=[step.contract() for step in body.steps], bands=[band.contract() for band in body.bands or ()],
        scoring=body.scoring.stated() if body.scoring else None,
    )  # fmt: skip
    done = await ordering.execute(
        role,
        target_stream(year, body.code),
        while_allowed("plan", year, issuing_once(command)),
    )
    fact = done.facts[0]
    assert isinstance(fact, TargetIssued)
    return ordering.recorded(fact.target, done)


@router.post(
    "/{target}/adjustments",
    status_code=201,
    responses={
        **changed(
            TargetUnknown,
            TargetValueIsZero,
            TargetValueIsNegative,
            ValueIsNotHundred,
            DateOutsideYear,
            DateBeforeTarget,
            TargetIsWithdrawn,
            BelowProvince,
            YearDoesNotAllow,
        ),
        **ADJUSTED_LATER,
    },
)
async def adjust_year_target(
    year: YearNumber, target: TargetCode, body: AdjustmentBody, ordering: ChangingDep
) -> Adjusted:
    """Adjust a target's value from a date on; its parts stay, and the answer says what they come to.

    The assessment office or a leader; needs the target's ETag.
    """
    role = ordering.permit_whole(*DECIDES_ADJUSTMENTS)
    now = await run_in_threadpool(read_floor, ordering, year, target)
    command = AdjustTarget(year, target, body.value, body.effective_on, body.reason)
    done = await ordering.execute(
        role,
        target_stream(year, target),
        while_allowed("adjust", year, lambda standing, _: adjust_target(command, standing, floor=now.floor)),
        basis=now.position,
    )
    fact = done.facts[0]
    assert isinstance(fact, TargetAdjusted)
    return await adjusted(ordering, fact.target, done, year, target)


@router.get("", responses=asking(CursorInvalid))
def list_targets(
    year: YearNumber,
    asked: AskedDep,
    page: Page,
    category: Annotated[Category | None, Query(description="Only this category.")] = None,
    tag: Annotated[Tag | None, Query(description="Only targets with this tag.")] = None,
    unit: Annotated[str | None, Query(description="Only targets of which this unit has a part at `as_of`.")] = None,
) -> TargetList:
    """The targets of the year in force at `as_of`, within your scope, by code."""
    asked.permit(*SEES_TARGETS)

    def found(view: View) -> list[tuple[tuple[str], tuple[str, rows.Target]]]:
        registry, day = view.registry, view.standpoint.as_of
        unit_id, scope = registry.unit_id(unit) if unit is not None else None, asked.units(registry)
        if unit is not None and scope is not None and unit_id not in scope:
            return []  # a unit that is not theirs to see has no part in anything that is
        return [
            ((target.code,), (id, target))
            for id, target in registry.targets_on(day)
            if target.year == year
            and category in (None, target.category)
            and (tag is None or tag in target.tags)
            and (unit is None or any(p.unit == unit_id and p.valid_on(day) for _, p in registry.parts_of(id)))
            and (scope is None or any(part.unit in scope for _, part in registry.parts_of(id)))
        ]

    def show(view: View, found: tuple[str, rows.Target]) -> TargetWithAssignments:
        answer = _within_scope(*found, view, asked)
        assert answer is not None  # of those it shows some part
        return answer

    of = f"targets {year} {category} {tag} {unit}"
    items, cursor, pin = page_shown(asked, page, of, found, show)
    return TargetList(items=items, next_cursor=cursor, pin=pin)


@router.get("/{target}", responses=asking(TargetUnknown))
def get_target(year: YearNumber, target: TargetCode, asked: AskedTwiceDep) -> TargetAnswer:
    """One target as it stands at `as_of`, its parts and its versions; the ETag is what an adjustment must match."""
    asked.permit(*SEES_TARGETS)
    with asked.view() as view:
        id, row = standing_target(view, year, target)
        answer = _within_scope(id, row, view, asked)
        if answer is None:
            raise TargetUnknown(target=target)
        asked.response.headers["ETag"] = etag(stream_version(view, target_stream(year, target).name))
        return TargetAnswer(
            target=answer.target, decomposition=answer.decomposition, assignments=answer.assignments,
            history=_history(view, id), compared=_compared(asked, view, id, row), pin=stands_at(view.standpoint),
        )  # fmt: skip


def standing_target(view: View, year: int, code: str) -> tuple[str, rows.Target]:
    """The target at an address, as it stands at `as_of`. TargetUnknown."""
    id = view.registry.target_id(year, code)
    row = view.registry.targets.get(id, view.standpoint.as_of)
    if id is None or row is None:
        raise TargetUnknown(target=code)
    return id, row


def parts_in_scope(id: str, view: View, scope: frozenset[str] | None) -> list[AssignmentShown] | None:
    """The parts of units in scope; None when a target with none of them is not the caller's to see."""
    found = _parts_in_scope(id, view, scope)
    return None if found is None else found[0]


def _within_scope(id: str, target: rows.Target, view: View, asked: Asked) -> TargetWithAssignments | None:
    found = _parts_in_scope(id, view, asked.units(view.registry))
    if found is None:
        return None
    parts, decomposition = found
    return TargetWithAssignments(
        target=target_shown(id, target, view), decomposition=decomposition, assignments=parts
    )  # fmt: skip


def _parts_in_scope(
    id: str, view: View, scope: frozenset[str] | None
) -> tuple[list[AssignmentShown], DecompositionShown | None] | None:
    """The same with what they come to for the target: all of it is worked out once, however many parts there are."""
    registry, day = view.registry, view.standpoint.as_of
    parts = [(part_id, part) for part_id, part in registry.parts_of(id) if scope is None or part.unit in scope]
    if scope is not None and not parts:
        return None
    issued = registry.targets.get(id, day)
    broken = decomposed(registry, id, issued, day, scope) if issued is not None else {}
    shown_parts = [_part(part_id, part, registry, broken.get(part_id)) for part_id, part in parts]
    return shown_parts, decomposition_shown(broken.get(None))


def target_shown(id: str, target: rows.Target, view: View) -> TargetShown:
    """A target as it stands where the question does."""
    in_force = [on for on, _, _ in view.registry.targets.history(id) if on <= view.standpoint.as_of]
    return TargetShown(
        id=id, year=target.year, code=target.code, name=shown(target.name), issuer=target.issuer,
        category=target.category, kind=target.kind, direction=target.direction, value=target.value,
        unit_of_measure=target.unit_of_measure, measures=[measure(m) for m in target.measures],
        roll_up=target.roll_up, tags=list(target.tags), weight=target.weight, points=target.points,
        indicator=target.indicator, text=target.text, steps=[step_shown(step) for step in target.steps],
        bands=[band_shown(band) for band in target.bands], scoring=scoring_shown(target.scoring),
        withdrawn=target.withdrawn, effective_on=in_force[-1],
    )  # fmt: skip


def _part(id: str, part: rows.Assignment, registry: Registry, broken: Decomposed | None) -> AssignmentShown:
    return AssignmentShown(
        id=id, unit=registry.units.latest(part.unit).code, role=part.role, value=part.value,
        valid_from=part.valid_from, valid_until=part.valid_until, follows=list(part.follows),
        carries=list(part.carries), below=part.below, decomposition=decomposition_shown(broken),
    )  # fmt: skip


def _history(view: View, id: str) -> list[TargetVersion]:
    """Every version, replaced ones included: `known_until` is None for what still stands at the asked position."""
    c, at = view.tables.core.versions.c, view.standpoint
    found = view.db.execute(
        select(c.effective_on, c.known_from, c.known_until, c.body)
        .where(c.log == at.log, c.kind == "target", c.id == id, c.known_from <= at.position)
        .order_by(c.known_from)
    )
    return [
        TargetVersion(
            effective_on=effective_on,
            value=(row := msgspec.json.decode(body, type=rows.Target)).value,
            withdrawn=row.withdrawn,
            known_from=known_from,
            known_until=known_until if known_until <= at.position else None,
        )
        for effective_on, known_from, known_until, body in found
    ]


def _compared(asked: Asked, view: View, id: str, target: rows.Target) -> ComparedTarget | None:
    other = asked.compared(view)
    if other is None:
        return None
    row = other.registry.targets.get(id, other.standpoint.as_of)
    return ComparedTarget(
        target=target_shown(id, row, other) if row else None,
        value_difference=text(parse(target.value) - parse(row.value)) if row else None,
        pin=stands_at(other.standpoint),
    )
