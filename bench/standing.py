"""The data directory that the benchmarks of reads share: a city on an embedded log, made once and ended with us."""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.city import JURISDICTION, City, city
from bench.running import running
from services.standalone.data_directory import issuer_directory, open_directory
from shared.event_log.embedded import open_embedded
from shared.identity.issuer import DevelopmentIssuer
from shared.testing.ports import free_ports

READY_WITHIN = 900.0
"""Seconds that a standalone back end may take to fold the whole log at its first start."""


@dataclass(frozen=True, slots=True)
class Made:
    """A data directory with a city on its log; databases appear when something first serves or folds there."""

    path: Path
    city: City
    log: str


@dataclass(frozen=True, slots=True)
class Server:
    """A standalone back end that serves it."""

    pid: int
    port: int
    token: str


@cache
def made(quick: bool, size: City | None = None) -> Made:
    """The data directory with a city, the usual one unless told; the same one for all who ask alike in this process."""
    kept = tempfile.TemporaryDirectory(prefix="jikao-bench-")
    atexit.register(kept.cleanup)
    path, size = Path(kept.name) / "data", size or city(quick)
    with open_directory(path) as directory, closing(open_embedded(directory.log)) as topics:
        return Made(path, size, size.fill(topics))


@contextmanager
def served(at: Made) -> Iterator[Server]:
    """A standalone back end on the directory, from when it has read the log to the end."""
    (port,) = free_ports(1)
    token = DevelopmentIssuer(issuer_directory(at.path)).mint("bench", "bench", [JURISDICTION], ["office", "leader"])
    arguments = ["services.standalone", "serve", "--data", str(at.path), "--port", str(port)]
    settings = {"LOG_LEVEL": "WARNING"}
    with running(arguments, port, at.path.parent / "server.log", settings, within=READY_WITHIN) as process:
        yield Server(process.pid, port, token)
