"""What changed between two dates or states of knowledge, as whoever holds a signed target table wants to know it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.targets.api.asking import page_shown
from services.targets.api.shapes import SEES_TARGETS
from services.targets.api.targets import AssignmentShown, TargetShown, parts_in_scope, target_shown
from services.targets.changes import Change, ChangeKind, changes
from services.targets.errors.targets import ComparisonMissing
from services.targets.signature import SignatureStatus, UnitTable, units_on
from shared.contracts.targets import Category
from shared.http.answers import asking
from shared.http.asking import AskedTwiceDep, View
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
PartMember = Literal["role", "value", "below", "valid_from", "valid_until"]
PART_MEMBERS: tuple[PartMember, ...] = get_args(PartMember)
Part = tuple[str, rows.Assignment]
"""With its id."""


class ChangedPart(BaseModel):
    """A unit's part that is new here, gone, or otherwise, with both sides; null where there is none.

    A unit has one part of a target at a time: what it took over again, with another value, is its part under a new id.
    """

    unit: str
    change: ChangeKind
    before: AssignmentShown | None
    after: AssignmentShown | None
    changed: list[PartMember]
    value_difference: str | None = Field(description="This side's value minus the other's, where both have one.")


class TableToSign(BaseModel):
    """A unit's target table that holds the target on either side, and how it stands here: `outdated` is signed anew."""

    unit: str
    status: SignatureStatus


class ChangedTarget(BaseModel):
    """A target that stands otherwise than it did on the other side of the comparison.

    `before` is how it stood there, `after` how it stands here; null where it did not stand. `changed` names what
    differs of the target itself; `parts` are the units' parts that differ, by unit.
    """

    code: str
    change: ChangeKind
    before: TargetShown | None
    after: TargetShown | None
    changed: list[Member]
    value_difference: str | None = Field(description="This side's value minus the other's, where both have one.")
    parts: list[ChangedPart]
    tables: list[TableToSign]


class ChangedTargets(BaseModel):
    """What changed, by the targets' codes."""

    items: list[ChangedTarget]
    next_cursor: str | None
    pin: StandsAt
    compared_pin: StandsAt


@dataclass(frozen=True, slots=True)
class _Found:
    """One target that differs. `units` are the ids of those that have a part on either side."""

    id: str
    target: Change[rows.Target]
    parts: list[Change[Part]]
    units: frozenset[str]


@dataclass(slots=True)
class _Sides:
    """Both sides of the comparison in one snapshot, and what of them the caller may see."""

    view: View
    other: View
    scope: frozenset[str] | None
    tables: Mapping[str, UnitTable]
    """By the unit's id: those of units with a part of some changed target."""


@router.get("/target-changes", responses=asking(CursorInvalid, ComparisonMissing))
def list_target_changes(
    year: YearNumber,
    asked: AskedTwiceDep,
    page: Page,
    category: Annotated[Category | None, Query(description="Only this category.")] = None,
) -> ChangedTargets:
    """Which targets and parts within your scope stand otherwise than at `compare_as_of` or `compare_known_at`, and how.

    One of the two must be given; what is not given is as for this side.
    """
    asked.permit(*SEES_TARGETS)
    axes, sides = asked.axes, list[_Sides]()
    if axes.compare_as_of is None and axes.compare_known_at is None:
        raise ComparisonMissing(faults=[ComparisonMissing().fault("/query/compare_as_of")])

    def found(view: View) -> list[tuple[tuple[str], _Found]]:
        other = asked.compared(view)
        assert other is not None
        scope = asked.units_of_both(view, other)
        differing = list(_differing(view, other, scope, year, category))
        holding = frozenset(unit for each in differing for unit in each.units)
        tables = units_on(view.registry, year, view.standpoint.as_of, holding) if differing else []
        sides.append(_Sides(view, other, scope, {table.unit: table for table in tables}))
        return [((each.target.key,), each) for each in differing]

    of = f"target-changes {year} {category} {axes.compare_as_of} {axes.compare_known_at}"
    items, cursor, pin = page_shown(asked, page, of, found, lambda _, each: _shown(each, sides[0]))
    compared_pin = stands_at(sides[0].other.standpoint)
    return ChangedTargets(items=items, next_cursor=cursor, pin=pin, compared_pin=compared_pin)


def _differing(
    view: View, other: View, scope: frozenset[str] | None, year: int, category: Category | None
) -> Iterator[_Found]:
    """The targets of the year that stand on either side, where the caller may see them, and differ."""
    both = [side.registry.targets_on(side.standpoint.as_of) for side in (view, other)]
    for id in dict.fromkeys(
        id for side in both for id, row in side if row.year == year and category in (None, row.category)
    ):
        before, after = _stands(id, other, scope), _stands(id, view, scope)
        either = after or before
        if either is None:
            continue
        old, new = _valid_parts(id, other, scope), _valid_parts(id, view, scope)
        parts = changes(old, new)
        target = Change(either.code, before, after)
        if target.kind != "changed" or parts or _changed(before, after):
            yield _Found(id, target, parts, frozenset(part.unit for _, part in (*old.values(), *new.values())))


def _stands(id: str, side: View, scope: frozenset[str] | None) -> rows.Target | None:
    """The target where it stands and is theirs to see."""
    row = side.registry.targets.get(id, side.standpoint.as_of)
    if row is None or row.withdrawn:
        return None
    return row if scope is None or any(part.unit in scope for _, part in side.registry.parts_of(id)) else None


def _valid_parts(id: str, side: View, scope: frozenset[str] | None) -> dict[str, Part]:
    """The parts in force on the day that the caller may see, by the codes of their units."""
    return {
        side.registry.units.latest(part.unit).code: (part_id, part)
        for part_id, part in side.registry.parts_of(id)
        if part.valid_on(side.standpoint.as_of) and (scope is None or part.unit in scope)
    }


def _changed(before: rows.Target | None, after: rows.Target | None) -> list[Member]:
    if before is None or after is None:
        return []
    return [member for member in MEMBERS if getattr(after, member) != getattr(before, member)]


def _shown(found: _Found, sides: _Sides) -> ChangedTarget:
    target, view, other = found.target, sides.view, sides.other
    before, after = target.before, target.after
    old, new = ({part.id: part for part in parts_in_scope(found.id, side, sides.scope) or ()} for side in (other, view))
    tables = [sides.tables[unit] for unit in found.units if unit in sides.tables]
    return ChangedTarget(
        code=target.key,
        change=target.kind,
        before=target_shown(found.id, before, other) if before is not None else None,
        after=target_shown(found.id, after, view) if after is not None else None,
        changed=_changed(before, after),
        value_difference=_difference(before, after),
        parts=[
            _part(part, part.before and old[part.before[0]], part.after and new[part.after[0]]) for part in found.parts
        ],
        tables=sorted(
            (TableToSign(unit=table.named.code, status=table.status) for table in tables), key=lambda each: each.unit
        ),
    )


def _part(change: Change[Part], before: AssignmentShown | None, after: AssignmentShown | None) -> ChangedPart:
    both = before is not None and after is not None
    return ChangedPart(
        unit=change.key, change=change.kind, before=before, after=after,
        changed=[name for name in PART_MEMBERS if both and getattr(before, name) != getattr(after, name)],
        value_difference=_difference(before, after),
    )  # fmt: skip


def _difference(
    before: rows.Target | AssignmentShown | None, after: rows.Target | AssignmentShown | None
) -> str | None:
    if before is None or after is None or before.value is None or after.value is None:
        return None
    return text(parse(after.value) - parse(before.value))
