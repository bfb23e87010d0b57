"""What became of a submission? One row a record that carried one, and one for each of its entries that was refused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    MetaData,
    RowMapping,
    Select,
    SmallInteger,
    String,
    Table,
    bindparam,
    select,
)

from shared.admission import Refused
from shared.projections import Folded, LogFold, ProjectionSet
from shared.projections.records import value_sha256
from shared.sql import Code, each_asked, insert_many, listable


@dataclass(frozen=True, slots=True)
class SubmissionTables:
    """The outcomes of one generation."""

    submissions: Table
    refused: Table


def submission_tables(metadata: MetaData, suffix: str) -> SubmissionTables:
    """`sha256` is of the stored bytes, as in the receipt; `because` is the position of what forbids."""
    submissions = Table(
        f"submissions{suffix}", metadata,
        Column("log", Code(64), primary_key=True),
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("source", Code(96), nullable=False),
        Column("id", Code(128), nullable=False),
        Column("sha256", LargeBinary, nullable=False),
        Column("status", String(16), nullable=False),
        Column("because", BigInteger),
        Column("counted", SmallInteger, nullable=False),
        Column("refused", SmallInteger, nullable=False),
        Index(f"ix_submissions{suffix}_identity", "log", "source", "id", "position"),
    )  # fmt: skip
    refused = Table(
        f"refused_entries{suffix}", metadata,
        Column("log", Code(64), primary_key=True),
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("entry", SmallInteger, primary_key=True, autoincrement=False),
        Column("code", Code(64), nullable=False),
        Column("because", BigInteger),
    )  # fmt: skip
    return SubmissionTables(submissions, refused)


@dataclass(frozen=True, slots=True)
class Submissions:
    """Fills the outcomes."""

    tables: SubmissionTables

    def project(self, db: Connection, log: LogFold, batch: Sequence[Folded]) -> None:
        """Take in what the judge said of each submission."""
        submissions: list[dict[str, object]] = []
        refused: list[dict[str, object]] = []
        for folded in batch:
            judgement, record = folded.judgement, folded.record
            if judgement is None or record.identity is None:
                continue
            key = {"log": record.log, "position": record.position}
            forbidden = [
                key | {"entry": at, "code": outcome.code, "because": outcome.because}
                for at, outcome in enumerate(judgement.outcomes)
                if isinstance(outcome, Refused)
            ]
            refused += forbidden
            source, id = record.identity
            submissions.append(key | {
                "source": source, "id": id, "sha256": bytes.fromhex(value_sha256(record.value)),
                "status": judgement.status, "because": judgement.because,
                "counted": len(judgement.outcomes) - len(forbidden), "refused": len(forbidden),
            })  # fmt: skip
        insert_many(db, self.tables.submissions, submissions)
        insert_many(db, self.tables.refused, refused)


def sent_by(
    db: Connection, tables: SubmissionTables, log: str, positions: Collection[int]
) -> dict[int, tuple[str, str]]:
    """Which submission each of these records is: (source, id) by position."""
    asked = _sent_by(tables.submissions, db.dialect.name == "postgresql")
    found = db.execute(asked, {"log": log, "each": listable(db, positions)}) if positions else ()
    return {position: (source, id) for position, source, id in found}


@lru_cache
def _sent_by(table: Table, postgres: bool) -> Select[Any]:
    asked = select(table.c.position, table.c.source, table.c.id).where(table.c.log == bindparam("log"))
    return each_asked(postgres, asked, table.c.position)


def of_identity(
    db: Connection, tables: SubmissionTables, log: str, source: str, id: str, known_at: int
) -> list[RowMapping]:
    """Every record of this identity known by then, the first one first."""
    table = tables.submissions
    asked = (
        select(table)
        .where(table.c.log == log, table.c.source == source, table.c.id == id, table.c.position <= known_at)
        .order_by(table.c.position)
    )
    return list(db.execute(asked).mappings())


def page(
    db: Connection,
    tables: SubmissionTables,
    log: str,
    known_at: int,
    *,
    sources: Collection[str] | None,
    outcome: str | None,
    after: int,
    limit: int,
) -> list[RowMapping]:
    """Submissions after a position, oldest first: of these sources (None: of all), with this outcome (None: any).

    The outcome `refused` is that of a submission with at least one entry that does not count, `counted` that of one
    with at least one that does; `duplicate` and `reused` are of the whole record.
    """
    table = tables.submissions
    asked = select(table).where(table.c.log == log, table.c.position > after, table.c.position <= known_at)
    if sources is not None:
        asked = asked.where(table.c.source.in_(sorted(sources)))
    match outcome:
        case "refused":
            asked = asked.where(table.c.refused > 0)
        case "counted":
            asked = asked.where(table.c.counted > 0)
        case str():
            asked = asked.where(table.c.status == outcome)
        case None:
            pass
    return list(db.execute(asked.order_by(table.c.position).limit(limit)).mappings())


def refusals(
    db: Connection, tables: SubmissionTables, log: str, positions: Collection[int]
) -> dict[int, list[RowMapping]]:
    """The refused entries of these records, by position and in order."""
    table = tables.refused
    found: dict[int, list[RowMapping]] = {}
    asked = (
        select(table)
        .where(table.c.log == log, table.c.position.in_(sorted(positions)))
        .order_by(table.c.position, table.c.entry)
    )
    for row in db.execute(asked).mappings():
        found.setdefault(row["position"], []).append(row)
    return found


def submissions_of(tables: ProjectionSet) -> SubmissionTables:
    """The tables among a generation's projections."""
    return next(projection.tables for projection in tables.projections if isinstance(projection, Submissions))
