"""Which level has each series, at any date and any state of knowledge? Asked of the ledger in SQL (ledger.py).

A statement is put together once and asked again about other dates, positions and series: to build it for each question
costs as much as to answer it for one unit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Date,
    FromClause,
    Select,
    String,
    and_,
    bindparam,
    func,
    null,
    select,
    true,
    type_coerce,
)

from services.evaluation.ledger import BEST_FIRST, Entries, LedgerRow, Level, Levels, Standing, Stood
from services.evaluation.read_models.ledger import Ledger, LedgerTables, ledger_of, number
from services.evaluation.read_models.submissions import sent_by
from shared.admission import EntryKey, Series
from shared.projections import ProjectionSet
from shared.sql import each_of, listable, listing

Which = Literal["log", "year", "subjects", "these"]
"""The series that are asked about: all of the log, those of a year, of some targets and projects, or some by number."""


class _Form(NamedTuple):
    """What statements differ in beside what they ask: the tables, the database, which series, has any entry stood."""

    tables: LedgerTables
    postgresql: bool
    which: Which
    stood: bool


_Statement: TypeAlias = Callable[[_Form], Select[Any]]
_AT: BindParameter[int] = bindparam("at", type_=BigInteger())
_AS_OF: BindParameter[date] = bindparam("as_of", type_=Date())
_KEPT = 64  # statements; a generation asks some twenty


@dataclass(slots=True)
class SqlLevels(Levels):
    """`Levels` out of the database, in the transaction that the question is answered in."""

    db: Connection
    ledger: Ledger
    log: str
    known_at: int
    _stood: bool | None = None

    def latest(self, as_of: date, year: int | None = None) -> dict[Series, Level]:
        """The level of every series (of an assessment year, if one is named) at a date."""
        if year is None:
            return self._latest("log", as_of, log=self.log)
        return self._latest("year", as_of, log=self.log, year=year)

    def latest_of(self, subject_ids: Collection[str], as_of: date) -> dict[Series, Level]:
        """The same for the series of these targets and projects only."""
        return self._latest("subjects", as_of, log=self.log, subjects=listable(self.db, set(subject_ids)))

    def latest_in(self, series: Collection[Series], as_of: date) -> dict[Series, Level]:
        """The same for these series only."""
        return self._latest("these", as_of, these=self._numbers(series))

    def values(self, as_of: date, year: int) -> dict[Series, str]:
        """The value that counts of every series of a year that has one."""
        return self._texts(_value, "year", as_of, log=self.log, year=year)

    def values_in(self, series: Collection[Series], as_of: date) -> dict[Series, str]:
        """The same for these series only."""
        return self._texts(_value, "these", as_of, these=self._numbers(series))

    def observed(self, series: Collection[Series], as_of: date) -> dict[Series, Entries]:
        """Every entry of these series that still counts, up to a date, with its value that counts."""
        found = self._texts(_observed, "these", as_of, these=self._numbers(series))
        words = {each: text.split() for each, text in found.items()}
        return {each: Entries(of[0::2], of[1::2]) for each, of in words.items()}

    def history(self, subject_id: str) -> list[LedgerRow]:
        """All rows of a target or project known by then, closed ones included, in the order of the log."""
        series, rows, standings = self.ledger.tables.series, self.ledger.tables.rows, self.ledger.tables.standings
        found = self.db.execute(
            select(rows)
            .join(series, series.c.id == rows.c.series)
            .where(series.c.log == self.log, series.c.subject_id == subject_id, rows.c.position <= self.known_at)
            .order_by(rows.c.position, rows.c.entry)
        ).all()
        positions = {row.position for row in found}
        stood: dict[EntryKey, list[Stood]] = {}
        asked = select(standings).where(standings.c.log == number(self.log), standings.c.known_from <= self.known_at)
        for row in sorted(each_of(self.db, asked, standings.c.position, positions), key=lambda row: row.known_from):
            stood.setdefault(EntryKey(row.position, row.entry), []).append(
                Stood(row.standing, row.value, row.known_from, self._by(row.known_until))
            )
        sent = sent_by(self.db, self.ledger.submissions, self.log, positions)
        series_of = self.ledger.series_of(self.db, {row.series for row in found})
        return [
            LedgerRow(series_of[row.series], row.effective_on, key := EntryKey(row.position, row.entry),
                      *sent[row.position], row.value, row.position, self._by(row.known_until),
                      tuple(stood.get(key, ())))
            for row in found
        ]  # fmt: skip

    def _by(self, known_until: int) -> int | None:
        return known_until if known_until <= self.known_at else None

    def _numbers(self, series: Collection[Series]) -> object:
        """A series names its own number, so none is looked up."""
        return listable(self.db, sorted({self.ledger.number_of(self.log, each) for each in series}))

    def _texts(self, statement: _Statement, which: Which, as_of: date, **named: object) -> dict[Series, str]:
        """What a statement says of each series that has entries."""
        found = self._ask(statement, which, as_of, **named)
        series_of = self.ledger.series_of(self.db, [id for id, _ in found])
        return {series_of[id]: text for id, text in found if text is not None}

    def _latest(self, which: Which, as_of: date, **named: object) -> dict[Series, Level]:
        found = self._ask(_level, which, as_of, **named)
        series_of = self.ledger.series_of(self.db, [row[0] for row in found])
        sent = sent_by(self.db, self.ledger.submissions, self.log, {row[2] for row in found})
        levels: dict[Series, Level] = {}
        for id, on, position, entry, certified, verified, reported in found:
            series, (source, event_id) = series_of[id], sent[position]
            levels[series] = Level(
                series, on, EntryKey(position, entry), source, event_id, reported, verified, certified
            )  # fmt: skip
        return levels

    def _ask(self, statement: _Statement, which: Which, as_of: date, **named: object) -> Sequence[Any]:
        """`named` says which series are meant: what the statements call log, year, subjects or these."""
        form = _Form(self.ledger.tables, self.db.dialect.name == "postgresql", which, self._any_stood())
        return self.db.execute(statement(form), {"at": self.known_at, "as_of": as_of, **named}).all()

    def _any_stood(self) -> bool:
        """Has any entry of the log ever been verified or certified? As long as none has, nobody need look."""
        if self._stood is None:
            standings = self.ledger.tables.standings
            asked = select(standings.c.position).where(standings.c.log == number(self.log)).limit(1)
            self._stood = self.db.execute(asked).first() is not None
        return self._stood


@lru_cache(_KEPT)
def _value(form: _Form) -> Select[Any]:
    """(number of the series, the value that counts in its latest row)."""
    if not form.postgresql:
        return _of_each(form, lambda on, value: value, latest=True)
    which, rows, values = _counted(form)
    return select(rows.c.series, func.coalesce(*values)).select_from(which)


@lru_cache(_KEPT)
def _level(form: _Form) -> Select[Any]:
    """(number of the series, date, position, entry, certified, verified, reported) of the latest row of each."""
    which, rows, values = _counted(form)
    return select(rows.c.series, rows.c.effective_on, rows.c.position, rows.c.entry, *values).select_from(which)


@lru_cache(_KEPT)
def _observed(form: _Form) -> Select[Any]:
    """(number of the series, date and value that counts of every row up to the date, as words of one text).

    A row for each entry would cost several times as much to carry as to find.
    """
    if not form.postgresql:
        return _of_each(form, lambda on, value: func.aggregate_strings(on + " " + value, " "), latest=False)
    which, rows, values = _counted(form, latest=False)
    on = func.to_char(rows.c.effective_on, "YYYY-MM-DD", type_=String)
    words = func.aggregate_strings(on + " " + func.coalesce(*values), " ")
    return select(rows.c.series, words).select_from(which).group_by(rows.c.series)


def _of_each(
    form: _Form, said: Callable[[ColumnElement[str], ColumnElement[str]], ColumnElement[str]], *, latest: bool
) -> Select[Any]:
    """(number of the series, what is `said` of the date and the value of its rows; null where it has none).

    One seek a series: SQLite is done with a series before it turns to the next, where a join looks for its row again.
    """
    wanted, rows = _wanted(form), form.tables.rows
    value: ColumnElement[str] = rows.c.value
    if form.stood:
        standings = form.tables.standings
        # The best one comes first, for "certified" stands before "verified" in any dictionary.
        best = select(standings.c.value).where(_stands(rows, standings)).order_by(standings.c.standing).limit(1)
        value = func.coalesce(best.scalar_subquery(), value)
    of_series = select(said(type_coerce(rows.c.effective_on, String), value)).where(
        *_known(rows, wanted), rows.c.effective_on <= _AS_OF
    )
    if latest:
        of_series = of_series.order_by(rows.c.effective_on.desc()).limit(1)
    return select(wanted.c.id, of_series.scalar_subquery())


def _counted(form: _Form, *, latest: bool = True) -> tuple[FromClause, FromClause, list[ColumnElement[Any]]]:
    """The latest row of each series at a date or, on PostgreSQL, every row up to it: what to select from, the rows,
    and their values, the one that counts first.
    """
    which, rows = _rows(form, latest)
    values: list[ColumnElement[Any]] = []
    for name in BEST_FIRST[:-1]:
        if not form.stood:
            values.append(null())
            continue
        standings = form.tables.standings.alias(name)
        which = which.outerjoin(standings, _standing(rows, standings, name))
        values.append(standings.c.value)
    return which, rows, [*values, rows.c.value]


def _rows(form: _Form, latest: bool) -> tuple[FromClause, FromClause]:
    """One seek a series finds the latest: its rows lie in order, so it is the first one from the date down."""
    table, wanted = form.tables.rows, _wanted(form)
    if form.postgresql:
        # Left to itself it reads whole tables, or looks for the standings of each row by itself.
        of_series = select(table).where(*_known(table, wanted), table.c.effective_on <= _AS_OF)
        newest = of_series.order_by(table.c.effective_on.desc()).limit(1)
        each = (newest if latest else of_series.offset(0)).lateral("each")
        rows = select(each).select_from(wanted.join(each, true())).cte("current").prefix_with("MATERIALIZED")
        return rows, rows
    older = table.alias("older")
    dates = select(older.c.effective_on).where(*_known(older, wanted), older.c.effective_on <= _AS_OF)
    newest_date = dates.order_by(older.c.effective_on.desc()).limit(1).scalar_subquery()
    return wanted.join(table, and_(*_known(table, wanted), table.c.effective_on == newest_date)), table


def _wanted(form: _Form) -> FromClause:
    """The numbers of the series that are asked about, as `id`."""
    series = form.tables.series
    of_log = select(series.c.id).where(series.c.log == bindparam("log"))
    match form.which:
        case "log":
            asked = of_log
        case "year":
            asked = of_log.where(series.c.year == bindparam("year"))
        case "subjects":
            subjects = listing(form.postgresql, series.c.subject_id.type, "subjects")
            asked = of_log.where(series.c.subject_id.in_(select(subjects.c.value)))
        case "these":
            asked = select(listing(form.postgresql, BigInteger(), "these").c.value.label("id"))
    return asked.subquery("wanted")


def _known(rows: FromClause, wanted: FromClause) -> tuple[ColumnElement[bool], ...]:
    """The rows of a series: at one state of knowledge it has at most one of each date."""
    return rows.c.series == wanted.c.id, rows.c.position <= _AT, rows.c.known_until > _AT


def _standing(rows: FromClause, standings: FromClause, name: Standing) -> ColumnElement[bool]:
    """The row of the standings that goes with a row of the ledger."""
    return _stands(rows, standings) & (standings.c.standing == name)


def _stands(rows: FromClause, standings: FromClause) -> ColumnElement[bool]:
    """The rows of the standings that go with a row of the ledger."""
    c = standings.c
    return (
        (c.log == rows.c.log) & (c.position == rows.c.position) & (c.entry == rows.c.entry)
        & (c.known_from <= _AT) & (c.known_until > _AT)
    )  # fmt: skip


def levels(db: Connection, tables: ProjectionSet, log: str, known_at: int) -> Levels:
    """The levels of a log as known at a position."""
    return SqlLevels(db, ledger_of(tables), log, known_at)
