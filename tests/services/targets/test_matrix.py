"""The matrix of targets and units: filters, scopes, pages; and as then known it never changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from msgspec import UNSET
from sqlalchemy import Engine, MetaData

from services.targets.main import tables
from services.targets.read_models.matrix import Filters, chosen, matrix
from shared.contracts.decomposition import AssignmentHandedOver, DecompositionStated, OpenedPart
from shared.contracts.targets import AssignmentMade, TargetAdjusted
from shared.event_log.directory import Directory
from shared.event_log.ids import uuid7
from shared.event_log.port import Topics
from shared.projections import Reader
from shared.registry import Registry, versions
from shared.sql import engine as open_engine
from shared.sql import reading
from tests.services.evaluation.county import JOBS, JOBS_LEAD, JOBS_SUPPORTING, OTHER_UNIT, PART, ROADS, UNIT, County
from tests.services.targets.conftest import YEAR, Office
from tests.services.targets.test_targets_over_http import code_of

MATRIX = f"{YEAR}/matrix"
DATES = (date(2009, 1, 31), date(2009, 3, 31), date(2009, 7, 1), date(2009, 7, 31), date(2009, 12, 31))


@pytest.fixture
def filled(city: Office) -> Office:
    city.registers("power", kind="company")
    city.issues("roads", value="60")
    city.issues("jobs", category="economy", tags=[])
    city.issues("smoke", kind="ceiling", direction="lower", roll_up="worst", tags=[])
    city.assigns("transport", value="40")
    city.assigns("county", "supporting", value="25")
    city.assigns("power", "coordination")
    city.assigns("county", target="jobs", value="60")
    return city


def cells(answer: Any) -> list[tuple[str, str, str, str | None]]:
    rows = answer.json()["items"]
    return [(row["code"], part["unit"], part["role"], part.get("value")) for row in rows for part in row["parts"]]


def test_each_unit_stands_with_its_role_and_value_at_each_target(filled: Office) -> None:
    answer = filled.get(MATRIX)
    assert answer.status_code == 200, answer.text
    assert cells(answer) == [
        ("jobs", "county", "lead", "60"), ("roads", "county", "supporting", "25"),
        ("roads", "power", "coordination", None), ("roads", "transport", "lead", "40"),
    ]  # fmt: skip
    said = answer.json()
    assert [row["code"] for row in said["items"]] == ["jobs", "roads", "smoke"]
    assert [unit["code"] for unit in said["units"]] == ["county", "power", "transport"]
    assert said["items"][1]["decomposition"] == {
        "parts": "65", "reserve": "0", "surplus": "5", "missing": "0", "complete": True,
    }  # fmt: skip
    assert "decomposition" not in said["items"][2]  # the worst part counts there, nothing is added up
    assert int(answer.headers["Jikao-Position"]) == said["pin"]["position"]


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ({"category": "economy"}, ["jobs"]),
        ({"kind": "ceiling"}, ["smoke"]),
        ({"tag": "practical_matter"}, ["roads"]),
        ({"unit": "transport"}, ["roads"]),
        ({"unit": "nobody"}, []),
        ({"role": "lead"}, ["jobs", "roads"]),
        ({"role": "lead", "unit": "county"}, ["jobs"]),
        ({"as_of": "2008-12-31"}, []),
    ],
)
def test_the_matrix_is_filtered(filled: Office, asked: dict[str, str], codes: list[str]) -> None:
    answer = filled.get(MATRIX, **asked)
    assert answer.status_code == 200, answer.text
    assert [row["code"] for row in answer.json()["items"]] == codes


def test_pages_stand_at_one_position_and_end(filled: Office) -> None:
    first = filled.get(MATRIX, limit=1).json()
    filled.issues("later")
    second = filled.get(MATRIX, limit=1, cursor=first["next_cursor"]).json()
    third = filled.get(MATRIX, limit=1, cursor=second["next_cursor"]).json()
    assert [page["items"][0]["code"] for page in (first, second, third)] == ["jobs", "roads", "smoke"]
    assert (third["next_cursor"], third["pin"]) == (None, first["pin"])
    assert code_of(filled.get(MATRIX, limit=1, kind="ceiling", cursor=first["next_cursor"])) == (422, "CURSOR_INVALID")
    assert code_of(filled.get(MATRIX, cursor="x")) == (422, "CURSOR_INVALID")


def test_a_narrow_scope_sees_its_own_cells_and_no_sums_of_others(filled: Office, tokens: Callable[..., str]) -> None:
    answer = filled.get(MATRIX, token=tokens("unit", unit="county", scope="own"))
    assert cells(answer) == [("jobs", "county", "lead", "60"), ("roads", "county", "supporting", "25")]
    roads = answer.json()["items"][1]
    assert "decomposition" not in roads
    assert "transport" not in answer.text
    assert filled.get(MATRIX, who="admin").status_code == 403


def test_as_of_and_known_at_are_two_axes_and_a_pin_gives_the_same_bytes(filled: Office) -> None:
    before = filled.get(MATRIX)
    pin = before.json()["pin"]
    filled.clock("2009-08-12T10:00:00+08:00")
    body = {"successor": "county", "effective_on": "2009-07-01", "carries_levels": True, "together_with": ["county"]}
    handed = filled.hands_over("transport", body)
    assert handed.status_code == 201, handed.text
    assert ("roads", "county", "lead", "65") in cells(filled.get(MATRIX))
    assert ("roads", "transport", "lead", "40") in cells(filled.get(MATRIX, as_of="2009-06-30"))
    assert filled.get(MATRIX, pin=pin["text"]).content == before.content
    then = filled.get(MATRIX, as_of="2009-07-01", known_at=f"position:{pin['position']}")
    assert ("roads", "transport", "lead", "40") in cells(then)


def test_two_dates_are_compared_cell_by_cell(filled: Office, tokens: Callable[..., str]) -> None:
    filled.clock("2009-08-12T10:00:00+08:00")
    etag = filled.get(f"{YEAR}/targets/smoke").headers["ETag"]
    body: dict[str, Any] = {"effective_on": "2009-08-01", "reason": "取消"}
    assert filled.post(f"{YEAR}/targets/smoke/withdrawals", body, headers={"If-Match": etag}).status_code == 201
    assert filled.issues("bridges", effective_on="2009-08-01").status_code == 201
    body = {"together_with": ["power"], "effective_on": "2009-07-01", "successors": [
        {"unit": "transport", "role": "lead", "value": "35", "carries": ["transport"]},
        {"unit": "mayor", "role": "supporting", "value": "5", "carries": []},
    ]}  # fmt: skip
    assert filled.registers("mayor").status_code == 201
    handed = filled.hands_over("transport", body)
    assert handed.status_code == 201, handed.text
    said = filled.get(MATRIX, compare_as_of="2009-06-30").json()
    assert said["compared"]["pin"]["as_of"] == "2009-06-30"
    assert [(row["code"], row["change"]) for row in said["compared"]["changes"]] == [
        ("bridges", "added"), ("roads", "changed"), ("smoke", "removed"),
    ]  # fmt: skip
    assert [row["code"] for row in said["items"]] == ["bridges", "jobs", "roads"]
    assert [unit["code"] for unit in said["units"]] == ["county", "mayor", "power", "transport"]
    roads = said["compared"]["changes"][1]
    assert roads["changed"] == ["parts"]  # 35 and 5 come to the 40 that ended
    assert [(part["unit"], part["change"]) for part in roads["parts"]] == [
        ("mayor", "added"), ("power", "removed"), ("transport", "changed"),
    ]  # fmt: skip
    (of_transport,) = [part for part in roads["parts"] if part["unit"] == "transport"]
    assert (of_transport["before"]["value"], of_transport["after"]["value"]) == ("40", "35")
    assert {"value", "valid_from"} <= set(of_transport["changed"])

    first = filled.get(MATRIX, compare_as_of="2009-06-30", limit=2).json()
    rest = filled.get(MATRIX, compare_as_of="2009-06-30", limit=2, cursor=first["next_cursor"]).json()
    assert first["items"] + rest["items"] == said["items"]
    assert first["compared"]["changes"] + rest["compared"]["changes"] == said["compared"]["changes"]
    other = filled.get(MATRIX, limit=2, cursor=first["next_cursor"])
    assert code_of(other) == (422, "CURSOR_INVALID")
    narrow = filled.get(MATRIX, token=tokens("unit", unit="county", scope="own"), compare_as_of="2009-06-30")
    assert narrow.json()["compared"]["changes"] == []
    assert "transport" not in narrow.text


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@dataclass
class Office2009:
    """A county whose office goes on deciding: whatever order, whatever dates."""

    county: County
    open: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.open = {ROADS: [PART], JOBS: [JOBS_LEAD, JOBS_SUPPORTING]}

    def adjusts(self, target: str, value: str, on: date) -> None:
        fact = TargetAdjusted(target=target, value=value, effective_on=on, reason="调整")
        self.county.says(fact, f"target:{target}")

    def assigns(self, target: str, value: str | None, on: date, below: bool) -> None:
        made = AssignmentMade(
            assignment=uuid7(), target=target, unit=OTHER_UNIT, role="supporting", value=value or UNSET, valid_from=on,
            below=self.open[target][0] if below else UNSET,
        )  # fmt: skip
        self.open[target].append(made.assignment)
        self.county.says(made, f"assignments:{target}")

    def hands_over(self, target: str, ended: int, opened: int, value: str, on: date) -> None:
        ends = self.open[target][:ended]
        opens = [
            OpenedPart(assignment=uuid7(), unit=UNIT, role="supporting", value=value, carries=[] if n else ends[:1])
            for n in range(opened)
        ]
        self.open[target] = [*self.open[target][ended:], *(part.assignment for part in opens)]
        self.county.says(AssignmentHandedOver(on=on, ends=ends, opens=opens), f"assignments:{target}")

    def states(self, target: str, reserve: str, on: date) -> None:
        fact = DecompositionStated(target=target, on=on, reserve=reserve, reason="机动")
        self.county.says(fact, f"assignments:{target}")


subjects, dates, amounts = st.sampled_from([ROADS, JOBS]), st.sampled_from(DATES), st.sampled_from(["1", "20", "4.5"])
Act = Callable[[Office2009], None]
acts: st.SearchStrategy[Act] = st.one_of(
    st.builds(lambda t, v, on: lambda o: o.adjusts(t, v, on), subjects, amounts, dates),
    st.builds(
        lambda t, v, on, b: lambda o: o.assigns(t, v, on, b), subjects, st.none() | amounts, dates, st.booleans()
    ),
    st.builds(
        lambda t, e, n, v, on: lambda o: o.hands_over(t, e, n, v, on),
        subjects, st.integers(1, 2), st.integers(1, 2), amounts, dates,
    ),
    st.builds(lambda t, v, on: lambda o: o.states(t, v, on), subjects, amounts, dates),
)  # fmt: skip


def told(registry: Registry) -> list[bytes]:
    """The whole matrix and one unit's, on every date."""
    filters = (Filters(), Filters(unit=OTHER_UNIT, seen={OTHER_UNIT}))
    return [
        msgspec.json.encode(matrix(registry, day, chosen(registry, 2009, day, each), each))
        for day in DATES for each in filters
    ]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@for_all(first=st.lists(acts, max_size=12), second=st.lists(acts, min_size=1, max_size=12))
def test_a_matrix_as_then_known_never_changes_when_later_facts_arrive(
    topics: Topics, engine: Engine, first: list[Act], second: list[Act]
) -> None:
    county = County(topics)
    metadata = MetaData()
    into = tables(metadata, f"_m{county.jurisdiction}")
    metadata.create_all(engine)
    reader = Reader(engine, topics.events, Directory(topics.listings), 0, into)
    try:
        county.open()
        office = Office2009(county)
        for act in first:
            act(office)
        county.send()
        reader.catch_up()
        half = reader.logs[county.log].place.position
        with reading(engine) as db:
            then = told(versions.load(db, into.core.versions, county.log, half))
        assert then == told(reader.logs[county.log].registry)  # kept in memory it is the same
        for act in second:
            act(office)
        county.send()
        reader.catch_up()
        assert not reader.stopped
        last = reader.logs[county.log].place.position
        assert last == half + len(second)
        with reading(engine) as db:
            assert told(versions.load(db, into.core.versions, county.log, half)) == then
            now = versions.load(db, into.core.versions, county.log, last)
        assert told(now) == told(reader.logs[county.log].registry)
    finally:
        reader.close()
