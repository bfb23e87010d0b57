"""The whole back end, really started: in one process, and as a broker, a database and a process for each service.

Each form is started once for the run, by the command that people start it with; the tests know its address only.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.standalone.data_directory import issuer_directory
from shared.identity.issuer import DevelopmentIssuer

ROOT = Path(__file__).resolve().parents[2]
STOPPED_WITHIN = 180.0
_SERVES = re.compile(r"jikao serves (.+?) at (http://[0-9.:]+)")


@dataclass(frozen=True, slots=True)
class Running:
    """A running back end and the issuer whose tokens it takes."""

    url: str
    issuer: DevelopmentIssuer


@pytest.fixture(scope="session", params=["standalone", "stack"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp(request.param)
    arguments = {
        "standalone": ["serve", "--port", "0", "--data", str(folder / "data")],
        "stack": ["stack", "--port", "0"],
    }
    errors = folder / "errors.log"
    with errors.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.standalone", *arguments[request.param]],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    try:
        # It ends by itself, and with it the lines, when a part of it is not ready in time.
        told = next(filter(None, map(_SERVES.search, process.stdout)), None)
        assert told, errors.read_text()[-4000:]
        yield Running(told[2], DevelopmentIssuer(issuer_directory(Path(told[1]))))
        process.terminate()
        assert process.wait(STOPPED_WITHIN) == 0, errors.read_text()[-4000:]
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(STOPPED_WITHIN)
        process.stdout.close()
