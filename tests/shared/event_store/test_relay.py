"""What a command decided reaches the log: in order, nothing skipped, by one relay at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import func, select

from shared.errors import VersionConflict
from shared.event_log.embedded import open_embedded
from shared.event_log.port import (
    LARGEST_RECORD,
    Ack,
    LogUnavailable,
    PartitionReader,
    RecordTooLarge,
    Topic,
    Topics,
)
from shared.event_store.lease import Lease
from shared.event_store.relay import Relay
from shared.event_store.store import EventStore, Outgoing
from shared.sql import reading

LOG = "0198c1f0-0000-7000-8000-000000000001"
PATIENCE = 20.0  # seconds; a test that needs them has failed

Append = Callable[[int, Sequence[tuple[str, bytes]]], list[Ack]]


class Intercepted:
    """A topic whose blocking appends go through a function of the test; all else is the real topic's."""

    def __init__(self, topic: Topic, append_all: Append) -> None:
        self._topic = topic
        self.append_all = append_all

    @property
    def name(self) -> str:
        return self._topic.name

    @property
    def incarnation(self) -> str:
        return self._topic.incarnation

    @property
    def partitions(self) -> int:
        return self._topic.partitions

    async def append(self, partition: int, key: str, value: bytes) -> Ack:
        return await self._topic.append(partition, key, value)

    def reader(self, partition: int) -> PartitionReader:
        return self._topic.reader(partition)

    def end(self, partition: int) -> int:
        return self._topic.end(partition)

    def begin(self, partition: int) -> int:
        return self._topic.begin(partition)

    def grown_to(self) -> int:
        return self._topic.grown_to()


@pytest.fixture
def topics(tmp_path: Path) -> Iterator[Topics]:
    opened = open_embedded(tmp_path / "log", partitions=2)
    yield opened
    opened.close()


def through(topics: Topics, append_all: Append) -> Topics:
    return Topics(Intercepted(topics.events, append_all), topics.listings, topics.close)


def fact(event_id: str, *, partition: int = 0, topic: Literal["events", "listings"] = "events") -> Outgoing:
    return Outgoing(event_id, "jikao.target.issued.v1", event_id.encode(), topic, partition, LOG)


def command(store: EventStore, stream: str, after: int, *facts: Outgoing) -> None:
    with store.begin() as db:
        store.append(db, LOG, stream, after, facts, "ab" * 32)


def on_log(topic: Topic, partition: int = 0) -> list[str]:
    reader = topic.reader(partition)
    try:
        return [(record.value or b"").decode() for record in reader.read(0, limit=10_000)]
    finally:
        reader.close()


@contextmanager
def running(*relays: Relay) -> Iterator[None]:
    for relay in relays:
        relay.start()
    try:
        yield
    finally:
        for relay in relays:
            relay.stop()


@pytest.mark.anyio
async def test_what_was_committed_before_the_start_is_sent_in_order(store: EventStore, topics: Topics) -> None:
    command(store, "log", 0, fact("listing", topic="listings"), fact("opened"))
    command(store, "target-1", 0, fact("e1"), fact("e2"))
    relay = Relay(store, topics)
    assert relay.depth() == 4
    with running(relay):
        ack = await relay.published(LOG, "e2", PATIENCE)
        assert relay.active
    assert ack is not None
    assert (ack.partition, ack.offset) == (0, 2)
    assert on_log(topics.listings) == ["listing"]
    assert on_log(topics.events) == ["opened", "e1", "e2"]
    assert relay.depth() == 0
    assert relay.last_error is None
    with reading(store.engine) as db:
        sent = store.find(db, LOG, "e2")
    assert sent is not None
    assert (sent.ack, sent.value) == (ack, b"e2")


@pytest.mark.anyio
async def test_a_commit_wakes_a_relay_that_never_polls_and_the_relay_wakes_the_request(
    store: EventStore, topics: Topics
) -> None:
    relay = Relay(store, topics, alone=True)
    with running(relay):
        for n in range(20):
            command(store, "target-1", n, fact(f"e{n}"))
            ack = await relay.published(LOG, f"e{n}", PATIENCE)
            assert ack is not None
            assert ack.offset == n


@pytest.mark.anyio
async def test_a_repeated_request_learns_of_a_fact_another_process_sent(store: EventStore, topics: Topics) -> None:
    first = Relay(store, topics)
    command(store, "target-1", 0, fact("e1"))
    with running(first):
        ack = await first.published(LOG, "e1", PATIENCE)
    elsewhere = Relay(store, topics)  # not started: only the database can tell
    assert ack is not None
    assert await elsewhere.published(LOG, "e1", PATIENCE) == ack


