"""Logs: opened by an administrator for a jurisdiction, and asked where they stand."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Annotated, Literal
from zoneinfo import available_timezones

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field
from sqlalchemy import select

from services.targets.api.shapes import ADMIN, Body, example
from services.targets.clock import clock_stream, set_clock
from services.targets.errors.logs import (
    ClockIsNotSimulated,
    ClockOnlyMovesForward,
    InstantInvalid,
    InstantMissing,
    InstantNotWanted,
    ListedElsewhere,
    LogIsOpenAlready,
    PartitionUnknown,
    ZoneUnknown,
)
from services.targets.opening import Opening, OpenLog, confirm, open_log, quietest_partition
from shared.canonical import sha256_hex
from shared.contracts.shapes import INSTANT_PATTERN
from shared.errors import Refusal
from shared.http.answers import asking, commanded
from shared.http.asking import AskedDep
from shared.http.axes import read_instant
from shared.http.ordering import PUBLISHED_WITHIN, OrderingDep, Recorded
from shared.http.pins import StandsAt, stands_at
from shared.http.preconditions import IdempotencyKey
from shared.http.tokens import TOKEN_HEADER, Unsent, Written, encode_token
from shared.identity.callers import scope_text
from shared.identity.http import CallerDep, permit_whole
from shared.projections import NotYetRead
from shared.registry import ALWAYS, ENGINE
from shared.service import Service

router = APIRouter(prefix="/v1/jurisdictions", tags=["targets"])

_INSTANT = re.compile(INSTANT_PATTERN)
InstantStr = Annotated[
    str,
    Field(
        strict=True,
        max_length=40,
        description="RFC 3339 instant with an offset.",
        examples=["2009-01-05T09:00:00+08:00"],
    ),
]
_FIRST, _LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 12, 31, tzinfo=UTC)


class LogOpeningBody(Body):
    """What log to open. `instant` is where a simulated clock starts, and only for one."""

    model_config = example({"jurisdiction": "430300", "zone": "Asia/Shanghai", "clock": "broker"})

    jurisdiction: Annotated[str, Field(strict=True, pattern=r"^[0-9]{6}$", examples=["430300"])]
    zone: Annotated[str, Field(strict=True, max_length=64, examples=["Asia/Shanghai"])]
    clock: Literal["broker", "simulated"]
    instant: InstantStr | None = None
    partition: Annotated[int, Field(strict=True, ge=0)] | None = Field(
        None, description="Of the events topic; the one with the fewest logs unless given."
    )


class OpenedLog(Body):
    """The log of a jurisdiction."""

    log: str
    jurisdiction: str
    origin: str
    zone: str
    clock: Literal["broker", "simulated"]


class JurisdictionState(OpenedLog):
    """The log of a jurisdiction and where it stands: `today` is its clock's local date, the latest `as_of`.

    `engine` is the one by which what is recorded next is judged, adopted at `engine_since` (null: with the log).
    """

    engine: int
    engine_since: int | None
    position: int
    today: date
    pin: StandsAt


class ClockBody(Body):
    """Where the simulated clock is to stand."""

    model_config = example({"instant": "2009-08-31T18:00:00+08:00"})

    instant: InstantStr


@router.post(
    "",
    status_code=201,
    responses=commanded(
        LogIsOpenAlready,
        ListedElsewhere,
        ZoneUnknown,
        PartitionUnknown,
        InstantMissing,
        InstantNotWanted,
        InstantInvalid,
    )
    | {202: {"model": OpenedLog, "description": "Stored; the log has not confirmed it yet."}},
)
async def open_jurisdiction_log(
    body: LogOpeningBody, request: Request, response: Response, caller: CallerDep, key: IdempotencyKey
) -> OpenedLog:
    """Open the log of a jurisdiction, once for ever. Administrators only; the token must name the jurisdiction."""
    service: Service = request.app.state.service
    permit_whole(caller, body.jurisdiction, *ADMIN)
    _require_valid(body, service)
    partition = body.partition
    if partition is None:
        partition = await run_in_threadpool(quietest_partition, service, service.topics)
    command = OpenLog(
        jurisdiction=body.jurisdiction, zone=body.zone, instant=body.instant, partition=partition,
        actor=await run_in_threadpool(service.actors.of, caller), authscope=scope_text(caller, lambda _: None), key=key,
        request_sha256=sha256_hex(b"POST /v1/jurisdictions\n" + await request.body()),
    )  # fmt: skip
    opening = await run_in_threadpool(open_log, service, command)
    await _publish(service, opening, response)
    opened = opening.opened
    return OpenedLog(
        log=opened.log, jurisdiction=opened.jurisdiction, origin=opened.origin, zone=opened.zone, clock=opened.clock
    )


async def _publish(service: Service, opening: Opening, response: Response) -> None:
    """Wait until the log has record 0, and until we have read it: the next command may follow at once."""
    listing = opening.listing
    ack = await service.relay.published(listing.jurisdiction, opening.event_id, PUBLISHED_WITHIN)
    if ack is None:
        response.status_code = 202
        response.headers[TOKEN_HEADER] = encode_token(Unsent(listing.log, opening.event_id))
        return
    await run_in_threadpool(confirm, service, opening)
    incarnation = service.topics.events.incarnation
    response.headers[TOKEN_HEADER] = encode_token(Written(listing.log, incarnation, ack.partition, ack.offset))
    with suppress(NotYetRead):  # it is in the log all the same; who reads waits by the token
        await service.read_side.reached(ack.partition, ack.offset, PUBLISHED_WITHIN)


def _require_valid(body: LogOpeningBody, service: Service) -> None:
    if body.zone not in available_timezones():
        raise _at(ZoneUnknown, "/zone", zone=body.zone)
    if body.clock == "simulated" and body.instant is None:
        raise _at(InstantMissing, "/instant")
    if body.clock == "broker" and body.instant is not None:
        raise _at(InstantNotWanted, "/instant")
    if body.instant is not None:
        _instant(body.instant)
    if body.partition is not None and body.partition >= service.topics.events.partitions:
        raise _at(PartitionUnknown, "/partition", partition=body.partition, partitions=service.topics.events.partitions)


def _instant(text: str) -> datetime:
    """InstantInvalid for what looks like an instant but is none, such as 30 February: no reader could place it."""
    if not _INSTANT.match(text) or read_instant(text) is None:
        raise _at(InstantInvalid, "/instant", instant=text)
    moment = datetime.fromisoformat(text)
    if not _FIRST <= moment <= _LAST:
        raise _at(InstantInvalid, "/instant", instant=text)
    return moment


def _at(refusal: type[Refusal], pointer: str, **about: object) -> Refusal:
    return refusal(faults=[refusal().fault(pointer)], **about)


@router.get("/{jurisdiction}", responses=asking())
def get_jurisdiction(asked: AskedDep) -> JurisdictionState:
    """The log of a jurisdiction, its clock, where it stands, and the engine in force there."""
    with asked.view() as view:
        places = view.tables.core.places
        row = view.db.execute(select(places).where(places.c.log == asked.listing.log)).mappings().one()
        at = view.standpoint
        given = asked.axes.as_of is not None or asked.axes.pin is not None
        today = asked.service.clock(asked.listing)[1] if given else at.as_of
        engine = view.registry.engines.get(ENGINE, ALWAYS)
        since = view.registry.engines.position_on(ENGINE, ALWAYS)
    return JurisdictionState(
        log=at.log, jurisdiction=asked.listing.jurisdiction, origin=f"jikao/{at.log}", zone=at.zone,
        clock="simulated" if row["simulated"] else "broker", engine=engine.number if engine else 1, engine_since=since,
        position=at.position, today=today, pin=stands_at(at),
    )  # fmt: skip


@router.post(
    "/{jurisdiction}/simulation/clock",
    status_code=201,
    responses=commanded(ClockIsNotSimulated, ClockOnlyMovesForward, InstantInvalid),
)
async def set_simulation_clock(body: ClockBody, ordering: OrderingDep) -> Recorded:
    """Move the clock of a simulated log forward. Administrators only; other logs have no such clock."""
    role = ordering.permit_whole(*ADMIN)
    service = ordering.service
    listing = await run_in_threadpool(service.read_side.listing, ordering.jurisdiction)
    place = service.place(listing)
    if not place.simulated:
        raise ClockIsNotSimulated(jurisdiction=ordering.jurisdiction)
    _instant(body.instant)
    began = datetime.fromtimestamp(place.clock / 1_000_000, UTC)
    done = await ordering.execute_in(
        listing, role, clock_stream(), lambda last, _: set_clock(body.instant, last, began)
    )
    with suppress(NotYetRead):  # what is ordered next is ordered at the new instant
        await service.read_side.reached_event(done.log, done.event_id, PUBLISHED_WITHIN)
    return ordering.recorded(listing.log, done)
