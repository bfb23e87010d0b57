"""The clock of a simulated log: set by hand, and only forward."""

from __future__ import annotations

from datetime import datetime

from services.targets.errors.logs import ClockOnlyMovesForward
from shared.contracts.logs import ClockSet
from shared.contracts.shapes import Shape
from shared.deciding import Fact, Stream


def clock_stream() -> Stream[datetime | None]:
    """The settings of a log's clock; the state is the last one."""
    return Stream("clock", None, evolve)


def set_clock(instant: str, last: datetime | None, began: datetime) -> list[Fact]:
    """ClockOnlyMovesForward unless `instant` is later than the last setting, or than the log's beginning.

    `instant` is RFC 3339 text that is known to be an instant: the log's readers rely on it.
    """
    stands = max(last, began) if last else began
    if datetime.fromisoformat(instant) <= stands:
        raise ClockOnlyMovesForward(stands_at=stands.isoformat(), faults=[ClockOnlyMovesForward().fault("/instant")])
    return [Fact(ClockSet(instant=instant))]


def evolve(last: datetime | None, fact: Shape) -> datetime | None:
    """Remember."""
    return datetime.fromisoformat(fact.instant) if isinstance(fact, ClockSet) else last
