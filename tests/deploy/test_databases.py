"""The script that an administrator runs on an empty PostgreSQL, run on an empty PostgreSQL."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from services.gateway.routing import SERVICES
from shared.testing.postgres import Postgres, binaries

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "postgres" / "databases.sql"
PASSWORDS = {f"JIKAO_{service.upper()}_PASSWORD": f"{service}'s own" for service in SERVICES}


@pytest.fixture
def empty() -> Iterator[Postgres]:
    with Postgres() as postgres:  # of its own: roles belong to the whole server
        yield postgres


def run(postgres: Postgres, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [binaries() / "psql", "-X", "-q", "-d", postgres.url("postgres"), "-f", SCRIPT],
        env={"PATH": os.environ["PATH"], **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def address(postgres: Postgres, service: str, database_of: str) -> str:
    return postgres.url(f"jikao_{database_of}").replace("//postgres@", f"//jikao_{service}@")


def test_each_service_has_a_database_that_no_other_service_reaches(empty: Postgres) -> None:
    done = run(empty, PASSWORDS)
    assert (done.returncode, done.stderr) == (0, "")

    for service in SERVICES:
        with psycopg.connect(address(empty, service, service)) as connection:
            connection.execute("CREATE TABLE target (name text)")
        for other in set(SERVICES) - {service}:
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(address(empty, service, other))


def test_a_forgotten_password_stops_it_before_anything_is_made(empty: Postgres) -> None:
    done = run(empty, {})

    assert done.returncode != 0
    with psycopg.connect(empty.url("postgres")) as connection:
        roles = connection.execute("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'jikao%'").fetchone()
    assert roles == (0,)
