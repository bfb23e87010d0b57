"""A question over HTTP: who asks, fresh enough for their token, and where on the two axes it stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from shared.errors import Gone
from shared.event_log.directory import Listing
from shared.http.axes import AtPosition, Axes, AxesDep, ComparedAxesDep
from shared.http.ordering import JurisdictionCode
from shared.http.pages import PageAsked, Place, cursor_invalid
from shared.http.tokens import POSITION_HEADER, After, FreshnessTokenInvalid, Unsent, Wait, Written
from shared.identity.callers import Caller
from shared.identity.http import CallerDep, permit, permit_whole
from shared.projections import ProjectionSet, Standpoint, resolve, resolve_compared
from shared.registry import Registry
from shared.service import Service

_MOST = 2**63 - 1


class TokenIsOfAnotherLog(Gone):
    """The log has been reopened since this token was given; read again without it."""

    zh = "该令牌发出后日志已重新开启,请去掉令牌重新读取。"


@dataclass(frozen=True, slots=True)
class View:
    """One snapshot: the transaction, the tables, where the question stands and what stood there."""

    db: Connection
    tables: ProjectionSet
    standpoint: Standpoint
    registry: Registry


@dataclass(slots=True)
class Asked:
    """One asking request."""

    service: Service
    caller: Caller
    listing: Listing
    axes: Axes
    response: Response
    day: date = date.max
    """`as_of` of the view that was opened: scope follows the tree of the date that is asked about."""

    def permit(self, *roles: str) -> str:
        """The role that opens the door, or NotPermitted naming what is missing."""
        return permit(self.caller, self.listing.jurisdiction, *roles)

    def permit_whole(self, *roles: str) -> str:
        """The same for what is about the whole jurisdiction: only a scope of `all` will do."""
        return permit_whole(self.caller, self.listing.jurisdiction, *roles)

    @contextmanager
    def view(self) -> Iterator[View]:
        """The snapshot in which the whole question is answered; sets Jikao-Position."""
        read_side = self.service.read_side
        with read_side.reading() as (db, tables):
            at = resolve(db, tables.core, self.listing.log, self.axes)
            self.response.headers[POSITION_HEADER] = str(at.position)
            self.day = at.as_of
            yield View(db, tables, at, read_side.registry(db, tables, self.listing.log, at.position))

    def compared(self, view: View) -> View | None:
        """The other side of a comparison, in the same snapshot; None when none is asked for."""
        at = resolve_compared(view.db, view.tables.core, self.listing.log, self.axes)
        if at is None:
            return None
        registry = self.service.read_side.registry(view.db, view.tables, self.listing.log, at.position)
        return View(view.db, view.tables, at, registry)

    def turn_to(self, page: PageAsked, of: str, *kinds: type) -> Place | None:
        """Put the question where the walk through the list `of` began; where this page begins, None at the start.

        CursorInvalid too when the query names another date or position than the cursor keeps.
        """
        place = page.place(of, *kinds)
        if place is None:
            return None
        asked, known_at = self.axes, AtPosition(place.position)
        other = asked.as_of not in (None, place.as_of)
        other |= isinstance(asked.known_at, AtPosition) and asked.known_at != known_at
        other |= asked.pin is not None and (asked.pin.as_of, asked.pin.position) != (place.as_of, place.position)
        if other:
            raise cursor_invalid()
        self.axes = replace(asked, as_of=place.as_of, known_at=known_at, pin=None)
        return place

    def headers(self) -> dict[str, str]:
        """The headers set on the way, for a route that makes its response itself."""
        return {name: value for name, value in self.response.headers.items() if name != "content-length"}

    def units(self, registry: Registry, on: date | None = None) -> frozenset[str] | None:
        """The ids of the units within the caller's scope on a day, else on that of `view`; None for all."""
        return units_in_scope(self.caller, registry, on or self.day)

    def units_of_both(self, view: View, other: View | None) -> frozenset[str] | None:
        """The same for both sides of a comparison: those of this side and, of what it does not know, of the other.

        So nothing looks new or gone because a unit came into their scope, or left it.
        """
        here = self.units(view.registry)
        there = None if other is None else self.units(other.registry)
        if here is None or there is None:
            return here
        return here | {id for id in there if id not in view.registry.units}


def units_in_scope(caller: Caller, registry: Registry, on: date = date.max) -> frozenset[str] | None:
    """The ids of the units within a caller's scope on a day (as the tree stands last); None for all there are.

    With a unit come those that had ended by that day and have it as a successor: it inherits what was theirs.
    """
    if caller.scope == "all":
        return None
    if isinstance(caller.scope, tuple):
        ids = (registry.unit_id(code) for code in caller.scope)
        return frozenset(id for id in ids if id is not None)
    own = registry.unit_id(caller.unit) if caller.unit else None
    if own is None:
        return frozenset()
    return frozenset(registry.inherited(registry.below(own, on) if caller.scope == "own+below" else {own}, on))


async def _asked(
    request: Request,
    response: Response,
    caller: CallerDep,
    jurisdiction: JurisdictionCode,
    axes: AxesDep,
    after: After,
    wait: Wait,
) -> Asked:
    service: Service = request.app.state.service
    permit(caller, jurisdiction, *caller.roles)
    listing = service.directory.by_jurisdiction(jurisdiction)
    if listing is None:  # opened since we looked last, perhaps: that takes a look at the log
        listing = await run_in_threadpool(service.read_side.listing, jurisdiction)
    await _fresh(service, listing, after, wait)
    return Asked(service, caller, listing, axes, response)


async def _asked_twice(asked: Annotated[Asked, Depends(_asked)], axes: ComparedAxesDep) -> Asked:
    asked.axes = axes
    return asked


async def _fresh(service: Service, listing: Listing, after: Written | Unsent | None, wait: float) -> None:
    """Wait until what the token was given for is read. Whoever makes up a token gets a refusal, no more."""
    if after is None:
        return
    if after.log != listing.log:
        raise FreshnessTokenInvalid(faults=[FreshnessTokenInvalid().fault("/query/after")])
    if isinstance(after, Unsent):
        await service.read_side.reached_event(after.log, after.event_id, wait)
        return
    if after.incarnation != service.topics.events.incarnation:
        raise TokenIsOfAnotherLog
    if after.partition != listing.partition or not 0 <= after.offset <= _MOST:
        raise FreshnessTokenInvalid(faults=[FreshnessTokenInvalid().fault("/query/after")])
    await service.read_side.reached(after.partition, after.offset, wait, after.log)


AskedDep = Annotated[Asked, Depends(_asked)]
"""For every read. Plain `def` handlers: the wait is over when they run."""

AskedTwiceDep = Annotated[Asked, Depends(_asked_twice)]
"""For a read that also answers `compare_as_of` and `compare_known_at`."""
