"""After a log was reopened in another topic: where do the facts of an event store lie now, and which are not there?

What the old topic had acknowledged and the new one lacks (the archive had not read it when the topic was lost) is put
back into the outbox: the store still has the bytes, and the next fact of their stream would find a gap otherwise.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, insert, select, update

from shared.contracts import decode
from shared.event_log.port import Topic
from shared.event_store.store import EventStore

logger = logging.getLogger(__name__)


def rebind(
    db: Connection, store: EventStore, listings: Topic, partition: int, facts: Mapping[tuple[str, str, str], int]
) -> int:
    """Bind the facts of one partition, and the listings, to the new topics; how many went back into the outbox.

    `facts` says where the partition's facts lie now, by (source, log, id).
    """
    events = store.tables.stream_events
    listed: dict[str, int] = {}
    for key, offset in _keys(listings):
        listed.setdefault(key, offset)
    lost = []
    acknowledged = (
        select(events)
        .where(events.c.topic_offset.is_not(None))
        .where((events.c.topic == "listings") | (events.c.partition == partition))
        # A log's listing before its record 0, and facts in the order in which they were acknowledged.
        .order_by(events.c.topic.desc(), events.c.topic_offset)
    )
    for row in db.execute(acknowledged).mappings().all():
        log = decode(bytes(row["value"])).log  # an opening is stored under its jurisdiction
        is_listing = row["topic"] == "listings"
        at: int | None = listed.get(log) if is_listing else facts.get((store.source, log, row["event_id"]))
        if at != row["topic_offset"]:
            this = (events.c.log == row["log"]) & (events.c.event_id == row["event_id"])
            when = row["appended_at"] if at is not None else None
            db.execute(update(events).where(this).values(topic_offset=at, appended_at=when))
        if at is None:
            lost.append({
                "topic": row["topic"], "partition": row["partition"], "key": log, "log": row["log"],
                "event_id": row["event_id"], "value": row["value"],
            })  # fmt: skip
    if lost:
        logger.warning("%s facts of %s are not in the reopened log; they are sent again", len(lost), store.source)
        db.execute(insert(store.tables.outbox), lost)
    return len(lost)


def _keys(topic: Topic) -> Iterator[tuple[str, int]]:
    reader = topic.reader(0)
    try:
        offset, end = topic.begin(0), topic.end(0)
        while offset < end:
            for raw in reader.read(offset, timeout=1.0):
                offset = raw.offset + 1
                yield raw.key or "", raw.offset
    finally:
        reader.close()
