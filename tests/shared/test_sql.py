"""SQLite and PostgreSQL must behave alike wherever an answer depends on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Column, Engine, MetaData, Table, func, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from shared.quantities import NotAQuantity
from shared.sql import (
    BigInt,
    Bytes,
    Code,
    QuantityText,
    drift,
    engine,
    insert_if_absent,
    insert_many,
    migrate,
    reading,
    upsert,
    writing,
)

metadata = MetaData()
figures = Table(
    "figures",
    metadata,
    Column("number", BigInt, primary_key=True),
    Column("code", Code(), nullable=False, unique=True),
    Column("value", QuantityText()),
    Column("proof", Bytes),
)

MIGRATION = """
import sqlalchemy as sa
from alembic import op
from shared.sql import BigInt, Bytes, Code, QuantityText

revision, down_revision, branch_labels, depends_on = "0001", None, None, None

def upgrade():
    op.create_table(
        "figures",
        sa.Column("number", BigInt, primary_key=True),
        sa.Column("code", Code(), nullable=False, unique=True),
        sa.Column("value", QuantityText()),
        sa.Column("proof", Bytes),
    )
"""


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    made = engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def filled(database: Engine) -> Engine:
    with writing(database) as db:
        metadata.create_all(db)
        insert_many(db, figures, [{"code": code} for code in ("b", "A", "县", "a", "B")])
    return database


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    (tmp_path / "100%" / "versions").mkdir(parents=True)
    (tmp_path / "100%" / "versions" / "0001_figures.py").write_text(MIGRATION, encoding="utf-8")
    return tmp_path / "100%"


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="not mysql"):
        engine("mysql://127.0.0.1/jikao")


def test_codes_sort_by_code_point(filled: Engine) -> None:
    with reading(filled) as db:
        assert list(db.execute(select(figures.c.code).order_by(figures.c.code)).scalars()) == [
            "A",
            "B",
            "a",
            "b",
            "县",
        ]


@pytest.mark.parametrize("exact", ["0", "-0.000000000001", "99999999999999999999.999999999999", "12.5"])
def test_a_quantity_comes_back_digit_for_digit(filled: Engine, exact: str) -> None:
    with writing(filled) as db:
        db.execute(insert(figures).values(code="c", value=Decimal(exact), proof=b"\x00\xff"))
    with reading(filled) as db:
        ours = figures.c.code == "c"
        assert db.execute(select(figures.c.value, figures.c.proof).where(ours)).one() == (
            Decimal(exact),
            b"\x00\xff",
        )
        assert db.execute(text("SELECT value FROM figures WHERE code = 'c'")).scalar_one() == exact


def test_a_quantity_is_stored_canonically_and_only_if_it_is_one(filled: Engine) -> None:
    with writing(filled) as db:
        db.execute(insert(figures).values(code="c", value=Decimal("12.500")))
        assert db.execute(text("SELECT value FROM figures WHERE code = 'c'")).scalar_one() == "12.5"
    with writing(filled) as db, pytest.raises(StatementError) as refused:
        db.execute(insert(figures).values(code="d", value=Decimal("1e-13")))
    assert isinstance(refused.value.__cause__, NotAQuantity)


def test_nothing_of_a_failed_transaction_stays(filled: Engine) -> None:
    def fail_after_writing() -> None:
        with writing(filled) as db:
            insert_many(db, figures, [{"code": "lost"}])
            raise KeyError

    with pytest.raises(KeyError):
        fail_after_writing()
    with reading(filled) as db:
        assert db.execute(select(func.count()).where(figures.c.code == "lost")).scalar_one() == 0


def test_a_reader_keeps_its_snapshot_while_others_commit(filled: Engine) -> None:
    count = select(func.count()).select_from(figures)
    with reading(filled) as db:
        before = db.execute(count).scalar_one()
        with writing(filled) as other:
            insert_many(other, figures, [{"code": "later"}])
        assert db.execute(count).scalar_one() == before
    with reading(filled) as db:
        assert db.execute(count).scalar_one() == before + 1


def test_what_a_reader_writes_never_stays(filled: Engine) -> None:
    def write_while_reading() -> None:
        with reading(filled) as db:
            db.execute(insert(figures).values(code="smuggled"))

    if filled.dialect.name == "postgresql":
        with pytest.raises(DBAPIError):
            write_while_reading()
    else:
        write_while_reading()
    with writing(filled) as db:
        assert db.execute(select(func.count()).where(figures.c.code == "smuggled")).scalar_one() == 0


def test_a_connection_that_read_can_write_when_it_is_used_again(filled: Engine) -> None:
    for _ in range(3):
        with reading(filled) as db:
            db.execute(select(figures)).all()
        with writing(filled) as db:
            db.execute(update(figures).values(proof=b"seen"))


# On PostgreSQL a row lock or a unique key does this.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_writers_wait_for_one_another_instead_of_failing(filled: Engine) -> None:
    one = figures.c.code == "a"
    with writing(filled) as db:
        db.execute(update(figures).where(one).values(value=Decimal(0)))

    def count_up() -> None:
        for _ in range(25):
            with writing(filled) as db:
                value = db.execute(select(figures.c.value).where(one)).scalar_one()
                assert value is not None
                db.execute(update(figures).where(one).values(value=value + 1))

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(filled) as db:
        assert db.execute(select(figures.c.value).where(one)).scalar_one() == 100


def test_many_rows_are_kept_as_exactly_as_one(filled: Engine) -> None:
    rows = [
        {"code": f"c\t{n}\\n", "value": Decimal(n) / 4 if n % 2 else None, "proof": bytes([n, 0, 9, 92])}
        for n in range(200)
    ]
    with writing(filled) as db:
        insert_many(db, figures, rows)
        found = db.execute(select(figures.c.code, figures.c.value, figures.c.proof).order_by(figures.c.number))
        assert [dict(row) for row in found.mappings()][5:] == rows
    with pytest.raises(IntegrityError), writing(filled) as db:
        insert_many(db, figures, [{"code": f"d{n % 150}"} for n in range(200)])
    with writing(filled) as db:
        assert db.execute(select(func.count()).select_from(figures)).scalar_one() == 205
        insert_many(db, figures, [])


def test_only_rows_with_a_new_key_are_inserted(filled: Engine) -> None:
    rows = [{"code": code, "proof": b"2"} for code in ("a", "c", "c", "d")]
    with writing(filled) as db:
        assert insert_if_absent(db, figures, rows, on=("code",)) == 2
        assert insert_if_absent(db, figures, [{"code": "e", "proof": b"2"}]) == 1
        assert insert_if_absent(db, figures, rows) == 0
        assert insert_if_absent(db, figures, []) == 0
        assert db.execute(select(figures.c.proof).where(figures.c.code == "a")).scalar_one() is None


def test_an_upsert_replaces_what_stands_under_the_key(filled: Engine) -> None:
    rows = [
        {"code": "a", "value": Decimal(1), "proof": b"1"},
        {"code": "c", "value": Decimal(2), "proof": b"2"},
    ]
    with writing(filled) as db:
        upsert(db, figures, rows, on=("code",))
        upsert(db, figures, [{"code": "a"}], on=("code",))
        upsert(db, figures, [], on=("code",))
        found = db.execute(select(figures.c.code, figures.c.value).where(figures.c.value.is_not(None)))
        assert dict(tuple(row) for row in found) == {"a": 1, "c": 2}


def test_migrations_bring_the_tables_and_running_them_again_changes_nothing(database: Engine, migrations: Path) -> None:
    assert drift(database, metadata, "figures_version")
    for _ in range(2):
        migrate(database, migrations, "figures_version")
        assert drift(database, metadata, "figures_version") == []
    with reading(database) as db:
        assert sorted(inspect(db).get_table_names()) == ["figures", "figures_version"]


def test_drift_sees_a_column_without_a_migration_in_the_named_tables_only(database: Engine, migrations: Path) -> None:
    migrate(database, migrations, "figures_version")
    with writing(database) as db:
        db.execute(text("ALTER TABLE figures ADD COLUMN surplus INTEGER"))
        db.execute(text("CREATE TABLE of_another_service (id INTEGER)"))
    assert len(drift(database, metadata, "figures_version", ["figures"])) == 1
    assert drift(database, metadata, "figures_version", []) == []


def test_a_migration_that_fails_leaves_nothing_behind(database: Engine, migrations: Path) -> None:
    (migrations / "versions" / "0002_broken.py").write_text(
        'revision, down_revision = "0002", "0001"\ndef upgrade():\n    raise KeyError\n', encoding="utf-8"
    )
    with pytest.raises(KeyError):
        migrate(database, migrations, "figures_version")
    with reading(database) as db:
        assert inspect(db).get_table_names() == []


def test_two_that_start_at_once_migrate_once(database: Engine, migrations: Path) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            migrate(database, migrations, "figures_version")
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert drift(database, metadata, "figures_version") == []


def test_postgresql_compiles_no_question_whatever_was_rolled_back(postgres_url: str) -> None:
    asked = engine(postgres_url)
    for _ in range(2):
        with reading(asked) as db:
            assert db.exec_driver_sql("SHOW jit").scalar() == "off"
    asked.dispose()
