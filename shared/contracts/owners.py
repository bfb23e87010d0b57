"""Which service may state a fact: each module of this package is what one service promises, and nobody else's word.

Whoever can write to the log could otherwise state another service's facts, and they would count. What a source of
figures submits is bound to that source at the door, and judged by admission.
"""

from __future__ import annotations

from functools import cache

from shared.contracts import (
    catalogues,
    decomposition,
    earlier,
    evaluation,
    logs,
    organisation,
    projects,
    target_kinds,
    target_tables,
    targets,
)
from shared.contracts.registry import CONTRACTS
from shared.contracts.shapes import Shape

SERVICE = "urn:jikao:service:"
REPORTER = "urn:jikao:source:"

_PROMISED_BY = {
    module.__name__: service
    for service, modules in {
        "targets": (logs, organisation, catalogues, targets, target_kinds, target_tables, decomposition, earlier),
        "projects": (projects,),
        "evaluation": (evaluation,),
    }.items()
    for module in modules
}
_ELSEWHERE: dict[type[Shape], str] = {
    logs.EngineAdopted: SERVICE + "evaluation",
    projects.ProgressSubmitted: REPORTER,
}


@cache
def owner(type_: str) -> str:
    """The source whose fact this type is; for progress, what the names of its sources begin with."""
    model = CONTRACTS[type_].model
    return _ELSEWHERE.get(model) or SERVICE + _PROMISED_BY[model.__module__]


def disowned(type_: str, source: str) -> str | None:
    """Why a fact of this type is invalid when it comes from this source; None when it may."""
    owned_by = owner(type_)
    if source == owned_by or (owned_by == REPORTER and source.startswith(REPORTER)):
        return None
    return f"{type_} is a fact of {owned_by}{'…' if owned_by == REPORTER else ''}, not of {source}"
