"""A city that nobody here has seen goes through its year: its own units, codes and year, its catalogues as Excel.

Everything about it is synthetic: there is no jurisdiction 659900, and no such plan of any province.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import docx
import httpx
import pytest
from openpyxl import load_workbook

from shared.identity.callers import Scope
from shared.identity.issuer import DevelopmentIssuer

from .conftest import Running

Json = dict[str, Any]
CODE = "659900"
J = f"/v1/jurisdictions/{CODE}"
YEAR = f"{J}/years/2021"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

UNITS = (
    ("construction", "住房和城乡建设局", "department", None), ("environment", "生态环境局", "department", None),
    ("culture", "文化和旅游局", "department", None), ("tourism", "旅游发展局", "department", None),
    ("services", "政务服务局", "department", None), ("north-lake", "北湖区", "county", None),
    ("east-ridge", "东岭县", "county", None), ("stone-bridge", "石桥镇", "town", "north-lake"),
    ("willow", "柳林镇", "town", "north-lake"), ("grid", "供电公司", "company", None),
)  # fmt: skip
PEER_GROUPS = {
    "bureaus": ("construction", "environment", "culture", "tourism", "services"),
    "districts": ("north-lake", "east-ridge"),
}  # fmt: skip

Row = Mapping[str, str]
"""A line of a catalogue: what stands under which heading of the template."""


def indicator(code: str, name: str, category: str, kind: str, value: str, unit: str, **more: str) -> Row:
    return {
        "编号": code, "指标编号": code.split("-", 1)[1], "名称": name, "类别": category, "目标类型": kind,
        "方向": "越低越好" if kind == "不超过" else "越高越好", "目标值": value, "计量单位": unit,
    } | more  # fmt: skip


def in_words(code: str, name: str, category: str, text: str) -> Row:
    row = indicator(code, name, category, "定性", "", "", 文字要求=text)
    return {heading: value for heading, value in row.items() if value != ""}


PROVINCE = (
    indicator("p-greenway", "新建绿道", "民生", "累计", "90000", "米", 权重="4"),
    indicator("p-housing", "老旧小区改造", "民生", "不低于", "5000", "户", 权重="3"),
    indicator("p-complaints", "信访积案", "社会发展", "不超过", "120", "项"),
    indicator("p-industry", "规模以上工业增加值", "经济发展", "累计", "8", "%", 口径="增幅"),
    indicator("p-good-air", "空气质量优良天数比率", "社会发展", "比率", "82.5", "%", 权重="5"),
    in_words("p-one-stop", "一网通办", "政府自身建设", "高频事项全部网上可办"),
    indicator("p-pilot", "国家级试点", "重点工作", "累计", "1", "项", 加分项="是"),
    indicator("p-ports", "沿海港口吞吐", "经济发展", "累计", "300", "万人次", 考核本市="否"),
    indicator("p-rural-inns", "新建乡村民宿", "民生", "累计", "20", "个"),
)
CITY = (
    indicator("c-greenway", "新建绿道", "民生", "累计", "80", "公里", 权重="4"),
    indicator("c-housing", "老旧小区改造", "民生", "不低于", "0.6", "万户", 权重="3"),
    indicator("c-complaints", "信访积案", "社会发展", "不超过", "150", "项"),
    indicator("c-industry", "规模以上工业增加值", "经济发展", "累计", "260", "亿元"),
    in_words("c-one-stop", "一网通办", "政府自身建设", "设立综合窗口"),
    indicator("c-pilot", "国家级试点", "重点工作", "累计", "2", "项"),
    indicator("c-homestays", "新建乡村民宿项目", "民生", "累计", "30", "个"),
    indicator("c-museum", "市博物馆新馆", "重点工作", "节点", "100", "%", 权重="6"),
    indicator("c-water", "饮用水水源水质达标率", "社会发展", "保持", "100", "%"),
    indicator("c-parks", "口袋公园", "民生", "累计", "12", "个", 权重="7"),
)


@dataclass
class City:
    """One city's address, and everybody's tokens; every question waits for what was written before it."""

    http: httpx.Client
    issuer: DevelopmentIssuer
    after: str = ""
    tokens: dict[tuple[str, str, Scope], str] = field(default_factory=dict)

    def headers(self, who: str) -> dict[str, str]:
        """`who`: a role or, with the unit it belongs to, "unit transport" or "office north-lake"."""
        role, _, unit = who.partition(" ")
        scope: Scope = "all" if not unit else "own" if role == "unit" else "own+below"
        if (role, unit, scope) not in self.tokens:
            self.tokens[role, unit, scope] = self.issuer.mint(
                who, unit or "city-hall", [CODE], [role], unit or None, scope, [unit] if role == "unit" else []
            )
        return {"Authorization": f"Bearer {self.tokens[role, unit, scope]}", "Prefer": "wait=30"}

    def post(self, who: str, path: str, body: object, **headers: str) -> httpx.Response:
        sent = {**self.headers(who), "Idempotency-Key": str(uuid.uuid4()), **headers}
        if isinstance(body, bytes):
            answer = self.http.post(path, content=body, headers=sent | {"Content-Type": XLSX})
        else:
            answer = self.http.post(path, json=body, headers=sent)
        self.after = answer.headers.get("Jikao-Token", self.after)
        return answer

    def done(self, who: str, path: str, body: object, **headers: str) -> Json:
        answer = self.post(who, path, body, **headers)
        assert answer.status_code in (201, 202), (path, answer.text)
        if answer.status_code == 202:  # a slow machine's log has it in a moment, and what comes next builds on it
            self.told("office", J)
        result: Json = answer.json()
        return result

    def refused(self, code: str, who: str, path: str, body: object, **headers: str) -> Json:
        answer = self.post(who, path, body, **headers)
        assert (answer.status_code // 100, answer.json().get("code")) == (4, code), (path, answer.text)
        problem: Json = answer.json()
        return problem

    def get(self, who: str, path: str, **query: str) -> httpx.Response:
        answer = self.http.get(path, params={"after": self.after, **query}, headers=self.headers(who))
        assert answer.status_code == 200, (path, answer.text)
        return answer

    def told(self, who: str, path: str, **query: str) -> Json:
        result: Json = self.get(who, path, **query).json()
        return result

    def seen(self, who: str, path: str) -> dict[str, str]:
        """That one has seen what stands there: what a change has to match."""
        return {"If-Match": self.get(who, path).headers["ETag"]}


@pytest.fixture(scope="module")
def city(running: Running) -> Iterator[City]:
    with httpx.Client(base_url=running.url, timeout=60, trust_env=False) as http:
        yield City(http, running.issuer)


def test_a_city_that_nobody_has_seen_goes_through_its_year(city: City) -> None:
    the_city_is_set_up(city)
    province, own = take_in(city, "province", PROVINCE), take_in(city, "city", CITY)
    run = align(city, province, own)
    every_reason_is_given(city, run)
    run = the_office_decides_what_the_rule_could_not(city, run, province, own)
    targets_of_all_seven_kinds_are_issued(city, run)
    the_targets_are_given_to_units(city)
    parts_that_fall_short_need_a_reserve(city)
    the_county_gives_its_part_to_its_towns(city)
    weights_tilt_to_the_province(city)
    tables_are_issued_and_signed_for(city)
    figures_come_in(city)
    march = what_stands(city, "2021-04-01")
    a_unit_asks_for_less_and_gets_it(city)
    nothing_undercuts_the_province(city)
    one_bureau_merges_into_another(city)
    the_province_asks_for_more(city, run, province, own)
    a_target_is_withdrawn(city)
    what_changed_since_march(city)
    nothing_of_it_changed_what_was_known(city, march)


def move_to(city: City, day: str) -> None:
    city.done("admin", f"{J}/simulation/clock", {"instant": f"{day}T09:00:00+08:00"})


def the_city_is_set_up(city: City) -> None:
    opening = {"jurisdiction": CODE, "zone": "Asia/Shanghai", "clock": "simulated"}
    city.done("admin", "/v1/jurisdictions", opening | {"instant": "2021-01-04T09:00:00+08:00"})
    for code, name, kind, parent in UNITS:
        body = {"code": code, "name": {"zh": name}, "kind": kind, "valid_from": "2021-01-01"}
        city.done("admin", f"{J}/units", body | ({"parent": parent} if parent else {}))
    for code in ("north-lake", "east-ridge", "tourism", "culture"):
        city.done("admin", f"{J}/sources", {"name": code, "client": code})
    city.done("office", f"{J}/years", {"year": 2021})
    for group, members in PEER_GROUPS.items():
        seen = city.seen("office", f"{YEAR}/peer-groups")
        city.done("office", f"{YEAR}/peer-groups", {"code": group, "name": {"zh": group}}, **seen)
        for unit in members:
            member = {"unit": unit, "valid_from": "2021-01-01"}
            city.done("office", f"{YEAR}/peer-groups/{group}/members", member)


def workbook(city: City, rows: Sequence[Row]) -> bytes:
    """The service's own template, filled in."""
    book = load_workbook(io.BytesIO(city.get("office", f"{J}/templates/catalogue.xlsx").content))
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for at, row in enumerate(rows, start=2):
        for heading, value in row.items():
            sheet.cell(at, columns[heading], value)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def take_in(city: City, issuer: str, rows: Sequence[Row]) -> str:
    """Checked with a slip in it first, then right; the id of the edition."""
    path = f"{YEAR}/catalogue-workbooks?issuer={issuer}"
    slip = workbook(city, [*rows, {**rows[0], "计量单位": "里"}])
    checked = city.post("office", f"{path}&mode=check", slip).json()
    last = len(rows) + 2
    assert {(fault["row"], fault["column"], fault["code"]) for fault in checked["faults"]} >= {
        (last, "J", "NOT_OFFERED")
    }
    city.refused("CATALOGUE_FAULTY", "office", path, slip)
    right = workbook(city, rows)
    assert city.post("office", f"{path}&mode=check", right).json()["faults"] == []
    taken = city.done("office", path, right)
    assert (taken["items"], taken["faults"]) == (len(rows), [])
    return str(taken["catalogue"])


