"""Persons as opaque ids; their names, which can be erased."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from services.targets.api.asking import page_of
from services.targets.api.shapes import ADMIN, Body, CodeStr, example
from services.targets.errors.organisation import PersonIsErased, PersonUnknown, UnitIsNotValid, UnitIsUnknown
from services.targets.person import Known, RegisterPerson, erase_person, person_stream, register_person
from services.targets.tables import erase_name, keep_name, names_of
from services.targets.unit import unit_stream
from shared.commands import transaction_of
from shared.contracts.targets import PersonErased, PersonRegistered
from shared.deciding import Fact, Look
from shared.event_log.ids import uuid7
from shared.http.answers import asking, commanded
from shared.http.asking import AskedDep, View
from shared.http.fields import Text as Line
from shared.http.ordering import OrderingDep, Recorded
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt, stands_at
from shared.registry import ALWAYS, Registry, rows

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}", tags=["targets"])

SEES_PERSONS = ("office", "admin")

PersonId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="Id of the person.")]


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
