"""A copy of a data directory, taken while it serves: the databases first, then the log, then the keys.

In this order the copy of the log is never behind a copy of a database. The manifest is written last: a folder without
one is no backup. It names every file with its size and hash, and every log with the head it had in the copy.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path

from services.standalone.data_directory import MARKER, DataDirectoryRefused, check_marker
from shared.event_log.embedded import FILE_NAME
from shared.event_log.port import EVENTS
from shared.merkle import Frontier
from shared.starting import StartRefused

MANIFEST = "backup.json"
KIND = "jikao-backup"
VERSION = 1
DATABASES = ("targets.db", "projects.db", "evaluation.db")
LOG = f"log/{FILE_NAME}"
KEYS = ("issuer", "keys")
"""Folders that are copied as they are, if they are there."""


class BackupRefused(StartRefused):
    """The backup cannot be made, or is none; the message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of a backup; `name` is its path in the data directory."""

    name: str
    octets: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Head:
    """How far the copied evaluation database had read one log, with the root of its tree (hex)."""

    log: str
    position: int
    root: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup consists of. `ends` are the offsets at which the copied log's partitions of events end."""

    made_at: str
    files: tuple[Kept, ...]
    heads: tuple[Head, ...]
    ends: dict[str, int]


def back_up(data: Path, to: Path) -> Manifest:
    """Copy the data directory `data` into the empty or new folder `to`; what was copied.

    Takes no lock and stops nobody. BackupRefused, DataDirectoryRefused.
    """
    data, to = data.absolute(), to.absolute()
    if not (data / MARKER).exists():
        raise DataDirectoryRefused(f"There is no data directory {data}: name an existing one by --data.")
    check_marker(data / MARKER)
    if to.is_relative_to(data):
        raise BackupRefused(f"{to} lies in the data directory itself: name a folder on another disk.")
    try:
        to.mkdir(parents=True, exist_ok=True)
        if any(to.iterdir()):
            raise BackupRefused(f"{to} is not empty: name an empty or a new folder, a backup is never written over.")
        for name in (*DATABASES, LOG):
            if (data / name).exists():
                _copy_database(data / name, to / name)
        for folder in KEYS:
            if (data / folder).is_dir():
                shutil.copytree(data / folder, to / folder)
        shutil.copy2(data / MARKER, to / MARKER)
        manifest = Manifest(
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            files=tuple(_kept(to, file) for file in sorted(to.rglob("*")) if file.is_file()),
            heads=tuple(heads(to / "evaluation.db")),
            ends=ends(to / LOG),
        )
        _write(to / MANIFEST, {"kind": KIND, "version": VERSION, **asdict(manifest)})
    except sqlite3.Error as error:
        raise BackupRefused(
            f"A database in {data} cannot be copied ({error}): run `jikao doctor --data {data}`."
        ) from error
    except OSError as error:
        raise BackupRefused(f"The backup in {to} cannot be written ({error.strerror}): name another folder.") from error
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup, after every file was compared with it. BackupRefused names the first that differs."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if found.pop("kind") != KIND or found.pop("version") > VERSION:
            raise BackupRefused(f"{folder} was written by another program, or a newer one: use that one.")
        manifest = Manifest(
            found["made_at"],
            tuple(Kept(**file) for file in found["files"]),
            tuple(Head(**head) for head in found["heads"]),
            found["ends"],
        )
    except FileNotFoundError:
        raise BackupRefused(f"{folder} is no backup (it has no {MANIFEST}), or an unfinished one.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise BackupRefused(f"{folder / MANIFEST} cannot be read ({error}): use another backup.") from error
    for file in manifest.files:
        if not (folder / file.name).is_file():
            raise BackupRefused(f"The backup {folder} lacks {file.name}: use another one.")
        if _kept(folder, folder / file.name) != file:
            raise BackupRefused(f"{file.name} in the backup {folder} was changed since it was made: use another one.")
    return manifest


def heads(evaluation: Path) -> Iterator[Head]:
    """How far a copy of evaluation's database has read each log."""
    if not evaluation.exists():
        return
    with closing(sqlite3.connect(evaluation)) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        active = db.execute("SELECT active FROM projection_generation").fetchone() if tables else None
        if active is None or f"places_g{active[0]}" not in tables:
            return
        for log, frontier in db.execute(f"SELECT log, frontier FROM places_g{int(active[0])} ORDER BY log"):
            read = Frontier.from_bytes(frontier)
            yield Head(log, read.size - 1, read.root().hex())


def ends(log: Path) -> dict[str, int]:
    """Where the partitions of events end in a copy of the log."""
    if not log.exists():
        return {}
    with closing(sqlite3.connect(log)) as db:
        asked = 'SELECT partition, max("offset") + 1 FROM records WHERE topic = ? GROUP BY partition'
        return {str(partition): end for partition, end in db.execute(asked, (EVENTS,))}


def _copy_database(source: Path, target: Path) -> None:
    """One consistent snapshot, whoever writes meanwhile: all pages in one step, under one read lock."""
    target.parent.mkdir(parents=True, exist_ok=True)
    live = sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=30.0)
    with closing(live), closing(sqlite3.connect(target)) as copy:
        live.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a write-ahead log beside it
    _flush(target)


def _kept(folder: Path, file: Path) -> Kept:
    with file.open("rb") as content:
        digest = file_digest(content, "sha256").hexdigest()
    return Kept(file.relative_to(folder).as_posix(), file.stat().st_size, digest)


def _write(file: Path, document: dict[str, object]) -> None:
    unfinished = file.with_name(file.name + ".unfinished")
    unfinished.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    _flush(unfinished)
    unfinished.rename(file)
    _flush(file.parent)


def _flush(path: Path) -> None:
    """To the disk: a backup that is only in memory is none."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
