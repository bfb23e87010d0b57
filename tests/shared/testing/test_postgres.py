from __future__ import annotations

import psycopg
import pytest

from shared.testing.postgres import Postgres


def one(url: str, statement: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


def test_each_database_is_fresh_and_its_own(postgres: Postgres) -> None:
    first, second = postgres.database("first"), postgres.database("second")
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE bill (id int)")

    assert one(first, "SELECT to_regclass('bill')") == "bill"
    assert one(second, "SELECT to_regclass('bill')") is None
    postgres.drop("first")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(first)


def test_what_a_durable_server_committed_is_there_after_a_crash() -> None:
    with Postgres(durable=True) as postgres:
        url = postgres.database("kept")
        assert one(url, "SHOW fsync") == "on"
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE bill (id int)")
            connection.execute("INSERT INTO bill VALUES (9)")
        postgres.kill()
        postgres.start()

        assert one(url, "SELECT id FROM bill") == 9
        directory = postgres.directory
    assert not directory.exists()


def test_a_fresh_database_on_each_kind(database_url: str) -> None:
    assert database_url.startswith(("sqlite:////", "postgresql://"))
