"""Fills read models again from the log of a data directory on which nothing serves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from services.gateway.routing import SERVICES
from services.standalone.data_directory import DataDirectory
from services.standalone.main import maintained
from shared.event_log.embedded import open_embedded
from shared.identity.issuer import DevelopmentIssuer
from shared.projections.read_side import Rebuilt


def rebuild(
    directory: DataDirectory, only: str | None = None, *, accept_differences: bool = False
) -> Iterator[tuple[str, Rebuilt]]:
    """Rebuild one service or, one after the other, all of them; yields each outcome."""
    verifier = DevelopmentIssuer(directory.issuer).verifier()
    with closing(open_embedded(directory.log)) as topics:
        for name in [only] if only else SERVICES:
            with maintained(name, directory, topics, verifier) as service:
                service.directory.refresh()
                service.read_side.open()
                yield name, service.read_side.rebuild(accept_differences=accept_differences)
