"""A unit that answers for parts of targets cannot just end: its successors take them over, all in one decision."""

from __future__ import annotations

from typing import Any

from httpx2 import Response

from tests.services.targets.conftest import CITY, YEAR, Office, target_body
from tests.services.targets.test_targets_over_http import code_of, pointers
from tests.services.targets.test_units_over_http import change


def parts(city: Office, target: str = "roads", year: int = 2009) -> list[tuple[str, str, str | None]]:
    """Unit, first day and end of each part."""
    items = city.get(f"{CITY}/years/{year}/targets/{target}/assignments").json()["items"]
    return [(part["unit"], part["valid_from"], part["valid_until"]) for part in items]


def assigned(city: Office, *targets: str, unit: str = "transport") -> None:
    city.registers("heir")
    city.clock("2009-12-31T10:00:00+08:00")
    for target in targets:
        assert city.issues(target).status_code == 201
        made = city.assigns(unit, target=target, value="30")
        assert made.status_code == 201, made.text


def ends(city: Office, *successors: str, effective_on: str = "2009-07-01", **more: Any) -> Response:
    body = {"effective_on": effective_on, "successors": list(successors)} | more
    return change(city, "transport", "endings", who="office", **body)


def test_the_only_successor_has_every_part_from_the_day_of_the_end(city: Office) -> None:
    assigned(city, "roads", "bridges")
    ended = ends(city, "heir")
    assert ended.status_code == 201, ended.text
    assert [(over["year"], over["target"]) for over in ended.json()["handed_over"]] == [
        (2009, "bridges"), (2009, "roads")
    ]  # fmt: skip
    for target in ("roads", "bridges"):
        was, now = city.get(f"{YEAR}/targets/{target}/assignments").json()["items"]
        assert (was["unit"], was["valid_until"]) == ("transport", "2009-07-01")
        assert (now["unit"], now["valid_from"], now["valid_until"]) == ("heir", "2009-07-01", None)
        assert (now["role"], now["value"]) == (was["role"], was["value"])
        over = next(over for over in ended.json()["handed_over"] if over["target"] == target)
        assert (over["ended"], over["opened"]) == (was["id"], now["id"])
    assert code_of(city.get(f"{CITY}/units/transport")) == (404, "UNIT_UNKNOWN")


def test_the_same_order_sent_again_gets_the_first_receipt(city: Office) -> None:
    assigned(city, "roads")
    body = {"effective_on": "2009-07-01", "successors": ["heir"], "reason": "改革"}
    path, headers = f"{CITY}/units/transport/endings", {"If-Match": '"1"'}
    first = city.post(path, body, key="once", headers=headers)
    assert first.status_code == 201, first.text
    again = city.post(path, body, key="once", headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())


def test_a_unit_with_open_parts_names_its_successor(city: Office) -> None:
    assigned(city, "roads", "bridges")
    refused = ends(city)
    assert (code_of(refused), pointers(refused)) == ((409, "UNIT_HAS_OPEN_ASSIGNMENTS"), ["/successors"])
    about = refused.json()["about"]
    assert about["targets"] == [{"year": 2009, "target": "bridges"}, {"year": 2009, "target": "roads"}]
    assert about["of"] == 2
    assert city.get(f"{CITY}/units/transport").json()["unit"]["valid_until"] is None
    assert parts(city) == [("transport", "2009-01-01", None)]


def test_of_several_successors_the_order_says_who_has_which_part(city: Office) -> None:
    assigned(city, "roads", "bridges")
    take_over = {"target": "roads", "successor": "heir"}
    missing = ends(city, "heir", "county", take_overs=[take_over])
    assert (code_of(missing), pointers(missing)) == ((409, "UNIT_HAS_OPEN_ASSIGNMENTS"), ["/take_overs"])
    assert missing.json()["about"]["targets"] == [{"year": 2009, "target": "bridges"}]
    other = {"target": "bridges", "successor": "county", "year": 2009}
    assert ends(city, "heir", "county", take_overs=[take_over, other]).status_code == 201
    assert [unit for unit, _, until in parts(city, "roads") if until is None] == ["heir"]
    assert [unit for unit, _, until in parts(city, "bridges") if until is None] == ["county"]


def test_take_overs_that_are_refused(city: Office) -> None:
    assigned(city, "roads")
    stranger = ends(city, "heir", take_overs=[{"target": "roads", "successor": "county"}])
    assert code_of(stranger) == (422, "TAKEN_OVER_BY_NO_SUCCESSOR")
    assert pointers(stranger) == ["/take_overs/0/successor"]
    nothing = ends(city, "heir", take_overs=[{"target": "nothing", "successor": "heir"}])
    assert (code_of(nothing), pointers(nothing)) == ((409, "TAKES_OVER_NOTHING"), ["/take_overs/0/target"])
    city.registers("works", kind="company")
    company = ends(city, "works")
    assert (code_of(company), pointers(company)) == ((409, "COMPANY_ONLY_COORDINATES"), ["/successors/0"])
    assert parts(city) == [("transport", "2009-01-01", None)]


def test_two_counties_that_end_become_one_and_so_do_their_parts(city: Office) -> None:
    city.registers("south", kind="county")
    assigned(city, "roads")
    assert city.assigns("south", "supporting", value="20").status_code == 201
    for unit in ("transport", "south"):
        ended = change(
            city, unit, "endings", who="office", effective_on="2009-07-01", successors=["heir"], reason="改革"
        )
        assert ended.status_code == 201, ended.text
    [one] = [part for part in city.get(f"{YEAR}/targets/roads/assignments").json()["items"] if not part["valid_until"]]
    assert (one["unit"], one["role"], len(one["follows"])) == ("heir", "lead", 2)


def test_parts_of_the_next_year_go_to_the_successor_from_their_first_day(city: Office) -> None:
    assigned(city, "roads")
    assert city.post(f"{CITY}/years", {"year": 2010}).status_code == 201
    path = f"{CITY}/years/2010/targets"
    assert city.post(path, target_body(effective_on="2010-01-01")).status_code == 201
    part = {"unit": "transport", "role": "lead", "valid_from": "2010-01-01"}
    assert city.post(f"{path}/roads/assignments", part).status_code == 201
    ended = ends(city, "heir", effective_on="2009-10-01")
    assert [(over["year"], over["target"]) for over in ended.json()["handed_over"]] == [
        (2009, "roads"),
        (2010, "roads"),
    ]
    city.clock("2010-01-05T10:00:00+08:00")
    assert parts(city, year=2010) == [("transport", "2010-01-01", "2010-01-01"), ("heir", "2010-01-01", None)]


def test_a_part_that_has_been_handed_over_by_then_holds_nobody_back(city: Office) -> None:
    assigned(city, "roads")
    body = {"successor": "county", "effective_on": "2009-07-01", "carries_levels": True}
    assert city.hands_over("transport", body).status_code == 201
    before = ends(city, "heir", effective_on="2009-06-01")
    assert code_of(before) == (409, "UNIT_HAS_OPEN_ASSIGNMENTS")
    after = ends(city, effective_on="2009-07-01")
    assert (after.status_code, after.json()["handed_over"]) == (201, [])
