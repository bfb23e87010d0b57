"""Peer groups of a year: which units are ranked against one another, on which days."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from services.targets.api.asking import earliest, lasts_on, page_of, stream_version, unit_that_stands
from services.targets.api.shapes import OFFICE, SEES_TARGETS, Body, CodeStr, UnitCode, example, label, shown
from services.targets.errors.organisation import (
    PeerGroupUnknown,
    UnitHasPeerGroup,
    UnitIsNoMember,
    UnitIsNotValid,
    UnitIsUnknown,
    UnitUnknown,
)
from services.targets.errors.years import DateOutsideYear
from services.targets.peer_group import (
    ChangeMember,
    SetPeerGroup,
    add_member,
    peer_groups_stream,
    remove_member,
    set_peer_group,
)
from services.targets.unit import unit_stream
from services.targets.year import while_allowed, year_stream
from shared.admission.errors import YearDoesNotAllow, YearIsNotOpen
from shared.contracts.organisation import PeerGroupMemberAdded, PeerGroupMemberRemoved, PeerGroupSet
from shared.event_log.ids import uuid7
from shared.http.answers import asking, changed, commanded
from shared.http.asking import Asked, AskedDep, View
from shared.http.fields import Label, StrictDate
from shared.http.ordering import AddingDep, ChangingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt, stands_at
from shared.http.preconditions import IfMatchInvalid, etag
from shared.registry import ALWAYS, Registry, rows

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}/peer-groups", tags=["targets"])

GroupCode = Annotated[
    str,
    Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="Code of the peer group.", examples=["counties"]),
]


class PeerGroupBody(Body):
    """A group of units that are ranked against one another. Sent again with the code of one, it renames it."""

    model_config = example({"code": "counties", "name": {"zh": "县市区组"}})

    code: CodeStr
    name: Label


class MemberBody(Body):
    """The unit (its code) is a member from `valid_from` on."""

    model_config = example({"unit": "transport", "valid_from": "2009-01-01"})

    unit: CodeStr
    valid_from: StrictDate


class RemovalBody(Body):
    """The unit's last day in the group is the one before `effective_on`."""

    model_config = example({"effective_on": "2009-07-01"})

    effective_on: StrictDate


class MemberShown(BaseModel):
    """A unit in the group for [valid_from, valid_until); it is a member no longer than it stands."""

    unit: str
    valid_from: date
    valid_until: date | None


class PeerGroupShown(BaseModel):
    """A peer group: `members` (codes) on `as_of`, and every membership there was. Other scopes' units are left out."""

    id: str
    code: str
    name: Label
    members: list[str]
    memberships: list[MemberShown]


class PeerGroupList(BaseModel):
    """Peer groups by code."""

    items: list[PeerGroupShown]
    next_cursor: str | None
    pin: StandsAt


class PeerGroupAnswer(BaseModel):
    """One peer group."""

    peer_group: PeerGroupShown
    pin: StandsAt


@router.post("", status_code=201, responses=changed(YearIsNotOpen, YearDoesNotAllow))
async def set_year_peer_group(year: YearNumber, body: PeerGroupBody, ordering: ChangingDep) -> Recorded:
    """Set a peer group of the year, or its name anew. The assessment office only; needs the ETag of the groups."""
    role = ordering.permit_whole(*OFFICE)
    command = SetPeerGroup(uuid7(), year, body.code, label(body.name))
    done = await ordering.execute(
        role,
        peer_groups_stream(year),
        while_allowed(
            "group", year, lambda groups, look: set_peer_group(command, groups, year_open=look.at(year_stream(year)))
        ),
    )
    fact = done.facts[0]
    assert isinstance(fact, PeerGroupSet)
    return ordering.recorded(fact.group, done)


