"""Puts the gateway together: on services in this process, or at addresses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from anyio import from_thread
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.types import Lifespan

from services.gateway.door import Door, install
from services.gateway.labels import labels_router
from services.gateway.limits import RateExceeded, Rates
from services.gateway.openapi import merge
from services.gateway.problems import problems_router
from services.gateway.routing import SERVICES
from services.gateway.upstreams import DOCUMENT_SECONDS, QUESTION_SECONDS, Upstream, at_address
from shared.event_log.port import LARGEST_RECORD
from shared.http.app import create_app
from shared.http.pages import DEFAULT_LIMIT, MAX_LIMIT
from shared.http.preconditions import IDEMPOTENCY_KEY_HEADER, IF_MATCH_HEADER
from shared.http.problems import ServiceSilent, ServiceUnreachable, problems
from shared.http.tokens import MAX_WAIT_SECONDS, POSITION_HEADER, TOKEN_HEADER
from shared.http.tracing import REQUEST_ID_HEADER
from shared.identity.tokens import Verifier
from shared.service_process import configured_verifier
from shared.settings import GatewaySettings, Limited

TITLE = "Jikao"
DESCRIPTION = (
    "Government targets, key projects and their assessment. Facts go into one ordered log for each jurisdiction; "
    "every answer names the date it is about and the position it knows, and can be computed again."
)


_PASSING = (RateExceeded, ServiceUnreachable, ServiceSilent)
"""What a caller may get from us in place of a service's answer."""


def _limits(limits: Limited) -> str:
    """Every limit with its number, for those who read the document."""
    return (
        f"\n\nLimits: a body of {limits.max_body_bytes:,} bytes (413); {MAX_LIMIT:,} items in a page, {DEFAULT_LIMIT} "
        f"unless asked; 1,000 entries in a submission and 1,000 events in a batch (413); {LARGEST_RECORD:,} bytes for "
        f"one record as stored (413); {limits.rate_per_second:,} requests a second for one client, "
        f"{limits.rate_burst:,} at once (429); `Prefer: wait` up to {MAX_WAIT_SECONDS} s (503)."
    )


def build(
    upstreams: Sequence[Upstream],
    verifier: Verifier,
    limits: Limited,
    *,
    lifespan: Lifespan[FastAPI] | None = None,
) -> FastAPI:
    """The gateway over these services. It closes its clients of them at the end of its lifespan."""

    @asynccontextmanager
    async def whole_life(app: FastAPI) -> AsyncIterator[None]:
        try:
            if lifespan is None:
                yield
            else:
                async with lifespan(app):
                    yield
        finally:
            for upstream in upstreams:
                await upstream.client.aclose()

    checks = {upstream.name: _check(upstream) for upstream in upstreams}
    door = Door(Rates(limits.rate_per_second, limits.rate_burst), {u.name: u for u in upstreams})
    app = create_app(
        TITLE,
        version=version("jikao"),
        description=DESCRIPTION + _limits(limits),
        checks=checks,
        checked_within=QUESTION_SECONDS + 1,
        max_body_bytes=limits.max_body_bytes,
        shortcuts=door,
        lifespan=whole_life,
    )
    app.include_router(labels_router())
    app.include_router(problems_router(upstreams))
    _publish_document(app, upstreams)
    app.state.verifier = verifier
    install(app, door)
    if limits.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(limits.cors_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Prefer",
                IDEMPOTENCY_KEY_HEADER,
                IF_MATCH_HEADER,
                REQUEST_ID_HEADER,
                "traceparent",
            ],
            expose_headers=["ETag", "Location", "Retry-After", TOKEN_HEADER, POSITION_HEADER, REQUEST_ID_HEADER],
        )
    return app


def from_settings(settings: GatewaySettings) -> FastAPI:
    """The gateway as a process of its own."""
    urls = {
        "targets": settings.targets_url,
        "projects": settings.projects_url,
        "evaluation": settings.evaluation_url,
    }
    upstreams = [at_address(name, urls[name], settings.service_timeout) for name in SERVICES]
    return build(upstreams, configured_verifier(settings), settings)


def _check(upstream: Upstream) -> Callable[[], str | None]:
    return lambda: from_thread.run(upstream.unwell)  # checks run in a thread of the event loop's


def _publish_document(app: FastAPI, upstreams: Sequence[Upstream]) -> None:
    """Serve the merged document in place of the gateway's own; it is kept once every service has given its part."""
    own = app.openapi()
    app.router.routes[:] = [route for route in app.router.routes if getattr(route, "path", "") != app.openapi_url]
    kept: list[dict[str, Any]] = []

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi_document() -> dict[str, Any]:
        if not kept:
            kept.append(await document(own, upstreams))
        return kept[0]


async def document(own: dict[str, Any], upstreams: Sequence[Upstream]) -> dict[str, Any]:
    """The merged document. ServiceUnreachable, ServiceSilent when one of the services does not give its part."""
    parts = await asyncio.gather(*(upstream.ask("/openapi.json", within=DOCUMENT_SECONDS) for upstream in upstreams))
    for upstream, part in zip(upstreams, parts, strict=True):
        if not isinstance(part, dict):
            raise ServiceUnreachable(service=upstream.name)
    named = {upstream.name: part for upstream, part in zip(upstreams, parts, strict=True)}
    passing = {str(status): response for status, response in problems(*_PASSING).items()}
    return merge(
        {"gateway": own, **named},
        title=TITLE,
        version=version("jikao"),
        description=own["info"]["description"],
        passing=passing,
    )
