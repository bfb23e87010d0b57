"""Units: registered, and read as they stand on any date, as known at any position."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import select

from services.targets.api.asking import page_of, stream_version
from services.targets.api.shapes import ADMIN, Body, CodeStr, UnitCode, example, label, shown
from services.targets.errors.organisation import UnitCodeTaken, UnitIsNotValid, UnitIsUnknown, UnitUnknown
from services.targets.unit import RegisterUnit, Unit, register_unit, unit_stream
from services.targets.unit_tree import UNITS
from shared.contracts.organisation import UnitChange, UnitKind, UnitRegistered
from shared.deciding import Fact, Look
from shared.event_log.ids import uuid7
from shared.http.answers import asking, commanded
from shared.http.asking import Asked, AskedDep, View
from shared.http.fields import Label, StrictDate
from shared.http.ordering import OrderingDep, Recorded
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt, stands_at
from shared.http.preconditions import etag
from shared.registry import Registry, rows

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}", tags=["targets"])


class UnitBody(Body):
    """A responsible unit, valid from a date; `parent` is the code of the unit above it."""

    model_config = example(
        {"code": "transport", "name": {"zh": "市交通局"}, "kind": "department", "valid_from": "2009-01-01"}
    )

    code: CodeStr
    name: Label
    kind: UnitKind
    parent: CodeStr | None = None
    valid_from: StrictDate


class UnitShown(BaseModel):
    """A responsible unit as it stands on a date: its name and its place are those of that date.

    `valid_until` is the first day on which it no longer stands, where its end is known. `successors` inherit from it,
    it inherits from `predecessors`. Of other units only those within your scope are named.
    """

    id: str
    code: str
    name: Label
    kind: UnitKind
    parent: str | None = Field(description="Code of the unit above it, where that is within your scope.")
    valid_from: date
    valid_until: date | None
    successors: list[str]
    predecessors: list[str]


class UnitList(BaseModel):
    """Units by code."""

    items: list[UnitShown]
    next_cursor: str | None
    pin: StandsAt


class UnitAnswer(BaseModel):
    """One unit."""

    unit: UnitShown
    pin: StandsAt


class UnitVersion(BaseModel):
    """The unit from `effective_on` on, as said by the fact at `known_from`, for this `reason`.

    `known_until` is the position from which another version for the same date is known; null for what still stands.
    """

    effective_on: date
    happened: UnitChange
    name: Label
    parent: str | None
    successors: list[str]
    reason: str | None
    known_from: int
    known_until: int | None


class UnitHistory(BaseModel):
    """All that was ever said of one unit, oldest fact first."""

    code: str
    kind: UnitKind
    versions: list[UnitVersion]
    pin: StandsAt


@router.post(
    "/units",
    status_code=201,
    responses=commanded(UnitCodeTaken, UnitIsUnknown, UnitIsNotValid),
)
async def create_unit(body: UnitBody, ordering: OrderingDep) -> Recorded:
    """Register a responsible unit. Administrators only."""
    role = ordering.permit_whole(*ADMIN)
    command = RegisterUnit(uuid7(), body.code, label(body.name), body.kind, body.parent, body.valid_from)

    def decide(unit: Unit, look: Look) -> list[Fact]:
        look.alone(UNITS)
        return register_unit(command, unit, look.at(unit_stream(body.parent)) if body.parent else None)

    done = await ordering.execute(role, unit_stream(body.code), decide)
    fact = done.facts[0]
    assert isinstance(fact, UnitRegistered)
    return ordering.recorded(fact.unit, done)


@router.get("/units", responses=asking(CursorInvalid))
def list_units(
    asked: AskedDep,
    page: Page,
    kind: Annotated[UnitKind | None, Query(description="Only units of this kind.")] = None,
    below: Annotated[str | None, Query(description="Only the unit of this code and those below it.")] = None,
) -> UnitList:
    """The tree of units as it stands at `as_of`, within your scope, by code."""

    def found(view: View) -> list[tuple[tuple[str], UnitShown]]:
        registry, day, scope = view.registry, view.standpoint.as_of, asked.units(view.registry)
        top = registry.unit_id(below) if below is not None else None
        wanted = None if below is None else registry.below(top, day) if top is not None else set()
        if scope is not None and below is not None and top not in scope:
            wanted = set()
        return [
            ((unit.code,), _unit(id, unit, view, scope))
            for id, unit in registry.units.on(day)
            if unit.ended_on is None
            and (scope is None or id in scope)
            and (wanted is None or id in wanted)
            and kind in (None, unit.kind)
        ]

    items, cursor, pin = page_of(asked, page, f"units {kind} {below}", found)
    return UnitList(items=items, next_cursor=cursor, pin=pin)


@router.get("/units/{unit}", responses=asking(UnitUnknown))
def get_unit(unit: UnitCode, asked: AskedDep) -> UnitAnswer:
    """One unit as it stands at `as_of`; the ETag is what its changes must match."""
    with asked.view() as view:
        id, scope = _known(unit, view, asked)
        row = view.registry.units.get(id, view.standpoint.as_of)
        if row is None:
            raise UnitUnknown(unit=unit)
        if row.ended_on is not None:
            successors = _codes(row.successors, view.registry, scope)
            raise UnitUnknown(unit=unit, ended_on=row.ended_on, successors=successors)
        asked.response.headers["ETag"] = etag(stream_version(view, unit_stream(unit).name))
        return UnitAnswer(unit=_unit(id, row, view, scope), pin=stands_at(view.standpoint))


@router.get("/units/{unit}/history", responses=asking(UnitUnknown))
def get_unit_history(unit: UnitCode, asked: AskedDep) -> UnitHistory:
    """One unit with every name, place and end it was ever said to have; your scope is that of `as_of`."""
    with asked.view() as view:
        id, scope = _known(unit, view, asked)
        return UnitHistory(
            code=unit, kind=view.registry.units.latest(id).kind, versions=list(_versions(id, view, scope)),
            pin=stands_at(view.standpoint),
        )  # fmt: skip


def _known(code: str, view: View, asked: Asked) -> tuple[str, frozenset[str] | None]:
    """The id of a unit within the caller's scope, and the scope. UnitUnknown."""
    id, scope = view.registry.unit_id(code), asked.units(view.registry)
    if id is None or (scope is not None and id not in scope):
        raise UnitUnknown(unit=code)
    return id, scope