def align(city: City, province: str, own: str) -> str:
    return str(city.done("office", f"{YEAR}/alignments", {"province": province, "city": own})["id"])


def outcomes(city: City, run: str) -> dict[str, Json]:
    return {each["indicator"]: each for each in city.told("office", f"{YEAR}/alignments/{run}")["items"]}


def every_reason_is_given(city: City, run: str) -> None:
    found = outcomes(city, run)
    assert {code: (each["reason"], each["value"], each["unit_of_measure"]) for code, each in found.items()} == {
        "greenway": ("RAISED_TO_PROVINCE", "90", "km"),
        "housing": ("CITY_STRICTER_KEPT", "0.6", "wan_household"),
        "complaints": ("RAISED_TO_PROVINCE", "120", "item"),
        "industry": ("NEEDS_DECISION", None, None),
        "good-air": ("ADDED_FROM_PROVINCE", "82.5", "percent"),
        "one-stop": ("TEXT_MERGED", None, None),
        "pilot": ("BONUS_ITEM", "1", "item"),
        "ports": ("NOT_APPLICABLE", None, None),
        "rural-inns": ("ADDED_FROM_PROVINCE", "20", "piece"),
        "homestays": ("CITY_ONLY", "30", "piece"),
        "museum": ("CITY_ONLY", "100", "percent"),
        "water": ("CITY_ONLY", "100", "percent"),
        "parks": ("CITY_ONLY", "12", "piece"),
    }
    totals = city.told("office", f"{YEAR}/alignments/{run}")["totals"]
    assert (totals["catalogue"], totals["assessing_us"], totals["matched"], totals["new"]) == (9, 8, 6, 2)
    assert (totals["new_by_category"], totals["undecided"]) == ({"livelihood": 1, "society": 1}, 1)


