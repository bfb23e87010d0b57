"""The standalone process, killed by SIGKILL at random moments while clients report, order, verify and read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.drills.aftermath import Aftermath
from tests.drills.evidence import Evidence
from tests.drills.killing import drill
from tests.drills.supervised import Standalone


@pytest.fixture(scope="module")
def evidence(kills: int, seed: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    with ExitStack() as running:
        back_end = Standalone(tmp_path_factory.mktemp("standalone"), running)
        stage = drill(back_end, kills, seed)
        found = Evidence(stage.city, stage.book, back_end.databases)
        running.callback(found.close)
        yield found


class TestAfterKillsOfTheOneProcess(Aftermath):
    pass
