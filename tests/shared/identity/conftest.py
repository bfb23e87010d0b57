from pathlib import Path

import pytest

from shared.identity.issuer import DevelopmentIssuer


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_250_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer(tmp_path: Path, clock: Clock) -> DevelopmentIssuer:
    return DevelopmentIssuer(tmp_path, clock=clock)
