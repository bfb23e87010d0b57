"""Which audits have been sealed, and which later facts touch their figures?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, MetaData, SmallInteger, Table, select

from services.evaluation.documents import PRACTICAL_MATTER
from services.evaluation.read_models.ledger import ledger_of, number
from shared.contracts.evaluation import AuditPart, AuditSealed
from shared.projections import Folded, LogFold, ProjectionSet
from shared.registry import Registry
from shared.registry.versions import STILL
from shared.sql import Code, insert_many

_FACT = msgspec.json.Decoder(AuditSealed)


@dataclass(frozen=True, slots=True)
class KeptAudit:
    """One sealed audit: its fact, where it stands in the log, and when it was recorded (µs)."""

    fact: AuditSealed
    position: int
    recorded_at: int


def audits_table(metadata: MetaData, suffix: str) -> Table:
    """One row an audit."""
    name = f"audits{suffix}"
    return Table(
        name, metadata,
        Column("log", Code(64), primary_key=True),
        Column("audit", Code(36), primary_key=True),
        Column("year", SmallInteger, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("recorded_at", BigInteger, nullable=False),
        Column("fact", LargeBinary, nullable=False),
        Index(f"ix_{name}_year", "log", "year", "position"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Audits:
    """Remembers each sealed audit."""

    table: Table

    def project(self, db: Connection, log: LogFold, batch: Sequence[Folded]) -> None:
        """Add those of the batch."""
        insert_many(db, self.table, [
            {"log": log.place.log, "audit": fact.audit, "year": fact.year, "position": folded.record.position,
             "recorded_at": folded.record.recorded_at, "fact": msgspec.json.encode(fact)}
            for folded in batch
            if folded.status == "counted" and isinstance(fact := folded.record.fact, AuditSealed)
        ])  # fmt: skip


def audits_of(tables: ProjectionSet) -> Table:
    """The table among a generation's projections."""
    return next(projection.table for projection in tables.projections if isinstance(projection, Audits))


def sealed_in(
    db: Connection, table: Table, log: str, year: int, known_at: int, *, after: int = -1, limit: int = 1000
) -> list[KeptAudit]:
    """A year's audits sealed after position `after`, as known at a position, in the order of their sealing."""
    found = db.execute(
        select(table.c.fact, table.c.position, table.c.recorded_at)
        .where(table.c.log == log, table.c.year == year, table.c.position > after, table.c.position <= known_at)
        .order_by(table.c.position)
        .limit(limit)
    )
    return [KeptAudit(_FACT.decode(fact), position, recorded_at) for fact, position, recorded_at in found]


def sealed_as(db: Connection, table: Table, log: str, year: int, audit: str, known_at: int) -> KeptAudit | None:
    """One audit of a year, as known at a position."""
    row = db.execute(
        select(table.c.fact, table.c.position, table.c.recorded_at).where(
            table.c.log == log, table.c.audit == audit, table.c.year == year, table.c.position <= known_at
        )
    ).one_or_none()
    return None if row is None else KeptAudit(_FACT.decode(row.fact), row.position, row.recorded_at)


def superseded_by(audits: Iterable[KeptAudit], audit: str) -> list[str]:
    """The audits that supersede this one, in the order of their sealing."""
    return [kept.fact.audit for kept in audits if kept.fact.supersedes == audit]


def touched_after(
    db: Connection, tables: ProjectionSet, log: str, position: int, registry: Registry, year: int,
    parts: Iterable[AuditPart],
) -> list[int]:  # fmt: skip
    """The positions after `position`, as far as is read, whose facts concern the figures of these questions.

    `registry` is as known now. A position is named when it speaks of a target or project that a question is about, on
    a date that it covers, even where the figure comes out the same.
    """
    found: set[int] = set()
    for part in parts:
        subject: Literal["target", "project"] = "project" if part.question == "projects" else "target"
        about = _subjects(registry, year, part)
        found |= _entries(db, tables, log, position, year, subject, about, part.as_of)
        found |= _stood(db, tables, log, position, registry, subject, about, part.as_of)
    return sorted(found)


def _subjects(registry: Registry, year: int, part: AuditPart) -> frozenset[str]:
    if part.question == "projects":
        return frozenset(id for id in registry.projects if registry.projects.first(id).year == year)
    targets = ((id, registry.targets.first(id)) for id in registry.targets)
    return frozenset(
        id for id, row in targets
        if row.year == year and (part.question == "targets" or PRACTICAL_MATTER in row.tags)
    )  # fmt: skip


def _entries(
    db: Connection, tables: ProjectionSet, log: str, after: int, year: int, subject: str, about: frozenset[str],
    as_of: date,
) -> set[int]:  # fmt: skip
    """Positions of entries, and of what closed or stood behind one."""
    ledger = ledger_of(tables).tables
    series, rows, standings = ledger.series, ledger.rows, ledger.standings
    of_year = (series.c.log == log, series.c.year == year, series.c.subject == subject, rows.c.effective_on <= as_of)
    written = db.execute(
        select(series.c.subject_id, rows.c.position, rows.c.known_until)
        .join(series, series.c.id == rows.c.series)
        .where(*of_year, (rows.c.position > after) | ((rows.c.known_until > after) & (rows.c.known_until < STILL)))
    )
    found = {at for id, *ats in written if id in about for at in ats if after < at < STILL}
    stood = db.execute(
        select(series.c.subject_id, standings.c.known_from)
        .join(rows, (rows.c.log == standings.c.log) & (rows.c.position == standings.c.position)
              & (rows.c.entry == standings.c.entry))
        .join(series, series.c.id == rows.c.series)
        .where(*of_year, standings.c.log == number(log), standings.c.known_from > after)
    )  # fmt: skip
    return found | {known_from for id, known_from in stood if id in about}


def _stood(
    db: Connection, tables: ProjectionSet, log: str, after: int, registry: Registry, subject: str,
    about: frozenset[str], as_of: date,
) -> set[int]:  # fmt: skip
    """Positions of facts of the registry."""
    versions = tables.core.versions
    kinds = ("project", "plan", "start", "group") if subject == "project" else ("target", "assignment")
    changed = db.execute(
        select(versions.c.kind, versions.c.id, versions.c.known_from).where(
            versions.c.log == log,
            versions.c.kind.in_(kinds),
            versions.c.known_from > after,
            versions.c.effective_on <= as_of,
        )
    )
    return {known_from for kind, id, known_from in changed if _concerns(registry, kind, id, about)}


def _concerns(registry: Registry, kind: str, id: str, about: frozenset[str]) -> bool:
    if kind == "group":
        return True
    return (registry.assignments.latest(id).target if kind == "assignment" else id) in about
