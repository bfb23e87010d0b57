"""What commands ask of the registry before they decide, and lists of their pages: both on this service's copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fastapi.concurrency import run_in_threadpool

from shared.errors import Refusal
from shared.event_log.directory import Listing
from shared.http.asking import Asked
from shared.http.ordering import Ordering
from shared.http.pages import PageAsked
from shared.projections import NotYetRead
from shared.registry import Registry

T = TypeVar("T")
WAIT = 5.0
"""Seconds to wait for our reader to come to the log's end."""


async def listing_of(ordering: Ordering) -> Listing:
    """The open log of the address."""
    return await run_in_threadpool(ordering.service.read_side.listing, ordering.jurisdiction)


async def look(ordering: Ordering, listing: Listing, ask: Callable[[Registry], T], *, fresh: bool = False) -> T:
    """Ask our copy of the registry; read to the log's end first where `fresh`, and always before refusing."""
    read_side = ordering.service.read_side

    def asked() -> T:
        with read_side.lock_of(listing.log):
            fold = read_side.fold_of(listing.log)
            if fold is None:
                raise NotYetRead(retry_after=1)
            return ask(fold.registry)

    if not fresh:
        try:
            return await run_in_threadpool(asked)
        except Refusal:
            pass  # ours may be an old copy
    await read_side.reached_end(listing.partition, WAIT)
    return await run_in_threadpool(asked)


def turn_to(asked: Asked, page: PageAsked, of: str) -> str | None:
    """Put the question where the walk through list `of` began; the code after which this page begins."""
    place = asked.turn_to(page, of, str)
    return None if place is None else str(place.key[0])
