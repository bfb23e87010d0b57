"""What nobody offers is refused, wherever it is asked; what was answered before a restart is answered after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.http.pages import Place, next_cursor
from shared.http.tokens import Unsent, Written, decode_token, encode_token
from shared.identity.callers import ROLES
from tests.services.standalone.whole import CITY, OURS, YEAR, Whole, fill, unit, whole


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole(tmp_path_factory.mktemp("strict") / "data") as running:
        fill(running)
        yield running


@pytest.mark.parametrize(
    ("address", "code", "pointer"),
    [
        (f"{CITY}/units?knownat=position:3", "PARAMETER_UNKNOWN", "/query/knownat"),
        (f"{YEAR}/projects?compare_as_of=2009-01-01", "COMPARISON_NOT_OFFERED", "/query/compare_as_of"),
        (f"{CITY}/records?as-of=2009-01-01", "PARAMETER_UNKNOWN", "/query/as-of"),
        (f"{YEAR}/completion?as_of=2009-07-31&as_of=2009-08-31", "PARAMETER_REPEATED", "/query/as_of"),
        (f"{CITY}/units?limit=1_0", "MALFORMED", "/query/limit"),
        (f"{CITY}/units?limit=%2010", "MALFORMED", "/query/limit"),
        (f"{CITY}/years/+2009", "MALFORMED", "/path/year"),
        (f"{YEAR}/locks?locked=on", "MALFORMED", "/query/locked"),
        ("/v1/labels?lang=zh", "PARAMETER_UNKNOWN", "/query/lang"),
    ],
)
def test_a_question_says_exactly_what_is_offered(city: Whole, address: str, code: str, pointer: str) -> None:
    refused = city.send("GET", address, city.token(*ROLES))
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("body", "kind", "code", "pointer"),
    [
        (b'{"name":"a","name":"b","client":"c"}', "application/json", "MEMBER_REPEATED", "/name"),
        ('{"name":"a","client":"c"}'.encode("utf-16"), "application/json", "NOT_JSON", ""),
        (b'\xef\xbb\xbf{"name":"a","client":"c"}', "application/json", "NOT_JSON", ""),
        (b"[" * 100_000, "application/json", "NOT_JSON", ""),
        (b"\xff\xfe{", "application/json", "NOT_JSON", ""),
        (b'{"name":' + b"9" * 5000 + b"}", "application/json", "NOT_JSON", ""),
        (b'{"name":"a","client":"c"}', "text/plain", "CONTENT_TYPE_NOT_TAKEN", "/header/Content-Type"),
        (b'{"name":"a","client":"c"}', "application/merge-patch+json", "CONTENT_TYPE_NOT_TAKEN",
         "/header/Content-Type"),
    ],
)  # fmt: skip
def test_a_body_says_each_thing_once(city: Whole, body: bytes, kind: str, code: str, pointer: str) -> None:
    refused = city.send("POST", f"{CITY}/sources", city.token("admin"), content=body, headers={"Content-Type": kind})
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]


def test_a_made_up_cursor_or_token_is_refused(city: Whole) -> None:
    token = city.token(*ROLES)
    written = decode_token(city.after or "")
    assert isinstance(written, Written)
    for key, position in (((1,), 3), ((), 3), (("a", 2), 3), (("a",), 2**63), (("a",), 10**30), ((10**30,), 3)):
        made = next_cursor("units", Place(position, key))
        refused = city.send("GET", f"{CITY}/units", token, params={"cursor": made})
        assert (refused.status_code, refused.json()["code"]) == (422, "CURSOR_INVALID"), (key, position)
    for made_up in (
        Written(written.log, written.incarnation, 7, 0), Written(written.log, written.incarnation, -1, 0),
        Written(written.log, written.incarnation, 0, 10**30), Written("another", written.incarnation, 0, 0),
        Unsent("another", "x"),
    ):  # fmt: skip
        refused = city.send("GET", f"{CITY}/units", token, params={"after": encode_token(made_up)})
        assert (refused.status_code, refused.json()["code"]) == (422, "FRESHNESS_TOKEN_INVALID"), made_up


def test_a_cursor_keeps_its_date_and_position(city: Whole) -> None:
    first = city.send("GET", f"{CITY}/units", city.token("auditor"), params={"limit": "1"}).json()
    for beside in ({"as_of": "2009-01-02"}, {"known_at": "position:5"}):
        more = {"cursor": first["next_cursor"], "limit": "1"} | beside
        assert city.send("GET", f"{CITY}/units", city.token("auditor"), params=more).status_code == 422
    more = {"cursor": first["next_cursor"], "limit": "1", "pin": first["pin"]["text"]}
    assert city.send("GET", f"{CITY}/units", city.token("auditor"), params=more).json()["pin"] == first["pin"]


def test_after_a_restart_a_repeat_has_the_first_outcome_and_an_old_token_still_waits(tmp_path: Path) -> None:
    path = tmp_path / "data"
    with whole(path) as city:
        fill(city)
        admin = city.token("admin")
        first = city.send("POST", f"{CITY}/units", admin, unit("archive"), key="once")
        token = city.after
        sent = {"entries": [{"kind": "target", "target": "roads", "value": "21", "unit_of_measure": "km",
                             "effective_on": "2009-08-31"}]}  # fmt: skip
        receipt = city.send("POST", f"{CITY}/progress", city.token("unit", unit=OURS), sent, key="progress")
        assert (first.status_code, receipt.status_code) == (201, 202)
    with whole(path) as city:
        again = city.send("POST", f"{CITY}/units", admin, unit("archive"), key="once")
        assert again.json() == first.json()
        other = city.send("POST", f"{CITY}/units", admin, unit("other"), key="once")
        assert (other.status_code, other.json()["code"]) == (409, "ID_REUSED")
        repeated = city.send("POST", f"{CITY}/progress", city.token("unit", unit=OURS), sent, key="progress")
        assert repeated.json() == receipt.json() | {"status": "duplicate"}
        assert city.send("GET", f"{CITY}/units/archive", admin, params={"after": token}).status_code == 200


def test_no_model_of_the_document_needs_another_name(city: Whole) -> None:
    schemas = city.client.get("/openapi.json").json()["components"]["schemas"]
    names = {name for name in schemas for service in ("Targets", "Projects", "Evaluation", "Gateway")
             if name.startswith(service) and name.removeprefix(service) not in ("Shown", "Completion")}  # fmt: skip
    assert not names


@pytest.mark.parametrize("service", ["targets", "projects", "evaluation"])
def test_an_order_to_rebuild_says_yes_or_no_and_nothing_like_it(city: Whole, service: str) -> None:
    for likeness in (0, 1, "true", "off"):
        body = {"accept_differences": likeness}
        refused = city.send("POST", f"/v1/operations/{service}/rebuilds", city.token("admin"), body)
        assert (refused.status_code, refused.json()["code"]) == (422, "MALFORMED"), likeness
        assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/accept_differences"]
