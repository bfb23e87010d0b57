"""Names of persons, in a table of their own that can be erased."""

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
        "person_names",
        sa.Column("log", Code(), primary_key=True),
        sa.Column("person", Code(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
    )
