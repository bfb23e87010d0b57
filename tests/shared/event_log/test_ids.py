"""Ids of ours sort by time and never repeat; ids from keys are the same for ever."""

from __future__ import annotations

import threading
import time
import uuid

from shared.event_log.ids import event_id, log_id, uuid7


def test_a_uuid7_is_one_by_rfc_9562_and_carries_the_time() -> None:
    before = time.time_ns() // 1_000_000
    text = uuid7()
    parsed = uuid.UUID(text)

    assert text == str(parsed)
    assert parsed.version == 7
    assert parsed.variant == uuid.RFC_4122
    assert before <= parsed.int >> 80 <= time.time_ns() // 1_000_000 + 1


def test_each_uuid7_sorts_after_the_one_before() -> None:
    made = [uuid7() for _ in range(20_000)]

    assert made == sorted(set(made))


def test_threads_never_get_the_same_uuid7() -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend([uuid7() for _ in range(5_000)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 20_000


def test_the_log_of_a_simulated_clock_says_so() -> None:
    assert uuid.UUID(log_id(simulated=False)).version == 7
    assert log_id(simulated=True).startswith("sim-")
    assert uuid.UUID(log_id(simulated=True).removeprefix("sim-")).version == 7


def test_an_event_s_id_follows_from_its_source_and_key() -> None:
    source = "urn:jikao:source:county-a"

    assert event_id(source, "k1") == str(uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, source), "k1"))
    assert event_id(source, "k1", 2) == event_id(source, "k1#2")
    assert len({event_id(source, "k1"), event_id(source, "k2"), event_id(source + "b", "k1")}) == 3
