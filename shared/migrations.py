"""The first migration of every service: event store, outbox, relay lease, actors, generation in force.

Written out rather than taken from today's table definitions, because what a migration did must not change when
the definitions do. Later changes are later migrations; tests/services/test_migrations.py compares the outcome.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.sql import BigInt, Bytes, Code


def base_0001() -> None:
    """Create what every service starts with."""
    op.create_table(
        "stream_events",
        sa.Column("log", Code(), nullable=False),
        sa.Column("stream", Code(), nullable=False),
        sa.Column("version", BigInt, nullable=False, autoincrement=False),
        sa.Column("event_id", Code(), nullable=False),
        sa.Column("type", Code(), nullable=False),
        sa.Column("value", Bytes, nullable=False),
        sa.Column("request_sha256", Code(), nullable=False),
        sa.Column("topic", Code(), nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("topic_offset", BigInt),
        sa.Column("appended_at", BigInt),
        sa.PrimaryKeyConstraint("log", "stream", "version", name="pk_stream_events"),
        sa.UniqueConstraint("log", "event_id", name="uq_stream_events_log_event_id"),
        sa.CheckConstraint("version >= 1", name="ck_stream_events_version"),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", BigInt, primary_key=True, autoincrement=True),
        sa.Column("topic", Code(), nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("key", Code(), nullable=False),
        sa.Column("log", Code(), nullable=False),
        sa.Column("event_id", Code(), nullable=False),
        sa.Column("value", Bytes, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "relay_lease",
        sa.Column("name", Code(), primary_key=True),
        sa.Column("holder", Code(), nullable=False),
        sa.Column("until", BigInt, nullable=False),
    )
    op.create_table(
        "actors",
        sa.Column("issuer", Code(), primary_key=True),
        sa.Column("subject", Code(), primary_key=True),
        sa.Column("actor", sa.String(36), nullable=False),
        sa.UniqueConstraint("actor", name="uq_actors_actor"),
    )
    op.create_table(
        "projection_generation",
        sa.Column("service", sa.String(32), primary_key=True),
        sa.Column("active", sa.Integer, nullable=False),
    )