def the_office_decides_what_the_rule_could_not(city: City, run: str, province: str, own: str) -> str:
    """Growth against value is decided, the inns of both catalogues are confirmed to be the same; the run after that."""
    choice = {"indicator": "industry", "choice": "city", "reason": "以绝对值考核"}
    city.done("office", f"{YEAR}/alignments/{run}/decisions", choice)
    (likely,) = city.told("office", f"{YEAR}/alignments/{run}/proposals")["items"]
    match = {"province": likely["province"]["indicator"], "city": likely["city"]["indicator"]}
    assert match == {"province": "rural-inns", "city": "homestays"}
    city.done("office", f"{YEAR}/alignment-matches", match | {"alignment": run})

    again = align(city, province, own)
    found = outcomes(city, again)
    inns, industry = found["rural-inns"], found["industry"]
    assert (inns["reason"], inns["city_indicator"], inns["value"]) == ("CITY_STRICTER_KEPT", "homestays", "30")
    assert (industry["value"], industry["decision"]["choice"]) == ("260", "city")
    assert city.told("office", f"{YEAR}/alignments/{again}")["totals"]["undecided"] == 0
    return again


def targets_of_all_seven_kinds_are_issued(city: City, run: str) -> None:
    """By one order. What no catalogue says of them is stated with it, first without the museum's steps."""
    issuing = f"{YEAR}/alignments/{run}/targets"
    steps = [("roof", "40", "2021-06-30"), ("opening", "60", "2021-11-30")]
    works = [{"code": code, "name": {"zh": code}, "unit_of_measure": "item"} for code, _, _ in steps]
    museum = {
        "indicator": "museum", "measures": works,
        "steps": [{"measure": code, "share": part, "due_on": due} for code, part, due in steps],
    }  # fmt: skip
    scoring = [
        {"indicator": "greenway", "scoring": {"method": "proportional"}},
        {"indicator": "complaints", "scoring": {"method": "reverse"}},
    ]
    order = {"effective_on": "2021-01-01", "details": scoring}
    without = city.refused("OUTCOMES_NOT_ISSUABLE", "office", issuing, order)
    assert [(each["pointer"], each["code"]) for each in without["errors"]] == [
        ("/outcomes/museum/steps", "STEPS_MISSING")
    ]
    whole = order | {"details": [*scoring, museum]}
    checked = city.post("office", f"{issuing}?mode=check", whole).json()
    issued = city.done("office", issuing, whole)
    assert issued["totals"] == checked["totals"] == {"issued": 11, "not_applicable": 1}
    assert city.done("office", issuing, whole)["totals"] == {"unchanged": 11, "not_applicable": 1}
    found = {each["target"]["code"]: each["target"] for each in city.told("office", f"{YEAR}/targets")["items"]}
    assert {code: (each["kind"], each["issuer"], each["value"], each["weight"]) for code, each in found.items()} == {
        "greenway": ("cumulative", "province", "90", "4"), "housing": ("floor", "city", "0.6", "3"),
        "complaints": ("ceiling", "province", "120", None), "good-air": ("rate", "province", "82.5", "5"),
        "industry": ("cumulative", "city", "260", None), "museum": ("milestone", "city", "100", "6"),
        "one-stop": ("qualitative", "province", "100", None), "parks": ("cumulative", "city", "12", "7"),
        "pilot": ("cumulative", "province", "1", "0"), "rural-inns": ("cumulative", "city", "30", None),
        "water": ("maintain", "city", "100", None),
    }  # fmt: skip


