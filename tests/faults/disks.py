"""Disks that are full, and have room again, beneath a running process.

A small file system of its own is what a full disk is, and only root may mount one. A limit on the size of every file
that the process writes takes no rights at all: writing then fails as it does beyond a quota or on a disk that fails.
"""

from __future__ import annotations

import contextlib
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

SIZE = "256m"
"""Room for all that clients write on a quick machine: each submission takes 85 kB of the databases' logs."""


class Disk(Protocol):
    """What a process writes to."""

    folder: Path

    def fill(self, pid: int) -> None:
        """Let nothing more be written."""

    def free(self, pid: int) -> None:
        """Let everything be written again."""


class SmallDisk:
    """A file system of its own; filled by a file of somebody else's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "somebody-elses"

    def fill(self, pid: int) -> None:
        """Write until there is no room."""
        with self._filler.open("ab", buffering=0) as filler, contextlib.suppress(OSError):
            for octets in (1 << 20, 1 << 12):
                with contextlib.suppress(OSError):
                    while filler.write(bytes(octets)) == octets:
                        pass

    def free(self, pid: int) -> None:
        """Remove what filled it."""
        self._filler.unlink()


class Quota:
    """The machine's disk, of which the process may use nothing more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, pid: int) -> None:
        """No file may be written to at all."""
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def free(self, pid: int) -> None:
        """Files may be as large as they like."""
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Mounted on an empty folder, which anybody may enter; CalledProcessError without the right to mount."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", folder], check=True)
    try:
        yield SmallDisk(folder)
    finally:
        # Lazily: whoever still has a file open there keeps it until he ends.
        subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def quota(folder: Path) -> Iterator[Quota]:
    """On any folder."""
    yield Quota(folder)


def may_mount() -> bool:
    """Whether this process has the right to mount: root outside a container has it."""
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return tried.returncode == 0
