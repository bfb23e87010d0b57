"""Which checkpoints does the log carry, and which of them covers a record?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, MetaData, RowMapping, Select, String, Table, func, select

from services.evaluation.checkpoint import Due
from shared.contracts.evaluation import AuditSealed, CheckpointSigned
from shared.projections import Folded, LogFold, ProjectionSet
from shared.proofs.checkpoints import Checkpoint, origin_of
from shared.proofs.notes import unbase64
from shared.sql import Code, insert_if_absent


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """One checkpoint: its fact, its log, where the fact stands in it, and when it was recorded (µs)."""

    log: str
    fact: CheckpointSigned
    position: int
    recorded_at: int

    @property
    def note(self) -> str:
        """The checkpoint as a signed note (C2SP tlog-checkpoint)."""
        return note_of(self.log, self.fact)


def note_of(log: str, fact: CheckpointSigned) -> str:
    """A checkpoint of a log as a signed note."""
    checkpoint = Checkpoint(origin_of(log), fact.size, bytes.fromhex(fact.root))
    return checkpoint.with_signature(bytes.fromhex(fact.key), unbase64(fact.signature))


def checkpoints_table(metadata: MetaData, suffix: str) -> Table:
    """One row a checkpoint; `root` and `key` in hex, `signature` in base64, as in its fact."""
    return Table(
        f"checkpoints{suffix}", metadata,
        Column("log", Code(64), primary_key=True),
        Column("size", BigInteger, primary_key=True, autoincrement=False),
        Column("root", String(64), nullable=False),
        Column("key", String(8), nullable=False),
        Column("signature", String(88), nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("recorded_at", BigInteger, nullable=False),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Remembers each checkpoint, and notes what ought to have one next."""

    table: Table
    due: Due = field(default_factory=Due)

    def project(self, db: Connection, log: LogFold, batch: Sequence[Folded]) -> None:
        """Add those of the batch. Were a size signed twice, the first one would count."""
        id = log.place.log
        rows: list[dict[str, object]] = []
        sealed: int | None = None
        for folded in batch:
            fact = folded.record.fact
            if folded.status != "counted":
                continue
            if isinstance(fact, AuditSealed):
                sealed = folded.record.position
            elif isinstance(fact, CheckpointSigned):
                rows.append({
                    "log": id, "size": fact.size, "root": fact.root, "key": fact.key, "signature": fact.signature,
                    "position": folded.record.position, "recorded_at": folded.record.recorded_at,
                })  # fmt: skip
        insert_if_absent(db, self.table, rows, on=("log", "size"))
        self.due.note(id, log.place.frontier.size, sealed)


def checkpoints_of(tables: ProjectionSet) -> Table:
    """The table among a generation's projections."""
    return next(projection.table for projection in tables.projections if isinstance(projection, Checkpoints))


def of_size(db: Connection, table: Table, log: str, size: int, known_at: int) -> KeptCheckpoint | None:
    """The checkpoint of this size, if its fact is known by then."""
    asked = select(table).where(table.c.log == log, table.c.size == size, table.c.position <= known_at)
    return _one(db, asked)


def latest(db: Connection, table: Table, log: str, known_at: int) -> KeptCheckpoint | None:
    """The one of the greatest size."""
    asked = select(table).where(table.c.log == log, table.c.position <= known_at).order_by(table.c.size.desc()).limit(1)
    return _one(db, asked)


def before(db: Connection, table: Table, log: str, size: int) -> KeptCheckpoint | None:
    """The one of the greatest size below this one."""
    asked = select(table).where(table.c.log == log, table.c.size < size).order_by(table.c.size.desc()).limit(1)
    return _one(db, asked)


def first_covering(db: Connection, table: Table, log: str, position: int, known_at: int) -> KeptCheckpoint | None:
    """The one of the smallest size that covers the record at `position`."""
    covering = (table.c.log == log, table.c.size > position, table.c.position <= known_at)
    return _one(db, select(table).where(*covering).order_by(table.c.size).limit(1))


def page(db: Connection, table: Table, log: str, known_at: int, *, after: int, limit: int) -> list[KeptCheckpoint]:
    """Those larger than size `after`, by size."""
    asked = select(table).where(table.c.log == log, table.c.size > after, table.c.position <= known_at)
    return [_kept(row) for row in db.execute(asked.order_by(table.c.size).limit(limit)).mappings()]


def recorded_from(db: Connection, table: Table, log: str, position: int) -> int:
    """How many of the records from this position on are checkpoints themselves."""
    asked = select(func.count()).where(table.c.log == log, table.c.position >= position)
    return db.execute(asked).scalar_one()


def _one(db: Connection, asked: Select[Any]) -> KeptCheckpoint | None:
    row = db.execute(asked).mappings().one_or_none()
    return None if row is None else _kept(row)


def _kept(row: RowMapping) -> KeptCheckpoint:
    fact = CheckpointSigned(size=row["size"], root=row["root"], key=row["key"], signature=row["signature"])
    return KeptCheckpoint(row["log"], fact, row["position"], row["recorded_at"])