def give(city: City, target: str, unit: str, role: str, value: str | None = None) -> None:
    part = {"unit": unit, "role": role, "valid_from": "2021-01-01"} | ({"value": value} if value else {})
    city.done("office", f"{YEAR}/targets/{target}/assignments", part)


def the_targets_are_given_to_units(city: City) -> None:
    give(city, "greenway", "construction", "lead")
    give(city, "greenway", "north-lake", "supporting", "50")
    give(city, "greenway", "east-ridge", "supporting", "30")
    give(city, "greenway", "grid", "coordination")
    company = {"unit": "grid", "role": "supporting", "valid_from": "2021-01-01"}
    city.refused("COMPANY_ONLY_COORDINATES", "office", f"{YEAR}/targets/housing/assignments", company)
    for target in ("housing", "museum", "parks"):
        give(city, target, "construction", "lead")
    for target in ("good-air", "water"):
        give(city, target, "environment", "lead")
    for target in ("complaints", "one-stop"):
        give(city, target, "services", "lead")
    give(city, "rural-inns", "tourism", "lead", "24")
    give(city, "rural-inns", "culture", "supporting", "8")


def parts_that_fall_short_need_a_reserve(city: City) -> None:
    move_to(city, "2021-02-01")
    parts, stating = f"{YEAR}/targets/greenway/assignments", f"{YEAR}/targets/greenway/decompositions"
    short = city.refused(
        "PARTS_FALL_SHORT", "office", stating, {"stated_on": "2021-02-01"}, **city.seen("office", parts)
    )
    assert {name: short["about"][name] for name in ("value", "sum", "missing")} == {
        "value": "90",
        "sum": "80",
        "missing": "10",
    }
    reserve = {"stated_on": "2021-02-01", "reserve": "10", "reason": "机动指标"}
    city.done("office", stating, reserve, **city.seen("office", parts))
    inns = city.told("office", f"{YEAR}/targets/rural-inns", as_of="2021-02-01")["decomposition"]
    assert (inns["surplus"], inns["surplus_pp"], inns["complete"]) == ("2", "6.666666666667", True), "层层加码"


