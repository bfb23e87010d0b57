"""Turns refusals into RFC 9457 problem documents; the only place that knows their statuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.exceptions import HTTPException

from shared.errors import (
    Fault,
    Gone,
    Locked,
    Malformed,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    PreconditionMissing,
    Refusal,
    RuleBroken,
    TooLarge,
    TooMany,
    Unavailable,
    VersionConflict,
)
from shared.http.languages import Language, preferred
from shared.http.tracing import current_trace_id
from shared.strict_json import not_json

MEDIA_TYPE = "application/problem+json"


class MethodNotAllowed(Refusal):
    """This address does not take this method; the Allow header names those it takes."""

    zh = "此地址不支持该请求方法,Allow 响应头列出了可用的方法。"


class UnexpectedFailure(Refusal):
    """Something failed on our side; it has been logged under the trace id."""

    zh = "服务内部发生错误,已按追踪编号记入日志。"


class ServiceUnreachable(Refusal):
    """The service behind this address cannot be reached; it may have done what you asked: repeat it."""

    zh = "该地址对应的服务暂时无法访问,请求可能已被处理,请以同一幂等键重试。"


class ServiceSilent(Refusal):
    """The service behind this address did not answer in time; it may have done what you asked: repeat it."""

    zh = "该地址对应的服务未在规定时间内答复,请求可能已被处理,请以同一幂等键重试。"


STATUS: Mapping[type[Refusal], int] = {
    Malformed: 422,
    NotAuthenticated: 401,
    NotPermitted: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    RuleBroken: 409,
    Gone: 410,
    VersionConflict: 412,
    TooLarge: 413,
    Locked: 423,
    PreconditionMissing: 428,
    TooMany: 429,
    UnexpectedFailure: 500,
    ServiceUnreachable: 502,
    Unavailable: 503,
    ServiceSilent: 504,
}
# What the framework raises by itself is never about a service behind us.
_FAMILY = {status: family for family, status in STATUS.items() if family not in (ServiceUnreachable, ServiceSilent)}


def status_of(refusal: type[Refusal]) -> int:
    """The HTTP status of a refusal: its nearest mapped ancestor's. LookupError when nobody mapped it."""
    for ancestor in refusal.__mro__:
        if ancestor in STATUS:
            return STATUS[ancestor]
    raise LookupError(f"{refusal.__name__} belongs to no family that has a status")


class ProblemFault(BaseModel):
    """One fault inside the request."""

    model_config = ConfigDict(extra="forbid")

    pointer: str = Field(
        description="JSON pointer into the body; outside the body `/query/…`, `/path/…` or `/header/…`.",
        examples=["/entries/0/value"],
    )
    code: str = Field(examples=["MISSING"])
    message: str


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(
        description="Stable address that explains this kind of problem.", examples=["/problems/malformed"]
    )
    title: str = Field(description="One sentence, in the language that Accept-Language asks for (zh or en).")
    status: int
    detail: str = Field(description="The title, and what this occurrence is about.")
    instance: str = Field(description="Path of the request.")
    code: str = Field(description="Stable code of this kind of problem.", examples=["MALFORMED"])
    trace_id: str = Field(description="The same as in the X-Request-Id header and in our logs.")
    about: dict[str, Any] = Field(description="What this occurrence is about, for programs.")
    errors: list[ProblemFault]


def type_uri(code: str) -> str:
    """`TARGET_NOT_FOUND` is explained at `/problems/target-not-found`."""
    return "/problems/" + code.lower().replace("_", "-")


