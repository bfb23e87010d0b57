"""A target's whole history as sentences, and what changed between two dates and two states of knowledge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from services.targets.alignment import Demand
from services.targets.chronicle import Line, Named, Stated, tell
from shared.contracts.decomposition import AssignmentHandedOver, DecompositionStated, OpenedPart
from shared.contracts.shapes import Shape
from shared.contracts.target_tables import IssuedTable, TargetTableSigned, TargetTablesIssued
from shared.contracts.targets import (
    AdjustmentApproved,
    AdjustmentRefused,
    AdjustmentRequested,
    AdjustmentReviewed,
    AssignmentMade,
    PeriodLocked,
    PeriodUnlocked,
    TargetAdjusted,
    TargetWithdrawn,
)
from tests.services.targets.conftest import CITY, YEAR, Office
from tests.services.targets.test_rules import JULY, NEW_YEAR, ROADS

AUGUST = date(2009, 8, 12)
NAMES = {
    "u1": Named("transport", "交通局", "the Transport Bureau"), "u2": Named("county", "湘潭县", "Xiangtan County"),
}  # fmt: skip


def told(*what: Shape | Demand | None, seen: tuple[str, ...] = ("u1", "u2")) -> list[Line]:
    stated = [
        Stated(at, at, None if each is None or isinstance(each, Demand) else NEW_YEAR, "office", each)
        for at, each in enumerate(what)
    ]
    return tell(stated, lambda unit, _: NAMES[unit] if unit in seen else None, whole=len(seen) == len(NAMES))


def adjusted(value: str, on: date = AUGUST) -> TargetAdjusted:
    return TargetAdjusted(target="t1", value=value, effective_on=on, reason="追加")


def sentences(lines: list[Line]) -> list[str]:
    return [line.sentence.en for line in lines]


def test_a_target_is_raised_and_cut_from_what_stood_on_that_day() -> None:
    lines = told(replace(ROADS, value="36"), adjusted("40.0"), adjusted("38", date(2009, 12, 1)), adjusted("36", JULY))
    assert [line.happened for line in lines] == ["issued", "raised", "cut", "adjusted"]
    assert [(line.from_value, line.to_value) for line in lines] == [
        (None, "36"), ("36", "40"), ("40", "38"), ("36", "36"),
    ]  # fmt: skip
    assert sentences(lines)[1] == "raised from 36 to 40 kilometres from 12 August 2009 on"
    assert lines[1].sentence.zh == "自8月12日起由36上调为40公里"


def test_the_edition_of_the_province_that_set_the_floor_is_named() -> None:
    first, second = Demand("roads", 1, "36000", "m", None), Demand("roads", 2, "40000", "m", None)
    lines = told(ROADS, first, second, adjusted("40"), None, adjusted("30"))
    assert [line.happened for line in lines[1:]] == [
        "province_asked", "province_changed", "cut", "province_ended", "cut",
    ]  # fmt: skip
    assert [line.edition for line in lines] == [None, 1, 2, 2, 2, None]
    assert sentences(lines)[2] == "edition 2 of the province's catalogue asks for 40000 metres"
    assert sentences(lines)[3].endswith("(edition 2 of the province's catalogue asks for it)")
    assert lines[3].sentence.zh == "自8月12日起由60下调为40公里(省级目录第2版有此目标)"
    assert lines[2].sentence.zh == "省级目录第2版要求:40000米"


def test_what_brings_a_target_up_to_the_province_s_value_is_said_to_be_by_its_edition() -> None:
    asked = Demand("roads", 2, "40000", "m", None)
    raised, more = told(replace(ROADS, value="36"), asked, adjusted("40"), adjusted("41"))[2:]
    assert raised.sentence.zh == "自8月12日起按省级目录第2版由36上调为40公里"
    assert raised.sentence.en == (
        "raised from 36 to 40 kilometres from 12 August 2009 on by edition 2 of the province's catalogue"
    )
    assert more.sentence.zh == "自8月12日起由40上调为41公里(省级目录第2版有此目标)"
    lower = replace(ROADS, value="50", kind="ceiling", direction="lower")
    assert told(lower, asked, adjusted("40"))[2].sentence.zh == "自8月12日起按省级目录第2版由50下调为40公里"
    for other in (Demand("roads", 2, None, None, "加快建设"), Demand("roads", 2, "40", "percent", None)):
        assert told(replace(ROADS, value="36"), other, adjusted("40"))[2].sentence.zh.endswith(
            "(省级目录第2版有此目标)"
        )


def test_a_day_of_another_year_is_written_with_its_year() -> None:
    made = AssignmentMade(assignment="a1", target="t1", unit="u1", role="lead", valid_from=NEW_YEAR)
    signed = TargetTableSigned(year=2009, unit="u1", sha256="ab" * 32, on=date(2010, 1, 4))
    assert told(ROADS, made, signed)[-1].sentence.zh == "2010年1月4日交通局签收目标责任表,其中本目标为60公里"


def test_parts_requests_locks_and_the_withdrawal_are_told() -> None:
    made = AssignmentMade(assignment="a1", target="t1", unit="u1", role="lead", value="60.0", valid_from=NEW_YEAR)
    handed = AssignmentHandedOver(on=JULY, ends=["a1"], opens=[OpenedPart(assignment="a2", unit="u2", carries=["a1"])])
    asked = AdjustmentRequested(
        request="r1", target="t1", unit="u2", value="52", effective_on=JULY, reason="洪灾", evidence=["ab" * 32]
    )
    reviewed = AdjustmentReviewed(request="r1", recommended=False, reason="夸大")
    refused = AdjustmentRefused(request="r1", reason="不足")
    locked, unlocked = PeriodLocked(year=2009, month=7, reason="取数"), PeriodUnlocked(
        year=2009, month=7, target="t1", reason="更正"
    )  # fmt: skip
    withdrawn = TargetWithdrawn(target="t1", on=AUGUST, reason="取消", evidence=[])
    lines = told(ROADS, made, handed, asked, reviewed, refused, locked, unlocked, withdrawn)
    assert sentences(lines)[1:] == [
        "assigned to the Transport Bureau (lead) with 60 kilometres from 1 January 2009 on",
        "handed over from the Transport Bureau to Xiangtan County on 1 July 2009",
        "Xiangtan County asks to adjust from 60 to 52 kilometres from 1 July 2009 on",
        "the request of Xiangtan County reviewed: not recommended",
        "the request of Xiangtan County refused",
        "July 2009 of all targets locked",
        "July 2009 unlocked",
        "withdrawn from 12 August 2009 on",
    ]
    assert [line.sentence.zh for line in lines[1:]] == [
        "自1月1日起由交通局牵头,承担60公里", "自7月1日起由交通局移交湘潭县", "湘潭县申请自7月1日起由60调整为52公里",
        "考核办审核湘潭县的调整申请:不建议批准", "不批准湘潭县的调整申请", "锁定7月(全部目标)", "解锁7月",
        "自8月12日起撤销",
    ]  # fmt: skip
    assert [line.reason for line in lines[3:]] == ["洪灾", "夸大", "不足", "取数", "更正", "取消"]
    assert lines[3].evidence == ("ab" * 32,)
    approved = told(ROADS, made, asked, AdjustmentApproved(request="r1"))[-1]
    assert (approved.happened, approved.request) == ("adjustment_approved", "r1")


def test_tables_are_told_of_units_that_have_a_part() -> None:
    made = AssignmentMade(assignment="a1", target="t1", unit="u1", role="lead", valid_from=NEW_YEAR)
    tables = [IssuedTable(unit=unit, sha256="ab" * 32) for unit in ("u1", "u2")]
    issued = TargetTablesIssued(year=2009, on=JULY, position=7, tables=tables)
    ours = TargetTableSigned(year=2009, unit="u1", sha256="ab" * 32, on=AUGUST)
    lines = told(ROADS, made, issued, ours, replace(ours, unit="u2"))
    assert sentences(lines)[2:] == [
        "target tables issued to the Transport Bureau on 1 July 2009",
        "target table, with 60 kilometres for this target, signed by the Transport Bureau on 12 August 2009",
    ]  # fmt: skip
    assert [line.happened for line in lines[2:]] == ["tables_issued", "table_signed"]
    assert sentences(told(ROADS, made, issued, ours, seen=("u2",))) == sentences(lines)[:1]


def test_units_that_the_reader_may_not_see_are_not_named() -> None:
    made = AssignmentMade(assignment="a1", target="t1", unit="u1", role="lead", valid_from=NEW_YEAR)
    handed = AssignmentHandedOver(on=JULY, ends=["a1"], opens=[OpenedPart(assignment="a2", unit="u2", carries=["a1"])])
    asked = AdjustmentRequested(
        request="r1", target="t1", unit="u1", value="52", effective_on=JULY, reason="洪灾", evidence=[]
    )
    lines = told(ROADS, made, handed, asked, AdjustmentApproved(request="r1"), seen=("u2",))
    assert sentences(lines)[1:] == ["handed over from another unit to Xiangtan County on 1 July 2009"]


def test_it_is_told_that_the_parts_are_complete() -> None:
    made = AssignmentMade(assignment="a1", target="t1", unit="u1", role="lead", value="50", valid_from=NEW_YEAR)
    whole = DecompositionStated(target="t1", on=JULY, reserve="10.0", reason="机动")
    of_part = DecompositionStated(target="t1", part="a1", on=JULY)
    assert sentences(told(ROADS, made, whole, of_part))[2:] == [
        "parts stated to be complete, 10 kilometres held in reserve",
        "parts of the part of the Transport Bureau stated to be complete",
    ]
    narrow = told(ROADS, made, whole, of_part, seen=("u2",))
    assert sentences(narrow)[1:] == ["parts stated to be complete"]
    assert narrow[1].sentence.zh == "确认分解完整"
    assert narrow[1].reason is None  # what all parts come to would tell of those of others
    of_ours = told(ROADS, made, replace(of_part, reserve="1", reason="本级"), seen=("u1",))[-1]
    assert (of_ours.sentence.en, of_ours.reason) == (
        "parts of the part of the Transport Bureau stated to be complete",
        None,
    )


# Over HTTP


ITEM = {
    "code": "p-1", "indicator": "roads", "name": {"zh": "公路"}, "category": "livelihood", "kind": "cumulative",
    "direction": "higher", "value": "36", "unit_of_measure": "km",
}  # fmt: skip


def aligns(city: Office, value: str) -> None:
    """The province asks for this, and its catalogue is aligned with the city's."""
    made = city.post(f"{YEAR}/catalogues", {"issuer": "province", "items": [ITEM | {"value": value}]})
    assert made.status_code == 201, made.text
    listed = city.get(f"{YEAR}/catalogues").json()["items"]
    newest = {row["issuer"]: row["id"] for row in sorted(listed, key=lambda row: row["edition"])}
    assert city.post(f"{YEAR}/alignments", newest).status_code == 201
    assert city.get(f"{YEAR}/alignments").status_code == 200


