from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import NotFound
from shared.http.app import Label, QuantityStr, StrictDate, create_app
from shared.http.preconditions import IdempotencyKey, IfMatch
from shared.http.problems import problems
from shared.identity.http import CallerDep


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    effective_on: StrictDate
    value: QuantityStr
    name: Label


GOOD: dict[str, Any] = {"effective_on": "2009-07-31", "value": "74.5", "name": {"zh": "投资"}}


@pytest.fixture
def document(app: FastAPI, client: TestClient) -> dict[str, Any]:
    @app.post("/things/{thing}", responses=problems(NotFound))
    def submit_entry(thing: str, body: Entry, key: IdempotencyKey, version: IfMatch, caller: CallerDep) -> Entry:
        return body

    @app.get("/plain")
    def read_plain() -> int:
        return 1

    answer: dict[str, Any] = client.get("/openapi.json").json()
    return answer


def test_the_document_is_openapi_3_1_with_function_names_as_operation_ids(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert list(document["paths"]) == ["/things/{thing}", "/plain"]
    assert document["paths"]["/things/{thing}"]["post"]["operationId"] == "submit_entry"


def test_the_document_names_one_problem_for_every_error(document: dict[str, Any]) -> None:
    operation = document["paths"]["/things/{thing}"]["post"]
    assert set(operation["responses"]) == {"200", "401", "404", "413", "422", "503"}
    for status in ("401", "404", "413", "422", "503"):
        schema = operation["responses"][status]["content"]["application/problem+json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Problem"}
    assert set(document["components"]["schemas"]) == {"Entry", "Label", "Problem", "ProblemFault"}
    assert set(document["paths"]["/plain"]["get"]["responses"]) == {"200"}


def test_the_document_says_which_headers_are_needed(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/things/{thing}"]["post"]["parameters"]
    assert {parameter["name"]: parameter["required"] for parameter in parameters} == {
        "thing": True,
        "Idempotency-Key": True,
        "If-Match": True,
    }


def test_the_document_says_how_to_authenticate(document: dict[str, Any]) -> None:
    scheme = document["components"]["securitySchemes"]["bearer"]
    assert (scheme["type"], scheme["scheme"], scheme["bearerFormat"]) == ("http", "bearer", "JWT")
    assert document["paths"]["/things/{thing}"]["post"]["security"] == [{"bearer": []}]


def test_the_schema_of_strict_types_says_what_is_taken(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    entry = schemas["Entry"]["properties"]
    assert entry["effective_on"]["format"] == "date"
    assert entry["value"]["type"] == "string"
    assert entry["value"]["pattern"] == r"^-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,12})?$"
    assert schemas["Label"]["required"] == ["zh"]


def test_the_schema_of_a_service_without_routes_is_made_too() -> None:
    assert "Problem" in create_app("empty").openapi()["components"]["schemas"]


def test_strict_types_take_what_they_document() -> None:
    entry = Entry.model_validate(GOOD)
    assert entry.effective_on == date(2009, 7, 31)
    assert entry.model_dump(mode="json") == GOOD
    assert Entry(effective_on=date(2009, 7, 31), value="-0", name=Label(zh="投", en="I")).name.en == "I"


@pytest.mark.parametrize("value", [0, 20090731, 1.5, True, None, "0", "2009-7-31", "20090731", "2009-07-31T00:00:00",
                                   "2009-02-30", "２００９-07-31", "2009-07-31\n", " 2009-07-31", [], {}])  # fmt: skip
def test_nothing_else_is_a_date(value: object) -> None:
    with pytest.raises(ValidationError):
        Entry.model_validate(GOOD | {"effective_on": value})


@pytest.mark.parametrize("value", [0, 74.5, True, None, "", "1e3", "1_000", "１２", "+1", "01", "1.", ".5", " 1", "1\n",
                                   "NaN", "Infinity", "1,5", "1" * 21, "0." + "1" * 13, "--1"])  # fmt: skip
def test_nothing_else_is_a_quantity(value: object) -> None:
    with pytest.raises(ValidationError):
        Entry.model_validate(GOOD | {"value": value})


@pytest.mark.parametrize("name", [{}, {"en": "x"}, {"zh": ""}, {"zh": "a\x00b"}, {"zh": "a\nb"}, {"zh": "投" * 501},
                                  {"zh": "x", "fr": "x"}, {"zh": 1}, {"zh": "\ud800"}, "x", None])  # fmt: skip
def test_nothing_else_is_a_label(name: object) -> None:
    with pytest.raises(ValidationError):
        Entry.model_validate(GOOD | {"name": name})
