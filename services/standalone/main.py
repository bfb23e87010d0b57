"""Puts every service and the gateway together in this process, on one data directory and an embedded log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from functools import partial

from fastapi import FastAPI

import services.evaluation.main
import services.projects.main
import services.targets.main
from services.gateway.main import build as build_gateway
from services.gateway.upstreams import in_process
from services.standalone.data_directory import DataDirectory
from shared.event_log.embedded import open_embedded
from shared.event_log.port import Topics
from shared.identity.issuer import DevelopmentIssuer, refuse_public_bind
from shared.identity.tokens import Verifier
from shared.proofs.signing import SigningKey
from shared.service import Service
from shared.service_process import Build, configured_verifier
from shared.settings import StandaloneSettings
from shared.sql import engine


def builds(key: SigningKey) -> dict[str, Build]:
    """Each service's composition root; those that sign do it with this key."""
    return {
        "targets": services.targets.main.build,
        "projects": partial(services.projects.main.build, key=key),
        "evaluation": partial(services.evaluation.main.build, key=key),
    }


def build(directory: DataDirectory, settings: StandaloneSettings) -> FastAPI:
    """The whole back end as one application; its lifespan starts and stops every service, and closes the log.

    IssuerRefused when the development issuer's tokens would be taken at an address that others reach; KeyUnusable.
    """
    verifier = _verifier(directory, settings)
    key = SigningKey.load_or_make(directory.signing_key)
    topics = open_embedded(directory.log, settings.partitions)
    apps = {
        name: build(engine(directory.database_url(name)), topics, verifier, alone=True)[1]
        for name, build in builds(key).items()
    }

    @asynccontextmanager
    async def whole_life(_: FastAPI) -> AsyncIterator[None]:
        with closing(topics):
            async with AsyncExitStack() as running:
                for app in apps.values():
                    await running.enter_async_context(app.router.lifespan_context(app))
                yield

    upstreams = [in_process(name, app) for name, app in apps.items()]
    return build_gateway(upstreams, verifier, settings, lifespan=whole_life)


@contextmanager
def maintained(name: str, directory: DataDirectory, topics: Topics, verifier: Verifier) -> Iterator[Service]:
    """`service_of`, let go of at the end."""
    service = service_of(name, directory, topics, verifier)
    try:
        yield service
    finally:
        service.read_side.stop()
        service.directory.close()
        service.engine.dispose()


def service_of(name: str, directory: DataDirectory, topics: Topics, verifier: Verifier) -> Service:
    """One service on a data directory, not started: for maintenance while nothing else runs there."""
    key = SigningKey.load_or_make(directory.signing_key)
    return builds(key)[name](engine(directory.database_url(name)), topics, verifier, alone=True)[0]


def _verifier(directory: DataDirectory, settings: StandaloneSettings) -> Verifier:
    if settings.jwks_file is not None or settings.jwks_url is not None:
        return configured_verifier(settings)
    refuse_public_bind(settings.host, settings.allow_public_development_issuer)
    return DevelopmentIssuer(directory.issuer).verifier()
