"""A restored event store that is behind the log is refilled from it before it serves.

Otherwise the next command would take a stream version that the log has already, and the fold would stop every
reader of that log at it. What a store holds beyond the log is the outbox's business: it is published as ever.
"""

from __future__ import annotations

import logging

from sqlalchemy import Connection, Table, func, insert, select

from shared.contracts import InvalidData, decode
from shared.event_log.port import Raw, Topic
from shared.event_store.store import EventStore

logger = logging.getLogger(__name__)
UNKNOWN_REQUEST = ""
"""`request_sha256` of a refilled fact: the log does not hold requests, so any repeat under its key is taken for it."""
_AT_ONCE = 500


def behind(db: Connection, store: EventStore, stream_heads: Table) -> dict[tuple[str, str], int]:
    """The streams of this store's source that the log has further facts of, each with the version the store has.

    `stream_heads` is what the service's own readers have read: (log, stream, source, version).
    """
    events = store.tables.stream_events
    kept = (
        select(events.c.log, events.c.stream, func.max(events.c.version).label("version"))
        .group_by(events.c.log, events.c.stream)
        .subquery()
    )
    asked = (
        select(stream_heads.c.log, stream_heads.c.stream, func.coalesce(kept.c.version, 0))
        .outerjoin(kept, (kept.c.log == stream_heads.c.log) & (kept.c.stream == stream_heads.c.stream))
        .where(
            stream_heads.c.source == store.source,
            stream_heads.c.version > func.coalesce(kept.c.version, 0),
        )
    )
    return {(log, stream): int(version) for log, stream, version in db.execute(asked)}


def refill(store: EventStore, topic: Topic, missing: dict[tuple[str, str], int]) -> int:
    """Append to the store what the log has beyond it, in the log's order; how many facts that was."""
    logger.warning("the event store is behind the log in %s streams; refilling it", len(missing))
    filled = 0
    for partition in range(topic.partitions):
        reader = topic.reader(partition)
        try:
            offset, end = topic.begin(partition), topic.end(partition)
            while offset < end:
                raws = reader.read(offset, limit=_AT_ONCE, timeout=1.0)
                with store.begin() as db:
                    filled += sum(_take(db, store, raw, missing) for raw in raws)
                offset = raws[-1].offset + 1 if raws else offset
        finally:
            reader.close()
    return filled


def _take(db: Connection, store: EventStore, raw: Raw, missing: dict[tuple[str, str], int]) -> bool:
    try:
        envelope = decode(raw.value)
    except InvalidData:
        return False
    if envelope.source != store.source or not isinstance(envelope.stream, str) or raw.value is None:
        return False
    place = (envelope.log, envelope.stream)
    if raw.key != envelope.log or place not in missing or envelope.streamversion != missing[place] + 1:
        return False
    missing[place] += 1
    row = {
        "log": envelope.log, "stream": envelope.stream, "version": missing[place], "event_id": envelope.id,
        "type": envelope.type, "value": raw.value, "request_sha256": UNKNOWN_REQUEST, "topic": "events",
        "partition": raw.partition, "topic_offset": raw.offset, "appended_at": raw.appended_at,
    }  # fmt: skip
    db.execute(insert(store.tables.stream_events).values(**row))
    return True
