"""The routing table against what the services really offer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module

import pytest
from fastapi import FastAPI

from services.gateway.routing import SERVICES, TABLE, NoSuchAddress, route
from shared.event_log.embedded import open_embedded
from shared.identity.issuer import DevelopmentIssuer
from shared.proofs.signing import SigningKey
from shared.sql import engine


def offered(app: FastAPI) -> Iterator[str]:
    for path in app.openapi()["paths"]:
        yield re.sub(r"\{[^}]+\}", "x", path)


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, FastAPI]]:
    folder = tmp_path_factory.mktemp("services")
    topics = open_embedded(folder / "log")
    made: dict[str, FastAPI] = {}
    built = []
    for name in SERVICES:
        service, app = import_module(f"services.{name}.main").build(
            engine(f"sqlite:///{folder / name}.db"), topics, DevelopmentIssuer(folder).verifier(), alone=True,
            **({} if name == "targets" else {"key": SigningKey.generate()}),
        )  # fmt: skip
        built.append(service)
        made[name] = app
    yield made
    for service in built:
        service.directory.close()
        service.engine.dispose()
    topics.close()


@pytest.mark.parametrize("name", SERVICES)
def test_every_path_of_a_service_leads_to_it(apps: dict[str, FastAPI], name: str) -> None:
    paths = list(offered(apps[name]))
    assert paths

    def found(path: str) -> str:
        try:
            return route(path).service
        except NoSuchAddress:
            return "nobody"

    astray = {path: found(path) for path in paths if found(path) != name}
    assert not astray, f"mend services/gateway/routing.py: {astray}"


def test_every_line_of_the_table_leads_somewhere(apps: dict[str, FastAPI]) -> None:
    reached = {route(path).path for app in apps.values() for path in offered(app)}

    unused = {path for path, _ in TABLE} - reached
    assert not unused


@pytest.mark.parametrize(
    "path", ["/v1/jurisdictions/430300/units/../records", "/v1/jurisdictions/430300/./units", "/v1//jurisdictions"]
)
def test_a_path_that_could_be_read_as_another_one_leads_nowhere(path: str) -> None:
    with pytest.raises(NoSuchAddress):
        route(path)


def test_the_special_line_goes_before_the_general_one() -> None:
    year = "/v1/jurisdictions/430300/years/2009"

    assert route(f"{year}/targets/roads").service == "targets"
    assert route(f"{year}/targets/roads/adjustments").service == "targets"
    assert route(f"{year}/targets/roads/completion").service == "evaluation"
