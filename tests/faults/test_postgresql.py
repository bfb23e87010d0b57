"""PostgreSQL crashes, is stopped, and cuts its connections while clients act: refusals, nothing lost, nothing twice.

Nobody starts a service again: readers, relays and readiness come back by themselves once the database does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.gateway.routing import SERVICES
from shared.testing.postgres import Postgres
from tests.drills.aftermath import Aftermath
from tests.drills.city import IN_YEAR
from tests.drills.clients import Stage
from tests.drills.evidence import Evidence
from tests.drills.killing import acting
from tests.drills.supervised import Distributed
from tests.faults.asking import GOES_ON_WITHIN, Caller, Door, code_of

CUTS = 10
"""How often all connections are cut."""
_CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'jikao_%' AND pid <> pg_backend_pid()"


@dataclass
class Away:
    """What was seen while PostgreSQL was away."""

    doors: list[Door]
    read: str
    """The code with which a question was refused."""
    ready: tuple[bool, dict[str, Any]]


@dataclass
class Drill:
    """What was seen, and what is left."""

    away: dict[str, Away]
    """By how it was stopped."""
    again: list[tuple[Door, int]]
    """What was refused and sent again afterwards, with the status that it then had."""
    cut: int
    """Connections."""
    ready: tuple[bool, dict[str, Any]]
    evidence: Evidence


@pytest.fixture(scope="module")
def drill(seed: int, folder: Path) -> Iterator[Drill]:
    with ExitStack() as running:
        back_end = Distributed(folder, running)
        postgres = back_end.stack.postgres
        away, again = {}, []
        with acting(back_end, seed) as stage:
            caller = Caller(stage, "caller")
            running.callback(caller.http.close)
            for mode in ("immediate", "fast"):
                goes_on(stage)
                away[mode] = without(postgres, caller, mode)
                goes_on(stage)
                again += [(door, caller.knock_again(door).status_code) for door in away[mode].doors]
            cut = connections_cut(postgres, stage)
            goes_on(stage)
            ready = caller.ready(lambda ready, _: ready)
        evidence = Evidence(stage.city, stage.book, back_end.databases)
        running.callback(evidence.close)
        yield Drill(away, again, cut, ready, evidence)


def goes_on(stage: Stage) -> None:
    """Figures and commands of each service are taken, and questions are answered."""
    for sign in ("acknowledged", "recorded by targets", "recorded by evaluation", "read"):
        stage.book.wait(sign, 2, GOES_ON_WITHIN, stage.cut.is_set)


def without(postgres: Postgres, caller: Caller, mode: str) -> Away:
    """Stop it, knock at every door, and start it again."""
    doors = caller.doors(mode)
    postgres.stop(mode=mode)
    try:
        for door in doors:
            caller.knock(door)
        asked = caller.http.get(f"{IN_YEAR}/completion", headers=caller.stage.city.headers("auditor"))
        return Away(doors, code_of(asked, "en"), caller.ready(database_named))
    finally:
        postgres.start()


def connections_cut(postgres: Postgres, stage: Stage) -> int:
    """Cut every service's connections again and again, as soon as something was done on them; how many those were."""
    cut = 0
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as administration:
        for _ in range(CUTS):
            stage.book.wait("acknowledged", 1, GOES_ON_WITHIN, stage.cut.is_set)
            cut += len(administration.execute(_CUT).fetchall())
    return cut


def database_named(ready: bool, checks: dict[str, Any]) -> bool:
    """Does every service say that it is its database?"""
    return not ready and all("database" in (checks[service] or "") for service in SERVICES)


@pytest.fixture(scope="module")
def evidence(drill: Drill) -> Evidence:
    return drill.evidence


class TestAfterPostgresqlWasAway(Aftermath):
    def test_commands_were_refused_with_a_sentence_and_figures_taken_or_refused(self, drill: Drill) -> None:
        for away in drill.away.values():
            progress, *commands = away.doors
            # The door for figures judges in memory and writes to the log: it needs no database for a caller it knows.
            assert progress.told in ([], ["DATABASE_UNAVAILABLE"])
            assert [door.told for door in commands] == [["DATABASE_UNAVAILABLE"]] * len(commands)

    def test_questions_were_refused_rather_than_answered_from_memory(self, drill: Drill) -> None:
        assert {away.read for away in drill.away.values()} == {"DATABASE_UNAVAILABLE"}

    def test_readiness_named_the_database_of_every_service(self, drill: Drill) -> None:
        for away in drill.away.values():
            assert database_named(*away.ready), away.ready

    def test_afterwards_what_was_refused_is_taken_under_the_same_keys(self, drill: Drill) -> None:
        assert {status for _, status in drill.again} <= {201, 202}

    def test_connections_were_cut_and_readiness_came_back_by_itself(self, drill: Drill) -> None:
        assert drill.cut >= CUTS
        assert drill.ready[0], drill.ready
