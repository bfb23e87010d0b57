"""Who is who, and since when: units with their names, places and ends, peer groups of a year, posts."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from shared.contracts import targets
from shared.contracts.registry import UPCASTERS, contract
from shared.contracts.shapes import Code, Label, Reason, Shape, Uuid, Year

UnitKind = Literal["department", "county", "park", "company", "town"]
UnitChange = Literal["registered", "renamed", "moved", "ended"]
PostKind = Literal["leader", "deputy", "liaison"]


@contract("jikao.unit.registered.v2")
class UnitRegistered(Shape, frozen=True, kw_only=True):
    """A responsible unit, valid from a date."""

    unit: Uuid
    code: Code
    name: Label
    kind: UnitKind
    parent: Uuid | UnsetType = UNSET
    valid_from: date


def _registered(fact: targets.UnitRegistered) -> UnitRegistered:
    """Version 1 did not know towns."""
    return UnitRegistered(
        unit=fact.unit, code=fact.code, name=fact.name, kind=fact.kind, parent=fact.parent, valid_from=fact.valid_from
    )


UPCASTERS["jikao.unit.registered.v1"] = _registered


@contract("jikao.unit.renamed.v1")
class UnitRenamed(Shape, frozen=True, kw_only=True):
    """From `on` until the next renaming, the unit has this name. Its code stays."""

    unit: Uuid
    name: Label
    on: date
    reason: Reason


@contract("jikao.unit.moved.v1")
class UnitMoved(Shape, frozen=True, kw_only=True):
    """From `on` until the next move, the unit is below `parent`, or below none."""

    unit: Uuid
    parent: Uuid | UnsetType = UNSET
    on: date
    reason: Reason


@contract("jikao.unit.ended.v1")
class UnitEnded(Shape, frozen=True, kw_only=True):
    """The unit's last day is the one before `on`; `successors` inherit. Two with one successor are a merger."""

    unit: Uuid
    on: date
    successors: Annotated[list[Uuid], Meta(max_length=20)]
    reason: Reason


@contract("jikao.peer-group.set.v1")
class PeerGroupSet(Shape, frozen=True, kw_only=True):
    """A group of units that are ranked against one another in a year; set again, it has another name."""

    group: Uuid
    year: Year
    code: Code
    name: Label


@contract("jikao.peer-group-member.added.v1")
class PeerGroupMemberAdded(Shape, frozen=True, kw_only=True):
    """The unit is a member of the group from this day on."""

    group: Uuid
    unit: Uuid
    valid_from: date


@contract("jikao.peer-group-member.removed.v1")
class PeerGroupMemberRemoved(Shape, frozen=True, kw_only=True):
    """The unit's last day in the group is the one before `on`."""

    group: Uuid
    unit: Uuid
    on: date


@contract("jikao.post.taken.v1")
class PostTaken(Shape, frozen=True, kw_only=True):
    """A person holds a post in a unit from this day on. Whose name that is, is never said here."""

    post: Uuid
    person: Uuid
    unit: Uuid
    kind: PostKind
    valid_from: date


@contract("jikao.post.left.v1")
class PostLeft(Shape, frozen=True, kw_only=True):
    """The holder's last day in the post is the one before `on`."""

    post: Uuid
    on: date
