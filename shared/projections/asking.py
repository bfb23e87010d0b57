"""Where a question stands: from `as_of`, `known_at` or a pin to a position, its root and its date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from time import time
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from shared.calendars import last_instant, local_date
from shared.errors import Malformed
from shared.http.axes import AtDay, AtInstant, AtPosition, Axes, KnownAt, Pin
from shared.projections.read_side import NotYetRead
from shared.projections.tables import CoreTables

OPEN_FOR = 60_000_000
"""Microseconds for which an instant may still gain records: clocks of several machines may differ by so much."""


class AsOfInFuture(Malformed):
    """`as_of` may not lie after the log's today."""

    zh = "as_of 不得晚于日志当日。"


class KnownAtOutOfBounds(Malformed):
    """`known_at` may not lie before the log opened, in the future, or past its last record."""

    zh = "known_at 不得早于日志开启、晚于当前或超过最后一条记录。"


class PinDoesNotMatch(Malformed):
    """The pin's root is not the root of this log at that position."""

    zh = "pin 中的根与该日志在此位置的根不符。"


@dataclass(frozen=True, slots=True)
class Standpoint:
    """One question's place on both axes. `recorded_at` is in microseconds; `open` says records may still come."""

    log: str
    as_of: date
    position: int
    root: str
    recorded_at: int
    zone: str
    open: bool

    @property
    def pin(self) -> dict[str, object]:
        """As it stands in canonical documents."""
        return {
            "log": self.log,
            "as_of": self.as_of.isoformat(),
            "position": self.position,
            "root": self.root,
        }

    @property
    def text(self) -> str:
        """`<log>.<as_of>.<position>.<root hex>`."""
        return f"{self.log}.{self.as_of.isoformat()}.{self.position}.{self.root}"


# Every question begins with these, and to put a statement together costs more than to answer it.


@lru_cache
def _place(core: CoreTables) -> Select[Any]:
    return select(core.places).where(core.places.c.log == bindparam("log"))


def _of_log(core: CoreTables) -> Select[Any]:
    return select(core.records).where(core.records.c.log == bindparam("log"))


@lru_cache
def _newest(core: CoreTables) -> Select[Any]:
    return _of_log(core).order_by(core.records.c.position.desc()).limit(1)


@lru_cache
def _at(core: CoreTables) -> Select[Any]:
    return _of_log(core).where(core.records.c.position == bindparam("position"))


@lru_cache
def _recorded_by(core: CoreTables) -> Select[Any]:
    c = core.records.c
    up_to = _of_log(core).where(c.recorded_at <= bindparam("instant"))
    return up_to.order_by(c.recorded_at.desc(), c.position.desc()).limit(1)


def resolve(db: Connection, core: CoreTables, log: str, axes: Axes) -> Standpoint:
    """Where the question (without its `compare_*`) stands. Refuses what lies out of bounds, naming the bound."""
    return _resolve(db, core, log, axes.as_of, axes.known_at, axes.pin)


def resolve_compared(db: Connection, core: CoreTables, log: str, axes: Axes) -> Standpoint | None:
    """Where the other side of a comparison stands; None when nothing is compared.

    An axis that is not given for the comparison is the question's own.
    """
    if axes.compare_as_of is None and axes.compare_known_at is None:
        return None
    base = resolve(db, core, log, axes)
    known_at = axes.compare_known_at or AtPosition(base.position)
    return _resolve(db, core, log, axes.compare_as_of or base.as_of, known_at, None)


def _resolve(
    db: Connection, core: CoreTables, log: str, as_of: date | None, known_at: KnownAt | None, pin: Pin | None
) -> Standpoint:
    at = db.execute(_place(core), {"log": log}).mappings().one_or_none()
    newest = db.execute(_newest(core), {"log": log}).mappings().one_or_none()
    if at is None or newest is None:
        raise NotYetRead(retry_after=1)
    zone, simulated = str(at["zone"]), bool(at["simulated"])
    now = int(newest["recorded_at"]) if simulated else max(int(newest["recorded_at"]), int(time() * 1_000_000))
    today = local_date(now, zone)
    is_open = False
    if pin is not None:
        as_of, known_at = pin.as_of, AtPosition(pin.position)
        if pin.log != log:
            raise PinDoesNotMatch(log=pin.log)
    match known_at:
        case None:
            found = newest
        case AtPosition(position=position):
            found_or_none = db.execute(_at(core), {"log": log, "position": position}).mappings().one_or_none()
            if found_or_none is None:
                raise KnownAtOutOfBounds(position=position, last=newest["position"])
            found = found_or_none
        case AtInstant() | AtDay():
            instant = known_at.instant if isinstance(known_at, AtInstant) else last_instant(known_at.day, zone)
            if instant > now and not (isinstance(known_at, AtDay) and known_at.day == today):
                raise KnownAtOutOfBounds(known_at=str(known_at), today=today.isoformat())
            found_or_none = db.execute(_recorded_by(core), {"log": log, "instant": instant}).mappings().one_or_none()
            if found_or_none is None:
                raise KnownAtOutOfBounds(known_at=str(known_at), first="position:0")
            found = found_or_none
            is_open = not simulated and instant > int(time() * 1_000_000) - OPEN_FOR
    root = bytes(found["root"]).hex()
    if pin is not None and pin.root != root:
        raise PinDoesNotMatch(position=pin.position)
    if as_of is not None and as_of > today:
        raise AsOfInFuture(as_of=as_of.isoformat(), today=today.isoformat())
    return Standpoint(log, as_of or today, int(found["position"]), root, int(found["recorded_at"]), zone, is_open)


__all__ = [
    "AsOfInFuture", "KnownAtOutOfBounds", "PinDoesNotMatch", "Standpoint", "resolve",
    "resolve_compared",
]  # fmt: skip
