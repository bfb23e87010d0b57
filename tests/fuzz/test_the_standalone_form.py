"""The one process, attacked through its document."""

from __future__ import annotations

import pytest

from tests.fuzz.attacks import Attacks


@pytest.mark.parametrize("running", ["standalone"], indirect=True, scope="module")
class TestTheStandaloneForm(Attacks):
    pass
