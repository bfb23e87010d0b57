"""The two axes of every question about figures: the date it is about, and what was known.

Only reading is done here; what an instant or a day means in a log is resolved by whoever holds that log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query

from shared.errors import Malformed, Refusal

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_POSITION = re.compile(r"position:(0|[1-9][0-9]{0,18})")
# RFC 3339; a "+" that nobody escaped arrives in a query as a space.
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,12}))?"
    r"(?:[Zz]|([-+ ])([0-9]{2}):([0-9]{2}))"
)
_PIN = re.compile(
    r"((?:sim-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    r"\.([0-9]{4}-[0-9]{2}-[0-9]{2})\.(0|[1-9][0-9]{0,18})\.([0-9a-f]{64})"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_POSITION = 2**63 - 2  # 2^63 - 1 stands for "still"


class AsOfInvalid(Malformed):
    """A date is written as in 2009-07-31."""

    zh = "日期应写作 2009-07-31 的形式。"


class KnownAtInvalid(Malformed):
    """known_at is `position:1234`, an RFC 3339 instant with its offset, or a date."""

    zh = "known_at 应为 position:1234、带时区偏移的 RFC 3339 时刻,或日期。"


class PinInvalid(Malformed):
    """This is not a pin as we gave it."""

    zh = "这不是本系统给出的 pin。"


class PinExcludesAxes(Malformed):
    """A pin names its own date and position, so as_of and known_at cannot stand beside it."""

    zh = "pin 已含日期和位置,不能再同时给出 as_of 或 known_at。"


@dataclass(frozen=True, slots=True)
class AtPosition:
    """Known when this position was the last one."""

    position: int

    def __str__(self) -> str:
        return f"position:{self.position}"


@dataclass(frozen=True, slots=True)
class AtInstant:
    """Known at this instant, in microseconds since 1970."""

    instant: int

    def __str__(self) -> str:
        try:
            moment = _EPOCH.replace(tzinfo=None) + timedelta(microseconds=self.instant)
        except OverflowError:
            return f"{self.instant} microseconds since 1970"  # an offset reached beyond the years of a datetime
        return moment.isoformat() + "Z"


@dataclass(frozen=True, slots=True)
class AtDay:
    """Known at the end of this day in the jurisdiction's zone."""

    day: date

    def __str__(self) -> str:
        return self.day.isoformat()


KnownAt = AtPosition | AtInstant | AtDay


@dataclass(frozen=True, slots=True)
class Pin:
    """Exactly one state of knowledge; `root` is the Merkle root of size position + 1, 64 hex digits."""

    log: str
    as_of: date
    position: int
    root: str

    def text(self) -> str:
        """As it stands in answers and queries."""
        return f"{self.log}.{self.as_of.isoformat()}.{self.position}.{self.root}"


@dataclass(frozen=True, slots=True)
class Axes:
    """What the caller asked for; None where they left it open."""

    as_of: date | None = None
    known_at: KnownAt | None = None
    pin: Pin | None = None
    compare_as_of: date | None = None
    compare_known_at: KnownAt | None = None


