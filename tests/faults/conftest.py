"""Where a back end under faults lives, and by which seed its clients act."""

from __future__ import annotations

import pytest

from tests.drills.conftest import folder, seed

__all__ = ["folder", "seed"]

# So that they say what was wrong.
pytest.register_assert_rewrite("tests.drills.aftermath", "tests.drills.evidence", "tests.faults.asking")