def problem_response(
    request: Request, refusal: Refusal, *, status: int | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The answer to a refused request; `status` only where the framework has one that no family has."""
    kind = type(refusal)
    language = preferred(request.headers.get("accept-language"))
    status = status or status_of(kind)
    about = {name: _shown(value) for name, value in refusal.about.items()}
    problem = Problem(
        type=type_uri(kind.code()),
        title=kind.sentence(language),
        status=status,
        detail=_detail(kind.sentence(language), about, language),
        instance=request.url.path,
        code=kind.code(),
        trace_id=current_trace_id(),
        about=about,
        errors=[_fault(fault, language) for fault in refusal.faults],
    )
    sent = {**(headers or {}), "Content-Language": language, "Vary": "Accept-Language"}
    if status == HTTPStatus.UNAUTHORIZED:
        # RFC 6750: the error is named only when a token was sent at all.
        was_sent = "authorization" in request.headers
        sent["WWW-Authenticate"] = 'Bearer realm="jikao"' + (', error="invalid_token"' if was_sent else "")
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        sent["Retry-After"] = str(getattr(refusal, "retry_after", 1))
    return JSONResponse(problem.model_dump(), status_code=status, headers=sent, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let `app` answer every error with a problem document."""
    app.exception_handler(Refusal)(_refused)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_framework_refused)
    app.exception_handler(Exception)(_failed)


async def _refused(request: Request, refusal: Refusal) -> JSONResponse:
    return problem_response(request, refusal)


async def _invalid(request: Request, invalid: RequestValidationError) -> JSONResponse:
    faults = [validation_fault(error, invalid.body) for error in invalid.errors()]
    return problem_response(request, Malformed(faults=faults))


_WHY: Mapping[type[BaseException], str] = {
    UnicodeDecodeError: "The bytes are not UTF-8",
    RecursionError: "It is nested too deeply",
}


async def _framework_refused(request: Request, error: HTTPException) -> JSONResponse:
    if isinstance(error.__cause__, Refusal):
        # FastAPI wraps what is raised while it reads the body (our size limit) in a 400 of its own.
        return problem_response(request, error.__cause__)
    if isinstance(error.__cause__, (ValueError, RecursionError)):
        # Too deep, a number of thousands of digits, not UTF-8: what its decoder of JSON raises beside JSONDecodeError.
        return problem_response(request, not_json(_WHY.get(type(error.__cause__), "This cannot be read as JSON")))
    status, headers = error.status_code, dict(error.headers or {})
    if status == HTTPStatus.BAD_REQUEST:
        status = HTTPStatus.UNPROCESSABLE_ENTITY  # for us one status says "malformed"
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {"Allow": ", ".join(_allowed_methods(request))}
    family = _FAMILY.get(status, UnexpectedFailure if status >= 500 else Malformed)
    return problem_response(request, family(), status=status, headers=headers)


async def _failed(request: Request, error: Exception) -> JSONResponse:
    return problem_response(request, UnexpectedFailure())


def _allowed_methods(request: Request) -> list[str]:
    """All methods of all routes at this path; Starlette's own Allow names the first route's only."""
    # In a mounted application the path begins with where it is mounted; its routes do not.
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    methods: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        if route.methods and route.path_regex.match(path):
            methods |= route.methods
    return sorted(methods)


# What pydantic says only in English, in Chinese; the commonest kinds, the rest is "不符合要求".
_ZH = {
    "missing": "缺少必填项。",
    "extra_forbidden": "不允许出现此项。",
    "json_invalid": "不是有效的 JSON。",
    "string_type": "应为字符串。",
    "string_too_short": "长度不足。",
    "string_too_long": "超过最大长度。",
    "string_pattern_mismatch": "格式不符。",
    "int_type": "应为整数。",
    "int_parsing": "应为整数。",
    "bool_type": "应为 true 或 false。",
    "list_type": "应为数组。",
    "dict_type": "应为对象。",
    "model_attributes_type": "应为对象。",
    "enum": "不在允许的取值之内。",
    "literal_error": "不在允许的取值之内。",
    "greater_than_equal": "小于允许的最小值。",
    "less_than_equal": "大于允许的最大值。",
    "too_long": "项数过多。",
    "too_short": "项数不足。",
    "uuid_parsing": "应为 UUID。",
    "uuid_type": "应为 UUID。",
    "union_tag_invalid": "类别不在允许的取值之内。",
    "union_tag_not_found": "缺少类别。",
}


