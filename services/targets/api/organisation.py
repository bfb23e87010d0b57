"""Units, the sources under which clients report, and persons as opaque ids."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from services.targets.api.asking import page_of
from services.targets.api.shapes import ADMIN, Body, CodeStr, UnitCode, example, label, shown
from services.targets.errors import (
    PersonIsErased,
    PersonUnknown,
    SourceNameTaken,
    UnitCodeTaken,
    UnitIsNotValid,
    UnitIsUnknown,
)
from services.targets.person import Known, RegisterPerson, erase_person, person_stream, register_person
from services.targets.source import RegisterSource, register_source, source_stream
from services.targets.tables import erase_name, keep_name, names_of
from services.targets.unit import RegisterUnit, register_unit, unit_stream
from shared.commands import transaction_of
from shared.contracts.targets import PersonErased, PersonRegistered, UnitKind, UnitRegistered
from shared.deciding import Fact, Look
from shared.errors import NotFound
from shared.event_log.ids import uuid7
from shared.http.answers import asking, commanded
from shared.http.asking import AskedDep, View
from shared.http.fields import Label, StrictDate
from shared.http.fields import Text as Line
from shared.http.ordering import OrderingDep, Recorded
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt, stands_at
from shared.registry import ALWAYS, Registry, rows

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}", tags=["targets"])

SEES_PERSONS = ("office", "admin")
SEES_SOURCES = ("office", "admin", "auditor")


class UnitUnknown(NotFound):
    """There is no unit of this code on that date, or it is outside your scope."""

    zh = "该日期没有此编号的单位,或不在您的范围内。"


class SourceUnknown(NotFound):
    """There is no source of this name."""

    zh = "没有此名称的来源。"


SourceName = Annotated[str, Field(strict=True, pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", examples=["xiangtan-county"])]
SourceCode = Annotated[
    str,
    Path(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="Name of the source.", examples=["xiangtan-county"]),
]
PersonId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="Id of the person.")]


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
    """A responsible unit as it stands."""

    id: str
    code: str
    name: Label
    kind: UnitKind
    parent: str | None = Field(description="Code of the unit above it, where that is within your scope.")
    valid_from: date


class UnitList(BaseModel):
    """Units by code."""

    items: list[UnitShown]
    next_cursor: str | None
    pin: StandsAt


class UnitAnswer(BaseModel):
    """One unit."""

    unit: UnitShown
    pin: StandsAt


class SourceBody(Body):
    """A name under which one client reports; `client` is the client_id of its tokens."""

    model_config = example({"name": "xiangtan-county", "client": "xiangtan-county-system"})

    name: SourceName
    client: Annotated[str, Field(strict=True, min_length=1, max_length=128, pattern=r"^[!-~]+$")]


class SourceShown(BaseModel):
    """A registered source; events carry `urn`."""

    name: str
    urn: str
    client: str


class SourceList(BaseModel):
    """Sources by name."""

    items: list[SourceShown]
    next_cursor: str | None
    pin: StandsAt


class PersonBody(Body):
    """A person. The name is kept in an erasable table and never comes into the log."""

    model_config = example({"name": "张三", "unit": "transport"})

    name: Line
    unit: CodeStr | None = None


class PersonShown(BaseModel):
    """A person; `name` is `erased` once it has been erased, at whatever date or state of knowledge one asks."""

    id: str
    name: str
    erased: bool
    unit: str | None


class PersonList(BaseModel):
    """Persons by id."""

    items: list[PersonShown]
    next_cursor: str | None
    pin: StandsAt


class PersonAnswer(BaseModel):
    """One person."""

    person: PersonShown
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
    done = await ordering.execute(
        role,
        unit_stream(body.code),
        lambda unit, look: register_unit(command, unit, look.at(unit_stream(body.parent)) if body.parent else None),
    )
    fact = done.facts[0]
    assert isinstance(fact, UnitRegistered)
    return ordering.recorded(fact.unit, done)


@router.get("/units", responses=asking(CursorInvalid))
def list_units(asked: AskedDep, page: Page) -> UnitList:
    """The units that stand at `as_of`, within your scope, by code."""

    def found(view: View) -> list[tuple[tuple[str], UnitShown]]:
        scope = asked.units(view.registry)
        return [
            ((unit.code,), _unit(id, unit, view.registry, scope))
            for id, unit in view.registry.units.on(view.standpoint.as_of)
            if scope is None or id in scope
        ]

    items, cursor, pin = page_of(asked, page, "units", found)
    return UnitList(items=items, next_cursor=cursor, pin=pin)


@router.get("/units/{unit}", responses=asking(UnitUnknown))
def get_unit(unit: UnitCode, asked: AskedDep) -> UnitAnswer:
    """One unit as it stands at `as_of`."""
    with asked.view() as view:
        id = view.registry.unit_id(unit)
        row = view.registry.units.get(id, view.standpoint.as_of)
        scope = asked.units(view.registry)
        if id is None or row is None or (scope is not None and id not in scope):
            raise UnitUnknown(unit=unit)
        return UnitAnswer(unit=_unit(id, row, view.registry, scope), pin=stands_at(view.standpoint))


def _unit(id: str, unit: rows.Unit, registry: Registry, scope: frozenset[str] | None) -> UnitShown:
    parent = unit.parent if scope is None or unit.parent in scope else None
    return UnitShown(
        id=id, code=unit.code, name=shown(unit.name), kind=unit.kind, valid_from=unit.valid_from,
        parent=registry.units.latest(parent).code if parent else None,
    )  # fmt: skip


@router.post("/sources", status_code=201, responses=commanded(SourceNameTaken))
async def create_source(body: SourceBody, ordering: OrderingDep) -> Recorded:
    """Register a name under which one client reports. Administrators only; a name is never reused."""
    role = ordering.permit_whole(*ADMIN)
    command = RegisterSource(body.name, body.client)
    done = await ordering.execute(role, source_stream(body.name), lambda client, _: register_source(command, client))
    return ordering.recorded(body.name, done)


@router.get("/sources", responses=asking(CursorInvalid))
def list_sources(asked: AskedDep, page: Page) -> SourceList:
    """The registered sources by name."""
    asked.permit_whole(*SEES_SOURCES)
    items, cursor, pin = page_of(
        asked,
        page,
        "sources",
        lambda view: [((name,), _source(name, row)) for name, row in view.registry.sources.on(ALWAYS)],
    )
    return SourceList(items=items, next_cursor=cursor, pin=pin)


@router.get("/sources/{source}", responses=asking(SourceUnknown))
def get_source(source: SourceCode, asked: AskedDep) -> SourceShown:
    """One registered source."""
    asked.permit_whole(*SEES_SOURCES)
    with asked.view() as view:
        row = view.registry.sources.get(source, ALWAYS)
        if row is None:
            raise SourceUnknown(source=source)
        return _source(source, row)


def _source(name: str, row: rows.Source) -> SourceShown:
    return SourceShown(name=name, urn=f"urn:jikao:source:{name}", client=row.client)


@router.post("/persons", status_code=201, responses=commanded(UnitIsUnknown, UnitIsNotValid))
async def create_person(body: PersonBody, ordering: OrderingDep) -> Recorded:
    """Register a person under a new id. Administrators only; the name can be erased, the id stays."""
    role = ordering.permit_whole(*ADMIN)
    person = uuid7()

    def decide(_: object, look: Look) -> list[Fact]:
        unit = None
        if body.unit is not None:
            unit = look.at(unit_stream(body.unit)).id
            if unit is None:
                raise UnitIsUnknown(unit=body.unit, faults=[UnitIsUnknown().fault("/unit")])
        at = transaction_of(look)
        keep_name(at.db, at.log, person, body.name)
        return register_person(RegisterPerson(person, unit))

    done = await ordering.execute(role, person_stream(person), decide)
    fact = done.facts[0]
    assert isinstance(fact, PersonRegistered)
    return ordering.recorded(fact.person, done)


@router.delete("/persons/{person}", status_code=201, responses=commanded(PersonUnknown, PersonIsErased))
async def erase_person_name(person: PersonId, ordering: OrderingDep) -> Recorded:
    """Erase a person's name for good; the log keeps the id and says that the name was erased."""
    role = ordering.permit_whole(*ADMIN)

    def decide(known: Known, look: Look) -> list[Fact]:
        facts = erase_person(person, known)
        at = transaction_of(look)
        erase_name(at.db, at.store, at.log, person)
        return facts

    done = await ordering.execute(role, person_stream(person), decide)
    fact = done.facts[0]
    assert isinstance(fact, PersonErased)
    return ordering.recorded(fact.person, done)


