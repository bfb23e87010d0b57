"""The shapes that messages are made of: codes, labels, instants, references. No message of its own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from shared.quantities import Quantity

# Python's `$` also matches before a final newline; JSON Schema's does not. With this both mean the end.
END = r"$(?!\n)"

UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}" + END
LOG_PATTERN = r"^(sim-)?[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}" + END
CODE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}" + END
INSTANT_PATTERN = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])" + END
)

Uuid = Annotated[str, Meta(pattern=UUID_PATTERN)]
LogId = Annotated[str, Meta(pattern=LOG_PATTERN)]
Code = Annotated[str, Meta(pattern=CODE_PATTERN)]
Jurisdiction = Annotated[str, Meta(pattern=r"^[0-9]{6}" + END, description="GB/T 2260 code")]
Instant = Annotated[
    str,
    Meta(
        pattern=INSTANT_PATTERN,
        description="RFC 3339 instant with an offset",
        extra_json_schema={"format": "date-time"},
    ),
]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}" + END)]
# CloudEvents 1.0 forbids control characters in attributes, and PostgreSQL's text cannot hold U+0000.
PLAIN_PATTERN = r"^[^\u0000-\u001f\u007f-\u009f]+" + END
EventId = Annotated[str, Meta(pattern=PLAIN_PATTERN, max_length=128)]
Source = Annotated[str, Meta(pattern=r"^urn:jikao:(source|service):[a-z0-9][a-z0-9._-]{0,63}" + END)]
SourceName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}" + END)]
Year = Annotated[int, Meta(ge=1990, le=2100)]
Month = Annotated[int, Meta(ge=1, le=12)]
Count = Annotated[int, Meta(ge=0, le=10_000_000)]
Position = Annotated[int, Meta(ge=0, lt=2**53)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, description="No names of persons")]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class Shape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a message. Unknown members are refused; what is absent stays absent (never null)."""


class Label(Shape, frozen=True, kw_only=True):
    """A name in Chinese and, where there is one, in English."""

    zh: Name
    en: Name | UnsetType = UNSET


class Measure(Shape, frozen=True, kw_only=True):
    """One thing that is reported of a target or project. The first one declared is the judged one."""

    code: Code
    name: Label
    unit_of_measure: Code


class EntryRef(Shape, frozen=True, kw_only=True):
    """One entry of one submission: the submission's identity and the entry's 0-based place in it."""

    source: Source
    id: EventId
    entry: Annotated[int, Meta(ge=0, lt=1000)]


class Amount(Shape, frozen=True, kw_only=True):
    """A quantity (canonical decimal text) in a unit of measure."""

    value: Quantity
    unit_of_measure: Code


def refuse_no_instant(text: str) -> None:
    """ValueError for what looks like an instant but is none, such as 30 February: no reader could place it."""
    datetime.fromisoformat(text)


__all__ = [
    "Amount", "Code", "Count", "EntryRef", "EventId", "Instant", "Jurisdiction", "Label", "LogId", "Measure",
    "Month", "Name", "Position", "Quantity", "Reason", "Sha256", "Shape", "Source", "SourceName", "Text", "Uuid",
    "Year", "date",
]  # fmt: skip
