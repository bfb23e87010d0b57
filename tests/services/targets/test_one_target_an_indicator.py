"""One indicator of a year has one target, also when two clerks order it at once under two codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import combinations_with_replacement
from threading import Barrier
from typing import TypeVar

import pytest

from services.targets.api.indicators import issuing_once
from services.targets.api.issuing import Judgement, issue_judged
from services.targets.errors.alignments import OutcomesNotIssuable
from services.targets.errors.targets import IndicatorHasTarget
from services.targets.issuing import Details, judge
from services.targets.target import IssueTarget, target_stream
from services.targets.year import open_year, standing_stream, while_allowed, year_stream
from shared.commands import Done, execute
from shared.contracts import decode, decode_data
from shared.contracts.targets import TargetIssued
from shared.deciding import Decide, Fact, Look, Stream
from shared.errors import Refusal
from shared.event_log.ids import uuid7
from shared.event_store.store import EventStore
from shared.sql import reading
from tests.services.targets.catalogues import item
from tests.services.targets.conftest import YEAR, Office
from tests.services.targets.test_issuing import candidates
from tests.services.targets.test_issuing_over_http import aligned, issues, reasons, row, targets
from tests.services.targets.test_targets_over_http import code_of
from tests.shared.test_commands import LOG, ORDER, store_on

S = TypeVar("S")
PATIENCE = 60.0
Way = Callable[[EventStore, str, Barrier], Done]


@pytest.fixture
def store(database_url: str) -> Iterator[EventStore]:
    """An event store in which the year is open."""
    with store_on(database_url) as store:
        execute(store, ORDER, year_stream(2009), lambda is_open, _: open_year(2009, "by_month", is_open))
        yield store


def judged(code: str) -> Judgement:
    """An order for roads, under this code, and for bridges, judged when no target was known."""
    found = [replace(each, named=True) for each in candidates([item("roads"), item("bridges")], [])]
    details = {"roads": Details(code=code), "bridges": Details(code=f"bridges-{code}")}
    verdicts = judge(found, details, {}, year=2009, effective_on=date(2009, 1, 1), new_id=uuid7)
    return Judgement(0, frozenset(), verdicts, {})


def alone(code: str) -> IssueTarget:
    """The command that issues roads, and nothing else, under this code."""
    (roads,) = [each.issue for each in judged(code).verdicts if each.issue is not None and each.issue.code == code]
    return roads


def meeting(decide: Decide[S], together: Barrier) -> Decide[S]:
    """The same decision, once the other clerk is in theirs too."""
    first = iter([together])

    def decided(state: S, look: Look) -> Sequence[Fact]:
        for barrier in first:
            barrier.wait(PATIENCE)
        return decide(state, look)

    return decided


def executed(store: EventStore, code: str, together: Barrier, stream: Stream[S], decide: Decide[S]) -> Done:
    """What a clerk orders; on SQLite, where one decides after the other, they meet just before."""
    if store.engine.dialect.name == "sqlite":
        together.wait(PATIENCE)
    else:
        decide = meeting(decide, together)
    order = replace(ORDER, key=code, request_sha256=code.ljust(64, "0"))
    return execute(store, order, stream, while_allowed("plan", 2009, decide))


def by_itself(store: EventStore, code: str, together: Barrier) -> Done:
    return executed(store, code, together, target_stream(2009, code), issuing_once(alone(code)))


def from_a_run(store: EventStore, code: str, together: Barrier) -> Done:
    return executed(store, code, together, standing_stream(2009), partial(issue_judged, 2009, judged(code), True))


@pytest.mark.parametrize("ways", list(combinations_with_replacement((by_itself, from_a_run), 2)))
def test_of_two_who_order_a_target_for_one_indicator_at_once_one_is_refused(
    store: EventStore, ways: tuple[Way, Way]
) -> None:
    together = Barrier(2)

    def ordered(way: Way, code: str) -> Done | Refusal:
        try:
            return way(store, code, together)
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(2) as both:
        came_of = list(both.map(ordered, ways, ("roads", "highways")))
    refused = [each for each in came_of if isinstance(each, Refusal)]
    (done,) = [each for each in came_of if isinstance(each, Done)]
    assert len(refused) == 1
    assert isinstance(refused[0], (IndicatorHasTarget, OutcomesNotIssuable))
    with reading(store.engine) as db:
        stored = store.read_all(db, LOG, store.streams(db, LOG, "target:", "", b""))
    assert sorted(stored) == sorted(done.streams), "of what was refused nothing is written, its bridges neither"
    facts = [decode_data(each.type, decode(each.value).data) for found in stored.values() for each in found]
    indicators = [fact.indicator for fact in facts if isinstance(fact, TargetIssued)]
    assert len(indicators) == len(set(indicators)) == len(done.facts)


def test_an_indicator_has_a_second_target_once_its_first_is_withdrawn(city: Office) -> None:
    assert city.issues("roads", indicator="roads").status_code == 201
    late = city.issues("highways", indicator="roads")
    assert code_of(late) == (409, "INDICATOR_HAS_TARGET")
    assert late.json()["about"] == {"year": 2009, "indicator": "roads", "target": "roads"}
    assert city.issues("highways").status_code == 201, "of no indicator"
    assert city.issues("bridges", indicator="roads-and-bridges").status_code == 201
    why = {"effective_on": "2009-01-04", "reason": "合并"}
    withdrawn = city.post(f"{YEAR}/targets/roads/withdrawals", why, headers=city.seen(f"{YEAR}/targets/roads"))
    assert withdrawn.status_code == 201, withdrawn.text
    assert city.issues("new-roads", indicator="roads").status_code == 201


def test_a_run_names_the_target_that_somebody_issued_for_its_indicator_meanwhile(city: Office) -> None:
    run = aligned(city)
    assert city.issues("highways", indicator="roads").status_code == 201
    answer = issues(city, run)
    assert answer.status_code == 201, answer.text
    assert (row(answer, "roads")["status"], row(answer, "roads")["code"]) == ("differs", "highways")
    assert reasons(answer, "roads") == ["ISSUED_OTHERWISE"]
    assert "roads" not in targets(city)
