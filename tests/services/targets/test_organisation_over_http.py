"""Units, sources, persons, years and locks over HTTP."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine, select

from services.targets.tables import PERSON_NAMES
from shared.event_log.port import Topics
from shared.sql import reading
from tests.services.targets.conftest import CITY, YEAR, Office
from tests.services.targets.test_targets_over_http import code_of, pointers


def codes(city: Office, **query: str) -> list[str]:
    return [unit["code"] for unit in city.get(f"{CITY}/units", **query).json()["items"]]


def test_units_stand_from_their_first_day(city: Office) -> None:
    city.clock("2009-08-12T10:00:00+08:00")
    assert city.registers("new-zone", kind="park", valid_from="2009-07-01", parent="county").status_code == 201
    assert codes(city) == ["county", "new-zone", "transport"]
    assert codes(city, as_of="2009-06-30") == ["county", "transport"]
    said = city.get(f"{CITY}/units/new-zone").json()["unit"]
    assert (said["parent"], said["kind"], said["valid_from"]) == ("county", "park", "2009-07-01")
    assert code_of(city.get(f"{CITY}/units/new-zone", as_of="2009-06-30")) == (404, "UNIT_UNKNOWN")


def test_units_that_cannot_be_registered(city: Office) -> None:
    assert code_of(city.registers("transport")) == (409, "UNIT_CODE_TAKEN")
    orphan = city.registers("x", parent="nobody")
    assert (code_of(orphan), pointers(orphan)) == ((422, "UNIT_IS_UNKNOWN"), ["/parent"])
    assert code_of(city.registers("x", parent="county", valid_from="2008-12-31")) == (409, "UNIT_IS_NOT_VALID")
    assert pointers(city.registers("x y", kind="army")) == ["/code", "/kind"]
    assert city.post(f"{CITY}/units", {}, who="office").status_code in (403, 422)


def test_a_unit_sees_itself_and_those_below(city: Office, tokens: Callable[..., str]) -> None:
    city.registers("town", parent="county")
    own = tokens("unit", unit="county", scope="own")
    below = tokens("unit", unit="county", scope="own+below")
    listed = tokens("county_system", scope=("town", "nowhere"))
    assert [codes(city, token=token) for token in (own, below, listed)] == [["county"], ["county", "town"], ["town"]]
    assert city.get(f"{CITY}/units/transport", token=own).status_code == 404


def test_sources_are_bound_to_one_client_for_ever(city: Office) -> None:
    body = {"name": "county", "client": "county-system"}
    assert city.post(f"{CITY}/sources", body, who="admin").status_code == 201
    assert code_of(city.post(f"{CITY}/sources", body, who="admin")) == (409, "SOURCE_NAME_TAKEN")
    assert city.post(f"{CITY}/sources", body | {"name": "Bad Name"}, who="admin").status_code == 422
    assert city.post(f"{CITY}/sources", body | {"name": "other"}).status_code == 403
    said = city.get(f"{CITY}/sources", who="admin").json()["items"]
    assert said == [{"name": "county", "urn": "urn:jikao:source:county", "client": "county-system"}]
    assert city.get(f"{CITY}/sources/county").json() == said[0]
    assert code_of(city.get(f"{CITY}/sources/nobody")) == (404, "SOURCE_UNKNOWN")
    assert city.get(f"{CITY}/sources", who="unit").status_code == 403


def test_a_name_is_erased_for_good_and_never_was_in_the_log(city: Office, engine: Engine, topics: Topics) -> None:
    body = {"name": "张三丰", "unit": "transport"}
    made = city.post(f"{CITY}/persons", body, who="admin", key="zhang")
    assert made.status_code == 201, made.text
    assert city.post(f"{CITY}/persons", body, who="admin", key="zhang").json() == made.json()
    person = made.json()["id"]
    path = f"{CITY}/persons/{person}"
    said = city.get(path)
    assert said.json()["person"] == {"id": person, "name": "张三丰", "erased": False, "unit": "transport"}
    erased = city.post(path, None, who="admin", method="DELETE")
    assert erased.status_code == 201, erased.text
    for query in ({}, {"known_at": f"position:{said.json()['pin']['position']}"}):
        assert city.get(path, **query).json()["person"]["name"] == "erased"
    assert [row["erased"] for row in city.get(f"{CITY}/persons").json()["items"]] == [True]
    with reading(engine) as db:
        assert db.execute(select(PERSON_NAMES)).first() is None
    for partition in (0, 1):
        records = topics.events.reader(partition).read(0)
        assert all("张三丰".encode() not in (record.value or b"") for record in records)
    assert code_of(city.post(path, None, who="admin", method="DELETE")) == (409, "PERSON_IS_ERASED")


def test_persons_that_are_not_there(city: Office) -> None:
    nobody = f"{CITY}/persons/00000000-0000-7000-8000-000000000000"
    assert code_of(city.get(nobody)) == (404, "PERSON_UNKNOWN")
    assert code_of(city.post(nobody, None, who="admin", method="DELETE")) == (404, "PERSON_UNKNOWN")
    assert city.post(nobody, None, who="office", method="DELETE").status_code == 403
    orphan = city.post(f"{CITY}/persons", {"name": "李四", "unit": "nobody"}, who="admin")
    assert (code_of(orphan), pointers(orphan)) == ((422, "UNIT_IS_UNKNOWN"), ["/unit"])
    assert city.get(f"{CITY}/persons").json()["items"] == []
    assert city.get(f"{CITY}/persons", who="auditor").status_code == 403


def test_a_year_is_opened_once_and_shown(city: Office) -> None:
    assert code_of(city.post(f"{CITY}/years", {"year": 2009})) == (409, "YEAR_IS_OPEN_ALREADY")
    assert city.post(f"{CITY}/years", {"year": 2010, "time_progress": "by_day"}).status_code == 201
    assert city.post(f"{CITY}/years", {"year": 2011}, who="admin").status_code == 403
    assert city.post(f"{CITY}/years", {"year": 1889}).status_code == 422
    said = city.get(f"{CITY}/years").json()["items"]
    draft = {"state": "draft", "moved_at": None}
    assert said == [
        {"year": 2009, "time_progress": "by_month"} | draft, {"year": 2010, "time_progress": "by_day"} | draft,
    ]  # fmt: skip
    city.issues()
    one = city.get(YEAR).json()
    assert (one["year"], one["targets"], one["locked_months"]) == (said[0], 1, [])
    assert code_of(city.get(f"{CITY}/years/2008")) == (404, "YEAR_UNKNOWN")


def test_a_lock_names_who_set_it(city: Office) -> None:
    locked = city.post(f"{YEAR}/locks", {"month": 7, "reason": "半年督查取数"})
    assert locked.status_code == 201, locked.text
    [said] = city.get(f"{YEAR}/locks").json()["items"]
    assert (said["month"], said["target"], said["locked"], said["reason"]) == (7, None, True, "半年督查取数")
    again = city.post(f"{YEAR}/locks", {"month": 7, "reason": "再锁"})
    assert code_of(again) == (409, "MONTH_IS_LOCKED_ALREADY")
    assert (again.json()["about"]["by"], again.json()["about"]["reason"]) == (said["by"], "半年督查取数")
    assert city.get(YEAR).json()["locked_months"] == [7]


def test_a_month_is_unlocked_with_a_reason(city: Office) -> None:
    body = {"month": 8, "reason": "补报"}
    assert code_of(city.post(f"{YEAR}/unlocks", body)) == (409, "MONTH_IS_NOT_LOCKED")
    city.post(f"{YEAR}/locks", body)
    assert pointers(city.post(f"{YEAR}/unlocks", {"month": 8})) == ["/reason"]
    assert city.post(f"{YEAR}/unlocks", body).status_code == 201
    assert [lock["locked"] for lock in city.get(f"{YEAR}/locks").json()["items"]] == [False]
    assert city.get(f"{YEAR}/locks", locked="true").json()["items"] == []
    assert city.post(f"{YEAR}/locks", body, who="leader").status_code == 403


def test_a_lock_of_one_target_is_shown_to_those_who_see_it(city: Office, tokens: Callable[..., str]) -> None:
    city.issues()
    city.assigns("transport")
    unknown = city.post(f"{YEAR}/locks", {"month": 7, "target": "nothing", "reason": "x"})
    assert (code_of(unknown), pointers(unknown)) == ((422, "TARGET_IS_UNKNOWN"), ["/target"])
    assert city.post(f"{YEAR}/locks", {"month": 7, "target": "roads", "reason": "核查"}).status_code == 201
    assert [lock["target"] for lock in city.get(f"{YEAR}/locks").json()["items"]] == ["roads"]
    county, transport = (tokens("unit", unit=unit, scope="own") for unit in ("county", "transport"))
    assert city.get(f"{YEAR}/locks", token=county).json()["items"] == []
    assert len(city.get(f"{YEAR}/locks", token=transport).json()["items"]) == 1
    assert code_of(city.post(f"{CITY}/years/2012/locks", {"month": 7, "reason": "x"})) == (409, "YEAR_IS_NOT_OPEN")
