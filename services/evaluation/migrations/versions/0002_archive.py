"""The archive of every record, outside the projections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.sql import Code

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create it."""
    op.create_table(
        "archive",
        sa.Column("log", Code(), nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("topic_offset", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("value", sa.LargeBinary),
        sa.PrimaryKeyConstraint("log", "position", name="pk_archive"),
        sa.CheckConstraint("position >= 0", name="ck_archive_position"),
    )
    op.create_table(
        "archived_listings",
        sa.Column("log", Code(), primary_key=True),
        sa.Column("jurisdiction", Code(), nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("record0_sha256", Code(), nullable=False),
    )