@pytest.fixture
def roads(city: Office) -> Office:
    assert city.post(f"{YEAR}/catalogues", {"issuer": "city", "items": [ITEM]}).status_code == 201
    aligns(city, "36")
    assert city.issues(indicator="roads", value="36").status_code == 201
    assert city.assigns("transport", value="36").status_code == 201
    city.clock("2009-08-12T10:00:00+08:00")
    aligns(city, "40")
    body = {"value": "40", "effective_on": "2009-08-12", "reason": "省级目录第二版"}
    etag = city.get(f"{YEAR}/targets/roads").headers["ETag"]
    assert city.post(f"{YEAR}/targets/roads/adjustments", body, who="leader",
                     headers={"If-Match": etag}).status_code == 201  # fmt: skip
    return city


def chronicle(city: Office, **query: Any) -> dict[str, Any]:
    answer = city.get(f"{YEAR}/targets/roads/chronicle", **query)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def test_one_target_is_told_from_the_province_s_first_edition_to_today(roads: Office) -> None:
    said = chronicle(roads)
    assert [line["happened"] for line in said["items"]] == [
        "province_asked", "issued", "assigned", "province_changed", "raised",
    ]  # fmt: skip
    raised = said["items"][-1]
    assert (raised["from_value"], raised["to_value"], raised["province_edition"]) == ("36", "40", 2)
    assert (raised["role"], raised["reason"]) == ("leader", "省级目录第二版")
    assert (raised["effective_on"], raised["recorded_at"]) == ("2009-08-12", "2009-08-12T02:00:00Z")
    assert raised["sentence"]["zh"].startswith("自8月12日起按省级目录第2版由36上调为40公里")
    assert raised["sentence"]["en"].startswith("raised from 36 to 40 kilometres")
    positions = [line["position"] for line in said["items"]]
    assert positions == sorted(positions)


