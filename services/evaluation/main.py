"""Puts the evaluation service together: its tables, its routes, and the service that runs on one database and log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Engine, MetaData

from services.evaluation.api import (
    audits,
    checkpoints,
    engines,
    figures,
    proofs,
    records,
    standing,
    submissions,
    unreported,
)
from services.evaluation.checkpoint import Due
from services.evaluation.read_models.archive import Archive, grow_missing_trees
from services.evaluation.read_models.audits import Audits, audits_table
from services.evaluation.read_models.checkpoints import Checkpoints, checkpoints_table
from services.evaluation.read_models.ledger import Ledger, ledger_tables
from services.evaluation.read_models.submissions import Submissions, submission_tables
from services.evaluation.signing import Signer
from shared.event_log.port import Topics
from shared.http.app import create_app
from shared.http.operations import operations_router
from shared.identity.tokens import Verifier
from shared.projections import ProjectionSet, core_tables
from shared.proofs.signing import SigningKey
from shared.service import Service, compose


def tables(metadata: MetaData, suffix: str, due: Due | None = None) -> ProjectionSet:
    """One generation of the projections; the archive is beside them, not in them. `due` hears what is to be signed."""
    core = core_tables(metadata, suffix)
    sent = submission_tables(metadata, suffix)
    ledger = Ledger(ledger_tables(metadata, suffix), sent)
    sealed = Audits(audits_table(metadata, suffix))
    signed = Checkpoints(checkpoints_table(metadata, suffix), due or Due())
    return ProjectionSet(suffix, core, (Archive(), Submissions(sent), ledger, sealed, signed), index=ledger)


def app(service: Service, signer: Signer, key: SigningKey) -> FastAPI:
    """The HTTP surface on a composed service, whose signer lives as long as it does."""

    @asynccontextmanager
    async def lifespan(made: FastAPI) -> AsyncIterator[None]:
        async with service.lifespan(made):
            signer.observe(made.state.metrics)
            signer.start()
            try:
                yield
            finally:
                await run_in_threadpool(signer.stop)

    made = create_app("Jikao evaluation", checks=service.checks, lifespan=lifespan)
    made.state.service, made.state.verifier = service, service.verifier
    made.state.signer, made.state.signing_key = signer, key
    for routes in (figures, audits, standing, submissions, unreported, records, checkpoints, proofs, engines):
        made.include_router(routes.router)
    made.include_router(operations_router("evaluation"))
    return made


def build(
    engine: Engine, topics: Topics, verifier: Verifier, *, alone: bool, key: SigningKey
) -> tuple[Service, FastAPI]:
    """The service and its application on an open database and log; `alone`: no other process uses this database."""
    due = Due()
    make = partial(tables, due=due)
    service = compose("evaluation", Path(__file__).parent, engine, topics, verifier, make, alone=alone)
    grow_missing_trees(engine)
    return service, app(service, Signer(service, key, due), key)
