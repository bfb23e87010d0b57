"""One target with its whole history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache

import msgspec
from fastapi import APIRouter
from msgspec import UnsetType
from pydantic import BaseModel
from sqlalchemy import select

from services.targets.alignment import Demand, demand_of
from services.targets.api.asking import page_of
from services.targets.api.complete import complete
from services.targets.api.floors import outcome_in
from services.targets.api.shapes import SEES_TARGETS, TargetCode
from services.targets.api.targets import parts_in_scope
from services.targets.chronicle import Happening, Line, Named, NameOf, Stated, tell
from services.targets.read_models.target_facts import target_facts_of
from shared.admission.errors import TargetUnknown
from shared.calendars import local_date
from shared.contracts.targets import TargetIssued
from shared.http.answers import asking
from shared.http.asking import AskedDep, View
from shared.http.fields import Label
from shared.http.ordering import YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt
from shared.registry import rows

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}", tags=["targets"])


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


@router.get("/targets/{target}/chronicle", responses=asking(TargetUnknown, CursorInvalid))
def get_target_chronicle(year: YearNumber, target: TargetCode, asked: AskedDep, page: Page) -> Chronicle:
    """One target with its whole history: issued, assigned, raised, cut, handed over, withdrawn; who asked and decided.

    Also which edition of the province's catalogue set its floor, and when its months were locked.
    """
    asked.permit(*SEES_TARGETS)

    def found(view: View) -> list[tuple[tuple[int, int], ChronicleLine]]:
        id = view.registry.target_id(year, target)
        scope = asked.units(view.registry)
        if id is None or parts_in_scope(id, view, scope) is None:
            raise TargetUnknown(target=target)
        row = view.registry.targets.first(id)

        stated = [*_facts(view, year, target), *_demands(view, year, row)]
        lines = tell(stated, _names(view, scope), whole=scope is None)
        return [((line.position, at), _shown(line, view.standpoint.as_of)) for at, line in enumerate(lines)]

    items, cursor, pin = page_of(asked, page, f"chronicle {year} {target}", found)
    return Chronicle(target=target, items=items, next_cursor=cursor, pin=pin)


def _names(view: View, scope: frozenset[str] | None) -> NameOf:
    """What units in scope were called on the day that a fact is about, as known when it was recorded."""
    c, at = view.tables.core.versions.c, view.standpoint

    @cache
    def versions(unit: str) -> list[tuple[date, int, int, rows.Unit]]:
        """Of a unit, all that was ever said: in force from, known from and until, and how it stands then."""
        found = view.db.execute(
            select(c.effective_on, c.known_from, c.known_until, c.body)
            .where(c.log == at.log, c.kind == "unit", c.id == unit)
            .order_by(c.effective_on)
        )
        return [(on, since, until, msgspec.json.decode(body, type=rows.Unit)) for on, since, until, body in found]

    def name(unit: str, stated: Stated) -> Named | None:
        if scope is not None and unit not in scope:
            return None
        day = stated.effective_on or local_date(stated.recorded_at, at.zone)
        known = [(on, row) for on, since, until, row in versions(unit) if since <= stated.position < until]
        row = [row for on, row in known if on <= max(day, known[0][0])][-1]
        return Named(row.code, row.name.zh, row.name.zh if isinstance(row.name.en, UnsetType) else row.name.en)

    return name


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
    for run, (position, _) in complete(view, year, view.registry.alignments).items():
        outcome, edition = outcome_in(view, run, target)
        demand = demand_of(outcome, edition) if outcome is not None else None
        if demand != before:
            when = select(records.recorded_at).where(records.log == view.standpoint.log, records.position == position)
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
