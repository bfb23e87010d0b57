"""The naive model: a plain list of what was sent and where it stands in the log, played again for every question.

Written from the documents, not from the code under test: it keeps no ranges and no indexes. What was known at a
position is what comes of playing the facts up to it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

Json = dict[str, Any]
Ref = tuple[str, int]
"""An entry: the id of its submission and its place in it. All submissions of a history have one source."""


@dataclass(frozen=True)
class Clock:
    """The log's day is this one from here on."""

    today: date


@dataclass(frozen=True)
class Issued:
    """A target with a value from the first of January."""

    code: str
    value: str


@dataclass(frozen=True)
class Adjusted:
    """It has another value from a date on."""

    code: str
    value: str
    on: date


@dataclass(frozen=True)
class Assigned:
    """A unit has a part of it, with a value of its own, from the first of January."""

    code: str
    unit: str


@dataclass(frozen=True)
class HandedOver:
    """The part is the successor's from a date on; with `carries`, what was reported before goes on counting."""

    code: str
    unit: str
    successor: str
    on: date
    carries: bool


@dataclass(frozen=True)
class Lock:
    """A month of all targets, or of one, is closed to figures, or open again."""

    month: int
    code: str | None
    closed: bool


@dataclass(frozen=True)
class Submitted:
    """Figures and withdrawals, as they were sent."""

    id: str
    entries: tuple[Json, ...]


@dataclass(frozen=True)
class Stood:
    """What the office or the certifying body says of an entry; a returned one counts as not reported."""

    ref: Ref
    standing: Literal["verified", "certified", "returned"]
    value: str = "0"


Fact = Clock | Issued | Adjusted | Assigned | HandedOver | Lock | Submitted | Stood


@dataclass(eq=False)
class Part:
    """What one unit answers for, on [begins, ends)."""

    unit: str
    begins: date
    ends: date = date.max
    before: Part | None = None
    """The part whose levels it carries on."""

    def holds(self, day: date) -> bool:
        return self.begins <= day < self.ends


@dataclass(eq=False)
class Row:
    """One entry that counted."""

    code: str
    part: Part
    on: date
    value: str
    current: bool = True
    stood: dict[str, str] = field(default_factory=dict)

    def best(self) -> tuple[Decimal, str]:
        standing = next((name for name in ("certified", "verified") if name in self.stood), "reported")
        return Decimal(self.stood.get(standing, self.value)), standing


