import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from shared.errors import IdReused
from shared.http.explanations import explanations_router


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    app.include_router(explanations_router())
    return TestClient(app)


def test_the_type_of_a_problem_leads_to_its_explanation(client: TestClient) -> None:
    problem = client.get("/nowhere").json()
    told = client.get(problem["type"]).json()
    assert told == {"type": problem["type"], "code": "NOT_FOUND", "status": 404, "meaning": problem["title"]}


def test_explanations_come_in_the_language_asked_for(client: TestClient) -> None:
    told = client.get("/problems/id-reused", headers={"Accept-Language": "zh"}).json()
    assert told["meaning"] == IdReused.zh


def test_all_problems_are_listed(client: TestClient) -> None:
    codes = [item["code"] for item in client.get("/problems").json()["items"]]
    assert codes == sorted(codes)
    assert {"MALFORMED", "ID_REUSED", "METHOD_NOT_ALLOWED"} <= set(codes)


def test_an_unknown_problem_is_a_problem(client: TestClient) -> None:
    answer = client.get("/problems/no-such-thing")
    assert (answer.status_code, answer.json()["code"]) == (404, "PROBLEM_NOT_FOUND")
