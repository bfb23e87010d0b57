"""Templates of responsibility letters, by their hash."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.sql import Code

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create it."""
    op.create_table(
        "letter_templates",
        sa.Column("log", Code(), primary_key=True),
        sa.Column("sha256", Code(), primary_key=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
