"""What holds for the service as a whole: on both databases, after a rebuild, for bodies that are hardly JSON."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import services.targets
from services.targets.main import build
from shared.event_log.port import Topics
from shared.identity.issuer import DevelopmentIssuer
from shared.service import Service
from shared.sql import engine as open_engine
from tests.services.targets.catalogues import bodies
from tests.services.targets.conftest import CITY, YEAR, Office
from tests.services.targets.test_letters import OURS, letter, puts
from tests.services.targets.test_letters import said as words_of
from tests.services.targets.test_target_tables import issue, one, signs
from tests.services.targets.test_targets_over_http import ROADS, adjusts, code_of


@pytest.fixture
def on_either(
    database_url: str, topics: Topics, issuer: DevelopmentIssuer, tokens: Callable[..., str]
) -> Iterator[Office]:
    """The running service on a database of each kind."""
    _, app = build(open_engine(database_url), topics, issuer.verifier(), alone=True)
    with TestClient(app) as client:
        yield Office(client, tokens)


def test_the_front_half_of_a_year_on_either_database(on_either: Office, tokens: Callable[..., str]) -> None:
    city = on_either
    city.begins_2009()
    repeated = city.post(f"{CITY}/years", {"year": 2010}, key="ten")
    assert city.post(f"{CITY}/years", {"year": 2010}, key="ten").json() == repeated.json()
    ids = {
        issuer: city.post(f"{YEAR}/catalogues", {"issuer": issuer, "items": bodies(issuer)}).json()["id"]
        for issuer in ("province", "city")
    }
    run = city.post(f"{YEAR}/alignments", ids).json()["id"]
    assert city.get(f"{YEAR}/alignments/{run}").json()["totals"]["new"] == 32
    assert city.issues().status_code == 201
    assert city.assigns("transport", value="60").status_code == 201
    city.clock("2009-08-12T10:00:00+08:00")
    assert adjusts(city).status_code == 201
    body = {"successor": "county", "effective_on": "2009-07-01", "carries_levels": False}
    assert city.hands_over("transport", body).status_code == 201
    assert city.post(f"{YEAR}/locks", {"month": 7, "reason": "取数"}).status_code == 201
    assert code_of(city.post(f"{YEAR}/locks", {"month": 7, "reason": "取数"})) == (409, "MONTH_IS_LOCKED_ALREADY")
    assert issue(city, "2009-08-01").status_code == 201
    assert puts(city, OURS).status_code == 201
    city.minted["county"] = tokens("unit", unit="county", scope="own")
    assert signs(city, unit="county").status_code == 201
    table = one(city, "county")
    assert (table["table"]["status"], table["table"]["table"]["targets"][0]["value"]) == ("signed", "66")
    person = city.post(f"{CITY}/persons", {"name": "张三"}, who="admin").json()["id"]
    assert city.post(f"{CITY}/persons/{person}", None, who="admin", method="DELETE").status_code == 201
    said = city.get(ROADS).json()
    assert said["target"]["value"] == "66"
    assert [part["unit"] for part in said["assignments"]] == ["transport", "county"]
    assert city.get(f"{CITY}/persons/{person}").json()["person"]["name"] == "erased"

    service: Service = city.client.app.state.service  # type: ignore[attr-defined]
    rebuilt = service.read_side.rebuild()
    assert (rebuilt.switched, rebuilt.differing) == (True, ())
    assert city.get(ROADS).json() == said
    assert one(city, "county", pin=table["pin"]["text"]) == table
    assert "改造县乡公路 66" in words_of(letter(city, "county").content)


def test_only_one_of_two_questions_is_asked_where_no_comparison_is_offered(city: Office) -> None:
    for path in (CITY, YEAR, f"{CITY}/units", f"{CITY}/units/transport", f"{YEAR}/targets", f"{YEAR}/locks"):
        refused = city.get(path, compare_as_of="2009-01-05")
        assert code_of(refused) == (422, "COMPARISON_NOT_OFFERED"), path
        assert [address.rpartition("/years/{year}/")[2] for address in refused.json()["about"]["compare"]] == [
            "matrix", "target-changes", "target-tables", "target-tables/{unit}", "targets/{target}",
        ]  # fmt: skip
        assert [error["pointer"] for error in refused.json()["errors"]] == ["/query/compare_as_of"]
    both = city.get(YEAR, compare_as_of="2009-01-05", comparing="x")
    assert code_of(both) == (422, "PARAMETER_UNKNOWN")


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"code":"x"} x', b'{"name":{"zh":"\\ud800"}}',
        b'{"code":"transport\\u0000"}', b'{"valid_from":20090101}', b'{"name":{"zh":"a","en":null,"fr":"b"}}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", [f"{CITY}/units", f"{CITY}/persons", "/v1/jurisdictions"])
def test_bodies_that_cannot_be_read_are_malformed(city: Office, path: str, sent: bytes) -> None:
    headers = {**city.bearer("admin"), "Idempotency-Key": "k", "Content-Type": "application/json"}
    refused = city.client.post(path, content=sent, headers=headers)
    assert refused.status_code == 422
    assert refused.headers["Content-Type"] == "application/problem+json"


def test_half_a_character_in_a_catalogue_is_a_fault_of_its_row(city: Office) -> None:
    sent = b'{"issuer":"city","items":[{"code":"a","name":{"zh":"\\ud800"}}]}'
    headers = {**city.bearer("office"), "Idempotency-Key": "k", "Content-Type": "application/json"}
    refused = city.client.post(f"{YEAR}/catalogues", content=sent, headers=headers)
    assert code_of(refused) == (422, "CATALOGUE_FAULTY")
    assert "/items/0/name/zh" in [error["pointer"] for error in refused.json()["errors"]]


def test_a_command_needs_its_key(city: Office) -> None:
    refused = city.client.post(f"{CITY}/years", json={"year": 2011}, headers=city.bearer("office"))
    assert code_of(refused) == (422, "IDEMPOTENCY_KEY_MISSING")
    assert city.get(f"{CITY}/years/2011").status_code == 404


def test_every_operation_is_documented() -> None:
    folder = Path(services.targets.__file__).parent
    for path in sorted((folder / "api").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list:
                assert ast.get_docstring(node), f"{path.name}: {node.name}"
