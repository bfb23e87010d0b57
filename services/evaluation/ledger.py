"""What a level is, how levels are asked for, and the plainest ledger that answers: the rules of the bitemporal ledger.

First the latest `effective_on` at or before as_of, then the best standing *of that entry*. An entry closes the row it
names, whatever that row's series or date, and the open row of its own series and date; a withdrawal or a return closes
the named row; no row that was closed earlier opens again.

`MemoryLedger` is that in so many words. A sealed audit is replayed on it, and it is the model that the ledger in SQL
(read_models/ledger.py) is tested against.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from msgspec import Struct

from shared.admission.judge import EntryState
from shared.admission.verdicts import Counted, EntryKey, Series, Withdrawn
from shared.contracts.evaluation import ValueCertified, ValueReturned, ValueVerified
from shared.quantities import canonical_text

if TYPE_CHECKING:  # its module reads a database, which these rules never do
    from shared.projections.judging import Folded

Standing = Literal["reported", "verified", "certified"]
BEST_FIRST: tuple[Standing, ...] = ("certified", "verified", "reported")
"""The policy: which value of an entry counts."""


class Level(Struct, frozen=True, gc=False):
    """The level of a series as it stands: one entry, with the value of each standing it has.

    Values are canonical decimal text in the unit of measure of the series' measure. `source` and `event_id` name the
    submission (`key.entry` is the place in it), `key.position` the record.
    """

    series: Series
    effective_on: date
    key: EntryKey
    source: str
    event_id: str
    reported: str
    verified: str | None = None
    certified: str | None = None

    @property
    def best(self) -> tuple[str, Standing]:
        """The value that counts, and its standing: certified, else verified, else reported."""
        if self.certified is not None:
            return self.certified, "certified"
        if self.verified is not None:
            return self.verified, "verified"
        return self.reported, "reported"


class Stood(Struct, frozen=True):
    """A verified or certified value of an entry, over [known_from, known_until); None: still, as far as is known."""

    standing: Standing
    value: str
    known_from: int
    known_until: int | None


class Entries(NamedTuple):
    """Entries of one series that count, in no order: the date of each as ISO text, and in step with it its value."""

    dates: Sequence[str]
    values: Sequence[str]


class LedgerRow(Struct, frozen=True):
    """One counted entry of a series: what it said, and over which positions [known_from, known_until) it was the word.

    `known_from` is the entry's own position. `known_until` is None while nothing known has closed the row. `stood`
    has its verified and certified values in order of their becoming known.
    """

    series: Series
    effective_on: date
    key: EntryKey
    source: str
    event_id: str
    value: str
    known_from: int
    known_until: int | None
    stood: tuple[Stood, ...]


class Levels(Protocol):
    """The levels of one log as known at one position. Every figure reads them through this, live or replayed.

    What has a body here says what is meant in terms of the rest; the ledger in SQL answers the same for less.
    """

    def latest(self, as_of: date, year: int | None = None) -> dict[Series, Level]:
        """The level of every series that has one at a date; of all assessment years, or of one."""

    def latest_of(self, subject_ids: Collection[str], as_of: date) -> dict[Series, Level]:
        """The same for the series of these targets and projects only."""

    def history(self, subject_id: str) -> list[LedgerRow]:
        """All rows of a target or project known by then, closed ones included, by position and place in the record."""

    def latest_in(self, series: Collection[Series], as_of: date) -> dict[Series, Level]:
        """The same as `latest`, for these series only."""
        wanted = set(series)
        found = self.latest_of({each.subject_id for each in wanted}, as_of)
        return {each: level for each, level in found.items() if each in wanted}

    def values(self, as_of: date, year: int) -> dict[Series, str]:
        """The value that counts of every series of a year that has one: all that totals need of a level."""
        return {series: level.best[0] for series, level in self.latest(as_of, year).items()}

    def values_in(self, series: Collection[Series], as_of: date) -> dict[Series, str]:
        """The same for these series only."""
        return {each: level.best[0] for each, level in self.latest_in(series, as_of).items()}

    def observed(self, series: Collection[Series], as_of: date) -> dict[Series, Entries]:
        """Every entry of these series that still counts, up to a date, with its value that counts."""
        wanted = set(series)
        found: dict[Series, list[tuple[str, str]]] = {}
        for subject in sorted({each.subject_id for each in wanted}):
            for row in self.history(subject):
                if row.series in wanted and row.known_until is None and row.effective_on <= as_of:
                    stood = {each.standing: each.value for each in row.stood if each.known_until is None}
                    value = stood.get("certified") or stood.get("verified") or row.value
                    found.setdefault(row.series, []).append((row.effective_on.isoformat(), value))
        return {each: Entries(*zip(*entries, strict=True)) for each, entries in found.items()}


@dataclass(slots=True)
class _Row:
    """A row while it is kept: what changes is when it was closed, and its standings."""

    series: Series
    effective_on: date
    key: EntryKey
    source: str
    event_id: str
    value: str
    known_until: int | None = None
    stood: list[Stood] = field(default_factory=list)

    def known(self, at: int) -> bool:
        """Is this the word of its series and date, as known at a position?"""
        return self.key.position <= at and (self.known_until is None or self.known_until > at)

    def value_of(self, standing: Standing, at: int) -> str | None:
        """Its value of this standing, as known at a position."""
        for stood in self.stood:
            if (
                stood.standing == standing
                and stood.known_from <= at
                and (stood.known_until is None or stood.known_until > at)
            ):
                return stood.value
        return None

    def level(self, at: int) -> Level:
        """As a level."""
        return Level(self.series, self.effective_on, self.key, self.source, self.event_id, self.value,
                     self.value_of("verified", at), self.value_of("certified", at))  # fmt: skip

    def as_known(self, at: int) -> LedgerRow:
        """As history tells it: nothing that happened after `at` shows."""
        stood = tuple(
            Stood(s.standing, s.value, s.known_from, _by(s.known_until, at)) for s in self.stood if s.known_from <= at
        )
        return LedgerRow(self.series, self.effective_on, self.key, self.source, self.event_id, self.value,
                         self.key.position, _by(self.known_until, at), stood)  # fmt: skip


def _by(known_until: int | None, at: int) -> int | None:
    return known_until if known_until is not None and known_until <= at else None


@dataclass(slots=True)
class MemoryLedger:
    """A log's ledger in memory, fed with judged records in order; `at` gives its levels as known at any position."""

    _rows: dict[EntryKey, _Row] = field(default_factory=dict)
    _open: dict[tuple[Series, date], _Row] = field(default_factory=dict)
    _of_subject: dict[str, list[_Row]] = field(default_factory=dict)

    def take(self, folded: Folded) -> None:
        """What a judged record changes; nothing where it does not count."""
        record = folded.record
        if folded.judgement is not None:
            source, event_id = record.identity or ("", "")
            for at, outcome in enumerate(folded.judgement.outcomes):
                match outcome:
                    case Counted():
                        self._count(EntryKey(record.position, at), outcome, source, event_id)
                    case Withdrawn():
                        self._close(outcome.names, record.position)
        elif isinstance(folded.standing, EntryKey):
            match record.fact:
                case ValueVerified(value=value):
                    self._stand(folded.standing, "verified", canonical_text(value), record.position)
                case ValueCertified(value=value):
                    self._stand(folded.standing, "certified", canonical_text(value), record.position)
                case ValueReturned():
                    self._close(folded.standing, record.position)

    def at(self, known_at: int) -> Levels:
        """The levels as known at a position."""
        return _MemoryLevels(self, known_at)

    @property
    def entries(self) -> Mapping[EntryKey, EntryState]:
        """The counted entries as admission asks for them, always as after the last record taken."""
        return _Entries(self._rows)

    def rows(self, subject_id: str | None = None) -> Iterator[_Row]:
        """Every row, of one target or project or of all, in the order of the log."""
        return iter(self._rows.values() if subject_id is None else self._of_subject.get(subject_id, ()))

    def _count(self, key: EntryKey, counted: Counted, source: str, event_id: str) -> None:
        if counted.corrects is not None:
            self._close(counted.corrects, key.position)
        place = (counted.series, counted.effective_on)
        if (before := self._open.get(place)) is not None:
            self._close(before.key, key.position)
        row = _Row(counted.series, counted.effective_on, key, source, event_id, counted.value)
        self._rows[key] = self._open[place] = row
        self._of_subject.setdefault(counted.series.subject_id, []).append(row)

    def _close(self, key: EntryKey, position: int) -> None:
        """The row no longer counts. What was closed before stays closed since then."""
        row = self._rows.get(key)
        if row is not None and row.known_until is None:
            row.known_until = position
            del self._open[(row.series, row.effective_on)]

    def _stand(self, key: EntryKey, standing: Standing, value: str, position: int) -> None:
        """The entry has this value of this standing now; an earlier one of the same standing is superseded."""
        row = self._rows[key]
        row.stood = [
            Stood(s.standing, s.value, s.known_from, position)
            if s.standing == standing and s.known_until is None
            else s
            for s in row.stood
        ]
        row.stood.append(Stood(standing, value, position, None))


