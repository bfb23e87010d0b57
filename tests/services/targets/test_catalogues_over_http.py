"""Catalogues are checked, taken in whole, and aligned; the figures of 2009 come out over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from httpx2 import Response

from services.targets.catalogue import MOST_ITEMS, MOST_OCTETS, hash_of, in_parts
from shared.contracts.targets import CatalogueItem
from tests.services.targets.catalogues import EXPECTED, bodies, item, items
from tests.services.targets.conftest import CITY, YEAR, Office
from tests.services.targets.test_targets_over_http import code_of

CATALOGUES = f"{YEAR}/catalogues"
ALIGNMENTS = f"{YEAR}/alignments"


def body(indicator: str = "roads", **changes: object) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.to_builtins(item(indicator, **changes))
    return made


def imports(city: Office, issuer: str, rows: list[dict[str, Any]], **more: Any) -> Response:
    query = f"?mode={more.pop('mode')}" if "mode" in more else ""
    sent = {"issuer": issuer, "items": rows} | ({"edition": more.pop("edition")} if "edition" in more else {})
    return city.post(CATALOGUES + query, sent, **more)


def test_the_catalogues_of_2009_align_as_published_over_http(city: Office) -> None:
    province, ours = (imports(city, issuer, bodies(issuer)) for issuer in ("province", "city"))
    assert (province.status_code, ours.status_code) == (201, 201), province.text
    run = city.post(ALIGNMENTS, {"province": province.json()["id"], "city": ours.json()["id"]})
    assert run.status_code == 201, run.text
    said = city.get(f"{ALIGNMENTS}/{run.json()['id']}", limit=1000).json()
    totals = said["totals"]
    assert [totals[name] for name in ("catalogue", "assessing_us", "matched", "new")] == [125, 79, 47, 32]
    assert totals["new_by_category"] == EXPECTED["new_by_category"]
    assert totals["by_reason"] == EXPECTED["reasons"]
    assert len(said["items"]) == said["alignment"]["outcomes"] == 137
    roads = next(outcome for outcome in said["items"] if outcome["indicator"] == "county-township-roads")
    assert (roads["reason"], roads["value"], roads["unit_of_measure"]) == ("CITY_STRICTER_KEPT", "60", "km")
    assert (roads["province"]["value"], roads["province"]["unit_of_measure"]) == ("60000", "m")
    [listed] = city.get(ALIGNMENTS).json()["items"]
    assert listed == said["alignment"]


def test_a_catalogue_shows_its_items_in_its_own_order_page_by_page(city: Office) -> None:
    imported = imports(city, "province", bodies("province"))
    path = f"{CATALOGUES}/{imported.json()['id']}"
    first = city.get(path, limit=100).json()
    rest = city.get(path, limit=100, cursor=first["next_cursor"]).json()
    assert rest["next_cursor"] is None
    codes = [row["code"] for row in [*first["items"], *rest["items"]]]
    assert codes == [row["code"] for row in bodies("province")]
    assert first["catalogue"] == {"id": imported.json()["id"], "issuer": "province", "edition": 1, "items": 125,
                                  "sha256": hash_of(items("province"))}  # fmt: skip
    assert city.get(CATALOGUES).json()["items"] == [first["catalogue"]]


def test_a_large_catalogue_travels_in_parts_and_shows_nothing_before_its_end(city: Office) -> None:
    rows = [body(f"i{n}") for n in range(2 * MOST_ITEMS + 1)]
    imported = imports(city, "city", rows)
    assert imported.json()["version"] == 4  # three parts and the closing fact
    path = f"{CATALOGUES}/{imported.json()['id']}"
    said = city.get(path, limit=1000).json()
    assert [row["code"] for row in said["items"]] == [row["code"] for row in rows]
    before = f"position:{said['pin']['position'] - 1}"
    assert code_of(city.get(path, known_at=before)) == (404, "CATALOGUE_UNKNOWN")
    assert city.get(CATALOGUES, known_at=before).json()["items"] == []


def test_parts_are_bounded_in_items_and_octets() -> None:
    heavy = [item(f"i{n}", kind="qualitative", text="字" * 4000) for n in range(150)]
    parts = list(in_parts(heavy))
    assert [each for part in parts for each in part] == heavy
    assert len(parts) > 1
    assert all(len(msgspec.json.encode(part)) <= MOST_OCTETS + 2 for part in parts)
    assert [len(part) for part in in_parts([item(f"i{n}") for n in range(MOST_ITEMS)])] == [MOST_ITEMS]


def test_a_check_names_every_fault_in_both_languages_and_takes_nothing_in(city: Office) -> None:
    rows = [
        body("a"),
        body("b", code="x-a"),
        body("a", code="third"),
        body("c") | {"value": 60, "kind": "wish"},
        body("d", value=None),
        body("e", unit_of_measure="league"),
        body("f", kind="qualitative", value=None),
        body("g", kind="ceiling"),
        body("h", weight="-1"),
        {"code": "i"},
    ]
    checked = imports(city, "city", rows, mode="check")
    assert checked.status_code == 200, checked.text
    said = checked.json()
    assert said["items"] == 10
    found = {(fault["pointer"], fault["code"]) for fault in said["faults"]}
    assert found >= {
        ("/items/0/code", "CODE_STATED_TWICE"), ("/items/1/code", "CODE_STATED_TWICE"),
        ("/items/0/indicator", "INDICATOR_STATED_TWICE"), ("/items/2/indicator", "INDICATOR_STATED_TWICE"),
        ("/items/3/value", "STRING_TYPE"), ("/items/3/kind", "LITERAL_ERROR"),
        ("/items/4/value", "VALUE_MISSING"), ("/items/5/unit_of_measure", "UNIT_OF_MEASURE_IS_UNKNOWN"),
        ("/items/6/text", "TEXT_MISSING"), ("/items/7/direction", "DIRECTION_DOES_NOT_FIT"),
        ("/items/8/weight", "NEGATIVE_NOT_ALLOWED"), ("/items/9/name", "MISSING"),
    }  # fmt: skip
    both = next(fault for fault in said["faults"] if fault["pointer"] == "/items/1/code")
    assert (both["en"], both["zh"]) == ("The code x-a stands in rows 1 and 2.", "编号 x-a 在第 1、2 行重复。")
    assert city.get(CATALOGUES).json()["items"] == []

    applied = imports(city, "city", rows)
    assert code_of(applied) == (422, "CATALOGUE_FAULTY")
    assert {(fault["pointer"], fault["code"]) for fault in applied.json()["errors"]} == found
    assert city.get(CATALOGUES).json()["items"] == []


def test_a_faultless_check_says_so(city: Office) -> None:
    assert imports(city, "city", bodies("city"), mode="check").json() == {"items": 59, "faults": []}


def test_an_edition_is_imported_once(city: Office) -> None:
    first = imports(city, "city", [body()], edition=3)
    assert first.status_code == 201
    assert code_of(imports(city, "city", [body()], edition=3)) == (409, "EDITION_TAKEN")
    assert imports(city, "city", [body()], key="next").json()["id"] != first.json()["id"]
    assert imports(city, "province", [body()], edition=3).status_code == 201
    editions = [(row["issuer"], row["edition"]) for row in city.get(CATALOGUES).json()["items"]]
    assert editions == [("city", 1), ("city", 3), ("province", 3)]


def test_a_repeat_without_an_edition_is_still_the_first_outcome(city: Office) -> None:
    first = imports(city, "city", [body()], key="once")
    again = imports(city, "city", [body()], key="once")
    assert (again.status_code, again.json()) == (201, first.json())
    assert code_of(imports(city, "city", [body("other")], key="once")) == (409, "ID_REUSED")
    assert len(city.get(CATALOGUES).json()["items"]) == 1
    ids = {"province": imports(city, "province", [body()]).json()["id"], "city": first.json()["id"]}
    run = city.post(ALIGNMENTS, ids, key="run")
    assert city.post(ALIGNMENTS, ids, key="run").json() == run.json()


def test_what_cannot_be_imported(city: Office, tokens: Callable[..., str]) -> None:
    assert code_of(city.post(CATALOGUES, {"issuer": "village", "items": []})) == (422, "MALFORMED")
    assert code_of(city.post(f"{CITY}/years/2012/catalogues", {"issuer": "city", "items": [body()]})) == (
        409,
        "YEAR_IS_NOT_OPEN",
    )
    assert imports(city, "city", [body()], who="leader").status_code == 403
    assert city.get(CATALOGUES, who="unit").status_code == 403
    assert city.get(f"{CATALOGUES}/00000000-0000-7000-8000-000000000000").status_code == 404
    assert city.get(f"{CATALOGUES}/x").status_code == 422


@pytest.mark.parametrize("swapped", [True, False])
def test_an_alignment_needs_a_complete_catalogue_of_each_issuer(city: Office, swapped: bool) -> None:
    province, ours = (imports(city, issuer, [body()]).json()["id"] for issuer in ("province", "city"))
    if swapped:
        refused = city.post(ALIGNMENTS, {"province": ours, "city": province})
        expected = (409, "CATALOGUE_OF_OTHER_ISSUER")
    else:
        refused = city.post(ALIGNMENTS, {"province": "00000000-0000-7000-8000-000000000000", "city": ours})
        expected = (422, "CATALOGUE_IS_UNKNOWN")
    assert code_of(refused) == expected
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/province"]
    assert city.get(ALIGNMENTS).json()["items"] == []
    assert city.get(f"{ALIGNMENTS}/00000000-0000-7000-8000-000000000000").json()["code"] == "ALIGNMENT_UNKNOWN"


def test_an_alignment_is_of_one_year(city: Office) -> None:
    city.post(f"{CITY}/years", {"year": 2010})
    province, ours = (imports(city, issuer, [body()]).json()["id"] for issuer in ("province", "city"))
    refused = city.post(f"{CITY}/years/2010/alignments", {"province": province, "city": ours})
    assert code_of(refused) == (422, "CATALOGUE_IS_UNKNOWN")
    run = city.post(ALIGNMENTS, {"province": province, "city": ours}).json()["id"]
    assert city.get(f"{CITY}/years/2010/alignments/{run}").status_code == 404
    assert city.get(f"{CITY}/years/2010/catalogues/{ours}").status_code == 404


def test_the_hash_of_a_catalogue_is_over_its_items_in_order() -> None:
    one, other = item("a"), item("b")
    assert hash_of([one, other]) != hash_of([other, one])
    assert hash_of([one]) == hash_of([msgspec.convert(body("a"), CatalogueItem)])
