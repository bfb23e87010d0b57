"""What was certainly taken in under an identity? So that a repeat gets its first receipt.

This service does not know what corrections and withdrawals came to (evaluation does), so a record whose only
chance to count is one of those takes no identity here: what comes under it again goes to the log, and the fold
with the ledger decides. A plain figure that counts here counts everywhere, and takes its identity everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, select

from services.projects.mirror import RegistryMirror
from services.projects.seen import SeenIdentities
from shared.admission import Counted
from shared.contracts.projects import ProgressSubmitted
from shared.projections import CoreTables, Folded, LogFold
from shared.projections.records import value_sha256
from shared.sql import Code, insert_if_absent, insert_many


@dataclass(frozen=True, slots=True)
class Taken:
    """The record that holds an identity: its place, the hash its identity stands for, its time, its bytes' hash.

    `recorded_at` is in microseconds since 1970.
    """

    offset: int
    identity_sha256: str
    recorded_at: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Receipts:
    """One row a submission that took its identity, and one a project of which plain figures were counted."""

    core: CoreTables
    receipts: Table
    reported: Table
    seen: SeenIdentities
    mirror: RegistryMirror

    def project(self, db: Connection, log: LogFold, batch: Sequence[Folded]) -> None:
        """Take in a batch; the door's copies hear of it too."""
        name = log.place.log
        rows: list[dict[str, object]] = []
        projects: set[str] = set()
        for folded in batch:
            record, judgement = folded.record, folded.judgement
            if folded.changes:
                self.mirror.tell(name, record.position, folded.changes)
            if judgement is None or not judgement.counts_by_itself or not isinstance(record.fact, ProgressSubmitted):
                continue
            assert record.identity is not None
            self.seen.add(name, *record.identity)
            for outcome in judgement.outcomes:
                if isinstance(outcome, Counted) and outcome.corrects is None and outcome.series.subject == "project":
                    projects.add(outcome.series.subject_id)
            rows.append({"log": name, "position": record.position, "sha256": value_sha256(record.value)})
        insert_many(db, self.receipts, rows)
        insert_if_absent(
            db, self.reported, [{"log": name, "project": id} for id in sorted(projects)], on=("log", "project")
        )

    def find(self, db: Connection, log: str, source: str, id: str) -> Taken | None:
        """What holds this identity, if anything does."""
        identities, records, receipts = self.core.identities, self.core.records, self.receipts
        row = db.execute(
            select(records.c.topic_offset, identities.c.sha256, records.c.recorded_at, receipts.c.sha256)
            .join_from(
                identities, records,
                (records.c.log == identities.c.log) & (records.c.position == identities.c.position),
            )
            .join(
                receipts, (receipts.c.log == identities.c.log) & (receipts.c.position == identities.c.position)
            )
            .where(identities.c.log == log, identities.c.id == id, identities.c.source == source)
        ).one_or_none()  # fmt: skip
        return None if row is None else Taken(*row)

    def has_figures(self, db: Connection, log: str, project: str) -> bool:
        """Have figures of this project itself been counted?"""
        of = select(self.reported.c.project).where(self.reported.c.log == log, self.reported.c.project == project)
        return db.execute(of).first() is not None


def receipts(
    metadata: MetaData, suffix: str, core: CoreTables, seen: SeenIdentities, mirror: RegistryMirror
) -> Receipts:
    """The tables of one generation."""
    taken = Table(
        f"progress_receipts{suffix}", metadata,
        Column("log", Code(64), primary_key=True),
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("sha256", String(64), nullable=False),
    )  # fmt: skip
    reported = Table(
        f"projects_reported{suffix}", metadata,
        Column("log", Code(64), primary_key=True),
        Column("project", Code(64), primary_key=True),
    )  # fmt: skip
    return Receipts(core, taken, reported, seen, mirror)
