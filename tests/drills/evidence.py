"""What a drill leaves behind, read back over HTTP and from each service's tables."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import text

from services.gateway.routing import SERVICES
from shared.http.tokens import Unsent, Written, decode_token
from shared.sql import engine, reading
from tests.drills.book import Book
from tests.drills.city import City, J
from tests.drills.naive import NaiveList, Record, read

Json = dict[str, Any]
Place = tuple[int, int, str, str]
"""Of a record, as one reader has it: position, offset, leaf hash and root of the tree up to it."""
SETTLED_WITHIN = 180.0


@dataclass(repr=False)
class Evidence:
    """A back end after a drill, everything running again, and the clients' own record."""

    city: City
    book: Book
    databases: Mapping[str, str]
    http: httpx.Client = field(init=False)
    records: list[Record] = field(init=False)
    naive: NaiveList = field(init=False)
    _token: str = ""
    _of: dict[tuple[str, str], list[Record]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.http = self.city.client()
        self._settle()
        self.records = read(list(self._pages(f"{J}/records", "next_position", "from_position")))
        self.naive = NaiveList(self.records)
        for record in self.records:
            self._of.setdefault(record.identity, []).append(record)

    def ask(self, path: str, params: Mapping[str, str | int] | None = None, status: int = 200) -> Json:
        """The answer to an auditor's question, which must have this status."""
        answer = self.http.get(path, params=params, headers=self.city.headers("auditor"))
        assert answer.status_code == status, (path, params, answer.status_code, answer.text)
        told: Json = answer.json()
        return told

    def order(self, role: str, path: str, body: Json | None, key: str, *, after_the_last: bool = False) -> Json:
        """Have something done; with `after_the_last`, on top of the order before."""
        headers = self.city.headers(role) | {"Idempotency-Key": key, "Prefer": "wait=30"}
        params = {"after": self._token} if after_the_last else None
        answer = self.http.post(path, params=params, json=body, headers=headers)
        assert answer.is_success, (path, answer.text)
        self._token = answer.headers.get("Jikao-Token", "")
        told: Json = answer.json()
        return told

    def submissions(self) -> dict[int, Json]:
        """What became of each submission, by position, as the list of them tells it."""
        return {item["position"]: item for item in self._pages(f"{J}/submissions", "next_cursor", "cursor")}

    def of(self, identity: tuple[str, str]) -> list[Record]:
        """The records of one identity, in order."""
        return self._of.get(identity, [])

    @property
    def last(self) -> int:
        """The last position."""
        return self.records[-1].position

    def places(self, service: str) -> list[Place]:
        """All records of the (only) log as a service's own reader has them, by position."""
        rows = self._table(service, "SELECT position, topic_offset, leaf_hash, root FROM log_records{} ORDER BY 1")
        return [(int(p), int(offset), bytes(leaf).hex(), bytes(root).hex()) for p, offset, leaf, root in rows]

    def unplaced(self, service: str) -> int:
        """Records that a service could give no position."""
        return int(self._table(service, "SELECT count(*) FROM unplaced_records{}")[0][0])

    def unsent(self, service: str) -> int:
        """Facts that wait in a service's outbox."""
        return int(self._table(service, "SELECT count(*) FROM outbox")[0][0])

    def close(self) -> None:
        """Let go of it."""
        self.http.close()

    def _settle(self) -> None:
        """Wait until the outboxes are empty, and evaluation has read everything that was acknowledged."""
        until, pause = time.monotonic() + SETTLED_WITHIN, threading.Event()
        while unsent := {service: n for service in SERVICES if (n := self.unsent(service))}:
            assert time.monotonic() < until, unsent
            pause.wait(0.1)
        given = [s.token for s in self.book.acknowledged()] + [c.token for c in self.book.commands]
        written: dict[int, str] = {}
        for text_of, token in {text_of: decode_token(text_of) for text_of in filter(None, given)}.items():
            match token:
                case Written(offset=offset):
                    written[offset] = text_of
                case Unsent():
                    self._read(text_of)
        self._read(written[max(written)])  # one partition: who has read this one has read all before it

    def _read(self, token: str) -> None:
        headers = self.city.headers("auditor") | {"Prefer": "wait=30"}
        answer = self.http.get(f"{J}/records", params={"after": token, "limit": 1}, headers=headers)
        assert answer.status_code == 200, answer.text

    def _pages(self, path: str, following: str, parameter: str) -> Iterator[Json]:
        params: dict[str, str | int] = {"limit": 1000}
        while True:
            page = self.ask(path, params)
            yield from page["items"]
            if page[following] is None:
                return
            params[parameter] = page[following]

    def _table(self, service: str, statement: str) -> list[Any]:
        """A statement on a service's database; `{}` in it becomes the ending of the generation in force."""
        database = engine(self.databases[service])
        try:
            with reading(database) as db:
                generation = db.execute(text("SELECT active FROM projection_generation")).scalar_one()
                return list(db.execute(text(statement.format(f"_g{generation}"))))
        finally:
            database.dispose()
