"""A group of key projects: dated, and perhaps inside another one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from msgspec import UNSET

from services.projects.errors import GroupCodeTaken, GroupUnknown
from shared.contracts.projects import GroupDefined
from shared.contracts.shapes import Label, Shape
from shared.deciding import Fact, Look, Stream


@dataclass(frozen=True, slots=True)
class Group:
    """What the next decision needs; `id` is None while there is none."""

    id: str | None = None
    valid_from: date = date.max


@dataclass(frozen=True, slots=True)
class DefineGroup:
    """Define a group, `parent` being another group's code."""

    id: str
    code: str
    name: Label
    parent: str | None
    valid_from: date


def evolve(group: Group, fact: Shape) -> Group:
    """Remember."""
    match fact:
        case GroupDefined():
            return Group(fact.group, fact.valid_from)
        case _:
            return group


def stream(code: str) -> Stream[Group]:
    """A group's stream."""
    return Stream(f"group:{code}", Group(), evolve)


def define(command: DefineGroup, group: Group, look: Look) -> list[Fact]:
    """A code is taken for ever; the parent must be there by then, so groups never form a ring."""
    if group.id is not None:
        raise GroupCodeTaken(code=command.code)
    parent = standing(command.parent, command.valid_from, look, "/parent") if command.parent else UNSET
    fact = GroupDefined(
        group=command.id, code=command.code, name=command.name, parent=parent, valid_from=command.valid_from
    )
    return [Fact(fact, command.valid_from)]


def standing(code: str, on: date, look: Look, pointer: str) -> str:
    """The id of the group that stands under this code on a day. GroupUnknown."""
    found = look.at(stream(code))
    if found.id is None or found.valid_from > on:
        raise GroupUnknown(faults=[GroupUnknown().fault(pointer)], code=code)
    return found.id
