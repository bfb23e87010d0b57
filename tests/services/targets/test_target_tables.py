"""Target tables: what a unit is given, issued on a date, signed for exactly as it was shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import rfc8785
from httpx2 import Response

from services.targets.errors.tables import (
    NothingToIssue,
    SignedAlready,
    TableHasChanged,
    TableIsNotIssued,
    TablesIssuedLater,
)
from services.targets.errors.years import DateOutsideYear
from services.targets.signature import SignTable, sign_table, signature_stream, units_on
from services.targets.target_table import IssueTables, issue_tables
from services.targets.year import YearStanding, standing_stream
from shared.admission.errors import DateInFuture, YearDoesNotAllow, YearIsNotOpen
from shared.contracts.shapes import Label, Measure
from shared.contracts.target_tables import IssuedTable, TargetTableSigned, TargetTablesIssued, YearMoved
from shared.contracts.targets import YearOpened
from shared.deciding import Fact
from shared.registry import Registry, rows, table_id
from tests.services.targets.conftest import CITY, YEAR, Office
from tests.services.targets.ruling import given
from tests.services.targets.test_kinds import milestone_body

STREAM, TODAY, MARCH = standing_stream(2009), date(2009, 3, 10), date(2009, 3, 1)
OPENED, MOVED = YearOpened(year=2009, time_progress="by_month"), YearMoved(year=2009, state="targets_issued")
ONE, OTHER = "11" * 32, "22" * 32


def issued(*tables: tuple[str, str], on: date = MARCH) -> TargetTablesIssued:
    named = [IssuedTable(unit=unit, sha256=sha256) for unit, sha256 in tables]
    return TargetTablesIssued(year=2009, on=on, position=9, tables=named)


def issuing(tables: dict[str, str], on: date = MARCH) -> Callable[[YearStanding], list[Fact]]:
    return partial(issue_tables, IssueTables(2009, on), tables=tables, known_at=9, today=TODAY)


def test_the_first_issue_moves_a_draft_on() -> None:
    first = issuing({"u2": OTHER, "u1": ONE})
    given(STREAM, OPENED).when(first).then(issued(("u1", ONE), ("u2", OTHER)), MOVED)
    reopened = YearMoved(year=2009, state="draft", reason="重新分解")
    given(STREAM, OPENED, MOVED, reopened).when(first).then(issued(("u1", ONE), ("u2", OTHER)), MOVED)


def test_a_later_issue_names_only_the_units_whose_table_differs() -> None:
    before = given(STREAM, OPENED, issued(("u1", ONE), ("u2", ONE)), MOVED)
    before.when(issuing({"u1": ONE, "u2": OTHER, "u3": ONE})).then(issued(("u2", OTHER), ("u3", ONE)))
    before.when(issuing({"u1": ONE, "u2": ONE})).refuses(NothingToIssue, year=2009)
    given(STREAM, OPENED).when(issuing({})).refuses(NothingToIssue)


def test_a_table_can_be_issued_back_to_what_it_was_before() -> None:
    given(STREAM, OPENED, issued(("u1", ONE)), MOVED, issued(("u1", OTHER))).when(issuing({"u1": ONE})).then(
        issued(("u1", ONE))
    )


def test_tables_are_issued_in_the_year_not_in_the_future_and_not_before_the_last_issue() -> None:
    tables = {"u1": ONE}
    opened = given(STREAM, OPENED)
    opened.when(issuing(tables, date(2010, 1, 1))).refuses(DateOutsideYear, "/issued_on")
    opened.when(issuing(tables, date(2009, 3, 11))).refuses(DateInFuture, "/issued_on", today=TODAY)
    later = given(STREAM, OPENED, issued(("u1", OTHER)), MOVED)
    later.when(issuing(tables, date(2009, 2, 28))).refuses(TablesIssuedLater, "/issued_on", issued_on=MARCH)
    given(STREAM).when(issuing(tables)).refuses(YearIsNotOpen)
    closing = YearMoved(year=2009, state="closing")
    given(STREAM, OPENED, MOVED, closing).when(issuing(tables)).refuses(YearDoesNotAllow, asked="issue_tables")


def signing(
    shown: str = ONE, *, issued: str | None = ONE, stands: str = ONE, person: str | None = None
) -> Callable[[str | None], list[Fact]]:
    command = SignTable(2009, "transport", shown, person)
    return partial(sign_table, command, unit="u1", issued=issued, stands=stands, today=TODAY)


def test_a_unit_signs_exactly_what_it_was_issued_and_what_still_stands() -> None:
    unsigned = given(signature_stream(2009, "transport"))
    signed = TargetTableSigned(year=2009, unit="u1", sha256=ONE, on=TODAY)
    unsigned.when(signing()).then(signed)
    unsigned.when(signing(person="p1")).then(
        TargetTableSigned(year=2009, unit="u1", sha256=ONE, on=TODAY, person="p1")
    )  # fmt: skip
    unsigned.when(signing(OTHER)).refuses(TableHasChanged, "/sha256", shown=OTHER, issued=ONE, stands=ONE)
    unsigned.when(signing(stands=OTHER)).refuses(TableHasChanged, "/sha256", issued=ONE, stands=OTHER)
    unsigned.when(signing(issued=None)).refuses(TableIsNotIssued, unit="transport")
    given(signature_stream(2009, "transport"), signed).when(signing()).refuses(SignedAlready, sha256=ONE)
    given(signature_stream(2009, "transport"), signed).when(signing(OTHER, issued=OTHER, stands=OTHER)).then(
        TargetTableSigned(year=2009, unit="u1", sha256=OTHER, on=TODAY)
    )


def test_who_signed_before_is_found_at_once_however_often_parts_were_reorganised_among_the_same_units() -> None:
    """Two parts become two, thirty times: a thousand million ways back, sixty parts."""
    registry, day, before = Registry(), date(2009, 1, 1), list[str]()
    name = Label(zh="x")
    target = rows.Target(
        year=2009, code="roads", name=name, issuer="city", category="livelihood", kind="cumulative",
        direction="higher", value="60", measures=(Measure(code="length", name=name, unit_of_measure="km"),),
        roll_up="sum", tags=(), weight=None, points=None, indicator=None,
    )  # fmt: skip
    registry.put("target", "t", day, target, 1)
    for unit in ("first", "other"):
        registry.put("unit", unit, day, rows.Unit(code=unit, name=name, kind="county", parent=None, valid_from=day), 2)
    signed = rows.Signature(year=2009, unit="first", sha256=ONE, by="x", person=None)
    registry.put("signature", table_id(2009, "first"), day, signed, 3)
    for turn in range(30):
        until = None if turn == 29 else day + timedelta(days=1)
        for unit in ("first", "other"):
            part = rows.Assignment(
                target="t", unit=unit, role="supporting", value="30", valid_from=day, valid_until=until,
                follows=tuple(before),
            )  # fmt: skip
            registry.put("assignment", f"{unit}{turn}", day, part, 4)
        before, day = [f"first{turn}", f"other{turn}"], day + timedelta(days=1)
    [_, other] = units_on(registry, 2009, day)
    assert [(each.unit, each.targets) for each in other.inherited] == [("first", ("roads",))]


# Over HTTP


def issue(city: Office, on: str = "2009-03-01", **headers: str) -> Response:
    seen = {"If-Match": city.get(f"{YEAR}/target-tables").headers["ETag"]} | headers
    return city.post(f"{YEAR}/target-tables", {"issued_on": on}, headers=seen)


def one(city: Office, unit: str = "transport", **query: Any) -> dict[str, Any]:
    answer = city.get(f"{YEAR}/target-tables/{unit}", **query)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def signs(city: Office, sha256: str | None = None, unit: str = "transport", **more: Any) -> Response:
    said = sha256 or one(city, unit)["table"]["sha256"]
    return city.post(f"{YEAR}/target-tables/{unit}/signatures", {"sha256": said} | more, who=unit)


def adjusts(city: Office, value: str, on: str = "2009-03-05") -> None:
    headers = {"If-Match": city.get(f"{YEAR}/targets/roads").headers["ETag"]}
    body = {"value": value, "effective_on": on, "reason": "省级追加"}
    answer = city.post(f"{YEAR}/targets/roads/adjustments", body, headers=headers)
    assert answer.status_code == 201, answer.text


def statuses(city: Office, **query: Any) -> dict[str, str]:
    items = city.get(f"{YEAR}/target-tables", **query).json()["items"]
    return {item["unit"]: item["status"] for item in items}


def test_a_table_holds_what_the_unit_is_given_and_its_hash_can_be_checked(given_out: Office) -> None:
    said = one(given_out)["table"]
    assert said["table"] == {
        "form": "target-table.v1", "year": 2009, "unit": "transport",
        "targets": [{
            "code": "roads", "category": "livelihood", "issuer": "city", "kind": "cumulative", "direction": "higher",
            "value": "60", "unit_of_measure": "km", "measures": [{"code": "length", "unit_of_measure": "km"}],
            "roll_up": "sum", "tags": ["practical_matter"], "weight": "12.5", "role": "lead", "part": "40",
            "valid_from": "2009-01-01",
        }],
    }  # fmt: skip
    assert said["names"] == {"roads": {"zh": "改造县乡公路"}}
    assert said["sha256"] == sha256(rfc8785.dumps(said["table"])).hexdigest()
    assert (said["status"], said["changed_since_issue"]) == ("not_issued", True)
    assert {"issued", "signature"}.isdisjoint(said)


def test_tables_are_issued_signed_and_listed(given_out: Office) -> None:
    answer = issue(given_out)
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"3"'), answer.text
    assert given_out.get(YEAR).json()["year"]["state"] == "targets_issued"
    assert statuses(given_out) == {"county": "unsigned", "transport": "unsigned"}
    assert statuses(given_out, as_of="2009-02-28") == {"county": "not_issued", "transport": "not_issued"}
    person = given_out.post(f"{CITY}/persons", {"name": "张三", "unit": "transport"}, who="admin").json()["id"]
    assert signs(given_out, person=person).status_code == 201
    assert statuses(given_out) == {"county": "unsigned", "transport": "signed"}
    assert statuses(given_out, status="unsigned") == {"county": "unsigned"}
    said = one(given_out)["table"]
    assert (said["signature"]["signed_on"], said["signature"]["person"]) == ("2009-03-10", person)
    assert said["signature"]["sha256"] == said["issued"]["sha256"] == said["sha256"]
    assert (said["issued"]["issued_on"], said["changed_since_issue"]) == ("2009-03-01", False)
    again = signs(given_out)
    assert (again.status_code, again.json()["code"]) == (409, "SIGNED_ALREADY")


def test_an_adjustment_makes_the_signature_outdated_and_a_new_issue_supersedes_it(given_out: Office) -> None:
    issue(given_out)
    signs(given_out)
    signed = one(given_out)
    adjusts(given_out, "66")
    assert statuses(given_out) == {"county": "unsigned", "transport": "outdated"}
    assert statuses(given_out, as_of="2009-03-04") == {"county": "unsigned", "transport": "unsigned"}, (
        "before it signed"
    )
    late = signs(given_out, signed["table"]["sha256"])
    assert (late.status_code, late.json()["code"]) == (409, "TABLE_HAS_CHANGED")
    now = one(given_out)["table"]["sha256"]
    about = late.json()["about"]
    assert (about["shown"], about["issued"], about["stands"]) == (*[signed["table"]["sha256"]] * 2, now)
    early = signs(given_out, now)
    assert (early.status_code, early.json()["code"]) == (409, "TABLE_HAS_CHANGED"), "it has not been issued"

    assert issue(given_out, "2009-03-10").status_code == 201
    assert statuses(given_out) == {"county": "unsigned", "transport": "unsigned"}
    assert one(given_out)["table"]["signature"]["sha256"] == signed["table"]["sha256"], "what it signed before"
    assert signs(given_out).status_code == 201
    assert statuses(given_out)["transport"] == "signed"
    at = signed["pin"]
    then = one(given_out, pin=at["text"])
    assert then == signed


def test_only_tables_that_changed_are_issued_again(given_out: Office) -> None:
    issue(given_out)
    assert issue(given_out).json()["code"] == "NOTHING_TO_ISSUE"
    given_out.assigns("transport", "supporting", target="jobs", valid_from="2009-03-02")
    adjusted = one(given_out)["table"]
    assert (adjusted["status"], adjusted["changed_since_issue"]) == ("unsigned", True)
    before = one(given_out, "county")["table"]["issued"]
    assert issue(given_out, "2009-03-10").status_code == 201
    assert one(given_out, "county")["table"]["issued"] == before
    assert one(given_out)["table"]["issued"]["issued_on"] == "2009-03-10"


def test_what_was_recorded_just_before_is_in_the_tables_that_are_issued(given_out: Office) -> None:
    etag = '"1"'
    for n in range(4):
        assert given_out.issues(f"late-{n}").status_code == 201
        given_out.assigns("transport", target=f"late-{n}")
        body = {"issued_on": "2009-03-01"}
        done = given_out.post(f"{YEAR}/target-tables", body, headers={"If-Match": etag})
        assert done.status_code == 201, done.text
        etag = done.headers["ETag"]
        assert not one(given_out)["table"]["changed_since_issue"]


def test_a_part_handed_over_brings_along_what_was_signed_for_it(given_out: Office) -> None:
    issue(given_out)
    signs(given_out)
    given_out.registers("roads-office")
    over = {"successor": "roads-office", "effective_on": "2009-03-08", "carries_levels": True}
    answer = given_out.hands_over("transport", over)
    assert answer.status_code == 201, answer.text
    said = one(given_out, "roads-office")["table"]
    [inherited] = said["inherited_from"]
    signature = one(given_out)["table"]["signature"]
    assert (inherited["unit"], inherited["targets"], inherited["signature"]) == ("transport", ["roads"], signature)
    assert said["status"] == "not_issued"
    emptied = one(given_out)["table"]
    assert (emptied["table"]["targets"], emptied["status"]) == ([], "outdated")
    assert issue(given_out, "2009-03-10").status_code == 201
    assert statuses(given_out) == {"county": "unsigned", "roads-office": "unsigned", "transport": "unsigned"}
    assert one(given_out, "roads-office", as_of="2009-03-10")["table"]["inherited_from"] == [inherited]
    assert given_out.get(f"{YEAR}/target-tables/roads-office", as_of="2009-03-07").status_code == 404


def test_a_successor_inherits_what_a_unit_that_ended_had_signed(given_out: Office) -> None:
    issue(given_out)
    signs(given_out)
    given_out.registers("roads-office", valid_from="2009-01-01")
    headers = {"If-Match": given_out.get(f"{CITY}/units/transport").headers["ETag"]}
    over = {"successor": "roads-office", "effective_on": "2009-03-08", "carries_levels": True}
    assert given_out.hands_over("transport", over).status_code == 201
    ending = {"effective_on": "2009-03-08", "successors": ["roads-office"], "reason": "机构改革"}
    answer = given_out.post(f"{CITY}/units/transport/endings", ending, who="admin", headers=headers)
    assert answer.status_code == 201, answer.text
    [inherited] = one(given_out, "roads-office")["table"]["inherited_from"]
    assert (inherited["unit"], inherited["targets"]) == ("transport", ["roads"])
    assert issue(given_out, "2009-03-10").status_code == 201
    assert statuses(given_out) == {"county": "unsigned", "roads-office": "unsigned"}, "nobody signs for what has ended"
    assert given_out.get(f"{YEAR}/target-tables/transport").status_code == 404
    assert one(given_out, "transport", as_of="2009-03-07")["table"]["table"]["targets"], "of then it stands"


def test_a_milestone_target_is_in_the_table_with_its_steps_and_leaves_it_when_withdrawn(given_out: Office) -> None:
    assert given_out.post(f"{YEAR}/targets", milestone_body()).status_code == 201
    code = milestone_body()["code"]
    before = one(given_out)["table"]["sha256"]
    assert given_out.assigns("transport", target=code).status_code == 201
    row = next(row for row in one(given_out)["table"]["table"]["targets"] if row["code"] == code)
    assert row["unit_of_measure"] == "percent"
    assert sum(int(step["share"]) for step in row["steps"]) == 100
    headers = {"If-Match": given_out.get(f"{YEAR}/targets/{code}").headers["ETag"]}
    body = {"effective_on": "2009-03-05", "reason": "省级取消", "evidence": []}
    assert given_out.post(f"{YEAR}/targets/{code}/withdrawals", body, headers=headers).status_code == 201
    assert one(given_out)["table"]["sha256"] == before
    assert one(given_out, as_of="2009-03-04")["table"]["sha256"] != before


def test_a_table_by_category_and_by_role(given_out: Office) -> None:
    def codes(**query: str) -> dict[str, list[str]]:
        items = given_out.get(f"{YEAR}/target-tables", **query).json()["items"]
        return {item["unit"]: [row["code"] for row in item["table"]["targets"]] for item in items}

    assert codes() == {"county": ["jobs", "roads"], "transport": ["roads"]}
    assert codes(category="livelihood") == {"county": ["roads"], "transport": ["roads"]}
    assert codes(category="economy") == {"county": ["jobs"]}
    assert codes(role="lead") == {"county": ["jobs"], "transport": ["roads"]}
    assert codes(category="society") == {}


def test_two_dates_are_compared(given_out: Office) -> None:
    adjusts(given_out, "66")
    given_out.assigns("transport", "supporting", target="jobs", valid_from="2009-03-02")
    compared = one(given_out, compare_as_of="2009-03-01")["compared"]
    assert [change["code"] for change in compared["changes"]] == ["jobs", "roads"]
    jobs, roads = compared["changes"]
    assert "before" not in jobs
    assert (roads["before"]["value"], roads["after"]["value"]) == ("60", "66")
    assert compared["sha256"] == one(given_out, as_of="2009-03-01")["table"]["sha256"]


def test_all_tables_are_compared_with_another_date_new_and_gone_ones_too(given_out: Office) -> None:
    adjusts(given_out, "66")
    assert given_out.registers("power", valid_from="2009-03-05").status_code == 201
    handing = {"successor": "power", "effective_on": "2009-03-05", "carries_levels": True}
    assert given_out.hands_over("transport", handing).status_code == 201
    said = given_out.get(f"{YEAR}/target-tables", compare_as_of="2009-03-01").json()
    assert said["compared_pin"]["as_of"] == "2009-03-01"
    changes = {item["unit"]: item["compared"]["changes"] for item in said["items"]}
    assert {unit: [(row["code"], row["change"]) for row in rows] for unit, rows in changes.items()} == {
        "county": [("roads", "changed")], "power": [("roads", "added")], "transport": [("roads", "removed")],
    }  # fmt: skip
    (of_county,), (of_transport,) = changes["county"], changes["transport"]
    assert (of_county["changed"], of_county["before"]["value"], of_county["after"]["value"]) == (["value"], "60", "66")
    assert (of_transport["before"]["part"], "after" in of_transport) == ("40", False)
    of_power = next(item for item in said["items"] if item["unit"] == "power")
    assert "sha256" not in of_power["compared"]
    gone = next(item for item in said["items"] if item["unit"] == "transport")
    assert (gone["table"]["targets"], list(gone["names"])) == ([], ["roads"])
    alone = given_out.get(f"{YEAR}/target-tables/transport", compare_as_of="2009-03-01").json()
    assert alone["compared"]["changes"] == changes["transport"]
    assert alone["table"] == {name: value for name, value in gone.items() if name != "compared"}
    assert given_out.get(f"{YEAR}/target-tables/transport").status_code == 404


def test_a_category_and_a_role_are_compared_page_by_page(given_out: Office) -> None:
    adjusts(given_out, "66")
    given_out.assigns("transport", "supporting", target="jobs", valid_from="2009-03-02")
    asked = {"compare_as_of": "2009-03-01", "category": "economy"}
    said = given_out.get(f"{YEAR}/target-tables", **asked).json()["items"]
    assert {item["unit"]: [row["code"] for row in item["compared"]["changes"]] for item in said} == {
        "county": [], "transport": ["jobs"],
    }  # fmt: skip
    first = given_out.get(f"{YEAR}/target-tables", limit=1, **asked).json()
    rest = given_out.get(f"{YEAR}/target-tables", limit=1, cursor=first["next_cursor"], **asked).json()
    assert first["items"] + rest["items"] == said
    other = given_out.get(f"{YEAR}/target-tables", cursor=first["next_cursor"], category="economy", limit=1)
    assert other.json()["code"] == "CURSOR_INVALID"
    theirs = given_out.get(f"{YEAR}/target-tables", who="county", compare_as_of="2009-03-01").json()["items"]
    assert [item["unit"] for item in theirs] == ["county"]


def test_what_was_not_known_yet_is_new(given_out: Office) -> None:
    for path in (f"{YEAR}/target-tables", f"{YEAR}/target-tables/transport", f"{YEAR}/matrix"):
        answer = given_out.get(path, compare_known_at="position:0")
        assert answer.status_code == 200, answer.text
    listed = given_out.get(f"{YEAR}/target-tables", compare_known_at="position:0").json()["items"]
    assert {row["change"] for item in listed for row in item["compared"]["changes"]} == {"added"}


def test_a_list_ends_and_its_pages_agree(given_out: Office) -> None:
    first = given_out.get(f"{YEAR}/target-tables", limit=1).json()
    adjusts(given_out, "66")
    second = given_out.get(f"{YEAR}/target-tables", limit=1, cursor=first["next_cursor"]).json()
    assert (second["next_cursor"], second["pin"]) == (None, first["pin"])
    [row] = second["items"][0]["table"]["targets"]
    assert row["value"] == "60"
    wrong = given_out.get(f"{YEAR}/target-tables", cursor=first["next_cursor"], category="economy")
    assert wrong.json()["code"] == "CURSOR_INVALID"


def test_a_unit_sees_and_signs_its_own_only(given_out: Office) -> None:
    issue(given_out)
    listed = given_out.get(f"{YEAR}/target-tables", who="county").json()["items"]
    assert [item["unit"] for item in listed] == ["county"]
    theirs = given_out.get(f"{YEAR}/target-tables/transport", who="county")
    assert (theirs.status_code, theirs.json()["code"]) == (404, "TABLE_UNKNOWN")
    sha256 = one(given_out)["table"]["sha256"]
    forged = given_out.post(f"{YEAR}/target-tables/transport/signatures", {"sha256": sha256}, who="county")
    assert (forged.status_code, forged.json()["code"]) == (404, "TABLE_UNKNOWN")
    for who in ("office", "leader", "admin"):
        told = given_out.post(f"{YEAR}/target-tables/transport/signatures", {"sha256": sha256}, who=who)
        assert told.status_code == 403, who
    assert statuses(given_out)["transport"] == "unsigned"


def test_two_clerks_who_issue_at_once_issue_once(given_out: Office) -> None:
    seen = {"If-Match": given_out.get(YEAR).headers["ETag"]}
    assert given_out.post(f"{YEAR}/target-tables", {"issued_on": "2009-03-01"}, headers=seen).status_code == 201
    late = given_out.post(f"{YEAR}/target-tables", {"issued_on": "2009-03-02"}, headers=seen)
    assert (late.status_code, late.json()["about"]["current"]) == (412, 3)
    assert given_out.post(f"{YEAR}/target-tables", {"issued_on": "2009-03-02"}).status_code == 428


def test_a_repeated_issue_and_a_repeated_signature_get_the_first_outcome(given_out: Office) -> None:
    headers = {"If-Match": given_out.get(YEAR).headers["ETag"]}
    body: dict[str, str] = {"issued_on": "2009-03-01"}
    first = given_out.post(f"{YEAR}/target-tables", body, key="issue", headers=headers)
    assert given_out.post(f"{YEAR}/target-tables", body, key="issue", headers=headers).json() == first.json()
    body = {"sha256": one(given_out)["table"]["sha256"]}
    path = f"{YEAR}/target-tables/transport/signatures"
    signed = given_out.post(path, body, who="transport", key="sign")
    assert signed.status_code == 201, signed.text
    assert given_out.post(path, body, who="transport", key="sign").json() == signed.json()


def test_what_cannot_be_is_refused_in_both_languages(given_out: Office) -> None:
    person = given_out.post(f"{CITY}/persons", {"name": "李四", "unit": "county"}, who="admin").json()["id"]
    erased = given_out.post(f"{CITY}/persons", {"name": "王五"}, who="admin").json()["id"]
    given_out.post(f"{CITY}/persons/{erased}", None, who="admin", method="DELETE")
    assert signs(given_out).json()["code"] == "TABLE_IS_NOT_ISSUED"
    issue(given_out)
    nobody = "0190b2d6-4a00-7000-8000-000000000001"
    given_out.minted["nowhere"] = given_out.minted["transport"]
    refused: tuple[tuple[Callable[[], Response], int, str, list[str]], ...] = (
        (lambda: signs(given_out, OTHER), 409, "TABLE_HAS_CHANGED", ["/sha256"]),
        (lambda: signs(given_out, "x" * 64), 422, "MALFORMED", ["/sha256"]),
        (lambda: signs(given_out, person=nobody), 422, "PERSON_IS_UNKNOWN", ["/person"]),
        (lambda: signs(given_out, person=person), 422, "PERSON_IS_UNKNOWN", ["/person"]),
        (lambda: signs(given_out, person=erased), 409, "PERSON_IS_ERASED", ["/person"]),
        (lambda: signs(given_out, ONE, unit="nowhere"), 404, "TABLE_UNKNOWN", []),
        (lambda: issue(given_out, "2009-02-28"), 409, "TABLES_ISSUED_LATER", ["/issued_on"]),
        (lambda: issue(given_out, "2009-03-11"), 409, "DATE_IN_FUTURE", ["/issued_on"]),
        (lambda: issue(given_out, "2010-03-01"), 409, "DATE_OUTSIDE_YEAR", ["/issued_on"]),
        (lambda: given_out.get(f"{YEAR}/target-tables/nowhere"), 404, "TABLE_UNKNOWN", []),
        (lambda: given_out.get(f"{CITY}/years/2008/target-tables"), 404, "YEAR_UNKNOWN", []),
        (lambda: given_out.get(f"{CITY}/years/2008/target-tables/county"), 404, "YEAR_UNKNOWN", []),
    )
    for made, status, code, pointers in refused:
        titles = []
        for language in ("en", "zh"):
            given_out.client.headers["Accept-Language"] = language
            answer = made()
            problem = answer.json()
            assert (answer.status_code, problem["code"]) == (status, code), answer.text
            assert [fault["pointer"] for fault in problem["errors"]] == pointers
            titles.append(problem["title"])
        assert titles[0].isascii()
        assert not titles[1].isascii()