def test_a_history_as_then_known_never_changes(roads: Office) -> None:
    before = chronicle(roads)
    pin = before["pin"]
    assert roads.post(f"{YEAR}/locks", {"month": 7, "reason": "取数"}).status_code == 201
    assert chronicle(roads)["items"][-1]["happened"] == "month_locked"
    assert chronicle(roads, pin=pin["text"]) == before
    at = before["items"][2]["position"]
    assert chronicle(roads, known_at=f"position:{at}")["items"] == before["items"][:3]
    earlier = chronicle(roads, as_of="2009-07-31")["items"]
    assert [line["in_force"] for line in earlier if line["effective_on"]] == [True, True, False]


def test_a_unit_is_named_as_it_was_called_then_and_as_was_known_then(roads: Office) -> None:
    assert chronicle(roads)["items"][2]["sentence"]["zh"].startswith("自1月1日起由transport牵头")
    etag = roads.get(f"{CITY}/units/transport").headers["ETag"]
    body = {"name": {"zh": "交通运输局", "en": "Transport Bureau"}, "effective_on": "2009-08-01", "reason": "机构改革"}
    renamed = roads.post(f"{CITY}/units/transport/names", body, who="admin", headers={"If-Match": etag})
    assert renamed.status_code == 201, renamed.text
    handing: dict[str, Any] = {"successor": "county", "effective_on": "2009-08-12", "carries_levels": True}
    assert roads.hands_over("transport", handing).status_code == 201
    lines = chronicle(roads)["items"]
    assert lines[2]["sentence"]["zh"].startswith("自1月1日起由transport牵头")
    assert lines[-1]["sentence"] == {
        "zh": "自8月12日起由交通运输局移交county",
        "en": "handed over from Transport Bureau to county on 12 August 2009",
    }
    assert lines[-1]["units"] == ["transport", "county"]


