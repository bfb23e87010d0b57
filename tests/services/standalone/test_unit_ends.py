"""A unit ends in the middle of the year, through the gateway: what it reported stays, its successor goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.standalone.whole import CITY, YEAR, Whole, target, unit, whole


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Whole]:
    """Roads are the road office's, which is merged into transport on 1 July."""
    with whole(tmp_path / "data") as city:
        opening = {"jurisdiction": "430300", "zone": "Asia/Shanghai", "clock": "simulated",
                   "instant": "2009-08-31T09:00:00+08:00"}  # fmt: skip
        city.done("/v1/jurisdictions", opening)
        for code in ("transport", "road-office"):
            city.done(f"{CITY}/units", unit(code))
            city.done(f"{CITY}/sources", {"name": code, "client": "tests"})
        city.done(f"{CITY}/years", {"year": 2009})
        city.done(f"{YEAR}/targets", target("roads"))
        part = {"unit": "road-office", "role": "lead", "valid_from": "2009-01-01"}
        city.done(f"{YEAR}/targets/roads/assignments", part)
        city.done(f"{YEAR}/projects", {"code": "bridge", "name": {"zh": "桥"}, "level": "municipal", "phase": "new",
                                       "unit": "road-office"})  # fmt: skip
        assert reports(city, "road-office", "20", "2009-05-31") == 202
        city.ids["May"], city.ids["May source"] = city.ids["latest"], "urn:jikao:source:road-office"
        ending = {"effective_on": "2009-07-01", "successors": ["transport"], "reason": "改革"}
        city.done(f"{CITY}/units/road-office/endings", ending, headers={"If-Match": '"1"'})
        read = {"after": city.after}  # the door judges by what it has read, the fold by what stands
        assert city.send("GET", f"{CITY}/groups", city.token("auditor"), params=read).is_success
        yield city


def reports(city: Whole, who: str, value: str, on: str, **changes: str) -> int | tuple[int, str]:
    """What comes of a figure that a unit reports: the status, with the code where it was refused."""
    entry = {"kind": "target", "target": "roads", "unit": who, "value": value, "unit_of_measure": "km",
             "effective_on": on} | changes  # fmt: skip
    if "project" in changes:
        del entry["target"], entry["unit"]
    token = city.token("unit", unit=who, scope="own")
    answer = city.send("POST", f"{CITY}/progress", token, {"entries": [entry]})
    city.ids["latest"] = answer.json().get("id", "")
    return answer.status_code if answer.is_success else (answer.status_code, answer.json()["code"])


def completion(city: Whole, as_of: str) -> Any:
    answer = city.send(
        "GET", f"{YEAR}/targets/roads/completion", city.token("leader"), params={"as_of": as_of, "after": city.after}
    )
    assert answer.is_success, answer.text
    return answer.json()["target"]


def test_entries_of_the_ended_unit_are_refused_from_its_end_on_and_the_successors_are_taken(city: Whole) -> None:
    assert reports(city, "road-office", "30", "2009-07-31") == (409, "UNIT_HAD_ENDED")
    assert reports(city, "road-office", "30", "2009-07-01") == (409, "UNIT_HAD_ENDED")
    assert reports(city, "transport", "25", "2009-06-30") == (404, "PART_UNKNOWN")
    assert reports(city, "road-office", "26", "2009-06-30") == 202
    assert reports(city, "transport", "30", "2009-07-31") == 202


def test_what_was_reported_goes_on_counting(city: Whole) -> None:
    assert completion(city, "2009-06-30")["numerator"] == "20"
    assert completion(city, "2009-08-31")["numerator"] == "20"
    assert reports(city, "transport", "30", "2009-07-31") == 202
    assert completion(city, "2009-06-30")["numerator"] == "20"
    assert completion(city, "2009-08-31")["numerator"] == "30"


def adopts_engine_2(city: Whole) -> None:
    city.done(f"{CITY}/engines", {"engine": 2})
    city.done(f"{CITY}/simulation/clock", {"instant": "2009-08-31T10:00:00+08:00"})
    assert city.send("GET", f"{CITY}/groups", city.token("auditor"), params={"after": city.after}).is_success


def corrects(city: Whole, token: str, source: str, unit: str, value: str) -> tuple[int, str]:
    """What comes of a correction of what the road office reported for May."""
    entry = {"kind": "target", "target": "roads", "unit": unit, "value": value, "unit_of_measure": "km",
             "effective_on": "2009-05-31",
             "corrects": {"source": city.ids["May source"], "id": city.ids["May"], "entry": 0}}  # fmt: skip
    answer = city.send("POST", f"{CITY}/progress", token, {"entries": [entry]}, params={"source": source})
    if not answer.is_success:
        return answer.status_code, answer.json()["code"]
    city.ids["May"], city.ids["May source"] = answer.json()["id"], f"urn:jikao:source:{source}"
    path = f"{CITY}/submissions/{source}/{answer.json()['id']}"
    told = city.send("GET", path, city.token("auditor"), params={"after": city.after}).json()["records"][0]["entries"]
    return answer.status_code, told[0]["code"] or told[0]["outcome"]


def test_the_office_corrects_what_an_ended_unit_reported_in_its_name_or_in_its_successor_s(city: Whole) -> None:
    office = city.token("office")
    assert corrects(city, office, "transport", "road-office", "21") == (202, "counted")
    assert completion(city, "2009-05-31")["numerator"] == "21"
    assert corrects(city, office, "transport", "transport", "22") == (404, "PART_UNKNOWN")
    adopts_engine_2(city)
    assert corrects(city, office, "transport", "transport", "22") == (202, "counted")
    assert completion(city, "2009-05-31")["numerator"] == "22"
    assert completion(city, "2009-08-31")["numerator"] == "22", "the level that the successor carries on"


def test_the_successor_itself_corrects_what_it_answers_for_by_reporting_the_day_anew(city: Whole) -> None:
    assert reports(city, "transport", "21", "2009-05-31", unit="road-office") == 202
    assert completion(city, "2009-05-31")["numerator"] == "21"
    adopts_engine_2(city)
    assert reports(city, "transport", "22", "2009-05-31") == 202
    assert completion(city, "2009-05-31")["numerator"] == "22"
    assert reports(city, "transport", "23", "2009-07-31", unit="road-office") == (409, "UNIT_HAD_ENDED")


def test_the_successor_reports_of_the_projects_it_inherits(city: Whole) -> None:
    about = {"kind": "project", "project": "bridge", "unit_of_measure": "yi_yuan"}
    assert reports(city, "transport", "1", "2009-06-30", **about) == 202
    assert reports(city, "transport", "1", "2009-07-31", **about) == 202
