"""A county's log and the evaluation service over it, which signs; whoever holds its keys asks and verifies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from services.evaluation.main import build
from services.evaluation.signing import Signer
from shared.contracts.evaluation import CheckpointSigned
from shared.http.tokens import Written, encode_token
from shared.identity.issuer import DevelopmentIssuer
from shared.projections.records import read_fact
from shared.proofs.checkpoints import Checkpoint, origin_of
from shared.proofs.notes import VerifierKey
from shared.proofs.signing import SigningKey
from shared.service import Service
from shared.sql import engine as open_engine
from tests.services.evaluation.county import County

PATIENCE = 30.0
NOISE = b"synthetic, and no record"
"""Takes a position, and is invalid: the cheapest way to make a log long."""


@dataclass
class Witness:
    """Asks as anybody, always after everything written so far."""

    app: FastAPI
    client: TestClient
    county: County
    service: Service
    issuer: DevelopmentIssuer
    key: SigningKey

    @property
    def signer(self) -> Signer:
        signer: Signer = self.app.state.signer
        return signer

    @property
    def trusted(self) -> list[VerifierKey]:
        return [self.key.verifier(origin_of(self.county.log))]

    @property
    def size(self) -> int:
        """Records on the log, of which this county's is the only one."""
        return self.county.topics.events.end(0)

    def headers(self, *roles: str, scope: Any = "all", sources: tuple[str, ...] = ()) -> dict[str, str]:
        token = self.issuer.mint(
            "tester", "tests", (self.county.jurisdiction,), roles or ("auditor",), "transport", scope, sources
        )
        return {"Authorization": f"Bearer {token}", "Prefer": "wait=20"}

    def get(
        self, path: str, *roles: str, scope: Any = "all", sources: tuple[str, ...] = (),
        params: dict[str, Any] | None = None, **query: Any,
    ) -> Response:  # fmt: skip
        events = self.county.topics.events
        after = encode_token(Written(self.county.log, events.incarnation, 0, self.size - 1))
        found: Response = self.client.get(
            f"/v1/jurisdictions/{self.county.jurisdiction}/{path}",
            params={"after": after} | query | (params or {}),
            headers=self.headers(*roles, scope=scope, sources=sources),
        )
        return found

    def post(self, path: str, body: object = None, *roles: str, key: str | None = None, scope: Any = "all") -> Response:
        headers = self.headers(*roles, scope=scope) | {"Idempotency-Key": key or uuid4().hex}
        done: Response = self.client.post(
            f"/v1/jurisdictions/{self.county.jurisdiction}/{path}", json=body, headers=headers
        )
        return done

    def sign(self) -> Checkpoint:
        """One on demand, verified."""
        done = self.post("checkpoints")
        assert done.status_code in (200, 201), done.text
        return self.verified(done.json()["note"])

    def verified(self, note: str) -> Checkpoint:
        return Checkpoint.verified(note, self.trusted, origin_of(self.county.log))

    def noise(self, records: int) -> None:
        self.county.append(*[NOISE] * records)
        self.county.send()

    def signed(self) -> list[tuple[int, CheckpointSigned]]:
        """The checkpoints on the log itself, with where they lie."""
        events = self.county.topics.events
        reader = events.reader(0)
        found, offset = [], 0
        while offset < events.end(0):
            for raw in reader.read(offset, timeout=1.0):
                _, fact, _ = read_fact(raw.value)
                if isinstance(fact, CheckpointSigned):
                    found.append((raw.offset, fact))
                offset = raw.offset + 1
        reader.close()
        return found

    def until(self, size: int) -> CheckpointSigned:
        """Wait for the checkpoint of a size to be on the log."""
        reader, offset, patient = self.county.topics.events.reader(0), 0, monotonic() + PATIENCE
        try:
            while monotonic() < patient:
                for raw in reader.read(offset, timeout=1.0):
                    offset = raw.offset + 1
                    _, fact, _ = read_fact(raw.value)
                    if isinstance(fact, CheckpointSigned) and fact.size == size:
                        return fact
        finally:
            reader.close()
        raise AssertionError(f"no checkpoint of size {size} within {PATIENCE} s; there are {self.signed()}")


@contextmanager
def witness(
    county: County, database_url: str, issuer: DevelopmentIssuer, key: SigningKey, *, alone: bool = True
) -> Iterator[Witness]:
    """The service runs; twice on one database, one after the other, is a restart."""
    service, app = build(open_engine(database_url), county.topics, issuer.verifier(), alone=alone, key=key)
    with TestClient(app) as client:
        yield Witness(app, client, county, service, issuer, key)
