import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient

from shared.http.preconditions import IdempotencyKey, IfMatch, etag


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    @app.post("/things")
    def make(key: IdempotencyKey) -> str:
        return key

    @app.put("/things")
    def change(version: IfMatch, response: Response) -> int:
        response.headers["ETag"] = etag(version + 1)
        return version

    return TestClient(app)


@pytest.mark.parametrize("key", ["a", "x" * 128, "2009-07-31/unit#12", '"quoted"'])
def test_a_printable_key_is_taken_as_it_is(client: TestClient, key: str) -> None:
    assert client.post("/things", headers={"Idempotency-Key": key}).json() == key


def test_a_missing_key_is_malformed(client: TestClient) -> None:
    answer = client.post("/things")
    assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_KEY_MISSING")
    assert answer.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"


@pytest.mark.parametrize("key", ["", "x" * 129, "two words", "tab\there", "键"])
def test_a_key_that_is_not_printable_or_too_long_is_malformed(client: TestClient, key: str) -> None:
    answer = client.post("/things", headers={b"Idempotency-Key": key.encode()})
    assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_KEY_INVALID")


def test_a_change_names_the_version_it_saw(client: TestClient) -> None:
    answer = client.put("/things", headers={"If-Match": etag(3)})
    assert answer.json() == 3
    assert answer.headers["etag"] == '"4"'


def test_a_change_without_a_version_is_428(client: TestClient) -> None:
    answer = client.put("/things")
    assert (answer.status_code, answer.json()["code"]) == (428, "IF_MATCH_MISSING")


@pytest.mark.parametrize("sent", ["", "3", "*", 'W/"3"', '"3", "4"', '"03"', '"-1"', '"x"', '"' + "9" * 19 + '"'])
def test_a_version_that_we_did_not_give_is_malformed(client: TestClient, sent: str) -> None:
    answer = client.put("/things", headers={"If-Match": sent})
    assert (answer.status_code, answer.json()["code"]) == (422, "IF_MATCH_INVALID")
