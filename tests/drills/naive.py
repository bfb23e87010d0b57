"""The naive list: a log's records read one by one into a list of entries, and questions answered by looking through it.

Written against the documents, not with the code under test: it knows only what a drill's clients send.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
Series = tuple[str, str]
"""A target and a unit, by their codes."""
SUBMITTED = "jikao.progress.submitted.v1"


@dataclass
class Row:
    """One entry that counted: what it says from its position on, until (not including) `closed`."""

    series: Series
    on: str
    source: str
    id: str
    entry: int
    position: int
    value: str
    verified: list[tuple[int, str]] = field(default_factory=list)
    closed: int | None = None

    def counts(self, known_at: int) -> bool:
        """Does it count, as known at a position?"""
        return self.position <= known_at and (self.closed is None or self.closed > known_at)

    def best(self, known_at: int) -> tuple[str, str]:
        """The value that counts and its standing: verified, else reported."""
        verified = [value for position, value in self.verified if position <= known_at]
        return (verified[-1], "verified") if verified else (self.value, "reported")


@dataclass
class Record:
    """One record as the auditors' list shows it, and what the naive list makes of it."""

    position: int
    offset: int
    recorded_at: int
    value: bytes
    event: Json
    shown: Json
    status: str = ""
    refused: dict[int, str] = field(default_factory=dict)
    """Entries that do not count, and why."""

    @property
    def identity(self) -> tuple[str, str]:
        """Source and id."""
        return self.event["source"], self.event["id"]


def read(items: Sequence[Json]) -> list[Record]:
    """The records of a list of them."""
    found = []
    for item in items:
        value = base64.b64decode(item["value"])
        found.append(Record(item["position"], item["offset"], item["recorded_at"], value, json.loads(value), item))
    return found


class NaiveList:
    """All entries that ever counted, in the order of the log."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.rows: list[Row] = []
        self.targets: dict[str, int] = {}
        """Targets by code, and the position at which each was issued."""
        self._codes: dict[str, str] = {}
        self._units: dict[str, str] = {}
        self._parts: dict[Series, int] = {}
        self._locked: set[str] = set()
        self._taken: dict[tuple[str, str], Json] = {}
        self._by_name: dict[tuple[str, str, int], Row] = {}
        self._open: dict[tuple[Series, str], Row] = {}
        for record in records:
            record.status = self._take(record)

    def levels(self, as_of: str, known_at: int) -> dict[Series, Row]:
        """The row that is the level of each series on a day, as known at a position."""
        best: dict[Series, Row] = {}
        for row in self.rows:
            level = best.get(row.series)
            if row.counts(known_at) and row.on <= as_of and (level is None or level.on < row.on):
                best[row.series] = row
        return best

    def of_target(self, code: str, as_of: str, known_at: int) -> Iterator[Row]:
        """Every entry made about a target up to a day, whether it still counts or not."""
        return (r for r in self.rows if r.series[0] == code and r.on <= as_of and r.position <= known_at)

    def total(self, code: str, as_of: str, known_at: int) -> Decimal | None:
        """The sum of a target's levels; None while there is none."""
        levels = [row for series, row in self.levels(as_of, known_at).items() if series[0] == code]
        return sum((Decimal(row.best(known_at)[0]) for row in levels), Decimal(0)) if levels else None

    def _take(self, record: Record) -> str:
        event, data = record.event, record.event["data"]
        content = {name: event.get(name) for name in ("type", "subject", "time", "data")}
        if (before := self._taken.get(record.identity)) is not None:
            return "duplicate" if before == content else "reused"
        if event["type"] == SUBMITTED:
            if not self._submitted(record, data["entries"]):
                return "refused"
        else:
            self._fact(record, event["type"], data)
        self._taken[record.identity] = content
        return "counted"

    def _fact(self, record: Record, type: str, data: Json) -> None:
        match type:
            case "jikao.unit.registered.v2":
                self._units[data["unit"]] = data["code"]
            case "jikao.target.issued.v2":
                self._codes[data["target"]] = data["code"]
                self.targets[data["code"]] = record.position
            case "jikao.assignment.made.v2":
                self._parts[self._codes[data["target"]], self._units[data["unit"]]] = record.position
            case "jikao.period.locked.v1":
                self._locked.add(f"{data['year']}-{data['month']:02d}")
            case "jikao.period.unlocked.v1":
                self._locked.remove(f"{data['year']}-{data['month']:02d}")
            case "jikao.value.verified.v1":
                row = self._named(data["entry"])
                if row is not None and row.closed is None:
                    row.verified.append((record.position, data["value"]))

    def _submitted(self, record: Record, entries: Sequence[Json]) -> bool:
        """Every entry is judged as the records before this one left things; then those that count take effect."""
        judged = [self._refusal(entry) for entry in entries]
        record.refused = {n: why for n, why in enumerate(judged) if why is not None}
        for n, entry in enumerate(entries):
            if n in record.refused:
                continue
            if entry["kind"] == "withdrawal":
                self._close(self._named(entry["withdraws"]), record.position)
                continue
            if "corrects" in entry:
                self._close(self._named(entry["corrects"]), record.position)
            series, on = (entry["target"], entry["unit"]), entry["effective_on"]
            self._close(self._open.get((series, on)), record.position)
            row = Row(series, on, *record.identity, n, record.position, entry["value"])
            self.rows.append(row)
            self._open[series, on] = self._by_name[row.source, row.id, n] = row
        return len(record.refused) < len(entries)

    def _refusal(self, entry: Json) -> str | None:
        if entry["kind"] != "withdrawal":
            if entry["target"] not in self.targets:
                return "TARGET_UNKNOWN"
            if (entry["target"], entry["unit"]) not in self._parts:
                return "PART_UNKNOWN"
            if entry["effective_on"][:7] in self._locked:
                return "PERIOD_IS_LOCKED"
        named = entry.get("withdraws") or entry.get("corrects")
        if named is None:
            return None
        row = self._named(named)
        if row is None:
            return "ENTRY_NOT_COUNTED"
        return "PERIOD_IS_LOCKED" if row.on[:7] in self._locked else None

    def _named(self, ref: Json) -> Row | None:
        return self._by_name.get((ref["source"], ref["id"], ref["entry"]))

    def _close(self, row: Row | None, position: int) -> None:
        """It no longer counts. What was closed before stays closed since then."""
        if row is not None and row.closed is None:
            row.closed = position
            del self._open[row.series, row.on]


def leaf_hash(record: Record) -> bytes:
    """RFC 6962's hash of position, instant and the hash of the stored bytes."""
    leaf = record.position.to_bytes(8) + record.recorded_at.to_bytes(8) + hashlib.sha256(record.value).digest()
    return hashlib.sha256(b"\x00" + leaf).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root of a tree over at least one leaf, word by word as RFC 6962 defines it."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root(leaves[:k]) + root(leaves[k:])).digest()
