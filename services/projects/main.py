"""The one place where the parts of this service are put together."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from sqlalchemy import Engine, MetaData

from services.projects.api import groups, progress, projects
from services.projects.door import Door
from services.projects.mirror import RegistryMirror
from services.projects.read_models.receipts import receipts
from services.projects.seen import SeenIdentities
from shared.event_log.port import Topics
from shared.http.app import create_app
from shared.http.operations import operations_router
from shared.identity.tokens import Verifier
from shared.projections import ProjectionSet, core_tables
from shared.proofs.signing import SigningKey
from shared.service import Service, compose

NAME = "projects"
GATHER = 0.25
"""Seconds at most that a reader lets submissions gather for which nobody waits.

The door judges by what its reader said last, but refuses nothing before the reader has been asked to hurry to the log's
end; and following submissions by the dozen costs each of them as much as the whole door does.
"""


def tables(
    metadata: MetaData, suffix: str, seen: SeenIdentities | None = None, mirror: RegistryMirror | None = None
) -> ProjectionSet:
    """One generation of the projection tables. With `seen` and `mirror` the door hears of what is read."""
    core = core_tables(metadata, suffix)
    told = receipts(metadata, suffix, core, seen or SeenIdentities(), mirror or RegistryMirror())
    return ProjectionSet(suffix, core, (told,), index=None, judges_progress=True)


def app(service: Service, door: Door, key: SigningKey) -> FastAPI:
    """The service's application; `key` signs its receipts."""
    made = create_app(
        "Jikao projects",
        description="Key projects, their plans and starts, and the door for all progress.",
        versions={"get_project": ("plan_project", "change_plan", "start_project")},
        checks=service.checks,
        shortcuts=progress.shortcuts(),
        lifespan=service.lifespan,
    )
    made.include_router(progress.router)  # first: routes are tried in this order, and most requests are progress
    made.include_router(groups.router)
    made.include_router(projects.router)
    made.include_router(operations_router("projects"))
    document = made.openapi

    def with_contracts() -> dict[str, Any]:
        whole = document()
        whole["components"]["schemas"].update(progress.components())
        return whole

    made.openapi = with_contracts  # type: ignore[method-assign]
    made.state.service, made.state.verifier, made.state.door = service, service.verifier, door
    made.state.signing_key = key
    return made


def build(
    engine: Engine, topics: Topics, verifier: Verifier, *, alone: bool, key: SigningKey
) -> tuple[Service, FastAPI]:
    """The service on an open database and log; its application's lifespan starts and stops it."""
    seen, mirror = SeenIdentities(), RegistryMirror()
    make = partial(tables, seen=seen, mirror=mirror)
    service = compose(NAME, Path(__file__).parent, engine, topics, verifier, make, alone=alone, gather=GATHER)
    return service, app(service, Door(service, mirror, seen, key), key)
