"""Does a thread that works in the background still go round? It beats its heart, and an operator is told when not."""

from __future__ import annotations

import time
from collections.abc import Callable

from shared.errors import Refusal

STALE_AFTER = 60.0
"""Seconds without a beat after which a thread is taken to be stuck: several times its longest batch or time-out."""


class Heartbeat:
    """Beaten by one thread, read by any."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """`now` is a clock in seconds that is never set."""
        self._now = now
        self._last = now()

    def beat(self) -> None:
        """Say that the thread goes round."""
        self._last = self._now()

    def age(self) -> float:
        """Seconds since the last beat, or since this heart was made."""
        return self._now() - self._last

    def stuck(self, who: str) -> str | None:
        """One sentence when the last beat is too long ago."""
        age = self.age()
        return f"{who} has not moved for {age:.0f} s: restart the service" if age > STALE_AFTER else None


def why(error: BaseException) -> str:
    """What an operator is told of an error. A refusal says it itself; of anything else the words stay in the log."""
    return error.sentence() if isinstance(error, Refusal) else f"{type(error).__name__}, the log says why"
