"""The caller of a route, and whether they may."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase

from shared.errors import NotFound, NotPermitted
from shared.identity.callers import Caller, scope_text, source_allowed
from shared.identity.tokens import TokenMissing, Verifier

__all__ = [
    "CallerDep", "JurisdictionNotFound", "RoleMissing", "WholeJurisdictionOnly", "permit", "permit_whole",
    "remembered_caller", "scope_text", "source_allowed",
]  # fmt: skip


class JurisdictionNotFound(NotFound):
    """There is no such jurisdiction, or your token does not name it."""

    zh = "没有该行政区,或您的令牌不包含该行政区。"


class RoleMissing(NotPermitted):
    """Your token lacks a role that may do this."""

    zh = "您的令牌没有可执行此操作的角色。"


class WholeJurisdictionOnly(NotPermitted):
    """This concerns the whole jurisdiction, which needs a token of scope `all`."""

    zh = "此操作或查询涉及整个行政区,需要范围为 all 的令牌。"


class BearerCaller(SecurityBase):
    """The caller whom the bearer token of a request names.

    One dependency instead of FastAPI's HTTPBearer and another on top of it: this runs for every request.
    """

    def __init__(self) -> None:
        self.scheme_name = "bearer"
        self.model = HTTPBearerModel(bearerFormat="JWT", description="A token of the configured issuer.")

    async def __call__(self, request: Request) -> Caller:
        token = _bearer_token(request)
        if token is None:
            raise TokenMissing
        verifier: Verifier = request.app.state.verifier
        caller = verifier.remembered(token)
        if caller is None:
            # Verifying may fetch the issuer's keys, which must not hold up the event loop.
            caller = await run_in_threadpool(verifier.verify, token)
        return caller


def remembered_caller(request: Request) -> Caller | None:
    """The caller of a token that was verified before and has not expired; None for any other request."""
    token = _bearer_token(request)
    verifier: Verifier = request.app.state.verifier
    return None if token is None else verifier.remembered(token)


def _bearer_token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token else None


CallerDep = Annotated[Caller, Depends(BearerCaller())]
"""The verified caller; `app.state.verifier` must hold a Verifier."""


def permit(caller: Caller, jurisdiction: str, *roles: str) -> str:
    """The one role that opens the door: the first of `roles` that the caller has.

    JurisdictionNotFound (404) when the token does not name the jurisdiction: whether it exists is not told.
    RoleMissing (403) names the roles of which one is needed.
    """
    if jurisdiction not in caller.jurisdictions:
        raise JurisdictionNotFound(jurisdiction=jurisdiction)
    for role in roles:
        if role in caller.roles:
            return role
    raise RoleMissing(needed_role=" | ".join(roles))


def permit_whole(caller: Caller, jurisdiction: str, *roles: str) -> str:
    """`permit`, for what is about the jurisdiction as a whole. WholeJurisdictionOnly when the scope is narrower."""
    role = permit(caller, jurisdiction, *roles)
    if caller.scope != "all":
        raise WholeJurisdictionOnly(needed_scope="all")
    return role
