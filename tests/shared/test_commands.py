"""Load, decide, append: a repeat gets the first outcome, another body under one key is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, MetaData
from sqlalchemy.exc import DBAPIError

from shared.commands import Done, Order, execute, transaction_of
from shared.contracts import decode, decode_data
from shared.contracts.shapes import Shape
from shared.contracts.targets import PeriodLocked
from shared.deciding import Fact, Look, Stream
from shared.errors import IdReused, VersionConflict
from shared.event_log.ids import event_id, log_id
from shared.event_store.store import EventStore, Stored
from shared.event_store.tables import event_store_tables
from shared.sql import engine as open_engine
from shared.sql import hold, reading

LOG = log_id(False)
ORDER = Order(
    log=LOG, partition=0, actor="actor", authrole="office", authscope="all", key="first", request_sha256="a" * 64,
    time="2009-08-31T09:00:00Z", today=date(2009, 8, 31),
)  # fmt: skip


@contextmanager
def store_on(url: str) -> Iterator[EventStore]:
    engine: Engine = open_engine(url)
    metadata = MetaData()
    tables = event_store_tables(metadata)
    metadata.create_all(engine)
    yield EventStore(engine, tables, "urn:jikao:service:targets")
    engine.dispose()


@pytest.fixture
def store(database_url: str) -> Iterator[EventStore]:
    with store_on(database_url) as store:
        yield store


@pytest.fixture
def shared_store(postgres_url: str) -> Iterator[EventStore]:
    """Where another process may write between a look and an append; on SQLite nobody can."""
    with store_on(postgres_url) as store:
        yield store


def overtaken(decide: Any, by: Callable[[], object]) -> Any:
    """Decide, after something else has been done for the first time."""
    done: list[object] = []

    def deciding(state: tuple[int, ...], look: Look) -> Sequence[Fact]:
        if not done:
            done.append(by())
        facts: Sequence[Fact] = decide(state, look)
        return facts

    return deciding


def months(name: str = "locks") -> Stream[tuple[int, ...]]:
    def evolve(state: tuple[int, ...], fact: Shape) -> tuple[int, ...]:
        assert isinstance(fact, PeriodLocked)
        return (*state, fact.month)

    return Stream(name, (), evolve)


def lock(*wanted: int) -> Any:
    def decide(state: tuple[int, ...], look: Look) -> Sequence[Fact]:
        return [Fact(PeriodLocked(year=2009, month=m, reason="closed")) for m in wanted if m not in state]

    return decide


def locked(done: Done) -> list[int]:
    return [fact.month for fact in done.facts if isinstance(fact, PeriodLocked)]


def test_facts_are_sealed_with_who_when_and_their_place_in_the_stream(store: EventStore) -> None:
    done = execute(store, ORDER, months(), lock(6, 7))
    assert (done.version, locked(done), done.repeated) == (2, [6, 7], False)
    with reading(store.engine) as db:
        first, second = (decode(stored.value) for stored in store.read(db, LOG, "locks"))
    assert (first.id, second.id) == (event_id(store.source, "first"), event_id(store.source, "first", 1))
    assert (second.stream, second.streamversion, second.actor, second.time) == ("locks", 2, "actor", ORDER.time)
    assert isinstance(decode_data(second.type, second.data), PeriodLocked)


def test_a_repeat_gets_the_first_outcome_even_when_it_names_another_stream(store: EventStore) -> None:
    done = execute(store, ORDER, months("minted-once"), lock(6, 7))
    again = execute(store, ORDER, months("minted-again"), lock(8))
    assert again == replace(done, repeated=True)


def test_another_request_under_one_key_is_refused(store: EventStore) -> None:
    execute(store, ORDER, months(), lock(6))
    with pytest.raises(IdReused):
        execute(store, replace(ORDER, request_sha256="b" * 64), months(), lock(7))


def test_a_change_needs_the_version_that_was_read(store: EventStore) -> None:
    execute(store, ORDER, months(), lock(6))
    with pytest.raises(VersionConflict) as refused:
        execute(store, replace(ORDER, key="second", if_match=3), months(), lock(7))
    assert refused.value.about["current"] == 1
    assert execute(store, replace(ORDER, key="second", if_match=1), months(), lock(7)).version == 2


def test_a_decision_may_look_at_other_streams(store: EventStore) -> None:
    execute(store, ORDER, months("june"), lock(6))

    def decide(state: tuple[int, ...], look: Look) -> Sequence[Fact]:
        return [Fact(PeriodLocked(year=2009, month=m + 1, reason="next")) for m in look.at(months("june"))]

    assert locked(execute(store, replace(ORDER, key="second"), months("july"), decide)) == [7]


def test_nothing_decided_is_nothing_appended(store: EventStore) -> None:
    done = execute(store, ORDER, months(), lock())
    assert (done.version, done.facts) == (0, ())


def test_what_is_no_news_is_answered_with_the_last_fact_of_the_stream(store: EventStore) -> None:
    before = execute(store, ORDER, months(), lock(6, 7))
    again = execute(store, replace(ORDER, key="second"), months(), lock(6))
    assert (again.version, again.facts, again.event_id) == (2, (), before.event_id)


def two_streams(_: tuple[int, ...], look: Look) -> Sequence[Fact]:
    """A month for each of two streams, the other one first."""
    held = look.at(months("locks:other"))
    other = PeriodLocked(year=2009, month=8 + len(held), reason="both")
    return [Fact(other, stream="locks:other"), Fact(PeriodLocked(year=2009, month=6, reason="both"))]


def test_one_decision_appends_to_several_streams_or_to_none(store: EventStore) -> None:
    execute(store, ORDER, months("locks:other"), lock(7))
    done = execute(store, replace(ORDER, key="both"), months(), two_streams)
    assert (done.version, locked(done), done.streams) == (1, [6, 9], ("locks", "locks:other"))
    with reading(store.engine) as db:
        stored = [decode(each.value) for name in done.streams for each in store.read(db, LOG, name)][::2]
        assert store.streams(db, LOG, "locks:", "", b"") == ["locks:other"]
        assert store.streams(db, LOG, "locks:", "locks:p", b"") == []
        assert store.streams(db, LOG, "loc", "", b"both") == ["locks", "locks:other"]
        assert store.streams(db, LOG, "loc", "", b"closed") == ["locks:other"]
    last = execute(store, replace(ORDER, key="both"), months(), lock(1))
    assert last == replace(done, repeated=True)
    assert (stored[0].stream, stored[0].streamversion) == ("locks", 1)
    taken = replace(ORDER, key="third", request_sha256="c" * 64)
    with pytest.raises(VersionConflict):
        execute(store, replace(taken, if_match=9), months(), two_streams)
    with pytest.raises(VersionConflict):
        execute(store, taken, months(), late)
    with reading(store.engine) as db:
        assert [len(store.read(db, LOG, name)) for name in done.streams] == [1, 2]


def test_a_decision_on_many_streams_is_repeated_whole_with_what_it_was_based_on(store: EventStore) -> None:
    many = [months(f"locks:{n:02d}") for n in range(40)]
    execute(store, ORDER, many[3], lock(7))

    def decide(_: tuple[int, ...], look: Look) -> Sequence[Fact]:
        states = transaction_of(look).all_at(many)
        assert {name for name, state in states.items() if state} == {"locks:03"}
        return [replace(fact, stream=each.name) for each in many for fact in lock(6)(states[each.name], look)]

    order = replace(ORDER, key="many", basis=7)
    done = execute(store, order, months(), decide)
    assert (locked(done), done.basis) == ([6] * 40, 7)
    assert execute(store, replace(order, basis=9), months(), lock(1)) == replace(done, repeated=True, version=1), (
        "the first outcome, decided on what was read then"
    )
    with reading(store.engine) as db:
        histories = store.read_all(db, LOG, [*done.streams, "nothing"])
    assert {name: len(history) for name, history in histories.items()} == {
        **{f"locks:{n:02d}": 1 + (n == 3) for n in range(40)}, "nothing": 0,
    }  # fmt: skip


def late(state: tuple[int, ...], look: Look) -> Sequence[Fact]:
    """As if the other stream had been looked at long ago."""
    facts = two_streams(state, look)
    transaction_of(look).versions["locks:other"] = 0
    return facts


def test_a_decision_on_several_streams_is_taken_again_when_one_of_them_is_overtaken(shared_store: EventStore) -> None:
    other = replace(ORDER, key="other", request_sha256="b" * 64)
    meanwhile: list[Done] = []

    def decide(state: tuple[int, ...], look: Look) -> Sequence[Fact]:
        facts = two_streams(state, look)
        if not meanwhile:
            meanwhile.append(execute(shared_store, other, months("locks:other"), lock(1)))
        return facts

    assert locked(execute(shared_store, ORDER, months(), decide)) == [6, 9]


def test_who_decides_alone_is_waited_for_and_who_shares_is_not(shared_store: EventStore) -> None:
    with shared_store.begin() as first, shared_store.begin() as second:
        hold(first, "units", shared=True)
        hold(second, "units", shared=True)
        with pytest.raises(DBAPIError), shared_store.begin() as third:
            third.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
            hold(third, "units")
    with shared_store.begin() as third:
        hold(third, "units")


@pytest.mark.parametrize("names", [("locks", "locks"), ("minted-once", "minted-again")])
def test_a_command_that_its_own_repeat_overtakes_gets_the_same_outcome(
    shared_store: EventStore, names: tuple[str, str]
) -> None:
    first: list[Done] = []
    sent_again = lambda: first.append(execute(shared_store, ORDER, months(names[0]), lock(6)))  # noqa: E731

    done = execute(shared_store, ORDER, months(names[1]), overtaken(lock(6), sent_again))

    assert done == replace(first[0], repeated=True)


class ThenInterrupted(EventStore):
    """A store on which something is done right after the first look whether a command is a repeat."""

    by: Callable[[], object] | None = None

    def find(self, db: Connection, log: str, event_id: str) -> Stored | None:
        found = super().find(db, log, event_id)
        by, self.by = self.by, None
        if by is not None:
            by()
        return found


@pytest.mark.parametrize("names", [("locks", "locks"), ("minted-once", "minted-again")])
@pytest.mark.parametrize("fault", ["refused", "nothing to do", "another version"])
def test_a_command_is_not_refused_for_what_its_own_repeat_did_between_its_looks(
    shared_store: EventStore, names: tuple[str, str], fault: str
) -> None:
    order = replace(ORDER, if_match=0) if fault == "another version" else ORDER
    first: list[Done] = []
    interrupted = ThenInterrupted(shared_store.engine, shared_store.tables, shared_store.source)
    interrupted.by = lambda: first.append(execute(shared_store, order, months(names[0]), lock(6)))

    def decide(state: tuple[int, ...], look: Look) -> Sequence[Fact]:
        if fault == "refused" and 6 in look.at(months(names[0])):
            raise IdReused(key="6")
        return [] if look.at(months(names[0])) else [Fact(PeriodLocked(year=2009, month=6, reason="closed"))]

    assert execute(interrupted, order, months(names[1]), decide) == replace(first[0], repeated=True)


def test_a_command_that_another_one_overtakes_is_decided_on_what_that_one_left(shared_store: EventStore) -> None:
    other = replace(ORDER, key="other", request_sha256="b" * 64)

    done = execute(
        shared_store, ORDER, months(), overtaken(lock(6, 7), lambda: execute(shared_store, other, months(), lock(6)))
    )

    assert (locked(done), done.version) == ([7], 2)


def test_a_change_of_a_version_that_is_no_longer_the_newest_is_refused_though_it_was_when_it_began(
    shared_store: EventStore,
) -> None:
    other = replace(ORDER, key="other", request_sha256="b" * 64)
    change = replace(ORDER, if_match=0)

    with pytest.raises(VersionConflict):
        execute(
            shared_store, change, months(), overtaken(lock(7), lambda: execute(shared_store, other, months(), lock(6)))
        )
