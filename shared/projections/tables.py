"""The tables every reader keeps: places, what lies at each position, identities taken, heads of streams.

They exist once a generation of a service's projections (see generations.py): a rebuild fills the next generation
beside the running one, from the first record on, and has its own places.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table

from shared.registry.versions import versions_table
from shared.sql import Code


@dataclass(frozen=True, slots=True)
class CoreTables:
    """What every reader of every service keeps."""

    partitions: Table
    places: Table
    records: Table
    identities: Table
    streams: Table
    unplaced: Table
    versions: Table


def core_tables(metadata: MetaData, suffix: str) -> CoreTables:
    """The tables of one generation; `suffix` is the generation's."""
    partitions = Table(
        f"partition_places{suffix}", metadata,
        Column("partition", Integer, primary_key=True, autoincrement=False),
        Column("next_offset", BigInteger, nullable=False),
    )  # fmt: skip
    places = Table(
        f"places{suffix}", metadata,
        Column("log", Code(64), primary_key=True),
        Column("jurisdiction", Code(6), nullable=False),
        Column("partition", Integer, nullable=False),
        Column("incarnation", String(64), nullable=False),
        Column("zone", String(64), nullable=False),
        Column("simulated", Boolean, nullable=False),
        Column("engine", Integer, nullable=False),
        Column("next_offset", BigInteger, nullable=False),
        Column("recorded_at", BigInteger, nullable=False),
        Column("clock", BigInteger, nullable=False),
        Column("last_value_sha256", String(64), nullable=False),
        Column("frontier", LargeBinary, nullable=False),
    )  # fmt: skip
    records = Table(
        f"log_records{suffix}", metadata,
        Column("log", Code(64), primary_key=True),
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("topic_offset", BigInteger, nullable=False),
        Column("recorded_at", BigInteger, nullable=False),
        Column("status", String(16), nullable=False),
        Column("leaf_hash", LargeBinary, nullable=False),
        Column("root", LargeBinary, nullable=False),
        Index(f"ix_log_records{suffix}_recorded_at", "log", "recorded_at", "position"),
    )  # fmt: skip
    identities = Table(
        f"identities{suffix}", metadata,
        Column("log", Code(64), primary_key=True),
        Column("id", Code(128), primary_key=True),
        Column("source", Code(96), primary_key=True),
        Column("position", BigInteger, nullable=False),
        Column("sha256", String(64), nullable=False),
    )  # fmt: skip
    streams = Table(
        f"stream_heads{suffix}", metadata,
        Column("log", Code(64), primary_key=True),
        Column("stream", Code(200), primary_key=True),
        Column("source", Code(96), primary_key=True),
        Column("version", Integer, nullable=False),
    )  # fmt: skip
    unplaced = Table(
        f"unplaced_records{suffix}", metadata,
        Column("partition", Integer, primary_key=True, autoincrement=False),
        Column("topic_offset", BigInteger, primary_key=True, autoincrement=False),
        Column("key", String(200), nullable=False),
    )  # fmt: skip
    return CoreTables(partitions, places, records, identities, streams, unplaced, versions_table(metadata, suffix))
