"""The course of a year: one state forward, back with a reason, and what each state forbids."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, get_args

import pytest
from httpx2 import Response

from services.targets.errors.years import ReopeningNeedsReason, TablesAreNotIssued, YearCannotMove
from services.targets.year import (
    MoveYear,
    YearStanding,
    move_year,
    require_allowed,
    standing_stream,
)
from shared.admission.errors import YearDoesNotAllow, YearIsNotOpen
from shared.contracts.target_tables import IssuedTable, TargetTablesIssued, YearMoved
from shared.contracts.targets import YearOpened
from shared.deciding import Fact
from shared.year_states import ALLOWED, ORDER, Act, YearState, allows, following
from tests.services.targets.catalogues import bodies
from tests.services.targets.conftest import CITY, YEAR, Office, target_body
from tests.services.targets.ruling import given
from tests.services.targets.test_targets_over_http import code_of
from tests.services.targets.test_units_over_http import change

STREAM = standing_stream(2009)
OPENED = YearOpened(year=2009, time_progress="by_month")
ISSUED = TargetTablesIssued(
    year=2009, on=date(2009, 3, 1), position=7, tables=[IssuedTable(unit="u1", sha256="ab" * 32)]
)  # fmt: skip


def moving(state: YearState, reason: str | None = None) -> Callable[[YearStanding], list[Fact]]:
    return partial(move_year, MoveYear(2009, state, reason))


def at(state: YearState) -> YearMoved:
    return YearMoved(year=2009, state=state)


def test_a_year_goes_forward_one_state_at_a_time_to_its_end() -> None:
    for now in ORDER[:-1]:
        wanted = following(now)
        assert wanted is not None
        given(STREAM, OPENED, ISSUED, at(now)).when(moving(wanted)).then(at(wanted))
        for other in ORDER[ORDER.index(wanted) + 1 :]:
            given(STREAM, OPENED, ISSUED, at(now)).when(moving(other)).refuses(
                YearCannotMove, "/state", state=now, asked=other, next=wanted
            )
    given(STREAM, OPENED, ISSUED, at("archived")).when(moving("archived")).refuses(YearCannotMove, "/state")


def test_a_year_goes_back_only_with_a_reason() -> None:
    closing = given(STREAM, OPENED, ISSUED, at("closing"))
    closing.when(moving("running")).refuses(ReopeningNeedsReason, "/reason", state="closing", asked="running")
    closing.when(moving("running", "补报")).then(YearMoved(year=2009, state="running", reason="补报"))
    closing.when(moving("draft", "重新分解")).then(YearMoved(year=2009, state="draft", reason="重新分解"))


def test_a_year_leaves_its_draft_when_its_target_tables_are_issued() -> None:
    given(STREAM, OPENED).when(moving("targets_issued")).refuses(TablesAreNotIssued, "/state")
    given(STREAM, OPENED, ISSUED).when(moving("targets_issued")).then(at("targets_issued"))
    given(STREAM).when(moving("running")).refuses(YearIsNotOpen)


@pytest.mark.parametrize("act", get_args(Act))
def test_a_year_that_was_never_moved_takes_everything(act: Act) -> None:
    require_allowed(act, 2009, YearStanding(is_open=True))


@pytest.mark.parametrize("act", get_args(Act))
@pytest.mark.parametrize("state", ORDER)
def test_a_state_that_does_not_allow_it_says_which_do(act: Act, state: YearState) -> None:
    standing = YearStanding(is_open=True, state=state)
    if state in ALLOWED[act]:
        require_allowed(act, 2009, standing)
        return
    with pytest.raises(YearDoesNotAllow) as refused:
        require_allowed(act, 2009, standing)
    assert refused.value.about == {"year": 2009, "state": state, "asked": act, "allowed_in": ALLOWED[act]}


def test_what_is_final_takes_nothing() -> None:
    assert not any(allows(state, act) for act in get_args(Act) for state in ("final", "archived"))
    assert [state for state in ORDER if allows(state, "report")] == ["running"]


# Over HTTP


def moves(city: Office, state: str, **more: Any) -> Response:
    headers = {"If-Match": city.get(YEAR).headers["ETag"]}
    return city.post(f"{YEAR}/moves", {"state": state} | more, headers=headers)


@pytest.fixture
def issued(city: Office) -> Office:
    """One target, its lead unit, and the tables issued."""
    assert city.issues().status_code == 201
    assert city.assigns("transport").status_code == 201
    city.clock("2009-03-02T09:00:00+08:00")
    headers = {"If-Match": city.get(YEAR).headers["ETag"]}
    answer = city.post(f"{YEAR}/target-tables", {"issued_on": "2009-03-01"}, headers=headers)
    assert answer.status_code == 201, answer.text
    return city


def test_the_whole_course_is_seen_at_every_state_of_knowledge(issued: Office) -> None:
    at_issue = issued.get(YEAR).json()
    assert (at_issue["year"]["state"], at_issue["next"]) == ("targets_issued", "running")
    assert at_issue["allowed"] == ["plan", "adjust", "issue_tables", "sign", "lock", "group", "verify"]
    assert moves(issued, "running").status_code == 201
    assert moves(issued, "closing").status_code == 201
    assert moves(issued, "running", reason="补报").status_code == 201
    said = issued.get(YEAR).json()
    assert (said["year"]["state"], said["year"]["moved_at"]) == ("running", said["pin"]["position"])
    then = issued.get(YEAR, known_at=f"position:{at_issue['pin']['position']}").json()
    assert (then["year"], then["allowed"]) == (at_issue["year"], at_issue["allowed"])


def test_two_clerks_who_move_a_year_at_once_do_not_move_it_twice(issued: Office) -> None:
    seen = {"If-Match": issued.get(YEAR).headers["ETag"]}
    assert issued.post(f"{YEAR}/moves", {"state": "running"}, headers=seen).status_code == 201
    late = issued.post(f"{YEAR}/moves", {"state": "running"}, headers=seen)
    assert (late.status_code, late.json()["code"]) == (412, "VERSION_CONFLICT")
    assert late.json()["about"]["current"] == 4
    assert issued.post(f"{YEAR}/moves", {"state": "closing"}).status_code == 428
    assert issued.get(YEAR).json()["year"]["state"] == "running"


def test_what_the_state_forbids_is_refused_in_both_languages_and_nothing_is_written(issued: Office) -> None:
    for state in ("running", "closing"):
        assert moves(issued, state).status_code == 201
    before = issued.get(YEAR).json()["pin"]["position"]
    target = {"If-Match": issued.get(f"{YEAR}/targets/roads").headers["ETag"]}
    parts = issued.seen(f"{YEAR}/targets/roads/assignments")
    year, nothing = {"If-Match": issued.get(YEAR).headers["ETag"]}, {"If-Match": '"0"'}
    adjustment = {"value": "66", "effective_on": "2009-02-01", "reason": "追加"}
    part = {"unit": "county", "role": "supporting", "valid_from": "2009-01-01"}
    over = {"successor": "county", "effective_on": "2009-02-01", "carries_levels": False}
    asked = adjustment | {"unit": "transport"}
    signing = {"sha256": "ab" * 32}
    some, why = "0190b2d6-4a00-7000-8000-000000000001", {"reason": "口径"}
    indicator = bodies("city")[0]
    choice = {"indicator": "roads", "choice": "city"} | why
    forbidden: tuple[tuple[Act, str, object, str, dict[str, str]], ...] = (
        ("plan", "targets", target_body("bridges"), "office", {}),
        ("plan", "targets/roads/assignments", part, "office", {}),
        ("plan", "targets/roads/assignments/transport/hand-overs", over, "office", parts),
        ("plan", "catalogues", {"issuer": "city", "items": [indicator]}, "office", {}),
        ("plan", "catalogue-additions", {"item": indicator}, "office", {}),
        ("plan", f"catalogue-additions/{some}/withdrawals", why, "office", nothing),
        ("plan", "alignments", {"province": some, "city": some}, "office", {}),
        ("plan", "alignment-matches", {"alignment": some, "province": "a", "city": "b"}, "office", {}),
        ("plan", f"alignment-matches/{some}/revocations", why, "office", nothing),
        ("plan", f"alignments/{some}/decisions", choice, "office", {}),
        ("plan", "weight-rule", {"province_share": "30"}, "office", nothing),
        ("adjust", "targets/roads/adjustments", adjustment, "office", target),
        ("adjust", "targets/roads/adjustment-requests", asked, "unit", {}),
        ("issue_tables", "target-tables", {"issued_on": "2009-03-01"}, "office", year),
        ("sign", "target-tables/transport/signatures", signing, "unit", {}),
    )
    for act, path, body, who, headers in forbidden:  # fmt: skip
        answer = issued.post(f"{YEAR}/{path}", body, who=who, headers=headers | {"Accept-Language": "zh"})
        assert (answer.status_code, answer.json()["code"]) == (409, "YEAR_DOES_NOT_ALLOW"), (path, answer.text)
        about = answer.json()["about"]
        assert (about["state"], about["asked"]) == ("closing", act), path
        assert about["allowed_in"] == list(ALLOWED[act])
        assert answer.json()["title"] == YearDoesNotAllow.zh
    assert issued.post(f"{YEAR}/locks", {"month": 2, "reason": "取数"}).status_code == 201
    assert issued.get(YEAR).json()["pin"]["position"] == before + 1


def test_a_unit_does_not_end_within_a_closing_year_whose_parts_it_has(issued: Office) -> None:
    for state in ("running", "closing"):
        assert moves(issued, state).status_code == 201
    ending: dict[str, Any] = {"successors": ["county"]}
    refused = change(issued, "transport", "endings", effective_on="2009-02-01", **ending)
    assert code_of(refused) == (409, "YEAR_DOES_NOT_ALLOW")
    assert (refused.json()["about"]["year"], refused.json()["about"]["asked"]) == (2009, "plan")
    assert issued.registers("archives").status_code == 201
    assert change(issued, "archives", "endings", effective_on="2009-02-01", **ending).status_code == 201, "it has none"
    assert change(issued, "transport", "endings", effective_on="2010-01-01", **ending).status_code == 201


def test_a_request_that_was_left_open_is_refused_whatever_state_the_year_is_in(issued: Office) -> None:
    assert moves(issued, "running").status_code == 201
    asked = {"unit": "transport", "value": "66", "effective_on": "2009-02-01", "reason": "追加"}
    made = issued.post(f"{YEAR}/targets/roads/adjustment-requests", asked, who="unit")
    assert made.status_code == 201, made.text
    for state in ORDER[3:8]:
        assert moves(issued, state).status_code == 201
    request, roads = f"{YEAR}/targets/roads/adjustment-requests/{made.json()['id']}", f"{YEAR}/targets/roads"
    before = issued.get(roads).json()["target"]
    review = {"recommended": False, "reason": "年度已定案"}
    assert issued.post(f"{request}/reviews", review, headers=issued.seen(roads)).status_code == 201
    approved = issued.post(f"{request}/approvals", None, who="leader", headers=issued.seen(roads))
    assert code_of(approved) == (409, "YEAR_DOES_NOT_ALLOW")
    refused = issued.post(f"{request}/refusals", {"reason": "已定案"}, who="leader", headers=issued.seen(roads))
    assert refused.status_code == 201, refused.text
    assert issued.get(roads).json()["target"] == before


def test_a_decided_year_is_unlocked_adjusted_and_regrouped_by_nobody_until_it_is_reopened(issued: Office) -> None:
    locked = {"month": 2, "reason": "取数"}
    assert issued.post(f"{YEAR}/locks", locked).status_code == 201
    for state in ORDER[2:8]:
        assert moves(issued, state).status_code == 201
    target = issued.seen(f"{YEAR}/targets/roads")
    adjustment = {"value": "66", "effective_on": "2009-02-01", "reason": "追加"}
    withdrawal = {"effective_on": "2009-02-01", "reason": "取消"}
    asked = adjustment | {"unit": "transport"}
    group, member = {"code": "x", "name": {"zh": "组"}}, {"unit": "county", "valid_from": "2009-01-01"}
    nothing = {"If-Match": '"0"'}
    acts: tuple[tuple[Act, str, object, str, dict[str, str]], ...] = (
        ("lock", "unlocks", locked, "office", {}),
        ("lock", "locks", locked | {"month": 3}, "office", {}),
        ("adjust", "targets/roads/adjustments", adjustment, "office", target),
        ("adjust", "targets/roads/withdrawals", withdrawal, "office", target),
        ("adjust", "targets/roads/adjustment-requests", asked, "unit", {}),
        ("group", "peer-groups", group, "office", nothing),
        ("group", "peer-groups/x/members", member, "office", {}),
        ("group", "peer-groups/x/members/county/removals", {"effective_on": "2009-02-01"}, "office", nothing),
    )
    before = issued.get(YEAR).json()
    assert (before["year"]["state"], before["allowed"]) == ("final", [])
    for act, path, body, who, headers in acts:
        answer = issued.post(f"{YEAR}/{path}", body, who=who, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "YEAR_DOES_NOT_ALLOW"), (path, answer.text)
        assert (answer.json()["about"]["state"], answer.json()["about"]["asked"]) == ("final", act)
    assert issued.get(YEAR).json() == before
    assert moves(issued, "appeals", reason="申诉成立").status_code == 201
    assert issued.post(f"{YEAR}/unlocks", locked).status_code == 201
    assert issued.get(YEAR).json()["locked_months"] == []


def test_moves_that_are_not_to_be_are_refused_with_a_problem(issued: Office) -> None:
    for body, code, status, pointer in (
        ({"state": "closing"}, "YEAR_CANNOT_MOVE", 409, "/state"),
        ({"state": "draft"}, "REOPENING_NEEDS_REASON", 422, "/reason"),
        ({"state": "over"}, "MALFORMED", 422, "/state"),
        ({"state": "running", "reason": ""}, "MALFORMED", 422, "/reason"),
    ):
        answer = moves(issued, **body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    nothing = issued.post(f"{CITY}/years/2010/moves", {"state": "running"}, headers={"If-Match": '"0"'})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "YEAR_IS_NOT_OPEN")
    assert (
        issued.post(f"{YEAR}/moves", {"state": "running"}, who="leader", headers={"If-Match": '"3"'}).status_code == 403
    )
