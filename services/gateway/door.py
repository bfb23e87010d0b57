"""What happens to every request that is for a service: whose is it, not too many, where to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from services.gateway.limits import Rates
from services.gateway.routing import route
from services.gateway.upstreams import Upstream
from shared.errors import NotAuthenticated
from shared.identity.http import BearerCaller

_bearer = BearerCaller()


@dataclass(frozen=True, slots=True)
class MetricsRoute:
    """Stands where Starlette's route would, for the label of the metrics."""

    path: str


@dataclass(slots=True)
class Door:
    """An ASGI application that passes requests on. Unknown addresses are 404 even without a token.

    Tokens are checked by the `verifier` in the state of the application that it is installed in.
    """

    rates: Rates
    upstreams: Mapping[str, Upstream]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on; raises what the gateway's application answers as a problem document."""
        if scope["type"] != "http":
            await WebSocketClose()(scope, receive, send)  # no service speaks anything else
            return
        request = Request(scope)
        found = route(scope["path"])
        scope["route"] = MetricsRoute(found.path)
        try:
            caller = await _bearer(request)
        except NotAuthenticated:
            # Guessing is slowed down by address, for there is no client to name yet.
            self.rates.take(f"address {request.client.host if request.client else 'unknown'}")
            raise
        self.rates.take(f"client {caller.issuer} {caller.client}")
        await self.upstreams[found.service].app(scope, receive, send)

    def find(self, scope: Scope) -> ASGIApp | None:
        """See shared.http.shortcuts.Finder: none of the gateway's own routes begins like this."""
        return self if scope["path"].startswith("/v1/jurisdictions") else None


def install(app: FastAPI, door: Door) -> None:
    """Let the door take every request that none of the application's own routes does."""
    app.router.default = door
