import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from shared.http.app import create_app
from shared.identity.callers import ScopeIsEmpty
from shared.identity.http import (
    CallerDep,
    JurisdictionNotFound,
    RoleMissing,
    permit,
    scope_text,
    source_allowed,
)
from shared.identity.issuer import DevelopmentIssuer
from shared.identity.keys import ReadKeys
from shared.identity.tokens import Caller, Verifier


def caller(**changed: object) -> Caller:
    facts: dict[str, object] = {
        "subject": "p1",
        "client": "c1",
        "jurisdictions": ("430300",),
        "roles": ("unit", "leader"),
        "unit": "u12",
        "scope": "own",
        "sources": ("county-a",),
    }
    return Caller(**(facts | changed))  # type: ignore[arg-type]


@pytest.fixture
def app(issuer: DevelopmentIssuer) -> FastAPI:
    app = create_app("A small service")
    app.state.verifier = issuer.verifier()

    @app.get("/{jurisdiction}/me")
    def me(jurisdiction: str, caller: CallerDep) -> list[str]:
        return [caller.subject, permit(caller, jurisdiction, "office", "leader")]

    return app


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_caller_is_known_by_their_token(client: TestClient, issuer: DevelopmentIssuer) -> None:
    token = issuer.mint("p1", "c1", ["430300"], ["leader"])
    for _ in range(2):
        assert client.get("/430300/me", headers=bearer(token)).json() == ["p1", "leader"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer"}])
def test_without_a_token_the_answer_is_401(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.get("/430300/me", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_MISSING")
    assert answer.headers["www-authenticate"].startswith('Bearer realm="jikao"')
    assert ("error=" in answer.headers["www-authenticate"]) == bool(headers)


def test_with_a_bad_token_the_answer_is_401_and_says_so(client: TestClient) -> None:
    answer = client.get("/430300/me", headers=bearer("nonsense"))
    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_INVALID")
    assert answer.headers["www-authenticate"] == 'Bearer realm="jikao", error="invalid_token"'


def test_another_jurisdiction_is_404(client: TestClient, issuer: DevelopmentIssuer) -> None:
    token = issuer.mint("p1", "c1", ["430300"], ["leader"])
    answer = client.get("/430400/me", headers=bearer(token))
    assert (answer.status_code, answer.json()["code"]) == (404, "JURISDICTION_NOT_FOUND")


def test_a_missing_role_is_403_and_named(client: TestClient, issuer: DevelopmentIssuer) -> None:
    answer = client.get("/430300/me", headers=bearer(issuer.mint("p1", "c1", ["430300"], ["auditor"])))
    assert (answer.status_code, answer.json()["code"]) == (403, "ROLE_MISSING")
    assert answer.json()["about"] == {"needed_role": "office | leader"}
    assert "office | leader" in answer.json()["detail"]


def test_while_no_keys_can_be_had_the_answer_is_503(app: FastAPI, issuer: DevelopmentIssuer) -> None:
    def away() -> dict[str, object]:
        raise OSError

    app.state.verifier = Verifier(ReadKeys(away), "issuer", "audience")
    token = issuer.mint("p1", "c1", ["430300"], ["leader"])
    answer = TestClient(app).get("/430300/me", headers=bearer(token))
    assert (answer.status_code, answer.json()["code"]) == (503, "ISSUER_UNREACHABLE")
    assert answer.headers["retry-after"] == "5"


def test_the_first_role_asked_for_opens_the_door() -> None:
    assert permit(caller(), "430300", "office", "leader", "unit") == "leader"
    assert permit(caller(), "430300", "unit", "leader") == "unit"


def test_no_role_opens_a_door_that_names_none() -> None:
    with pytest.raises(RoleMissing):
        permit(caller(), "430300")


def test_the_jurisdiction_is_judged_before_the_role() -> None:
    with pytest.raises(JurisdictionNotFound):
        permit(caller(), "430400", "office")


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        ("all", "all"),
        ("own", "own"),
        ("own+below", "own+below"),
        (("transport", "water", "nobody"), "id-of-transport,id-of-water"),
    ],
)
def test_the_scope_as_events_carry_it_names_units_by_id(scope: object, text: str) -> None:
    ids = {"transport": "id-of-transport", "water": "id-of-water"}
    assert scope_text(caller(scope=scope), ids.get) == text


def test_a_scope_of_which_no_unit_exists_is_refused() -> None:
    with pytest.raises(ScopeIsEmpty):
        scope_text(caller(scope=("nobody",)), lambda _: None)


def test_a_caller_sends_only_under_its_own_source_names() -> None:
    assert source_allowed(caller(), "county-a")
    assert not source_allowed(caller(), "county-b")
    assert not source_allowed(caller(sources=()), "")
