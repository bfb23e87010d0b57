"""Requests pass the gateway unchanged, in both directions and both forms."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from services.gateway.main import build
from services.gateway.upstreams import Upstream, at_address
from shared.identity.issuer import DevelopmentIssuer
from shared.settings import Limited
from shared.testing.ports import free_ports

from .conftest import J, StandIn


@pytest.mark.parametrize(
    ("path", "service"), [("/units", "targets"), ("/progress", "projects"), ("/records", "evaluation")]
)
def test_each_service_answers_its_own_addresses(client: TestClient, path: str, service: str) -> None:
    answer = client.get(J + path, params={"after": "a b", "name": "湘潭"})

    assert answer.status_code == 200
    assert answer.json()["service"] == service
    assert answer.json()["client"] == "a-county"
    assert answer.json()["path"] == J + path
    assert answer.json()["query"] == "after=a+b&name=%E6%B9%98%E6%BD%AD"


def test_a_body_arrives_whole(client: TestClient) -> None:
    assert client.post(f"{J}/progress", content=b"x" * 4000).json()["bytes"] == 4000


def test_a_body_without_a_length_arrives_whole(client: TestClient) -> None:
    assert client.post(f"{J}/progress", content=iter([b"ab", b"cd"])).json()["bytes"] == 4


def test_a_body_over_the_limit_is_413_whether_announced_or_not(client: TestClient) -> None:
    announced = client.post(f"{J}/progress", content=b"x" * 5000)
    counted = client.post(f"{J}/progress", content=iter([b"x" * 3000, b"x" * 3000]))

    assert (announced.status_code, counted.status_code) == (413, 413)
    assert announced.json()["code"] == counted.json()["code"] == "BODY_TOO_LARGE"


def test_the_request_id_goes_along_and_comes_back(client: TestClient) -> None:
    answer = client.get(f"{J}/units", headers={"X-Request-Id": "abc-1"})

    assert answer.headers["X-Request-Id"] == "abc-1"
    assert answer.json()["headers"]["x-request-id"] == "abc-1"
    assert len(answer.headers.get_list("X-Request-Id")) == 1


def test_a_service_refusal_comes_back_as_it_is(client: TestClient) -> None:
    answer = client.get(f"{J}/submissions/some/id", headers={"Accept-Language": "zh"})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["title"]) == ("NOBODY_HOME", "没有人。")
    assert answer.json()["trace_id"] == answer.headers["X-Request-Id"]


def test_headers_of_one_connection_stay_on_it(client: TestClient) -> None:
    answer = client.get(
        f"{J}/units", headers={"Connection": "x-mine", "X-Mine": "1", "Keep-Alive": "5", "Prefer": "wait=1"}
    )

    came = answer.json()["headers"]
    assert "keep-alive" not in came or "x-mine" in came  # in process there is no second connection
    assert came["prefer"] == "wait=1"


@pytest.mark.anyio
async def test_an_answer_is_streamed(gateway: FastAPI, services: dict[str, StandIn], issuer: DevelopmentIssuer) -> None:
    token = issuer.mint("somebody", "a-county", ["430300"], ["office"])
    came: list[bytes] = []
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": f"{J}/submissions", "raw_path": f"{J}/submissions".encode(), "query_string": b"", "root_path": "",
        "headers": [(b"authorization", f"Bearer {token}".encode())], "server": ("test", 80), "client": ("test", 1),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body" and message["body"]:
            came.append(message["body"])
            services["evaluation"].go_on.set()  # only whoever has the first chunk already lets the second one go

    with anyio.fail_after(10):
        await gateway(scope, receive, send)

    assert came == [b"first", b"second"]


def test_a_service_that_is_away_is_502_and_one_that_is_silent_504(issuer: DevelopmentIssuer) -> None:
    def quiet(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("nothing came")

    away = at_address("targets", f"http://127.0.0.1:{free_ports(1)[0]}", 1.0)
    silent = at_address("projects", "http://projects", 1.0)
    silent.client._transport = httpx.MockTransport(quiet)
    headers = {"Authorization": f"Bearer {issuer.mint('s', 'c', ['430300'], ['office'])}"}

    with TestClient(build([away, silent], issuer.verifier(), Limited())) as client:
        answers = [client.get(J + path, headers=headers) for path in ("/units", "/progress")]
        ready = client.get("/readyz")

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (502, "SERVICE_UNREACHABLE"),
        (504, "SERVICE_SILENT"),
    ]
    assert ready.status_code == 503
    assert ready.json()["checks"] == {
        "targets": "The targets service does not answer.",
        "projects": "The projects service does not answer.",
    }


def test_ready_means_that_every_service_is(client: TestClient, services: dict[str, StandIn]) -> None:
    assert client.get("/readyz").status_code == 200

    services["projects"].checks["readers"] = lambda: "Partition 0 is 20000 records behind."
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["projects"] == (
        "The projects service is not ready: readers: Partition 0 is 20000 records behind."
    )
    assert answer.json()["checks"]["targets"] is None


def test_metrics_count_by_address_template(client: TestClient) -> None:
    client.get(f"{J}/units")

    told = client.get("/metrics").text
    assert 'route="/v1/jurisdictions/{jurisdiction}/units/…"' in told
    assert "430300" not in told


def test_upstreams_are_closed_with_the_gateway(upstreams: list[Upstream], gateway: FastAPI) -> None:
    with TestClient(gateway):
        assert not any(upstream.client.is_closed for upstream in upstreams)
    assert all(upstream.client.is_closed for upstream in upstreams)
