"""What is the level of each series, at any date and any state of knowledge? One row a counted entry, never unsaid.

A row is known over [position, known_until); its own position is its `known_from`. The latest level at or before a date
is one index seek a series, because the rows lie in the order (series, effective_on, position). Values are text and are
never summed or ordered here: figures are folded in Python.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Date,
    Index,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    func,
    select,
)

from services.evaluation.ledger import Standing
from services.evaluation.read_models.bulk import close_rows
from services.evaluation.read_models.submissions import SubmissionTables
from shared.admission import Counted, EntryKey, EntryState, Series, Withdrawn
from shared.contracts.evaluation import ValueCertified, ValueReturned, ValueVerified
from shared.contracts.shapes import EntryRef
from shared.projections import CoreTables, Folded, LogFold, NotYetRead, ProjectionSet
from shared.quantities import canonical_text
from shared.registry.versions import STILL
from shared.sql import Code, each_of, insert_if_absent, insert_plain

_CACHED = 200_000  # series remembered by number; beyond it they are read again
_PLACE = {"series": "bigint", "effective_on": "date"}
_ENTRY = {"log": "bigint", "position": "bigint", "entry": "smallint"}
_STANDING = _ENTRY | {"standing": "text"}


@dataclass(frozen=True, slots=True)
class LedgerTables:
    """The ledger of one generation."""

    series: Table
    rows: Table
    standings: Table


def ledger_tables(metadata: MetaData, suffix: str) -> LedgerTables:
    """Series and logs stand in the rows as numbers (see `number`), which keeps the widest table of all narrow."""
    series = Table(
        f"ledger_series{suffix}", metadata,
        Column("id", BigInteger, primary_key=True, autoincrement=False),
        Column("log", Code(64), nullable=False),
        Column("year", SmallInteger, nullable=False),
        Column("subject", String(8), nullable=False),
        Column("subject_id", Code(36), nullable=False),
        Column("measure", Code(64), nullable=False),
        Column("part", Code(36), nullable=False),
        Index(f"ix_ledger_series{suffix}_year", "log", "year", "id"),
        Index(f"ix_ledger_series{suffix}_subject", "log", "subject_id", "id"),
    )  # fmt: skip
    rows = Table(
        f"ledger_rows{suffix}", metadata,
        Column("series", BigInteger, primary_key=True, autoincrement=False),
        Column("effective_on", Date, primary_key=True),
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("known_until", BigInteger, nullable=False),
        Column("log", BigInteger, nullable=False),
        Column("entry", SmallInteger, nullable=False),
        Column("value", Code(34), nullable=False),
        UniqueConstraint("log", "position", "entry", name=f"uq_ledger_rows{suffix}_entry"),
        CheckConstraint("position < known_until", name=f"ck_ledger_rows{suffix}_known"),
        sqlite_with_rowid=False,  # the rows then lie in the order of the seek
    )  # fmt: skip
    standings = Table(
        f"ledger_standings{suffix}", metadata,
        Column("log", BigInteger, primary_key=True, autoincrement=False),
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("entry", SmallInteger, primary_key=True, autoincrement=False),
        Column("standing", String(16), primary_key=True),
        Column("known_from", BigInteger, primary_key=True, autoincrement=False),
        Column("known_until", BigInteger, nullable=False),
        Column("value", Code(34), nullable=False),
        CheckConstraint("known_from < known_until", name=f"ck_ledger_standings{suffix}_known"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    return LedgerTables(series, rows, standings)


def number(*words: object) -> int:
    """A number of 63 bits for a log, or for a log and the members of a series.

    It is taken from a hash, so every reader and every generation comes to the same one without asking, and a
    transaction that failed leaves nothing to take back. Two of a million series would share one in 1 of 10^7 cities.
    """
    return int.from_bytes(sha256("\x1f".join(map(str, words)).encode()).digest()[:8], "big") >> 1


@dataclass(slots=True)
class Ledger:
    """Fills the ledger, and answers admission which entries still stand."""

    tables: LedgerTables
    submissions: SubmissionTables
    _numbers: dict[str, dict[Series, int]] = field(default_factory=dict)
    _series: dict[int, Series] = field(default_factory=dict)
    _stored: dict[str, tuple[LogFold, dict[int, str]]] = field(default_factory=dict)

    def project(self, db: Connection, log: LogFold, batch: Sequence[Folded]) -> None:
        """Take in a batch: in memory first, so that one statement of each kind reaches the database."""
        changed = _Changed(log.place.log, self._numbers_of(log.place.log))
        for folded in batch:
            changed.take(folded)
        newest = self._store_series(db, log, changed.series)
        rows, standings, id = self.tables.rows, self.tables.standings, changed.log
        # One row may be meant by its place and by its name, at different positions. Whoever closes it earlier is
        # right, so rows are only ever closed at a lower position than they were, in whichever order this runs.
        close_rows(db, rows, _PLACE, sorted(
            (series, on, until) for (series, on), until in changed.closed_places.items() if on <= newest[series]
        ))  # fmt: skip
        close_rows(db, rows, _ENTRY, [(id, *key, until) for key, until in changed.closed.items()])
        insert_plain(db, rows, _COLUMNS, changed.rows())
        for series, on in changed.closed_places:
            newest[series] = max(newest[series], on)
        close_rows(
            db, standings, _STANDING,
            [(id, *key, standing, until) for (key, standing), until in changed.superseded.items()],
        )  # fmt: skip
        insert_plain(
            db, standings, ("log", "position", "entry", "standing", "known_from", "known_until", "value"),
            [(id, *key, standing, known_from, until, value)
             for (key, standing, known_from), (value, until) in changed.standings.items()],
        )  # fmt: skip

    def states(self, db: Connection, log: str, keys: Sequence[EntryKey]) -> dict[EntryKey, EntryState]:
        """The state of those of the keys that are counted entries."""
        rows = self.tables.rows
        wanted = set(keys)
        asked = select(rows.c.position, rows.c.entry, rows.c.series, rows.c.effective_on, rows.c.known_until).where(
            rows.c.log == number(log)
        )
        found = [
            (key, series, effective_on, until == STILL)
            for position, entry, series, effective_on, until
            in each_of(db, asked, rows.c.position, {key.position for key in wanted})
            if (key := EntryKey(position, entry)) in wanted
        ]  # fmt: skip
        series_of = self.series_of(db, {series for _, series, _, _ in found})
        return {key: EntryState(series_of[series], on, is_open) for key, series, on, is_open in found}

    def series_of(self, db: Connection, numbers: Collection[int]) -> Mapping[int, Series]:
        """The series of these numbers, and perhaps of others."""
        known = self._series
        missing = [id for id in numbers if id not in known]
        if missing and len(known) + len(missing) > _CACHED:
            known = self._series = {}  # another one: somebody may still read what was known
            missing = list(numbers)
        table = self.tables.series
        for row in each_of(db, select(table), table.c.id, missing):
            known[row.id] = Series(row.year, row.subject, row.subject_id, row.measure, row.part)
        return known

    def number_of(self, log: str, series: Series) -> int:
        """The number of a series in the rows."""
        numbers = self._numbers_of(log)
        id = numbers.get(series)
        if id is None:
            id = numbers[series] = number(log, *series)
        return id

    def _numbers_of(self, log: str) -> dict[Series, int]:
        numbers = self._numbers.setdefault(log, {})
        if len(numbers) > _CACHED:
            numbers.clear()
        return numbers

    def _store_series(self, db: Connection, log: LogFold, series: dict[int, Series]) -> dict[int, str]:
        """Insert the series that are new; the latest date, as ISO text, that a stored row of each series has.

        What is stored is remembered only as long as the reader keeps this very fold: after a transaction that
        failed it loads another, and we look again.
        """
        fold, newest = self._stored.get(log.place.log, (None, {}))
        if fold is not log or len(newest) > _CACHED:
            newest = {}
            self._stored[log.place.log] = log, newest
        new = [id for id in series if id not in newest]
        insert_if_absent(db, self.tables.series, [
            {"id": id, "log": log.place.log, "year": series[id].year, "subject": series[id].subject,
             "subject_id": series[id].subject_id, "measure": series[id].measure, "part": series[id].part}
            for id in new
        ], on=("id",))  # fmt: skip
        rows = self.tables.rows
        newest.update(dict.fromkeys(new, ""))
        dated = select(rows.c.series, func.max(rows.c.effective_on)).group_by(rows.c.series)
        newest.update({id: str(on) for id, on in each_of(db, dated, rows.c.series, new)})
        return newest


_Place = tuple[int, str]
"""A series by its number, and a date as ISO text, as both drivers take it."""
_Row = tuple[int, str, int, int, int, int, str]
_COLUMNS = ("series", "effective_on", "position", "known_until", "log", "entry", "value")


class _Changed:
    """What a batch changes: its own rows as they stand after it, and which stored rows it closes, and when."""

    def __init__(self, log: str, numbers: dict[Series, int]) -> None:
        self.log = number(log)
        self.series: dict[int, Series] = {}
        self.closed: dict[EntryKey, int] = {}
        self.closed_places: dict[_Place, int] = {}
        """Every place at which the batch counts an entry, and the first position at which it does."""
        self.standings: dict[tuple[EntryKey, Standing, int], tuple[str, int]] = {}
        self.superseded: dict[tuple[EntryKey, Standing], int] = {}
        self._name, self._numbers = log, numbers
        self._days: dict[date, str] = {}
        self._rows: dict[tuple[int, int], _Row] = {}
        self._open: dict[_Place, tuple[int, int]] = {}
        self._standing: dict[tuple[EntryKey, Standing], int] = {}

    def take(self, folded: Folded) -> None:
        """One record, in the order of the log."""
        position = folded.record.position
        if folded.judgement is not None:
            for at, outcome in enumerate(folded.judgement.outcomes):
                if isinstance(outcome, Counted):
                    self._count(position, at, outcome)
                elif isinstance(outcome, Withdrawn):
                    self._close(outcome.names, position)
        elif isinstance(folded.standing, EntryKey):
            match folded.record.fact:
                case ValueVerified(value=value):
                    self._stand(folded.standing, "verified", canonical_text(value), position)
                case ValueCertified(value=value):
                    self._stand(folded.standing, "certified", canonical_text(value), position)
                case ValueReturned():
                    self._close(folded.standing, position)

    def rows(self) -> list[_Row]:
        """The batch's own rows, in the order in which they lie in the table."""
        return sorted(self._rows.values())

    def _count(self, position: int, at: int, counted: Counted) -> None:
        if counted.corrects is not None:
            self._close(counted.corrects, position)
        id = self._numbers.get(counted.series)
        if id is None:
            id = self._numbers[counted.series] = number(self._name, *counted.series)
        self.series[id] = counted.series
        day = self._days.get(counted.effective_on)
        if day is None:
            day = self._days[counted.effective_on] = counted.effective_on.isoformat()
        place, key = (id, day), (position, at)
        before = self._open.get(place)
        if before is not None:
            self._until(before, position)
        else:
            self.closed_places.setdefault(place, position)
        self._rows[key] = id, day, position, STILL, self.log, at, counted.value
        self._open[place] = key

    def _close(self, key: EntryKey, position: int) -> None:
        row = self._rows.get(key)
        if row is None:
            self.closed.setdefault(key, position)
        elif row[3] == STILL:
            self._until(key, position)
            del self._open[row[:2]]

    def _until(self, key: tuple[int, int], position: int) -> None:
        id, day, known_from, _, log, entry, value = self._rows[key]
        self._rows[key] = id, day, known_from, position, log, entry, value

    def _stand(self, key: EntryKey, standing: Standing, value: str, position: int) -> None:
        earlier = self._standing.get((key, standing))
        if earlier is None:
            self.superseded[(key, standing)] = position
        else:
            self.standings[(key, standing, earlier)] = self.standings[(key, standing, earlier)][0], position
        self._standing[(key, standing)] = position
        self.standings[(key, standing, position)] = value, STILL


def ledger_of(tables: ProjectionSet) -> Ledger:
    """The ledger among a generation's projections."""
    assert isinstance(tables.index, Ledger)
    return tables.index


def entry_state(db: Connection, tables: ProjectionSet, log: str, ref: EntryRef) -> EntryState | None:
    """How an entry stands at the last position read; None when no such entry counts."""
    identities = tables.core.identities
    position = db.execute(
        select(identities.c.position).where(
            identities.c.log == log, identities.c.id == ref.id, identities.c.source == ref.source
        )
    ).scalar()
    if position is None:
        return None
    key = EntryKey(position, ref.entry)
    return ledger_of(tables).states(db, log, [key]).get(key)


def last_read(db: Connection, core: CoreTables, log: str) -> int:
    """The last position of a log that this transaction sees. NotYetRead right after its opening."""
    position = db.execute(select(func.max(core.records.c.position)).where(core.records.c.log == log)).scalar()
    if position is None:
        raise NotYetRead(retry_after=1)
    return int(position)
