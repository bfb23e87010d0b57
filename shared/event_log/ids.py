"""Identities that go into the log.

Ours are UUIDv7 (RFC 9562), those derived from a caller's key are UUIDv5.
"""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from functools import lru_cache
from typing import Final

_RANDOM_BITS: Final = 74
_STEP_BITS: Final = 32

_lock = threading.Lock()
_last_ms = 0
_last_random = 0


def uuid7() -> str:
    """A new UUIDv7, lower case.

    Within this process each one sorts after the one before (RFC 9562, 6.2, method 2).
    """
    global _last_ms, _last_random
    with _lock:
        now_ms = time.time_ns() // 1_000_000
        if now_ms > _last_ms:
            _last_ms = now_ms
            _last_random = secrets.randbits(_RANDOM_BITS)
        else:
            # The same millisecond, or the clock was set back: count on in random steps from the last one.
            _last_random += 1 + secrets.randbits(_STEP_BITS)
            if _last_random >> _RANDOM_BITS:
                _last_ms += 1
                _last_random = secrets.randbits(_RANDOM_BITS)
        milliseconds, random = _last_ms, _last_random
    high, low = random >> 62, random & ((1 << 62) - 1)
    return str(uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low))


def log_id(simulated: bool) -> str:
    """A new log id; that of a log with a simulated clock begins with `sim-`, so that every pin says so."""
    return f"sim-{uuid7()}" if simulated else uuid7()


def event_id(source: str, key: str, n: int = 0) -> str:
    """The id of the event that `source` asked for under an Idempotency-Key, the same at every repeat.

    `n` > 0 gives the n-th further event of the same command.
    """
    return str(uuid.uuid5(_namespace(source), f"{key}#{n}" if n else key))


@lru_cache(maxsize=4096)
def _namespace(source: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, source)
