"""Three brokers, as production has them: the leader dies in mid-stream, then a second one; in the end all are back."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.event_log.port import EVENTS
from shared.testing.broker import Broker, cluster, leader
from tests.drills.aftermath import Aftermath
from tests.drills.clients import Stage
from tests.drills.evidence import Evidence
from tests.drills.killing import HAPPENS_WITHIN, acting
from tests.drills.supervised import Distributed

KILLS_A_ROUND = 20
"""One round of deaths for so many kills that are asked for."""
STREAM = 20
"""Submissions that are acknowledged before the next thing happens to the brokers."""
LATEST = 0.8
"""Seconds after that at which a broker is killed, at most."""
TURNED_AWAY = 3
"""Submissions that are begun while one broker is alone, and told so, before the others are back."""


@dataclass(frozen=True)
class Alone:
    """A time (by time.monotonic()) in which one of three brokers ran."""

    since: float
    until: float


@dataclass
class Drilled:
    """What a drill leaves behind."""

    evidence: Evidence
    alone: list[Alone]


def the_leader_dies_and_a_second_one(brokers: list[Broker], stage: Stage, luck: random.Random) -> Alone:
    """One round; when it ends all brokers run again, and records are acknowledged."""

    def acknowledged(more: int) -> None:
        stage.book.wait("acknowledged", more, HAPPENS_WITHIN, stage.cut.is_set)
        stage.cut.wait(luck.uniform(0, LATEST))

    acknowledged(STREAM)
    first = leader(brokers, EVENTS)
    first.kill()
    acknowledged(STREAM)  # by two of three
    second = luck.choice([broker for broker in brokers if broker is not first])
    second.kill()
    since = time.monotonic()
    stage.book.wait_until(
        lambda: sum(s.begun_at > since and s.turned_away > 0 for s in stage.book.submissions) >= TURNED_AWAY,
        HAPPENS_WITHIN,
        stage.cut.is_set,
    )
    until = time.monotonic()
    for broker in (first, second):
        broker.launch()
    for broker in (first, second):
        broker.wait_until_ready()
    acknowledged(STREAM)
    print(f"brokers {first.member.node} and {second.member.node} were dead, one was alone for {until - since:.0f} s")
    return Alone(since, until)


@pytest.fixture(scope="module")
def drilled(kills: int, seed: int, folder: Path) -> Iterator[Drilled]:
    began = time.monotonic()
    with ExitStack() as running:
        brokers = cluster(3)
        back_end = Distributed(folder, running, brokers)
        with acting(back_end, seed) as stage:
            luck = stage.luck("brokers")
            rounds = range(max(1, kills // KILLS_A_ROUND))
            alone = [the_leader_dies_and_a_second_one(brokers, stage, luck) for _ in rounds]
        print(f"rounds: {len(alone)}; {time.monotonic() - began:.0f} s; seed {seed}")
        evidence = Evidence(stage.city, stage.book, back_end.databases)
        running.callback(evidence.close)
        yield Drilled(evidence, alone)


@pytest.fixture(scope="module")
def evidence(drilled: Drilled) -> Evidence:
    return drilled.evidence


class TestAfterTheDeathOfTwoOfThreeBrokers(Aftermath):
    def test_one_broker_alone_acknowledges_nothing_and_says_so(self, drilled: Drilled) -> None:
        book = drilled.evidence.book
        for alone in drilled.alone:
            begun = [s for s in book.submissions if alone.since < s.begun_at < alone.until]
            assert [s for s in begun if s.outcome == "acknowledged" and s.told_at < alone.until] == []
            assert sum(s.turned_away > 0 for s in begun) >= TURNED_AWAY
            ordered = [c for c in book.commands if alone.since < c.begun_at < alone.until]
            assert [c for c in ordered if c.recorded and c.told_at < alone.until] == []
