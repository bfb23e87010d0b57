"""Puts the evaluation service together: its tables, its routes, and the service that runs on one database and log."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import Engine, MetaData

from services.evaluation.api import audits, figures, records, standing, submissions, unreported
from services.evaluation.read_models.archive import Archive
from services.evaluation.read_models.audits import Audits, audits_table
from services.evaluation.read_models.ledger import Ledger, ledger_tables
from services.evaluation.read_models.submissions import Submissions, submission_tables
from shared.event_log.port import Topics
from shared.http.app import create_app
from shared.http.operations import operations_router
from shared.identity.tokens import Verifier
from shared.projections import ProjectionSet, core_tables
from shared.service import Service, compose


def tables(metadata: MetaData, suffix: str) -> ProjectionSet:
    """One generation of the projections. The archive is beside them, not in them."""
    core = core_tables(metadata, suffix)
    sent = submission_tables(metadata, suffix)
    ledger = Ledger(ledger_tables(metadata, suffix), sent)
    sealed = Audits(audits_table(metadata, suffix))
    return ProjectionSet(suffix, core, (Archive(), Submissions(sent), ledger, sealed), index=ledger)


def app(service: Service) -> FastAPI:
    """The HTTP surface on a composed service."""
    made = create_app("Jikao evaluation", checks=service.checks, lifespan=service.lifespan)
    made.state.service, made.state.verifier = service, service.verifier
    for routes in (figures, audits, standing, submissions, unreported, records):
        made.include_router(routes.router)
    made.include_router(operations_router("evaluation"))
    return made


def build(engine: Engine, topics: Topics, verifier: Verifier, *, alone: bool) -> tuple[Service, FastAPI]:
    """The service and its application on an open database and log; `alone`: no other process uses this database."""
    service = compose("evaluation", Path(__file__).parent, engine, topics, verifier, tables, alone=alone)
    return service, app(service)