def read_date(text: str) -> date | None:
    """The date of `2009-07-31`; None for any other text."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_instant(text: str) -> int | None:
    """Microseconds since 1970 of an RFC 3339 instant, finer digits cut; None for any other text."""
    parts = _INSTANT.fullmatch(text)
    day = read_date(parts[1]) if parts else None
    if parts is None or day is None:
        return None
    hour, minute, second = int(parts[2]), int(parts[3]), int(parts[4])
    ahead_hours, ahead_minutes = int(parts[7] or 0), int(parts[8] or 0)
    if hour > 23 or minute > 59 or second > 59 or ahead_hours > 23 or ahead_minutes > 59:
        return None
    ahead = timedelta(hours=ahead_hours, minutes=ahead_minutes) * (-1 if parts[6] == "-" else 1)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    # Differences only: an offset may reach beyond the years that a datetime can hold.
    elapsed = (midnight - _EPOCH) + timedelta(hours=hour, minutes=minute, seconds=second) - ahead
    fraction = int((parts[5] or "0").ljust(6, "0")[:6])
    return elapsed // timedelta(microseconds=1) + fraction


def read_known_at(text: str) -> KnownAt | None:
    """A position, an instant or a day; None for any other text."""
    if position := _POSITION.fullmatch(text):
        return AtPosition(int(position[1])) if int(position[1]) <= _MAX_POSITION else None
    if (instant := read_instant(text)) is not None:
        return AtInstant(instant)
    day = read_date(text)
    return None if day is None else AtDay(day)


def read_pin(text: str) -> Pin | None:
    """The pin of `<log>.<as_of>.<position>.<root>`; None for any other text."""
    parts = _PIN.fullmatch(text)
    as_of = read_date(parts[2]) if parts else None
    if parts is None or as_of is None or int(parts[3]) > _MAX_POSITION:
        return None
    return Pin(parts[1], as_of, int(parts[3]), parts[4])


_AS_OF_SCHEMA = {"format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_KNOWN_AT_SCHEMA = {
    "pattern": f"^({_POSITION.pattern}|{_INSTANT.pattern.replace('?:', '')}|{_DATE.pattern})$",
}
_KNOWN_AT_FORM = "`position:1234`, an RFC 3339 instant with its offset, or a date (the end of that day)"

_AsOf = Annotated[
    str | None,
    Query(
        description="The date the answer is about; today unless given.",
        examples=["2009-07-31"],
        json_schema_extra=_AS_OF_SCHEMA,
    ),
]
_KnownAt = Annotated[
    str | None,
    Query(
        description=f"What was known then: {_KNOWN_AT_FORM}; everything known now unless given.",
        examples=["position:1234"],
        json_schema_extra=_KNOWN_AT_SCHEMA,
    ),
]
_Pin = Annotated[
    str | None,
    Query(
        description="The pin of an earlier answer, to get that answer again; excludes as_of and known_at.",
        json_schema_extra={"pattern": f"^{_PIN.pattern}$"},
    ),
]
_CompareAsOf = Annotated[
    str | None,
    Query(
        description="A second date, to get both values and their difference.",
        examples=["2009-06-30"],
        json_schema_extra=_AS_OF_SCHEMA,
    ),
]
_CompareKnownAt = Annotated[
    str | None,
    Query(
        description=f"A second state of knowledge to compare with: {_KNOWN_AT_FORM}.",
        json_schema_extra=_KNOWN_AT_SCHEMA,
    ),
]


async def _axes(as_of: _AsOf = None, known_at: _KnownAt = None, pin: _Pin = None) -> Axes:
    if pin is not None and (as_of is not None or known_at is not None):
        beside = [name for name, given in (("as_of", as_of), ("known_at", known_at)) if given is not None]
        raise PinExcludesAxes(faults=[PinExcludesAxes().fault(f"/query/{name}") for name in beside])
    return Axes(as_of=_date("as_of", as_of), known_at=_known_at("known_at", known_at), pin=_pin(pin))


async def _compared_axes(
    axes: Annotated[Axes, Depends(_axes)],
    compare_as_of: _CompareAsOf = None,
    compare_known_at: _CompareKnownAt = None,
) -> Axes:
    return replace(
        axes,
        compare_as_of=_date("compare_as_of", compare_as_of),
        compare_known_at=_known_at("compare_known_at", compare_known_at),
    )


def _date(name: str, text: str | None) -> date | None:
    if text is None:
        return None
    found = read_date(text)
    if found is None:
        raise _refusal(AsOfInvalid, name)
    return found


def _known_at(name: str, text: str | None) -> KnownAt | None:
    if text is None:
        return None
    found = read_known_at(text)
    if found is None:
        raise _refusal(KnownAtInvalid, name)
    return found


def _pin(text: str | None) -> Pin | None:
    if text is None:
        return None
    found = read_pin(text)
    if found is None:
        raise _refusal(PinInvalid, "pin")
    return found


def _refusal(refusal: type[Refusal], name: str) -> Refusal:
    return refusal(faults=[refusal().fault(f"/query/{name}")])


AxesDep = Annotated[Axes, Depends(_axes)]
"""Of a question that stands at one place."""

ComparedAxesDep = Annotated[Axes, Depends(_compared_axes)]
"""Of a question that may be asked at two places at once, for both answers and how they differ."""

AxisRefusals = (AsOfInvalid, KnownAtInvalid, PinInvalid, PinExcludesAxes)
"""What a route that takes the axes may refuse, for its `responses=problems(…)`."""
