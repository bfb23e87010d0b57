"""How fast is the ledger filled from a full log, and the whole city or one unit asked as of a date?

    python -m bench.ledger [--targets 2500] [--parts 5] [--units 90] [--dates 26] [--rounds 2]
                           [--databases sqlite postgresql] [--questions 15] [--directory DIR]

Fills an embedded log with submissions of 50 entries, one unit's parts after the other: every part's level on every
date, as often as there are rounds, so that the later rounds replace the earlier ones. Each database then folds the log
with the service's own reader, and answers mid-year questions as now known and as known half-way: seconds from the
question to the canonical bytes, with what stood kept between questions as the service does. The defaults are a year of
a large city: 12,500 series, 650,000 entries. PostgreSQL is a server of our own with fsync on; SQLite syncs as always.

The rate of the projection is printed for the whole log and as the median over slices of it, which says more on a
machine that others use too. `--directory` keeps log and SQLite database for the next run with the same numbers.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median

from msgspec import UNSET
from sqlalchemy import Connection, Engine, MetaData

from services.evaluation.completion import Plans
from services.evaluation.documents import Question, answer, canonical
from services.evaluation.main import tables
from services.evaluation.read_models.ledger import levels
from services.evaluation.tables import ARCHIVE
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
from shared.testing.postgres import Postgres

ENTRIES = 50
"""Entries in one submission."""
SLICE = 20_000
"""Entries after which the rate of the projection is looked at."""
YEAR_BEGINS = date(2009, 1, 1)
AS_OF = date(2009, 7, 15)


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a question stands, as far as a document needs it."""

    as_of: date
    pin: dict[str, object]


def city(log: str, args: argparse.Namespace) -> Iterator[tuple[Shape, str]]:
    """The facts before the first figure, each with its stream."""
    yield (
        LogOpened(log=log, jurisdiction="430300", origin=f"jikao/{log}", zone="Asia/Shanghai", clock="simulated",
                  instant="2009-01-05T09:00:00+08:00"), "log"
    )  # fmt: skip
    units = [uuid7() for _ in range(args.units)]
    for n, unit in enumerate(units):
        registered = targets.UnitRegistered(
            unit=unit, code=f"u{n}", name=Label(zh="单位"), kind="county", valid_from=YEAR_BEGINS
        )
        yield registered, f"unit:{n}"
    yield targets.YearOpened(year=2009, time_progress="by_month"), "year"
    for n in range(args.targets):
        target = uuid7()
        yield (
            targets.TargetIssued(
                target=target, year=2009, code=f"t{n}", name=Label(zh="目标"), issuer="city", category="economy",
                kind="cumulative", direction="higher", value="1000", roll_up="sum", tags=[],
                measures=[Measure(code="level", name=Label(zh="完成额"), unit_of_measure="wan_yuan")],
                effective_on=YEAR_BEGINS,
            ), f"target:{n}"
        )  # fmt: skip
        for at in answering(n, args):
            made = targets.AssignmentMade(
                assignment=uuid7(), target=target, unit=units[at], role="supporting", value="100",
                valid_from=YEAR_BEGINS,
            )  # fmt: skip
            yield made, f"assignment:{n}:{at}"
    yield ClockSet(instant="2009-12-31T20:00:00+08:00"), "clock"


def answering(target: int, args: argparse.Namespace) -> list[int]:
    """The units that have a part of this target."""
    return [(target * args.parts + part) % args.units for part in range(args.parts)]


