"""The calendar of an assessment year: how much of it has passed, and to which local day an instant belongs.

Progress is judged against the time that has passed, and figures belong to local days while the log counts
microseconds since 1970 (UTC). Everything is exact: fractions of the year, whole days, integer microseconds.
"""

from calendar import isleap, monthrange
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from types import MappingProxyType
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.errors import Malformed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LAST_MILLISECOND = time(23, 59, 59, 999_000, fold=1)  # fold: where clocks are put back, the later of the two


class UnknownTimeZone(Malformed):
    """There is no such time zone in the IANA database."""

    zh: ClassVar[str] = "时区不存在。"


def month_end(year: int, month: int) -> date:
    """The last day of the month (1..12)."""
    return date(year, month, monthrange(year, month)[1])


def by_month(as_of: date) -> Fraction:
    """Completed months / 12: a month counts once its last day is reached (31 August is 8/12, 30 August 7/12).

    The default of published bulletins; between month ends it stands still.
    """
    running = as_of < month_end(as_of.year, as_of.month)
    return Fraction(as_of.month - running, 12)


def by_day(as_of: date) -> Fraction:
    """Day of the year / days in the year, the day itself included."""
    return Fraction(as_of.timetuple().tm_yday, 366 if isleap(as_of.year) else 365)


METHODS: Mapping[str, Callable[[date], Fraction]] = MappingProxyType({"by_month": by_month, "by_day": by_day})
"""The time-progress methods by the name that the data of a year stores."""


def local_date(instant_us: int, zone: str) -> date:
    """The local day of an instant (microseconds since 1970 UTC) in an IANA zone. Raises UnknownTimeZone."""
    return (_EPOCH + instant_us * _MICROSECOND).astimezone(_zone(zone)).date()


def last_instant(day: date, zone: str) -> int:
    """The last whole millisecond of a local day, in microseconds since 1970 UTC. Raises UnknownTimeZone.

    A millisecond, because the log's times are whole milliseconds: recorded_at <= this means "by that day".
    """
    last = datetime.combine(day, _LAST_MILLISECOND, _zone(zone))
    return (last - _EPOCH) // _MICROSECOND


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown; not a plain name; a folder such as "Asia"
        raise UnknownTimeZone(zone=name) from None