@dataclass(frozen=True, slots=True)
class _MemoryLevels(Levels):
    """`Levels` of a MemoryLedger."""

    ledger: MemoryLedger
    known_at: int

    def latest(self, as_of: date, year: int | None = None) -> dict[Series, Level]:
        return self._latest(self.ledger.rows(), as_of, year)

    def latest_of(self, subject_ids: Collection[str], as_of: date) -> dict[Series, Level]:
        found: dict[Series, Level] = {}
        for id in set(subject_ids):
            found |= self._latest(self.ledger.rows(id), as_of, None)
        return found

    def history(self, subject_id: str) -> list[LedgerRow]:
        rows = [row for row in self.ledger.rows(subject_id) if row.key.position <= self.known_at]
        return [row.as_known(self.known_at) for row in rows]

    def _latest(self, rows: Iterator[_Row], as_of: date, year: int | None) -> dict[Series, Level]:
        best: dict[Series, _Row] = {}
        for row in rows:
            if not row.known(self.known_at) or row.effective_on > as_of or year not in (None, row.series.year):
                continue
            known = best.get(row.series)
            if known is None or known.effective_on < row.effective_on:
                best[row.series] = row
        return {series: row.level(self.known_at) for series, row in best.items()}


@dataclass(frozen=True, slots=True)
class _Entries(Mapping[EntryKey, EntryState]):
    """The rows, read as admission asks for them."""

    rows: Mapping[EntryKey, _Row]

    def __getitem__(self, key: EntryKey) -> EntryState:
        row = self.rows[key]
        return EntryState(row.series, row.effective_on, row.known_until is None)

    def __iter__(self) -> Iterator[EntryKey]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)
