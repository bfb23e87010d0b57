"""How every service speaks to its SQL database, so that SQLite and PostgreSQL give the same answers.

What differs between the two is settled here and nowhere else: when a transaction takes its lock, in which
order text sorts, how a decimal is kept, how a row is inserted only if absent, how tables are migrated.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from msgspec import json
from psycopg import sql
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    TableValuedAlias,
    TypeDecorator,
    bindparam,
    create_engine,
    event,
    func,
    insert,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.types import TypeEngine

from shared import quantities
from shared.storage import DatabaseIsFull, DatabaseUnavailable

Bytes = LargeBinary

#: 64-bit on both: SQLite counts a key up by itself only if its type is spelt INTEGER (64 bits there).
BigInt = BigInteger().with_variant(Integer(), "sqlite")

_WORTH_A_COPY = 50  # rows
_PATIENCE = 5  # seconds a SQLite writer waits for the others
_PRAGMAS = (
    f"busy_timeout={_PATIENCE * 1000}",  # first: turning WAL on needs a lock already
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    # In 40 MB of log before they are copied into the file, pages that are written again and again are copied once: with
    # the default of 4 MB a ledger that takes 5,000 entries a second falls behind by seconds within a minute.
    "wal_autocheckpoint=10000",
)
_WRITERS: WeakKeyDictionary[Engine, threading.Lock] = WeakKeyDictionary()
_MIGRATING = threading.Lock()  # alembic keeps its running migration in a global of the process
_MIGRATION_LOCK = 0x6A696B616F  # PostgreSQL advisory lock "jikao": two processes starting at once take turns
_REACHED_WITHIN = 5  # seconds until a PostgreSQL that does not answer a new connection is given up
_UNANSWERED = 30_000  # milliseconds until a connection whose other end takes nothing any more is cut

# What is not the statement's fault but the server's, its disk's or another transaction's: the same may be tried again.
# The beginnings of SQLSTATEs: connection, rolled back, out of resources, operator or crash, system error.
_TRY_AGAIN_STATES = ("08", "40", "53", "57", "58")
_DISK_FULL, _BECOME_STANDBY = "53100", "25006"
_TRY_AGAIN_CODES = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB,
})  # fmt: skip


class Code(TypeDecorator[str]):
    """Text that sorts by code point on both databases: codes, ids, hashes, names of types."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`COLLATE "C"` on PostgreSQL; SQLite's own order is by code point already."""
        return dialect.type_descriptor(_by_code_point(dialect))


