"""A real PostgreSQL of one's own: a new cluster on a free port, with as many fresh databases as asked for.

The server refuses to run as root; started by root, everything of it runs as the user `postgres`, which the
system's package brings along.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import LiteralString

import psycopg
from psycopg import sql

from shared.testing.ports import free_ports

_OLDEST = 15
_USER = "postgres"
_FAST_AND_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class PostgresUnavailable(Exception):
    """PostgreSQL is missing or does not start; the message says what to do."""


class Postgres:
    """One PostgreSQL server.

    With no `directory` a temporary one is made, and removed by `close()`; one that is given is kept, and
    starting on it again finds the databases there. `durable=True` leaves fsync on: for measurements and for
    tests that kill the server; without it commits are fast and a crash of the machine loses them.
    """

    def __init__(self, directory: Path | None = None, *, durable: bool = False, settings: Sequence[str] = ()) -> None:
        self._owned = directory is None
        # Not below the caller's home: the user `postgres` could not reach it there.
        self.directory = directory or Path(tempfile.mkdtemp(prefix="jikao-postgres-"))
        self.port = free_ports(1)[0]
        self._durable = durable
        self._settings = (*(() if durable else _FAST_AND_FORGETFUL), *settings)
        self._running = False

    def start(self, *, timeout: float = 60.0) -> None:
        """Start the server, on a new cluster if there is none yet; return once it accepts connections."""
        if not (self._data / "PG_VERSION").exists():
            self._make_cluster(timeout)
        options = " ".join(
            f"-c {setting}"
            for setting in (
                "listen_addresses=127.0.0.1",
                f"port={self.port}",
                f"unix_socket_directories={self.directory}",
                "max_connections=200",
                *self._settings,
            )
        )
        log = self.directory / "postgres.log"
        wait = str(int(timeout))
        try:
            self._run("pg_ctl", "-D", str(self._data), "-w", "-t", wait, "-l", str(log), "-o", options, "start")
        except PostgresUnavailable as error:
            words = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise PostgresUnavailable(f"{error} {words}".strip()) from None
        self._running = True

    def stop(self, *, mode: str = "fast", timeout: float = 60.0) -> None:
        """Stop the server; nothing if it is not running. `mode` is pg_ctl's; `immediate` is like a crash."""
        if self._running:
            self._run("pg_ctl", "-D", str(self._data), "-w", "-t", str(int(timeout)), "-m", mode, "stop")
            self._running = False

    def kill(self) -> None:
        """Stop it at once, without a checkpoint: the next start has to recover."""
        self.stop(mode="immediate")

    def close(self) -> None:
        """Stop it and remove the directory, if it is a temporary one."""
        self.stop(mode="fast" if self._durable and not self._owned else "immediate")
        if self._owned:
            shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Postgres:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def url(self, name: str) -> str:
        """Return the address of a database, as SQLAlchemy and libpq both read it."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{name}"

    def database(self, name: str) -> str:
        """Create an empty database and return its address; one of that name is kept as it is."""
        with contextlib.suppress(psycopg.errors.DuplicateDatabase):
            self._administer("CREATE DATABASE {}", name)
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def _administer(self, statement: LiteralString, name: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))

    def _make_cluster(self, timeout: float) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        if os.geteuid() == 0:
            try:
                shutil.chown(self.directory, _USER, _USER)
            except LookupError:
                raise PostgresUnavailable(f"there is no user {_USER}: install PostgreSQL from a package") from None
        sync = () if self._durable else ("--no-sync",)
        where = ("-D", str(self._data), "-U", _USER)
        self._run("initdb", *where, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", *sync, timeout=timeout)

    def _run(self, program: str, *arguments: str, timeout: float = 120.0) -> None:
        command = [str(binaries() / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", _USER, "--", *command]
        # From "/": the user `postgres` may not be allowed into the folder we run in. Output goes to a file,
        # not a pipe: the server that pg_ctl leaves behind inherits it, and a pipe would never end.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                check=False,
            )
            output.seek(0)
            words = output.read().decode(errors="replace").strip()
        if done.returncode != 0:
            raise PostgresUnavailable(f"{program} failed: {words[-2000:]}")


def binaries() -> Path:
    """Return the folder of the newest PostgreSQL on this machine."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    folders = [folder for folder in folders if int(folder.parent.name) >= _OLDEST]
    if folders:
        return max(folders, key=lambda folder: int(folder.parent.name))
    found = shutil.which("initdb")
    if found is None:
        raise PostgresUnavailable(f"PostgreSQL is missing: install PostgreSQL {_OLDEST} or later")
    return Path(found).resolve().parent
