"""The control topic, folded: who is first has the log, and what is no listing lists nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shared import canonical
from shared.event_log.directory import Directory, Listing, listing_record
from shared.event_log.embedded import open_embedded
from shared.event_log.ids import log_id
from shared.event_log.port import Topics

NOW = 1_243_814_400_123_000
RECORD_0 = "ab" * 32


@pytest.fixture
def topics(tmp_path: Path) -> Iterator[Topics]:
    with closing(open_embedded(tmp_path)) as topics:
        yield topics


@pytest.fixture
def directory(topics: Topics) -> Iterator[Directory]:
    with closing(Directory(topics.listings)) as directory:
        yield directory


def listing(jurisdiction: str = "330100", partition: int = 0, log: str | None = None) -> Listing:
    return Listing(log or log_id(simulated=False), jurisdiction, partition, RECORD_0)


def publish(topics: Topics, *listings: Listing) -> None:
    topics.listings.append_all(0, [listing_record(each, NOW) for each in listings])


def test_a_listed_log_is_found_by_its_id_its_jurisdiction_and_its_partition(
    topics: Topics, directory: Directory
) -> None:
    city, county = listing("330100", 0), listing("330122", 1, log_id(simulated=True))
    publish(topics, city, county)

    directory.refresh()

    assert directory.by_log(county.log) == county
    assert directory.by_jurisdiction("330100") == city
    assert directory.in_partition(1) == [county]
    assert directory.by_log("nowhere") is None
    assert directory.rejected == ()


def test_a_directory_knows_what_its_last_refresh_read(topics: Topics, directory: Directory) -> None:
    directory.refresh()
    publish(topics, listing("330100"))
    assert directory.by_jurisdiction("330100") is None

    directory.refresh()

    assert directory.by_jurisdiction("330100") is not None


def test_the_first_listing_of_a_log_and_of_a_jurisdiction_wins(topics: Topics, directory: Directory) -> None:
    first = listing("330100", 0)
    publish(topics, first, listing("330122", 1, first.log), listing("330100", 2))

    directory.refresh()

    assert directory.by_log(first.log) == first
    assert directory.by_jurisdiction("330100") == first
    assert directory.by_jurisdiction("330122") is None
    assert [rejected.reason for rejected in directory.rejected] == [
        "this log is listed already",
        "this jurisdiction has an open log already",
    ]


def test_a_listing_published_twice_is_no_news(topics: Topics, directory: Directory) -> None:
    once = listing()
    publish(topics, once, once)

    directory.refresh()

    assert directory.in_partition(0) == [once]
    assert directory.rejected == ()


def changed(**changes: Any) -> bytes:
    event = json.loads(listing_record(listing(), NOW)[1])
    for name, value in changes.items():
        (event["data"] if name in event["data"] else event)[name] = value
    return json.dumps(event).encode()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"\xff", "not valid as a listing"),
        (b"", "not valid as a listing"),
        (b"[]", "not valid as a listing"),
        (changed(specversion="0.3"), "not valid as a listing"),
        (changed(type="jikao.log.opened.v1"), "not a listing"),
        (changed(source="urn:jikao:source:county"), "not from the service that lists logs"),
        (changed(data={}), "not valid as a listing"),
        (changed(data=None), "not valid as a listing"),
        (changed(log="330100"), "not valid as a listing"),
        (changed(jurisdiction=""), "not valid as a listing"),
        (changed(partition=True), "not valid as a listing"),
        (changed(partition=-1), "not valid as a listing"),
        (changed(record0_sha256="AB" * 32), "not valid as a listing"),
        (changed(jurisdiction="Hangzhou"), "not valid as a listing"),
        (changed(), "its key is not the log it lists"),
    ],
)
def test_what_is_no_listing_is_ignored_and_reported(
    topics: Topics, directory: Directory, value: bytes, reason: str
) -> None:
    good = listing()
    topics.listings.append_all(0, [("another-key", value), listing_record(good, NOW)])

    directory.refresh()

    (rejected,) = directory.rejected
    assert (rejected.offset, rejected.reason.split(":")[0]) == (0, reason)
    assert directory.by_log(good.log) == good


def test_a_refresh_may_wait_for_the_next_listing(topics: Topics, directory: Directory) -> None:
    directory.refresh()
    thread = threading.Thread(target=directory.refresh, kwargs={"timeout": 30.0})
    thread.start()

    publish(topics, listing("330100"))
    thread.join(30.0)

    assert directory.by_jurisdiction("330100") is not None


def test_a_listing_is_a_canonical_cloudevent_whose_id_follows_from_the_log() -> None:
    city = listing("330100", 3)
    key, value = listing_record(city, NOW, actor="clerk")
    event = json.loads(value)

    assert key == city.log
    assert canonical.encode(event) == value
    assert event["time"] == "2009-06-01T00:00:00.123Z"
    assert event["subject"] == f"logs/{city.log}"
    assert (event["log"], event["actor"], event["authrole"], event["authscope"]) == (city.log, "clerk", "admin", "all")
    assert event["data"] == {
        "log": city.log,
        "jurisdiction": "330100",
        "partition": 3,
        "record0_sha256": RECORD_0,
    }
    assert json.loads(listing_record(city, NOW + 1_000_000)[1])["id"] == event["id"]
