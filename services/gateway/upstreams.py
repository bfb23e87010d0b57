"""The services behind the gateway, in this process or at an address: passed requests, and asked about themselves.

Requests are passed as streams in both directions. In process the application is called directly, because httpx's
in-process transport holds whole bodies; that transport serves for the gateway's own small questions only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.problems import ServiceSilent, ServiceUnreachable
from shared.http.tracing import REQUEST_ID_HEADER, current_trace_id

CONNECT_SECONDS = 2.0
QUESTION_SECONDS = 3.0
DOCUMENT_SECONDS = 30.0
"""A service writes its document when it is first asked for it: a second of work, and several on a busy machine."""
MOST_CONNECTIONS = 200
KEEP_ALIVE_SECONDS = 10
"""Less than the services keep theirs, so that none is written to while the other side closes it."""

# RFC 9110, section 7.6.1: these are about one connection; what `Connection` names is too.
_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding "
    b"upgrade".split()
)


@dataclass(frozen=True, slots=True)
class Upstream:
    """One service: `app` takes passed requests, `client` the gateway's own questions."""

    name: str
    app: ASGIApp
    client: httpx.AsyncClient

    async def ask(
        self, path: str, headers: Mapping[str, str] | None = None, *, within: float = QUESTION_SECONDS
    ) -> Any:
        """The JSON that the service answers, `within` seconds; None when it has no such address.

        ServiceUnreachable, ServiceSilent; ServiceUnreachable too when it answers anything but JSON.
        """
        try:
            response = await self.client.get(path, headers=headers, timeout=within)
            return None if response.status_code == 404 else response.json()
        except httpx.TimeoutException as error:
            raise ServiceSilent(service=self.name) from error
        except (httpx.HTTPError, ValueError) as error:
            raise ServiceUnreachable(service=self.name) from error

    async def unwell(self) -> str | None:
        """None when the service is ready, else one sentence on what is not well."""
        try:
            told = await self.ask("/readyz")
        except (ServiceSilent, ServiceUnreachable):
            return f"The {self.name} service does not answer."
        if not isinstance(told, dict) or told.get("ready"):
            return None
        found = [f"{check}: {sentence}" for check, sentence in told.get("checks", {}).items() if sentence]
        return f"The {self.name} service is not ready: {' '.join(found)}"


def in_process(name: str, app: ASGIApp) -> Upstream:
    """A service in this process."""

    async def passed(scope: Scope, receive: Receive, send: Send) -> None:
        # A scope of its own: the gateway's routing state means nothing there. The trace id goes along.
        kept = {key: value for key, value in scope.items() if key not in _OURS}
        await app({**kept, "state": dict(scope.get("state", {}))}, receive, send)

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return Upstream(name, passed, httpx.AsyncClient(transport=transport, base_url=f"http://{name}"))


_OURS = frozenset({"app", "router", "route", "endpoint", "path_params", "fastapi", "state"})


def at_address(name: str, url: str, timeout: float) -> Upstream:
    """A service at an address; `timeout` in seconds without a byte from it."""
    client = httpx.AsyncClient(
        base_url=url,
        timeout=httpx.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
        limits=httpx.Limits(
            max_connections=MOST_CONNECTIONS,
            max_keepalive_connections=MOST_CONNECTIONS,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
        ),
        follow_redirects=False,
        trust_env=False,  # a proxy meant for the outside has no business between our own processes
    )
    return Upstream(name, _Forward(name, client), client)


class _Forward:
    def __init__(self, name: str, client: httpx.AsyncClient) -> None:
        self._name = name
        self._client = client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._client.send(self._request(request), stream=True)
        except httpx.TimeoutException as error:
            raise ServiceSilent(service=self._name) from error
        except httpx.HTTPError as error:
            raise ServiceUnreachable(service=self._name) from error
        except ClientDisconnect:
            return  # there is nobody left to answer
        try:
            await _send_on(response, send)
        finally:
            await response.aclose()

    def _request(self, request: Request) -> httpx.Request:
        raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode()
        target = raw_path.split(b"?", 1)[0]
        if query := request.scope["query_string"]:
            target += b"?" + query
        headers = [pair for pair in _end_to_end(request.scope["headers"]) if pair[0] not in _REPLACED]
        headers.append((REQUEST_ID_HEADER.lower().encode(), current_trace_id().encode()))
        given = request.headers
        has_body = "transfer-encoding" in given or given.get("content-length", "0") != "0"
        return httpx.Request(
            request.method,
            self._client.base_url.copy_with(raw_path=target),
            headers=headers,
            content=_body(request) if has_body else None,
            extensions={"timeout": self._client.timeout.as_dict()},
        )


_REPLACED = frozenset({b"host", b"x-request-id", b"expect"})  # the server in front of us has said "100 Continue"
_TOLD_BY_US = frozenset({b"date", b"server"})


async def _body(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        if chunk:
            yield chunk


async def _send_on(response: httpx.Response, send: Send) -> None:
    headers = [(name.lower(), value) for name, value in response.headers.raw if name.lower() not in _TOLD_BY_US]
    await send({"type": "http.response.start", "status": response.status_code, "headers": list(_end_to_end(headers))})
    # Raw: what the service compressed stays compressed. A stream that breaks raises, and the connection is cut:
    # half an answer must not look like a whole one.
    async for chunk in response.aiter_raw():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _end_to_end(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers that travel further than one connection."""
    named = {token.strip().lower() for name, value in headers if name == b"connection" for token in value.split(b",")}
    return [pair for pair in headers if pair[0] not in _HOP_BY_HOP and pair[0] not in named]
