"""What happens around every request: its trace id, the limit of its body, one line in the log, its metrics.

Plain ASGI rather than a BaseHTTPMiddleware, which would buffer streams and run endpoints in another context.
"""

from __future__ import annotations

import logging
import time

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import Refusal, TooLarge
from shared.http.metrics import Metrics
from shared.http.problems import UnexpectedFailure, problem_response
from shared.http.shortcuts import Finder, Shortcuts
from shared.http.tracing import REQUEST_ID_HEADER, begin_trace

MAX_BODY_BYTES = 8 * 1024 * 1024
"""The largest body taken unless a service says otherwise, in bytes."""

UNMATCHED = "(no route)"

_TRACE = "jikao.trace_id"
_TRACE_HEADER = REQUEST_ID_HEADER.lower().encode("ascii")

access = logging.getLogger("jikao.access")
logger = logging.getLogger("jikao.http")


class BodyTooLarge(TooLarge):
    """The body is larger than this address takes: 8 MiB, unless the operator has set another limit."""

    zh = "请求体超过允许的大小:8 MiB,除非运维另有设定。"


class RequestMiddleware:
    """Wraps an application; every answer passes it, the ones to unexpected failures included."""

    def __init__(
        self, app: ASGIApp, metrics: Metrics, max_body_bytes: int = MAX_BODY_BYTES, shortcuts: Finder | None = None
    ) -> None:
        self._app = app
        self._shortcuts: Finder = shortcuts or Shortcuts()
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        # An application mounted in another one of ours goes on with its trace, and leaves the log line to it.
        outermost = _TRACE not in scope
        if outermost:
            scope[_TRACE] = begin_trace(scope["headers"])
        trace_id: str = scope[_TRACE]
        status = 0

        async def traced_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [header for header in message.get("headers", ()) if header[0] != _TRACE_HEADER]
                message = {**message, "headers": [*headers, (_TRACE_HEADER, trace_id.encode("ascii"))]}
            await send(message)

        try:
            answering = self._shortcuts.find(scope) or self._app
            await answering(scope, self._limited(scope, receive), traced_send)
        except ClientDisconnect:
            pass  # nobody is left to answer; the log line says 499
        except Exception as error:
            # Refusals come as far as this from shortcuts, other middleware and bare ASGI applications.
            if not isinstance(error, Refusal):
                logger.exception("unexpected failure")
            if status:
                raise  # half an answer is out: only cutting the connection tells the caller
            refusal = error if isinstance(error, Refusal) else UnexpectedFailure()
            await problem_response(Request(scope), refusal)(scope, receive, traced_send)
        finally:
            seconds = time.perf_counter() - began
            route = route_template(scope)
            # Without a status the caller went away before the answer; 499 as nginx has it.
            self._metrics.answered(scope["method"], route, status or 499, seconds)
            if outermost and access.isEnabledFor(logging.INFO):
                about = {
                    "method": scope["method"],
                    "path": scope["path"],
                    "route": route,
                    "status": status or 499,
                    "milliseconds": round(seconds * 1000, 3),
                }
                access.info("answered", extra={"about": about})

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """A `receive` that refuses a body over the limit, as announced by Content-Length or as counted."""
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        size = int(announced) if announced.isdigit() else 0
        came = 0

        async def limited_receive() -> Message:
            nonlocal came
            if size > self._max_body_bytes:
                raise BodyTooLarge(limit_bytes=self._max_body_bytes)
            message = await receive()
            if message["type"] == "http.request":
                came += len(message.get("body", b""))
                if came > self._max_body_bytes:
                    raise BodyTooLarge(limit_bytes=self._max_body_bytes)
            return message

        return limited_receive


def route_template(scope: Scope) -> str:
    """The template of the route that answered, e.g. `/v1/jurisdictions/{jurisdiction}`.

    `scope["route"].path` alone lacks the prefixes of include_router; FastAPI keeps the whole one beside it.
    """
    included = scope.get("fastapi", {}).get("effective_route_context")
    route = included if included is not None else scope.get("route")
    return getattr(route, "path", None) or UNMATCHED
