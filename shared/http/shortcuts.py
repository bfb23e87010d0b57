"""For the few routes that are asked thousands of times a second: FastAPI documents them, and seldom has to run them.

Finding a route and solving its dependencies costs FastAPI more than a millisecond, several times what the door for
progress itself does. Here a function reads the endpoint's arguments straight off the request when the request is what
nearly all are; whatever it does not understand, and all that it would have to refuse, goes the usual way.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Read = Callable[[Request], tuple[Any, ...] | None]
"""The endpoint's arguments after the request itself, in its order; None where the framework must look."""


@dataclass(frozen=True, slots=True)
class _Shortcut:
    """Stands where Starlette's route would, for the label of the metrics; `path` is the route's template."""

    path: str
    method: str
    pattern: re.Pattern[str]
    read: Read
    endpoint: Callable[..., Awaitable[Response]]


class Finder(Protocol):
    """What a RequestMiddleware asks before it hands a request on to its application."""

    def find(self, scope: Scope) -> ASGIApp | None:
        """What answers this request; None when it goes the usual way."""


class Shortcuts:
    """The shortcuts of one application, to some of its routes."""

    def __init__(self) -> None:
        self._known: list[_Shortcut] = []

    def add(self, method: str, path: str, read: Read, endpoint: Callable[..., Awaitable[Response]]) -> None:
        """Answer requests to a route (its whole template) by its own endpoint, when `read` understands them.

        `read` finds the path's parameters in `path_params`. It must not read the body, nor let pass what the route
        would refuse. What the endpoint raises is answered as for any route.
        """
        pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))
        self._known.append(_Shortcut(path, method, pattern, read, endpoint))

    def find(self, scope: Scope) -> ASGIApp | None:
        """See Finder.find."""
        path, method = scope["path"], scope["method"]
        for shortcut in self._known:
            matched = shortcut.pattern.fullmatch(path) if method == shortcut.method else None
            if matched is None:
                continue
            # A copy: what goes the usual way after all must meet an untouched scope.
            own = {**scope, "path_params": matched.groupdict()}
            arguments = shortcut.read(Request(own))
            if arguments is None:
                return None
            scope["route"] = shortcut
            return _answering(own, shortcut.endpoint, arguments)
        return None


def _answering(own: Scope, endpoint: Callable[..., Awaitable[Response]], arguments: tuple[Any, ...]) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        response = await endpoint(Request(own, receive, send), *arguments)
        await response(scope, receive, send)

    return answer
