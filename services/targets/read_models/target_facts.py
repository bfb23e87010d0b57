"""What was ever decided about each target? Its facts as they came, in the order of the log, and who decided.

Which target a fact is about is said by its stream, so a new kind of fact in one of these streams is kept without more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from msgspec import UnsetType
from sqlalchemy import BigInteger, Column, Connection, Date, Integer, LargeBinary, MetaData, String, Table, or_, select

from shared.contracts import decode_data
from shared.contracts.shapes import Shape
from shared.contracts.target_tables import TargetTableSigned, TargetTablesIssued
from shared.contracts.targets import PeriodLocked, PeriodUnlocked
from shared.projections import Folded, LogFold, ProjectionSet
from shared.sql import Code, insert_many

_ABOUT_ONE = re.compile(r"(?:target|assignments):([0-9]{4}):(.+)")
ALL = ""
"""Stands for the code of a target, where a fact is about all targets of a year, or about units' tables of them."""


@dataclass(frozen=True, slots=True)
class Told:
    """A fact about a target: where and when (µs since 1970) it was recorded, and by what role."""

    position: int
    recorded_at: int
    effective_on: date | None
    role: str
    fact: Shape


def target_facts_table(metadata: MetaData, suffix: str) -> Table:
    """`body` is the fact's data as it lies in the log."""
    return Table(
        f"target_facts{suffix}",
        metadata,
        Column("log", Code(64), primary_key=True),
        Column("year", Integer, primary_key=True, autoincrement=False),
        Column("target", Code(64), primary_key=True),
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("recorded_at", BigInteger, nullable=False),
        Column("effective_on", Date, nullable=True),
        Column("role", String(32), nullable=False),
        Column("type", String(128), nullable=False),
        Column("body", LargeBinary, nullable=False),
    )


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """Fills and reads the table."""

    table: Table

    def project(self, db: Connection, log: LogFold, batch: Sequence[Folded]) -> None:
        """Keep what counts of these streams."""
        rows: list[dict[str, object]] = []
        for folded in batch:
            envelope, record = folded.record.envelope, folded.record
            about = _about(folded, log) if folded.status == "counted" and envelope is not None else None
            if about is None or envelope is None:
                continue
            effective_on = None if isinstance(envelope.effectiveon, UnsetType) else envelope.effectiveon
            rows.append(
                {"log": record.log, "year": about[0], "target": about[1], "position": record.position,
                 "recorded_at": record.recorded_at, "effective_on": effective_on, "role": envelope.authrole,
                 "type": envelope.type, "body": bytes(envelope.data)}
            )  # fmt: skip
        insert_many(db, self.table, rows)

    def about(self, db: Connection, log: str, year: int, target: str, up_to: int) -> list[Told]:
        """All that was said of a target, and of all targets of its year, up to a position, in the order of the log."""
        c = self.table.c
        found = db.execute(
            select(c.position, c.recorded_at, c.effective_on, c.role, c.type, c.body)
            .where(c.log == log, c.year == year, or_(c.target == target, c.target == ALL), c.position <= up_to)
            .order_by(c.position)
        )
        return [
            Told(position, recorded_at, effective_on, role, decode_data(type_, bytes(body)))
            for position, recorded_at, effective_on, role, type_, body in found
        ]


def target_facts_of(tables: ProjectionSet) -> TargetFacts:
    """The read model of a generation."""
    return next(projection for projection in tables.projections if isinstance(projection, TargetFacts))


def _about(folded: Folded, log: LogFold) -> tuple[int, str] | None:
    """The year and the code of the target that a fact is about."""
    envelope, fact = folded.record.envelope, folded.record.fact
    if envelope is None or not isinstance(envelope.stream, str):
        return None
    if one := _ABOUT_ONE.fullmatch(envelope.stream):
        return int(one[1]), one[2]
    match fact:
        case PeriodLocked() | PeriodUnlocked():
            one_target = None if isinstance(fact.target, UnsetType) else log.registry.targets.first(fact.target).code
            return fact.year, one_target or ALL
        case TargetTablesIssued() | TargetTableSigned():
            return fact.year, ALL
        case _:
            return None