class QuantityText(TypeDecorator[Decimal]):
    """A decimal kept as its canonical text: exact on both databases, never to be summed or ordered in SQL.

    Binding a value with more than 12 decimals or 20 integer digits raises SQLAlchemy's `StatementError`,
    caused by `NotAQuantity`: what a caller may be refused for has to be checked before.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The same as `Code`, so that text order is equal even where somebody groups by it."""
        return dialect.type_descriptor(_by_code_point(dialect))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Python to SQL."""
        return None if value is None else quantities.text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """SQL to Python."""
        return None if value is None else quantities.parse(value)


def engine(url: str) -> Engine:
    """The engine for `sqlite:////path/to.db` or `postgresql://…`; ValueError for any other database."""
    backend = make_url(url).get_backend_name()
    if backend == "postgresql":
        patience = {"connect_timeout": _REACHED_WITHIN, "tcp_user_timeout": _UNANSWERED}
        made = create_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True, connect_args=patience)
        event.listen(made, "connect", _open_postgresql)
        return made
    if backend != "sqlite":
        raise ValueError(f"the database must be SQLite or PostgreSQL, not {backend}")
    made = create_engine(url, pool_size=10, max_overflow=20)
    _WRITERS[made] = threading.Lock()
    event.listen(made, "connect", _open_sqlite)
    event.listen(made, "begin", _begin_sqlite)
    return made


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write: committed at the end, rolled back when an exception leaves it.

    On SQLite it holds the write lock from its first moment, so what it reads cannot change before it writes.
    On PostgreSQL it is READ COMMITTED: what must not change underneath needs a unique key or a row lock.
    DatabaseUnavailable, DatabaseIsFull; after the former the transaction may have been committed or not.
    """
    with (
        _refusing(writer=True),
        _turn(engine),
        engine.connect().execution_options(writer=True) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, all of it from one snapshot (taken at its first query). DatabaseUnavailable."""
    options: dict[str, Any] = {"writer": False}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _refusing(writer=False), engine.connect().execution_options(**options) as connection:
        connection.begin()
        yield connection  # closing rolls back: nothing read needs a commit


def hold(db: Connection, name: str, *, shared: bool = False) -> None:
    """Hold this name until the transaction ends; whoever else wants it waits, unless both only share it.

    SQLite's one writer holds every name already.
    """
    if db.dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        take = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
        db.execute(select(take(literal(number, BigInteger()))))


def insert_many(db: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert all rows, which name the same columns; does nothing for none. Raises what an INSERT raises."""
    if not rows:
        return
    computed = any(column.default is not None for column in table.columns if column.name not in rows[0])
    if db.dialect.name == "postgresql" and len(rows) >= _WORTH_A_COPY and not computed:
        names = list(rows[0])
        binds = [table.c[name].type.dialect_impl(db.dialect).bind_processor(db.dialect) for name in names]
        _copy(db, table, names, (
            [bind(row[name]) if bind else row[name] for name, bind in zip(names, binds, strict=True)] for row in rows
        ))  # fmt: skip
    else:
        db.execute(insert(table), rows)


def insert_plain(db: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    """Insert the rows, each a value for each of the columns, at the driver's own speed: for rows by the ten thousand.

    SQLAlchemy binds an executemany row by row in Python, at several times the cost of the insert itself. So the values
    are what both drivers take as they are: numbers, text, bytes, and dates as ISO text.
    """
    if not rows:
        return
    if db.dialect.name == "postgresql":
        _copy(db, table, columns, rows)
        return
    places = ", ".join("?" * len(columns))
    db.exec_driver_sql(f'INSERT INTO "{table.name}" ({", ".join(columns)}) VALUES ({places})', rows)


def each_of(db: Connection, asked: Select[Any], column: Column[Any], values: Collection[object]) -> Iterator[Any]:
    """The rows that `asked` finds with each of these values of an indexed column, however many values there are."""
    if values:
        postgres = db.dialect.name == "postgresql"
        yield from db.execute(each_asked(postgres, asked, column), {"each": listable(db, values)})


def each_asked(postgres: bool, asked: Select[Any], column: Column[Any]) -> Select[Any]:
    """The statement of `each_of`, for one that is asked more than once: `each` is the parameter's name."""
    wanted = listing(postgres, column.type, "each")
    if not postgres:
        return asked.where(column.in_(select(wanted.c.value)))
    # Asked with IN it reads a whole log, and compares it with every value, as long as it has no statistics; OFFSET
    # keeps it from making the same plan of this.
    found = asked.where(column == wanted.c.value).offset(0).lateral("found")
    return select(found).select_from(wanted.join(found, true()))


def listing(postgres: bool, type_: TypeEngine[Any], name: str) -> TableValuedAlias:
    """Values, which are numbers or text, as a table with the column `value`: one parameter, however many they are.

    `name` is the parameter's, `listable` makes its value.
    """
    if postgres:
        parameter = bindparam(name, type_=postgresql.ARRAY(type_))
        return func.unnest(parameter).table_valued("value", name="wanted").render_derived()
    return func.json_each(bindparam(name, type_=String())).table_valued("value", name="wanted")


def listable(db: Connection, values: Collection[object]) -> Any:
    """Values as the one parameter of a `listing`."""
    return list(values) if db.dialect.name == "postgresql" else json.encode(list(values)).decode()


def insert_if_absent(
    db: Connection, table: Table, rows: Sequence[Mapping[str, object]], *, on: Sequence[str] = ()
) -> int:
    """Insert the rows whose key (`on`, else any unique key) is new; how many those were."""
    if not rows:
        return 0
    statement = _insert(db, table).on_conflict_do_nothing(index_elements=list(on) or None)
    # SQLAlchemy forgets the count of an INSERT unless told to keep it.
    inserted: int = db.execute(statement, rows, execution_options={"preserve_rowcount": True}).rowcount
    return inserted


def upsert(
    db: Connection,
    table: Table,
    rows: Sequence[Mapping[str, object]],
    *,
    on: Sequence[str],
    longer: str | None = None,
) -> None:
    """Insert the rows; where the key `on` is taken, set the other named columns of that row instead.

    With `longer` only where the new value of that column is longer than the one that is there. All rows name the same
    columns, and no two of them have the same key.
    """
    if not rows:
        return
    statement = _insert(db, table)
    others = {name: statement.excluded[name] for name in rows[0] if name not in on}
    grown = None if longer is None else func.length(statement.excluded[longer]) > func.length(table.c[longer])
    db.execute(
        statement.on_conflict_do_update(index_elements=list(on), set_=others, where=grown)
        if others
        else statement.on_conflict_do_nothing(index_elements=list(on)),
        rows,
    )


def migrate(engine: Engine, script_location: Path | str, version_table: str) -> None:
    """Bring one service's tables to its newest migration; all of it in one transaction, or nothing.

    `script_location` is the directory with `versions/`; no `env.py` is needed. `version_table` is that
    service's own, so that several services can share a database.
    """
    config = Config()
    config.set_main_option("script_location", str(script_location).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)

    def steps(revision: Any, context: MigrationContext) -> Any:
        return scripts._upgrade_revs("head", revision)  # what alembic's own `upgrade` command calls

    with _MIGRATING, writing(engine) as db:
        if engine.dialect.name == "postgresql":
            db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        with EnvironmentContext(config, scripts, fn=steps, destination_rev="head") as environment:
            environment.configure(
                connection=db,
                version_table=version_table,
                render_as_batch=engine.dialect.name == "sqlite",
            )
            environment.run_migrations()


def drift(engine: Engine, metadata: MetaData, version_table: str, tables: Collection[str] | None = None) -> list[Any]:
    """How the database differs from `metadata`, in alembic's words; `[]` when migrations tell the same story.

    Only `tables` are looked at, or every table of the database when none are named.
    """

    def ours(item: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
        return kind != "table" or tables is None or name in tables

    with reading(engine) as db:
        options = {"version_table": version_table, "compare_type": True, "include_object": ours}
        return list(compare_metadata(MigrationContext.configure(db, opts=options), metadata))


def _copy(db: Connection, table: Table, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """PostgreSQL's own way to take many rows, several times faster than INSERT."""
    target = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    cursor = db.connection.cursor()
    try:
        with cursor.copy(target) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError.instance(f"COPY {table.name}", None, error, psycopg.Error) from error
    finally:
        cursor.close()


@contextmanager
def _refusing(*, writer: bool) -> Iterator[None]:
    """Let an absent, failing or full database be a refusal; what is a fault of ours stays what it is."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailable from error
    except (DBAPIError, sqlite3.Error, psycopg.Error) as error:
        refusal = _refusal(error.orig if isinstance(error, DBAPIError) else error, writer)
        if refusal is None:
            raise
        raise refusal from error


def _refusal(fault: BaseException | None, writer: bool) -> DatabaseUnavailable | None:
    if isinstance(fault, psycopg.Error):
        state = fault.sqlstate
        if state is None:  # the driver itself found nobody at the other end
            lost = isinstance(fault, (psycopg.OperationalError, psycopg.InterfaceError))
            return DatabaseUnavailable() if lost else None
        if state == _DISK_FULL:
            return DatabaseIsFull(retry_after=10)
        if state.startswith(_TRY_AGAIN_STATES) or (writer and state == _BECOME_STANDBY):
            return DatabaseUnavailable()
    elif isinstance(fault, sqlite3.Error):
        code = sqlite_code(fault)
        if code == sqlite3.SQLITE_FULL:
            return DatabaseIsFull(retry_after=10)
        if code in _TRY_AGAIN_CODES:
            return DatabaseUnavailable()
    return None


def sqlite_code(fault: sqlite3.Error) -> int | None:
    """SQLite's own primary code; None for what Python's driver says by itself."""
    code: int | None = getattr(fault, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """Let this process's SQLite writers queue: SQLite has them sleep and try again, whoever was first.

    Only a courtesy, and given up after SQLite's own patience: the lock that counts is SQLite's.
    """
    queue = _WRITERS.get(engine)
    waited = queue is not None and queue.acquire(timeout=_PATIENCE)
    try:
        yield
    finally:
        if queue is not None and waited:
            queue.release()


def _by_code_point(dialect: Dialect) -> String:
    return String(collation="C" if dialect.name == "postgresql" else None)


def _insert(db: Connection, table: Table) -> Any:
    """Both dialects' insert has `on_conflict_…` with the same arguments, but they share no common type."""
    return postgresql.insert(table) if db.dialect.name == "postgresql" else sqlite.insert(table)


def _open_postgresql(connection: psycopg.Connection[Any], _: object) -> None:
    """To compile the question about a whole city takes 300 ms each time, to answer it as it is 80."""
    connection.autocommit = True  # else the first rollback would take it back
    connection.execute("SET jit = off")
    connection.autocommit = False


def _open_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # else the driver begins transactions of its own, too late
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A reader that turns writer cannot wait for the lock (its snapshot is stale), so writers take it first.
    writer = connection.get_execution_options().get("writer", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")
