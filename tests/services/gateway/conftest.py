"""The gateway over stand-in services, once in process and once over real connections."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import pytest
import uvicorn
from fastapi import FastAPI, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from starlette.concurrency import run_in_threadpool

from services.gateway.main import build
from services.gateway.routing import SERVICES
from services.gateway.upstreams import Upstream, at_address, in_process
from shared.errors import NotFound
from shared.http.app import create_app
from shared.http.health import Check
from shared.identity.http import CallerDep
from shared.identity.issuer import DevelopmentIssuer
from shared.settings import Limited

J = "/v1/jurisdictions/430300"


class NobodyHome(NotFound):
    """Nobody is here."""

    zh = "没有人。"


@dataclass
class StandIn:
    """One service that answers what it was asked, and can be told to be unwell."""

    name: str
    app: FastAPI
    checks: dict[str, Check]
    go_on: threading.Event = field(default_factory=threading.Event)


def stand_in(name: str, issuer: DevelopmentIssuer) -> StandIn:
    checks: dict[str, Check] = {}
    app = create_app(name, checks=checks)
    app.state.verifier = issuer.verifier()
    made = StandIn(name, app, checks)
    path = {"targets": "/units", "projects": "/progress", "evaluation": "/records"}[name]

    async def echo(
        request: Request,
        caller: CallerDep,
        after: str | None = None,
        said: Annotated[str | None, Query(alias="name")] = None,
    ) -> dict[str, object]:
        """Say what came."""
        body = await request.body()
        return {
            "service": name,
            "client": caller.client,
            "path": request.url.path,
            "query": request.url.query,
            "headers": dict(request.headers),
            "bytes": len(body),
        }

    async def stream(caller: CallerDep) -> StreamingResponse:
        """Two chunks, the second one when told to go on."""

        async def chunks() -> AsyncIterator[bytes]:
            yield b"first"
            await run_in_threadpool(made.go_on.wait, 5)
            yield b"second" if made.go_on.is_set() else b"too late"

        return StreamingResponse(chunks())

    async def missing(caller: CallerDep) -> None:
        """Refuse."""
        raise NobodyHome(name=name)

    at = "/v1/jurisdictions/{jurisdiction}"
    for method in ("GET", "POST"):
        app.add_api_route(at + path, echo, methods=[method], name=f"{method.lower()}_{name}", tags=[name])
    if name == "evaluation":
        app.add_api_route(at + "/submissions", stream, methods=["GET"], name="stream", tags=[name])
        app.add_api_route(at + "/submissions/{source}/{id}", missing, methods=["GET"], name="missing", tags=[name])
    return made


@contextlib.contextmanager
def listening(*apps: FastAPI) -> Iterator[list[str]]:
    """Serve applications, each in a thread of its own."""
    with contextlib.ExitStack() as sockets:
        listeners = [sockets.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in apps]
        servers = [uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None)) for app in apps]
        threads = [
            threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            for server, listener in zip(servers, listeners, strict=True)
        ]
        for thread in threads:
            thread.start()
        try:
            yield [f"http://127.0.0.1:{listener.getsockname()[1]}" for listener in listeners]
        finally:
            for server in servers:
                server.should_exit = True
            for thread in threads:
                thread.join()


@pytest.fixture
def issuer(tmp_path: Path) -> DevelopmentIssuer:
    return DevelopmentIssuer(tmp_path)


@pytest.fixture
def services(issuer: DevelopmentIssuer) -> dict[str, StandIn]:
    return {name: stand_in(name, issuer) for name in SERVICES}


@pytest.fixture(params=["in process", "at addresses"])
def upstreams(request: pytest.FixtureRequest, services: dict[str, StandIn]) -> Iterator[list[Upstream]]:
    if request.param == "in process":
        yield [in_process(name, service.app) for name, service in services.items()]
        return
    with listening(*(service.app for service in services.values())) as urls:
        yield [at_address(name, url, 5.0) for name, url in zip(services, urls, strict=True)]


@pytest.fixture
def gateway(upstreams: list[Upstream], issuer: DevelopmentIssuer) -> FastAPI:
    return build(upstreams, issuer.verifier(), Limited(cors_origins=("https://pages.example",), max_body_bytes=4096))


@pytest.fixture
def client(gateway: FastAPI, issuer: DevelopmentIssuer) -> Iterator[TestClient]:
    with TestClient(gateway) as client:
        token = issuer.mint("somebody", "a-county", ["430300"], ["office"])
        client.headers["Authorization"] = f"Bearer {token}"
        yield client
