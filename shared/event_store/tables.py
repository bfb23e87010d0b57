"""The event store's tables; each service puts them into its own MetaData, so that its migrations own them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import (
    CheckConstraint,
    Column,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from shared.sql import BigInt, Bytes, Code


@dataclass(frozen=True, slots=True)
class EventStoreTables:
    """The three tables of one event store."""

    stream_events: Table  # one row per fact, for ever; its value bytes never change
    outbox: Table  # one row per fact the log has not acknowledged yet
    relay_lease: Table  # one row: which relay may publish, and until when

    def names(self) -> tuple[str, ...]:
        """The tables' names, for a drift test."""
        return self.stream_events.name, self.outbox.name, self.relay_lease.name


def event_store_tables(metadata: MetaData) -> EventStoreTables:
    """Declare the tables in `metadata`; once per MetaData."""
    stream_events = Table(
        "stream_events",
        metadata,
        Column("log", Code(), nullable=False),
        Column("stream", Code(), nullable=False),
        Column("version", BigInt, nullable=False, autoincrement=False),  # from 1, without gaps
        Column("event_id", Code(), nullable=False),
        Column("type", Code(), nullable=False),
        Column("value", Bytes, nullable=False),  # the record exactly as the log gets it
        Column("request_sha256", Code(), nullable=False),  # hex; tells a repeated request from a reused key
        Column("topic", Code(), nullable=False),
        Column("partition", Integer, nullable=False),
        Column("topic_offset", BigInt),  # null until the log has acknowledged it
        Column("appended_at", BigInt),  # microseconds, by the log's clock
        PrimaryKeyConstraint("log", "stream", "version", name="pk_stream_events"),
        UniqueConstraint("log", "event_id", name="uq_stream_events_log_event_id"),
        CheckConstraint("version >= 1", name="ck_stream_events_version"),
    )
    outbox = Table(
        "outbox",
        metadata,
        Column("seq", BigInt, primary_key=True, autoincrement=True),
        Column("topic", Code(), nullable=False),  # events | listings
        Column("partition", Integer, nullable=False),
        Column("key", Code(), nullable=False),
        Column("log", Code(), nullable=False),
        Column("event_id", Code(), nullable=False),
        Column("value", Bytes, nullable=False),
        sqlite_autoincrement=True,  # else SQLite hands out a deleted row's number again
    )
    relay_lease = Table(
        "relay_lease",
        metadata,
        Column("name", Code(), primary_key=True),
        Column("holder", Code(), nullable=False),
        Column("until", BigInt, nullable=False),  # microseconds
    )
    return EventStoreTables(stream_events, outbox, relay_lease)
