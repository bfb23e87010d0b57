"""A data directory made from a backup, and proved before anything serves on it.

The log is kept as it was backed up; event stores, persons and sealed documents are taken as backed up; read models are
filled again from the log and compared. With the databases only, they go beside a newer log: what the log has beyond
them is read, and the event stores are refilled from it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from services.gateway.routing import SERVICES
from services.standalone.backup import DATABASES, LOG, MANIFEST, BackupRefused, Manifest, ends, heads, read_manifest
from services.standalone.data_directory import DataDirectory, DataDirectoryRefused, open_directory
from services.standalone.main import maintained
from services.standalone.rebuilding import rebuild
from shared.event_log.embedded import open_embedded
from shared.identity.issuer import DevelopmentIssuer

_SIDE_FILES = ("", "-wal", "-shm")


def restore(source: Path, data: Path, *, databases_only: bool = False) -> Iterator[str]:
    """Restore; says what it has done, a line for each step. BackupRefused, DataDirectoryRefused, LogIsShorter."""
    manifest = read_manifest(source)
    yield f"the backup of {manifest.made_at} is whole: {len(manifest.files)} files"
    if databases_only:
        with open_directory(data, make=False) as directory:
            replaced = _put_beside(source, manifest, directory)
            yield f"{len(DATABASES)} databases are restored; what they replace is kept in {replaced}"
            yield from _prove(directory)
        return
    _copy_all(source, manifest, data.absolute())
    with open_directory(data, make=False) as directory:
        found = tuple(heads(directory.path / "evaluation.db"))
        if found != manifest.heads or ends(directory.path / LOG) != manifest.ends:
            raise BackupRefused(f"The heads of the logs in {source} are not those of its manifest: use another backup.")
        yield f"{data} holds what was backed up"
        yield from _prove(directory)


def _copy_all(source: Path, manifest: Manifest, data: Path) -> None:
    if data.exists() and any(data.iterdir()):
        raise DataDirectoryRefused(f"{data} is not empty: restore into an empty or a new directory.")
    try:
        # Beside its place and then renamed, so that a restore cut off is not taken for a data directory.
        unfinished = data.with_name(data.name + ".restoring")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for file in manifest.files:
            (unfinished / file.name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / file.name, unfinished / file.name)
        if data.exists():
            data.rmdir()
        unfinished.rename(data)
    except OSError as error:
        raise DataDirectoryRefused(f"{data} cannot be written ({error.strerror}): name another directory.") from error


def _put_beside(source: Path, manifest: Manifest, directory: DataDirectory) -> Path:
    names = {file.name for file in manifest.files}
    if not names.issuperset(DATABASES):
        raise BackupRefused(f"The backup {source} has no databases: use another one.")
    replaced = directory.path / f"replaced-{datetime.now(UTC).strftime('%Y%m%dT%H%M%SZ')}"
    replaced.mkdir()
    for name in DATABASES:
        for suffix in _SIDE_FILES:
            old = directory.path / (name + suffix)
            if old.exists():
                old.rename(replaced / old.name)
        shutil.copy2(source / name, directory.path / name)
    return replaced


def _prove(directory: DataDirectory) -> Iterator[str]:
    """Read what the log has beyond the databases, refill the event stores, then fill read models anew and compare."""
    verifier = DevelopmentIssuer(directory.issuer).verifier()
    with closing(open_embedded(directory.log)) as topics:
        for name in SERVICES:
            with maintained(name, directory, topics, verifier) as service:
                filled = service.catch_up()
                yield f"{name} has read the log to its end; {filled} facts were refilled into its event store"
    for name, rebuilt in rebuild(directory, accept_differences=True):
        differing = f"; these differed: {', '.join(rebuilt.differing)}" if rebuilt.differing else "; nothing differs"
        yield f"{name}: generation {rebuilt.generation} is in force{differing}"


__all__ = ["MANIFEST", "restore"]
