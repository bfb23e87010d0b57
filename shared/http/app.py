"""Puts the HTTP kit together: every service's application is made here, so that all behave alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.types import Lifespan

from shared.errors import Malformed, NotAuthenticated, Refusal
from shared.http import problems
from shared.http.fields import Label, QuantityStr, StrictDate
from shared.http.health import ANSWERED_WITHIN, Check, health_router
from shared.http.metrics import Metrics, metrics_router
from shared.http.preconditions import HEEDED_ONLY, IDEMPOTENCY_KEY_HEADER, IF_MATCH_HEADER, NEEDED_HEADERS
from shared.http.requests import MAX_BODY_BYTES, BodyTooLarge, RequestMiddleware
from shared.http.shortcuts import Finder
from shared.http.strictness import (
    COMPARES,
    ComparisonNotOffered,
    ContentTypeNotTaken,
    ParameterRepeated,
    ParameterUnknown,
    Strictness,
)
from shared.http.tokens import POSITION_HEADER, WRITTEN_HEADERS
from shared.storage import DatabaseIsFull, DatabaseUnavailable
from shared.strict_json import MemberRepeated, NotJson

__all__ = ["Label", "QuantityStr", "StrictDate", "create_app"]


def create_app(
    title: str,
    *,
    version: str = "1",
    description: str = "",
    versions: Mapping[str, Sequence[str]] | None = None,
    checks: Mapping[str, Check] | None = None,
    checked_within: float = ANSWERED_WITHIN,
    metrics: Metrics | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    shortcuts: Finder | None = None,
    lifespan: Lifespan[FastAPI] | None = None,
) -> FastAPI:
    """An application with problem documents, trace ids, logs, limits, metrics and health, but no routes yet.

    `versions` names, by the operation that reads, those whose If-Match takes its ETag: the document says so at both.
    `app.state.metrics` takes further gauges. `/readyz` runs the checks that the mapping then holds, so a
    service may add to it while it is put together; each may take `checked_within` seconds. `max_body_bytes` is
    answered with 413 beyond.
    """
    metrics = metrics or Metrics()
    app = FastAPI(
        title=title,
        version=version,
        description=description,
        lifespan=lifespan,
        dependencies=[Depends(Strictness())],
        # The pages that FastAPI offers fetch scripts from elsewhere; the document itself is at /openapi.json.
        docs_url=None,
        redoc_url=None,
        # Looking at each request whether somebody has configured it costs as much as counting it ourselves does.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        generate_unique_id_function=_function_name,
        separate_input_output_schemas=False,
    )
    app.state.metrics = metrics
    problems.install(app)
    app.add_middleware(RequestMiddleware, metrics=metrics, max_body_bytes=max_body_bytes, shortcuts=shortcuts)
    app.state.checks = checks if checks is not None else {}
    app.include_router(health_router(checked_within))
    app.include_router(metrics_router())
    app.openapi = lambda: _document(app, versions or {})  # type: ignore[method-assign]
    return app


def _function_name(route: APIRoute) -> str:
    return route.name


def _document(app: FastAPI, versions: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The OpenAPI document, with our problems in place of FastAPI's own errors; made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        for operation in _operations(document):
            _complete(operation)
        _name_versions({operation["operationId"]: operation for operation in _operations(document)}, versions)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for foreign in ("HTTPValidationError", "ValidationError"):
            schemas.pop(foreign, None)
        problem = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs"))
        schemas["Problem"] = problem
        app.openapi_schema = document
    return app.openapi_schema


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document.get("paths", {}).values():
        yield from (operation for operation in path.values() if isinstance(operation, dict))


def _complete(operation: dict[str, Any]) -> None:
    """Add what every operation of its kind may answer, and say which headers are needed."""
    parameters = operation.get("parameters", [])
    named = {parameter["name"] for parameter in parameters}
    for parameter in parameters:
        if parameter["name"] in NEEDED_HEADERS:
            parameter["required"] = HEEDED_ONLY not in parameter["schema"]
            parameter["schema"] = NEEDED_HEADERS[parameter["name"]]
    responses = operation["responses"]
    if parameters or "requestBody" in operation:
        if "HTTPValidationError" in str(responses.get("422", {})):
            del responses["422"]
        malformed = [Malformed, ParameterUnknown, ParameterRepeated]
        if "as_of" in named and not named & COMPARES:
            malformed.append(ComparisonNotOffered)
        if "requestBody" in operation:
            malformed += [ContentTypeNotTaken, NotJson, MemberRepeated]
        _add(responses, "422", *malformed)
    if "requestBody" in operation:
        _add(responses, "413", BodyTooLarge)
    if "security" in operation:
        _add(responses, "401", NotAuthenticated)
        _add(responses, "503", DatabaseUnavailable, DatabaseIsFull)
    for status in ("200", "201", "202"):
        if status in responses:
            responses[status].setdefault("headers", {}).update(_headers(status, named))
    operation["responses"] = dict(sorted(responses.items()))


def _name_versions(operations: Mapping[str, dict[str, Any]], versions: Mapping[str, Sequence[str]]) -> None:
    """Say of each If-Match whose ETag it takes, and of each such ETag what it is for."""
    parameters = {
        name: parameter
        for name, operation in operations.items()
        for parameter in operation.get("parameters", [])
        if parameter["name"] == IF_MATCH_HEADER
    }
    for read, commands in versions.items():
        taking = [f"`{command}`" for command in commands if command in parameters]
        if read in operations and taking:
            headers = operations[read]["responses"]["200"].setdefault("headers", {})
            headers["ETag"] = _header(f"The version of what is shown, for `If-Match` of {', '.join(taking)}.")
    for name, parameter in parameters.items():
        if reads := [f"`{read}`" for read, commands in versions.items() if name in commands and read in operations]:
            parameter["description"] += f" It is in the answer of {' and of '.join(reads)}."


def _add(responses: dict[str, Any], status: str, *refusals: type[Refusal]) -> None:
    """Say that these may come too; what else a route answers with this status stays."""
    said = responses.setdefault(status, {"description": ""})
    parts = [said["description"]] if said["description"] else []
    parts += [problems.told(refusal) for refusal in refusals if f"`{refusal.code()}`" not in said["description"]]
    said["description"] = "\n\n".join(parts)
    documented = problems.documented(*refusals)
    for member in ("content", "headers"):
        for name, value in documented.get(member, {}).items():
            said.setdefault(member, {}).setdefault(name, value)


def _headers(status: str, parameters: Set[str]) -> dict[str, Any]:
    """The headers of answers that say where one stands: to read after what was written, to change what was read."""
    if IDEMPOTENCY_KEY_HEADER in parameters and status != "200":
        return WRITTEN_HEADERS
    return {POSITION_HEADER: _header("The position that the answer knows.")} if "after" in parameters else {}


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}
