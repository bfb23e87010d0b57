"""What was certainly taken in under an identity? So that a repeat gets its first receipt.

This service does not know what corrections and withdrawals came to (evaluation does), so a record whose only
chance to count is one of those takes no identity here: what comes under it again goes to the log, and the fold
with the ledger decides. A plain figure that counts here counts everywhere, and takes its identity everywhere.
What lies on the log without having taken its identity here is kept as undecided: the door doesn't refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    """One row a submission that took its identity, or may have, and one a project whose plain figures counted."""

    core: CoreTables
    receipts: Table
    undecided: Table
    reported: Table
    seen: SeenIdentities
    mirror: RegistryMirror

    def project(self, db: Connection, log: LogFold, batch: Sequence[Folded]) -> None:
        """Take in a batch; the door's copies hear of it too."""
        name = log.place.log
        rows: list[dict[str, object]] = []
        undecided: dict[tuple[str, str, str], dict[str, object]] = {}
        projects: set[str] = set()
        for folded in batch:
            record, judgement = folded.record, folded.judgement
            if folded.changes:
                self.mirror.tell(name, record.position, folded.changes)
            if judgement is None or not judgement.takes_identity or not isinstance(record.fact, ProgressSubmitted):
                continue
            assert record.identity is not None
            self.seen.add(name, *record.identity)
            if not judgement.counts_by_itself:
                source, id = record.identity
                undecided[source, id, record.sha256] = {
                    "log": name, "id": id, "source": source, "sha256": record.sha256,
                }  # fmt: skip
                continue
            for outcome in judgement.outcomes:
                if isinstance(outcome, Counted) and outcome.corrects is None and outcome.series.subject == "project":
                    projects.add(outcome.series.subject_id)
            rows.append({"log": name, "position": record.position, "sha256": value_sha256(record.value)})
        insert_many(db, self.receipts, rows)
        insert_if_absent(db, self.undecided, list(undecided.values()), on=("log", "id", "source", "sha256"))
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

    def identities(self, db: Connection, log: str) -> Iterator[tuple[str, str]]:
        """(source, id) of all that took its identity, and of what may have."""
        for table in (self.core.identities, self.undecided):
            asked = select(table.c.source, table.c.id).where(table.c.log == log)
            yield from db.execute(asked).yield_per(10_000)

    def may_count(self, db: Connection, log: str, source: str, id: str, sha256: str) -> bool:
        """Does this very content (its identity hash) lie on the log, and only the ledger knows what it came to?"""
        of = self.undecided
        asked = select(of.c.id).where(of.c.log == log, of.c.id == id, of.c.source == source, of.c.sha256 == sha256)
        return db.execute(asked).first() is not None

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
    undecided = Table(
        f"progress_undecided{suffix}", metadata,
        Column("log", Code(64), primary_key=True),
        Column("id", Code(128), primary_key=True),
        Column("source", Code(96), primary_key=True),
        Column("sha256", String(64), primary_key=True),
    )  # fmt: skip
    reported = Table(
        f"projects_reported{suffix}", metadata,
        Column("log", Code(64), primary_key=True),
        Column("project", Code(64), primary_key=True),
    )  # fmt: skip
    return Receipts(core, taken, undecided, reported, seen, mirror)
