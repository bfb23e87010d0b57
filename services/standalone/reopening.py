"""A lost log is made anew from the archive, record by record, and says itself that it was.

First the archive proves itself: every record is counted again, and the roots are compared with what was signed and
with what the evaluation service had read. Only then are topics made; each record gets its old time; all of it is read
back and compared; the topics are handed over to their writers; a `jikao.log.reopened.v1` follows in every log. Each
step may be repeated after an interruption.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection, Engine, MetaData, Table, func, inspect, select

from services.evaluation import signed
from services.evaluation.read_models.archive import archived
from services.evaluation.tables import ARCHIVE
from shared.contracts import UnknownType, seal
from shared.contracts.logs import LogReopened
from shared.event_log.directory import SOURCE, Listing, listing_record, read_listing
from shared.event_log.ids import event_id
from shared.event_log.port import EVENTS, LISTINGS, Raw, Topics
from shared.event_log.reopening import AT_ONCE, Anew, Old
from shared.merkle import Frontier
from shared.projections import core_tables, generations
from shared.projections.generations import generations_table
from shared.projections.records import Place, begin, place, read_fact, value_sha256
from shared.sql import reading
from shared.starting import StartRefused


class ReopeningRefused(StartRefused):
    """The log cannot be reopened; the message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Proved:
    """One log of the archive: where it lives, how many records it has, and their root."""

    listing: Listing
    size: int
    root: str
    simulated: bool


def reopen(
    engine: Engine,
    anew: Callable[[int], Anew],
    open_topics: Callable[[], Topics],
    reason: str,
    now: Callable[[], float] = time.time,
) -> list[Proved]:
    """Refill topics from the archive in evaluation's database, and append the fact that says so; the logs reopened.

    `anew` makes topics of that many partitions; `open_topics` opens them for writers after they were handed over.
    ReopeningRefused when the archive does not prove itself, or the topics hold something else.
    """
    with reading(engine) as db:
        logs = [_proved(db, listing) for listing in _listings(db)]
        if not logs:
            raise ReopeningRefused("The archive holds no log: name the database of the evaluation service.")
        partitions = 1 + max(log.listing.partition for log in logs)
        with closing(anew(partitions)) as topics:
            latest = int(now() * 1_000) * 1_000
            unlisted = _unlisted(topics, logs)
            if not topics.is_open(LISTINGS):
                topics.fill(LISTINGS, 0, [Old(*_listed(db, log), 0) for log in unlisted])
                unlisted = []
            for partition in range(partitions):
                here = {log.listing.log: log for log in logs if log.listing.partition == partition}
                _fill(topics, partition, lambda here=here: _merged(db, here, latest), here)  # type: ignore[misc]
            topics.hand_over()
        with closing(open_topics()) as opened:
            opened.listings.append_all(0, [_listed(db, log) for log in unlisted])
            lost = [log for log in logs if _read_from(db, log.listing.log) != opened.events.incarnation]
            for log in lost:
                _say(opened, log, reason)
    if not lost:
        raise ReopeningRefused("The event log holds every record of the archive and is in use: nothing was lost.")
    return lost


def _listings(db: Connection) -> list[Listing]:
    if not inspect(db).has_table(ARCHIVE.listings.name):
        raise ReopeningRefused("The database has no archive: name the database of the evaluation service.")
    c = ARCHIVE.listings.c
    asked = select(c.log, c.jurisdiction, c.partition, c.record0_sha256).order_by(c.log)
    return [Listing(*row) for row in db.execute(asked)]


def _proved(db: Connection, listing: Listing) -> Proved:
    """Count the archived records again, and compare with every root that somebody else has kept."""
    roots = dict(_kept_roots(db, listing.log))
    at: Place | None = None
    for record in _archived(db, listing.log):
        raw = Raw(listing.partition, record.offset, record.appended_at, listing.log, record.value)
        if at is None:
            if value_sha256(record.value) != listing.record0_sha256:
                raise ReopeningRefused(f"Log {listing.log}: the archive begins with another record than was listed.")
            at = begin(raw, listing.jurisdiction, "")
        try:
            counted = place(raw, at)
        except UnknownType as fault:
            raise ReopeningRefused(f"Log {listing.log}: {fault}; run the program that wrote it.") from fault
        if (counted.position, counted.recorded_at) != (record.position, record.appended_at):
            raise ReopeningRefused(
                f"Log {listing.log}: the archive lacks or misdates the record at position {counted.position}; "
                "restore the database from a backup."
            )
        kept = roots.pop(counted.position + 1, None)
        if kept is not None and kept != counted.root:
            raise ReopeningRefused(
                f"Log {listing.log}: the archive's root at size {counted.position + 1} is not the one that was kept "
                "when it was read; records were changed: restore the database from a backup."
            )
    if at is None or roots:
        size = 0 if at is None else at.frontier.size
        raise ReopeningRefused(
            f"Log {listing.log}: the archive ends at size {size}, before what was read and signed; "
            "restore the database from a backup."
        )
    return Proved(listing, at.frontier.size, at.frontier.root().hex(), at.simulated)


def _places(db: Connection) -> Table | None:
    """What the evaluation service's reader keeps; None for a database on which it never ran."""
    table = generations_table(MetaData())
    active = db.execute(select(table.c.active).where(table.c.service == "evaluation")).scalar()
    places = core_tables(MetaData(), generations.suffix(active or 1)).places
    return places if inspect(db).has_table(places.name) else None


