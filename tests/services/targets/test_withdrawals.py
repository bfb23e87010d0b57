"""Withdrawal of a target: who decides, what the province forbids, and what stays answerable."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest
from httpx2 import Response

from services.targets.alignment import Demand, align, demand_of
from services.targets.errors.adjustments import ProvinceStillAsks, TargetIsWithdrawn
from services.targets.errors.years import DateOutsideYear
from services.targets.target import Target, WithdrawTarget, target_stream, withdraw_target
from shared.admission.errors import TargetUnknown
from shared.contracts.targets import TargetWithdrawn
from shared.deciding import Fact
from tests.services.targets.catalogues import item
from tests.services.targets.conftest import YEAR, Office
from tests.services.targets.ruling import given, state
from tests.services.targets.test_rules import JULY, PARTS, ROADS, adjusting, assigning

STREAM = target_stream(2009, "roads")
WITHDRAWN = TargetWithdrawn(target="t1", on=JULY, reason="取消", evidence=["ab" * 32])
PROVINCE = Demand("roads", 2, "50", "km", None)
TARGET = f"{YEAR}/targets/roads"


def withdrawing(on: date = JULY, demand: Demand | None = None) -> Callable[[Target], list[Fact]]:
    return partial(withdraw_target, WithdrawTarget(2009, "roads", on, "取消", ("ab" * 32,)), demand=demand)


def test_a_target_is_withdrawn_from_a_date_with_a_reason() -> None:
    given(STREAM, ROADS).when(withdrawing()).then(WITHDRAWN)
    given(STREAM).when(withdrawing()).refuses(TargetUnknown)
    given(STREAM, ROADS).when(withdrawing(date(2010, 1, 1))).refuses(DateOutsideYear, "/effective_on")


def test_a_target_is_withdrawn_once() -> None:
    given(STREAM, ROADS, WITHDRAWN).when(withdrawing()).refuses(TargetIsWithdrawn, withdrawn_on=JULY)


def test_a_target_is_not_withdrawn_while_the_province_asks_for_it() -> None:
    given(STREAM, ROADS).when(withdrawing(demand=PROVINCE)).refuses(
        ProvinceStillAsks, province="50", unit_of_measure="km", edition=2, indicator="roads"
    )


def test_the_province_asks_also_where_its_value_cannot_be_compared() -> None:
    def demanded(*sides: Any) -> Demand | None:
        (outcome,) = align([sides[0]] if sides[0] else [], [sides[1]] if len(sides) > 1 else [])
        return demand_of(outcome, 3)

    assert demanded(item("roads", value="50")) == Demand("roads", 3, "50", "km", None)
    growth = demanded(item("roads", basis="growth"), item("roads"))
    assert growth is not None  # a decision is needed, but the province asks
    assert demanded(item("roads", assesses_us=False), item("roads")) is None
    assert demanded(None, item("roads")) is None


def test_a_withdrawn_target_is_adjusted_and_assigned_for_earlier_days_only() -> None:
    given(STREAM, ROADS, WITHDRAWN).when(adjusting(on=JULY)).refuses(TargetIsWithdrawn, "/effective_on")
    target = state(STREAM, ROADS, WITHDRAWN)
    assert len(adjusting(on=date(2009, 6, 30))(target)) == 1
    given(PARTS).when(assigning(on=JULY, target=target)).refuses(TargetIsWithdrawn, "/valid_from")


# Over HTTP


@pytest.fixture
def roads(city: Office) -> Office:
    assert city.issues(indicator="roads").status_code == 201
    assert city.assigns("transport", value="60").status_code == 201
    city.clock("2009-08-12T10:00:00+08:00")
    return city


def withdraws(city: Office, on: str = "2009-07-01", match: str = '"1"', **more: Any) -> Response:
    body = {"effective_on": on, "reason": "省级取消该项任务", "evidence": ["ab" * 32]}
    return city.post(f"{TARGET}/withdrawals", body, headers={"If-Match": match} | more.pop("headers", {}), **more)


def test_a_withdrawn_target_still_stands_on_earlier_days_and_in_earlier_knowledge(roads: Office) -> None:
    before = roads.get(TARGET).json()["pin"]
    withdrawn = withdraws(roads, who="leader")
    assert withdrawn.status_code == 201, withdrawn.text
    now = roads.get(TARGET).json()
    assert (now["target"]["withdrawn"], now["target"]["effective_on"]) == (True, "2009-07-01")
    assert [(v["effective_on"], v["withdrawn"]) for v in now["history"]] == [
        ("2009-01-01", False), ("2009-07-01", True),
    ]  # fmt: skip
    assert roads.get(f"{YEAR}/targets").json()["items"] == []
    assert roads.get(f"{YEAR}").json()["targets"] == 0
    earlier = roads.get(f"{YEAR}/targets", as_of="2009-06-30").json()["items"]
    assert [row["target"]["withdrawn"] for row in earlier] == [False]
    known = roads.get(f"{YEAR}/targets", known_at=f"position:{before['position']}").json()["items"]
    assert [row["target"]["code"] for row in known] == ["roads"]
    again = withdraws(roads, match='"2"')
    assert (again.status_code, again.json()["code"]) == (409, "TARGET_IS_WITHDRAWN")
    chinese = withdraws(roads, match='"2"', headers={"Accept-Language": "zh"}).json()
    assert chinese["detail"].startswith("该目标自此日期起已撤销。")


def test_who_withdraws_needs_the_version_they_read(roads: Office) -> None:
    body = {"effective_on": "2009-07-01", "reason": "x"}
    assert roads.post(f"{TARGET}/withdrawals", body).json()["code"] == "IF_MATCH_MISSING"
    late = withdraws(roads, match='"7"')
    assert (late.status_code, late.json()["about"]["current"]) == (412, 1)
    for who in ("admin", "auditor", "unit"):
        assert withdraws(roads, who=who).status_code == 403


def test_the_province_s_target_is_named_when_it_forbids(roads: Office) -> None:
    asked = {
        "code": "p-1", "indicator": "roads", "name": {"zh": "公路"}, "category": "livelihood", "kind": "cumulative",
        "direction": "higher", "value": "55000", "unit_of_measure": "m",
    }  # fmt: skip
    for issuer in ("province", "city"):
        made = roads.post(f"{YEAR}/catalogues", {"issuer": issuer, "items": [asked]})
        assert made.status_code == 201, made.text
    ids = {row["issuer"]: row["id"] for row in roads.get(f"{YEAR}/catalogues").json()["items"]}
    assert roads.post(f"{YEAR}/alignments", ids).status_code == 201
    roads.get(f"{YEAR}/alignments")  # it has been read
    refused = withdraws(roads)
    assert (refused.status_code, refused.json()["code"]) == (409, "PROVINCE_STILL_ASKS")
    about = refused.json()["about"]
    assert (about["indicator"], about["province"], about["unit_of_measure"]) == ("roads", "55000", "m")
    assert about["edition"] == 1
    other = asked | {"code": "p-2", "indicator": "bridges"}
    assert roads.post(f"{YEAR}/catalogues", {"issuer": "province", "items": [other]}).status_code == 201
    province = roads.get(f"{YEAR}/catalogues").json()["items"]
    newest = max((row for row in province if row["issuer"] == "province"), key=lambda row: row["edition"])["id"]
    assert roads.post(f"{YEAR}/alignments", ids | {"province": newest}).status_code == 201
    roads.get(f"{YEAR}/alignments")
    assert withdraws(roads).status_code == 201, "the province's new edition asks for it no more"
