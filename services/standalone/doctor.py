"""Is everything as it must be? Counts the log again and holds every kept copy, root and head against it.

Reads only, so it may run beside a serving process: each database is looked at in one snapshot, taken before the log is
read, and what came later is left out. Nothing is mended here; each finding says what to do.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Engine, MetaData, Table, exists, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from services.evaluation import signed
from services.evaluation.read_models.archive import archived
from services.evaluation.read_models.tiles import TileMissing, tree
from services.evaluation.tables import TILES
from services.gateway.routing import SERVICES
from services.standalone.data_directory import MARKER, DataDirectoryRefused, check_marker, signing_key_file
from shared.contracts import UnknownType
from shared.contracts.evaluation import CheckpointSigned
from shared.event_log.embedded import FILE_NAME, LAST, READ
from shared.event_log.port import EVENTS, Raw, Topic
from shared.event_store.refill import behind
from shared.event_store.store import EventStore
from shared.event_store.tables import event_store_tables
from shared.merkle import Frontier
from shared.projections import CoreTables, Place, Record, core_tables, generations
from shared.projections.generations import generations_table
from shared.projections.records import begin, place
from shared.proofs.checkpoints import Checkpoint, origin_of
from shared.proofs.failures import SignatureInvalid
from shared.proofs.notes import unbase64
from shared.proofs.signing import KeyUnusable, SigningKey
from shared.proofs.tree import root_of
from shared.settings import ServiceSettings
from shared.sql import engine, reading
from shared.storage import MiB, free

CODES: Final[Mapping[str, str]] = {
    "LOG": "The log can be read, its file is sound, and its topics are set so that no fact is lost or misdated.",
    "DATABASE": "The service's database can be read.",
    "PLACE": "What the service has read is in the log, in the topic it was read from.",
    "ROOTS": "Leaves and roots, counted again from the log, are those that the service's reader has kept.",
    "ARCHIVE": "The archive has the bytes and times of the log.",
    "TILES": "The tree from which proofs are made has the root of the log.",
    "CHECKPOINTS": "What was signed is still a root of that tree.",
    "SIGNATURES": "Each of them, and each that the log carries, bears its key's signature over the log's own root.",
    "STREAMS": "Event store and log have the same facts at the same heads of streams.",
    "DISK": "There is room to write.",
    "CLOCK": "The log's last record is not from the future.",
}
"""What `ok` means, by code."""

LEAST_FREE: Final = 256 * MiB
FUTURE: Final = 2_000_000
"""Microseconds by which clocks may differ before it is told."""
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    code: str
    about: str
    wrong: bool
    sentence: str

    def line(self) -> str:
        """`ok CODE about: sentence`, or WRONG."""
        return f"{'WRONG' if self.wrong else 'ok   '} {self.code} {self.about}: {self.sentence}"


class Log(Protocol):
    """The events topic, for reading only."""

    incarnation: str

    def end(self, partition: int) -> int:
        """The offset after the last record."""

    def read(self, partition: int, offset: int) -> Sequence[Raw]:
        """Some records from `offset` on; [] at the end."""


class _File:
    """The embedded log's file, opened read-only."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30.0)
        row = self._db.execute("SELECT incarnation, partitions FROM topics WHERE topic = ?", (EVENTS,)).fetchone()
        self.incarnation, self.partitions = str(row[0]), int(row[1])

    def fault(self) -> str | None:
        """What is unsound about the file."""
        [(told,)] = self._db.execute("PRAGMA quick_check(1)").fetchall()
        if told != "ok":
            return f"the log's file is damaged ({told}): restore a backup, or reopen the log from the archive"
        kept = {name for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
        missing = {"records_are_never_changed", "records_are_never_deleted"} - kept
        return (
            f"the guards {', '.join(sorted(missing))} are gone: somebody opened the file to change it"
            if missing
            else None
        )

    def end(self, partition: int) -> int:
        last = self._db.execute(LAST, (EVENTS, partition)).fetchone()
        return 0 if last is None else int(last[0]) + 1

    def read(self, partition: int, offset: int) -> Sequence[Raw]:
        rows = self._db.execute(READ, (EVENTS, partition, offset, _AT_ONCE))
        return [Raw(partition, at, appended_at, key, value) for at, appended_at, key, value in rows]

    def close(self) -> None:
        self._db.close()


class _Topic:
    """A topic of any adapter."""

    def __init__(self, topic: Topic, opened: ExitStack) -> None:
        self._topic, self._opened = topic, opened
        self._readers: dict[int, Any] = {}
        self.incarnation, self.partitions = topic.incarnation, topic.partitions

    def end(self, partition: int) -> int:
        return self._topic.end(partition)

    def read(self, partition: int, offset: int) -> Sequence[Raw]:
        if partition not in self._readers:
            self._readers[partition] = self._opened.enter_context(closing(self._topic.reader(partition)))
        found: Sequence[Raw] = self._readers[partition].read(offset, limit=_AT_ONCE, timeout=5.0)
        return found


def examine_directory(data: Path, only: str | None = None) -> Iterator[Finding]:
    """Everything about a data directory, or what concerns one service. DataDirectoryRefused."""
    data = data.absolute()
    if not (data / MARKER).exists():
        raise DataDirectoryRefused(f"There is no data directory {data}: name an existing one by --data.")
    check_marker(data / MARKER)
    left = free({"data directory": data})["data directory"]
    yield Finding("DISK", "data directory", left < LEAST_FREE, f"{left // MiB} MiB are free")
    names = [only] if only else SERVICES
    # Snapshots first, the log afterwards: then the log is never behind them.
    with ExitStack() as opened:
        databases: dict[str, Connection] = {}
        for name in names:
            try:
                if not (data / f"{name}.db").exists():
                    raise FileNotFoundError(f"{name}.db is missing")
                databases[name] = opened.enter_context(_snapshot(f"sqlite:///{data / name}.db", opened))
            except (OSError, SQLAlchemyError) as error:
                yield Finding("DATABASE", name, True, f"it cannot be read ({_short(error)}): restore it from a backup")
        try:
            log = opened.enter_context(closing(_File(data / "log" / FILE_NAME)))
            fault = log.fault()
        except (sqlite3.Error, TypeError) as error:
            yield Finding("LOG", EVENTS, True, f"it cannot be read ({_short(error)}): restore it, or `jikao reopen`")
            return
        yield Finding("LOG", EVENTS, fault is not None, fault or "its file is sound and guarded")
        yield from _clock(log, log.partitions)
        for name, db in databases.items():
            yield from _guarded(name, db, log, signing_key_file(data))


def examine_service(name: str, settings: ServiceSettings) -> Iterator[Finding]:
    """The topics, and one service's database. LogUnavailable, ChecksumPackageMissing."""
    from shared.event_log.kafka.opening import administrator, open_kafka
    from shared.event_log.kafka.provisioning import misconfigured

    kafka = settings.kafka()
    with closing(administrator(kafka)) as admin:
        faults = misconfigured(admin, kafka)
    for fault in faults or [""]:
        yield Finding("LOG", kafka.prefix + EVENTS, bool(fault), fault or "the topics are set as they must be")
    with ExitStack() as opened:
        try:
            db = opened.enter_context(_snapshot(settings.database_url, opened))
        except SQLAlchemyError as error:
            yield Finding("DATABASE", name, True, f"it cannot be read ({_short(error)}): check JIKAO_DATABASE_URL")
            return
        if faults:
            return
        topics = opened.enter_context(closing(open_kafka(replace(kafka, partitions=1))))
        log = _Topic(topics.events, opened)
        yield from _clock(log, log.partitions)
        yield from _guarded(name, db, log, settings.signing_key_file)


def _snapshot(url: str, opened: ExitStack) -> Any:
    made: Engine = engine(url)
    opened.callback(made.dispose)
    return reading(made)


def _guarded(name: str, db: Connection, log: Log, key: Path | None) -> Iterator[Finding]:
    try:
        yield from _examined(name, db, log, key)
    except SQLAlchemyError as error:
        yield Finding("DATABASE", name, True, f"it cannot be read ({_short(error)}): restore it from a backup")


def _clock(log: Log, partitions: int) -> Iterator[Finding]:
    for partition in range(partitions):
        end = log.end(partition)
        last = log.read(partition, end - 1) if end else ()
        ahead = (last[0].appended_at - time.time_ns() // 1_000) if last else 0
        told = f"its last record is {ahead / 1e6:.1f} s from the future: set this machine's clock, or the log's"
        yield Finding("CLOCK", f"partition {partition}", ahead > FUTURE, told if ahead > FUTURE else "it agrees")


def _examined(name: str, db: Connection, log: Log, key: Path | None) -> Iterator[Finding]:
    core = _core(name, db)
    if core is None:
        yield Finding("DATABASE", name, False, "it is new: nothing has been read into it")
        return
    yield Finding("DATABASE", name, False, "it can be read")
    places = [
        Place(**(dict(row) | {"frontier": Frontier.from_bytes(bytes(row["frontier"]))}))
        for row in db.execute(select(core.places).order_by(core.places.c.log)).mappings()
    ]
    for kept in places:
        about = f"{name} log {kept.log}"
        if kept.incarnation != log.incarnation:
            told = f"it was read from another topic ({kept.incarnation}): restore that topic, or `jikao reopen`"
            yield Finding("PLACE", about, True, told)
            continue
        carried: list[CheckpointSigned] = []
        yield from _counted(name, db, core, kept, log, about, carried)
        if name == "evaluation":
            yield from _tree(db, kept, about)
            yield _signatures(db, core, kept.log, about, [*signed.remembered(db, kept.log), *carried], key)
    yield _streams(name, db, core, {kept.log: kept for kept in places})


def _core(name: str, db: Connection) -> CoreTables | None:
    table = generations_table(MetaData())
    if not inspect(db).has_table(table.name):
        return None
    active = db.execute(select(table.c.active).where(table.c.service == name)).scalar()
    core = core_tables(MetaData(), generations.suffix(active or 1))
    return core if inspect(db).has_table(core.places.name) else None


def _counted(
    name: str, db: Connection, core: CoreTables, kept: Place, log: Log, about: str, carried: list[CheckpointSigned]
) -> Iterator[Finding]:
    """Count one log again up to the service's place, beside what the service has kept of each record.

    `carried` gets the checkpoints among the records.
    """
    rows = _rows(db, core.records, kept.log)
    archive = archived(db, kept.log, up_to=kept.position) if name == "evaluation" else iter(())
    differing: dict[str, int] = {}
    at = -1
    for record in _placed(log, kept):
        at = record.position
        if isinstance(record.fact, CheckpointSigned):
            carried.append(record.fact)
        row = next(rows, None)
        if row is None or row != (at, record.offset, record.leaf_hash, record.root):
            differing.setdefault("ROOTS", at)
        if name == "evaluation":
            old = next(archive, None)
            if old is None or (old.value, old.recorded_at) != (record.value, record.recorded_at):
                differing.setdefault("ARCHIVE", at)
        if at == kept.position and record.root != kept.frontier.root():
            differing.setdefault("ROOTS", at)
    short = at < kept.position
    told = f"the log holds it up to position {at}, {kept.position} was read: restore the log, or `jikao reopen`"
    yield Finding("PLACE", about, short, told if short else f"position {kept.position} is in the log")
    for code in ("ROOTS", "ARCHIVE") if name == "evaluation" else ("ROOTS",):
        first = differing.get(code)
        told = f"from position {first} on they are not those of the log: "
        told += "`jikao rebuild`" if code == "ROOTS" else "restore the database from a backup"
        yield Finding(code, about, first is not None, told if first is not None else f"{at + 1} records agree")


def _placed(log: Log, kept: Place) -> Iterator[Record]:
    counting: Place | None = None
    offset = 0
    while offset < kept.next_offset and (raws := log.read(kept.partition, offset)):
        offset = raws[-1].offset + 1
        for raw in raws:
            if raw.key != kept.log or raw.offset >= kept.next_offset:
                continue
            try:
                if counting is None:
                    counting = begin(raw, kept.jurisdiction, kept.incarnation)
                yield place(raw, counting)
            except ValueError:
                continue  # before its record 0: it has no position
            except UnknownType:
                return


def _rows(db: Connection, records: Table, log: str) -> Iterator[tuple[int, int, bytes, bytes]]:
    c, first = records.c, 0
    while True:
        asked = select(c.position, c.topic_offset, c.leaf_hash, c.root).where(c.log == log, c.position >= first)
        found = db.execute(asked.order_by(c.position).limit(_AT_ONCE)).all()
        for position, offset, leaf_hash, root in found:
            yield int(position), int(offset), bytes(leaf_hash), bytes(root)
        if len(found) < _AT_ONCE:
            return
        first = int(found[-1].position) + 1


def _tree(db: Connection, kept: Place, about: str) -> Iterator[Finding]:
    """The tiles, and what was signed, beside the root at the reader's place."""
    if not inspect(db).has_table(TILES.name):
        yield Finding("TILES", about, False, "this database has none yet")
        return
    nodes = tree(db, kept.log)
    told = _differs(lambda: root_of(kept.position + 1, nodes), kept.frontier.root())
    yield Finding("TILES", about, told is not None, told or "their root is the log's")
    roots = sorted(signed.roots(db, kept.log))
    for size, root in roots:
        if told := _differs(lambda size=size: root_of(size, nodes), root):  # type: ignore[misc]
            told = f"what was signed at size {size} is no root of this tree ({told}): nothing is signed until it is"
            yield Finding("CHECKPOINTS", about, True, told)
            return
    yield Finding("CHECKPOINTS", about, False, f"{len(roots)} signed checkpoints agree")


def _signatures(
    db: Connection, core: CoreTables, log: str, about: str, checkpoints: Sequence[CheckpointSigned], file: Path | None
) -> Finding:
    """Every checkpoint's signature over the root that was counted at its size."""
    try:
        if file is None:
            raise KeyUnusable("JIKAO_SIGNING_KEY_FILE names none")
        ours = SigningKey.load(file).verifier(origin_of(log))
    except KeyUnusable as fault:
        return Finding("SIGNATURES", about, True, f"they cannot be checked without the key ({fault}): restore it")
    records, checked, others = core.records.c, set(), set()
    for fact in checkpoints:
        at = (records.log == log, records.position == fact.size - 1)
        root = db.execute(select(records.root).where(*at)).scalar()
        if fact.key != ours.id.hex():
            others.add((fact.size, fact.key))
        elif root is not None:  # where the log is shorter, that is said of its place
            try:
                ours.check(Checkpoint(origin_of(log), fact.size, bytes(root)).text(), unbase64(fact.signature))
            except (SignatureInvalid, ValueError):
                told = f"the signature at size {fact.size} is not our key's over the log's root: somebody else wrote "
                told += (
                    "it, or rewrote the log; compare with an auditor's older checkpoint by `jikao verify checkpoint`"
                )
                return Finding("SIGNATURES", about, True, told)
            checked.add(fact.size)
    told = f"{len(checked)} signatures are our key's"
    if others:
        told += f"; {len(others)} are by another key, which `jikao verify` checks by that key's verifier key"
    return Finding("SIGNATURES", about, False, told)


def _differs(root: Callable[[], bytes], expected: bytes) -> str | None:
    try:
        return None if root() == expected else "the roots differ: restore the database from a backup"
    except (TileMissing, LookupError) as error:
        return f"{error}: restore the database from a backup"


def _streams(name: str, db: Connection, core: CoreTables, places: Mapping[str, Place]) -> Finding:
    tables = event_store_tables(MetaData())
    store = EventStore(db.engine, tables, f"urn:jikao:service:{name}")
    late = behind(db, store, core.streams)
    events, taken = tables.stream_events, core.identities
    known = exists().where(taken.c.log == events.c.log, taken.c.id == events.c.event_id, taken.c.source == store.source)
    asked = select(events.c.log, events.c.stream, events.c.topic_offset).where(
        events.c.topic == "events", events.c.topic_offset.is_not(None), ~known
    )
    lost = sorted(
        {stream for log, stream, offset in db.execute(asked) if log in places and offset < places[log].next_offset}
    )
    unsent = len(db.execute(select(tables.outbox.c.seq)).all())
    if lost:
        told = f"the log lacks acknowledged facts of {', '.join(lost[:3])}: restore the log, or `jikao reopen`"
    elif late:
        streams = ", ".join(sorted(stream for _, stream in late)[:3])
        told = f"the event store lacks facts of {streams}: start the service, which refills it from the log"
    else:
        told = f"heads agree; {unsent} facts wait to be sent"
    return Finding("STREAMS", name, bool(lost or late), told)


def _short(error: BaseException) -> str:
    return " ".join(str(getattr(error, "orig", None) or error).split())[:200]
