"""A small city on a real log, the service over it, and callers with tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from services.projects.main import build
from shared.contracts import organisation, targets
from shared.contracts.shapes import Label
from shared.event_log.embedded import open_embedded
from shared.event_log.ids import log_id
from shared.event_log.port import Topics
from shared.http.tokens import Written, encode_token
from shared.identity.callers import Scope
from shared.identity.issuer import DevelopmentIssuer
from shared.proofs.signing import SigningKey
from shared.service import Service
from shared.sql import engine as open_engine
from tests.shared.projections.city import OTHER_PART, OTHER_UNIT, ROADS, City

J = "/v1/jurisdictions/430300"
PROJECTS = f"{J}/years/2009/projects"


def figure(value: str = "54.5", on: str = "2009-07-31", **more: Any) -> dict[str, Any]:
    """An entry for the roads target."""
    entry = {"kind": "target", "target": "roads", "value": value, "unit_of_measure": "km", "effective_on": on}
    return entry | more


def event(id: str, *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A CloudEvent of the county's source."""
    return {
        "specversion": "1.0", "id": id, "source": "urn:jikao:source:county", "type": "jikao.progress.submitted.v1",
        "data": {"entries": list(entries) or [figure()]},
    } | more  # fmt: skip


@dataclass
class Town:
    """The service, reachable over HTTP, and its city's log."""

    client: TestClient
    city: City
    issuer: DevelopmentIssuer
    service: Service
    key: SigningKey
    """Signs the receipts."""
    keys: int = 0
    tokens: dict[object, str] = field(default_factory=dict)

    def headers(
        self, *roles: str, unit: str | None = None, scope: Scope = "all", sources: tuple[str, ...] = ("county",),
        client: str = "county-client"
    ) -> dict[str, str]:  # fmt: skip
        name = (roles, unit, scope, sources, client)
        if name not in self.tokens:
            self.tokens[name] = self.issuer.mint("somebody", client, ["430300"], roles, unit, scope, sources)
        self.keys += 1
        return {"Authorization": f"Bearer {self.tokens[name]}", "Idempotency-Key": f"key-{self.keys}"}

    def office(self, **more: str) -> dict[str, str]:
        return self.headers("office") | more

    def submit(self, *entries: dict[str, Any], headers: dict[str, str] | None = None, **more: Any) -> Response:
        body = {"entries": list(entries)} | more
        return self.client.post(f"{J}/progress", json=body, headers=headers or self.office())

    def batch(self, *events: object, headers: dict[str, str] | None = None, query: str = "") -> Response:
        sent = (headers or self.office()) | {"Content-Type": "application/cloudevents-batch+json"}
        return self.client.post(f"{J}/events{query}", json=list(events), headers=sent)

    def post(self, path: str, body: object, headers: dict[str, str] | None = None) -> Response:
        return self.client.post(path, json=body, headers=headers or self.office())

    def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> Response:
        return self.client.get(path, params=query, headers=headers or self.office())

    def project(self, named: str, **more: Any) -> Response:
        body = {"code": named, "name": {"zh": named}, "level": "municipal", "phase": "new", "unit": "transport"} | more
        return self.post(PROJECTS, body)

    def records(self) -> int:
        return self.service.topics.events.end(0)

    def caught_up(self) -> None:
        """Return once the service has read all that is on the log."""
        events = self.service.topics.events
        end = Written(self.city.log, events.incarnation, 0, self.records() - 1)
        assert self.get(f"{J}/groups", after=encode_token(end)).status_code == 200

    def locks(self, month: int) -> None:
        self.city.says(targets.PeriodLocked(year=2009, month=month, reason="closed"), "locks:2009")


def faults(response: Response) -> list[tuple[str, str]]:
    """(code, pointer) of each fault."""
    return [(fault["code"], fault["pointer"]) for fault in response.json()["errors"]]


@pytest.fixture
def topics(tmp_path: Path) -> Iterator[Topics]:
    topics = open_embedded(tmp_path / "log")
    yield topics
    topics.close()


@pytest.fixture
def simulated() -> bool:
    """Whether the city's log has a clock of its own; a test may say otherwise."""
    return True


@pytest.fixture
def city(topics: Topics, simulated: bool) -> City:
    """Roads, two units, one month's clock after July, and a registered source."""
    city = City(topics, log_id(simulated))
    city.open()
    city.issues_roads()
    city.says(targets.SourceRegistered(source="county", client="county-client"), "source:county")
    city.says(targets.SourceRegistered(source="bureau", client="county-client"), "source:bureau")
    if simulated:
        city.clock("2009-08-01T08:00:00+08:00")
    return city


MakeTown = Callable[[str], Town]


@pytest.fixture
def make_town(city: City, topics: Topics, tmp_path: Path) -> Iterator[MakeTown]:
    clients: list[TestClient] = []
    issuer, key = DevelopmentIssuer(tmp_path / "issuer"), SigningKey.generate()

    def make(url: str) -> Town:
        service, app = build(open_engine(url), topics, issuer.verifier(), alone=True, key=key)
        client = TestClient(app, raise_server_exceptions=True)
        client.__enter__()
        clients.append(client)
        return Town(client, city, issuer, service, key)

    yield make
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def town(make_town: MakeTown, tmp_path: Path) -> Town:
    """The service on SQLite."""
    return make_town(f"sqlite:///{tmp_path / 'projects.db'}")


@pytest.fixture
def any_town(make_town: MakeTown, database_url: str) -> Town:
    """The service on either database."""
    return make_town(database_url)


ROADWORKS = "11111111-0000-7000-8000-000000000009"
THIRD_PART = "11111111-0000-7000-8000-00000000000b"


def second_part(city: City, part: str = OTHER_PART, unit: str = OTHER_UNIT) -> None:
    """The county's unit (or another) answers for a part of the roads too."""
    city.says(
        targets.AssignmentMade(
            assignment=part, target=ROADS, unit=unit, role="supporting", value="20", valid_from=date(2009, 1, 1)
        ),
        "assignments:roads",
    )


def below_transport(city: City) -> None:
    """A unit under the transport bureau."""
    city.says(
        organisation.UnitRegistered(
            unit=ROADWORKS, code="roadworks", name=Label(zh="路"), kind="department",
            parent="11111111-0000-7000-8000-000000000002", valid_from=date(2009, 1, 1),
        ), "unit:roadworks",
    )  # fmt: skip
