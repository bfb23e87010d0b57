"""A shortcut answers what it understands as the route would; everything else goes the usual way."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import Request, Response
from fastapi.testclient import TestClient

from shared.errors import NotFound
from shared.http.app import create_app
from shared.http.shortcuts import Shortcuts


class ThingUnknown(NotFound):
    """There is no such thing."""

    zh = "没有这个对象。"


def things() -> tuple[TestClient, list[str]]:
    """One route with a shortcut for names of letters and no query; and which way each request went."""
    ways: list[str] = []
    short = Shortcuts()
    app = create_app("Things", shortcuts=short)

    @app.post("/things/{name}", response_class=Response)
    async def take(request: Request, name: str, way: str = "usual") -> Response:
        ways.append(way)
        if name == "missing":
            raise ThingUnknown(name=name)
        if name == "broken":
            raise RuntimeError(name)
        return Response(await request.body(), 202)

    def read(request: Request) -> tuple[Any, ...] | None:
        name = request.path_params["name"]
        return (name, "short") if name.isalpha() and not request.scope["query_string"] else None

    short.add("POST", "/things/{name}", read, take)
    return TestClient(app, raise_server_exceptions=False), ways


@pytest.mark.parametrize(("path", "way"), [("/things/abc", "short"), ("/things/a1", "usual")])
def test_the_answer_is_the_same_either_way(path: str, way: str) -> None:
    client, ways = things()
    answer = client.post(path, content=b"body")
    assert (answer.status_code, answer.content, ways) == (202, b"body", [way])
    assert answer.headers["X-Request-Id"]
    assert 'jikao_http_requests_total{method="POST",route="/things/{name}",status="202"} 1.0' in (
        client.get("/metrics").text
    )


@pytest.mark.parametrize(("name", "status", "code"), [
    ("missing", 404, "THING_UNKNOWN"), ("broken", 500, "UNEXPECTED_FAILURE"),
])  # fmt: skip
def test_what_the_endpoint_refuses_is_a_problem_document_either_way(name: str, status: int, code: str) -> None:
    client, ways = things()
    short, usual = client.post(f"/things/{name}"), client.post(f"/things/{name}", params={"way": "usual"})
    assert ways == ["short", "usual"]
    for answer in (short, usual):
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_what_is_misspelt_or_of_another_method_is_refused_in_the_usual_words() -> None:
    client, ways = things()
    assert client.post("/things/abc?wya=usual").json()["code"] == "PARAMETER_UNKNOWN"
    assert client.get("/things/abc").json()["code"] == "METHOD_NOT_ALLOWED"
    assert client.post("/things/abc/more").status_code == 404
    assert ways == []


def test_a_body_that_is_too_large_is_refused_on_the_shortcut_too() -> None:
    client, _ = things()
    assert client.post("/things/abc", content=b"x" * (8 * 1024 * 1024 + 1)).status_code == 413
