"""The year's targets are issued from a run of the alignment by one order, all or row by row, once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from httpx2 import Response

from tests.services.targets.catalogues import EXPECTED, bodies
from tests.services.targets.conftest import CITY, YEAR, Office
from tests.services.targets.test_catalogues_over_http import ALIGNMENTS, body, imports
from tests.services.targets.test_targets_over_http import code_of

JANUARY = {"effective_on": "2009-01-01"}
TEXT = {"kind": "qualitative", "value": None, "unit_of_measure": None}
PROVINCE = [
    body("roads", code="p-1", value="61000", unit_of_measure="m", weight="4", points="40"),
    body("housing", code="p-2", value="50"),
    body("gdp", code="p-3", value="8", unit_of_measure="percent", basis="growth"),
    body("one-stop", code="p-4", text="全部网上可办", **TEXT),
    body("pilot", code="p-5", bonus=True, weight="3", points="5"),
    body("ports", code="p-6", assesses_us=False),
    body("air", code="p-7", kind="rate", value="82.5", unit_of_measure="percent"),
]
OWN = [
    body("roads", code="c-1", tags=["practical_matter"]),
    body("housing", code="c-2", kind="floor", weight="3"),
    body("gdp", code="c-3", value="260", unit_of_measure="yi_yuan"),
    body("one-stop", code="c-4", text="设立综合窗口", **TEXT),
    body("pilot", code="c-5", value="2"),
    body("museum", code="c-6", kind="milestone", value="100", unit_of_measure="percent", weight="6"),
]
MUSEUM = {
    "indicator": "museum", "code": "new-museum", "roll_up": "lead",
    "measures": [{"code": code, "name": {"zh": code}, "unit_of_measure": "item"} for code in ("roof", "opening")],
    "steps": [{"measure": "roof", "share": "40", "due_on": "2009-06-30"},
              {"measure": "opening", "share": "60", "due_on": "2009-11-30"}],
}  # fmt: skip


def aligned(city: Office, province: list[dict[str, Any]] = PROVINCE, own: list[dict[str, Any]] | None = OWN) -> str:
    """A run over the province's next edition and the city's (without `own`: the one there is)."""
    ids = {"province": imports(city, "province", province).json()["id"]}
    if own is None:
        ids["city"] = city.get(f"{YEAR}/catalogues", issuer="city").json()["items"][-1]["id"]
    else:
        ids["city"] = imports(city, "city", own).json()["id"]
    run = city.post(ALIGNMENTS, ids)
    assert run.status_code == 201, run.text
    return str(run.json()["id"])


def issues(city: Office, run: str, query: str = "", key: str | None = None, **changes: Any) -> Response:
    return city.post(f"{ALIGNMENTS}/{run}/targets{query}", JANUARY | {"details": [MUSEUM]} | changes, key=key)


def statuses(answer: Response) -> dict[str, str]:
    assert answer.is_success, answer.text
    return {each["indicator"]: each["status"] for each in answer.json()["items"]}


def row(answer: Response, indicator: str) -> dict[str, Any]:
    (found,) = [each for each in answer.json()["items"] if each["indicator"] == indicator]
    return dict(found)


def targets(city: Office) -> dict[str, dict[str, Any]]:
    found = city.get(f"{YEAR}/targets", limit=1000).json()["items"]
    return {each["target"]["code"]: each["target"] for each in found}


def reasons(answer: Response, indicator: str) -> list[str]:
    return [fault["code"] for fault in row(answer, indicator)["faults"]]


def decides(city: Office, run: str, choice: str = "city", **more: str) -> None:
    decided = {"indicator": "gdp", "choice": choice, "reason": "以绝对值考核"} | more
    assert city.post(f"{ALIGNMENTS}/{run}/decisions", decided).status_code == 201


def test_one_order_issues_everything_that_became_a_target_and_names_the_rest(city: Office) -> None:
    answer = issues(city, aligned(city))
    assert answer.status_code == 201, answer.text
    assert statuses(answer) == {
        "air": "issued", "gdp": "undecided", "housing": "issued", "museum": "issued", "one-stop": "issued",
        "pilot": "issued", "ports": "not_applicable", "roads": "issued",
    }  # fmt: skip
    said = answer.json()
    assert (said["status"], said["totals"]) == ("recorded", {"issued": 6, "undecided": 1, "not_applicable": 1})
    found = targets(city)
    assert {code: (t["issuer"], t["kind"], t["value"], t["unit_of_measure"], t["weight"], t["points"], t["roll_up"])
            for code, t in found.items()} == {
        "air": ("province", "rate", "82.5", "percent", None, None, "lead"),
        "housing": ("city", "floor", "60", "km", "3", None, "sum"),
        "new-museum": ("city", "milestone", "100", "percent", "6", None, "lead"),
        "one-stop": ("province", "qualitative", "100", "percent", None, None, "lead"),
        "pilot": ("province", "cumulative", "60", "km", "0", "5", "sum"),
        "roads": ("province", "cumulative", "61", "km", "4", "40", "sum"),
    }  # fmt: skip
    assert (found["one-stop"]["text"], found["roads"]["tags"]) == ("全部网上可办", ["practical_matter"])
    roads = row(answer, "roads")
    assert (roads["target"], roads["code"], roads["faults"]) == (found["roads"]["id"], "roads", [])
    history = city.get(f"{YEAR}/targets/roads").json()["history"]
    assert [version["known_from"] for version in history] == [roads["position"]]
    gdp = row(answer, "gdp")
    assert [(fault["code"], "裁定" in fault["zh"], "decide" in fault["en"]) for fault in gdp["faults"]] == [
        ("OUTCOME_IS_UNDECIDED", True, True)
    ]
    assert (gdp["remedy"], gdp["target"]) == (f"{ALIGNMENTS}/{said['alignment']}/decisions", None)
    assert reasons(answer, "ports") == ["DOES_NOT_APPLY"]


def test_a_check_says_the_same_and_issues_nothing(city: Office) -> None:
    run = aligned(city)
    checked = issues(city, run, "?mode=check")
    assert (checked.status_code, checked.json()["status"]) == (200, "checked")
    assert targets(city) == {}
    assert statuses(checked) == statuses(issues(city, run))


def test_issued_twice_is_issued_once(city: Office) -> None:
    run = aligned(city)
    first = issues(city, run)
    before = targets(city)
    again = issues(city, run, effective_on="2009-02-01")
    assert again.status_code == 201
    issued = {each["indicator"]: each for each in first.json()["items"] if each["status"] == "issued"}
    repeated = {each["indicator"]: each for each in again.json()["items"] if each["status"] == "unchanged"}
    assert {name: (each["target"], each["position"]) for name, each in repeated.items()} == {
        name: (each["target"], each["position"]) for name, each in issued.items()
    }
    assert targets(city) == before, "on its own date, whatever date the second order names"
    assert city.get(f"{YEAR}/targets").json()["pin"]["position"] == max(e["position"] for e in issued.values())


def test_a_repeat_under_its_key_gets_the_first_outcome_whatever_was_decided_since(city: Office) -> None:
    run = aligned(city)
    first = issues(city, run, key="once")
    decides(city, run)
    after = issues(city, run)
    assert row(after, "gdp")["status"] == "issued"
    leader = {"value": "70", "effective_on": "2009-01-01", "reason": "追加"}
    seen = {"If-Match": city.get(f"{YEAR}/targets/roads").headers["ETag"]}
    assert city.post(f"{YEAR}/targets/roads/adjustments", leader, headers=seen).status_code == 201
    again = issues(city, run, key="once")
    assert (again.status_code, again.json()) == (201, first.json())
    assert code_of(issues(city, run, key="once", effective_on="2009-02-01")) == (409, "ID_REUSED")


def test_what_is_decided_is_issued_as_decided(city: Office) -> None:
    run = aligned(city)
    decides(city, run, "other", value="270", unit_of_measure="yi_yuan")
    assert row(issues(city, run, indicators=["gdp"]), "gdp")["status"] == "issued"
    gdp = targets(city)["gdp"]
    assert (gdp["issuer"], gdp["value"], gdp["unit_of_measure"]) == ("city", "270", "yi_yuan")


def test_of_a_faulty_order_nothing_is_issued_or_row_by_row_what_has_no_fault(city: Office) -> None:
    run = aligned(city)
    refused = issues(city, run, details=[])
    assert code_of(refused) == (409, "OUTCOMES_NOT_ISSUABLE")
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [
        ("/outcomes/museum/steps", "STEPS_MISSING")
    ]
    assert targets(city) == {}
    rows = issues(city, run, "?atomic=false", details=[])
    assert (row(rows, "museum")["status"], reasons(rows, "museum")) == ("refused", ["STEPS_MISSING"])
    assert sorted(targets(city)) == ["air", "housing", "one-stop", "pilot", "roads"]
    assert row(issues(city, run), "museum")["status"] == "issued"


@pytest.mark.parametrize(
    ("details", "code"),
    [
        ({"indicator": "roads", "bands": [{"code": "a", "name": {"zh": "优"}, "share": "100"},
                                          {"code": "b", "name": {"zh": "差"}, "share": "0"}]}, "BANDS_NOT_WANTED"),
        ({"indicator": "roads", "steps": MUSEUM["steps"]}, "STEPS_NOT_WANTED"),
        ({"indicator": "roads", "scoring": {"method": "reverse"}}, "SCORING_DOES_NOT_FIT"),
        ({"indicator": "air", "roll_up": "sum"}, "ROLL_UP_DOES_NOT_FIT"),
        ({"indicator": "roads", "code": "air"}, "TARGET_CODE_TAKEN"),
        ({"indicator": "roads", "code": "there"}, "TARGET_CODE_TAKEN"),
    ],
)  # fmt: skip
def test_the_rules_of_a_single_issue_hold(city: Office, details: dict[str, Any], code: str) -> None:
    assert city.issues("there").status_code == 201
    run = aligned(city)
    refused = issues(city, run, details=[MUSEUM, details])
    assert code_of(refused) == (409, "OUTCOMES_NOT_ISSUABLE"), refused.text
    assert {error["code"] for error in refused.json()["errors"]} == {code}
    assert sorted(targets(city)) == ["there"]


def test_what_is_named_has_to_be_issued(city: Office) -> None:
    run = aligned(city)
    refused = issues(city, run, indicators=["gdp", "ports", "roads"])
    assert {(error["pointer"], error["code"]) for error in refused.json()["errors"]} == {
        ("/outcomes/gdp", "OUTCOME_IS_UNDECIDED"), ("/outcomes/ports", "DOES_NOT_APPLY"),
    }  # fmt: skip
    assert targets(city) == {}
    assert statuses(issues(city, run, indicators=["roads", "housing"])) == {"roads": "issued", "housing": "issued"}
    unknown = issues(city, run, indicators=["roads", "nowhere"])
    assert code_of(unknown) == (409, "INDICATOR_IS_UNKNOWN")
    assert [error["pointer"] for error in unknown.json()["errors"]] == ["/indicators/1"]
    twice = issues(city, run, details=[MUSEUM, MUSEUM])
    assert (code_of(twice), twice.json()["errors"][0]["pointer"]) == (
        (422, "DETAILS_STATED_TWICE"), "/details/1/indicator"
    )  # fmt: skip


def test_after_a_new_edition_the_new_ones_are_issued_and_what_differs_is_adjusted(city: Office) -> None:
    assert issues(city, aligned(city)).status_code == 201
    more = [body("roads", code="p-1", value="66000", unit_of_measure="m", weight="5", points="40"), *PROVINCE[1:],
            body("chargers", code="p-8", unit_of_measure="piece")]  # fmt: skip
    city.clock("2009-08-12T09:00:00+08:00")
    august = aligned(city, more, None)
    answer = issues(city, august, effective_on="2009-08-12")
    assert Counter(statuses(answer).values()) == {"issued": 1, "differs": 1, "unchanged": 5, "undecided": 1,
                                                  "not_applicable": 1}  # fmt: skip
    roads = row(answer, "roads")
    assert roads["differences"] == [
        {"member": "value", "stands": "61", "proposed": "66"}, {"member": "weight", "stands": "4", "proposed": "5"},
    ]  # fmt: skip
    assert (reasons(answer, "roads"), roads["remedy"]) == (["ISSUED_OTHERWISE"], f"{YEAR}/targets/roads/adjustments")
    assert (targets(city)["roads"]["value"], targets(city)["chargers"]["effective_on"]) == ("61", "2009-08-12")
    assert code_of(issues(city, august, indicators=["roads"])) == (409, "OUTCOMES_NOT_ISSUABLE")

    adjusted = {"value": "66", "effective_on": "2009-08-12", "reason": "省级第二版"}
    seen = {"If-Match": city.get(f"{YEAR}/targets/roads").headers["ETag"]}
    assert city.post(roads["remedy"], adjusted, headers=seen).status_code == 201
    assert [each["member"] for each in row(issues(city, august), "roads")["differences"]] == ["weight"]


def test_a_withdrawn_target_is_not_issued_again_unless_under_another_code(city: Office) -> None:
    run = aligned(city)
    assert issues(city, run).status_code == 201
    withdrawal = {"effective_on": "2009-01-05", "reason": "并入", "evidence": []}
    seen = {"If-Match": city.get(f"{YEAR}/targets/new-museum").headers["ETag"]}
    assert city.post(f"{YEAR}/targets/new-museum/withdrawals", withdrawal, headers=seen).status_code == 201
    museum = row(issues(city, run), "museum")
    assert (museum["status"], [fault["code"] for fault in museum["faults"]]) == ("differs", ["TARGET_IS_WITHDRAWN"])
    other = MUSEUM | {"code": "museum-2"}
    assert row(issues(city, run, details=[other]), "museum")["code"] == "museum-2"


def test_the_citys_own_additions_are_issued_as_the_run_took_them_in(city: Office) -> None:
    parks = body("parks", code="own-parks", unit_of_measure="piece", weight="2")
    added = city.post(f"{YEAR}/catalogue-additions", {"item": parks}).json()["id"]
    run = aligned(city)
    path = f"{YEAR}/catalogue-additions/{added}"
    gone = city.post(f"{path}/withdrawals", {"reason": "并入"}, headers=city.seen(f"{YEAR}/catalogue-additions"))
    assert gone.status_code == 201, gone.text
    (shown,) = [each for each in city.get(f"{ALIGNMENTS}/{run}").json()["items"] if each["indicator"] == "parks"]
    assert (shown["target"]["weight"], shown["target"]["issuer"]) == ("2", "city")
    assert row(issues(city, run), "parks")["status"] == "issued"
    assert targets(city)["parks"]["weight"] == "2"


def test_a_target_that_was_issued_by_hand_is_known_by_its_indicator(city: Office) -> None:
    by_hand = {"indicator": "roads", "value": "61", "issuer": "province", "weight": "4", "points": "40"}
    assert city.issues("main-roads", **by_hand).status_code == 201
    roads = row(issues(city, aligned(city)), "roads")
    assert (roads["status"], roads["code"]) == ("unchanged", "main-roads")


def test_who_may_and_when(city: Office) -> None:
    run = aligned(city)
    for who in ("leader", "unit", "admin", "auditor"):
        assert city.post(f"{ALIGNMENTS}/{run}/targets", JANUARY, who=who).status_code == 403
    outside = issues(city, run, effective_on="2010-01-01")
    assert (code_of(outside), outside.json()["errors"][0]["pointer"]) == ((409, "DATE_OUTSIDE_YEAR"), "/effective_on")
    nowhere = "00000000-0000-7000-8000-000000000000"
    assert code_of(city.post(f"{ALIGNMENTS}/{nowhere}/targets", JANUARY)) == (404, "ALIGNMENT_UNKNOWN")
    assert city.post(f"{CITY}/years", {"year": 2010}).status_code == 201
    elsewhere = city.post(f"{CITY}/years/2010/alignments/{run}/targets", {"effective_on": "2010-01-01"})
    assert code_of(elsewhere) == (404, "ALIGNMENT_UNKNOWN")
    assert code_of(city.post(f"{ALIGNMENTS}/{run}/targets", {})) == (422, "MALFORMED")


def test_the_catalogues_of_2009_become_targets_by_one_order(city: Office) -> None:
    run = aligned(city, bodies("province"), bodies("city"))
    said = city.get(f"{ALIGNMENTS}/{run}", limit=1000).json()
    for outcome in said["items"]:
        if outcome["reason"] == "NEEDS_DECISION":
            decision = {"indicator": outcome["indicator"], "choice": "province", "reason": "以省为准"}
            assert city.post(f"{ALIGNMENTS}/{run}/decisions", decision).status_code == 201
    milestones = [each["indicator"] for each in said["items"] if (each["target"] or {}).get("kind") == "milestone"]
    details = [MUSEUM | {"indicator": indicator, "code": indicator} for indicator in milestones]
    answer = issues(city, run, details=details)
    assert answer.status_code == 201, answer.text
    items = answer.json()["items"]
    assert answer.json()["totals"] == {"issued": 91, "not_applicable": EXPECTED["reasons"]["NOT_APPLICABLE"]}
    of = {outcome["indicator"]: outcome for outcome in said["items"]}
    issued = [each for each in items if each["status"] == "issued"]
    assert sum(of[each["indicator"]]["province"] is not None for each in issued) == EXPECTED["assess_us"]
    assert sum(of[each["indicator"]]["matched"] for each in issued) == EXPECTED["matched"]
    new = Counter(each["category"] for each in issued if each["reason"] == "ADDED_FROM_PROVINCE")
    assert new == EXPECTED["new_by_category"] == {"key_work": 4, "livelihood": 10, "economy": 11, "society": 7}
    assert len(items) == 137, "each of the province's 125 and the city's own 12 is told"
    stands = targets(city)
    assert sorted(stands) == sorted(each["code"] for each in issued)
    roads = stands["county-township-roads"]
    assert (roads["issuer"], roads["value"], roads["unit_of_measure"], roads["weight"]) == ("city", "60", "km", "1.5")


def test_two_who_issue_at_once_issue_every_target_once(city: Office) -> None:
    run = aligned(city)
    with ThreadPoolExecutor(2) as two:
        answers = [each.result() for each in [two.submit(issues, city, run, key=key) for key in ("one", "other")]]
    counted = [Counter(statuses(answer).values()) for answer in answers]
    assert sorted((each["issued"], each["unchanged"]) for each in counted) == [(0, 6), (6, 0)]
    first, second = ({each["indicator"]: each["target"] for each in answer.json()["items"]} for answer in answers)
    assert first == second
    for key, answer in zip(("one", "other"), answers, strict=True):
        assert statuses(issues(city, run, key=key)) == statuses(answer)
    assert len(targets(city)) == 6


def test_the_pages_of_a_run_agree_though_it_is_decided_meanwhile(city: Office) -> None:
    run = aligned(city)
    whole = city.get(f"{ALIGNMENTS}/{run}").json()
    page = city.get(f"{ALIGNMENTS}/{run}", limit=1).json()
    decides(city, run)
    walked = list(page["items"])
    while page["next_cursor"] is not None:
        page = city.get(f"{ALIGNMENTS}/{run}", limit=1, cursor=page["next_cursor"]).json()
        walked += page["items"]
        assert (page["totals"], page["pin"]) == (whole["totals"], whole["pin"])
    assert walked == whole["items"]
    now = city.get(f"{ALIGNMENTS}/{run}").json()
    assert now["totals"]["undecided"] == whole["totals"]["undecided"] - 1
    assert [each["indicator"] for each in now["items"] if each["decision"]] == ["gdp"]


def test_an_outcome_shows_what_is_issued_of_it_as_known_then(city: Office) -> None:
    run = aligned(city)
    before = city.get(f"{ALIGNMENTS}/{run}").json()
    shown = {each["indicator"]: each for each in before["items"]}
    assert shown["roads"]["target"] == {
        "issuer": "province", "kind": "cumulative", "direction": "higher", "value": "61", "unit_of_measure": "km",
        "text": None, "bonus": False, "weight": "4", "points": "40", "tags": ["practical_matter"], "roll_up": "sum",
    }  # fmt: skip
    assert (shown["gdp"]["target"], shown["ports"]["target"]) == (None, None)
    gdp = shown["gdp"]
    assert [(gdp[side]["basis"], gdp[side]["kind"]) for side in ("province", "city")] == [
        ("growth", "cumulative"), ("value", "cumulative")
    ]  # fmt: skip
    assert {name: each["tilted_weight"] for name, each in shown.items() if each["tilted_weight"]} == {
        "roads": "4", "housing": "3", "museum": "6", "pilot": "0"
    }  # fmt: skip
    decides(city, run)
    seen = city.seen(f"{YEAR}/weights")
    assert city.post(f"{YEAR}/weight-rule", {"province_share": "50", "decimals": 2}, headers=seen).status_code == 201
    after = {each["indicator"]: each for each in city.get(f"{ALIGNMENTS}/{run}").json()["items"]}
    assert (after["gdp"]["target"]["issuer"], after["gdp"]["target"]["value"]) == ("city", "260")
    assert {name: each["tilted_weight"] for name, each in after.items() if each["tilted_weight"]} == {
        "roads": "6.5", "housing": "2.17", "museum": "4.33", "pilot": "0"
    }  # fmt: skip
    at = f"position:{before['pin']['position']}"
    assert city.get(f"{ALIGNMENTS}/{run}", known_at=at).json() == before


def test_a_year_that_is_closing_issues_nothing(given_out: Office) -> None:
    city = given_out
    run = aligned(city)
    for path, sent in (("target-tables", {"issued_on": "2009-03-10"}), ("moves", {"state": "running"}),
                       ("moves", {"state": "closing"})):  # fmt: skip
        seen = {"If-Match": city.get(YEAR).headers["ETag"]}
        assert city.post(f"{YEAR}/{path}", sent, headers=seen).status_code == 201
    assert code_of(issues(city, run)) == (409, "YEAR_DOES_NOT_ALLOW")
    assert sorted(targets(city)) == ["jobs", "roads"]
