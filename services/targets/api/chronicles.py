"""One target with its whole history, and which targets changed between two dates or states of knowledge."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import select

from services.targets.alignment import Demand, demand_of
from services.targets.api.asking import page_of
from services.targets.api.floors import complete_runs, outcome_in
from services.targets.api.shapes import SEES_TARGETS, TargetCode
from services.targets.api.targets import AssignmentShown, TargetShown, parts_in_scope, target_shown
from services.targets.chronicle import Happening, Line, Stated, tell
from services.targets.errors import ComparisonMissing
from services.targets.read_models.target_facts import target_facts_of
from shared.admission.errors import TargetUnknown
from shared.contracts.targets import Category, TargetIssued
from shared.http.answers import asking
from shared.http.asking import Asked, AskedDep, AskedTwiceDep, View
from shared.http.fields import Label
from shared.http.ordering import YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt, stands_at
from shared.quantities import parse, text
from shared.registry import rows

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}", tags=["targets"])

Member = Literal[
    "name", "category", "kind", "direction", "value", "measures", "roll_up", "tags", "weight", "points", "indicator",
    "text", "steps", "bands", "scoring",
]  # fmt: skip
MEMBERS: tuple[Member, ...] = get_args(Member)


class ChronicleLine(BaseModel):
    """One thing that happened to a target, as a sentence and in its parts.

    `in_force` says whether it is effective at `as_of`; what has no date of its own always is. Values are in the
    target's unit of measure. `province_edition` is the edition of the province's catalogue that asked for it then.
    """

    position: int
    recorded_at: datetime
    effective_on: date | None
    in_force: bool
    role: str
    happened: Happening
    sentence: Label
    units: list[str]
    from_value: str | None
    to_value: str | None
    reason: str | None
    request: str | None
    month: int | None
    province_edition: int | None
    evidence: list[str]


class Chronicle(BaseModel):
    """A target's history, oldest first, as far as it was known; lines about units outside your scope are left out."""

    target: str
    items: list[ChronicleLine]
    next_cursor: str | None
    pin: StandsAt


class ChangedTarget(BaseModel):
    """A target that stands otherwise than it did on the other side of the comparison.

    `before` is how it stood there, `after` how it stands here; null where it did not stand. `changed` names what
    differs, `opened` and `ended` the parts that are valid on one side only.
    """

    code: str
    change: Literal["added", "removed", "changed"]
    before: TargetShown | None
    after: TargetShown | None
    changed: list[Member]
    value_difference: str | None = Field(description="This side's value minus the other's, where both have one.")
    opened: list[AssignmentShown]
    ended: list[AssignmentShown]


class ChangedTargets(BaseModel):
    """What changed, by the targets' codes."""

    items: list[ChangedTarget]
    next_cursor: str | None
    pin: StandsAt
    compared_pin: StandsAt


@router.get("/targets/{target}/chronicle", responses=asking(TargetUnknown, CursorInvalid))
def get_target_chronicle(year: YearNumber, target: TargetCode, asked: AskedDep, page: Page) -> Chronicle:
    """One target with its whole history: issued, assigned, raised, cut, handed over, withdrawn; who asked and decided.

    Also which edition of the province's catalogue set its floor, and when its months were locked.
    """
    asked.permit(*SEES_TARGETS)

    def found(view: View) -> list[tuple[tuple[int, int], ChronicleLine]]:
        id = view.registry.target_id(year, target)
        if id is None or parts_in_scope(id, view, asked) is None:
            raise TargetUnknown(target=target)
        row, scope = view.registry.targets.first(id), asked.units(view.registry)

        def unit_of(unit: str) -> str | None:
            return view.registry.units.latest(unit).code if scope is None or unit in scope else None

        lines = tell([*_facts(view, year, target), *_demands(view, year, row)], unit_of, whole=scope is None)
        return [((line.position, at), _shown(line, view.standpoint.as_of)) for at, line in enumerate(lines)]

    items, cursor, pin = page_of(asked, page, f"chronicle {year} {target}", found)
    return Chronicle(target=target, items=items, next_cursor=cursor, pin=pin)


