"""Do this writer and the log agree on the time? recorded_at is evidence, so each acknowledgement is compared.

Over 2 seconds apart raises an alarm; over 60 seconds stops writing to that partition. There is no way to ask
a broker for its time but to write, so while stopped one append every 10 seconds is let through as the
question; the first one that agrees opens the partition again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from shared.event_log.port import ClockSkewed

ALARM_OVER: Final = 2_000_000
STOP_OVER: Final = 60_000_000
ASK_AGAIN_AFTER: Final = 10
"""Seconds between two appends let through while stopped."""

OnSkew = Callable[[str, int, float], None]
"""Called with topic, partition and the skew in seconds (positive: the log is ahead), for a metric."""

log = logging.getLogger(__name__)


def wall_clock() -> int:
    """This machine's time, in microseconds since 1970."""
    return time.time_ns() // 1000


class WriterClock:
    """Watches one topic's acknowledgements.

    Partitions are judged apart, since their leaders are different machines.
    """

    def __init__(
        self,
        topic: str,
        *,
        now: Callable[[], int] = wall_clock,
        elapsed: Callable[[], float] = time.monotonic,
        on_skew: OnSkew | None = None,
    ) -> None:
        """`now` is the writer's clock in microseconds, `elapsed` a clock in seconds that is never set."""
        self.now = now
        self._topic = topic
        self._elapsed = elapsed
        self._on_skew = on_skew
        self._ask_again_at: dict[int, float] = {}
        self._alarmed: set[int] = set()
        self._lock = threading.Lock()

    def before(self, partition: int) -> int:
        """Call before an append; returns the time to pass to `after`. Raises ClockSkewed while stopped."""
        if self._ask_again_at:
            with self._lock:
                ask_again_at = self._ask_again_at.get(partition)
                if ask_again_at is not None:
                    if self._elapsed() < ask_again_at:
                        raise ClockSkewed(retry_after=ASK_AGAIN_AFTER)
                    self._ask_again_at[partition] = self._elapsed() + ASK_AGAIN_AFTER
        return self.now()

    def after(self, partition: int, sent_at: int, appended_at: int) -> None:
        """Judge one acknowledgement. Never raises: this record is on the log, only later ones are refused."""
        # A record appended between sending and acknowledging agrees, however long that took.
        # The log cuts its time to the millisecond, hence the 999.
        behind = min(0, appended_at - (sent_at - 999))
        skew = behind or max(0, appended_at - self.now())
        if abs(skew) <= ALARM_OVER and not self._alarmed:
            return
        with self._lock:
            if abs(skew) <= ALARM_OVER:
                if partition in self._alarmed:
                    log.warning("clocks agree again: topic %s partition %d", self._topic, partition)
                self._alarmed.discard(partition)
            else:
                log.warning(
                    "clock skew: topic %s partition %d is %+.3f s from this machine's clock",
                    self._topic, partition, skew / 1_000_000,
                )  # fmt: skip
                self._alarmed.add(partition)
            if abs(skew) > STOP_OVER:
                self._ask_again_at[partition] = self._elapsed() + ASK_AGAIN_AFTER
            else:
                self._ask_again_at.pop(partition, None)
        if self._on_skew is not None:
            self._on_skew(self._topic, partition, skew / 1_000_000)
