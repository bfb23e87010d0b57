"""What every service starts with."""

from __future__ import annotations

from shared.migrations import base_0001

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create it."""
    base_0001()
