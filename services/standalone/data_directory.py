"""The directory in which a standalone back end keeps everything: whose it is, which version, one process at a time."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from types import TracebackType
from typing import IO

from shared.starting import StartRefused

MARKER = "jikao.json"
LOCK = "lock"
KIND = "jikao-data-directory"
VERSION = 1
"""Raised when an older program could no longer read the directory."""


class DataDirectoryRefused(StartRefused):
    """This cannot be the data directory; the message is one sentence that says what to do."""


class DataDirectory:
    """The opened directory. Locked until it is closed; the lock is the kernel's and ends with the process."""

    def __init__(self, path: Path, lock: IO[str]) -> None:
        self.path = path
        self._lock = lock

    @property
    def log(self) -> Path:
        """Where the event log is."""
        return self.path / "log"

    @property
    def issuer(self) -> Path:
        """Where the development issuer's key is."""
        return issuer_directory(self.path)

    @property
    def signing_key(self) -> Path:
        """Where the key that signs checkpoints and receipts is."""
        return signing_key_file(self.path)

    def database_url(self, service: str) -> str:
        """The address of a service's own database."""
        return f"sqlite:///{self.path / service}.db"

    def close(self) -> None:
        """Let another process in. Harmless when repeated."""
        self._lock.close()

    def __enter__(self) -> DataDirectory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def issuer_directory(path: Path) -> Path:
    """Where the development issuer's key is in a data directory."""
    return path / "issuer"


def signing_key_file(path: Path) -> Path:
    """Where the key that signs checkpoints and receipts is in a data directory."""
    return path / "keys" / "signing.pem"


def open_directory(path: Path, *, make: bool = True) -> DataDirectory:
    """Open (and, with `make`, make) the data directory at `path`; DataDirectoryRefused."""
    path = path.absolute()
    if path.exists() and not path.is_dir():
        raise DataDirectoryRefused(f"{path} is a file: name a directory by --data or JIKAO_DATA.")
    if not path.exists() and not make:
        raise DataDirectoryRefused(f"There is no data directory {path}: name an existing one by --data or JIKAO_DATA.")
    try:
        path.mkdir(parents=True, exist_ok=True)
        inside = {entry.name for entry in path.iterdir()} - {LOCK}
        if MARKER in inside:
            check_marker(path / MARKER)
        elif inside or not make:
            raise DataDirectoryRefused(
                f"{path} holds something else (it has no {MARKER}): name an empty or a new directory."
            )
        lock = _locked(path)
        if MARKER not in inside:
            _mark(path / MARKER)
    except OSError as error:
        raise DataDirectoryRefused(
            f"The data directory {path} cannot be used ({error.strerror}): make it writable or name another one."
        ) from error
    return DataDirectory(path, lock)


def check_marker(marker: Path) -> None:
    """DataDirectoryRefused when the directory is of something else, or of a newer program."""
    try:
        found = json.loads(marker.read_text(encoding="utf-8"))
        kind, version = found["kind"], int(found["version"])
    except (ValueError, KeyError, TypeError):
        kind, version = "", 0
    if kind != KIND:
        raise DataDirectoryRefused(f"{marker.parent} is not a data directory of Jikao: name another one.")
    if version > VERSION:
        raise DataDirectoryRefused(
            f"The data directory {marker.parent} is of version {version} and this program knows {VERSION}: "
            "run the newer program that wrote it."
        )


def _mark(marker: Path) -> None:
    marker.write_text(json.dumps({"kind": KIND, "version": VERSION}) + "\n", encoding="utf-8")


def _locked(path: Path) -> IO[str]:
    lock = (path / LOCK).open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "another process"
        lock.close()
        raise DataDirectoryRefused(
            f"The data directory {path} is in use by {holder}: stop that process or name another directory."
        ) from None
    lock.truncate(0)
    lock.write(f"process {os.getpid()} (jikao)\n")
    lock.flush()
    return lock
