"""The distributed form: ingest, relay, reader and broker, each killed by SIGKILL at random moments of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.drills.aftermath import Aftermath
from tests.drills.evidence import Evidence
from tests.drills.killing import drill
from tests.drills.supervised import Distributed


@pytest.fixture(scope="module")
def evidence(kills: int, seed: int, folder: Path) -> Iterator[Evidence]:
    with ExitStack() as running:
        back_end = Distributed(folder, running)
        stage = drill(back_end, kills, seed)
        found = Evidence(stage.city, stage.book, back_end.databases)
        running.callback(found.close)
        yield found


class TestAfterKillsOfEachProcess(Aftermath):
    pass
