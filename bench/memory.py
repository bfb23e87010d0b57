"""How much memory does the standalone back end hold after a large city's year? `python -m bench.memory [--quick]`

A log of 650,000 entries (bench.city), and no databases yet: the process folds it three times, once for each service,
before it says that it is ready. Then it answers: the whole city at four states of knowledge, and every question of
bench.asof. Resident memory in MB (10^6 bytes) when ready and after that, and the most there ever was.
"""

from __future__ import annotations

import time
from typing import Any

from bench.asof import asked
from bench.command_line import measure
from bench.machine import resident_mb
from bench.standing import made, served


def run(quick: bool = False) -> dict[str, Any]:
    """Measure; MB, and the seconds until it was ready."""
    at = made(quick)
    began = time.perf_counter()
    with served(at) as server:
        ready = round(time.perf_counter() - began, 1)
        folded = resident_mb(server.pid)
        asked(server, at, quick=True)
        return {
            "entries": at.city.entries, "ready_s": ready, "when_ready_mb": folded,
            "after_questions_mb": resident_mb(server.pid),
        }  # fmt: skip


def show(found: dict[str, Any]) -> None:
    """Print what `run` found."""
    print(f"{found['entries']:,} entries, ready after {found['ready_s']} s")
    for name in ("when_ready_mb", "after_questions_mb"):
        of = found[name]
        print(f"  {name.removesuffix('_mb').replace('_', ' '):<18}{of['resident']:7.1f} MB resident"
              f" ({of['anonymous']:.1f} of it not mapped from files), at most {of['peak']:.1f}")  # fmt: skip


if __name__ == "__main__":
    measure(__doc__, run, show)
