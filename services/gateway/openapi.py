"""One OpenAPI 3.1 document out of the services' documents and the gateway's own.

What two documents name alike and mean alike is shared. A schema that two services name alike but define otherwise
(or that leads to such a one) is renamed in each of them after its service: `Row` becomes `TargetsRow`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]
_SCHEMAS = "#/components/schemas/"


class MergeConflict(Exception):
    """Two services offer the same operation, or name two operations alike; the message says which."""


def merge(
    documents: Mapping[str, Document],
    *,
    title: str,
    version: str,
    description: str,
    passing: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The merged document; `documents` by service. Its order depends on names alone. Raises MergeConflict.

    `passing` holds the responses, by status, that may come instead of a service's own to a request that needs a token.
    """
    renamed = _renamed(documents)
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {}
    security: dict[str, Any] = {}
    operation_ids: dict[str, str] = {}
    tags: dict[str, dict[str, Any]] = {}
    for service, document in documents.items():
        document = _with_references(document, renamed[service])
        for path, operations in document.get("paths", {}).items():
            for method, operation in operations.items():
                if method in paths.setdefault(path, {}):
                    raise MergeConflict(f"{method.upper()} {path} is offered twice, once more by {service}")
                name = operation["operationId"]
                if name in operation_ids:
                    raise MergeConflict(f"{service} and {operation_ids[name]} both call an operation {name}")
                operation_ids[name] = service
                if operation.get("security"):
                    operation["responses"] = dict(sorted({**(passing or {}), **operation["responses"]}.items()))
                paths[path][method] = operation
                for tag in operation.get("tags", ()):
                    tags.setdefault(tag, {"name": tag})
        for tag in document.get("tags", ()):
            tags[tag["name"]] = tag
        components = document.get("components", {})
        for name, schema in components.get("schemas", {}).items():
            schemas[renamed[service].get(name, name)] = schema
        security.update(components.get("securitySchemes", {}))
    components = {"schemas": dict(sorted(schemas.items()))}
    if security:
        components["securitySchemes"] = security
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": description},
        "paths": dict(sorted(paths.items())),
        "components": components,
        "tags": [tags[name] for name in sorted(tags)],
    }


def _renamed(documents: Mapping[str, Document]) -> dict[str, dict[str, str]]:
    """For each service, its schemas' new names, where they need one."""
    schemas = {name: document.get("components", {}).get("schemas", {}) for name, document in documents.items()}
    holders: dict[str, list[str]] = {}
    for service, own in schemas.items():
        for name in own:
            holders.setdefault(name, []).append(service)
    shared = {name: services for name, services in holders.items() if len(services) > 1}
    differing = {
        name
        for name, services in shared.items()
        if any(schemas[s][name] != schemas[services[0]][name] for s in services)
    }
    while more := {
        name for name in set(shared) - differing if differing.intersection(_referred(schemas[shared[name][0]][name]))
    }:
        differing |= more  # alike in words, but they lead to schemas that are not
    return {
        service: {name: service.capitalize() + name for name in own if name in differing}
        for service, own in schemas.items()
    }


def _referred(value: Any) -> Iterator[str]:
    found: list[str] = []

    def note(name: str) -> str:
        found.append(name)
        return name

    _each_reference(copy.deepcopy(value), note)
    yield from found


def _with_references(document: Document, names: Mapping[str, str]) -> dict[str, Any]:
    copied: dict[str, Any] = copy.deepcopy(dict(document))
    if names:
        _each_reference(copied, lambda name: names.get(name, name))
    return copied


def _each_reference(value: Any, new_name: Callable[[str], str]) -> None:
    """Put `new_name(old)` in place of every name of a schema in `$ref`s and discriminators' mappings."""

    def renewed(reference: Any) -> Any:
        if isinstance(reference, str) and reference.startswith(_SCHEMAS):
            return _SCHEMAS + new_name(reference.removeprefix(_SCHEMAS))
        return reference

    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            value["$ref"] = renewed(value["$ref"])
        mapping = value.get("mapping")
        if isinstance(mapping, dict) and isinstance(value.get("propertyName"), str):
            value["mapping"] = {key: renewed(reference) for key, reference in mapping.items()}
        for inner in value.values():
            _each_reference(inner, new_name)
    elif isinstance(value, list):
        for inner in value:
            _each_reference(inner, new_name)
