"""What exactly did the log say? Every record, byte by byte, kept for proofs, exports, rebuilds and replays."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

from sqlalchemy import Connection, Engine, Table, func, select

from services.evaluation.read_models import tiles
from services.evaluation.replay import Archived
from services.evaluation.tables import ARCHIVE, TILES, ArchiveTables
from shared.merkle import leaf, leaf_hash
from shared.projections import CannotProcess, Folded, LogFold, Record
from shared.projections.rebinding import rewrite_offsets
from shared.projections.records import value_sha256
from shared.proofs.tiles import WIDTH
from shared.sql import insert_if_absent, reading, writing

logger = logging.getLogger(__name__)

_LEAVES = 64 * WIDTH
"""Hashed before tiles are written."""
_AT_ONCE = 50
"""Records fetched together: 45 MB at most, if all were of the largest size."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Keeps each record once, and the tree over them, however many generations read it."""

    tables: ArchiveTables = ARCHIVE
    tree: Table = TILES

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
        if new:
            tiles.grow(db, id, new[0].position, [r.leaf_hash for r in new], self.tree)
        if new and new[0].position == 0:
            insert_if_absent(db, self.tables.listings, [
                {"log": id, "jurisdiction": log.place.jurisdiction, "partition": log.place.partition,
                 "record0_sha256": value_sha256(new[0].value)}
            ], on=("log",))  # fmt: skip

    def rebind(self, db: Connection, log: str, offsets: Sequence[int]) -> None:
        """The log was reopened in another topic: the record at each position lies at `offsets[position]` now."""
        rewrite_offsets(db, self.tables.records, log, offsets)

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


def grow_missing_trees(engine: Engine) -> None:
    """Give each archived log that has no tiles its tree, from the archived bytes.

    For a database from before there were tiles, and for one whose tiles were found wrong and were deleted. LookupError
    when the archive has a gap: nothing that it proves could be trusted.
    """
    with reading(engine) as db:
        planted = select(TILES.c.log).where(TILES.c.log == ARCHIVE.records.c.log).exists()
        without = db.execute(select(ARCHIVE.records.c.log).where(~planted).distinct()).scalars().all()
    for log in without:
        logger.warning("log %s gets its tree from the archive", log)
        with writing(engine) as db:
            hashes, size = _leaf_hashes(db, log), 0
            while batch := list(islice(hashes, _LEAVES)):
                tiles.grow(db, log, size, batch)
                size += len(batch)


def _leaf_hashes(db: Connection, log: str) -> Iterator[bytes]:
    for expected, record in enumerate(archived(db, log, up_to=2**63 - 1)):
        if record.position != expected:
            raise LookupError(f"the archive of log {log} lacks position {expected}: restore the database")
        yield leaf_hash(leaf(record.position, record.recorded_at, record.value))
