"""A request says what is documented, each thing once: a misspelt `knownat=` must not answer another question.

One dependency of the whole application, so that no route can forget it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import iter_route_contexts

from shared.errors import Fault, Malformed
from shared.strict_json import escaped, refuse_unsound

JSON = "application/json"
COMPARES = frozenset({"compare_as_of", "compare_known_at"})
"""The parameters of a question that is asked about two dates or states of knowledge."""
_SHOWN = 64
"""Characters of a name that nobody offers which are repeated to the caller."""


class ContentTypeNotTaken(Malformed):
    """This address takes another content type."""

    zh = "此地址不接受该内容类型。"


class ParameterUnknown(Malformed):
    """This address has no such query parameter."""

    zh = "此地址没有该查询参数。"


class ComparisonNotOffered(Malformed):
    """This address answers about one date and one state of knowledge: ask it twice, or ask one that compares."""

    zh = "此地址只回答一个日期和一种知悉状态,请分两次查询,或使用可对比的地址。"


class ParameterRepeated(Malformed):
    """A query parameter is given once."""

    zh = "查询参数只能给出一次。"


class Strictness:
    """For `FastAPI(dependencies=[Depends(Strictness())])`; knows what each route offers once it has been asked."""

    def __init__(self) -> None:
        self._offered: dict[Callable[..., Any], frozenset[str]] = {}

    async def __call__(self, request: Request) -> None:
        """ParameterUnknown, ComparisonNotOffered, ParameterRepeated, ContentTypeNotTaken, NotJson, MemberRepeated."""
        query, posted = request.scope["query_string"], request.method in ("POST", "PUT", "PATCH")
        if not query and not posted:
            return
        route = request.scope.get("fastapi", {}).get("effective_route_context") or request.scope["route"]
        if query:
            self._refuse_query(request, route)
        # A route that reads its bytes itself has no body as far as the framework knows, and looks after it.
        if posted and route.body_field is not None and (body := await request.body()):
            media_type(request, JSON)
            await run_in_threadpool(refuse_unsound, body)

    def _refuse_query(self, request: Request, route: Any) -> None:
        offered = self._offered.get(route.endpoint)
        if offered is None:
            offered = self._offered[route.endpoint] = _offered(route)
        given = Counter(name for name, _ in request.query_params.multi_items())
        unknown = [name for name in given if name not in offered]
        if unknown and offered and set(unknown) <= COMPARES:
            faults = [_fault(ComparisonNotOffered, name) for name in unknown]
            raise ComparisonNotOffered(faults=faults, compare=_comparing(request.app))
        if unknown:
            raise ParameterUnknown(faults=[_fault(ParameterUnknown, name) for name in unknown], takes=sorted(offered))
        if repeated := [_fault(ParameterRepeated, name) for name, times in given.items() if times > 1]:
            raise ParameterRepeated(faults=repeated)


def _offered(route: Any) -> frozenset[str]:
    """The names of a route's query parameters."""
    fields = get_flat_params(route.dependant)
    return frozenset(field.alias for field in fields if isinstance(field.field_info, Query))


def _comparing(app: FastAPI) -> list[str]:
    """The addresses of this application that compare."""
    routes = (route for route in iter_route_contexts(app.routes) if getattr(route, "dependant", None) is not None)
    return sorted({str(route.path) for route in routes if _offered(route) >= COMPARES})


def media_type(request: Request, *taken: str) -> str:
    """The media type of the body, if it is one of these. ContentTypeNotTaken."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent not in taken:
        raise ContentTypeNotTaken(faults=[ContentTypeNotTaken().fault("/header/Content-Type")], takes=list(taken))
    return sent


def _fault(refusal: type[Malformed], name: str) -> Fault:
    return refusal().fault(f"/query/{escaped(name[:_SHOWN])}")
