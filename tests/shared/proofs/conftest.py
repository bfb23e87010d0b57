from __future__ import annotations

import pytest

from tests.shared.proofs.history import Sealed, sealed_history


@pytest.fixture(scope="session")
def sealed() -> Sealed:
    """One history for all; a test that changes something takes a copy."""
    return sealed_history()