def the_county_gives_its_part_to_its_towns(city: City) -> None:
    """The district's own office does, for units below it and no others."""
    parts = f"{YEAR}/targets/greenway/assignments"
    for town, value in (("stone-bridge", "30"), ("willow", "20")):
        body = {"unit": town, "value": value, "valid_from": "2021-01-01"}
        city.done("office north-lake", f"{parts}/north-lake/parts", body)
    elsewhere = {"unit": "willow", "value": "5", "valid_from": "2021-01-01"}
    city.refused("UNIT_OUT_OF_SCOPE", "office north-lake", f"{parts}/east-ridge/parts", elsewhere)
    seen = city.seen("office north-lake", parts)
    city.done("office north-lake", f"{parts}/north-lake/decompositions", {"stated_on": "2021-02-01"}, **seen)
    below = city.told("office", parts, as_of="2021-02-01")["items"]
    assert {part["unit"] for part in below if part["below"]} == {"stone-bridge", "willow"}


def weights_tilt_to_the_province(city: City) -> None:
    seen = city.seen("office", f"{YEAR}/weights")
    city.done("office", f"{YEAR}/weight-rule", {"province_share": "30", "decimals": 2}, **seen)
    of = {each["unit"]: each for each in city.told("office", f"{YEAR}/weights", as_of="2021-02-01")["items"]}
    construction = of["construction"]
    assert {each["target"]: each["weight"] for each in construction["targets"]} == {
        "greenway": "6", "housing": "2.63", "museum": "5.25", "parks": "6.12",
    }  # fmt: skip
    assert (construction["province_stated"], construction["province"], construction["total"]) == ("4", "6", "20")


def tables_are_issued_and_signed_for(city: City) -> None:
    move_to(city, "2021-02-26")
    city.done("office", f"{YEAR}/target-tables", {"issued_on": "2021-02-26"}, **city.seen("office", YEAR))
    every_unit_signs(city)
    city.done("office", f"{YEAR}/moves", {"state": "running"}, **city.seen("office", YEAR))


def every_unit_signs(city: City) -> list[str]:
    """Whoever has not signed for what was issued; then nobody is left."""
    unsigned = [each["unit"] for each in city.told("office", f"{YEAR}/target-tables", status="unsigned")["items"]]
    for unit in unsigned:
        table = city.told(f"unit {unit}", f"{YEAR}/target-tables/{unit}")["table"]
        city.done(f"unit {unit}", f"{YEAR}/target-tables/{unit}/signatures", {"sha256": table["sha256"]})
    assert city.told("office", f"{YEAR}/target-tables", status="unsigned")["items"] == []
    return unsigned


def reports(city: City, unit: str, target: str, value: str, measure: str, on: str) -> None:
    entry = {
        "kind": "target",
        "target": target,
        "unit": unit,
        "value": value,
        "unit_of_measure": measure,
        "effective_on": on,
    }
    city.done(f"unit {unit}", f"{J}/progress", {"entries": [entry]})


def level(city: City, target: str, **query: str) -> str | None:
    value: str | None = city.told("leader", f"{YEAR}/targets/{target}/completion", **query)["target"].get("numerator")
    return value


def figures_come_in(city: City) -> None:
    move_to(city, "2021-04-01")
    city.told("leader", f"{YEAR}/completion")
    reports(city, "north-lake", "greenway", "12", "km", "2021-03-31")
    reports(city, "east-ridge", "greenway", "8000", "m", "2021-03-31")
    reports(city, "tourism", "rural-inns", "5", "piece", "2021-03-31")
    reports(city, "culture", "rural-inns", "2", "piece", "2021-03-31")
    assert (level(city, "greenway"), level(city, "rural-inns")) == ("20", "7")


Standing = dict[str, Any]
READS = (
    "targets/housing", "targets/greenway/chronicle", "targets/housing/chronicle", "matrix",
    "target-tables/construction", "target-tables/tourism", "target-tables", "weights", "alignments", "targets",
    "completion", "peer-groups", "targets/greenway/completion",
)  # fmt: skip


