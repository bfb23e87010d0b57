"""One service as a process of its own: its settings, its database, the brokers; the same for all three."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from fastapi import FastAPI
from sqlalchemy import Engine

from shared import settings
from shared.event_log.port import Topics
from shared.http.explanations import explanations_router
from shared.http.logs import log_as_json
from shared.http.serving import serve
from shared.identity.keys import keys_at, keys_in_file
from shared.identity.tokens import Verifier
from shared.service import Service
from shared.settings import Identified, ServiceSettings
from shared.sql import engine
from shared.starting import StartRefused


class Build(Protocol):
    """A service's composition root; for one that signs, its key is bound already."""

    def __call__(self, engine: Engine, topics: Topics, verifier: Verifier, *, alone: bool) -> tuple[Service, FastAPI]:
        """The service and its application, whose lifespan starts and stops it."""


def configured_verifier(found: Identified) -> Verifier:
    """The verifier of the configured issuer's tokens."""
    keys = keys_in_file(found.jwks_file) if found.jwks_file else keys_at(str(found.jwks_url))
    return Verifier(keys, found.issuer, found.audience)


def main(name: str, told: Callable[[ServiceSettings], Build]) -> None:
    """Serve until told to stop; one sentence and exit 1 when the start is refused.

    `told` gives the composition root what it needs from the settings beyond what every service does.
    """
    try:
        found = settings.read(ServiceSettings)
        build = told(found)
        log_as_json(found.log_level)
        serve(lambda: _application(found, build), found.host, found.port)
    except StartRefused as refused:
        sys.exit(f"{name}: {refused}")


def _application(found: ServiceSettings, build: Build) -> FastAPI:
    topics = found.open_topics()
    _, app = build(engine(found.database_url), topics, configured_verifier(found), alone=False)
    # For the gateway, which knows the services' refusals only by asking for them.
    app.include_router(explanations_router(), include_in_schema=False)
    whole_service = app.router.lifespan_context

    @asynccontextmanager
    async def and_its_log(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with whole_service(app):
                yield
        finally:
            topics.close()

    app.router.lifespan_context = and_its_log
    return app
