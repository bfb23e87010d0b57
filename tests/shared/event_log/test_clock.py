"""A writer whose clock and the log's disagree first says so, then stops."""

from __future__ import annotations

import pytest

from shared.event_log.clock import WriterClock
from shared.event_log.port import ClockSkewed

SECOND = 1_000_000


class Clocks:
    """The writer's clock and a stop-watch, set by hand."""

    def __init__(self) -> None:
        self.now = 1_000 * SECOND
        self.elapsed = 0.0
        self.heard: list[float] = []
        self.writer = WriterClock(
            "events",
            now=lambda: self.now,
            elapsed=lambda: self.elapsed,
            on_skew=lambda topic, partition, skew: self.heard.append(skew),
        )

    def append(self, skew: float, takes: float = 0.0, partition: int = 0) -> None:
        sent_at = self.writer.before(partition)
        appended_at = (self.now + round((takes + skew) * SECOND)) // 1000 * 1000
        self.now += round(takes * SECOND)
        self.writer.after(partition, sent_at, appended_at)


@pytest.mark.parametrize("skew", [0.0, 1.9, -1.9])
def test_clocks_that_nearly_agree_are_no_news(skew: float) -> None:
    clocks = Clocks()

    clocks.append(skew)

    assert clocks.heard == []


@pytest.mark.parametrize("skew", [2.5, -2.5, 59.0, -59.0])
def test_more_than_two_seconds_apart_alarms_and_goes_on_writing(skew: float) -> None:
    clocks = Clocks()

    clocks.append(skew)
    clocks.append(skew)

    assert clocks.heard == pytest.approx([skew, skew], abs=0.002)


@pytest.mark.parametrize("skew", [61.0, -61.0])
def test_more_than_a_minute_apart_stops_writing_after_the_record_that_showed_it(skew: float) -> None:
    clocks = Clocks()

    clocks.append(skew)

    with pytest.raises(ClockSkewed) as refusal:
        clocks.append(0.0)
    assert refusal.value.retry_after == 10
    clocks.append(0.0, partition=1)


def test_a_slow_acknowledgement_is_not_a_wrong_clock() -> None:
    clocks = Clocks()

    clocks.append(0.0, takes=90.0)
    clocks.append(-80.0, takes=90.0)

    assert clocks.heard == []


def test_while_stopped_one_append_in_ten_seconds_asks_again_and_agreement_opens_the_partition() -> None:
    clocks = Clocks()
    clocks.append(90.0)

    clocks.elapsed += 10
    clocks.append(90.0)
    with pytest.raises(ClockSkewed):
        clocks.append(0.0)
    clocks.elapsed += 10
    clocks.append(0.5)
    clocks.append(0.5)

    assert clocks.heard == pytest.approx([90.0, 90.0, 0.5], abs=0.002)