@router.post(
    "/{peer_group}/members",
    status_code=201,
    responses=commanded(
        YearDoesNotAllow,
        PeerGroupUnknown,
        DateOutsideYear,
        UnitIsUnknown,
        UnitIsNotValid,
        UnitHasPeerGroup,
        IfMatchInvalid,
    ),
)
async def add_peer_group_member(
    year: YearNumber, peer_group: GroupCode, body: MemberBody, ordering: AddingDep
) -> Recorded:
    """Take a unit into a peer group; it can be in one of the year at a time. The assessment office only.

    It adds a member, so it needs no If-Match; one with the ETag of the year's groups is heeded.
    """
    role = ordering.permit_whole(*OFFICE)
    command = ChangeMember(year, peer_group, body.unit, body.valid_from)
    done = await ordering.execute(
        role,
        peer_groups_stream(year),
        while_allowed(
            "group", year, lambda groups, look: add_member(command, groups, unit=unit_that_stands(look, body.unit))
        ),
    )
    fact = done.facts[0]
    assert isinstance(fact, PeerGroupMemberAdded)
    return ordering.recorded(fact.group, done)


@router.post(
    "/{peer_group}/members/{unit}/removals",
    status_code=201,
    responses=changed(YearDoesNotAllow, PeerGroupUnknown, UnitUnknown, DateOutsideYear, UnitIsNoMember),
)
async def remove_peer_group_member(
    year: YearNumber, peer_group: GroupCode, unit: UnitCode, body: RemovalBody, ordering: ChangingDep
) -> Recorded:
    """Take a unit out of a peer group from a day on. The assessment office only; needs the ETag of the groups."""
    role = ordering.permit_whole(*OFFICE)
    command = ChangeMember(year, peer_group, unit, body.effective_on)
    done = await ordering.execute(
        role,
        peer_groups_stream(year),
        while_allowed(
            "group", year, lambda groups, look: remove_member(command, groups, unit=look.at(unit_stream(unit)))
        ),
    )
    fact = done.facts[0]
    assert isinstance(fact, PeerGroupMemberRemoved)
    return ordering.recorded(fact.group, done)


@router.get("", responses=asking(CursorInvalid))
def list_peer_groups(year: YearNumber, asked: AskedDep, page: Page) -> PeerGroupList:
    """The year's peer groups, with the members that lie within your scope; a group with none of them is left out.

    The ETag is that of all groups of the year, which their changes must match.
    """
    asked.permit(*SEES_TARGETS)

    def found(view: View) -> list[tuple[tuple[str], PeerGroupShown]]:
        asked.response.headers["ETag"] = etag(stream_version(view, peer_groups_stream(year).name))
        return [
            ((row.code,), group)
            for id, row in view.registry.peer_groups.on(ALWAYS)
            if row.year == year and (group := _within_scope(id, row, view, asked)) is not None
        ]

    items, cursor, pin = page_of(asked, page, f"peer-groups {year}", found)
    return PeerGroupList(items=items, next_cursor=cursor, pin=pin)


@router.get("/{peer_group}", responses=asking(PeerGroupUnknown))
def get_peer_group(year: YearNumber, peer_group: GroupCode, asked: AskedDep) -> PeerGroupAnswer:
    """One peer group: its members on `as_of`, and all there were. The ETag is that of all groups of the year."""
    asked.permit(*SEES_TARGETS)
    with asked.view() as view:
        id = view.registry.peer_group_id(year, peer_group)
        found = _within_scope(id, view.registry.peer_groups.latest(id), view, asked) if id is not None else None
        if found is None:
            raise PeerGroupUnknown(group=peer_group, year=year)
        asked.response.headers["ETag"] = etag(stream_version(view, peer_groups_stream(year).name))
        return PeerGroupAnswer(peer_group=found, pin=stands_at(view.standpoint))


def _within_scope(id: str, row: rows.PeerGroup, view: View, asked: Asked) -> PeerGroupShown | None:
    scope = asked.units(view.registry)
    members = [_member(member, view.registry) for member in row.members if scope is None or member.unit in scope]
    if scope is not None and not members:
        return None
    day = view.standpoint.as_of
    return PeerGroupShown(
        id=id, code=row.code, name=shown(row.name),
        members=sorted(m.unit for m in members if lasts_on(day, m.valid_from, m.valid_until)),
        memberships=sorted(members, key=lambda member: (member.valid_from, member.unit)),
    )  # fmt: skip


def _member(member: rows.Member, registry: Registry) -> MemberShown:
    unit = registry.units.latest(member.unit)
    return MemberShown(
        unit=unit.code, valid_from=member.valid_from, valid_until=earliest(member.valid_until, unit.ended_on)
    )
