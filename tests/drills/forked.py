"""Processes of the back end that start at once: forked from one that has imported all of it, and nothing more.

A drill starts processes a hundred times. Two seconds of each start are imports, about which no drill asks anything;
everything else is as in any other start: `python -m <module>` in a process of its own, which SIGKILL ends.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMPORTED = [
    "services.standalone.main", "services.standalone.cli", "services.targets.main", "services.projects.main",
    "services.evaluation.main", "shared.service_process", "shared.event_log.kafka.opening",
    "uvicorn.protocols.http.auto", "uvloop", "psycopg",
]  # fmt: skip

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(IMPORTED)
_starting = threading.Lock()


class Forked:
    """One process; the part of subprocess.Popen that those who look after it need."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """`arguments` as behind `python -m`; what it prints is added to `log`."""
        self._process = _forking.Process(target=_run, args=(list(arguments), dict(environment), log), daemon=True)
        with _starting:
            self._process.start()

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.exitcode

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """Send SIGKILL."""
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ended, once it has; subprocess.TimeoutExpired after `timeout` seconds."""
        self._process.join(timeout)
        if (ended := self._process.exitcode) is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return ended


def _run(arguments: list[str], environment: dict[str, str], log: Path) -> None:
    os.setsid()
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab") as told:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(told.fileno(), stream.fileno())
    sys.argv = arguments
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
