"""What tests of the services share: a log, a database, tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from shared.event_log.embedded import open_embedded
from shared.event_log.port import Topics
from shared.identity.callers import Scope
from shared.identity.issuer import DevelopmentIssuer
from shared.projections import read_side
from shared.sql import engine as open_engine

Tokens = Callable[..., str]


@pytest.fixture(autouse=True)
def _readers_end_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader looks whether it should stop only between two waits for the log: half a second a test otherwise."""
    monkeypatch.setattr(read_side, "POLL", 0.02)


@pytest.fixture(autouse=True, scope="module")
def _nobody_is_hurried() -> Iterator[None]:
    """A command waits for its log, and a question for its reader, longer than a slow machine or disk may stand still.

    After two seconds the one would be answered 202, after five the other 503, and a test of something else would fail.
    """
    with pytest.MonkeyPatch.context() as patch:
        for limit in (
            "shared.http.ordering.PUBLISHED_WITHIN", "services.targets.api.logs.PUBLISHED_WITHIN",
            "shared.http.tokens.DEFAULT_WAIT_SECONDS", "services.projects.door.WAIT",
        ):  # fmt: skip
            patch.setattr(limit, 30)
        yield


@pytest.fixture
def topics(tmp_path: Path) -> Iterator[Topics]:
    """An embedded log of two partitions."""
    topics = open_embedded(tmp_path / "log", partitions=2)
    yield topics
    topics.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A fresh SQLite database; tests that matter on both kinds make theirs from `database_url`."""
    engine = open_engine(f"sqlite:///{tmp_path / 'service.db'}")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentIssuer:
    """Mints what the services under test verify."""
    return DevelopmentIssuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture
def tokens(issuer: DevelopmentIssuer) -> Tokens:
    """A token for a role: `tokens("unit", unit="transport", scope="own")`."""

    def mint(
        *roles: str,
        jurisdictions: tuple[str, ...] = ("430300",),
        unit: str | None = None,
        scope: Scope = "all",
        client: str = "tests",
        sources: tuple[str, ...] = (),
        subject: str = "tester",
    ) -> str:
        return issuer.mint(subject, client, jurisdictions, roles, unit=unit, scope=scope, sources=sources)

    return mint
