"""The tree over each archived log, as tiles, and the checkpoints that were signed.

What was archived before there were tiles gets its tree at the next start, from the archived bytes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.sql import Code

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both."""
    op.create_table(
        "tiles",
        sa.Column("log", Code(), nullable=False),
        sa.Column("level", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("tile", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("log", "level", "tile", name="pk_tiles"),
    )
    op.create_table(
        "signed_checkpoints",
        sa.Column("log", Code(), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("root", Code(), nullable=False),
        sa.Column("key", Code(), nullable=False),
        sa.Column("signature", Code(), nullable=False),
        sa.PrimaryKeyConstraint("log", "size", name="pk_signed_checkpoints"),
    )