def what_stands(city: City, as_of: str) -> Standing:
    """Every answer on a date, under the pin that gives it again; files by what they say."""
    pin = city.told("office", YEAR, as_of=as_of)["pin"]
    at = {"as_of": as_of, "known_at": f"position:{pin['position']}"}
    return {"at": at, **answers(city, at)}


def answers(city: City, at: Mapping[str, str]) -> Standing:
    found: Standing = {path: city.told("office", f"{YEAR}/{path}", **at) for path in READS}
    found["letter"] = letter(city, "construction", **at)
    found["workbook"] = table_lines(city, **at)
    return found


def letter(city: City, unit: str, **at: str) -> list[str]:
    """What the responsibility letter says, as Word."""
    answer = city.get("office", f"{YEAR}/target-tables/{unit}/letter.docx", **at)
    assert answer.headers["content-type"] == DOCX
    made = docx.Document(io.BytesIO(answer.content))
    cells = [cell.text for table in made.tables for row in table.rows for cell in row.cells]
    return [*(paragraph.text for paragraph in made.paragraphs), *cells]


def table_lines(city: City, **at: str) -> list[list[tuple[object, ...]]]:
    """What the city's workbook says, sheet by sheet."""
    answer = city.get("office", f"{YEAR}/target-tables.xlsx", **at)
    assert answer.headers["content-type"] == XLSX
    book = load_workbook(io.BytesIO(answer.content))
    return [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]


def asks_for(city: City, value: str) -> Json:
    return {
        "unit": "construction",
        "value": value,
        "effective_on": "2021-05-01",
        "reason": "资金未到位",
        "evidence": ["ab" * 32],
    }


def a_unit_asks_for_less_and_gets_it(city: City) -> None:
    move_to(city, "2021-05-06")
    seen = city.seen("office", f"{YEAR}/adjustment-cut-off")
    city.done("office", f"{YEAR}/adjustment-cut-off", {"last_on": "2021-09-30"}, **seen)
    asking, target = f"{YEAR}/targets/housing/adjustment-requests", f"{YEAR}/targets/housing"
    request = city.done("unit construction", asking, asks_for(city, "0.55"))["id"]
    early = city.seen("leader", target)
    city.refused("REQUEST_IS_NOT_REVIEWED", "leader", f"{asking}/{request}/approvals", {}, **early)
    reviewed = {"recommended": True, "reason": "情况属实"}
    city.done("office", f"{asking}/{request}/reviews", reviewed, **city.seen("office", target))
    city.done("leader", f"{asking}/{request}/approvals", {}, **city.seen("leader", target))
    assert city.told("office", target)["target"]["value"] == "0.55"
    assert city.told("office", target, as_of="2021-04-30")["target"]["value"] == "0.6"


def nothing_undercuts_the_province(city: City) -> None:
    asking = f"{YEAR}/targets/housing/adjustment-requests"
    refusal = city.refused("BELOW_PROVINCE", "unit construction", asking, asks_for(city, "0.4"))
    about = refusal["about"]
    assert (about["province"], about["unit_of_measure"], about["edition"]) == ("0.5", "wan_household", 1), about


def one_bureau_merges_into_another(city: City) -> None:
    move_to(city, "2021-07-05")
    ending = {"effective_on": "2021-07-01", "successors": ["culture"], "reason": "机构改革"}
    ended = city.done("office", f"{J}/units/tourism/endings", ending, **city.seen("office", f"{J}/units/tourism"))
    assert [each["target"] for each in ended["handed_over"]] == ["rural-inns", "rural-inns"]
    (part,) = [each for each in city.told("office", f"{YEAR}/targets/rural-inns/assignments")["items"]
               if each["valid_until"] is None]  # fmt: skip
    assert (part["unit"], part["role"], part["value"], len(part["carries"])) == ("culture", "lead", "32", 2)
    assert level(city, "rural-inns") == "7", "what both had reported goes on counting"
    table = city.told("unit culture", f"{YEAR}/target-tables/culture")["table"]
    assert (table["status"], [each["unit"] for each in table["inherited_from"]]) == ("outdated", ["tourism"])
    city.done("office", f"{YEAR}/target-tables", {"issued_on": "2021-07-05"}, **city.seen("office", YEAR))
    assert every_unit_signs(city) == ["construction", "culture"]


