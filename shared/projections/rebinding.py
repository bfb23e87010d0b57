"""A topic under the same name that is not the one we read: may a reader go on in it?

It may if the new topic holds, from its beginning, the very records the reader has read (it counts them again and
compares the root) and says itself that it was made anew: a `jikao.log.reopened.v1` after them, with the right root.
Then everything that names a place in the old topic is bound to the new one in one transaction. Otherwise the start is
refused, and nothing is changed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from sqlalchemy import Connection, Table, bindparam, delete, select, update

from shared.contracts import UnknownType
from shared.contracts.logs import LogReopened
from shared.event_log.directory import SOURCE, Directory, Listing
from shared.event_log.port import Raw, Topic
from shared.projections.records import Place, Record, begin, place, value_sha256
from shared.projections.tables import CoreTables
from shared.sql import upsert

logger = logging.getLogger(__name__)
OURS = "urn:jikao:service:"
"""What the sources of facts begin with that lie in an event store."""


class LogIsShorter(Exception):
    """The log is shorter than, or differs from, what was read of it: the start is refused."""


@runtime_checkable
class KeepsOffsets(Protocol):
    """A projection that keeps where records lie in the topic."""

    def rebind(self, db: Connection, log: str, offsets: Sequence[int]) -> None:
        """From now on the record at each position lies at `offsets[position]`."""


@dataclass(slots=True)
class Rebound:
    """One partition of the new topic, as far as the reader had read the old one."""

    partition: int
    incarnation: str
    next_offsets: dict[str, int] = field(default_factory=dict)
    """By log: where its reader goes on."""
    offsets: dict[str, list[int]] = field(default_factory=dict)
    """By log: where the record at each position lies now."""
    facts: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """Where the facts of services lie now, by (source, log, id): all there are, also those not read yet."""
    go_on_at: int = 0
    """The first offset at which anything lies that has not been read."""


OnRebind = Callable[[Connection, Rebound], None]
"""Told in the transaction in which a reader's places are bound to another topic."""


def rebound(topic: Topic, directory: Directory, partition: int, places: Iterable[Place]) -> Rebound:
    """Read the partition of the new topic and compare it with the places of the old one.

    LogIsShorter names the first log that does not go on here, and what to do.
    """
    directory.refresh()
    walks = {at.log: _Walk(at, directory.by_log(at.log)) for at in places}
    found = Rebound(partition, topic.incarnation)
    unread: int | None = None
    source = topic.reader(partition)
    try:
        offset, end = topic.begin(partition), topic.end(partition)
        while offset < end:
            for raw in source.read(offset, timeout=1.0):
                offset = raw.offset + 1
                walk = walks.get(raw.key or "")
                if walk is not None:
                    _note(found, walk.take(raw, topic.incarnation))
                elif unread is None:
                    unread = raw.offset
    finally:
        source.close()
    for log, walk in walks.items():
        found.next_offsets[log] = walk.verdict()
        found.offsets[log] = walk.offsets
    found.go_on_at = min([*found.next_offsets.values(), *([] if unread is None else [unread])])
    return found


def _note(found: Rebound, record: Record | None) -> None:
    if record is not None and record.envelope is not None and record.envelope.source.startswith(OURS):
        found.facts.setdefault((record.envelope.source, record.log, record.envelope.id), record.offset)


class _Walk:
    """One log, counted again from record 0."""

    def __init__(self, kept: Place, listing: Listing | None) -> None:
        self.kept = kept
        self.offsets: list[int] = []
        self._listing = listing
        self._at: Place | None = None
        self._root = b""
        self._reopened = False

    def take(self, raw: Raw, incarnation: str) -> Record | None:
        """Count one more record; None for what has no position."""
        if self._at is None:
            if self._listing is None or value_sha256(raw.value) != self._listing.record0_sha256:
                return None
            self._at = begin(raw, self.kept.jurisdiction, incarnation)
        before = self._root
        try:
            record = place(raw, self._at)
        except UnknownType as fault:
            raise LogIsShorter(
                f"log {self.kept.log} was read from another topic, and this one holds what this program does not know "
                f"({fault}): run the newer program that wrote it"
            ) from fault
        self._root = record.root
        if record.position <= self.kept.position:
            self.offsets.append(raw.offset)
            if record.position == self.kept.position and record.root != self.kept.frontier.root():
                raise LogIsShorter(
                    f"log {self.kept.log} was read from another topic ({self.kept.incarnation}), and up to position "
                    f"{record.position} this one holds other records: restore that topic, or reopen the log from its "
                    "archive"
                )
        elif _is_reopening(record, before):
            self._reopened = True
        return record

    def verdict(self) -> int:
        """The offset from which the reader goes on; LogIsShorter if it must not."""
        counted = len(self.offsets)
        if counted <= self.kept.position:
            raise LogIsShorter(
                f"log {self.kept.log} was read from another topic ({self.kept.incarnation}), and of the "
                f"{self.kept.position + 1} records read this one holds {counted}: restore that topic, reopen the log "
                "from its archive (jikao reopen), or start on an empty database"
            )
        if not self._reopened:
            raise LogIsShorter(
                f"log {self.kept.log} was read from another topic ({self.kept.incarnation}), and this one does not say "
                "that it was reopened after what was read: restore that topic, finish `jikao reopen`, or start on an "
                "empty database"
            )
        return self.offsets[-1] + 1


def _is_reopening(record: Record, root_before: bytes) -> bool:
    fact, envelope = record.fact, record.envelope
    return (
        isinstance(fact, LogReopened)
        and envelope is not None
        and envelope.source == SOURCE
        and (fact.size, fact.root) == (record.position, root_before.hex())
    )


def bind(db: Connection, core: CoreTables, projections: Iterable[object], to: Rebound) -> bool:
    """Move the places and every offset kept beside them to the new topic; False if another process has done it."""
    places = core.places
    for log, next_offset in to.next_offsets.items():
        here = (places.c.log == log) & (places.c.incarnation != to.incarnation)
        done = db.execute(update(places).where(here).values(incarnation=to.incarnation, next_offset=next_offset))
        if done.rowcount != 1:
            return False
        logger.warning("log %s goes on in another topic, at offset %s of partition %s", log, next_offset, to.partition)
        rewrite_offsets(db, core.records, log, to.offsets[log])
        for projection in projections:
            if isinstance(projection, KeepsOffsets):
                projection.rebind(db, log, to.offsets[log])
    upsert(db, core.partitions, [{"partition": to.partition, "next_offset": to.go_on_at}], on=("partition",))
    db.execute(delete(core.unplaced).where(core.unplaced.c.partition == to.partition))
    return True


def rewrite_offsets(db: Connection, table: Table, log: str, offsets: Sequence[int]) -> None:
    """Set `topic_offset` of the rows (log, position) that lie elsewhere than at `offsets[position]` now."""
    asked = select(table.c.position, table.c.topic_offset).where(table.c.log == log).order_by(table.c.position)
    moved = [
        {"of_log": log, "at_position": position, "to_offset": offsets[position]}
        for position, offset in db.execute(asked)
        if position < len(offsets) and offset != offsets[position]
    ]
    if moved:
        db.execute(
            update(table)
            .where(table.c.log == bindparam("of_log"), table.c.position == bindparam("at_position"))
            .values(topic_offset=bindparam("to_offset")),
            moved,
        )
