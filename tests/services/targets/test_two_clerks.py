"""Two clerks change one thing at once: the second is told that they have read an older version, and nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy.exc import DBAPIError

from services.targets.errors.years import TablesAreNotIssued
from services.targets.year import MoveYear, YearStanding, moving, while_allowed
from shared.commands import Looking, execute
from shared.deciding import Fact, Look, Stream
from tests.services.targets.conftest import CITY, YEAR, Office
from tests.services.targets.test_posts import person, takes
from tests.shared.test_commands import LOG, ORDER, store_on


@dataclass(frozen=True)
class Change:
    """What is read, and what the two clerks then send: the first's is what stands in the end."""

    read: str
    sent_to: str
    first: object
    second: object
    who: str = "office"
    query: dict[str, str] = field(default_factory=dict)
    heeded_only: bool = False


GROUPS = f"{YEAR}/peer-groups"
CHANGES = {
    "the rule for weights": Change(
        f"{YEAR}/weights", f"{YEAR}/weight-rule", {"province_share": "30"}, {"province_share": "40"}
    ),
    "the cut-off date": Change(
        f"{YEAR}/adjustment-cut-off", f"{YEAR}/adjustment-cut-off", {"last_on": "2009-09-30"},
        {"last_on": "2009-10-31"},
    ),
    "the name of a peer group": Change(
        GROUPS, GROUPS, {"code": "counties", "name": {"zh": "县市区"}}, {"code": "counties", "name": {"zh": "县区"}}
    ),
    "a member that leaves its group": Change(
        f"{GROUPS}/counties", f"{GROUPS}/counties/members/county/removals", {"effective_on": "2009-07-01"},
        {"effective_on": "2009-08-01"},
    ),
    "a member that comes into a group": Change(
        GROUPS, f"{GROUPS}/counties/members", {"unit": "transport", "valid_from": "2009-07-01"},
        {"unit": "transport", "valid_from": "2009-08-01"}, heeded_only=True,
    ),
    "a post that is left": Change(
        f"{CITY}/posts", f"{CITY}/units/transport/posts/{{post}}/departures", {"effective_on": "2009-07-01"},
        {"effective_on": "2009-08-01"}, "admin", {"unit": "transport"},
    ),
    "the locks of months": Change(
        f"{YEAR}/locks", f"{YEAR}/locks", {"month": 2, "reason": "取数"}, {"month": 3, "reason": "取数"},
        heeded_only=True,
    ),
    "a month that is opened again": Change(
        f"{YEAR}/locks", f"{YEAR}/unlocks", {"month": 1, "reason": "补报"}, {"month": 1, "reason": "更正"},
        heeded_only=True,
    ),
}  # fmt: skip


@pytest.fixture
def at_work(city: Office) -> tuple[Office, str]:
    """A city in which each of these things is there already; and the id of the post that is held."""
    city.clock("2009-12-31T10:00:00+08:00")
    made = city.post(GROUPS, {"code": "counties", "name": {"zh": "县"}}, headers=city.seen(GROUPS))
    assert made.status_code == 201, made.text
    assert city.post(f"{GROUPS}/counties/members", {"unit": "county", "valid_from": "2009-01-01"}).status_code == 201
    assert city.post(f"{YEAR}/locks", {"month": 1, "reason": "取数"}).status_code == 201
    return city, takes(city, "transport", person(city, "张三"))


@pytest.mark.parametrize("of", CHANGES)
def test_the_second_of_two_clerks_is_told_and_the_first_one_s_change_stands(
    at_work: tuple[Office, str], of: str
) -> None:
    (city, post), change = at_work, CHANGES[of]
    path = change.sent_to.format(post=post)
    seen = city.seen(change.read, **change.query)
    first = city.post(path, change.first, who=change.who, headers=seen)
    assert first.status_code == 201, first.text
    stands = city.get(change.read, **change.query)

    late = city.post(path, change.second, who=change.who, headers=seen)
    assert (late.status_code, late.json()["code"]) == (412, "VERSION_CONFLICT")
    assert f'"{late.json()["about"]["current"]}"' == stands.headers["ETag"] == first.headers["ETag"]
    unread = city.post(path, change.second, who=change.who)
    if not change.heeded_only:
        assert (unread.status_code, unread.json()["code"]) == (428, "IF_MATCH_MISSING")
        assert city.get(change.read, **change.query).json() == stands.json()
    assert city.post(path, change.second, who=change.who, headers={"If-Match": "W/x"}).status_code == 422


def test_a_year_does_not_move_while_somebody_decides_by_its_state(postgres_url: str) -> None:
    move, stream = MoveYear(2009, "targets_issued", None), Stream("locks:2009", 0, lambda state, fact: state)
    with store_on(postgres_url) as store:

        def decide(state: int, look: Look) -> Sequence[Fact]:
            with pytest.raises(DBAPIError), store.begin() as other:
                other.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
                moving(move)(YearStanding(is_open=True), Looking(store, other, LOG))
            return []

        execute(store, ORDER, stream, while_allowed("plan", 2009, decide))
        with pytest.raises(TablesAreNotIssued), store.begin() as other:  # so it was its turn
            moving(move)(YearStanding(is_open=True), Looking(store, other, LOG))