def the_province_asks_for_more(city: City, before: str, province: str, own: str) -> None:
    move_to(city, "2021-08-12")
    more = indicator("p-greenway", "新建绿道", "民生", "累计", "100000", "米", 权重="4")
    chargers = indicator("p-chargers", "新建充电桩", "民生", "累计", "400", "个")
    edition = take_in(city, "province", [more, *(row for row in PROVINCE[1:] if row["编号"] != "p-pilot"), chargers])
    changed = city.told("office", f"{YEAR}/catalogues/{edition}/changes", since=province)["items"]
    assert {(each["code"], each["change"]) for each in changed} == {
        ("p-greenway", "changed"), ("p-pilot", "removed"), ("p-chargers", "added"),
    }  # fmt: skip
    run = align(city, edition, own)
    differs = city.told("office", f"{YEAR}/alignments/{run}/changes", since=before)["items"]
    assert {each["indicator"]: (each["after"]["reason"], each["after"]["value"]) for each in differs} == {
        "chargers": ("ADDED_FROM_PROVINCE", "400"),
        "greenway": ("RAISED_TO_PROVINCE", "100"),
        "pilot": ("CITY_ONLY", "2"),
    }
    issued = city.done("office", f"{YEAR}/alignments/{run}/targets", {"effective_on": "2021-08-12"})
    differing = {each["indicator"]: each for each in issued["items"] if each["status"] == "differs"}
    assert issued["totals"] == {"issued": 1, "differs": 3, "unchanged": 8, "not_applicable": 1}
    assert differing.keys() == {"greenway", "housing", "pilot"}, "housing was adjusted, the pilot is the city's now"
    target = f"{YEAR}/targets/greenway"
    assert differing["greenway"]["differences"] == [{"member": "value", "stands": "90", "proposed": "100"}]
    assert differing["greenway"]["remedy"] == f"{target}/adjustments"
    adjustment = {"value": "100", "effective_on": "2021-08-12", "reason": "省级第二版"}
    low = {**adjustment, "value": "95"}
    refusal = city.refused("BELOW_PROVINCE", "leader", f"{target}/adjustments", low, **city.seen("leader", target))
    assert (refusal["about"]["province"], refusal["about"]["edition"]) == ("100", 2)
    city.done("leader", f"{target}/adjustments", adjustment, **city.seen("leader", target))
    told = city.told("office", f"{target}/chronicle")["items"]
    raised = next(line for line in told if line["happened"] == "raised")
    assert (raised["from_value"], raised["to_value"], raised["province_edition"]) == ("90", "100", 2)


def a_target_is_withdrawn(city: City) -> None:
    move_to(city, "2021-09-02")
    cancelled = {"effective_on": "2021-09-01", "reason": "并入城市更新"}
    greenway, parks = f"{YEAR}/targets/greenway", f"{YEAR}/targets/parks"
    seen = city.seen("leader", greenway)
    refusal = city.refused("PROVINCE_STILL_ASKS", "leader", f"{greenway}/withdrawals", cancelled, **seen)
    assert (refusal["about"]["province"], refusal["about"]["edition"]) == ("100000", 2)
    city.done("leader", f"{parks}/withdrawals", cancelled, **city.seen("leader", parks))
    assert city.told("office", parks)["target"]["withdrawn"] is True


def what_changed_since_march(city: City) -> None:
    changes = city.told("office", f"{YEAR}/target-changes", as_of="2021-09-02", compare_as_of="2021-03-31")["items"]
    assert {each["code"]: (each["change"], each["value_difference"]) for each in changes} == {
        "chargers": ("added", None), "greenway": ("changed", "10"), "housing": ("changed", "-0.05"),
        "parks": ("removed", None), "rural-inns": ("changed", "0"),
    }  # fmt: skip
    table = city.told("office", f"{YEAR}/target-tables/construction", compare_as_of="2021-03-31")
    assert [row["code"] for row in table["compared"]["changes"]] == ["greenway", "housing", "parks"]


def nothing_of_it_changed_what_was_known(city: City, march: Standing) -> None:
    again = answers(city, march["at"])
    for what, said in again.items():
        assert said == march[what], what
    now = answers(city, {"as_of": march["at"]["as_of"]})
    assert now["targets/housing"]["target"]["value"] == "0.6", "the decision took effect in May"
    assert now["target-tables/construction"]["table"] == march["target-tables/construction"]["table"]