def validation_fault(error: Mapping[str, Any], body: object) -> Fault:
    """One of pydantic's errors as a fault; its `loc` begins with where in the request it is (`body`, `query`, …)."""
    kind, place = str(error["type"]), tuple(error["loc"])
    if kind == "json_invalid":
        return Fault("", "JSON_INVALID", f"Not valid JSON, at character {place[-1]}.", _ZH[kind])
    within, path = place[0], place[1:]
    segments = list(_within_body(path, body)) if within == "body" else [within, *path]
    pointer = "".join("/" + str(segment).replace("~", "~0").replace("/", "~1") for segment in segments)
    return Fault(pointer, kind.upper(), f"{error['msg']}.", _ZH.get(kind, "不符合要求。"))


def _within_body(path: Sequence[object], body: object) -> Iterator[object]:
    """The parts of a pydantic location that are in the body; variants of a union, named in it too, are not."""
    for depth, segment in enumerate(path):
        in_object = isinstance(body, Mapping) and segment in body
        in_array = isinstance(body, list) and isinstance(segment, int) and segment < len(body)
        if in_object or in_array:
            body = body[segment]  # type: ignore[index]
        elif depth < len(path) - 1 or not isinstance(body, Mapping):
            continue
        yield segment  # a missing member is named last


def _fault(fault: Fault, language: Language) -> ProblemFault:
    message = fault.message_zh if language == "zh" else fault.message
    return ProblemFault(pointer=fault.pointer, code=fault.code, message=message)


def _detail(sentence: str, about: Mapping[str, JsonValue], language: Language) -> str:
    if not about:
        return sentence
    opened, closed = ("(", ")") if language == "zh" else (" (", ")")
    return sentence + opened + "; ".join(f"{name}: {_words(value)}" for name, value in about.items()) + closed


def _words(value: JsonValue) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(item)}" for name, item in value.items())
    return ", ".join(_words(item) for item in value) if isinstance(value, list) else str(value)


def _shown(value: object) -> JsonValue:
    """Any value a refusal is about as JSON: dates, ids and decimals as text."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, Mapping):
        return {str(name): _shown(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_shown(item) for item in value]
    return str(value)


class Explanation(NamedTuple):
    """One kind of problem, as its page under `/problems/` tells it."""

    code: str
    status: int
    en: str
    zh: str


def all_refusals(family: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Every refusal that is known to this process, families before their leaves."""
    for refusal in family.__subclasses__():
        yield refusal
        yield from all_refusals(refusal)


def explanations() -> list[Explanation]:
    """What each problem means, in order of the codes; refusals of modules not imported are not known."""
    told = {
        refusal.code(): Explanation(refusal.code(), status_of(refusal), refusal.sentence(), refusal.sentence("zh"))
        for refusal in all_refusals()
    }
    return [told[code] for code in sorted(told)]


def problems(*refusals: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """What a route may refuse, for its `responses=`; refusals of one status share one description."""
    by_status: dict[int, list[type[Refusal]]] = {}
    for refusal in refusals:
        by_status.setdefault(status_of(refusal), []).append(refusal)
    return {status: documented(*named) for status, named in sorted(by_status.items())}


def told(refusal: type[Refusal]) -> str:
    """A refusal in the API's document."""
    return f"`{refusal.code()}`: {refusal.sentence()}"


_HEADERS: Mapping[int, tuple[str, str]] = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate", "`Bearer`, with the error when a token was sent (RFC 6750)."),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After", "Seconds to wait before the request is repeated."),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After", "Seconds to wait before the request is repeated."),
}
"""The header that answers of a status carry."""


def documented(*refusals: type[Refusal]) -> dict[str, Any]:
    """One OpenAPI response for refusals of one status."""
    response: dict[str, Any] = {
        "description": "\n\n".join(told(refusal) for refusal in refusals),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in {status_of(refusal) for refusal in refusals} & _HEADERS.keys():
        name, description = _HEADERS[status]
        response["headers"] = {name: {"description": description, "schema": {"type": "string"}}}
    return response
