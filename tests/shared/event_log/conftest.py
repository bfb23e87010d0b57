"""A log of each kind, fresh for each test, which the test may open again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from shared.event_log.clock import wall_clock
from shared.event_log.embedded import open_embedded
from shared.event_log.kafka.opening import open_kafka
from shared.event_log.kafka.settings import KafkaSettings
from shared.event_log.port import InFlight, Topics

Open = Callable[..., Topics]


@pytest.fixture(params=["embedded", "kafka"])
def open_log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the test's log with so many partitions of events, records in flight, and a writer's clock."""
    with ExitStack() as opened:
        if request.param == "kafka":
            bootstrap: str = request.getfixturevalue("broker").bootstrap
            prefix: str = request.getfixturevalue("kafka_prefix")

        def open_log(partitions: int = 1, records_in_flight: int = 1024, now: Callable[[], int] = wall_clock) -> Topics:
            if request.param == "embedded":
                topics = open_embedded(tmp_path, partitions, now=now, in_flight=InFlight(records_in_flight))
            else:
                settings = KafkaSettings(
                    bootstrap=bootstrap,
                    profile="single-broker",
                    partitions=partitions,
                    prefix=prefix,
                    records_in_flight=records_in_flight,
                )
                topics = open_kafka(settings, now=now)
            opened.callback(topics.close)
            return topics

        yield open_log


@pytest.fixture
def topics(open_log: Open) -> Topics:
    """One log of two partitions."""
    return open_log(partitions=2)
