"""Targets over HTTP: issued, assigned, adjusted, handed over, and asked about on both axes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from httpx2 import Response

from tests.services.targets.conftest import CITY, YEAR, Office, target_body

ROADS = f"{YEAR}/targets/roads"


def code_of(response: Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def pointers(response: Response) -> list[str]:
    return [error["pointer"] for error in response.json()["errors"]]


def adjusts(city: Office, value: str = "66", on: str = "2009-07-01", **more: str) -> Response:
    body = {"value": value, "effective_on": on, "reason": "省级追加任务"}
    return city.post(f"{ROADS}/adjustments", body, headers={"If-Match": more.pop("match", '"1"')}, **more)


def test_a_target_goes_from_its_issue_to_an_answer(city: Office) -> None:
    issued = city.issues()
    assert issued.status_code == 201, issued.text
    assert issued.headers["ETag"] == '"1"'
    assert city.assigns("transport", value="60").status_code == 201
    answer = city.get(ROADS)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["target"]["id"] == issued.json()["id"]
    assert said["target"]["value"] == "60"
    assert [(p["unit"], p["role"], p["value"]) for p in said["assignments"]] == [("transport", "lead", "60")]
    assert answer.headers["ETag"] == '"1"'
    assert int(answer.headers["Jikao-Position"]) == said["pin"]["position"]


def test_a_repeat_under_the_same_key_is_the_first_outcome(city: Office) -> None:
    first = city.post(f"{YEAR}/targets", target_body(), key="once")
    again = city.post(f"{YEAR}/targets", target_body(), key="once")
    assert (again.status_code, again.json()) == (201, first.json())
    assert code_of(city.post(f"{YEAR}/targets", target_body("other"), key="once")) == (409, "ID_REUSED")


def test_a_body_that_cannot_be_read_names_every_place(city: Office) -> None:
    refused = city.issues(value=60, kind="wish", effective_on="2009-1-1", extra=1)
    assert code_of(refused) == (422, "MALFORMED")
    assert sorted(pointers(refused)) == ["/effective_on", "/extra", "/kind", "/value"]
    assert code_of(city.issues(name={"zh": "名" * 201})) == (422, "MALFORMED")
    assert city.get(ROADS).status_code == 404


def test_refusals_of_the_rules_arrive_as_problems(city: Office) -> None:
    zero = city.issues(value="0.0")
    assert code_of(zero) == (409, "TARGET_VALUE_IS_ZERO")
    assert pointers(zero) == ["/value"]
    assert code_of(city.issues(kind="milestone")) == (409, "VALUE_IS_NOT_HUNDRED")
    assert code_of(city.post(f"{CITY}/years/2010/targets", target_body())) == (409, "YEAR_IS_NOT_OPEN")
    assert city.issues().status_code == 201
    assert code_of(city.issues()) == (409, "TARGET_CODE_TAKEN")


def test_an_adjustment_shows_from_its_date_and_from_when_it_was_known(city: Office) -> None:
    city.issues()
    before = city.get(ROADS).json()["pin"]
    city.clock("2009-08-12T10:00:00+08:00")
    assert adjusts(city).status_code == 201
    assert city.get(ROADS).json()["target"]["value"] == "66"
    assert city.get(ROADS, as_of="2009-06-30").json()["target"]["value"] == "60"
    assert city.get(ROADS, known_at=f"position:{before['position']}").json()["target"]["value"] == "60"
    assert city.get(ROADS, pin=before["text"]).json()["pin"] == before
    history = city.get(ROADS).json()["history"]
    assert [(v["effective_on"], v["value"]) for v in history] == [("2009-01-01", "60"), ("2009-07-01", "66")]


def test_a_replaced_version_stays_in_the_history(city: Office) -> None:
    city.issues()
    city.clock("2009-08-12T10:00:00+08:00")
    adjusts(city)
    assert adjusts(city, "70", match='"2"').status_code == 201
    history = city.get(ROADS).json()["history"]
    assert [v["value"] for v in history] == ["60", "66", "70"]
    assert history[1]["known_until"] == history[2]["known_from"]
    assert history[2]["known_until"] is None
    then = city.get(ROADS, known_at=f"position:{history[1]['known_from']}").json()
    assert [v["known_until"] for v in then["history"]] == [None, None]


def test_two_dates_can_be_compared(city: Office) -> None:
    city.issues()
    city.clock("2009-08-12T10:00:00+08:00")
    adjusts(city)
    compared = city.get(ROADS, compare_as_of="2009-06-30").json()["compared"]
    assert (compared["target"]["value"], compared["value_difference"]) == ("60", "6")
    earlier = city.get(ROADS, compare_known_at="position:3").json()["compared"]
    assert (earlier["target"], earlier["value_difference"]) == (None, None)


def test_an_adjustment_needs_the_version_that_was_read(city: Office) -> None:
    city.issues()
    body = {"value": "66", "effective_on": "2009-07-01", "reason": "x"}
    assert code_of(city.post(f"{ROADS}/adjustments", body)) == (428, "IF_MATCH_MISSING")
    assert adjusts(city).status_code == 201
    late = adjusts(city, "70")
    assert code_of(late) == (412, "VERSION_CONFLICT")
    assert late.json()["about"]["current"] == 2
    assert city.get(ROADS, as_of="2009-01-05").headers["ETag"] == '"2"'


def test_who_may_do_what(city: Office) -> None:
    city.issues()
    assert adjusts(city, who="leader").status_code == 201
    for who in ("admin", "auditor", "unit"):
        refused = adjusts(city, "67", match='"2"', who=who)
        assert code_of(refused) == (403, "ROLE_MISSING")
        assert refused.json()["about"]["needed_role"] == "office | leader"
        assert city.post(f"{YEAR}/targets", target_body("b"), who=who).status_code == 403
    assert city.post(f"{YEAR}/targets", target_body("b"), who="leader").status_code == 403
    assert city.get(ROADS, who="admin").status_code == 403
    assert city.get(f"{YEAR}/targets", who="auditor").status_code == 200
    assert city.client.get(ROADS).status_code == 401


def test_a_unit_sees_its_own_targets_and_its_own_parts_only(city: Office, tokens: Callable[..., str]) -> None:
    city.issues()
    city.issues("bridges")
    city.assigns("transport")
    city.assigns("county", "supporting", value="20")
    city.assigns("transport", target="bridges")
    county = tokens("unit", unit="county", scope="own")
    listed = city.get(f"{YEAR}/targets", token=county)
    assert [row["target"]["code"] for row in listed.json()["items"]] == ["roads"]
    assert "transport" not in listed.text
    assert [part["unit"] for part in city.get(ROADS, token=county).json()["assignments"]] == ["county"]
    assert code_of(city.get(f"{YEAR}/targets/bridges", token=county)) == (404, "TARGET_UNKNOWN")
    assert city.get(f"{YEAR}/targets/bridges/assignments", token=county).status_code == 404
    parts = city.get(f"{ROADS}/assignments", token=county).json()["items"]
    assert [part["unit"] for part in parts] == ["county"]
    elsewhere = tokens("office", jurisdictions=("430400",))
    assert city.get(ROADS, token=elsewhere).status_code == 404


def test_lists_are_filtered_and_end(city: Office) -> None:
    for code in ("c", "a", "b"):
        city.issues(code, tags=[] if code == "b" else ["practical_matter"])
    city.assigns("county", target="a")
    first = city.get(f"{YEAR}/targets", limit=2).json()
    assert [row["target"]["code"] for row in first["items"]] == ["a", "b"]
    city.issues("d")
    rest = city.get(f"{YEAR}/targets", limit=2, cursor=first["next_cursor"]).json()
    assert [row["target"]["code"] for row in rest["items"]] == ["c"]  # as it stood on the first page
    assert (rest["next_cursor"], rest["pin"]) == (None, first["pin"])
    tagged = city.get(f"{YEAR}/targets", tag="practical_matter").json()["items"]
    assert [row["target"]["code"] for row in tagged] == ["a", "c", "d"]
    of_county = city.get(f"{YEAR}/targets", unit="county").json()["items"]
    assert [row["target"]["code"] for row in of_county] == ["a"]
    assert city.get(f"{YEAR}/targets", category="economy").json()["items"] == []
    other_list = city.get(f"{YEAR}/targets", tag="practical_matter", cursor=first["next_cursor"])
    assert code_of(other_list) == (422, "CURSOR_INVALID")


def test_a_target_is_not_there_before_it_takes_effect(city: Office) -> None:
    city.clock("2009-08-12T10:00:00+08:00")
    city.issues(effective_on="2009-07-01")
    assert city.get(ROADS).status_code == 200
    assert code_of(city.get(ROADS, as_of="2009-06-30")) == (404, "TARGET_UNKNOWN")
    assert city.get(ROADS, as_of="2009-08-13").status_code == 422


def test_assignments_are_refused_with_the_place(city: Office) -> None:
    city.issues()
    unknown = city.assigns("nobody")
    assert (code_of(unknown), pointers(unknown)) == ((422, "UNIT_IS_UNKNOWN"), ["/unit"])
    assert code_of(city.assigns("transport", target="nothing")) == (404, "TARGET_UNKNOWN")
    city.registers("power-grid", kind="company")
    assert code_of(city.assigns("power-grid")) == (409, "COMPANY_ONLY_COORDINATES")
    assert city.assigns("transport").status_code == 201
    assert code_of(city.assigns("transport", "supporting")) == (409, "UNIT_HAS_PART_ALREADY")
    assert code_of(city.assigns("county")) == (409, "LEAD_IS_TAKEN")
    assert city.assigns("power-grid", "coordination").status_code == 201
    assert city.assigns("county", "boss").status_code == 422


def test_a_hand_over_ends_one_part_and_opens_the_next(city: Office) -> None:
    city.clock("2009-08-12T10:00:00+08:00")
    city.issues()
    first = city.assigns("transport", value="60").json()["id"]
    body = {"successor": "county", "effective_on": "2009-07-01", "carries_levels": True}
    handed = city.hands_over("transport", body)
    assert handed.status_code == 201, handed.text
    old, new = city.get(f"{ROADS}/assignments").json()["items"]
    assert (old["id"], old["unit"], old["valid_until"]) == (first, "transport", "2009-07-01")
    assert (new["id"], new["unit"], new["role"], new["value"]) == (handed.json()["id"], "county", "lead", "60")
    assert (new["valid_from"], new["follows"], new["carries"]) == ("2009-07-01", [first], [first])
    assert code_of(city.hands_over("transport", body | {"effective_on": "2009-08-01"})) == (404, "ASSIGNMENT_UNKNOWN")
    assert city.get(f"{YEAR}/targets", unit="transport").json()["items"] == []
    assert len(city.get(f"{YEAR}/targets", unit="transport", as_of="2009-06-30").json()["items"]) == 1


@pytest.mark.parametrize("year", ["1989", "2101", "abc"])
def test_a_year_out_of_bounds_is_refused(city: Office, year: str) -> None:
    refused = city.get(f"{CITY}/years/{year}/targets")
    assert (refused.status_code, pointers(refused)) == (422, ["/path/year"])
