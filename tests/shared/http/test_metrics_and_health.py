import gc
import weakref

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from shared.http.app import create_app
from shared.http.health import Check


def test_requests_are_counted_by_route_template(app: FastAPI, client: TestClient) -> None:
    router = APIRouter(prefix="/units/{unit}")

    @router.get("/targets")
    def targets(unit: str) -> None: ...

    app.include_router(router, prefix="/v1")
    client.get("/v1/units/430300/targets")
    client.get("/v1/units/430301/targets")
    client.get("/nowhere")
    client.request("BREW", "/v1/units/1/targets")
    told = client.get("/metrics").text
    counted = "jikao_http_requests_total"
    assert f'{counted}{{method="GET",route="/v1/units/{{unit}}/targets",status="200"}} 2.0' in told
    assert f'{counted}{{method="GET",route="(no route)",status="404"}} 1.0' in told
    assert 'method="other"' in told
    assert "BREW" not in told
    assert "430300" not in told
    assert 'jikao_http_request_duration_seconds_count{method="GET",route="/v1/units/{unit}/targets"} 2.0' in told


def test_each_application_counts_for_itself() -> None:
    one, other = create_app("one"), create_app("other")
    TestClient(one).get("/healthz")
    assert "/healthz" not in TestClient(other).get("/metrics").text


def test_gauges_are_read_when_asked_and_a_broken_one_is_left_out(
    app: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    depth = {(): 3.0}

    def broken() -> dict[tuple[str, ...], float]:
        raise ConnectionError

    metrics = app.state.metrics
    metrics.gauge("jikao_outbox_depth", "Rows waiting.", lambda: depth)
    metrics.gauge("jikao_reader_lag_records", "Behind.", lambda: {("ledger", "0"): 7.0}, ("reader", "partition"))
    metrics.gauge("jikao_broken", "Never.", broken)
    metrics.counter("jikao_skew", "Alarms.").inc()
    depth[()] = 4.0
    told = client.get("/metrics").text
    assert "jikao_outbox_depth 4.0" in told
    assert 'jikao_reader_lag_records{partition="0",reader="ledger"} 7.0' in told
    assert "jikao_skew_total 1.0" in told
    assert "jikao_broken" not in told
    assert "jikao_broken could not be read" in caplog.text


def test_a_living_process_says_so(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"alive": True}


def test_ready_only_when_every_check_is_content(caplog: pytest.LogCaptureFixture) -> None:
    found: list[str | None] = ["The reader is 12 records behind."]

    def broken() -> str | None:
        raise ConnectionError("password=1234")

    checks: dict[str, Check] = {"database": lambda: None, "reader": lambda: found[0]}
    client = TestClient(create_app("a service", checks=checks))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "checks": {"database": None, "reader": "The reader is 12 records behind."},
    }
    found[0] = None
    assert client.get("/readyz").json() == {"ready": True, "checks": {"database": None, "reader": None}}
    checks["log"] = broken
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["log"] == "The check itself failed; the log says why."
    assert "1234" not in answer.text
    assert "1234" in caplog.text


def test_an_application_that_nobody_uses_any_longer_is_let_go_with_what_it_looked_at() -> None:
    class Service:
        def well(self) -> str | None:
            return None

        def wellness(self) -> dict[tuple[str, ...], float]:
            return {(): 1.0}

    service = Service()
    app = create_app("short-lived", checks={"service": service.well})
    app.state.metrics.gauge("jikao_wellness", "How well it is.", service.wellness)
    with TestClient(app) as client:
        assert client.get("/readyz").status_code == client.get("/metrics").status_code == 200
    left = weakref.ref(service)
    del app, client, service
    gc.collect()
    assert left() is None
