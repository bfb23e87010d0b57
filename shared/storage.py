"""What is refused while a database, or the disk beneath it, fails; and how much room a disk still has.

`shared.sql` turns the drivers' errors into these refusals; whoever waits for the database goes on by itself once it
is back.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
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
    """One sentence that names each folder (by what it is of) whose disk has hardly any room left."""
    short = {name: left for name, left in free(folders).items() if left < LEAST_FREE}
    if not short:
        return None
    told = "; ".join(f"{left / MiB:.1f} MiB are left for the {name}" for name, left in short.items())
    return f"the disk is full or nearly so ({told}): make room, writing then goes on by itself"
