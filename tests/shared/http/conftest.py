import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from shared.http.app import create_app


@pytest.fixture
def app() -> FastAPI:
    return create_app("A small service", max_body_bytes=1000)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app)
