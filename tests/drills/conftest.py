"""How long a drill is, by which seed, and where its back end lives."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drills.killing import chosen

pytest.register_assert_rewrite("tests.drills.aftermath", "tests.drills.evidence")  # so that they say what was wrong


@pytest.fixture(scope="session")
def kills(request: pytest.FixtureRequest) -> int:
    """How often each victim is killed."""
    return int(request.config.getoption("--kills"))


@pytest.fixture(scope="module")
def seed(request: pytest.FixtureRequest) -> int:
    """What the drill's schedule is drawn from; printed, and the same schedule again with `--seed`."""
    seed = chosen(request.config.getoption("--seed"), anew=request.config.getoption("--anew"))
    print(f"to repeat this schedule: --seed {seed}")
    return seed


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where a stack lives: PostgreSQL, started by root, runs as a user who could not enter pytest's own folders."""
    folder = Path(tempfile.mkdtemp(prefix="jikao-drill-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
