import json
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel
from starlette.types import Message, Receive, Scope, Send

from shared.http.app import create_app
from shared.http.logs import JsonFormatter
from shared.http.metrics import Metrics
from shared.http.requests import RequestMiddleware
from shared.http.tracing import current_trace_id

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Note(BaseModel):
    text: str


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    router = APIRouter(prefix="/units/{unit}")

    @router.get("/trace")
    def trace(unit: str, token: str | None = None) -> str:
        return current_trace_id()

    @router.post("/notes")
    def note(unit: str, body: Note) -> int:
        return len(body.text)

    @router.post("/raw")
    async def raw(unit: str, request: Request) -> int:
        return len(await request.body())

    @router.get("/stream")
    def stream(unit: str) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"one"
            raise ConnectionError("lost")

        return StreamingResponse(pieces())

    app.include_router(router, prefix="/v1")
    return TestClient(app)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Request-Id": "from-county.7"}, "from-county.7"),
        ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE),
        ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "X-Request-Id": "other"}, TRACE),
        ({"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01", "X-Request-Id": "other"}, "other"),
        ({"traceparent": "nonsense", "X-Request-Id": "other"}, "other"),
    ],
)
def test_a_well_formed_id_is_kept_and_echoed(client: TestClient, headers: dict[str, str], expected: str) -> None:
    answer = client.get("/v1/units/1/trace", headers=headers)
    assert answer.json() == answer.headers["x-request-id"] == expected


@pytest.mark.parametrize("sent", ["", "two words", "x" * 65, 'quote"', "a\tb"])
def test_an_id_that_is_not_well_formed_is_replaced(client: TestClient, sent: str) -> None:
    first, second = (client.get("/v1/units/1/trace", headers={"X-Request-Id": sent}).json() for _ in range(2))
    assert sent not in (first, second)
    assert len(first) == len(second) == 32
    assert first != second


def test_a_body_over_the_limit_is_refused_by_its_announced_length(client: TestClient) -> None:
    for address in ("notes", "raw"):
        answer = client.post(f"/v1/units/1/{address}", json={"text": "x" * 1000})
        assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")
        assert answer.json()["about"] == {"limit_bytes": 1000}


def test_a_body_over_the_limit_is_refused_while_it_comes_in_chunks(client: TestClient) -> None:
    taken = []

    def chunks() -> Iterator[bytes]:
        for number in range(100):
            taken.append(number)
            yield b" " * 100

    for address in ("notes", "raw"):
        answer = client.post(f"/v1/units/1/{address}", content=chunks(), headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")


def test_a_body_at_the_limit_is_taken(client: TestClient) -> None:
    assert client.post("/v1/units/1/raw", content=b"x" * 1000).json() == 1000


@pytest.mark.anyio
async def test_counting_stops_at_the_limit() -> None:
    received = 0
    sent: list[Message] = []

    async def reading(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass

    async def receive() -> Message:
        nonlocal received
        received += 1
        return {"type": "http.request", "body": b"x" * 600, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    await RequestMiddleware(reading, Metrics(), max_body_bytes=1000)(scope, receive, send)
    assert received == 2
    assert sent[0]["status"] == 413


@pytest.mark.anyio
async def test_a_caller_who_went_away_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()

    async def reading(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        raise AssertionError("nobody listens")

    scope: Scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    await RequestMiddleware(reading, metrics)(scope, receive, send)
    assert "failure" not in caplog.text
    labels = {"method": "POST", "route": "(no route)", "status": "499"}
    assert metrics.registry.get_sample_value("jikao_http_requests_total", labels) == 1


def test_an_answer_that_breaks_off_cuts_the_connection(client: TestClient) -> None:
    with pytest.raises(ConnectionError, match="lost"):
        client.get("/v1/units/1/stream")


def test_each_request_is_one_line_of_json(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "jikao.access"):
        client.get("/v1/units/1/trace?token=secret", headers={"X-Request-Id": "abc"})
    (record,) = [record for record in caplog.records if record.name == "jikao.access"]
    assert record.about["milliseconds"] >= 0  # type: ignore[attr-defined]
    text = JsonFormatter().format(record)
    line = json.loads(text)
    assert "\n" not in text
    assert "secret" not in text
    assert {name: line[name] for name in ("level", "message", "method", "path", "route", "status")} == {
        "level": "info",
        "message": "answered",
        "method": "GET",
        "path": "/v1/units/1/trace",
        "route": "/v1/units/{unit}/trace",
        "status": 200,
    }


def test_a_logged_value_cannot_begin_a_line_or_replace_a_member() -> None:
    record = logging.makeLogRecord({"msg": "a\nb", "name": "n", "about": {"message": "forged", "more": 1j}})
    line = json.loads(JsonFormatter().format(record))
    assert line["message"] == "a\nb"
    assert line["more"] == "1j"


@pytest.mark.parametrize("value", ["\ud800", 2**70, {(1, 2): 3}])
def test_a_value_that_json_has_no_place_for_loses_no_line(value: object) -> None:
    record = logging.makeLogRecord({"msg": "kept", "about": {"odd": value}})
    assert json.loads(JsonFormatter().format(record))["message"] == "kept"


def test_an_application_mounted_in_another_goes_on_with_its_trace(
    app: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    outer = create_app("outer")
    outer.mount("/inner", app)
    with caplog.at_level(logging.INFO, "jikao.access"):
        answer = TestClient(outer).get("/inner/v1/units/1/trace")
    assert answer.headers.get_list("x-request-id") == [answer.json()]
    assert [record.name for record in caplog.records].count("jikao.access") == 1
    assert 'route="/v1/units/{unit}/trace"' in client.get("/metrics").text


def test_an_exception_is_logged_with_its_trace(client: TestClient, app: FastAPI) -> None:
    try:
        raise ValueError("x")
    except ValueError as error:
        record = logging.makeLogRecord({"msg": "m", "exc_info": (type(error), error, error.__traceback__)})
    assert "ValueError: x" in json.loads(JsonFormatter().format(record))["exception"]
