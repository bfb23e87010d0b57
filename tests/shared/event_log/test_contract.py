"""What every event log promises, asked of each adapter; Kafka is a real broker."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from shared.event_log.port import (
    LARGEST_RECORD,
    Ack,
    LogBusy,
    PartitionReader,
    PlaceNotInLog,
    Raw,
    RecordTooLarge,
    Topic,
    Topics,
)

Open = Callable[..., Topics]
PATIENCE = 30.0


def read_all(topic: Topic, partition: int, start: int = 0) -> list[Raw]:
    with closing(topic.reader(partition)) as reader:
        return read_to(reader, start, topic.end(partition))


def read_to(reader: PartitionReader, start: int, end: int) -> list[Raw]:
    records: list[Raw] = []
    until = time.monotonic() + PATIENCE
    while start + len(records) < end and time.monotonic() < until:
        records += reader.read(start + len(records), timeout=1.0)
    return records


def numbered(count: int) -> list[tuple[str, bytes]]:
    return [("log-a", str(n).encode()) for n in range(count)]


@pytest.mark.anyio
async def test_an_acknowledged_record_can_be_read_at_its_offset_as_it_was_written(topics: Topics) -> None:
    value = "完成率 — 98.5%".encode()

    ack = await topics.events.append(1, "log-a", value)

    assert read_all(topics.events, 1) == [Raw(1, ack.offset, ack.appended_at, "log-a", value)]


@pytest.mark.anyio
async def test_the_log_stamps_a_whole_millisecond_of_now_in_microseconds(topics: Topics) -> None:
    before = time.time_ns() // 1_000_000 * 1000

    ack = await topics.events.append(0, "log-a", b"1")

    assert ack.appended_at % 1000 == 0
    assert before <= ack.appended_at <= time.time_ns() // 1000


def test_an_empty_log_begins_and_ends_at_zero_and_reading_it_gives_nothing(topics: Topics) -> None:
    with closing(topics.events.reader(0)) as reader:
        assert reader.read(0) == []
    assert (topics.events.begin(0), topics.events.end(0)) == (0, 0)


@pytest.mark.anyio
async def test_offsets_grow_by_one_in_each_partition_apart(topics: Topics) -> None:
    acks = [await topics.events.append(partition, "log-a", b"x") for partition in (0, 1, 0, 0, 1)]

    assert [(ack.partition, ack.offset) for ack in acks] == [(0, 0), (1, 0), (0, 1), (0, 2), (1, 1)]
    assert (topics.events.end(0), topics.events.end(1)) == (3, 2)


@pytest.mark.anyio
async def test_the_two_topics_are_apart(topics: Topics) -> None:
    await topics.events.append(0, "log-a", b"event")
    await topics.listings.append(0, "log-a", b"listing")

    assert [record.value for record in read_all(topics.events, 0)] == [b"event"]
    assert [record.value for record in read_all(topics.listings, 0)] == [b"listing"]
    assert topics.listings.partitions == 1


@pytest.mark.anyio
async def test_every_one_of_many_appends_at_once_gets_an_offset_of_its_own(topics: Topics) -> None:
    values = [str(n).encode() for n in range(300)]

    acks = await asyncio.gather(*(topics.events.append(0, "log-a", value) for value in values))

    by_offset = {ack.offset: (value, ack.appended_at) for ack, value in zip(acks, values, strict=True)}
    records = read_all(topics.events, 0)
    assert [record.offset for record in records] == list(range(300))
    assert {record.offset: (record.value, record.appended_at) for record in records} == by_offset


def test_records_appended_together_lie_in_the_order_given(topics: Topics) -> None:
    records = numbered(1234)

    acks = topics.events.append_all(0, records)

    assert [ack.offset for ack in acks] == list(range(1234))
    read = read_all(topics.events, 0)
    assert [(record.key, record.value) for record in read] == records
    assert [Ack(0, record.offset, record.appended_at) for record in read] == acks


def test_records_near_the_limit_go_together_too(topics: Topics) -> None:
    records = [("log-a", bytes([65 + n]) * (LARGEST_RECORD - 10)) for n in range(5)]

    topics.events.append_all(0, records)

    assert [record.value for record in read_all(topics.events, 0)] == [value for _, value in records]


def test_appending_nothing_writes_nothing(topics: Topics) -> None:
    assert topics.events.append_all(0, []) == []
    assert topics.events.end(0) == 0


def test_appends_from_several_threads_keep_each_thread_s_order(topics: Topics) -> None:
    def relay(name: str) -> None:
        for start in range(0, 60, 20):
            topics.events.append_all(0, [(name, str(n).encode()) for n in range(start, start + 20)])

    threads = [threading.Thread(target=relay, args=(name,)) for name in ("log-a", "log-b", "log-c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)

    records = read_all(topics.events, 0)
    for name in ("log-a", "log-b", "log-c"):
        assert [int(record.value or b"") for record in records if record.key == name] == list(range(60))


def test_reading_goes_on_from_any_place(topics: Topics) -> None:
    topics.events.append_all(0, numbered(50))

    with closing(topics.events.reader(0)) as reader:
        for start in (0, 49, 7, 20):
            assert reader.read(start, limit=1, timeout=PATIENCE)[0].value == str(start).encode()
        assert reader.read(50) == []


def test_a_read_gives_no_more_than_its_limit_and_the_next_one_the_rest(topics: Topics) -> None:
    topics.events.append_all(0, numbered(25))

    with closing(topics.events.reader(0)) as reader:
        first = reader.read(0, limit=10, timeout=PATIENCE)
        rest = read_to(reader, len(first), 25)

    assert 0 < len(first) <= 10
    assert [record.offset for record in first + rest] == list(range(25))


def test_what_was_acknowledged_before_a_read_is_read_without_waiting(topics: Topics) -> None:
    with closing(topics.events.reader(0)) as reader:
        for n in range(20):
            topics.events.append_all(0, [("log-a", b"x")])
            assert [record.offset for record in reader.read(n)] == [n]


def test_a_reader_waiting_at_the_end_wakes_when_a_record_comes(topics: Topics) -> None:
    got: list[Raw] = []
    waiting = threading.Event()

    def wait() -> None:
        with closing(topics.events.reader(0)) as reader:
            reader.read(0)
            waiting.set()
            got.extend(reader.read(0, timeout=PATIENCE))

    thread = threading.Thread(target=wait)
    thread.start()
    assert waiting.wait(PATIENCE)
    started = time.monotonic()
    topics.events.append_all(0, [("log-a", b"news")])
    thread.join(PATIENCE)

    assert [record.value for record in got] == [b"news"]
    assert time.monotonic() - started < PATIENCE / 2


def test_a_reader_that_waits_in_vain_returns_nothing_after_its_time(topics: Topics) -> None:
    with closing(topics.events.reader(0)) as reader:
        started = time.monotonic()
        assert reader.read(0, timeout=0.3) == []
        assert 0.25 < time.monotonic() - started < 10


def test_a_place_beyond_the_end_is_refused(topics: Topics) -> None:
    topics.events.append_all(0, numbered(3))

    with closing(topics.events.reader(0)) as reader, pytest.raises(PlaceNotInLog):
        reader.read(4, timeout=PATIENCE)


@pytest.mark.anyio
async def test_a_record_of_the_largest_size_is_taken_and_a_larger_one_refused(topics: Topics) -> None:
    largest = b"x" * (LARGEST_RECORD - len("log-a"))

    await topics.events.append(0, "log-a", largest)
    with pytest.raises(RecordTooLarge):
        await topics.events.append(0, "log-a", largest + b"x")
    with pytest.raises(RecordTooLarge):
        topics.events.append_all(0, [("log-a", b"small"), ("log-a", largest + b"x")])

    assert [record.value for record in read_all(topics.events, 0)] == [largest]


@pytest.mark.anyio
async def test_a_partition_that_is_not_there_is_a_mistake_of_the_caller(topics: Topics) -> None:
    with pytest.raises(ValueError, match="no partition 2"):
        await topics.events.append(2, "log-a", b"x")
    with pytest.raises(ValueError, match="no partition 2"):
        topics.events.append_all(2, [("log-a", b"x")])
    with pytest.raises(ValueError, match="no partition 2"):
        topics.events.end(2)


@pytest.mark.anyio
async def test_beyond_the_cap_in_flight_a_caller_is_told_to_come_back(open_log: Open) -> None:
    topics = open_log(records_in_flight=4)

    outcomes = await asyncio.gather(
        *(topics.events.append(0, "log-a", b"x") for _ in range(10)), return_exceptions=True
    )

    busy = [outcome for outcome in outcomes if isinstance(outcome, LogBusy)]
    assert 0 < len(busy) <= 6  # a first record may be through, and its room free again, before the last one asks
    assert busy[0].retry_after >= 1
    assert topics.events.end(0) == 10 - len(busy)
    await topics.events.append(0, "log-a", b"room again")


@pytest.mark.anyio
async def test_a_cancelled_caller_leaves_the_log_working(topics: Topics) -> None:
    task = asyncio.create_task(topics.events.append(0, "log-a", b"x"))
    await asyncio.wait([task], timeout=0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    ack = await topics.events.append(0, "log-a", b"y")

    assert read_all(topics.events, 0)[ack.offset].value == b"y"


def test_a_log_opened_again_has_its_records_and_its_incarnation(open_log: Open) -> None:
    first = open_log(partitions=2)
    first.events.append_all(1, numbered(3))
    first.close()

    second = open_log(partitions=2)

    assert second.events.incarnation == first.events.incarnation
    assert second.events.incarnation != second.listings.incarnation
    assert [record.value for record in read_all(second.events, 1)] == [b"0", b"1", b"2"]
    assert second.events.append_all(1, numbered(1))[0].offset == 3


def test_partitions_may_be_added_and_never_go_away(open_log: Open) -> None:
    first = open_log(partitions=1)
    first.events.append_all(0, numbered(2))
    first.close()

    grown = open_log(partitions=3)
    assert grown.events.partitions == 3
    assert grown.events.append_all(2, numbered(1))[0].offset == 0
    grown.close()

    again = open_log(partitions=1)
    assert again.events.partitions == 3
    assert [record.value for record in read_all(again.events, 0)] == [b"0", b"1"]


def test_two_readers_see_the_same_records(topics: Topics) -> None:
    topics.events.append_all(0, numbered(100))

    assert read_all(topics.events, 0) == read_all(topics.events, 0)


def test_the_end_may_be_asked_from_several_threads(topics: Topics) -> None:
    topics.events.append_all(0, numbered(7))
    ends: list[int] = []

    def ask() -> None:
        ends.extend(topics.events.end(0) for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)

    assert ends == [7] * 80
