"""`/problems/…` for all services: what the gateway knows itself, and what the services behind it say they know."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from services.gateway.upstreams import Upstream
from shared.http.explanations import (
    AcceptLanguage,
    ProblemExplanation,
    ProblemExplanations,
    ProblemNotFound,
)
from shared.http.languages import preferred
from shared.http.problems import ServiceSilent, ServiceUnreachable, explanations, problems, type_uri


def problems_router(upstreams: Sequence[Upstream]) -> APIRouter:
    """The list of all problems and each one's page; a service that is away is left out until it is back."""
    router = APIRouter(prefix="/problems", tags=["gateway"])
    told: dict[tuple[str, str], list[ProblemExplanation]] = {}

    async def theirs(upstream: Upstream, language: str) -> list[ProblemExplanation]:
        if (upstream.name, language) not in told:
            try:
                answer = await upstream.ask("/problems", {"Accept-Language": language})
            except (ServiceSilent, ServiceUnreachable):
                return []
            items = ProblemExplanations.model_validate(answer).items if answer is not None else []
            told[upstream.name, language] = items
        return told[upstream.name, language]

    async def everything(accept_language: str | None) -> list[ProblemExplanation]:
        language = preferred(accept_language)
        known = {
            own.code: ProblemExplanation(
                type=type_uri(own.code),
                code=own.code,
                status=own.status,
                meaning=own.zh if language == "zh" else own.en,
            )
            for own in explanations()
        }
        for upstream in upstreams:
            known.update({item.code: item for item in await theirs(upstream, language) if item.code not in known})
        return [known[code] for code in sorted(known)]

    @router.get("")
    async def list_problems(accept_language: AcceptLanguage = None) -> ProblemExplanations:
        """Every kind of problem that a request may be answered with."""
        return ProblemExplanations(items=await everything(accept_language))

    @router.get("/{slug}", responses=problems(ProblemNotFound))
    async def explain_problem(slug: str, accept_language: AcceptLanguage = None) -> ProblemExplanation:
        """What one kind of problem means; its address is the `type` of the problem document."""
        for explanation in await everything(accept_language):
            if explanation.type == f"/problems/{slug}":
                return explanation
        raise ProblemNotFound(slug=slug)

    return router
