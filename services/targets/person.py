"""Persons as opaque ids. The rules never see a name: names live in an erasable table (person_names.py)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from msgspec import UNSET

from services.targets.errors.organisation import PersonIsErased, PersonUnknown
from shared.contracts.shapes import Shape
from shared.contracts.targets import PersonErased, PersonRegistered
from shared.deciding import Fact, Stream


class Known(Enum):
    """What is known of a person."""

    UNKNOWN = 0
    REGISTERED = 1
    ERASED = 2


@dataclass(frozen=True, slots=True)
class RegisterPerson:
    """`person` is the new id, `unit` the id of the unit they belong to, if any."""

    person: str
    unit: str | None


def person_stream(person: str) -> Stream[Known]:
    """The stream of one person."""
    return Stream(f"person:{person}", Known.UNKNOWN, evolve)


def register_person(command: RegisterPerson) -> list[Fact]:
    """A new person; the id is new, so there is nothing to refuse."""
    return [Fact(PersonRegistered(person=command.person, unit=command.unit or UNSET))]


def erase_person(person: str, known: Known) -> list[Fact]:
    """PersonUnknown; PersonIsErased when it was done before."""
    if known is Known.UNKNOWN:
        raise PersonUnknown(person=person)
    if known is Known.ERASED:
        raise PersonIsErased(person=person)
    return [Fact(PersonErased(person=person))]


def evolve(known: Known, fact: Shape) -> Known:
    """Remember."""
    match fact:
        case PersonRegistered():
            return Known.REGISTERED
        case PersonErased():
            return Known.ERASED
        case _:
            return known
