"""Figures over HTTP: the canonical bytes, the two axes, comparison, and who may ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from services.evaluation.comparison import differences
from shared.canonical import encode, sha256_hex
from tests.services.evaluation.served import Served, served
from tests.services.evaluation.year2009 import LOG, read

LATE = read("expected")["late_bills"]["target"]
QUESTIONS = (
    "/completion",
    f"/targets/{LATE}/completion",
    f"/targets/{LATE}/history",
    "/targets/c-zero-employment-families/completion",
    "/targets/c-biogas-digesters/completion",
    "/units/health/completion",
    "/units/xiangxiang/completion",
    "/categories/economy/completion",
    "/practical-matters",
    "/groups",
    "/groups/industrial-and-park/completion",
    "/groups/level:provincial/completion",
    "/projects/xianggang-renewal/completion",
    "/projects/solar-cells/completion",
)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("figures")) as city:
        yield city


def schema_of(city: Served, path: str) -> dict[str, Any]:
    """The first form of the documented answer to the question that the path asks."""
    document = city.client.app.openapi()  # type: ignore[attr-defined]
    given = ("/v1/jurisdictions/430300/years/2009" + path).split("/")
    for template, operations in document["paths"].items():
        parts = template.split("/")
        if len(parts) == len(given) and all(p == g or p.startswith("{") for p, g in zip(parts, given, strict=True)):
            schema = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            return {"$ref": schema["anyOf"][0]["$ref"], "components": document["components"]}
    raise LookupError(path)


@pytest.mark.parametrize("path", QUESTIONS)
def test_an_answer_is_canonical_pinned_and_as_documented(city: Served, path: str) -> None:
    answer = city.get(path, as_of="2009-08-31")
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert answer.content == encode(document)
    assert answer.headers["etag"] == f'"{sha256_hex(answer.content)}"'
    assert answer.headers["jikao-position"] == str(document["pin"]["position"])
    assert (document["pin"]["log"], document["pin"]["as_of"], document["engine"]) == (LOG, "2009-08-31", 1)
    jsonschema.validate(document, schema_of(city, path))


@pytest.mark.parametrize("path", QUESTIONS)
def test_the_same_question_and_pin_give_the_same_bytes(city: Served, path: str) -> None:
    first = city.get(path, as_of="2009-07-31", known_at="2009-08-31")
    pin = first.json()["pin"]
    text = f"{pin['log']}.{pin['as_of']}.{pin['position']}.{pin['root']}"
    assert city.get(path, "auditor", pin=text).content == first.content
    assert city.get(path, as_of="2009-07-31", known_at=f"position:{pin['position']}").content == first.content


def test_the_ledger_and_the_archive_give_the_same_figures(city: Served) -> None:
    practical = city.get("/practical-matters", as_of="2009-08-31").json()
    assert (practical["totals"]["at_least_80"], practical["totals"]["at_least_100"]) == (21, 11)
    provincial = city.get("/groups/provincial/completion", as_of="2009-07-31").json()["group"]
    assert (provincial["planned_investment"], provincial["investment"]) == ("70.1", "42.7")


def test_two_states_of_knowledge_differ_exactly_in_the_late_bills(city: Served) -> None:
    answer = city.get("/practical-matters", as_of="2009-08-31", known_at="2009-08-31", compare_known_at="2009-10-10")
    compared = answer.json()
    first, second = compared["first"], compared["second"]
    rows = [row["code"] for row in first["targets"]]
    told = {difference["pointer"].split("/")[2] for difference in compared["differences"]}
    assert told == {str(rows.index(LATE))}
    assert first["pin"]["position"] < second["pin"]["position"]
    for document in (first, second):
        del document["pin"]
    assert compared["differences"] == differences(first, second)
    late = rows.index(LATE)
    assert (first["targets"][late]["numerator"], second["targets"][late]["numerator"]) == ("127.3", "150")


def test_the_history_of_a_target_has_every_entry_known_by_then(city: Served) -> None:
    path = f"/targets/{LATE}/history"
    then = city.get(path, as_of="2009-08-31", known_at="2009-08-31").json()["entries"]
    now = city.get(path, as_of="2009-08-31").json()["entries"]
    assert [(e["measure"], e["value"]) for e in now[len(then) :]] == [("amount", "150"), ("person_time", "182200")]
    assert now[: len(then)] == then
    assert all("closed_at" not in entry for entry in now)


def test_two_dates_are_compared_at_one_position(city: Served) -> None:
    compared = city.get(f"/targets/{LATE}/completion", as_of="2009-07-31", compare_as_of="2009-09-30").json()
    assert compared["first"]["pin"]["position"] == compared["second"]["pin"]["position"]
    numerator = next(d for d in compared["differences"] if d["pointer"] == "/target/numerator")
    assert (numerator["first"], numerator["second"]) == ("127.3", "168.3")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/targets/none/completion", "NO_SUCH_TARGET"),
        ("/units/none/completion", "NO_SUCH_UNIT"),
        ("/categories/none/completion", "NO_SUCH_CATEGORY"),
        ("/groups/none/completion", "NO_SUCH_GROUP"),
        ("/projects/none/completion", "NO_SUCH_PROJECT"),
        ("/../2010/completion", "NO_SUCH_YEAR"),
    ],
)
def test_what_does_not_exist_is_404_by_name(city: Served, path: str, code: str) -> None:
    answer = city.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, code)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"as_of": "2009-11-01"}, "AS_OF_IN_FUTURE"),
        ({"as_of": "2009-13-01"}, "AS_OF_INVALID"),
        ({"known_at": "position:999999"}, "KNOWN_AT_OUT_OF_BOUNDS"),
        ({"pin": f"{LOG}.2009-08-31.5.{'0' * 64}"}, "PIN_DOES_NOT_MATCH"),
        ({"compare_as_of": "2009-11-01"}, "AS_OF_IN_FUTURE"),
    ],
)
def test_axes_out_of_bounds_are_422(city: Served, query: dict[str, str], code: str) -> None:
    answer = city.get("/groups", **query)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_unit_sees_its_own_and_nothing_else(city: Served) -> None:
    def status(path: str, unit: str = "health", role: str = "unit") -> int:
        return int(city.get(path, role, unit=unit, scope="own").status_code)

    assert status("/units/health/completion") == 200
    assert status(f"/targets/{LATE}/completion") == 200
    assert status("/targets/c-biogas-digesters/completion", "shaoshan", "county_system") == 200
    assert status("/projects/xianggang-renewal-sintering-2/completion", "economic-commission") == 200
    assert status("/units/transport/completion") == 404
    assert status("/targets/c-county-township-roads/completion") == 404
    assert status("/projects/solar-cells/completion") == 404
    for path in ("/completion", "/groups", "/practical-matters", "/categories/economy/completion"):
        assert status(path) == 403


def test_an_answer_does_not_depend_on_who_asks(city: Served) -> None:
    path = f"/targets/{LATE}/completion"
    assert city.get(path, "unit", unit="health", scope="own").content == city.get(path, "auditor").content


def test_an_administrator_sees_no_figures(city: Served) -> None:
    assert city.get("/groups", "admin").status_code == 403
