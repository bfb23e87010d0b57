"""The target service over HTTP, with a real log and a real database."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine

from services.targets.main import build
from shared.event_log.port import Topics
from shared.identity.issuer import DevelopmentIssuer

CITY = "/v1/jurisdictions/430300"
YEAR = f"{CITY}/years/2009"


@dataclass
class Office:
    """Calls the service as somebody; remembers the last token, so that every read sees every earlier write."""

    client: TestClient
    tokens: Callable[..., str]
    after: str | None = None
    minted: dict[str, str] = field(default_factory=dict)

    def bearer(self, who: str) -> dict[str, str]:
        if who not in self.minted:
            self.minted[who] = self.tokens(who)
        return {"Authorization": f"Bearer {self.minted[who]}"}

    def post(
        self,
        path: str,
        body: object,
        *,
        who: str = "office",
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
    ) -> Response:
        sent = {**self.bearer(who), "Idempotency-Key": key or uuid.uuid4().hex, **(headers or {})}
        response = self.client.request(method, path, json=body, headers=sent)
        if "Jikao-Token" in response.headers:
            self.after = response.headers["Jikao-Token"]
        return response

    def get(self, path: str, *, who: str = "office", token: str | None = None, **query: object) -> Response:
        headers = {"Authorization": f"Bearer {token}"} if token else self.bearer(who)
        if self.after is not None:
            query.setdefault("after", self.after)
        return self.client.get(path, params={k: str(v) for k, v in query.items()}, headers=headers)

    def seen(self, path: str, **query: str) -> dict[str, str]:
        """The header with which a change says which version of this it was decided on."""
        return {"If-Match": self.get(path, **query).headers["ETag"]}

    def opens(self, **changes: object) -> Response:
        body = {"jurisdiction": "430300", "zone": "Asia/Shanghai", "clock": "simulated",
                "instant": "2009-01-05T09:00:00+08:00"} | changes  # fmt: skip
        return self.post("/v1/jurisdictions", {k: v for k, v in body.items() if v is not None}, who="admin")

    def clock(self, instant: str) -> None:
        assert self.post(f"{CITY}/simulation/clock", {"instant": instant}, who="admin").status_code == 201

    def registers(self, code: str, *, kind: str = "department", **changes: object) -> Response:
        body = {"code": code, "name": {"zh": code}, "kind": kind, "valid_from": "2009-01-01"} | changes
        return self.post(f"{CITY}/units", body, who="admin")

    def begins_2009(self) -> None:
        """A log, two units, the year."""
        assert self.opens().status_code == 201
        for code in ("transport", "county"):
            assert self.registers(code).status_code == 201
        assert self.post(f"{CITY}/years", {"year": 2009}).status_code == 201

    def issues(self, code: str = "roads", **changes: object) -> Response:
        return self.post(f"{YEAR}/targets", target_body(code, **changes))

    def assigns(self, unit: str, role: str = "lead", *, target: str = "roads", **changes: object) -> Response:
        body = {"unit": unit, "role": role, "valid_from": "2009-01-01"} | changes
        return self.post(f"{YEAR}/targets/{target}/assignments", body)

    def hands_over(self, unit: str, body: object) -> Response:
        """Its part of roads, as the parts stand now."""
        path = f"{YEAR}/targets/roads/assignments"
        return self.post(f"{path}/{unit}/hand-overs", body, headers=self.seen(path))


def target_body(code: str = "roads", **changes: object) -> dict[str, Any]:
    body: dict[str, Any] = {
        "code": code, "name": {"zh": "改造县乡公路"}, "issuer": "city", "category": "livelihood",
        "kind": "cumulative", "direction": "higher", "value": "60", "roll_up": "sum",
        "measures": [{"code": "length", "name": {"zh": "里程"}, "unit_of_measure": "km"}],
        "tags": ["practical_matter"], "effective_on": "2009-01-01",
    }  # fmt: skip
    return body | changes


@pytest.fixture
def office(engine: Engine, topics: Topics, issuer: DevelopmentIssuer, tokens: Callable[..., str]) -> Iterator[Office]:
    """The running service."""
    _, app = build(engine, topics, issuer.verifier(), alone=True)
    with TestClient(app) as client:
        yield Office(client, tokens)


@pytest.fixture
def city(office: Office) -> Office:
    """The running service, with a log, two units and the year 2009."""
    office.begins_2009()
    return office


@pytest.fixture
def given_out(city: Office, tokens: Callable[..., str]) -> Office:
    """Roads led by transport with the county, jobs led by the county; 10 March, nothing issued."""
    assert city.issues(weight="12.50").status_code == 201
    assert city.issues("jobs", category="economy").status_code == 201
    assert city.assigns("transport", value="40").status_code == 201
    assert city.assigns("county", "supporting", value="20").status_code == 201
    assert city.assigns("county", target="jobs").status_code == 201
    for unit in ("transport", "county"):
        city.minted[unit] = tokens("unit", unit=unit, scope="own", subject=unit)
    city.clock("2009-03-10T09:00:00+08:00")
    return city
