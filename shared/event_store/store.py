"""The streams a service's commands decide on: load one, append to it at the version that was decided on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Select, func, insert, select
from sqlalchemy.exc import IntegrityError

from shared.errors import IdReused, VersionConflict
from shared.event_log.port import LARGEST_RECORD, Ack, RecordTooLarge
from shared.event_store.tables import EventStoreTables
from shared.sql import each_of, writing


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A fact to append, and where the relay must send it."""

    event_id: str
    type: str
    value: bytes  # the serialised envelope; from here on only these bytes travel
    topic: Literal["events", "listings"]
    partition: int
    key: str  # the log id


@dataclass(frozen=True, slots=True)
class Stored:
    """A fact of a stream as it was appended; `ack` once the log has acknowledged it."""

    version: int
    event_id: str
    type: str
    value: bytes
    request_sha256: str
    ack: Ack | None


class EventStore:
    """One service's streams; `source` is the CloudEvents source under which all its facts are published."""

    def __init__(self, engine: Engine, tables: EventStoreTables, source: str) -> None:
        self.engine = engine
        self.tables = tables
        self.source = source
        self._committed: list[Callable[[], None]] = []

    def on_commit(self, tell: Callable[[], None]) -> None:
        """Call `tell` after each transaction of `begin` has committed (the relay's nudge)."""
        self._committed.append(tell)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """The transaction of one command; leaving it commits facts and outbox rows together, or neither."""
        with writing(self.engine) as db:
            yield db
        for tell in self._committed:
            tell()

    def read(self, db: Connection, log: str, stream: str) -> list[Stored]:
        """The whole stream, oldest first; its version is the length of the list."""
        events = self.tables.stream_events
        of_stream = self._stored().where(events.c.log == log, events.c.stream == stream)
        return [_stored(row) for row in db.execute(of_stream.order_by(events.c.version))]

    def read_all(self, db: Connection, log: str, streams: Collection[str]) -> dict[str, list[Stored]]:
        """Many whole streams by name, those too of which there is nothing yet."""
        found: dict[str, list[Stored]] = {stream: [] for stream in streams}
        c = self.tables.stream_events.c
        asked = self._stored().add_columns(c.stream).where(c.log == log)
        for *row, stream in each_of(db, asked, c.stream, found):
            found[stream].append(_stored(row))
        return {stream: sorted(stored, key=lambda each: each.version) for stream, stored in found.items()}

    def streams(self, db: Connection, log: str, beginning: str, since: str, mentioning: bytes) -> list[str]:
        """The names of streams that begin so and are not below `since`, one of whose facts contains the bytes."""
        c = self.tables.stream_events.c
        past = beginning[:-1] + chr(ord(beginning[-1]) + 1)  # the first name, by code point, that begins otherwise
        within = (c.log == log, c.stream >= max(beginning, since), c.stream < past)
        found = db.execute(select(c.stream, c.value).where(*within).order_by(c.stream))
        return list(dict.fromkeys(stream for stream, value in found if mentioning in value))

    def find(self, db: Connection, log: str, event_id: str) -> Stored | None:
        """The fact with this id, whatever its stream: what a repeated command already did."""
        events = self.tables.stream_events
        of_id = self._stored().where(events.c.log == log, events.c.event_id == event_id)
        row = db.execute(of_id).one_or_none()
        return None if row is None else _stored(row)

    def find_all(self, db: Connection, log: str, event_ids: Collection[str]) -> dict[str, Stored]:
        """The same of many, by their ids, as far as they are there."""
        c = self.tables.stream_events.c
        found = each_of(db, self._stored().add_columns(c.event_id).where(c.log == log), c.event_id, event_ids)
        return {id: _stored(row) for *row, id in found}

    def append(
        self,
        db: Connection,
        log: str,
        stream: str,
        after: int,
        events: Sequence[Outgoing],
        request_sha256: str,
    ) -> int:
        """Append facts of one command to one stream, decided on version `after`; the new version.

        Like `append_all`, of one.
        """
        return self.append_all(db, log, {stream: (after, events)}, request_sha256)[stream]

    def append_all(
        self,
        db: Connection,
        log: str,
        batches: Mapping[str, tuple[int, Sequence[Outgoing]]],
        request_sha256: str,
    ) -> dict[str, int]:
        """Append facts of one command to streams, each decided on its version beside them; the new versions.

        Facts and outbox rows are in the transaction of `db`, which the caller commits. Whoever appends to several
        streams names them in the order of their names: else two commands could wait for one another.
        Raises `VersionConflict` (about `stream`, `expected`, `current`) when a stream is not at its version,
        `IdReused` when one of the ids already stands in this log, `RecordTooLarge` for a fact that the log
        would not take (it would block the outbox for ever). None of them leaves anything of the command.
        """
        all_events = [event for _, events in batches.values() for event in events]
        for event in all_events:
            size = len(event.key.encode()) + len(event.value)
            if size > LARGEST_RECORD:
                raise RecordTooLarge(octets=size, limit=LARGEST_RECORD)
        expected = {stream: after for stream, (after, _) in batches.items()}
        self._expect(db, log, expected)
        if not all_events:
            return expected
        facts = [
            {
                "log": log,
                "stream": stream,
                "version": version,
                "event_id": event.event_id,
                "type": event.type,
                "value": event.value,
                "request_sha256": request_sha256,
                "topic": event.topic,
                "partition": event.partition,
            }
            for stream, (after, events) in batches.items()
            for version, event in enumerate(events, start=after + 1)
        ]
        try:
            with db.begin_nested():  # PostgreSQL answers nothing more after an error outside a savepoint
                db.execute(insert(self.tables.stream_events), facts)
        except IntegrityError:
            # Somebody committed between our look and our insert (PostgreSQL), or an id is taken.
            self._expect(db, log, expected)
            for event in all_events:
                if self.find(db, log, event.event_id) is not None:
                    raise IdReused(log=log, event_id=event.event_id) from None
            raise
        # After the facts: whoever gets the next version has waited for our commit, so its rows come later.
        rows = [
            {
                "topic": event.topic,
                "partition": event.partition,
                "key": event.key,
                "log": log,
                "event_id": event.event_id,
                "value": event.value,
            }
            for event in all_events
        ]
        db.execute(insert(self.tables.outbox), rows)
        return {stream: after + len(events) for stream, (after, events) in batches.items()}

    def _expect(self, db: Connection, log: str, versions: Mapping[str, int]) -> None:
        c = self.tables.stream_events.c
        newest = select(c.stream, func.max(c.version)).where(c.log == log).group_by(c.stream)
        found = {stream: version for stream, version in each_of(db, newest, c.stream, versions)}
        for stream, after in versions.items():
            if (current := found.get(stream, 0)) != after:
                raise VersionConflict(stream=stream, expected=after, current=current)

    def _stored(self) -> Select[int, str, str, bytes, str, int, int | None, int | None]:
        c = self.tables.stream_events.c
        return select(
            c.version,
            c.event_id,
            c.type,
            c.value,
            c.request_sha256,
            c.partition,
            c.topic_offset,
            c.appended_at,
        )


def _stored(row: Sequence[Any]) -> Stored:
    version, event_id, type_, value, request_sha256, partition, offset, appended_at = row
    ack = None if offset is None or appended_at is None else Ack(partition, offset, appended_at)
    return Stored(version, event_id, type_, value, request_sha256, ack)
