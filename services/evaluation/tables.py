"""What evaluation keeps outside every generation: archive, tree, and what it signed.

A rebuild neither empties nor doubles any of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, LargeBinary, MetaData, Table

from shared.sql import Code


@dataclass(frozen=True, slots=True)
class ArchiveTables:
    """Every record of every log, and the listing that each log began with. Rows are only ever added."""

    records: Table
    listings: Table


def archive_tables(metadata: MetaData) -> ArchiveTables:
    """`recorded_at` is in microseconds; a null `value` is a record that had none."""
    records = Table(
        "archive", metadata,
        Column("log", Code(), nullable=False, primary_key=True),
        Column("position", BigInteger, nullable=False, primary_key=True, autoincrement=False),
        Column("topic_offset", BigInteger, nullable=False),
        Column("recorded_at", BigInteger, nullable=False),
        Column("value", LargeBinary),
        CheckConstraint("position >= 0", name="ck_archive_position"),
    )  # fmt: skip
    listings = Table(
        "archived_listings", metadata,
        Column("log", Code(), nullable=False, primary_key=True),
        Column("jurisdiction", Code(), nullable=False),
        Column("partition", Integer, nullable=False),
        Column("record0_sha256", Code(), nullable=False),
    )  # fmt: skip
    return ArchiveTables(records, listings)


def tiles_table(metadata: MetaData) -> Table:
    """The tree of each log (shared.proofs.tiles): `hashes` are a tile's, side by side. A full one never changes."""
    return Table(
        "tiles", metadata,
        Column("log", Code(), nullable=False, primary_key=True),
        Column("level", Integer, nullable=False, primary_key=True, autoincrement=False),
        Column("tile", BigInteger, nullable=False, primary_key=True, autoincrement=False),
        Column("hashes", LargeBinary, nullable=False),
    )  # fmt: skip


def signed_checkpoints_table(metadata: MetaData) -> Table:
    """What was signed, or found signed in the log: `root` and `key` (its id) in hex, `signature` in base64."""
    return Table(
        "signed_checkpoints", metadata,
        Column("log", Code(), nullable=False, primary_key=True),
        Column("size", BigInteger, nullable=False, primary_key=True, autoincrement=False),
        Column("root", Code(), nullable=False),
        Column("key", Code(), nullable=False),
        Column("signature", Code(), nullable=False),
    )  # fmt: skip


_METADATA = MetaData()
ARCHIVE = archive_tables(_METADATA)
TILES = tiles_table(_METADATA)
SIGNED = signed_checkpoints_table(_METADATA)