@pytest.mark.anyio
async def test_rows_written_without_a_nudge_are_found(store: EventStore, topics: Topics) -> None:
    relay = Relay(store, topics, poll_seconds=0.01)
    elsewhere = EventStore(store.engine, store.tables, store.source)
    with running(relay):
        command(elsewhere, "target-1", 0, fact("e1"))
        assert await relay.published(LOG, "e1", PATIENCE) is not None


@pytest.mark.anyio
async def test_while_the_log_is_away_the_fact_waits_and_the_request_is_told_so(
    store: EventStore, topics: Topics
) -> None:
    away = threading.Event()
    away.set()
    tried = threading.Event()

    def append_all(partition: int, records: Sequence[tuple[str, bytes]]) -> list[Ack]:
        tried.set()
        if away.is_set():
            raise LogUnavailable
        return topics.events.append_all(partition, records)

    relay = Relay(store, through(topics, append_all))
    with running(relay):
        command(store, "target-1", 0, fact("e1"))
        assert tried.wait(PATIENCE)
        assert await relay.published(LOG, "e1", 0.2) is None
        assert relay.unwell() == f"the outbox waits: {LogUnavailable.sentence()}"
        assert relay.depth() == 1
        away.clear()
        assert await relay.published(LOG, "e1", PATIENCE) is not None
    assert relay.last_error is None
    assert on_log(topics.events) == ["e1"]


@pytest.mark.anyio
async def test_a_failure_in_the_middle_stops_there_and_goes_on_there(store: EventStore, topics: Topics) -> None:
    failing = [True, True]

    def append_all(partition: int, records: Sequence[tuple[str, bytes]]) -> list[Ack]:
        if partition == 1 and failing:
            failing.pop()
            raise LogUnavailable
        return topics.events.append_all(partition, records)

    command(store, "target-1", 0, fact("e1"), fact("e2", partition=1), fact("e3"), fact("e4"))
    relay = Relay(store, through(topics, append_all))
    with running(relay):
        assert await relay.published(LOG, "e4", PATIENCE) is not None
    assert failing == []
    assert on_log(topics.events, 0) == ["e1", "e3", "e4"]  # e1 was acknowledged, so it was not sent again
    assert on_log(topics.events, 1) == ["e2"]


@pytest.mark.anyio
async def test_a_record_whose_acknowledgement_was_lost_is_sent_again(store: EventStore, topics: Topics) -> None:
    lost = [True]

    def append_all(partition: int, records: Sequence[tuple[str, bytes]]) -> list[Ack]:
        acks = topics.events.append_all(partition, records)
        if lost:
            lost.pop()
            raise LogUnavailable
        return acks

    command(store, "target-1", 0, fact("e1"), fact("e2"))
    relay = Relay(store, through(topics, append_all))
    with running(relay):
        ack = await relay.published(LOG, "e2", PATIENCE)
    assert on_log(topics.events) == ["e1", "e2", "e1", "e2"]  # the same identities: readers count them once
    assert ack is not None
    assert ack.offset == 3


@pytest.mark.anyio
async def test_of_two_relays_one_sends_and_the_other_takes_over_when_it_stops(
    store: EventStore, topics: Topics
) -> None:
    relays = [Relay(store, topics, lease_seconds=60, poll_seconds=0.01) for _ in range(2)]
    with running(*relays):
        for n in range(20):
            command(store, "target-1", n, fact(f"e{n}"))
            assert await relays[n % 2].published(LOG, f"e{n}", PATIENCE) is not None
        [active] = [relay for relay in relays if relay.active]
        active.stop()
        command(store, "target-1", 20, fact("e20"))
        [other] = [relay for relay in relays if relay is not active]
        assert await other.published(LOG, "e20", PATIENCE) is not None
        assert (active.active, other.active) == (False, True)
    assert on_log(topics.events) == [f"e{n}" for n in range(21)]


@pytest.mark.anyio
async def test_the_lease_of_a_relay_that_died_runs_out(store: EventStore, topics: Topics) -> None:
    dead = Lease(store.engine, store.tables.relay_lease, seconds=0.3, alone=False)
    assert dead.take()
    command(store, "target-1", 0, fact("e1"))
    relay = Relay(store, topics, poll_seconds=0.01)
    with running(relay):
        assert await relay.published(LOG, "e1", PATIENCE) is not None


