"""A county's log under an evaluation service that signs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.event_log.embedded import open_embedded
from shared.event_log.port import Topics
from shared.identity.issuer import DevelopmentIssuer
from shared.proofs.signing import SigningKey
from tests.services.evaluation.county import County
from tests.services.evaluation.proving.witness import Witness, witness


@pytest.fixture
def topics(tmp_path: Path) -> Iterator[Topics]:
    topics = open_embedded(tmp_path / "log")
    yield topics
    topics.close()


@pytest.fixture
def county(topics: Topics) -> County:
    county = County(topics)
    county.open()
    return county


@pytest.fixture
def key() -> SigningKey:
    return SigningKey.generate()


@pytest.fixture
def city(county: County, database_url: str, issuer: DevelopmentIssuer, key: SigningKey) -> Iterator[Witness]:
    """On either database."""
    with witness(county, database_url, issuer, key) as city:
        yield city


@pytest.fixture
def small_city(county: County, tmp_path: Path, issuer: DevelopmentIssuer, key: SigningKey) -> Iterator[Witness]:
    """On SQLite."""
    with witness(county, f"sqlite:///{tmp_path / 'evaluation.db'}", issuer, key) as city:
        yield city
