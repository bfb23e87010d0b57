"""The two forms of the back end, each with a small city in it, so that addresses lead to things that are there."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.end_to_end.conftest import Running, started
from tests.services.standalone.whole import Whole, fill

pytest.register_assert_rewrite("tests.fuzz.attacks")  # so that it says what was wrong


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The form that a file attacks; it ends with the file."""
    with started(request.param, tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture(scope="module")
def city(running: Running) -> Iterator[Whole]:
    with httpx2.Client(base_url=running.url, timeout=60, trust_env=False) as client:
        city = Whole(client, running.issuer)
        fill(city)
        yield city
