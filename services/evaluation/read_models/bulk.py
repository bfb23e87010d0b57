"""Many rows at once, the way each driver takes them fastest: the ledger's figures come by the ten thousand.

SQLAlchemy binds an executemany row by row in Python, at several times the cost of the insert itself. So rows are
handed over here as tuples of what the driver itself takes: numbers, text, bytes, and dates.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, Table, text

from shared.sql import insert_many

Row = tuple[object, ...]


def insert_rows(db: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert the rows, each a value for each of the columns."""
    if not rows:
        return
    if db.dialect.name == "postgresql":
        insert_many(db, table, [dict(zip(columns, row, strict=True)) for row in rows])
        return
    places = ", ".join("?" * len(columns))
    db.exec_driver_sql(f'INSERT INTO "{table.name}" ({", ".join(columns)}) VALUES ({places})', _plain(rows))


def close_rows(db: Connection, table: Table, key: dict[str, str], rows: Sequence[Row]) -> None:
    """Set `known_until` of the rows with this key to the last value of each of `rows`, unless it is lower already.

    `key` has the columns and their types on PostgreSQL, which takes them as arrays: a statement for each row would
    cost it a round trip each.
    """
    if not rows:
        return
    if db.dialect.name == "postgresql":
        arrays = ", ".join(f"CAST(:{name} AS {type_}[])" for name, type_ in key.items())
        same = " AND ".join(f"t.{name} = c.{name}" for name in key)
        columns = dict(zip([*key, "until"], map(list, zip(*rows, strict=True)), strict=True))
        db.execute(
            text(
                f'UPDATE "{table.name}" AS t SET known_until = c.until '
                f"FROM unnest({arrays}, CAST(:until AS bigint[])) AS c({', '.join(key)}, until) "
                f"WHERE {same} AND t.known_until > c.until"
            ),
            columns,
        )
        return
    last = len(key) + 1
    same = " AND ".join(f"{name} = ?{at}" for at, name in enumerate(key, 1))
    db.exec_driver_sql(
        f'UPDATE "{table.name}" SET known_until = ?{last} WHERE {same} AND known_until > ?{last}', _plain(rows)
    )


def _plain(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows with dates as the text that SQLite keeps; SQLAlchemy reads them back as dates."""
    dated = [at for at, value in enumerate(rows[0]) if isinstance(value, date)]
    if not dated:
        return rows
    (at,) = dated  # no table of ours has two
    days = {day: day.isoformat() for row in rows if isinstance(day := row[at], date)}
    return [(*row[:at], days[row[at]], *row[at + 1 :]) for row in rows]  # type: ignore[index]
