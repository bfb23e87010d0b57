"""One candidate holds the lease; the next gets it when it is given back or has run out."""

from __future__ import annotations

import pytest

from shared.event_store.lease import Lease, LeaseLost
from shared.event_store.store import EventStore
from shared.sql import writing


def candidate(store: EventStore, seconds: float = 60.0, *, alone: bool = False) -> Lease:
    return Lease(store.engine, store.tables.relay_lease, seconds=seconds, alone=alone)


def test_one_of_two_candidates_gets_the_lease_and_keeps_it(store: EventStore) -> None:
    first, second = candidate(store), candidate(store)
    assert first.take()
    assert not second.take()
    assert first.take()


def test_a_lease_given_back_is_free_at_once(store: EventStore) -> None:
    first, second = candidate(store), candidate(store)
    assert first.take()
    second.release()  # not its own: nothing happens
    assert not second.take()
    first.release()
    assert second.take()


def test_a_lease_that_has_run_out_goes_to_the_next_and_the_first_can_record_nothing_more(
    store: EventStore,
) -> None:
    first, second = candidate(store, seconds=0.0), candidate(store)
    assert first.take()
    assert second.take()
    assert not first.take()
    with pytest.raises(LeaseLost), writing(store.engine) as db:
        first.hold(db)
    with writing(store.engine) as db:
        second.hold(db)


def test_a_lease_that_has_run_out_is_still_good_while_nobody_else_wants_it(store: EventStore) -> None:
    only = candidate(store, seconds=0.0)
    assert only.take()
    with writing(store.engine) as db:
        only.hold(db)


def test_who_is_alone_does_not_wait_for_a_dead_process(store: EventStore) -> None:
    assert candidate(store).take()
    assert candidate(store, alone=True).take()
