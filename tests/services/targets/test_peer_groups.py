"""Peer groups of a year: who is ranked against whom, on which days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

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
    Groups,
    SetPeerGroup,
    add_member,
    peer_groups_stream,
    remove_member,
    set_peer_group,
)
from services.targets.unit import Unit
from shared.admission.errors import YearIsNotOpen
from shared.contracts.organisation import PeerGroupMemberAdded, PeerGroupMemberRemoved, PeerGroupSet
from shared.contracts.shapes import Label
from shared.deciding import Fact
from tests.services.targets.conftest import CITY, YEAR, Office
from tests.services.targets.ruling import given
from tests.services.targets.test_targets_over_http import code_of, pointers
from tests.services.targets.test_units_over_http import change

NEW_YEAR, JULY, OCTOBER = date(2009, 1, 1), date(2009, 7, 1), date(2009, 10, 1)
STREAM = peer_groups_stream(2009)
COUNTIES = PeerGroupSet(group="c", year=2009, code="counties", name=Label(zh="县市区"))
PARKS = PeerGroupSet(group="p", year=2009, code="parks", name=Label(zh="园区"))
MEMBER = PeerGroupMemberAdded(group="c", unit="u", valid_from=NEW_YEAR)
UNIT = Unit("u", "county", NEW_YEAR, None, "county")


def setting(*, year_open: bool = True) -> Callable[[Groups], Sequence[Fact]]:
    command = SetPeerGroup("n", 2009, "counties", Label(zh="县"))
    return lambda groups: set_peer_group(command, groups, year_open=year_open)


def adding(group: str = "parks", on: date = JULY, unit: Unit = UNIT) -> Callable[[Groups], Sequence[Fact]]:
    return lambda groups: add_member(ChangeMember(2009, group, "county", on), groups, unit=unit)


def removing(on: date = JULY, group: str = "counties", unit: Unit = UNIT) -> Callable[[Groups], Sequence[Fact]]:
    return lambda groups: remove_member(ChangeMember(2009, group, "county", on), groups, unit=unit)


def test_a_group_that_is_set_again_has_another_name_and_stays_the_same() -> None:
    given(STREAM).when(setting()).then(PeerGroupSet(group="n", year=2009, code="counties", name=Label(zh="县")))
    again = PeerGroupSet(group="c", year=2009, code="counties", name=Label(zh="县"))
    given(STREAM, COUNTIES).when(setting()).then(again)
    given(STREAM).when(setting(year_open=False)).refuses(YearIsNotOpen)


def test_a_unit_is_in_one_group_of_a_year_at_a_time() -> None:
    added = PeerGroupMemberAdded(group="p", unit="u", valid_from=JULY)
    removed = PeerGroupMemberRemoved(group="c", unit="u", on=JULY)
    given(STREAM, COUNTIES, PARKS).when(adding()).then(added)
    for group in ("parks", "counties"):
        taken = given(STREAM, COUNTIES, PARKS, MEMBER).when(adding(group))
        taken.refuses(UnitHasPeerGroup, "/unit", group="counties")
    given(STREAM, COUNTIES, PARKS, MEMBER, removed).when(adding()).then(added)
    given(STREAM, COUNTIES, PARKS, MEMBER, removed).when(adding(on=NEW_YEAR)).refuses(UnitHasPeerGroup)


def test_members_are_units_that_stand_on_a_day_of_the_year() -> None:
    known = given(STREAM, COUNTIES, PARKS)
    known.when(adding("nothing")).refuses(PeerGroupUnknown)
    known.when(adding(unit=Unit())).refuses(UnitIsUnknown, "/unit")
    known.when(adding(unit=Unit("u", "county", OCTOBER))).refuses(UnitIsNotValid, "/unit")
    known.when(adding(on=date(2010, 1, 1))).refuses(DateOutsideYear, "/valid_from")


def test_only_a_member_is_removed() -> None:
    given(STREAM, COUNTIES, MEMBER).when(removing()).then(PeerGroupMemberRemoved(group="c", unit="u", on=JULY))
    given(STREAM, COUNTIES, MEMBER).when(removing(NEW_YEAR)).refuses(UnitIsNoMember)
    given(STREAM, COUNTIES).when(removing()).refuses(UnitIsNoMember)
    given(STREAM, COUNTIES, MEMBER).when(removing(group="nothing")).refuses(PeerGroupUnknown)
    given(STREAM, COUNTIES, MEMBER).when(removing(unit=Unit())).refuses(UnitUnknown)
    given(STREAM, COUNTIES, MEMBER).when(removing(date(2010, 1, 1))).refuses(DateOutsideYear, "/effective_on")


def grouped(city: Office) -> None:
    """Two groups; the county changes from one to the other in July."""
    city.clock("2009-12-31T10:00:00+08:00")
    for code in ("counties", "parks"):
        seen = city.seen(f"{YEAR}/peer-groups")
        made = city.post(f"{YEAR}/peer-groups", {"code": code, "name": {"zh": code}}, headers=seen)
        assert made.status_code == 201, made.text
    for group, unit, on in (
        ("counties", "county", "2009-01-01"), ("counties", "transport", "2009-01-01"), ("parks", "county", "2009-07-01")
    ):  # fmt: skip
        if group == "parks":
            counties = f"{YEAR}/peer-groups/counties"
            left = city.post(f"{counties}/members/{unit}/removals", {"effective_on": on}, headers=city.seen(counties))
            assert left.status_code == 201, left.text
        added = city.post(f"{YEAR}/peer-groups/{group}/members", {"unit": unit, "valid_from": on})
        assert added.status_code == 201, added.text


def members(city: Office, **query: str) -> dict[str, list[str]]:
    return {each["code"]: each["members"] for each in city.get(f"{YEAR}/peer-groups", **query).json()["items"]}


def test_the_members_of_a_group_are_those_of_the_date(city: Office, tokens: Callable[..., str]) -> None:
    grouped(city)
    assert members(city, as_of="2009-06-30") == {"counties": ["county", "transport"], "parks": []}
    assert members(city, as_of="2009-07-01") == {"counties": ["transport"], "parks": ["county"]}
    one = city.get(f"{YEAR}/peer-groups/counties").json()["peer_group"]["memberships"]
    assert [(m["unit"], m["valid_from"], m["valid_until"]) for m in one] == [
        ("county", "2009-01-01", "2009-07-01"), ("transport", "2009-01-01", None)
    ]  # fmt: skip
    own = tokens("unit", unit="transport", scope="own")
    assert members(city, token=own) == {"counties": ["transport"]}
    assert code_of(city.get(f"{YEAR}/peer-groups/parks", token=own)) == (404, "PEER_GROUP_UNKNOWN")
    assert members(city, known_at="position:3", as_of="2009-01-01") == {}


def test_a_unit_that_has_ended_is_in_no_group(city: Office) -> None:
    grouped(city)
    assert change(city, "county", "endings", effective_on="2009-10-01", successors=["transport"]).status_code == 201
    assert members(city, as_of="2009-09-30")["parks"] == ["county"]
    assert members(city, as_of="2009-10-01")["parks"] == []


def test_peer_groups_that_are_refused(city: Office) -> None:
    grouped(city)
    path, seen = f"{YEAR}/peer-groups", city.seen(f"{YEAR}/peer-groups")
    closed = city.post(
        f"{CITY}/years/2012/peer-groups", {"code": "x", "name": {"zh": "x"}}, headers={"If-Match": '"0"'}
    )
    assert code_of(closed) == (409, "YEAR_IS_NOT_OPEN")
    twice = city.post(f"{path}/parks/members", {"unit": "transport", "valid_from": "2009-03-01"})
    assert (code_of(twice), pointers(twice)) == ((409, "UNIT_HAS_PEER_GROUP"), ["/unit"])
    assert twice.json()["about"]["group"] == "counties"
    nobody = city.post(f"{path}/parks/members", {"unit": "nobody", "valid_from": "2009-03-01"})
    assert (code_of(nobody), pointers(nobody)) == ((422, "UNIT_IS_UNKNOWN"), ["/unit"])
    gone = city.post(f"{path}/parks/members/transport/removals", {"effective_on": "2009-03-01"}, headers=seen)
    assert code_of(gone) == (409, "UNIT_IS_NO_MEMBER")
    assert code_of(city.get(f"{path}/nothing")) == (404, "PEER_GROUP_UNKNOWN")
    assert city.post(path, {"code": "x", "name": {"zh": "x"}}, who="leader", headers=seen).status_code == 403
