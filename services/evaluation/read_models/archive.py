"""What exactly did the log say? Every record, byte by byte, kept for proofs, exports, rebuilds and replays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from sqlalchemy import Connection, func, select

from services.evaluation.replay import Archived
from services.evaluation.tables import ARCHIVE, ArchiveTables
from shared.projections import CannotProcess, Folded, LogFold, Record
from shared.projections.records import value_sha256
from shared.sql import insert_if_absent

_AT_ONCE = 50
"""Records fetched together: 45 MB at most, if all were of the largest size."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Keeps each record once, however many generations read it."""

    tables: ArchiveTables = ARCHIVE

    def project(self, db: Connection, log: LogFold, batch: Sequence[Folded]) -> None:
        """Add what is not there yet: a rebuild reads again what was archived long ago.

        CannotProcess when the log now says something else than what was archived: what was sealed and proved stands
        on the archive, so it never follows a log that was rewritten.
        """
        records, id = self.tables.records, log.place.log
        kept = db.execute(select(func.max(records.c.position)).where(records.c.log == id)).scalar()
        new = [folded.record for folded in batch if kept is None or folded.record.position > kept]
        again = [folded.record for folded in batch if kept is not None and folded.record.position <= kept]
        if again:
            self._compare(db, id, again)
        insert_if_absent(db, records, [
            {"log": id, "position": r.position, "topic_offset": r.offset, "recorded_at": r.recorded_at,
             "value": r.value}
            for r in new
        ], on=("log", "position"))  # fmt: skip
        if new and new[0].position == 0:
            insert_if_absent(db, self.tables.listings, [
                {"log": id, "jurisdiction": log.place.jurisdiction, "partition": log.place.partition,
                 "record0_sha256": value_sha256(new[0].value)}
            ], on=("log",))  # fmt: skip

    def _compare(self, db: Connection, log: str, again: Sequence[Record]) -> None:
        archive = archived(db, log, first=again[0].position, up_to=again[-1].position, tables=self.tables)
        for record, known in zip_longest(again, archive):
            if known is None or (record.value, record.recorded_at) != (known.value, known.recorded_at):
                raise CannotProcess(f"the archive has another record at position {record.position}: restore the log")


def archived(
    db: Connection, log: str, *, first: int = 0, up_to: int, tables: ArchiveTables = ARCHIVE
) -> Iterator[Archived]:
    """The records of a log from position `first` to `up_to`, both included, in order."""
    records = tables.records
    while first <= up_to:
        asked = (
            select(records.c.position, records.c.topic_offset, records.c.recorded_at, records.c.value)
            .where(records.c.log == log, records.c.position >= first, records.c.position <= up_to)
            .order_by(records.c.position)
            .limit(_AT_ONCE)
        )
        found = db.execute(asked).all()
        for position, offset, recorded_at, value in found:
            yield Archived(position, offset, recorded_at, None if value is None else bytes(value))
        if len(found) < _AT_ONCE:
            return
        first = int(found[-1].position) + 1