def _read_from(db: Connection, log: str) -> str | None:
    """The incarnation of the topic from which the evaluation service has read a log."""
    places = _places(db)
    if places is None:
        return None
    return db.execute(select(places.c.incarnation).where(places.c.log == log)).scalar()


def _kept_roots(db: Connection, log: str) -> Iterator[tuple[int, bytes]]:
    """(size, root) as signed, and as the evaluation service's reader has them."""
    places = _places(db)
    if places is not None:
        for frontier in db.execute(select(places.c.frontier).where(places.c.log == log)).scalars():
            read = Frontier.from_bytes(bytes(frontier))
            yield read.size, read.root()
    yield from signed.roots(db, log)


@dataclass(frozen=True, slots=True)
class _Archived:
    position: int
    offset: int
    appended_at: int
    key: str
    value: bytes | None


def _archived(db: Connection, log: str) -> Iterator[_Archived]:
    records = ARCHIVE.records
    last = db.execute(select(func.max(records.c.position)).where(records.c.log == log)).scalar()
    for found in archived(db, log, up_to=-1 if last is None else int(last)):
        yield _Archived(found.position, found.offset, found.recorded_at, log, found.value)


def _merged(db: Connection, logs: Mapping[str, Proved], latest: int) -> Iterator[Old]:
    """The records of one partition's logs in the order in which they lay in the topic.

    The clock of a simulated log may stand in the future, where no record of a topic may: it counts for nothing there.
    """
    ordered = heapq.merge(*(_archived(db, log) for log in logs), key=lambda record: record.offset)
    for record in ordered:
        yield Old(
            record.key,
            record.value,
            min(record.appended_at, latest) if logs[record.key].simulated else record.appended_at,
        )


def _listed(db: Connection, log: Proved) -> tuple[str, bytes]:
    return listing_record(log.listing, next(_archived(db, log.listing.log)).appended_at)


def _unlisted(topics: Anew, logs: list[Proved]) -> list[Proved]:
    """The logs that the control topic does not list; ReopeningRefused if it lists another one in their place."""
    there: dict[str, Listing] = {}
    offset = 0
    while raws := topics.read(LISTINGS, 0, offset):
        offset = raws[-1].offset + 1
        for listing in map(read_listing, raws):
            if isinstance(listing, Listing):
                there.setdefault(listing.jurisdiction, listing)
    for log in logs:
        if there.get(log.listing.jurisdiction, log.listing) != log.listing:
            raise ReopeningRefused(
                f"The topic {LISTINGS} lists another log of {log.listing.jurisdiction} than the archive: "
                "stop every service, delete the topic, and reopen again."
            )
    return [log for log in logs if log.listing.jurisdiction not in there]


def _fill(topics: Anew, partition: int, records: Callable[[], Iterator[Old]], logs: Mapping[str, Proved]) -> None:
    """Append what is missing, after comparing what is there; then read all of it back."""
    there = _compared(topics, partition, records(), logs)
    missing = islice(records(), there, None)
    while batch := list(islice(missing, AT_ONCE)):
        if topics.is_open(EVENTS):
            raise ReopeningRefused(
                f"The topic {EVENTS} is in use and lacks records of the archive: stop every service, delete the "
                "topic, and reopen again."
            )
        topics.fill(EVENTS, partition, batch)
    if _compared(topics, partition, records(), logs) != sum(log.size for log in logs.values()):
        raise ReopeningRefused(f"The topic {EVENTS} was not filled to the end: reopen again.")


def _compared(topics: Anew, partition: int, records: Iterator[Old], logs: Mapping[str, Proved]) -> int:
    """How many of the records lie in the partition, from its beginning; ReopeningRefused if anything else does."""
    same = offset = 0
    while raws := topics.read(EVENTS, partition, offset):
        offset = raws[-1].offset + 1
        for raw in raws:
            expected = next(records, None)
            if expected is not None and _same(raw, expected, logs):
                same += 1
            elif expected is not None or not _is_reopening(raw, logs):
                raise ReopeningRefused(
                    f"The topic {EVENTS} holds something else than the archive (partition {partition}, offset "
                    f"{raw.offset}), so it is not what was lost: stop every service, delete the topic if it must be "
                    "made anew, and reopen again."
                )
    return same


def _same(raw: Raw, expected: Old, logs: Mapping[str, Proved]) -> bool:
    log = logs.get(expected.key)
    timely = log is None or log.simulated or raw.appended_at == expected.appended_at
    return timely and (raw.key, raw.value) == (expected.key, expected.value)


def _is_reopening(raw: Raw, logs: Mapping[str, Proved]) -> bool:
    log = logs.get(raw.key or "")
    fact = read_fact(raw.value)[1]
    return log is not None and isinstance(fact, LogReopened) and (fact.size, fact.root) == (log.size, log.root)


def _say(opened: Topics, log: Proved, reason: str) -> None:
    """Append the fact; once more after an interruption it is a duplicate, which the fold marks."""
    listing = log.listing
    value = seal(
        LogReopened(size=log.size, root=log.root, reason=reason),
        id=event_id(SOURCE, f"reopened {listing.log} {log.size} {opened.events.incarnation}"),
        source=SOURCE,
        subject="log",
        log=listing.log,
        actor="unattended",
        authrole="admin",
        authscope="all",
    )
    opened.events.append_all(listing.partition, [(listing.log, value)])
