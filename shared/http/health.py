"""Is the process alive, and is the service fit to answer? For orchestrators and load balancers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from fastapi import APIRouter, Response
from pydantic import BaseModel

logger = logging.getLogger("jikao.health")

Check = Callable[[], str | None]
"""None when all is well, else one sentence saying what is not, e.g. how far a reader is behind; may block."""


class Alive(BaseModel):
    """The process answers."""

    alive: bool


class Readiness(BaseModel):
    """Each check by name: null, or a sentence that says what is not well."""

    ready: bool
    checks: dict[str, str | None]


def health_router(checks: Mapping[str, Check]) -> APIRouter:
    """`/healthz` and `/readyz`, outside the OpenAPI document; checks run in the order given, in a thread."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> Alive:
        return Alive(alive=True)

    @router.get("/readyz")
    def readyz(response: Response) -> Readiness:
        found = {name: _run(name, check) for name, check in checks.items()}
        ready = all(sentence is None for sentence in found.values())
        if not ready:
            response.status_code = 503
            response.headers["Retry-After"] = "1"
        return Readiness(ready=ready, checks=found)

    return router


def _run(name: str, check: Check) -> str | None:
    try:
        return check()
    except Exception:
        # The answer must come in just the situation in which checks fail; what failed stays in the log.
        logger.exception("readiness check %s failed", name)
        return "The check itself failed; the log says why."
