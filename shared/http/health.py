"""Is the process alive, and is the service fit to answer? For orchestrators and load balancers."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping

import anyio
from anyio import to_thread
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from shared.errors import Refusal

logger = logging.getLogger("jikao.health")

Check = Callable[[], str | None]
"""None when all is well, else one sentence saying what is not, e.g. how far a reader is behind; may block."""

ANSWERED_WITHIN = 2.0
"""Seconds that a check may take: less than the patience of whoever asks."""


class Alive(BaseModel):
    """The process answers."""

    alive: bool


class Readiness(BaseModel):
    """Each check by name: null, or a sentence that says what is not well."""

    ready: bool
    checks: dict[str, str | None]


def health_router(answered_within: float = ANSWERED_WITHIN) -> APIRouter:
    """`/healthz` and `/readyz`, outside the OpenAPI document; the checks run side by side, each in a thread.

    The checks are the application's, `app.state.checks`: FastAPI remembers the functions of endpoints for as long as
    the process lives, and one that held the checks would keep everything that they look at.
    """
    router = APIRouter(include_in_schema=False)
    asking = _Asking(answered_within)

    @router.get("/healthz")
    async def healthz() -> Alive:
        return Alive(alive=True)

    @router.get("/readyz")
    async def readyz(request: Request, response: Response) -> Readiness:
        found = await asking.all(request.app.state.checks)
        ready = all(sentence is None for sentence in found.values())
        if not ready:
            response.status_code = 503
            response.headers["Retry-After"] = "1"
        return Readiness(ready=ready, checks=found)

    return router


class _Asking:
    """Asks each check, none longer than it may take.

    A check that hangs (on a database that takes connections and says nothing) is left behind in its thread and not
    asked again until it has come back, so that threads do not pile up.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: dict[str, list[float]] = defaultdict(list)  # when the runs under way began, oldest first

    async def all(self, checks: Mapping[str, Check]) -> dict[str, str | None]:
        found: dict[str, str | None] = dict.fromkeys(checks)
        # Threads of their own: the ones that requests share may all be waiting for what the checks are about.
        threads = anyio.CapacityLimiter(max(1, len(checks)))

        async def ask(name: str, check: Check) -> None:
            found[name] = await self._answer(name, check, threads)

        async with anyio.create_task_group() as asked:
            for name, check in checks.items():
                asked.start_soon(ask, name, check)
        return found

    async def _answer(self, name: str, check: Check, threads: anyio.CapacityLimiter) -> str | None:
        under_way = self._since[name]
        if not under_way or time.monotonic() - under_way[0] < self._seconds:
            with anyio.move_on_after(self._seconds):
                return await to_thread.run_sync(self._run, name, check, abandon_on_cancel=True, limiter=threads)
        return f"The check has not answered within {self._seconds:.0f} s."

    def _run(self, name: str, check: Check) -> str | None:
        began = time.monotonic()
        self._since[name].append(began)
        try:
            return check()
        except Exception as error:
            # The answer must come in just the situation in which checks fail; what failed stays in the log.
            logger.exception("readiness check %s failed", name)
            return error.sentence() if isinstance(error, Refusal) else "The check itself failed; the log says why."
        finally:
            self._since[name].remove(began)
