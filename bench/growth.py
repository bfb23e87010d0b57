"""How do folding, asking and judging grow? `python -m bench.growth [--quick | --long]`

In one process, on SQLite, with the service's own reader: with the number of entries (12,500 series, 10^5 and 10^6 of
them; 10^7 with --long), of targets (10^3, 10^4, 10^5, each with two entries for each of five parts), and of logs in one
database (1, 4, 14 cities of 20,000 entries). For each the rate of the projection, the whole city and one unit as of a
date, and what judging a submission of 50 entries costs: the part of ingest that looks at what is known.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from bench.city import DAYS, YEAR, City
from bench.folding import Folding, embedded, folding
from bench.ledger import asked, projected
from bench.machine import in_turns, milliseconds, summaries
from shared.admission import Judgement, Known, judge
from shared.contracts.projects import ProgressSubmitted, TargetFigure

BY_ENTRIES = {"10^5": City(dates=8, rounds=1), "10^6": City(dates=40, rounds=2)}
LONG = {"10^7": City(dates=200, rounds=4)}
BY_TARGETS = {f"10^{n}": City(targets=10**n, dates=2, rounds=1) for n in (3, 4, 5)}
BY_LOGS = (1, 4, 14)
OF_A_LOG = City(targets=200, dates=10, rounds=2)
QUICK = City(targets=20, units=10, dates=2, rounds=1)


def run(quick: bool = False, long: bool = False) -> dict[str, Any]:
    """Measure; for each size the rate, and milliseconds or microseconds with every sample."""
    if quick:
        return {
            "entries": {"200": _of([QUICK], 2)},
            "targets": {"20": _of([QUICK], 2)},
            "logs": {"2": _of([QUICK] * 2, 2)},
        }
    return {
        "entries": {name: _of([city], 9) for name, city in (BY_ENTRIES | (LONG if long else {})).items()},
        "targets": {name: _of([city], 5) for name, city in BY_TARGETS.items()},
        "logs": {str(logs): _of([OF_A_LOG] * logs, 9) for logs in BY_LOGS},
    }


def _of(cities: Sequence[City], rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="jikao-growth-") as kept:
        folder = Path(kept)
        with embedded(folder) as topics:
            logs = [city.fill(topics, f"43{n:04d}") for n, city in enumerate(cities, 301)]
            with folding(topics, f"sqlite:///{folder}/evaluation.db") as at:
                rate = _rate(at, cities, topics.events.end(0))
                log = logs[len(logs) // 2]
                answered = asked(at, log, DAYS[:rounds])
                judged = in_turns(200 if rounds > 2 else 5, {"judge_50_entries_ms": _judging(at, log, cities[0])})
    return {
        "entries": sum(city.entries for city in cities), "series": sum(city.series for city in cities),
        "entries_per_s": rate, **answered, **summaries(judged, 3),
    }  # fmt: skip


def _rate(at: Folding, cities: Sequence[City], end: int) -> int:
    """Entries a second; of several logs, one after the other, with what stands before their first figures."""
    if len(cities) == 1:
        return int(projected(at, cities[0].standing, end)["entries_per_s"])
    taken = milliseconds(partial(at.reader.catch_up, end))
    return round(sum(city.entries for city in cities) / taken * 1e3)


def _judging(at: Folding, log: str, city: City) -> partial[Judgement]:
    """One more submission of the city, judged by what stands there."""
    report = next(city.reports())
    submission = ProgressSubmitted(entries=[
        TargetFigure(target=f"t{target}", unit=f"u{unit}", value=value, unit_of_measure="wan_yuan", effective_on=on)
        for target, unit, on, value in report
    ])  # fmt: skip
    registry = at.reader.logs[log].registry
    return partial(judge, submission, ("source", "id"), "", date(YEAR, 12, 31), registry, Known())


def show(found: dict[str, Any]) -> None:
    """Print what `run` found."""
    for axis, sizes in found.items():
        print(f"by {axis}:")
        for name, of in sizes.items():
            print(
                f"  {name:>5}: {of['entries']:>10,} entries, {of['series']:>7,} series;"
                f" {of['entries_per_s']:>7,} entries/s; whole city {of['whole_city_ms']['median']:>7.1f} ms,"
                f" one unit {of['one_unit_ms']['median']:>6.1f} ms,"
                f" judging 50 entries {of['judge_50_entries_ms']['median']:.3f} ms"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--long", action="store_true")
    args = parser.parse_args()
    show(run(args.quick, args.long))


if __name__ == "__main__":
    main()
