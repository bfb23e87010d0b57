"""The published figures of 2009 come out of both forms, played through the public interface."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.demo.client import Client
from examples.demo.main import DATA
from examples.demo.play import play
from examples.demo.report import report

from .conftest import Running

pytestmark = pytest.mark.anyio


def published() -> dict[str, Any]:
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in Path(DATA).glob("*.json")}


async def test_every_published_figure_comes_out_but_for_the_declared_difference(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    year = published()
    async with httpx.AsyncClient(base_url=running.url, timeout=60, trust_env=False) as http:
        client = Client(http, running.issuer, "439900")  # a jurisdiction of its own beside the other tests' one
        await play(client, year)
        off = await report(client, year["expected"])
        told = capsys.readouterr().out
        assert off == 0, told
        assert "declared difference practical/8/rate" in told
        year["expected"]["declared_differences"] = []
        year["expected"]["practical_matters"]["at_least_80"] += 1
        assert await report(client, year["expected"]) == 2, "a difference that is not declared, and a wrong count"
