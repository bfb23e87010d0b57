"""What is refused while a database, or the disk beneath it, fails; and how much room a disk still has.

`shared.sql` turns the drivers' errors into these refusals; whoever waits for the database goes on by itself once it
is back.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from shared.errors import Unavailable

MiB = 1024 * 1024
LEAST_FREE = 16 * MiB
"""Room that SQLite needs to go on writing: its write-ahead files, and the pages that they are copied into."""


class DatabaseUnavailable(Unavailable):
    """The service's database cannot be reached right now; this may have been done or not: send it again."""

    zh = "本服务的数据库暂时无法访问,请求可能已被处理也可能未被处理,请重新提交。"


class DatabaseIsFull(DatabaseUnavailable):
    """The disk of the service's database is full, so nothing of this was stored; send it again once there is room."""

    zh = "本服务数据库所在磁盘已满,本次内容未保存,请待腾出空间后重新提交。"


def free(folders: Mapping[str, Path]) -> dict[str, int]:
    """Bytes that may still be written on the file system of each of these folders."""
    return {name: shutil.disk_usage(folder).free for name, folder in folders.items()}


def short_of_room(folders: Mapping[str, Path]) -> str | None:
    """One sentence that names each folder (by what it is of) whose disk has hardly any room left, or takes nothing.

    A little is written, for room that the disk has may be denied to us: by a quota, or because it failed.
    """
    told = [
        f"{left / MiB:.1f} MiB are left for the {name}" for name, left in free(folders).items() if left < LEAST_FREE
    ]
    told = told or [f"the {name} cannot be written: {why}" for name, why in _unwritable(folders)]
    if not told:
        return None
    return f"the disk is full or nearly so ({'; '.join(told)}): make room, writing then goes on by itself"


def _unwritable(folders: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    for name, folder in folders.items():
        try:
            with tempfile.TemporaryFile(dir=folder, buffering=0) as tried:
                tried.write(bytes(4096))
        except OSError as error:
            yield name, str(error.strerror)
