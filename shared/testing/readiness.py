"""Waits for a back end to say that it is ready: one answer may be no, though all is well.

Each of its checks has two seconds, and the gateway gives a service three: on a slow machine one may be late once.
"""

from __future__ import annotations

import time

import httpx

READY_WITHIN = 60.0
LOOK_AGAIN = 0.1


def becomes_ready(url: str) -> None:
    """Return once it is; AssertionError with what it says when the time is over."""
    until = time.monotonic() + READY_WITHIN
    with httpx.Client(base_url=url, timeout=READY_WITHIN, trust_env=False) as http:
        while (answer := http.get("/readyz")).status_code != 200:
            assert time.monotonic() < until, answer.text
            time.sleep(LOOK_AGAIN)
