"""How often may one client call? A token bucket each: a burst at once, then a steady rate."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from shared.errors import TooMany

CLIENTS_REMEMBERED = 10_000
"""The least recently seen are forgotten, which gives them a full bucket: harmless, for they were quiet."""


class RateExceeded(TooMany):
    """This client calls more often than it may; wait as long as Retry-After says."""

    zh = "该客户端的请求超过频率限制,请按 Retry-After 指示的秒数等待。"

    def __init__(self, *, retry_after: int, per_second: int, burst: int) -> None:
        super().__init__(per_second=per_second, burst=burst)
        self.retry_after = retry_after


class Rates:
    """The buckets of all clients of this process. Belongs to one event loop."""

    def __init__(self, per_second: int, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> None:
        """Count one request of a client; RateExceeded when its bucket is empty."""
        now = self._clock()
        left, seen = self._buckets.pop(client, (float(self._burst), now))
        left = min(float(self._burst), left + (now - seen) * self._per_second)
        enough = left >= 1
        self._buckets[client] = (left - 1 if enough else left, now)
        if len(self._buckets) > CLIENTS_REMEMBERED:
            self._buckets.popitem(last=False)
        if not enough:
            wait = math.ceil((1 - left) / self._per_second)
            raise RateExceeded(retry_after=max(1, wait), per_second=self._per_second, burst=self._burst)


__all__ = ["CLIENTS_REMEMBERED", "RateExceeded", "Rates"]
