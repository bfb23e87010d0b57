"""What a test may ask for: a real Kafka, a real PostgreSQL, a fresh database. Each starts when first needed."""

from __future__ import annotations

import gc
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from shared.testing.broker import Broker
from shared.testing.postgres import Postgres
from tests.spreading import Spreading, place

# Deadlines measure the machine, not the code. The examples are the same each time, so that a change is judged by what
# it changes; `--anew` looks at others, and at more of them (docs/decisions/0019).
settings.register_profile("jikao", deadline=None, max_examples=60, print_blob=True, derandomize=True)
settings.register_profile("anew", settings.get_profile("jikao"), derandomize=False, max_examples=600)
settings.load_profile("jikao")


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long and by which seed the drills run (tests/drills)."""
    drills = parser.getgroup("drills")
    drills.addoption("--kills", type=int, default=20, help="how often a drill kills each of its victims")
    drills.addoption("--seed", type=int, help="draw a drill's schedule from this seed")
    drills.addoption("--anew", action="store_true", help="draw new examples, and a new schedule unless --seed is given")
    drills.addoption(
        "--attacks", type=int, default=5, help="how many requests are drawn for each operation (tests/fuzz)"
    )
    drills.addoption("--histories", type=int, default=6, help="how many years are lived through (tests/histories)")
    drills.addoption("--steps", type=int, default=30, help="how many steps each of them has at most")


def pytest_configure(config: pytest.Config) -> None:
    """Which examples Hypothesis looks at."""
    if config.getoption("--anew"):
        settings.load_profile("anew")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Spreading | None:
    """How `--dist loadfile` spreads the tests over processes (tests/spreading.py says why)."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False  # the order is that of the next function
    return Spreading(config, log)


@pytest.hookimpl(trylast=True)  # what shares a back end has been put together before
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Several processes begin with what takes longest; one alone with what comes first."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: place(item.nodeid))


def pytest_collection_finish() -> None:
    """What has been imported stays to the end: no later search for garbage goes through it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on what the services run on."""
    return "asyncio"


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """One Kafka for the whole run. A test that stops or kills brokers makes its own."""
    with Broker() as broker:
        yield broker


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for the whole run, without fsync. A test that stops or kills it makes its own."""
    with Postgres() as postgres:
        yield postgres


@pytest.fixture
def kafka_prefix() -> str:
    """What this test's topics start with, so that tests share a broker and never a topic."""
    return f"t{uuid.uuid4().hex[:12]}."


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A fresh database on PostgreSQL."""
    name = f"t{uuid.uuid4().hex}"
    yield postgres.database(name)
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database, on each kind that a service may be run on."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'service.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url
