"""What do proofs cost at a hundred thousand and a million records? `python -m bench.proofs [--quick]`

The evaluation service's tiles in SQLite beside `pymerkle` with its SQLite storage, both filled with the same leaves,
so their roots must be equal. Questions are put in turns, each in a read transaction of its own: inclusion of a random
record, consistency between two random sizes. A restart is a process's first root: the database is opened anew, with
nothing kept in memory (the operating system's file cache is warm for both). pymerkle keeps hashes of sub-trees in
memory between questions; our tiles are read again for every proof, and only nodes above the same bytes are
remembered (shared.proofs.tiles, 2 MiB at most). Milliseconds, medians with the 99th percentile.
"""

from __future__ import annotations

import random
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from sqlalchemy import Engine

from bench.command_line import measure
from services.evaluation.read_models import tiles
from services.evaluation.tables import TILES
from shared.merkle import leaf, leaf_hash
from shared.proofs.tree import check_consistency, check_inclusion, consistency_path, inclusion_path, root_of
from shared.sql import engine as open_engine
from shared.sql import reading, writing

SIZES = (100_000, 1_000_000)
LOG = "sim-01920000-0000-7000-8000-000000000001"
BATCH = 2_000
"""Leaves in one write transaction: a reader's batch under load."""


def run(quick: bool = False) -> dict[str, Any]:
    """Measure; for each size what was asked of whom, with every single sample in milliseconds."""
    sizes, questions, restarts = ((2_000,), 20, 2) if quick else (SIZES, 500, 10)
    return {str(size): _at(size, questions, restarts) for size in sizes}


def _at(size: int, questions: int, restarts: int) -> dict[str, Any]:
    leaves = [leaf(position, 1_000 * position, position.to_bytes(8)) for position in range(size)]
    with tempfile.TemporaryDirectory(prefix="jikao-proofs-") as folder:
        ours, theirs = Path(folder) / "tiles.db", Path(folder) / "pymerkle.db"
        filled = {"tiles": _fill(ours, leaves), "pymerkle": _fill_pymerkle(theirs, leaves)}
        restarted = _in_turns(
            restarts, {"tiles": lambda: _root(ours, size), "pymerkle": lambda: _root_pymerkle(theirs)}
        )
        asked = _questions(ours, theirs, size, leaves, questions)
        return {
            "fill_leaves_per_s": {who: round(size / seconds) for who, seconds in filled.items()},
            "megabytes": {who: round(_bytes(path) / 1e6, 1) for who, path in (("tiles", ours), ("pymerkle", theirs))},
            "root_after_restart": _summary(restarted),
            **{question: _summary(samples) for question, samples in asked.items()},
        }


def _in_turns(rounds: int, asked: dict[str, Callable[[], bytes]]) -> dict[str, list[float]]:
    """Milliseconds of each, one after the other and over again; all must answer the same."""
    samples: dict[str, list[float]] = {who: [] for who in asked}
    for _ in range(rounds):
        answers = set()
        for who, ask in asked.items():
            began = time.perf_counter()
            answers.add(ask())
            samples[who].append((time.perf_counter() - began) * 1e3)
        assert len(answers) == 1, "two trees of the same leaves have different roots"
    return samples


def _fill(path: Path, leaves: list[bytes]) -> float:
    engine = _tiles_in(path)
    began = time.perf_counter()
    for begin in range(0, len(leaves), BATCH):
        with writing(engine) as db:
            tiles.grow(db, LOG, begin, [leaf_hash(each) for each in leaves[begin : begin + BATCH]])
    took = time.perf_counter() - began
    engine.dispose()
    return took


def _fill_pymerkle(path: Path, leaves: list[bytes]) -> float:
    tree = _pymerkle(path)
    began = time.perf_counter()
    for begin in range(0, len(leaves), BATCH):
        tree.append_entries(leaves[begin : begin + BATCH])
    took = time.perf_counter() - began
    tree.close()
    return took


def _tiles_in(path: Path) -> Engine:
    engine = open_engine(f"sqlite:///{path}")
    TILES.create(engine, checkfirst=True)
    return engine


def _pymerkle(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pymerkle = import_module("pymerkle")  # GPL: measured beside, never shipped

    return pymerkle.SqliteTree(str(path))


def _root(path: Path, size: int) -> bytes:
    engine = open_engine(f"sqlite:///{path}")
    with reading(engine) as db:
        root = root_of(size, tiles.tree(db, LOG))
    engine.dispose()
    return root


def _root_pymerkle(path: Path) -> bytes:
    tree = _pymerkle(path)
    root: bytes = tree.get_root()
    tree.close()
    return root


def _questions(
    ours: Path, theirs: Path, size: int, leaves: list[bytes], count: int
) -> dict[str, dict[str, list[float]]]:
    chosen = random.Random(size)
    engine, tree = _tiles_in(ours), _pymerkle(theirs)
    samples: dict[str, dict[str, list[float]]] = {
        question: {"tiles": [], "pymerkle": []} for question in ("inclusion", "consistency")
    }
    samples["verifying"] = {"inclusion": [], "consistency": []}
    for _ in range(count):
        index, old = chosen.randrange(size), chosen.randrange(1, size)
        with _timed(samples["inclusion"]["tiles"]), reading(engine) as db:
            included = inclusion_path(index, size, tiles.tree(db, LOG))
        with _timed(samples["inclusion"]["pymerkle"]):
            tree.prove_inclusion(index + 1, size)
        with _timed(samples["consistency"]["tiles"]), reading(engine) as db:
            consistent = consistency_path(old, size, tiles.tree(db, LOG))
        with _timed(samples["consistency"]["pymerkle"]):
            tree.prove_consistency(old, size)
        with reading(engine) as db:
            old_root, root = root_of(old, tiles.tree(db, LOG)), root_of(size, tiles.tree(db, LOG))
        with _timed(samples["verifying"]["inclusion"]):
            check_inclusion(leaf_hash(leaves[index]), index, size, root, included)
        with _timed(samples["verifying"]["consistency"]):
            check_consistency(old, old_root, size, root, consistent)
    tree.close()
    engine.dispose()
    return samples


class _timed:
    """Adds the milliseconds of its body to the samples."""

    def __init__(self, samples: list[float]) -> None:
        self._samples = samples

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._samples.append((time.perf_counter() - self._began) * 1e3)


def _summary(samples: dict[str, list[float]]) -> dict[str, Any]:
    return {
        who: {
            "median_ms": round(median(found), 4),
            "p99_ms": round(quantiles(found, n=100, method="inclusive")[98], 4),
            "lowest_ms": round(min(found), 4),
            "first_ms": round(found[0], 4),
            "samples_ms": [round(each, 4) for each in found],
        }
        for who, found in samples.items()
    }


def _bytes(path: Path) -> int:
    return sum(each.stat().st_size for each in path.parent.glob(path.name + "*"))


def show(found: dict[str, Any]) -> None:
    """Print what `run` found."""
    for size, of in found.items():
        print(f"{int(size):,} leaves: filled {of['fill_leaves_per_s']} leaves/s, {of['megabytes']} MB")
        for question in ("root_after_restart", "inclusion", "consistency", "verifying"):
            for who, told in of[question].items():
                print(
                    f"  {question:18} {who:12} median {told['median_ms']:8.3f} ms   p99 {told['p99_ms']:8.3f}   "
                    f"lowest {told['lowest_ms']:8.3f}   first {told['first_ms']:8.3f}"
                )


if __name__ == "__main__":
    measure(__doc__, run, show)