@router.get("/target-changes", responses=asking(CursorInvalid, ComparisonMissing))
def list_target_changes(
    year: YearNumber,
    asked: AskedTwiceDep,
    page: Page,
    category: Annotated[Category | None, Query(description="Only this category.")] = None,
) -> ChangedTargets:
    """Which targets, within your scope, stand otherwise than at `compare_as_of` or `compare_known_at`, and how.

    One of the two must be given; what is not given is as for this side.
    """
    asked.permit(*SEES_TARGETS)
    axes, compared = asked.axes, list[StandsAt]()
    if axes.compare_as_of is None and axes.compare_known_at is None:
        raise ComparisonMissing(faults=[ComparisonMissing().fault("/query/compare_as_of")])

    def found(view: View) -> list[tuple[tuple[str], ChangedTarget]]:
        other = asked.compared(view)
        assert other is not None
        compared.append(stands_at(other.standpoint))
        changes = (_change(id, view, other, asked) for id in _standing(view, other, year, category))
        return [((change.code,), change) for change in changes if change is not None]

    of = f"target-changes {year} {category} {axes.compare_as_of} {axes.compare_known_at}"
    items, cursor, pin = page_of(asked, page, of, found)
    return ChangedTargets(items=items, next_cursor=cursor, pin=pin, compared_pin=compared[0])


def _facts(view: View, year: int, target: str) -> Iterator[Stated]:
    at = view.standpoint
    began = False
    for told in target_facts_of(view.tables).about(view.db, at.log, year, target, at.position):
        began = began or isinstance(told.fact, TargetIssued)
        if began:  # months that were locked before there was a target are not of its history
            yield Stated(told.position, told.recorded_at, told.effective_on, told.role, told.fact)


def _demands(view: View, year: int, target: rows.Target) -> Iterator[Stated]:
    """What the province asked of it, wherever an alignment changed that."""
    if target.indicator is None:
        return
    records = view.tables.core.records.c
    before: Demand | None = None
    for run in complete_runs(view, year):
        outcome, edition = outcome_in(view, run, target)
        demand = demand_of(outcome, edition) if outcome is not None else None
        if demand != before:
            position, log = run[0], view.standpoint.log
            when = select(records.recorded_at).where(records.log == log, records.position == position)
            yield Stated(position, int(view.db.execute(when).scalar_one()), None, "office", demand)
        before = demand


def _shown(line: Line, as_of: date) -> ChronicleLine:
    return ChronicleLine(
        position=line.position, recorded_at=datetime.fromtimestamp(line.recorded_at / 1_000_000, UTC),
        effective_on=line.effective_on, in_force=line.effective_on is None or line.effective_on <= as_of,
        role=line.role, happened=line.happened, sentence=Label(zh=line.sentence.zh, en=line.sentence.en),
        units=list(line.units), from_value=line.from_value, to_value=line.to_value, reason=line.reason,
        request=line.request, month=line.month, province_edition=line.edition, evidence=list(line.evidence),
    )  # fmt: skip


def _standing(view: View, other: View, year: int, category: Category | None) -> list[str]:
    """The ids of the targets of the year that stand on either side."""
    both = [side.registry.targets_on(side.standpoint.as_of) for side in (view, other)]
    return list(dict.fromkeys(
        id for side in both for id, row in side if row.year == year and category in (None, row.category)
    ))  # fmt: skip


def _change(id: str, view: View, other: View, asked: Asked) -> ChangedTarget | None:
    """What became of one target; None where nothing did, or where it is not theirs to see."""
    after, before = _stands(id, view, asked), _stands(id, other, asked)
    either = after or before
    if either is None:
        return None
    parts_after, parts_before = _valid_parts(id, view, asked), _valid_parts(id, other, asked)
    opened, ended = parts_after - parts_before, parts_before - parts_after
    changed = [member for member in MEMBERS if after and before and getattr(after, member) != getattr(before, member)]
    if (after is None) == (before is None) and not (changed or opened or ended):
        return None
    return ChangedTarget(
        code=either.code,
        change="added" if before is None else "removed" if after is None else "changed",
        before=target_shown(id, before, other) if before is not None else None,
        after=target_shown(id, after, view) if after is not None else None,
        changed=changed,
        value_difference=text(parse(after.value) - parse(before.value)) if after and before else None,
        opened=[part for part in parts_in_scope(id, view, asked) or () if part.id in opened],
        ended=[part for part in parts_in_scope(id, other, asked) or () if part.id in ended],
    )


def _stands(id: str, side: View, asked: Asked) -> rows.Target | None:
    """The target where it stands and is theirs to see."""
    row = side.registry.targets.get(id, side.standpoint.as_of)
    if row is None or row.withdrawn:
        return None
    scope = asked.units(side.registry)
    return row if scope is None or any(part.unit in scope for _, part in side.registry.parts_of(id)) else None


def _valid_parts(id: str, side: View, asked: Asked) -> set[str]:
    """The ids of the parts in force on the day that the caller may see."""
    scope, day = asked.units(side.registry), side.standpoint.as_of
    return {
        part_id for part_id, part in side.registry.parts_of(id)
        if part.valid_on(day) and (scope is None or part.unit in scope)
    }  # fmt: skip
