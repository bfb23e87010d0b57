"""The demo's way to the API: a token for each role and unit, a key for each command, a problem as an exception."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.identity.issuer import DevelopmentIssuer

AT_ONCE = 8
"""Requests under way at the same time; the embedded form commits them in groups."""

MOST_TIMES = 30
"""Each time the back end waits for two seconds."""
PROGRESS = "progress"

Json = dict[str, Any]


class Refused(Exception):
    """The API refused something that the demo's data should make it accept."""


@dataclass
class Client:
    """One city's API, as everybody in the city."""

    http: httpx.AsyncClient
    issuer: DevelopmentIssuer
    jurisdiction: str
    latest: str = ""
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def token(self, role: str, unit: str = "") -> str:
        """A token of this role, of the whole city or (with `unit`) of one unit and its own source."""
        if (role, unit) not in self._tokens:
            self._tokens[(role, unit)] = self.issuer.mint(
                subject=f"{role} {unit}".strip(), client=unit or "city-hall", jurisdictions=[self.jurisdiction],
                roles=[role], unit=unit or None, scope="own" if unit else "all", sources=[unit] if unit else [],
            )  # fmt: skip
        return self._tokens[(role, unit)]

    async def command(
        self, path: str, body: Json, *, key: str, role: str = "office", unit: str = "", version: int | None = None
    ) -> Json:
        """POST a command below the jurisdiction until it is on the log; Refused with the problem document otherwise.

        What is accepted, and on the log a moment later, is sent again under its key: what comes next builds on it.
        """
        headers = {"Authorization": f"Bearer {self.token(role, unit)}", "Idempotency-Key": key}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        async with self._turn:
            for _ in range(MOST_TIMES):
                answer = await self.http.post(self.url(path), json=body, headers=headers)
                if answer.status_code != 202 or path == PROGRESS:  # which is on the log once it is taken
                    break
        if answer.status_code not in (200, 201, 202):
            raise Refused(f"POST {path} ({key}): {answer.status_code} {answer.text[:1000]}")
        self.latest = answer.headers.get("Jikao-Token", self.latest)
        result: Json = answer.json()
        return result

    async def question(self, path: str, **asked: str) -> Json:
        """GET below the jurisdiction as the auditor, after everything that was commanded so far."""
        headers = {"Authorization": f"Bearer {self.token('auditor')}", "Prefer": "wait=30"}
        params: Mapping[str, str] = {**asked, **({"after": self.latest} if self.latest else {})}
        answer = await self.http.get(self.url(path), params=params, headers=headers)
        if answer.status_code != 200:
            raise Refused(f"GET {path}: {answer.status_code} {answer.text[:1000]}")
        result: Json = answer.json()
        return result

    def url(self, path: str) -> str:
        """Below the jurisdiction; an absolute path stays."""
        return path if path.startswith("/v1") else f"/v1/jurisdictions/{self.jurisdiction}/{path}"
