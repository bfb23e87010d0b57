"""How fast is the ledger filled from a full log, and the whole city asked as of a date?

    python -m bench.ledger --targets 250 --units 10 --months 6 --rounds 2 [--url postgresql://…] [--profile FILE]

Fills an embedded log with submissions of 50 entries (each round reports every month again, so the later ones replace
the earlier), folds it with the service's own reader, then asks for all levels as of a mid-year date, as now known and
as known half-way. `--url` is an empty database; without it a SQLite file in a temporary directory is used.
"""

from __future__ import annotations

import argparse
import cProfile
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import median

from msgspec import UNSET
from sqlalchemy import MetaData

from services.evaluation.main import tables
from services.evaluation.read_models.ledger import levels
from services.evaluation.tables import ARCHIVE
from shared.calendars import month_end
from shared.canonical import sha256_hex
from shared.contracts import projects, seal, targets
from shared.contracts.logs import ClockSet, LogOpened
from shared.contracts.shapes import Label, Measure, Shape
from shared.event_log.directory import Directory, Listing, listing_record
from shared.event_log.embedded import open_embedded
from shared.event_log.ids import log_id, uuid7
from shared.event_log.port import Topics
from shared.projections import Reader
from shared.sql import engine as open_engine
from shared.sql import reading

ENTRIES = 50
"""Entries in one submission."""
YEAR_BEGINS = date(2009, 1, 1)


def city(log: str, target_count: int, unit_count: int) -> Iterator[tuple[Shape, str]]:
    """The facts before the first figure, each with its stream."""
    yield (
        LogOpened(log=log, jurisdiction="430300", origin=f"jikao/{log}", zone="Asia/Shanghai", clock="simulated",
                  instant="2009-01-05T09:00:00+08:00"), "log"
    )  # fmt: skip
    units = [uuid7() for _ in range(unit_count)]
    for n, unit in enumerate(units):
        registered = targets.UnitRegistered(
            unit=unit, code=f"u{n}", name=Label(zh="单位"), kind="county", valid_from=YEAR_BEGINS
        )
        yield registered, f"unit:{n}"
    yield targets.YearOpened(year=2009, time_progress="by_month"), "year"
    for n in range(target_count):
        target = uuid7()
        yield (
            targets.TargetIssued(
                target=target, year=2009, code=f"t{n}", name=Label(zh="目标"), issuer="city", category="economy",
                kind="cumulative", direction="higher", value="1000", roll_up="sum", tags=[],
                measures=[Measure(code="level", name=Label(zh="完成额"), unit_of_measure="wan_yuan")],
                effective_on=YEAR_BEGINS,
            ), f"target:{n}"
        )  # fmt: skip
        for m, unit in enumerate(units):
            made = targets.AssignmentMade(
                assignment=uuid7(), target=target, unit=unit, role="supporting", value="100", valid_from=YEAR_BEGINS
            )
            yield made, f"assignment:{n}:{m}"
    yield ClockSet(instant="2009-12-31T20:00:00+08:00"), "clock"


def submissions(target_count: int, unit_count: int, months: int, rounds: int) -> Iterator[projects.ProgressSubmitted]:
    """Every part's level of every month, as often as there are rounds."""
    for r in range(rounds):
        for month in range(1, months + 1):
            entries: list[projects.Entry] = []
            for unit in range(unit_count):
                for target in range(target_count):
                    entries.append(
                        projects.TargetFigure(
                            target=f"t{target}", unit=f"u{unit}", value=f"{month * 8 + r}.{target % 100:02d}",
                            unit_of_measure="wan_yuan", effective_on=month_end(2009, month),
                        )
                    )  # fmt: skip
                    if len(entries) == ENTRIES:
                        yield projects.ProgressSubmitted(entries=entries)
                        entries = []
            if entries:
                yield projects.ProgressSubmitted(entries=entries)


def fill(topics: Topics, args: argparse.Namespace) -> tuple[str, int, int]:
    """Write the whole log; (log id, records before the first figure, entries)."""
    log = log_id(True)

    def sealed(fact: Shape, source: str, stream: str | None) -> bytes:
        return seal(
            fact, id=uuid7(), source=source, subject=stream or "progress", log=log, actor=uuid7(), authrole="office",
            authscope="all", stream=stream or UNSET, streamversion=1 if stream else UNSET,
        )  # fmt: skip

    facts = [sealed(fact, "urn:jikao:service:targets", stream) for fact, stream in city(log, args.targets, args.units)]
    listing = Listing(log, "430300", 0, sha256_hex(facts[0]))
    topics.listings.append_all(0, [listing_record(listing, 0)])
    topics.events.append_all(0, [(log, value) for value in facts])
    entries, waiting = 0, []
    for submission in submissions(args.targets, args.units, args.months, args.rounds):
        entries += len(submission.entries)
        waiting.append((log, sealed(submission, "urn:jikao:source:county", None)))
        if len(waiting) == 500:
            topics.events.append_all(0, waiting)
            waiting = []
    topics.events.append_all(0, waiting)
    return log, len(facts), entries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, default in (("targets", 250), ("units", 10), ("months", 6), ("rounds", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--url")
    parser.add_argument("--profile")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as kept:
        topics = open_embedded(Path(kept) / "log")
        log, before, entries = fill(topics, args)
        engine = open_engine(args.url or f"sqlite:///{kept}/evaluation.db")
        metadata = MetaData()
        into = tables(metadata, "_g1")
        metadata.create_all(engine)
        ARCHIVE.records.metadata.create_all(engine)
        reader = Reader(engine, topics.events, Directory(topics.listings), 0, into)
        while reader.next_offset < before:
            reader.step()  # the last of these steps folds the first submissions too; they are left out below
        profile = cProfile.Profile()
        began = time.perf_counter()
        first = reader.next_offset
        if args.profile:
            profile.runcall(reader.catch_up)
            profile.dump_stats(args.profile)
        else:
            reader.catch_up()
        took = time.perf_counter() - began
        folded = (reader.next_offset - first) * ENTRIES
        print(f"projection: {folded} entries in {took:.2f} s = {folded / took:,.0f} entries/s ({engine.dialect.name})")
        last = reader.logs[log].place.position
        for name, known_at in (("as now known", last), ("as known half-way", (before + last) // 2)):
            samples = []
            for _ in range(7):
                with reading(engine) as db:
                    began = time.perf_counter()
                    found = levels(db, into, log, known_at).latest(date(2009, 4, 15), 2009)
                    samples.append(time.perf_counter() - began)
            print(f"as of mid-April, {name}: {len(found)} of {entries} entries, median {median(samples) * 1e3:.0f} ms"
                  f" (first {samples[0] * 1e3:.0f})")  # fmt: skip
        reader.close()
        topics.close()
        engine.dispose()


if __name__ == "__main__":
    main()
