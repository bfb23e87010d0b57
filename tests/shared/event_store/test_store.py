"""A command's facts stand in its stream at the version it decided on, or not at all."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select, text

from shared.errors import IdReused, VersionConflict
from shared.event_store.store import EventStore, Outgoing, Stored
from shared.sql import reading

LOG = "0198c1f0-0000-7000-8000-000000000001"
REQUEST = "ab" * 32


def fact(event_id: str, value: bytes = b"{}") -> Outgoing:
    return Outgoing(event_id, "jikao.target.issued.v1", value, "events", 0, LOG)


def append(store: EventStore, stream: str, after: int, *ids: str, log: str = LOG, value: bytes = b"{}") -> int:
    with store.begin() as db:
        return store.append(db, log, stream, after, [fact(event_id, value) for event_id in ids], REQUEST)


def waiting(store: EventStore) -> list[str]:
    outbox = store.tables.outbox
    with reading(store.engine) as db:
        return list(db.execute(select(outbox.c.event_id).order_by(outbox.c.seq)).scalars())


def test_a_stream_is_read_back_as_it_was_appended(store: EventStore) -> None:
    bytes_as_sent = '{"a": "县",  "b":1}'.encode()
    assert append(store, "target-1", 0, "e1", "e2", value=bytes_as_sent) == 2
    assert append(store, "target-1", 2, "e3") == 3
    with reading(store.engine) as db:
        assert store.read(db, LOG, "target-1") == [
            Stored(1, "e1", "jikao.target.issued.v1", bytes_as_sent, REQUEST, None),
            Stored(2, "e2", "jikao.target.issued.v1", bytes_as_sent, REQUEST, None),
            Stored(3, "e3", "jikao.target.issued.v1", b"{}", REQUEST, None),
        ]
        assert store.read(db, LOG, "target-2") == []
        assert store.read(db, "another log", "target-1") == []


def test_a_fact_is_found_by_its_id_within_its_log(store: EventStore) -> None:
    append(store, "target-1", 0, "e1")
    with reading(store.engine) as db:
        found = store.find(db, LOG, "e1")
        assert found is not None
        assert found.version == 1
        assert store.find(db, "another log", "e1") is None


@pytest.mark.parametrize("after", [0, 2, 5])
def test_a_decision_on_another_version_is_refused(store: EventStore, after: int) -> None:
    append(store, "target-1", 0, "e1")
    with pytest.raises(VersionConflict) as refused:
        append(store, "target-1", after, "e2")
    assert refused.value.about == {"stream": "target-1", "expected": after, "current": 1}
    assert waiting(store) == ["e1"]


def test_a_decision_that_changes_nothing_appends_nothing_but_still_needs_its_version(
    store: EventStore,
) -> None:
    append(store, "target-1", 0, "e1")
    assert append(store, "target-1", 1) == 1
    with pytest.raises(VersionConflict):
        append(store, "target-1", 0)
    assert waiting(store) == ["e1"]


def test_an_id_stands_once_in_a_log_whatever_the_stream(store: EventStore) -> None:
    append(store, "target-1", 0, "e1")
    with pytest.raises(IdReused) as refused:
        append(store, "target-2", 0, "e2", "e1")
    assert refused.value.about == {"log": LOG, "event_id": "e1"}
    append(store, "target-2", 0, "e1", log="another log")
    assert waiting(store) == ["e1", "e1"]


def test_a_refused_append_leaves_nothing_even_if_its_transaction_goes_on(store: EventStore) -> None:
    append(store, "target-1", 0, "e1")
    with store.begin() as db:
        with pytest.raises(IdReused):
            store.append(db, LOG, "target-2", 0, [fact("e2"), fact("e1")], REQUEST)
        assert store.read(db, LOG, "target-2") == []
    assert waiting(store) == ["e1"]


def test_facts_and_outbox_rows_are_committed_together_or_not_at_all(store: EventStore) -> None:
    told: list[None] = []
    store.on_commit(lambda: told.append(None))

    def fail_after_appending() -> None:
        with store.begin() as db:
            store.append(db, LOG, "target-1", 0, [fact("e1"), fact("e2")], REQUEST)
            raise KeyError

    with pytest.raises(KeyError):
        fail_after_appending()
    with reading(store.engine) as db:
        assert store.read(db, LOG, "target-1") == []
    assert (waiting(store), told) == ([], [])
    append(store, "target-1", 0, "e1", "e2")
    assert (waiting(store), told) == (["e1", "e2"], [None])


# SQLite lets no second writer look before the first has committed.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_who_decided_on_the_same_version_get_one_yes_and_one_conflict(store: EventStore) -> None:
    outcome: list[object] = []

    def second() -> None:
        try:
            outcome.append(append(store, "target-1", 0, "e2"))
        except VersionConflict as refused:
            outcome.append(refused.about)

    thread = threading.Thread(target=second)
    with store.begin() as db:
        store.append(db, LOG, "target-1", 0, [fact("e1")], REQUEST)
        thread.start()
        # The second has looked, found version 0 still, and waits for us at the unique key.
        blocked = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while thread.is_alive() and db.execute(blocked).scalar_one() == 0:
            pass
    thread.join()
    assert outcome == [{"stream": "target-1", "expected": 0, "current": 1}]


def test_nothing_is_lost_when_four_threads_decide_on_one_stream(store: EventStore) -> None:
    each = 50
    failures: list[BaseException] = []

    def command(event_id: str) -> None:
        while True:
            try:
                with store.begin() as db:
                    seen = store.read(db, LOG, "counter")
                    total = int(seen[-1].value) if seen else 0
                    decided = fact(event_id, str(total + 1).encode())
                    store.append(db, LOG, "counter", len(seen), [decided], REQUEST)
                return
            except VersionConflict:
                continue  # read it again and decide anew

    def commands(worker: int) -> None:
        try:
            for n in range(each):
                command(f"{worker}-{n}")
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=commands, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with reading(store.engine) as db:
        stream = store.read(db, LOG, "counter")
    assert [int(fact.value) for fact in stream] == list(range(1, 4 * each + 1))
    assert {fact.event_id for fact in stream} == {f"{w}-{n}" for w in range(4) for n in range(each)}
    assert waiting(store) == [fact.event_id for fact in stream]  # the outbox keeps the stream's order
