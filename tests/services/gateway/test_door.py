"""Who is let through to a service, and how often."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from services.gateway.limits import RateExceeded, Rates
from services.gateway.main import build
from services.gateway.upstreams import in_process
from shared.identity.issuer import DevelopmentIssuer
from shared.settings import Limited

from .conftest import J, StandIn


def test_without_a_token_nobody_reaches_a_service(client: TestClient) -> None:
    del client.headers["Authorization"]
    answer = client.get(f"{J}/units")

    assert answer.status_code == 401
    assert answer.json()["code"] == "TOKEN_MISSING"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="jikao"'


def test_a_forged_token_is_refused(client: TestClient) -> None:
    answer = client.get(f"{J}/units", headers={"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."})

    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_INVALID")


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/unknown", f"{J}//units", f"{J}/%2e%2e"])
def test_an_address_of_no_service_is_404_even_without_a_token(client: TestClient, path: str) -> None:
    del client.headers["Authorization"]
    answer = client.get(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "NO_SUCH_ADDRESS")


def test_a_web_socket_is_closed(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(f"{J}/units"):
        pass


def test_an_own_address_says_which_methods_it_takes(client: TestClient) -> None:
    answer = client.post("/v1/labels")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


def test_too_many_requests_of_one_client_are_429_and_others_go_on(
    services: dict[str, StandIn], issuer: DevelopmentIssuer
) -> None:
    limits = Limited(rate_per_second=1, rate_burst=2)
    app = build([in_process(name, one.app) for name, one in services.items()], issuer.verifier(), limits)
    mine, other = (
        {"Authorization": f"Bearer {issuer.mint('s', client, ['430300'], ['office'])}"} for client in ("mine", "other")
    )

    with TestClient(app) as client:
        answers = [client.get(f"{J}/units", headers=mine) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[-1].json()["code"] == "RATE_EXCEEDED"
        assert answers[-1].json()["about"] == {"per_second": 1, "burst": 2}
        assert answers[-1].headers["Retry-After"] == "1"
        assert client.get(f"{J}/units", headers=other).status_code == 200
        assert client.get("/healthz").status_code == 200


def test_a_bucket_fills_again_with_time() -> None:
    now = 0.0
    rates = Rates(per_second=2, burst=2, clock=lambda: now)
    rates.take("a")
    rates.take("a")
    with pytest.raises(RateExceeded) as refused:
        rates.take("a")
    assert refused.value.retry_after == 1

    now = 0.5
    rates.take("a")
    with pytest.raises(RateExceeded):
        rates.take("a")


def test_pages_of_configured_origins_may_call_and_others_not(client: TestClient) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,idempotency-key"}
    ours = client.options(f"{J}/progress", headers={"Origin": "https://pages.example", **asked})
    other = client.options(f"{J}/progress", headers={"Origin": "https://elsewhere.example", **asked})

    assert ours.status_code == 200
    assert ours.headers["Access-Control-Allow-Origin"] == "https://pages.example"
    assert other.status_code == 400
    assert "Access-Control-Allow-Origin" not in other.headers
    answered = client.get(f"{J}/units", headers={"Origin": "https://pages.example"})
    assert "Jikao-Token" in answered.headers["Access-Control-Expose-Headers"]
