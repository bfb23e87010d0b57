"""Broker, database and a process for each service, attacked through the document of them all."""

from __future__ import annotations

import pytest

from tests.fuzz.attacks import Attacks


@pytest.mark.parametrize("running", ["stack"], indirect=True, scope="module")
class TestTheStack(Attacks):
    pass
