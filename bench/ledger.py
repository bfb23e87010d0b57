"""How fast does evaluation fold a full log, and answer about it, on either database? `python -m bench.ledger [--quick]`

A year of a large city (bench.city: 650,000 entries) lies on an embedded log. The service's own reader folds it: judging
every entry, archive, Merkle tree, submissions, ledger, registry. On SQLite, which syncs every batch as always, and on a
PostgreSQL of our own with fsync on. The rate is of the whole log, and of each 20,000 entries, whose spread is shown.
Then the whole city and one unit are asked for as of dates that nobody asked about before, in this process without HTTP.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from bench.city import AS_OF, DAYS, ENTRIES, YEAR, city
from bench.command_line import measure
from bench.folding import Folding, embedded, folding
from bench.machine import in_turns, summaries, summary
from services.evaluation.documents import Question
from shared.testing.postgres import Postgres

SLICE = 20_000
"""Entries after which the rate is looked at."""


def run(quick: bool = False) -> dict[str, Any]:
    """Measure; entries a second by database, over all and slice by slice."""
    made = city(quick)
    found: dict[str, Any] = {"entries": made.entries, "series": made.series}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jikao-ledger-")))
        topics = stack.enter_context(embedded(folder))
        log = made.fill(topics)
        postgres = stack.enter_context(Postgres(durable=True))
        for name, url in (("sqlite", f"sqlite:///{folder}/evaluation.db"), ("postgresql", postgres.database("bench"))):
            with folding(topics, url) as at:
                found[name] = projected(at, made.standing, topics.events.end(0), SLICE if not quick else 500)
                found[name] |= asked(at, log, DAYS[:2] if quick else DAYS)
    return found


def projected(at: Folding, standing: int, end: int, slice: int = SLICE) -> dict[str, Any]:
    """Fold the log, and tell how fast its submissions went; what stands before the first of them is left out."""
    reader = at.reader
    reader.catch_up(standing)
    began = sliced = time.perf_counter()
    since, rates = standing, list[float]()
    while reader.next_offset < end:
        reader.step(timeout=1.0)
        if (entries := (reader.next_offset - since) * ENTRIES) >= slice:
            now = time.perf_counter()
            rates.append(entries / (now - sliced))
            since, sliced = reader.next_offset, now
    took = time.perf_counter() - began
    rate = (end - standing) * ENTRIES / took
    return {"seconds": round(took, 2), "entries_per_s": round(rate), "slices": summary(rates or [rate], 0)}


def asked(at: Folding, log: str, days: Sequence[date]) -> dict[str, Any]:
    """Milliseconds of two questions, and of reading the levels alone; each about another date each time.

    One round before is not counted.
    """
    questions = {"whole_city_ms": Question("completion", YEAR), "one_unit_ms": Question("unit", YEAR, "u1")}
    asking: dict[str, Callable[[], object]] = {
        name: partial(_ask, at, log, question, iter([AS_OF, *days])) for name, question in questions.items()
    }
    asking["reading_levels_ms"] = partial(_read, at, log, iter([AS_OF, *days]))
    in_turns(1, asking)
    return summaries(in_turns(len(days), asking))


def _ask(at: Folding, log: str, question: Question, days: Iterator[date]) -> bytes:
    return at.ask(log, question, next(days))


def _read(at: Folding, log: str, days: Iterator[date]) -> None:
    at.read_levels(log, YEAR, next(days))


def show(found: dict[str, Any]) -> None:
    """Print what `run` found."""
    print(f"{found['series']:,} series, {found['entries']:,} entries")
    for name in ("sqlite", "postgresql"):
        of, slices = found[name], found[name]["slices"]
        print(f"  {name:<11}{of['entries_per_s']:8,} entries/s; of slices median {slices['median']:,.0f},"
              f" {slices['low']:,.0f} to {slices['high']:,.0f}; whole city {of['whole_city_ms']['median']:.1f} ms,"
              f" one unit {of['one_unit_ms']['median']:.1f} ms")  # fmt: skip


if __name__ == "__main__":
    measure(__doc__, run, show)
