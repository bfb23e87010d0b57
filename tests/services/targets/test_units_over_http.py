"""The tree of units over HTTP: as it stood on any date, as known at any position, within one's scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from services.targets.main import build
from shared.event_log.port import Topics
from shared.identity.issuer import DevelopmentIssuer
from shared.sql import engine as open_engine
from tests.services.targets.conftest import CITY, YEAR, Office
from tests.services.targets.test_targets_over_http import code_of, pointers


def change(city: Office, unit: str, what: str, *, who: str = "admin", **body: object) -> Response:
    """A change of a unit as it stands now."""
    version = city.get(f"{CITY}/units/{unit}/history").json()
    assert "versions" in version, version
    etag = f'"{len({each["known_from"] for each in version["versions"]})}"'
    return city.post(f"{CITY}/units/{unit}/{what}", {"reason": "改革"} | body, who=who, headers={"If-Match": etag})


def tree(city: Office, **query: str) -> dict[str, tuple[str, str | None]]:
    items = city.get(f"{CITY}/units", **query).json()["items"]
    return {unit["code"]: (unit["name"]["zh"], unit["parent"]) for unit in items}


def reformed(city: Office) -> None:
    """In July the road office comes below transport, which gets another name; in October it is merged into it."""
    city.registers("road-office")
    city.clock("2009-12-31T10:00:00+08:00")
    assert change(city, "road-office", "moves", parent="transport", effective_on="2009-07-01").status_code == 201
    assert change(city, "transport", "names", name={"zh": "交通运输局"}, effective_on="2009-07-01").status_code == 201
    ended = change(city, "road-office", "endings", who="office", effective_on="2009-10-01", successors=["transport"])
    assert ended.status_code == 201, ended.text


def test_a_question_about_2009_sees_the_units_of_2009(city: Office) -> None:
    reformed(city)
    first = {"transport": ("transport", None), "county": ("county", None), "road-office": ("road-office", None)}
    assert tree(city, as_of="2009-06-30") == first
    summer = first | {"transport": ("交通运输局", None), "road-office": ("road-office", "transport")}
    assert tree(city, as_of="2009-07-01") == tree(city, as_of="2009-09-30") == summer
    assert tree(city, as_of="2009-10-01") == {code: summer[code] for code in ("transport", "county")}
    assert tree(city, as_of="2009-09-30", below="transport").keys() == {"transport", "road-office"}
    assert tree(city, as_of="2009-06-30", below="transport").keys() == {"transport"}
    assert tree(city, kind="county") == tree(city, below="nobody") == {}


def test_what_was_known_then_stays_what_was_known_then(city: Office) -> None:
    city.registers("road-office")
    before = city.get(f"{CITY}/units").json()["pin"]["position"]
    known = tree(city, as_of="2009-01-05", known_at=f"position:{before}")
    city.clock("2009-12-31T10:00:00+08:00")
    assert change(city, "road-office", "moves", parent="transport", effective_on="2009-01-02").status_code == 201
    assert tree(city, as_of="2009-01-05")["road-office"] == ("road-office", "transport")
    assert tree(city, as_of="2009-01-05", known_at=f"position:{before}") == known


def test_a_unit_says_what_it_inherits_and_who_inherits_from_it(city: Office) -> None:
    reformed(city)
    said = city.get(f"{CITY}/units/road-office", as_of="2009-09-30").json()["unit"]
    assert (said["valid_until"], said["successors"], said["predecessors"]) == ("2009-10-01", ["transport"], [])
    assert city.get(f"{CITY}/units/transport").json()["unit"]["predecessors"] == ["road-office"]
    gone = city.get(f"{CITY}/units/road-office")
    assert code_of(gone) == (404, "UNIT_UNKNOWN")
    assert (gone.json()["about"]["ended_on"], gone.json()["about"]["successors"]) == ("2009-10-01", ["transport"])


def test_the_whole_history_of_a_unit_is_told(city: Office) -> None:
    reformed(city)
    versions = city.get(f"{CITY}/units/road-office/history").json()["versions"]
    told = [(v["happened"], v["effective_on"], v["parent"], v["successors"], v["reason"]) for v in versions]
    assert told == [
        ("registered", "2009-01-01", None, [], None),
        ("moved", "2009-07-01", "transport", [], "改革"),
        ("ended", "2009-10-01", "transport", ["transport"], "改革"),
    ]
    assert all(version["known_until"] is None for version in versions)
    again = change(city, "road-office", "names", name={"zh": "公路处"}, effective_on="2009-07-01")
    assert again.status_code == 201, again.text
    versions = city.get(f"{CITY}/units/road-office/history").json()["versions"]
    july = [(v["name"]["zh"], v["parent"], v["known_until"]) for v in versions if v["effective_on"] == "2009-07-01"]
    assert july == [("road-office", "transport", versions[-1]["known_from"]), ("公路处", "transport", None)]
    assert code_of(city.get(f"{CITY}/units/nobody/history")) == (404, "UNIT_UNKNOWN")


def test_an_earlier_statement_leaves_a_later_one_standing(city: Office) -> None:
    city.clock("2009-12-31T10:00:00+08:00")
    for name, on in (("三", "2009-09-01"), ("二", "2009-06-01")):
        assert change(city, "transport", "names", name={"zh": name}, effective_on=on).status_code == 201
    assert change(city, "transport", "moves", parent="county", effective_on="2009-07-01").status_code == 201
    seen = [tree(city, as_of=f"2009-{month:02d}-15")["transport"] for month in (5, 6, 7, 9)]
    assert seen == [("transport", None), ("二", None), ("二", "county"), ("三", "county")]


def test_a_unit_that_is_above_itself_is_refused_with_the_way_round(city: Office) -> None:
    city.clock("2009-12-31T10:00:00+08:00")
    assert change(city, "transport", "moves", parent="county", effective_on="2009-07-01").status_code == 201
    refused = change(city, "county", "moves", parent="transport", effective_on="2009-03-01")
    assert (code_of(refused), pointers(refused)) == ((409, "UNIT_TREE_CYCLE"), ["/parent"])
    about = refused.json()["about"]
    assert (about["path"], about["on"]) == (["county", "transport", "county"], "2009-07-01")
    assert tree(city)["county"] == ("county", None)


def test_changes_of_units_that_are_refused(city: Office) -> None:
    path = f"{CITY}/units/transport"
    name: dict[str, object] = {"name": {"zh": "新"}, "effective_on": "2009-07-01", "reason": "改革"}
    assert code_of(city.post(f"{path}/names", name, who="admin")) == (428, "IF_MATCH_MISSING")
    stale = city.post(f"{path}/names", name, who="admin", headers={"If-Match": '"7"'})
    assert (code_of(stale), stale.json()["about"]["current"]) == ((412, "VERSION_CONFLICT"), 1)
    assert city.post(f"{path}/names", name, headers={"If-Match": '"1"'}).status_code == 403
    nobody = city.post(f"{CITY}/units/nobody/names", name, who="admin", headers={"If-Match": '"0"'})
    assert code_of(nobody) == (404, "UNIT_UNKNOWN")
    early = change(city, "transport", "names", name={"zh": "新"}, effective_on="2008-01-01")
    assert (code_of(early), pointers(early)) == ((409, "UNIT_IS_NOT_VALID"), ["/effective_on"])
    orphan = change(city, "transport", "moves", parent="nobody", effective_on="2009-07-01")
    assert (code_of(orphan), pointers(orphan)) == ((422, "UNIT_IS_UNKNOWN"), ["/parent"])
    assert pointers(change(city, "transport", "endings", effective_on="2009", successors=["x y"])) == [
        "/effective_on",
        "/successors/0",
    ]
    too_soon = change(city, "transport", "endings", effective_on="2009-01-01")
    assert (code_of(too_soon), pointers(too_soon)) == ((409, "UNIT_ENDS_BEFORE_IT_BEGINS"), ["/effective_on"])
    city.registers("town", kind="town", parent="transport")
    below = change(city, "transport", "endings", effective_on="2009-07-01", successors=["county"])
    assert (code_of(below), below.json()["about"]["units"]) == ((409, "UNIT_HAS_UNITS_BELOW"), ["town"])
    assert change(city, "town", "endings", effective_on="2009-07-01").status_code == 201
    assert code_of(change(city, "town", "endings", effective_on="2009-08-01")) == (409, "UNIT_HAS_ENDED")
    late = change(city, "transport", "endings", effective_on="2009-07-01", successors=["town"])
    assert (code_of(late), pointers(late)) == ((409, "UNIT_IS_NOT_VALID"), ["/successors/0"])


def test_scope_follows_the_tree_of_the_date_that_is_asked_about(city: Office, tokens: Callable[..., str]) -> None:
    city.registers("town", kind="town", parent="county")
    city.issues()
    city.assigns("town")
    city.clock("2009-12-31T10:00:00+08:00")
    assert change(city, "town", "moves", parent="transport", effective_on="2009-07-01").status_code == 201
    county, transport = (tokens("unit", unit=unit, scope="own+below") for unit in ("county", "transport"))
    for day, theirs, others in (("2009-06-30", county, transport), ("2009-07-01", transport, county)):
        assert "town" in tree(city, token=theirs, as_of=day)
        assert "town" not in tree(city, token=others, as_of=day)
        assert len(city.get(f"{YEAR}/targets", token=theirs, as_of=day).json()["items"]) == 1
        assert city.get(f"{YEAR}/targets", token=others, as_of=day).json()["items"] == []


def test_a_successor_sees_what_it_inherits(city: Office, tokens: Callable[..., str]) -> None:
    reformed(city)
    heir, other = (tokens("unit", unit=unit, scope="own") for unit in ("transport", "county"))
    path = f"{CITY}/units/road-office/history"
    assert city.get(path, token=heir).status_code == 200
    assert city.get(path, token=heir, as_of="2009-09-30").status_code == 404
    assert city.get(path, token=other).status_code == 404


@pytest.fixture
def both_kinds(
    database_url: str, topics: Topics, issuer: DevelopmentIssuer, tokens: Callable[..., str]
) -> Iterator[Office]:
    """The running service on each kind of database."""
    engine = open_engine(database_url)
    _, app = build(engine, topics, issuer.verifier(), alone=True)
    with TestClient(app) as client:
        office = Office(client, tokens)
        office.begins_2009()
        yield office
    engine.dispose()


def test_two_clerks_who_put_two_units_below_one_another_at_once_make_no_cycle(both_kinds: Office) -> None:
    pairs = [(f"a{n}", f"b{n}") for n in range(5)]
    for pair in pairs:
        for code in pair:
            assert both_kinds.registers(code).status_code == 201

    def moves(unit: str, parent: str) -> tuple[int, str]:
        body = {"parent": parent, "effective_on": "2009-07-01", "reason": "改革"}
        done = both_kinds.post(f"{CITY}/units/{unit}/moves", body, who="admin", headers={"If-Match": '"1"'})
        return done.status_code, done.json().get("code", "")

    with ThreadPoolExecutor(2) as clerks:
        for pair in pairs:
            came_of = list(clerks.map(moves, pair, reversed(pair)))
            assert sorted(came_of) == [(201, ""), (409, "UNIT_TREE_CYCLE")]
