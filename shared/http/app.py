"""Puts the HTTP kit together: every service's application is made here, so that all behave alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.types import Lifespan

from shared.errors import Malformed, NotAuthenticated
from shared.http import problems
from shared.http.fields import Label, QuantityStr, StrictDate
from shared.http.health import Check, health_router
from shared.http.metrics import Metrics
from shared.http.preconditions import NEEDED_HEADERS
from shared.http.requests import MAX_BODY_BYTES, BodyTooLarge, RequestMiddleware

__all__ = ["Label", "QuantityStr", "StrictDate", "create_app"]


def create_app(
    title: str,
    *,
    version: str = "1",
    description: str = "",
    checks: Mapping[str, Check] | None = None,
    metrics: Metrics | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    lifespan: Lifespan[FastAPI] | None = None,
) -> FastAPI:
    """An application with problem documents, trace ids, logs, limits, metrics and health, but no routes yet.

    `app.state.metrics` takes further gauges. `/readyz` runs the checks that the mapping then holds, so a
    service may add to it while it is put together. `max_body_bytes` is answered with 413 beyond.
    """
    metrics = metrics or Metrics()
    app = FastAPI(
        title=title,
        version=version,
        description=description,
        lifespan=lifespan,
        generate_unique_id_function=_function_name,
        separate_input_output_schemas=False,
    )
    app.state.metrics = metrics
    problems.install(app)
    app.add_middleware(RequestMiddleware, metrics=metrics, max_body_bytes=max_body_bytes)
    app.include_router(health_router(checks if checks is not None else {}))
    app.include_router(metrics.router())
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


def _function_name(route: APIRoute) -> str:
    return route.name


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with our problems in place of FastAPI's own errors; made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        for operation in _operations(document):
            _complete(operation)
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
    for parameter in parameters:
        if parameter["name"] in NEEDED_HEADERS:
            parameter["required"] = True
            parameter["schema"] = NEEDED_HEADERS[parameter["name"]]
    responses = operation["responses"]
    if parameters or "requestBody" in operation:
        if "HTTPValidationError" in str(responses.get("422", {})):
            del responses["422"]
        responses.setdefault("422", problems.documented(Malformed))
    if "requestBody" in operation:
        responses.setdefault("413", problems.documented(BodyTooLarge))
    if "security" in operation:
        responses.setdefault("401", problems.documented(NotAuthenticated))
    operation["responses"] = dict(sorted(responses.items()))