def _unit(id: str, unit: rows.Unit, view: View, scope: frozenset[str] | None) -> UnitShown:
    registry, last = view.registry, view.registry.units.latest(id)
    before = [other for other in registry.units if id in registry.units.latest(other).successors]
    return UnitShown(
        id=id, code=unit.code, name=shown(unit.name), kind=unit.kind, valid_from=unit.valid_from,
        valid_until=last.ended_on, parent=_parent(unit, registry, scope),
        successors=_codes(last.successors, registry, scope), predecessors=_codes(before, registry, scope),
    )  # fmt: skip


def _versions(id: str, view: View, scope: frozenset[str] | None) -> Iterator[UnitVersion]:
    c, at, registry = view.tables.core.versions.c, view.standpoint, view.registry
    found = view.db.execute(
        select(c.effective_on, c.known_from, c.known_until, c.body)
        .where(c.log == at.log, c.kind == "unit", c.id == id, c.known_from <= at.position)
        .order_by(c.known_from, c.effective_on)
    )
    for effective_on, known_from, known_until, body in found:
        row = msgspec.json.decode(body, type=rows.Unit)
        if row.ended_on is not None and row.change != "ended":
            continue  # what was said of a day that the unit did not live to see
        yield UnitVersion(
            effective_on=effective_on, happened=row.change, name=shown(row.name), parent=_parent(row, registry, scope),
            successors=_codes(row.successors, registry, scope), reason=row.reason, known_from=known_from,
            known_until=known_until if known_until <= at.position else None,
        )  # fmt: skip


def _parent(unit: rows.Unit, registry: Registry, scope: frozenset[str] | None) -> str | None:
    above = unit.parent
    return registry.units.latest(above).code if above and (scope is None or above in scope) else None


def _codes(units: Iterable[str], registry: Registry, scope: frozenset[str] | None) -> list[str]:
    return sorted(registry.units.latest(id).code for id in units if scope is None or id in scope)