@dataclass
class Known:
    """The city after some facts."""

    today: date = date.min
    values: dict[str, list[tuple[date, str]]] = field(default_factory=dict)
    parts: dict[str, list[Part]] = field(default_factory=dict)
    closed: set[tuple[int, str | None]] = field(default_factory=set)
    taken: dict[str, tuple[Json, ...]] = field(default_factory=dict)
    rows: dict[Ref, Row] = field(default_factory=dict)
    returned: set[Ref] = field(default_factory=set)

    def take(self, fact: Fact) -> list[str | None] | str:
        """What a fact changes; of figures, what becomes of each entry: None when it counts, else why it does not."""
        match fact:
            case Clock(today):
                self.today = today
            case Issued(code, value):
                self.values[code], self.parts[code] = [(date(2009, 1, 1), value)], []
            case Adjusted(code, value, on):
                self.values[code].append((on, value))
            case Assigned(code, unit):
                self.parts[code].append(Part(unit, date(2009, 1, 1)))
            case HandedOver(code, unit, successor, on, carries):
                old = next(part for part in self.parts[code] if part.unit == unit and part.ends == date.max)
                old.ends = on
                self.parts[code].append(Part(successor, on, before=old if carries else None))
            case Lock(month, code, True):
                self.closed.add((month, code))
            case Lock(month, code, False):
                self.closed.remove((month, code))
            case Submitted():
                return self._submitted(fact)
            case Stood(ref, "returned"):
                self.rows[ref].current = False
                self.returned.add(ref)
            case Stood(ref, standing, value):
                self.rows[ref].stood[standing] = value
        return []

    def judged(self, entries: Sequence[Json], *, at_the_door: bool = False) -> list[str | None]:
        """Why each entry does not count. The door has no ledger: what an entry names it takes on trust."""
        found = [self._refusal(entry, at_the_door) for entry in entries]
        places = [self._place(entry) if why is None else None for entry, why in zip(entries, found, strict=True)]
        if at_the_door:
            places = [None if place is not None and place[0] == "withdrawn" else place for place in places]
        often = Counter(place for place in places if place is not None)
        return ["STATED_TWICE" if place and often[place] > 1 else why for place, why in zip(places, found, strict=True)]

    def remembered(self, id: str) -> bool:
        """Does the door know that this id is taken? What came of corrections and withdrawals it leaves to the log."""
        sent = enumerate(self.taken.get(id, ()))
        return any((id, n) in self.rows and "corrects" not in entry for n, entry in sent)

    def standing(self, ref: Ref, wanted: str) -> str | None:
        """Why the office cannot say this of the entry."""
        row = self.rows.get(ref)
        if ref in self.returned:
            return "ENTRY_IS_RETURNED"
        if row is None:
            return "ENTRY_UNKNOWN"
        if not row.current:
            return "ENTRY_NOT_CURRENT"
        if "certified" in row.stood and wanted != "certified":
            return "ENTRY_IS_CERTIFIED"
        return "ENTRY_IS_NOT_VERIFIED" if wanted == "certified" and not row.stood else None

    def level(self, code: str, part: Part, day: date) -> Row | None:
        """The latest row at or before the day, of the part itself or else of those it carries on."""
        while True:
            found = [row for row in self.rows.values() if row.current and row.part is part and row.on <= day]
            if found or part.before is None:
                return max(found, key=lambda row: row.on, default=None)
            part, day = part.before, min(day, part.begins - timedelta(days=1))

    def figure(self, code: str, day: date) -> Json | None:
        """A target on a day: its value, each part's level, their sum."""
        if code not in self.values:
            return None
        levels = {part.unit: self.level(code, part, day) for part in self.parts[code] if part.holds(day)}
        told = {unit: None if row is None else (*row.best(), row.on) for unit, row in levels.items()}
        reported = [level[0] for level in told.values() if level is not None]
        in_force = max((at for at in enumerate(self.values[code]) if at[1][0] <= day), key=lambda at: (at[1][0], at[0]))
        return {"value": Decimal(in_force[1][1]), "levels": told, "sum": sum(reported) if reported else None}

    def held_by(self, unit: str, day: date) -> Json:
        """A unit's targets on a day, and how far its own part of each is."""
        figures = {code: self.figure(code, day) or {} for code in self.values}
        return {code: told["levels"][unit] for code, told in figures.items() if unit in told["levels"]}

    def sums(self, day: date) -> Json:
        """The whole city on a day: of each target its value and its sum."""
        figures = {code: self.figure(code, day) or {} for code in self.values}
        return {code: (told["value"], told["sum"]) for code, told in figures.items()}

    def _submitted(self, fact: Submitted) -> list[str | None] | str:
        if (before := self.taken.get(fact.id)) is not None:
            return "duplicate" if before == fact.entries else "reused"
        judged = self.judged(fact.entries)
        for n, (entry, why) in enumerate(zip(fact.entries, judged, strict=True)):
            if why is not None:
                continue
            for name in ("corrects", "withdraws"):
                if name in entry:
                    self.rows[_ref(entry[name])].current = False
            if entry["kind"] == "target":
                code, on, part = entry["target"], date.fromisoformat(entry["effective_on"]), self._part(entry)
                assert isinstance(part, Part)
                for row in self.rows.values():
                    if row.part is part and row.on == on:
                        row.current = False
                self.rows[fact.id, n] = Row(code, part, on, entry["value"])
        if None in judged:
            self.taken[fact.id] = fact.entries
        return judged

    def _refusal(self, entry: Json, at_the_door: bool) -> str | None:
        if entry["kind"] == "target":
            code, on = entry["target"], date.fromisoformat(entry["effective_on"])
            if on.year != 2009:
                return "YEAR_IS_NOT_OPEN"
            if on > self.today:
                return "DATE_IN_FUTURE"
            if code not in self.values:
                return "TARGET_UNKNOWN"
            part = self._part(entry)
            if isinstance(part, str):
                return part
            if self._is_closed(on, code):
                return "PERIOD_IS_LOCKED"
        named = entry.get("corrects") or entry.get("withdraws")
        if named is None or at_the_door:
            return None
        row = self.rows.get(_ref(named)) if _ref(named)[0] in self.taken else None
        if row is None:
            return "ENTRY_NOT_COUNTED"
        return "PERIOD_IS_LOCKED" if self._is_closed(row.on, row.code) else None

    def _part(self, entry: Json) -> Part | str:
        on = date.fromisoformat(entry["effective_on"])
        found = [part for part in self.parts[entry["target"]] if part.holds(on)]
        if "unit" in entry:
            found = [part for part in found if part.unit == entry["unit"]]
        return "PART_UNKNOWN" if not found else "PART_IS_AMBIGUOUS" if len(found) > 1 else found[0]

    def _is_closed(self, on: date, code: str) -> bool:
        return bool(self.closed & {(on.month, None), (on.month, code)})

    def _place(self, entry: Json) -> tuple[object, ...]:
        """What only one entry of a record may be about."""
        if entry["kind"] == "withdrawal":
            return "withdrawn", _ref(entry["withdraws"])
        return id(self._part(entry)), entry["effective_on"]


def known(facts: Iterable[tuple[int, Fact]], position: int) -> Known:
    """The city as known at a position."""
    city = Known()
    for at, fact in facts:
        if at <= position:
            city.take(fact)
    return city


def _ref(named: Json) -> Ref:
    return named["id"], named["entry"]


@dataclass
class Tree:
    """RFC 6962's tree, leaf by leaf: the roots of complete sub-trees, the largest first."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def add(self, position: int, recorded_at: int, value: bytes) -> bytes:
        """One more record; the root over all."""
        leaf = position.to_bytes(8) + recorded_at.to_bytes(8) + hashlib.sha256(value).digest()
        node, size = hashlib.sha256(b"\x00" + leaf).digest(), self.size
        while size % 2:
            node, size = _above(self.peaks.pop(), node), size // 2
        self.peaks.append(node)
        self.size += 1
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = _above(peak, root)
        return root


def _above(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