@pytest.mark.anyio
async def test_a_relay_that_lost_its_lease_in_the_middle_of_a_send_records_nothing(
    store: EventStore, topics: Topics
) -> None:
    sending, go_on = threading.Event(), threading.Event()

    def append_all(partition: int, records: Sequence[tuple[str, bytes]]) -> list[Ack]:
        sending.set()
        assert go_on.wait(PATIENCE)
        return topics.events.append_all(partition, records)

    command(store, "target-1", 0, fact("e1"), fact("e2"))
    slow = Relay(store, through(topics, append_all), lease_seconds=0.1)
    quick = Relay(store, topics, poll_seconds=0.01, lease_seconds=60)
    with running(slow):
        assert sending.wait(PATIENCE)
        with running(quick):
            command(store, "target-1", 2, fact("e3"))
            assert await quick.published(LOG, "e3", PATIENCE) is not None
            go_on.set()
            slow.stop()
            assert not slow.active
            assert quick.active
    # The late copies come after the first ones: whoever counts each identity once sees e1, e2, e3.
    assert on_log(topics.events) == ["e1", "e2", "e3", "e1", "e2"]
    with reading(store.engine) as db:
        offsets = [stored.ack.offset for stored in store.read(db, LOG, "target-1") if stored.ack is not None]
    assert offsets == [0, 1, 2]


@pytest.mark.anyio
async def test_each_stream_keeps_its_order_while_many_commands_run_at_once(store: EventStore, topics: Topics) -> None:
    each = 20
    failures: list[BaseException] = []

    def commands(worker: int) -> None:
        try:
            for n in range(each):
                stream = f"target-{(worker + n) % 2}"
                while True:
                    try:
                        with store.begin() as db:
                            version = len(store.read(db, LOG, stream))
                            decided = [fact(f"{stream}/{version + 1}")]
                            store.append(db, LOG, stream, version, decided, "ab" * 32)
                        break
                    except VersionConflict:
                        continue
        except Exception as failure:
            failures.append(failure)

    relay = Relay(store, topics)
    with running(relay):
        threads = [threading.Thread(target=commands, args=(worker,)) for worker in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        for stream in ("target-0", "target-1"):
            assert await relay.published(LOG, f"{stream}/{2 * each}", PATIENCE) is not None
    for stream in ("target-0", "target-1"):
        sent = [event_id for event_id in on_log(topics.events) if event_id.startswith(stream)]
        assert sent == [f"{stream}/{n}" for n in range(1, 2 * each + 1)]


@pytest.mark.anyio
async def test_more_than_one_batch_is_sent_without_another_nudge(store: EventStore, topics: Topics) -> None:
    many = [fact(f"e{n}") for n in range(250)]
    command(store, "target-1", 0, *many)
    relay = Relay(store, topics, alone=True)
    with running(relay):
        assert await relay.published(LOG, "e249", PATIENCE) is not None
    assert on_log(topics.events) == [f"e{n}" for n in range(250)]


def test_stopping_does_not_wait_for_a_log_that_is_away(store: EventStore, topics: Topics) -> None:
    tries = [threading.Event(), threading.Event()]

    def append_all(partition: int, records: Sequence[tuple[str, bytes]]) -> list[Ack]:
        (tries[1] if tries[0].is_set() else tries[0]).set()
        raise LogUnavailable

    command(store, "target-1", 0, fact("e1"))
    relay = Relay(store, through(topics, append_all), lease_seconds=60)
    relay.start()
    assert tries[1].wait(PATIENCE)
    relay.stop()
    assert not relay.active
    assert relay.depth() == 1
    # The lease was given back: the next relay need not wait for its end.
    assert Lease(store.engine, store.tables.relay_lease, seconds=60, alone=False).take()


def test_a_fact_the_log_would_never_take_is_refused_before_it_can_block_the_others(store: EventStore) -> None:
    largest = LARGEST_RECORD - len(LOG)
    for size in (largest, largest + 1):
        huge = Outgoing(f"e{size}", "jikao.target.issued.v1", b"x" * size, "events", 0, LOG)
        if size > largest:
            with pytest.raises(RecordTooLarge):
                command(store, f"target-{size}", 0, huge)
        else:
            command(store, f"target-{size}", 0, huge)
    with reading(store.engine) as db:
        assert db.execute(select(func.count()).select_from(store.tables.outbox)).scalar_one() == 1
