"""The demo's client goes on when the back end has recorded what it was told, not when it has accepted it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from examples.demo.client import Client, Refused
from shared.identity.issuer import DevelopmentIssuer

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("path", "answers", "sent"),
    [("units", [202, 202, 201], 3), ("units", [201], 1), ("progress", [202], 1), ("units", [202, 409], 2)],
)
async def test_what_was_accepted_is_sent_again_under_its_key_until_it_is_recorded(
    tmp_path: Path, path: str, answers: list[int], sent: int
) -> None:
    keys: list[str] = []
    refused = answers[-1] == 409

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        return httpx.Response(answers.pop(0), json={"id": "1"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://city") as http:
        client = Client(http, DevelopmentIssuer(tmp_path), "430300")
        if refused:
            with pytest.raises(Refused, match="409"):
                await client.command(path, {}, key="once")
        else:
            assert await client.command(path, {}, key="once") == {"id": "1"}

    assert keys == ["once"] * sent