def submissions(args: argparse.Namespace) -> Iterator[projects.ProgressSubmitted]:
    """Every part's level on every date, as often as there are rounds."""
    parts = sorted((unit, target) for target in range(args.targets) for unit in answering(target, args))
    dates = [YEAR_BEGINS + timedelta(days=(at + 1) * 364 // args.dates) for at in range(args.dates)]
    for turn in range(args.rounds):
        for at, on in enumerate(dates, 1):
            for start in range(0, len(parts), ENTRIES):
                yield projects.ProgressSubmitted(entries=[
                    projects.TargetFigure(
                        target=f"t{target}", unit=f"u{unit}", value=f"{at * 4 + turn}.{target % 100:02d}",
                        unit_of_measure="wan_yuan", effective_on=on,
                    ) for unit, target in parts[start : start + ENTRIES]
                ])  # fmt: skip


def fill(topics: Topics, args: argparse.Namespace) -> None:
    """Write the whole log."""
    log = log_id(True)

    def sealed(fact: Shape, source: str, stream: str | None) -> bytes:
        return seal(
            fact, id=uuid7(), source=source, subject=stream or "progress", log=log, actor=uuid7(), authrole="office",
            authscope="all", stream=stream or UNSET, streamversion=1 if stream else UNSET,
        )  # fmt: skip

    facts = [sealed(fact, "urn:jikao:service:targets", stream) for fact, stream in city(log, args)]
    listing = Listing(log, "430300", 0, sha256_hex(facts[0]))
    topics.listings.append_all(0, [listing_record(listing, 0)])
    topics.events.append_all(0, [(log, value) for value in facts])
    waiting: list[tuple[str, bytes]] = []
    for submission in submissions(args):
        waiting.append((log, sealed(submission, "urn:jikao:source:county", None)))
        if len(waiting) == 500:
            topics.events.append_all(0, waiting)
            waiting = []
    topics.events.append_all(0, waiting)


def project(reader: Reader, before: int, end: int) -> None:
    """Fold the log, and print how fast its submissions went."""
    while reader.next_offset < before:
        reader.step()  # the last of these steps folds the first submissions too; they are left out below
    first = reader.next_offset
    if first >= end:
        print("  projection: the log has been folded by an earlier run")
        return
    rates: list[float] = []
    began = sliced = time.perf_counter()
    since = first
    while reader.next_offset < end:
        reader.step(timeout=1.0)
        if (entries := (reader.next_offset - since) * ENTRIES) >= SLICE:
            now = time.perf_counter()
            rates.append(entries / (now - sliced))
            since, sliced = reader.next_offset, now
    took, folded = time.perf_counter() - began, (end - first) * ENTRIES
    print(f"  projection: {folded:,} entries in {took:.1f} s = {folded / took:,.0f} entries/s;"
          f" median of {len(rates)} slices {median(rates) if rates else folded / took:,.0f} entries/s")  # fmt: skip


def ask(engine: Engine, reader: Reader, log: str, before: int, questions: int) -> None:
    """Ask the whole city, one unit and one target, and print what each answer takes."""
    last = reader.logs[log].place.position
    ask_as_known(engine, reader, log, questions, "as now known", last)
    ask_as_known(engine, reader, log, questions, "as known half-way", (before + last) // 2)


def ask_as_known(engine: Engine, reader: Reader, log: str, questions: int, known: str, known_at: int) -> None:
    """The same at one position."""
    registry, plans = reader.logs[log].registry, Plans()
    stand = Stand(AS_OF, {"log": log, "as_of": AS_OF.isoformat(), "position": known_at, "root": "0" * 64})

    def latest(db: Connection) -> object:
        return levels(db, reader.into, log, known_at).latest(AS_OF, 2009)

    def document(question: Question, db: Connection) -> bytes:
        return canonical(answer(question, stand, registry, levels(db, reader.into, log, known_at), plans))[0]

    timed(f"levels of the whole city, {known}", engine, questions, latest)
    for name, question in (
        ("whole city", Question("completion", 2009)),
        ("one unit", Question("unit", 2009, "u1")),
        ("one target", Question("target", 2009, "t1")),
    ):
        timed(f"{name}, {known}", engine, questions, partial(document, question))


def timed(name: str, engine: Engine, questions: int, ask: Callable[[Connection], object]) -> None:
    """Print the median over `questions` calls, each in a transaction of its own, and what the first one took."""
    samples = []
    for _ in range(questions):
        began = time.perf_counter()
        with reading(engine) as db:
            ask(db)
        samples.append((time.perf_counter() - began) * 1e3)
    print(f"  {name:<42} median {median(samples):7.1f} ms, first {samples[0]:7.1f}, best {min(samples):7.1f}")


def machine() -> str:
    """What this ran on, in a line."""
    cpus = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in cpus.read_text().splitlines() if line.startswith("model name")]
    return (f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {os.cpu_count()} cores"
            f" {names[0] if names else platform.machine()}, load {os.getloadavg()[0]:.1f}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    numbers = {"targets": 2500, "parts": 5, "units": 90, "dates": 26, "rounds": 2, "questions": 15}
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--databases", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"])
    parser.add_argument("--directory", type=Path)
    args = parser.parse_args()
    print(machine())
    with ExitStack() as closing:
        kept = args.directory or Path(closing.enter_context(tempfile.TemporaryDirectory()))
        topics = open_embedded(kept / "log")
        closing.callback(topics.close)
        if not topics.events.end(0):
            fill(topics, args)
        directory = Directory(topics.listings)
        directory.refresh()
        (listing,) = directory.in_partition(0)
        before, end = 3 + args.units + args.targets * (1 + args.parts), topics.events.end(0)
        print(f"{args.targets * args.parts:,} series, {(end - before) * ENTRIES:,} entries")
        for name in args.databases:
            url = f"sqlite:///{kept}/evaluation.db"
            if name == "postgresql":
                url = closing.enter_context(Postgres(durable=True)).database("bench")
            engine = open_engine(url)
            closing.callback(engine.dispose)
            metadata = MetaData()
            into = tables(metadata, "_g1")
            metadata.create_all(engine)
            ARCHIVE.records.metadata.create_all(engine)
            print(f"{name}:")
            reader = Reader(engine, topics.events, directory, 0, into)
            closing.callback(reader.close)
            project(reader, before, end)
            ask(engine, reader, listing.log, before, args.questions)


if __name__ == "__main__":
    main()
