import importlib
import pkgutil
from datetime import date
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

import pytest
from fastapi import APIRouter, Body, FastAPI, HTTPException, Path, Query
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, Field

import shared
from shared.errors import (
    IdReused,
    Locked,
    Malformed,
    NotFound,
    Refusal,
    RuleBroken,
    TooMany,
    Unavailable,
    VersionConflict,
)
from shared.http import problems
from shared.http.languages import preferred
from shared.http.problems import Problem, all_refusals, explanations, status_of

ROOT = FilePath(shared.__path__[0]).parent


class TargetIsWithdrawn(RuleBroken):
    """The target has been withdrawn."""

    zh = "目标已撤销。"


class Sum(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["sum"]
    value: str


class Ratio(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["ratio"]
    parts: list[int]


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rules: list[Annotated[Sum | Ratio, Field(discriminator="kind")]]


def refusing(app: FastAPI, refusal: Exception) -> None:
    @app.get("/refused")
    def refused() -> None:
        raise refusal


def test_every_refusal_has_a_status_and_a_sentence_in_both_languages() -> None:
    for package in ("shared", "services"):
        for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            # Migrations run when imported, and a __main__ would start.
            if ".migrations" not in module.name and not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    for refusal in all_refusals():
        assert status_of(refusal) >= 400
        assert refusal.sentence("en").endswith("."), refusal
        assert refusal.sentence("zh").endswith("。"), refusal
        if not refusal.__module__.startswith("test"):
            assert refusal.zh is not refusal.__mro__[1].__dict__.get("zh"), f"{refusal} needs its own zh"


def test_a_refusal_that_nobody_mapped_is_found() -> None:
    with pytest.raises(LookupError, match="Refusal belongs to no family"):
        status_of(Refusal)


def test_a_refusal_is_a_problem_document(app: FastAPI, client: TestClient) -> None:
    refusing(app, TargetIsWithdrawn(target="T-01", withdrawn_on=date(2009, 7, 31), units=("b", "c"), of={"n": 1}))
    answer = client.get("/refused", headers={"X-Request-Id": "abc"})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == "en"
    assert answer.json() == {
        "type": "/problems/target-is-withdrawn",
        "title": "The target has been withdrawn.",
        "status": 409,
        "detail": "The target has been withdrawn. (target: T-01; withdrawn_on: 2009-07-31; units: b, c; of: n 1)",
        "instance": "/refused",
        "code": "TARGET_IS_WITHDRAWN",
        "trace_id": "abc",
        "about": {"target": "T-01", "withdrawn_on": "2009-07-31", "units": ["b", "c"], "of": {"n": 1}},
        "errors": [],
    }
    Problem.model_validate(answer.json())


def test_a_refusal_speaks_chinese_when_asked(app: FastAPI, client: TestClient) -> None:
    refusing(app, TargetIsWithdrawn(faults=[TargetIsWithdrawn().fault("/entries/0")]))
    answer = client.get("/refused", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"})
    assert answer.json()["title"] == "目标已撤销。"
    assert answer.json()["errors"] == [
        {"pointer": "/entries/0", "code": "TARGET_IS_WITHDRAWN", "message": "目标已撤销。"}
    ]
    assert answer.headers["content-language"] == "zh"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh"),
        ("zh-Hans-CN", "zh"),
        ("de, zh;q=0.5", "zh"),
        ("en, zh;q=0.5", "en"),
        ("zh;q=0.1, en;q=0.2", "en"),
        ("zh, en", "zh"),
        ("en, zh", "en"),
        ("zh;q=0", "en"),
        ("*", "en"),
        ("zh;q=nonsense", "en"),
        (";;,=,", "en"),
    ],
)
def test_the_preferred_language(header: str | None, language: str) -> None:
    assert preferred(header) == language


@pytest.mark.parametrize(
    ("refusal", "status"), [(Locked(), 423), (VersionConflict(version=4), 412), (NotFound(), 404), (IdReused(), 409)]
)
def test_a_leaf_has_the_status_of_its_family(app: FastAPI, client: TestClient, refusal: Refusal, status: int) -> None:
    refusing(app, refusal)
    assert client.get("/refused").status_code == status


def test_unavailable_and_too_many_say_when_to_come_back(app: FastAPI, client: TestClient) -> None:
    refusing(app, Unavailable(retry_after=7))
    assert client.get("/refused").headers["retry-after"] == "7"

    @app.get("/often")
    def often() -> None:
        raise TooMany

    assert client.get("/often").headers["retry-after"] == "1"


def test_what_is_malformed_is_pointed_at(app: FastAPI, client: TestClient) -> None:
    @app.post("/orders/{number}")
    def order(number: Annotated[int, Path()], body: Order, limit: Annotated[int, Query(le=10)] = 1) -> None: ...

    answer = client.post(
        "/orders/x?limit=11",
        json={"rules": [{"kind": "sum"}, {"kind": "ratio", "parts": [1, "y"], "a/b~c": 1}, {"kind": "other"}], "z": 0},
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "MALFORMED"
    assert {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]} == {
        ("/path/number", "INT_PARSING"),
        ("/query/limit", "LESS_THAN_EQUAL"),
        ("/rules/0/value", "MISSING"),
        ("/rules/1/parts/1", "INT_PARSING"),
        ("/rules/1/a~1b~0c", "EXTRA_FORBIDDEN"),
        ("/rules/2", "UNION_TAG_INVALID"),
        ("/z", "EXTRA_FORBIDDEN"),
    }
    answer = client.post("/orders/1", json={}, headers={"Accept-Language": "zh"})
    assert answer.json()["errors"] == [{"pointer": "/rules", "code": "MISSING", "message": "缺少必填项。"}]


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b'"\\ud800"', b"null", b"[" * 100_000])
def test_a_body_that_is_not_json_is_malformed(body: bytes) -> None:
    app = FastAPI()
    problems.install(app)

    @app.post("/orders")
    def order(body: Annotated[Order, Body()]) -> None: ...

    answer = TestClient(app).post("/orders", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["code"] in ("MALFORMED", "NOT_JSON")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [""]


def test_an_unknown_address_is_a_problem_too(client: TestClient) -> None:
    answer = client.get("/nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_wrong_method_is_told_all_right_ones(app: FastAPI, client: TestClient) -> None:
    router = APIRouter(prefix="/things")

    @router.get("/{thing}")
    def read(thing: str) -> None: ...

    @router.put("/{thing}")
    def write(thing: str) -> None: ...

    app.include_router(router, prefix="/v1")
    outer = FastAPI()
    outer.mount("/here", app)
    for address, asked in (("/v1/things/1", client), ("/here/v1/things/1", TestClient(outer))):
        answer = asked.delete(address)
        assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
        assert answer.headers["allow"] == "GET, PUT"


@pytest.mark.parametrize(
    ("raised", "status", "code"), [(400, 422, "MALFORMED"), (415, 415, "MALFORMED"), (502, 502, "UNEXPECTED_FAILURE")]
)
def test_errors_of_the_framework_become_problems(
    app: FastAPI, client: TestClient, raised: int, status: int, code: str
) -> None:
    refusing(app, HTTPException(raised, "words of the framework"))
    answer = client.get("/refused")
    assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (status, code, status)
    assert "framework" not in answer.text


def test_an_unexpected_failure_tells_nothing_internal(
    app: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    refusing(app, ZeroDivisionError("password=1234"))
    answer = client.get("/refused", headers={"X-Request-Id": "find-me"})
    assert (answer.status_code, answer.json()["code"]) == (500, "UNEXPECTED_FAILURE")
    assert answer.json()["trace_id"] == answer.headers["x-request-id"] == "find-me"
    assert "1234" not in answer.text
    assert "1234" in caplog.text


def test_an_unexpected_failure_outside_our_middleware_is_a_problem_too() -> None:
    app = FastAPI()
    problems.install(app)
    refusing(app, ZeroDivisionError())
    answer = TestClient(app, raise_server_exceptions=False).get("/refused")
    assert (answer.status_code, answer.json()["code"]) == (500, "UNEXPECTED_FAILURE")


def test_refusals_of_one_status_are_documented_together() -> None:
    responses: dict[int | str, dict[str, Any]] = problems.problems(TargetIsWithdrawn, NotFound, IdReused)
    assert list(responses) == [404, 409]
    assert "`TARGET_IS_WITHDRAWN`: The target has been withdrawn." in responses[409]["description"]
    assert "`ID_REUSED`" in responses[409]["description"]
    assert responses[409]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }


def test_every_problem_has_an_explanation() -> None:
    told = {explanation.code: explanation for explanation in explanations()}
    assert list(told) == sorted(told)
    assert told["MALFORMED"] == ("MALFORMED", 422, Malformed.sentence(), Malformed.zh)
    assert told["METHOD_NOT_ALLOWED"].status == 405
    assert problems.type_uri("ID_REUSED") == "/problems/id-reused"