def test_a_history_is_walked_page_by_page(roads: Office) -> None:
    first = chronicle(roads, limit=3)
    rest = chronicle(roads, limit=3, cursor=first["next_cursor"])
    assert first["items"] + rest["items"] == chronicle(roads)["items"]
    assert rest["next_cursor"] is None


def test_a_unit_reads_the_history_of_its_own_targets_only(roads: Office, tokens: Callable[..., str]) -> None:
    county = tokens("unit", unit="county", scope="own")
    path = f"{YEAR}/targets/roads/chronicle"
    assert roads.get(path, token=county).status_code == 404
    assert roads.assigns("county", "supporting", value="4").status_code == 201
    told = roads.get(path, token=county)
    assert [line["units"] for line in told.json()["items"] if line["happened"] == "assigned"] == [["county"]]
    assert "transport" not in told.text
    assert roads.get(path, who="admin").status_code == 403


def test_what_changed_between_two_dates(roads: Office) -> None:
    assert roads.issues("bridges", effective_on="2009-08-12").status_code == 201
    assert roads.issues("tunnels").status_code == 201
    path = f"{YEAR}/target-changes"
    body = {"effective_on": "2009-08-12", "reason": "取消"}
    withdrawn = roads.post(f"{YEAR}/targets/tunnels/withdrawals", body, headers={"If-Match": '"1"'})
    assert withdrawn.status_code == 201
    handing: dict[str, Any] = {"successor": "county", "effective_on": "2009-08-12", "carries_levels": True}
    assert roads.hands_over("transport", handing).status_code == 201
    said = roads.get(path, compare_as_of="2009-07-31").json()
    assert [(row["code"], row["change"]) for row in said["items"]] == [
        ("bridges", "added"), ("roads", "changed"), ("tunnels", "removed"),
    ]  # fmt: skip
    changed = said["items"][1]
    assert (changed["changed"], changed["value_difference"]) == (["value"], "4")
    assert (changed["before"]["value"], changed["after"]["value"]) == ("36", "40")
    assert [(part["unit"], part["change"]) for part in changed["parts"]] == [
        ("county", "added"), ("transport", "removed"),
    ]  # fmt: skip
    assert [(table["unit"], table["status"]) for table in changed["tables"]] == [("county", "not_issued")]
    assert said["compared_pin"]["as_of"] == "2009-07-31"
    assert roads.get(path, compare_as_of="2009-08-12").json()["items"] == []
    first = roads.get(path, compare_as_of="2009-07-31", limit=2).json()
    rest = roads.get(path, compare_as_of="2009-07-31", limit=2, cursor=first["next_cursor"]).json()
    assert first["items"] + rest["items"] == said["items"]
    missing = roads.get(path)
    assert (missing.status_code, missing.json()["code"]) == (422, "COMPARISON_MISSING")
    assert [error["pointer"] for error in missing.json()["errors"]] == ["/query/compare_as_of"]


