"""Serves `/problems/…`: what the `type` of a problem document means, for whoever follows it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header
from pydantic import BaseModel

from shared.errors import NotFound
from shared.http.languages import preferred
from shared.http.problems import explanations, problems, type_uri


class ProblemNotFound(NotFound):
    """There is no such kind of problem."""

    zh = "没有这一类问题。"


class ProblemExplanation(BaseModel):
    """One kind of problem."""

    type: str
    code: str
    status: int
    meaning: str


class ProblemExplanations(BaseModel):
    """All kinds of problems, in order of their codes."""

    items: list[ProblemExplanation]


AcceptLanguage = Annotated[str | None, Header(description="zh or en.", examples=["zh"])]


def explanations_router() -> APIRouter:
    """The list of all problems that this process knows, and each one's page."""
    router = APIRouter(prefix="/problems", tags=["problems"])

    @router.get("")
    def list_problems(accept_language: AcceptLanguage = None) -> ProblemExplanations:
        """Every kind of problem that a request may be answered with."""
        return ProblemExplanations(items=_all(accept_language))

    @router.get("/{slug}", responses=problems(ProblemNotFound))
    def explain_problem(slug: str, accept_language: AcceptLanguage = None) -> ProblemExplanation:
        """What one kind of problem means; its address is the `type` of the problem document."""
        for explanation in _all(accept_language):
            if explanation.type == f"/problems/{slug}":
                return explanation
        raise ProblemNotFound(slug=slug)

    return router


def _all(accept_language: str | None) -> list[ProblemExplanation]:
    chinese = preferred(accept_language) == "zh"
    return [
        ProblemExplanation(
            type=type_uri(told.code), code=told.code, status=told.status, meaning=told.zh if chinese else told.en
        )
        for told in explanations()
    ]
