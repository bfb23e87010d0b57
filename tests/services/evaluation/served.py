"""The evaluation service on the example year, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine

from services.evaluation.main import build
from shared.canonical import sha256_hex
from shared.event_log.directory import Listing, listing_record
from shared.event_log.embedded import open_embedded
from shared.event_log.port import Topics
from shared.http.tokens import Written, encode_token
from shared.identity.issuer import DevelopmentIssuer
from shared.proofs.signing import SigningKey
from shared.sql import engine as open_engine
from tests.services.evaluation.year2009 import LOG, Year2009, year_2009

YEAR = "/v1/jurisdictions/430300/years/2009"


@dataclass
class Served:
    """A client, and tokens for it."""

    client: TestClient
    issuer: DevelopmentIssuer
    engine: Engine
    year: Year2009
    topics: Topics
    after: str
    _keys: Iterator[int]

    def headers(self, *roles: str, unit: str | None = None, scope: str = "all") -> dict[str, str]:
        token = self.issuer.mint("tester", "tests", ("430300",), roles, unit=unit, scope=scope)  # type: ignore[arg-type]
        return {"Authorization": f"Bearer {token}"}

    def get(self, path: str, *roles: str, unit: str | None = None, scope: str = "all", **query: Any) -> Response:
        """A read, fresh enough for what was written last."""
        headers = self.headers(*(roles or ("leader",)), unit=unit, scope=scope)
        found: Response = self.client.get(YEAR + path, headers=headers, params={"after": self.after} | query)
        return found

    def post(self, path: str, body: object, *roles: str, key: str | None = None) -> Response:
        headers = self.headers(*(roles or ("office",))) | {"Idempotency-Key": key or f"k{next(self._keys)}"}
        done: Response = self.client.post(YEAR + path, headers=headers, json=body)
        self.after = done.headers.get("Jikao-Token", self.after)
        return done

    def append(self, *values: bytes) -> None:
        """Write to the log past every door, and let reads wait for it."""
        acks = self.topics.events.append_all(0, [(LOG, value) for value in values])
        self.after = encode_token(Written(LOG, self.topics.events.incarnation, 0, acks[-1].offset))


READS = 20
"""How often a read may come back before the whole year was read."""


@contextmanager
def served(directory: Path, database_url: str | None = None) -> Iterator[Served]:
    """All of the year is on the log, and read."""
    year = year_2009()
    topics = open_embedded(directory / "log")
    engine = open_engine(database_url or f"sqlite:///{directory / 'evaluation.db'}")
    issuer = DevelopmentIssuer(directory)
    values = [record.value for record in year.writing.records if record.value is not None]
    topics.listings.append_all(0, [listing_record(Listing(LOG, "430300", 0, sha256_hex(values[0])), 0)])
    _, app = build(engine, topics, issuer.verifier(), alone=True, key=SigningKey.generate())
    with TestClient(app) as client:
        made = Served(client, issuer, engine, year, topics, "", count())
        made.append(*values)
        # One read waits for a few seconds, a whole year takes longer on a busy machine.
        assert any(made.get("/groups").status_code == 200 for _ in range(READS)), "the year was not read"
        yield made
    topics.close()