def test_what_changed_between_two_states_of_knowledge(roads: Office) -> None:
    issued = chronicle(roads)["items"][1]["position"]
    path = f"{YEAR}/target-changes"
    (row,) = roads.get(path, compare_known_at=f"position:{issued}").json()["items"]
    assert (row["code"], row["changed"], row["value_difference"]) == ("roads", ["value"], "4")
    (added,) = roads.get(path, compare_known_at=f"position:{issued - 1}", category="livelihood").json()["items"]
    assert (added["change"], added["before"]) == ("added", None)
    assert roads.get(path, compare_known_at=f"position:{issued}", category="economy").json()["items"] == []


def test_another_value_of_a_unit_s_own_part_is_a_change_of_that_part(roads: Office, tokens: Callable[..., str]) -> None:
    issuing = {"issued_on": "2009-08-01"}
    etag = roads.get(f"{YEAR}/target-tables").headers["ETag"]
    assert roads.post(f"{YEAR}/target-tables", issuing, headers={"If-Match": etag}).status_code == 201
    handing = {"effective_on": "2009-08-12", "successors": [
        {"unit": "transport", "role": "lead", "value": "30", "carries": ["transport"]},
        {"unit": "county", "role": "supporting", "value": "10", "carries": []},
    ]}  # fmt: skip
    done = roads.hands_over("transport", handing)
    assert done.status_code == 201, done.text
    path = f"{YEAR}/target-changes"
    (row,) = roads.get(path, compare_as_of="2009-08-11").json()["items"]
    county, transport = row["parts"]
    assert (county["unit"], county["change"], county["before"]) == ("county", "added", None)
    assert (transport["change"], transport["changed"]) == (
        "changed",
        ["value", "valid_from", "valid_until"],
    )
    assert (transport["before"]["value"], transport["after"]["value"]) == ("36", "30")
    assert transport["value_difference"] == "-6"
    assert row["tables"] == [
        {"unit": "county", "status": "not_issued"}, {"unit": "transport", "status": "unsigned"},
    ]  # fmt: skip
    own = tokens("unit", unit="county", scope="own")
    (narrow,) = roads.get(path, token=own, compare_as_of="2009-08-11").json()["items"]
    assert [part["unit"] for part in narrow["parts"] + narrow["tables"]] == ["county", "county"]


def test_a_part_whose_end_was_learnt_is_a_change_of_that_part(roads: Office) -> None:
    known = chronicle(roads)["pin"]["position"]
    roads.clock("2009-09-01T10:00:00+08:00")
    handing: dict[str, Any] = {"successor": "county", "effective_on": "2009-09-01", "carries_levels": True}
    done = roads.hands_over("transport", handing)
    assert done.status_code == 201, done.text
    asked = {"as_of": "2009-08-31", "compare_as_of": "2009-08-31", "compare_known_at": f"position:{known}"}
    (row,) = roads.get(f"{YEAR}/target-changes", **asked).json()["items"]
    assert [(part["unit"], part["changed"]) for part in row["parts"]] == [("transport", ["valid_until"])]