@router.get("/persons", responses=asking(CursorInvalid))
def list_persons(asked: AskedDep, page: Page) -> PersonList:
    """The registered persons by id."""
    asked.permit_whole(*SEES_PERSONS)

    def found(view: View) -> list[tuple[tuple[str], PersonShown]]:
        names, registry = names_of(view.db, view.standpoint.log), view.registry
        return [((id,), _person(id, row, names.get(id), registry)) for id, row in registry.persons.on(ALWAYS)]

    items, cursor, pin = page_of(asked, page, "persons", found)
    return PersonList(items=items, next_cursor=cursor, pin=pin)


@router.get("/persons/{person}", responses=asking(PersonUnknown))
def get_person(person: PersonId, asked: AskedDep) -> PersonAnswer:
    """One person; the name as it is kept now, or `erased`."""
    asked.permit_whole(*SEES_PERSONS)
    with asked.view() as view:
        row = view.registry.persons.get(person, ALWAYS)
        if row is None:
            raise PersonUnknown(person=person)
        name = names_of(view.db, view.standpoint.log, person).get(person)
        return PersonAnswer(person=_person(person, row, name, view.registry), pin=stands_at(view.standpoint))


def _person(id: str, row: rows.Person, name: str | None, registry: Registry) -> PersonShown:
    """A name that is gone is erased now, whatever was known at the asked position."""
    unit = registry.units.latest(row.unit).code if row.unit else None
    return PersonShown(id=id, name=name or "erased", erased=name is None, unit=unit)
