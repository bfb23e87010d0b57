"""Puts the target service together: its tables, its routes, and the service that runs on one database and log."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import Engine, MetaData

from services.targets import api
from services.targets.api.versions import VERSIONS
from services.targets.read_models.parts import Parts, part_tables
from services.targets.read_models.target_facts import TargetFacts, target_facts_table
from shared.event_log.port import Topics
from shared.http.app import create_app
from shared.http.operations import operations_router
from shared.identity.tokens import Verifier
from shared.projections import ProjectionSet, core_tables
from shared.service import Service, compose


def tables(metadata: MetaData, suffix: str) -> ProjectionSet:
    """One generation of the projections. Progress is not judged here: nothing this service answers needs it."""
    parts = Parts(part_tables(metadata, suffix))
    facts = TargetFacts(target_facts_table(metadata, suffix))
    return ProjectionSet(suffix, core_tables(metadata, suffix), (parts, facts), judges_progress=False)


def app(service: Service) -> FastAPI:
    """The HTTP surface on a composed service."""
    made = create_app("Jikao targets", versions=VERSIONS, checks=service.checks, lifespan=service.lifespan)
    made.state.service, made.state.verifier = service, service.verifier
    for router in api.ROUTERS:
        made.include_router(router)
    made.include_router(operations_router("targets"))
    return made


def build(engine: Engine, topics: Topics, verifier: Verifier, *, alone: bool) -> tuple[Service, FastAPI]:
    """The service and its application on an open database and log; `alone`: no other process uses this database."""
    service = compose("targets", Path(__file__).parent, engine, topics, verifier, tables, alone=alone)
    return service, app(service)
