"""The disk of a data directory is full while clients act: nothing is lost or half-written, and no hands are needed.

Both kinds of full disk are tried wherever the test may mount one; without that right it is the quota alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.drills.aftermath import Aftermath
from tests.drills.city import IN_YEAR, YEAR
from tests.drills.clients import Stage
from tests.drills.evidence import Evidence
from tests.drills.killing import acting
from tests.drills.supervised import Standalone
from tests.faults.asking import GOES_ON_WITHIN, NOTHING_WAS_STORED, Caller, Door
from tests.faults.disks import Disk, may_mount, quota, small_disk

KINDS: dict[str, Callable[[Path], AbstractContextManager[Disk]]] = {"quota": quota}
if may_mount():
    KINDS["small disk"] = small_disk
NO_ROOM = "make room"
ROUNDS = 2
"""Requests to each door while the disk is full."""


@dataclass
class Seen:
    """What was seen while the disk was full."""

    doors: list[Door]
    ready: tuple[bool, dict[str, Any]]
    answered: bool
    """Whether a question was answered as before."""


@dataclass
class Drill:
    """What was seen, and what is left."""

    kind: str
    full: Seen
    again: list[tuple[Door, int]]
    """What was refused once and sent again when there was room, with the status that it then had."""
    ready: tuple[bool, dict[str, Any]]
    evidence: Evidence


@pytest.fixture(scope="module", params=KINDS)
def drill(request: pytest.FixtureRequest, seed: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    with ExitStack() as running:
        disk = running.enter_context(KINDS[request.param](tmp_path_factory.mktemp("disk")))
        back_end = Standalone(disk.folder, running)
        with acting(back_end, seed) as stage:
            caller = Caller(stage, "caller")
            running.callback(caller.http.close)
            goes_on(stage)
            full = filled(stage, caller, disk, back_end.pid)
            goes_on(stage)
            again = [(door, caller.knock_again(door).status_code) for door in full.doors[: len(full.doors) // ROUNDS]]
            ready = caller.ready(lambda ready, _: ready)
        evidence = Evidence(stage.city, stage.book, back_end.databases)
        running.callback(evidence.close)
        yield Drill(request.param, full, again, ready, evidence)


def goes_on(stage: Stage) -> None:
    """Figures and commands are taken, and questions are answered."""
    for sign in ("acknowledged", "recorded by targets", "read"):
        stage.book.wait(sign, 3, GOES_ON_WITHIN, stage.cut.is_set)


def filled(stage: Stage, caller: Caller, disk: Disk, pid: int) -> Seen:
    """Fill the disk, knock at every door, and free it."""
    asked = {"path": f"{IN_YEAR}/completion", "as_of": f"{YEAR}-06-30"}
    first = caller.ask(**asked)
    assert first is not None
    pin = "{log}.{as_of}.{position}.{root}".format(**first["pin"])
    disk.fill(pid)
    try:
        doors = [door for n in range(ROUNDS) for door in caller.doors(f"full-{n}")]
        for door in doors:
            caller.knock(door)
        answered = caller.ask(asked["path"], pin=pin) == first
        return Seen(doors, caller.ready(lambda _, checks: NO_ROOM in str(checks)), answered)
    finally:
        disk.free(pid)


@pytest.fixture(scope="module")
def evidence(drill: Drill) -> Evidence:
    return drill.evidence


class TestAfterTheDiskWasFull(Aftermath):
    def test_every_door_refused_with_a_sentence_and_said_when_to_come_again(self, drill: Drill) -> None:
        refused = [door for door in drill.full.doors if door.told]
        codes = {code for door in refused for code in door.told}
        if drill.kind == "small disk":  # on which a database's files may have room yet: what they take is taken
            assert refused
            assert codes <= NOTHING_WAS_STORED | {"NOT_YET_READ"}
        else:
            assert refused == drill.full.doors
            assert codes <= {"DATABASE_UNAVAILABLE", "LOG_UNAVAILABLE", "NOT_YET_READ"}

    def test_questions_were_answered_meanwhile(self, drill: Drill) -> None:
        assert drill.full.answered

    def test_readiness_said_that_nothing_can_be_written_and_why(self, drill: Drill) -> None:
        ready, checks = drill.full.ready
        assert not ready
        assert NO_ROOM in str(checks)

    def test_with_room_again_all_goes_on_and_what_was_refused_is_taken(self, drill: Drill) -> None:
        assert {status for _, status in drill.again} <= {201, 202}
        assert drill.ready[0], drill.ready
