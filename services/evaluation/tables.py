"""What evaluation keeps outside every generation: the archive. A rebuild neither empties nor doubles it."""

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


ARCHIVE = archive_tables(MetaData())
