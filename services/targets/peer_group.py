"""Peer groups (同类组): the units of a year that are ranked against one another. A unit is in one of them at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from services.targets.errors.organisation import PeerGroupUnknown, UnitHasPeerGroup, UnitIsNoMember, UnitUnknown
from services.targets.unit import Unit, unit_valid_on
from services.targets.year import require_open, require_within
from shared.contracts.organisation import PeerGroupMemberAdded, PeerGroupMemberRemoved, PeerGroupSet
from shared.contracts.shapes import Label, Shape
from shared.deciding import Fact, Stream


@dataclass(frozen=True, slots=True)
class Membership:
    """A unit (its id) in a group for [valid_from, valid_until)."""

    unit: str
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One group, with all its members, past ones included."""

    id: str
    members: tuple[Membership, ...] = ()


@dataclass(frozen=True, slots=True)
class Groups:
    """All peer groups of one year, by code: only together do they say whether a unit is free."""

    groups: Mapping[str, Group] = field(default_factory=dict)


def peer_groups_stream(year: int) -> Stream[Groups]:
    """The stream of a year's peer groups."""
    return Stream(f"peer-groups:{year}", Groups(), evolve)


@dataclass(frozen=True, slots=True)
class SetPeerGroup:
    """A group of this code has this name; `group` is the id it gets if it is new."""

    group: str
    year: int
    code: str
    name: Label


@dataclass(frozen=True, slots=True)
class ChangeMember:
    """The unit (its code) comes into a group (its code) on a day, or its first day out of it is that day."""

    year: int
    group: str
    unit: str
    on: date


def set_peer_group(command: SetPeerGroup, groups: Groups, *, year_open: bool) -> list[Fact]:
    """YearIsNotOpen. A group that is there gets another name."""
    require_open(command.year, year_open)
    known = groups.groups.get(command.code)
    id = command.group if known is None else known.id
    return [Fact(PeerGroupSet(group=id, year=command.year, code=command.code, name=command.name))]


def add_member(command: ChangeMember, groups: Groups, *, unit: Unit) -> list[Fact]:
    """PeerGroupUnknown, DateOutsideYear, UnitIsUnknown, UnitIsNotValid; UnitHasPeerGroup names the group it is in."""
    group = _group(command, groups)
    require_within(command.year, command.on, "/valid_from")
    id = unit_valid_on(unit, command.unit, command.on, "/unit")
    for code, membership in _memberships(groups, id):
        if membership.valid_until is None or command.on < membership.valid_until:
            about = {"unit": command.unit, "group": code, "valid_from": membership.valid_from}
            raise UnitHasPeerGroup(faults=[UnitHasPeerGroup().fault("/unit")], **about)
    return [Fact(PeerGroupMemberAdded(group=group.id, unit=id, valid_from=command.on), command.on)]


def remove_member(command: ChangeMember, groups: Groups, *, unit: Unit) -> list[Fact]:
    """PeerGroupUnknown, UnitUnknown, DateOutsideYear; UnitIsNoMember unless it has been in the group before the day."""
    group = _group(command, groups)
    if unit.id is None:
        raise UnitUnknown(unit=command.unit)
    require_within(command.year, command.on, "/effective_on")
    for member in group.members:
        if member.unit == unit.id and member.valid_until is None and member.valid_from < command.on:
            return [Fact(PeerGroupMemberRemoved(group=group.id, unit=member.unit, on=command.on), command.on)]
    raise UnitIsNoMember(unit=command.unit, group=command.group, on=command.on)


def _group(command: ChangeMember, groups: Groups) -> Group:
    group = groups.groups.get(command.group)
    if group is None:
        raise PeerGroupUnknown(group=command.group, year=command.year)
    return group


def _memberships(groups: Groups, unit: str) -> Iterator[tuple[str, Membership]]:
    """The code of the group, and the membership, of everything a unit was ever in."""
    for code, group in groups.groups.items():
        yield from ((code, member) for member in group.members if member.unit == unit)


def evolve(groups: Groups, fact: Shape) -> Groups:
    """Remember."""
    match fact:
        case PeerGroupSet():
            known = groups.groups.get(fact.code)
            return groups if known else Groups({**groups.groups, fact.code: Group(fact.group)})
        case PeerGroupMemberAdded():
            added = Membership(fact.unit, fact.valid_from)
            return _changed(groups, fact.group, lambda members: (*members, added))
        case PeerGroupMemberRemoved(unit=unit, on=on):
            return _changed(groups, fact.group, lambda members: tuple(_left(member, unit, on) for member in members))
        case _:
            return groups


def _changed(groups: Groups, id: str, change: Callable[[tuple[Membership, ...]], tuple[Membership, ...]]) -> Groups:
    code, group = next((code, group) for code, group in groups.groups.items() if group.id == id)
    return Groups({**groups.groups, code: replace(group, members=change(group.members))})


def _left(member: Membership, unit: str, on: date) -> Membership:
    return replace(member, valid_until=on) if member.unit == unit and member.valid_until is None else member
