"""Adjustment requests: who may ask until when, what the province forbids, and what a leader's decision does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest
from httpx2 import Response
from msgspec.structs import replace

from services.targets.adjustment import (
    Decision,
    RequestAdjustment,
    Requests,
    approve_adjustment,
    cut_off_stream,
    refuse_adjustment,
    request_adjustment,
    requests_stream,
    review_adjustment,
    set_cut_off,
)
from services.targets.alignment import Floor, align, floor_of
from services.targets.assignment import Part, Parts
from services.targets.errors.adjustments import (
    AdjustmentRequestUnknown,
    BelowProvince,
    CutOffHasPassed,
    RequestIsDecided,
    RequestIsNotReviewed,
    UnitHasNoPart,
)
from services.targets.errors.targets import TargetValueIsZero
from services.targets.errors.years import DateOutsideYear
from shared.admission.errors import TargetUnknown, YearIsNotOpen
from shared.contracts.targets import (
    AdjustmentApproved,
    AdjustmentCutOffSet,
    AdjustmentRefused,
    AdjustmentRequested,
    AdjustmentReviewed,
    TargetAdjusted,
)
from shared.deciding import Fact
from tests.services.targets.catalogues import item
from tests.services.targets.conftest import CITY, YEAR, Office, target_body
from tests.services.targets.ruling import given
from tests.services.targets.test_rules import JULY, ROADS

STREAM = requests_stream(2009, "roads")
AUGUST = date(2009, 8, 3)
PARTS = Parts((Part("a1", "u1", "lead", date(2009, 1, 1)),))
ASKED = AdjustmentRequested(
    request="r1", target="t1", unit="u1", value="52", effective_on=JULY, reason="洪灾", evidence=["ab" * 32]
)
RECOMMENDED = AdjustmentReviewed(request="r1", recommended=True, reason="属实")
ADJUSTED = TargetAdjusted(target="t1", value="52", effective_on=JULY, reason="洪灾")
APPROVED, REFUSED = AdjustmentApproved(request="r1"), AdjustmentRefused(request="r1", reason="不足")
DECISION = Decision(2009, "roads", "r1", "不足")
PROVINCE = Floor("50", "km", 2, "roads")


def asking(value: str = "52.0", **known: Any) -> Callable[[Requests], list[Fact]]:
    command = RequestAdjustment("r1", 2009, "roads", "transport", value, JULY, "洪灾", ("ab" * 32,))
    beside: dict[str, Any] = {"unit": "u1", "parts": PARTS, "cut_off": None, "today": AUGUST, "floor": None}
    return partial(request_adjustment, command, **(beside | known))


def test_a_unit_that_answers_for_a_part_may_ask() -> None:
    given(STREAM, ROADS).when(asking()).then(ASKED)


def test_others_may_not_ask() -> None:
    for others in ({"unit": "u2"}, {"unit": None}, {"today": date(2008, 12, 31)}):
        given(STREAM, ROADS).when(asking(**others)).refuses(UnitHasNoPart, "/unit")
    ended = Parts((Part("a1", "u1", "lead", date(2009, 1, 1), AUGUST),))
    given(STREAM, ROADS).when(asking(parts=ended)).refuses(UnitHasNoPart, "/unit")


def test_the_cut_off_is_the_last_day_on_which_may_be_asked() -> None:
    given(STREAM, ROADS).when(asking(cut_off=AUGUST)).then(ASKED)
    given(STREAM, ROADS).when(asking(cut_off=date(2009, 8, 2))).refuses(
        CutOffHasPassed, cut_off=date(2009, 8, 2), today=AUGUST
    )


def test_what_could_never_be_approved_cannot_be_asked() -> None:
    given(STREAM).when(asking()).refuses(TargetUnknown)
    given(STREAM, ROADS).when(asking("0")).refuses(TargetValueIsZero, "/value")
    given(STREAM, ROADS).when(asking("49.9", floor=PROVINCE)).refuses(
        BelowProvince,
        "/value",
        target="roads",
        indicator="roads",
        value="49.9",
        province="50",
        unit_of_measure="km",
        edition=2,
    )
    given(STREAM, ROADS).when(asking("50", floor=PROVINCE)).then(replace(ASKED, value="50"))


def test_where_lower_is_better_the_province_s_value_is_a_ceiling() -> None:
    limit = replace(ROADS, kind="ceiling", direction="lower")
    given(STREAM, limit).when(asking("51", floor=PROVINCE)).refuses(BelowProvince, "/value")
    given(STREAM, limit).when(asking("50", floor=PROVINCE)).then(replace(ASKED, value="50"))


def test_a_leader_s_approval_adjusts_the_target() -> None:
    approve = partial(approve_adjustment, DECISION, floor=None)
    given(STREAM, ROADS, ASKED, RECOMMENDED).when(approve).then(APPROVED, ADJUSTED)


def test_a_request_against_the_recommendation_can_be_approved_and_refused() -> None:
    against = AdjustmentReviewed(request="r1", recommended=False, reason="夸大")
    refuse = partial(refuse_adjustment, DECISION)
    given(STREAM, ROADS, ASKED, against).when(refuse).then(REFUSED)
    approve = partial(approve_adjustment, DECISION, floor=None)
    given(STREAM, ROADS, ASKED, against).when(approve).then(APPROVED, ADJUSTED)


def test_a_province_that_became_stricter_meanwhile_forbids_the_approval() -> None:
    approve = partial(approve_adjustment, DECISION, floor=Floor("55", "km", 3, "roads"))
    given(STREAM, ROADS, ASKED, RECOMMENDED).when(approve).refuses(BelowProvince, province="55", edition=3)


def test_steps_come_in_their_order() -> None:
    review = partial(review_adjustment, Decision(2009, "roads", "r1", "属实"), recommended=True)
    approve, refuse = partial(approve_adjustment, DECISION, floor=None), partial(refuse_adjustment, DECISION)
    for step in (review, approve, refuse):
        given(STREAM, ROADS).when(step).refuses(AdjustmentRequestUnknown)
        given(STREAM, ROADS, ASKED, RECOMMENDED, APPROVED).when(step).refuses(RequestIsDecided)
        given(STREAM, ROADS, ASKED, RECOMMENDED, REFUSED).when(step).refuses(RequestIsDecided)
    for step in (approve, refuse):
        given(STREAM, ROADS, ASKED).when(step).refuses(RequestIsNotReviewed)
    given(STREAM, ROADS, ASKED, RECOMMENDED).when(review).then(RECOMMENDED)


def test_a_cut_off_lies_in_its_open_year_and_can_be_moved() -> None:
    setting = partial(set_cut_off, 2009, AUGUST, year_open=True)
    given(cut_off_stream(2009)).when(setting).then(AdjustmentCutOffSet(year=2009, on=AUGUST))
    given(cut_off_stream(2009), AdjustmentCutOffSet(year=2009, on=JULY)).when(setting).then(
        AdjustmentCutOffSet(year=2009, on=AUGUST)
    )
    given(cut_off_stream(2009), AdjustmentCutOffSet(year=2009, on=AUGUST)).when(setting).then()
    given(cut_off_stream(2009)).when(partial(set_cut_off, 2009, AUGUST, year_open=False)).refuses(YearIsNotOpen)
    given(cut_off_stream(2009)).when(partial(set_cut_off, 2010, AUGUST, year_open=True)).refuses(DateOutsideYear)


@pytest.mark.parametrize(
    ("province", "floor"),
    [
        (item(value="60"), Floor("60", "km", 1, "roads")),
        (item(value="60000", unit_of_measure="m"), Floor("60", "km", 1, "roads")),
        (item(value="60", unit_of_measure="place"), None),
        (item(value="60", bonus=True), None),
        (item(value="60", assesses_us=False), None),
        (item(kind="qualitative", value=None, unit_of_measure=None, text="抓好"), None),
    ],
)
def test_what_the_province_demands(province: Any, floor: Floor | None) -> None:
    (outcome,) = align([province], [item()])
    assert floor_of(outcome, "km", 1) == floor


# Over HTTP


@pytest.fixture
def roads(city: Office) -> Office:
    """A target of the city, a part of it with the transport department, and a unit that has none."""
    assert city.issues(indicator="roads").status_code == 201
    assert city.assigns("transport", value="60").status_code == 201
    city.clock("2009-08-03T09:00:00+08:00")
    return city


def asks(city: Office, value: str = "52", who: str = "unit", **more: Any) -> Response:
    body = {"unit": "transport", "value": value, "effective_on": "2009-07-01", "reason": "洪灾"}
    return city.post(f"{YEAR}/targets/roads/adjustment-requests", body | more, who=who)


def step(city: Office, request: str, name: str, body: object = None, who: str = "leader", **more: Any) -> Response:
    more.setdefault("headers", city.seen(f"{YEAR}/adjustment-requests/{request}"))
    return city.post(f"{YEAR}/targets/roads/adjustment-requests/{request}/{name}", body, who=who, **more)


def status_of(city: Office, request: str, **query: str) -> str:
    answer = city.get(f"{YEAR}/adjustment-requests/{request}", **query)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["request"]["status"])


def test_a_request_goes_all_the_way_and_every_state_of_knowledge_keeps_its_answer(roads: Office) -> None:
    request = asks(roads).json()["id"]
    asked_at = roads.get(f"{YEAR}/adjustment-requests/{request}").json()["pin"]["position"]
    assert step(roads, request, "reviews", {"recommended": True, "reason": "属实"}, who="office").status_code == 201
    approved = step(roads, request, "approvals", headers=roads.seen(f"{YEAR}/targets/roads"))
    assert approved.status_code == 201, approved.text
    told = approved.json()["decomposition"]
    assert (told["value"], told["parts"], told["surplus"]) == ("52", "60", "8"), "the unit keeps the part it was given"

    assert status_of(roads, request) == "approved"
    assert status_of(roads, request, known_at=f"position:{asked_at}") == "submitted"
    assert roads.get(f"{YEAR}/targets/roads").json()["target"]["value"] == "52"
    assert roads.get(f"{YEAR}/targets/roads", as_of="2009-06-30").json()["target"]["value"] == "60"
    before = roads.get(f"{YEAR}/targets/roads", known_at=f"position:{asked_at}").json()
    assert before["target"]["value"] == "60"
    (listed,) = roads.get(f"{YEAR}/adjustment-requests", status="approved", target="roads").json()["items"]
    assert (listed["unit"], listed["review"], listed["recommended"]) == ("transport", "属实", True)
    assert roads.get(f"{YEAR}/adjustment-requests", status="refused").json()["items"] == []


def test_two_who_decide_at_once_do_not_overwrite_one_another(roads: Office) -> None:
    request = asks(roads).json()["id"]
    step(roads, request, "reviews", {"recommended": True, "reason": "属实"}, who="office")
    for name, body in (("reviews", {"recommended": False, "reason": "不足"}), ("approvals", None),
                       ("refusals", {"reason": "不足"})):  # fmt: skip
        who = "office" if name == "reviews" else "leader"
        assert step(roads, request, name, body, who, headers={}).json()["code"] == "IF_MATCH_MISSING"
        stale = step(roads, request, name, body, who, headers={"If-Match": '"1"'})
        assert (stale.status_code, stale.json()["about"]["current"]) == (412, 3)
    assert status_of(roads, request) == "reviewed"
    assert step(roads, request, "refusals", {"reason": "不足"}).status_code == 201
    assert status_of(roads, request) == "refused"


def test_the_province_s_value_is_named_when_it_forbids(roads: Office) -> None:
    body = {
        "code": "p-1",
        "indicator": "roads",
        "name": {"zh": "公路"},
        "category": "livelihood",
        "basis": "value",
        "kind": "cumulative",
        "direction": "higher",
        "period": "year",
        "value": "55000",
        "unit_of_measure": "m",
    }
    for issuer in ("province", "city"):
        made = roads.post(f"{YEAR}/catalogues", {"issuer": issuer, "items": [body]})
        assert made.status_code == 201, made.text
        body = body | {"code": "c-1", "value": "60", "unit_of_measure": "km"}
    ids = {row["issuer"]: row["id"] for row in roads.get(f"{YEAR}/catalogues").json()["items"]}
    assert roads.post(f"{YEAR}/alignments", ids).status_code == 201
    roads.get(f"{YEAR}/alignments")  # it has been read

    refused = asks(roads, "54")
    assert (refused.status_code, refused.json()["code"]) == (409, "BELOW_PROVINCE")
    assert refused.json()["about"] == {
        "target": "roads", "indicator": "roads", "value": "54", "province": "55", "unit_of_measure": "km", "edition": 1,
    }  # fmt: skip
    etag = roads.get(f"{YEAR}/targets/roads").headers["ETag"]
    directly = {"value": "54", "effective_on": "2009-07-01", "reason": "核减"}
    decided = roads.post(f"{YEAR}/targets/roads/adjustments", directly, headers={"If-Match": etag})
    assert decided.json()["code"] == "BELOW_PROVINCE"
    assert asks(roads, "55").status_code == 201


def test_after_the_cut_off_nobody_asks(roads: Office) -> None:
    path = f"{YEAR}/adjustment-cut-off"
    assert roads.get(path).json()["last_on"] is None
    assert roads.post(path, {"last_on": "2009-08-02"}, headers=roads.seen(path)).status_code == 201
    assert roads.get(path).json()["last_on"] == "2009-08-02"
    late = asks(roads)
    assert (late.status_code, late.json()["code"], late.json()["about"]["cut_off"]) == (
        409,
        "CUT_OFF_HAS_PASSED",
        "2009-08-02",
    )
    assert roads.get(f"{YEAR}/adjustment-requests").json()["items"] == []


def test_a_unit_speaks_for_itself_and_sees_its_own(roads: Office, tokens: Callable[..., str]) -> None:
    roads.minted["unit"] = tokens("unit", unit="county", scope="own")
    assert asks(roads, unit="county").status_code == 404, "the target is none of theirs"
    roads.assigns("county", role="supporting", value="10")
    roads.get(f"{YEAR}/targets/roads")
    assert asks(roads, unit="transport").json()["code"] == "UNIT_OUT_OF_SCOPE"
    theirs = asks(roads, unit="transport", who="office").json()["id"]
    ours = asks(roads, unit="county").json()["id"]
    listed = roads.get(f"{YEAR}/adjustment-requests", who="unit").json()["items"]
    assert [row["id"] for row in listed] == [ours]
    assert roads.get(f"{YEAR}/adjustment-requests/{theirs}", who="unit").status_code == 404


def test_another_target_s_request_cannot_be_decided_here(roads: Office) -> None:
    request = asks(roads).json()["id"]
    assert roads.post(f"{YEAR}/targets", target_body("bridges")).status_code == 201
    body = {"recommended": True, "reason": "属实"}
    bridges = f"{YEAR}/targets/bridges"
    path, seen = f"{bridges}/adjustment-requests/{request}/reviews", roads.seen(bridges)
    elsewhere = roads.post(path, body, headers=seen)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "ADJUSTMENT_REQUEST_UNKNOWN")
    assert roads.get(f"{CITY}/years/2008/adjustment-requests/{request}").status_code == 404
