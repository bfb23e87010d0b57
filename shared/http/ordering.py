"""A command over HTTP: who may give it, under which key, and the answer once the log has its facts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal, TypeVar

from fastapi import Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from shared.canonical import sha256_hex
from shared.commands import Done, Order, execute
from shared.deciding import Decide, Stream
from shared.event_log.directory import Listing
from shared.http.fields import WholeNumber
from shared.http.preconditions import IdempotencyKey, IfMatch, IfMatchOrNone, etag
from shared.http.tokens import TOKEN_HEADER, Unsent, Written, encode_token
from shared.identity.callers import Caller
from shared.identity.http import CallerDep, permit, permit_whole
from shared.service import Service

S = TypeVar("S")
PUBLISHED_WITHIN = 2.0
"""Seconds a command waits for the log before it answers 202 instead of 201; as long again for every 1,000 facts."""

JURISDICTION_PATTERN = "^[0-9]{6}$"
JurisdictionCode = Annotated[
    str, Path(pattern=JURISDICTION_PATTERN, description="GB/T 2260 code of the jurisdiction.", examples=["430300"])
]
YearNumber = Annotated[WholeNumber, Path(ge=1990, le=2100, description="Assessment year.", examples=[2009])]


class Recorded(BaseModel):
    """The command's facts are on the log (`recorded`, 201) or safely on their way to it (`accepted`, 202)."""

    id: str
    event_id: str
    version: int
    status: Literal["recorded", "accepted"]


@dataclass(slots=True)
class Ordering:
    """One commanding request."""

    service: Service
    caller: Caller
    key: str
    request_sha256: str
    response: Response
    jurisdiction: str
    if_match: int | None = None

    def permit(self, *roles: str) -> str:
        """The role that opens the door, or NotPermitted naming what is missing."""
        return permit(self.caller, self.jurisdiction, *roles)

    def permit_whole(self, *roles: str) -> str:
        """The same for what is about the whole jurisdiction: only a scope of `all` will do."""
        return permit_whole(self.caller, self.jurisdiction, *roles)

    async def execute(self, role: str, stream: Stream[S], decide: Decide[S], *, basis: int | None = None) -> Done:
        """Run the command in this jurisdiction's log and wait until its facts are published.

        `basis` is the position of what was read for the decision beside the streams.
        """
        listing = await run_in_threadpool(self.service.read_side.listing, self.jurisdiction)
        return await self.execute_in(listing, role, stream, decide, basis=basis)

    async def execute_in(
        self, listing: Listing, role: str, stream: Stream[S], decide: Decide[S], *, basis: int | None = None
    ) -> Done:
        """The same in a log that is already known."""
        order = replace(await run_in_threadpool(self.order, listing, role), basis=basis)
        done = await run_in_threadpool(execute, self.service.store, order, stream, decide)
        await self.publish(done)
        return done

    def order(self, listing: Listing, role: str) -> Order:
        """What the facts will say of who ordered them."""
        time, today = self.service.clock(listing)
        return Order(
            log=listing.log, partition=listing.partition, actor=self.service.actors.of(self.caller), authrole=role,
            authscope=self.service.scope_of(listing, self.caller), key=self.key, request_sha256=self.request_sha256,
            time=time, today=today, if_match=self.if_match,
        )  # fmt: skip

    async def publish(self, done: Done) -> None:
        """Wait for the log; 201 with its place once it has the facts, else 202. Either way a token."""
        within = PUBLISHED_WITHIN * (1 + len(done.facts) / 1000)
        ack = await self.service.relay.published(done.log, done.event_id, within)
        self.response.headers["ETag"] = etag(done.version)
        if ack is None:
            self.response.status_code = 202
            self.response.headers[TOKEN_HEADER] = encode_token(Unsent(done.log, done.event_id))
        else:
            incarnation = self.service.topics.events.incarnation
            token = Written(done.log, incarnation, ack.partition, ack.offset)
            self.response.headers[TOKEN_HEADER] = encode_token(token)

    def recorded(self, id: str, done: Done) -> Recorded:
        """The body of the answer."""
        status: Literal["recorded", "accepted"] = "accepted" if self.response.status_code == 202 else "recorded"
        return Recorded(id=id, event_id=done.event_id, version=done.version, status=status)


async def _ordering(
    request: Request, response: Response, caller: CallerDep, key: IdempotencyKey, jurisdiction: JurisdictionCode
) -> Ordering:
    body = await request.body()
    named = f"{request.method} {request.url.path}\n".encode()
    return Ordering(request.app.state.service, caller, key, sha256_hex(named + body), response, jurisdiction)


async def _changing(ordering: Annotated[Ordering, Depends(_ordering)], if_match: IfMatch) -> Ordering:
    return replace(ordering, if_match=if_match)


async def _adding(ordering: Annotated[Ordering, Depends(_ordering)], if_match: IfMatchOrNone) -> Ordering:
    return replace(ordering, if_match=if_match)


OrderingDep = Annotated[Ordering, Depends(_ordering)]
"""For commands that create."""

ChangingDep = Annotated[Ordering, Depends(_changing)]
"""For commands that change what is there: they need If-Match."""

AddingDep = Annotated[Ordering, Depends(_adding)]
"""For commands that add to what others add to as well: they heed If-Match where it is sent."""

__all__ = [
    "JURISDICTION_PATTERN",
    "AddingDep",
    "ChangingDep",
    "JurisdictionCode",
    "Ordering",
    "OrderingDep",
    "Recorded",
    "YearNumber",
]
