"""Which request is being worked on? One id, for the caller, our logs and the services behind us."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from contextvars import ContextVar

REQUEST_ID_HEADER = "X-Request-Id"

_current: ContextVar[str] = ContextVar("trace_id", default="")
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")  # W3C Trace Context
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


def current_trace_id() -> str:
    """The trace id of the request at hand, empty outside of one."""
    return _current.get()


def begin_trace(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Take the caller's trace id (traceparent before X-Request-Id) when it is well formed, else make one."""
    sent = dict(headers)
    traceparent = _TRACEPARENT.fullmatch(sent.get(b"traceparent", b""))
    request_id = _REQUEST_ID.fullmatch(sent.get(b"x-request-id", b""))
    if traceparent and traceparent[1].strip(b"0"):  # an id of zeros only is invalid there
        trace_id = traceparent[1].decode("ascii")
    else:
        trace_id = request_id[0].decode("ascii") if request_id else _new_id()
    _current.set(trace_id)
    return trace_id


def _new_id() -> str:
    # Not a secret, so not the kernel's random numbers: asking it lets go of the interpreter at every request.
    return f"{random.getrandbits(128):032x}"
