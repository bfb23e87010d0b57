"""Lists that end, all pages of which stand at one position; and what a command may look up as read so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TypeVar

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import select

from services.targets.errors.adjustments import UnitOutOfScope
from services.targets.unit import Unit, unit_stream
from services.targets.unit_tree import UNITS
from shared.admission.errors import TargetUnknown
from shared.deciding import Look
from shared.http.asking import Asked, View, units_in_scope
from shared.http.axes import AtPosition, Axes
from shared.http.ordering import Ordering
from shared.http.pages import PageAsked, Place, cursor_invalid, next_cursor
from shared.http.pins import StandsAt, stands_at
from shared.projections import resolve
from shared.registry import Registry

R = TypeVar("R")
T = TypeVar("T")
Key = tuple[str | int, ...]
READ_WITHIN = 5.0
"""Seconds a command waits for this service to have read the log to its end."""


def page_of(
    asked: Asked, page: PageAsked, of: str, rows: Callable[[View], Sequence[tuple[Key, T]]]
) -> tuple[list[T], str | None, StandsAt]:
    """One page of the rows, which `rows` gives with the unique keys that sort them.

    `of` names the list with its filters. A cursor keeps the position and the date of the first page.
    """
    return page_shown(asked, page, of, rows, lambda _, row: row)


def page_shown(
    asked: Asked,
    page: PageAsked,
    of: str,
    rows: Callable[[View], Sequence[tuple[Key, R]]],
    show: Callable[[View, R], T],
) -> tuple[list[T], str | None, StandsAt]:
    """The same where a row is dear to show: only those of the page are."""
    place = asked.turn_to(page, of)
    with asked.view() as view:
        at = view.standpoint
        found = sorted(rows(view), key=lambda row: row[0])
        if place is not None and found:
            if [type(part) for part in place.key] != [type(part) for part in found[0][0]]:
                raise cursor_invalid()  # made up: no list of ours gives such a key
            found = [row for row in found if row[0] > place.key]
        taken = found[: page.limit]
        items = [show(view, row) for _, row in taken]
    following = None
    if len(found) > page.limit:
        following = next_cursor(of, Place(at.position, taken[-1][0], at.as_of))
    return items, following, stands_at(at)


def earliest(*days: date | None) -> date | None:
    """The first of these days, of which some are never."""
    return min((day for day in days if day is not None), default=None)


def lasts_on(day: date, valid_from: date, valid_until: date | None) -> bool:
    """Is it one of the days [valid_from, valid_until)?"""
    return valid_from <= day and (valid_until is None or day < valid_until)


def unit_that_stands(look: Look, code: str) -> Unit:
    """A unit for a decision that needs it to stand: until this is committed it cannot be ended."""
    look.alone(UNITS, shared=True)
    return look.at(unit_stream(code))


def stream_version(view: View, stream: str) -> int:
    """The newest version read, whatever was asked: a change is made to what is, not to what was."""
    c = view.tables.core.streams.c
    found = view.db.execute(select(c.version).where(c.log == view.standpoint.log, c.stream == stream)).scalar()
    return int(found or 0)


@contextmanager
def as_read(ordering: Ordering, known_at: int | None = None) -> Iterator[View]:
    """The registry and the read models as far as this service has read, for what no stream of a decision holds.

    A fact decided by it carries the view's position as its basis; `known_at` is such a position, to see the same again.
    Blocks.
    """
    read_side = ordering.service.read_side
    listing = read_side.listing(ordering.jurisdiction)
    with read_side.reading() as (db, tables):
        axes = Axes() if known_at is None else Axes(known_at=AtPosition(known_at))
        at = resolve(db, tables.core, listing.log, axes)
        yield View(db, tables, at, read_side.registry(db, tables, listing.log, at.position))


async def read_to_the_end(ordering: Ordering, found: Callable[[View], T], *, known_at: int | None = None) -> T:
    """The same, read to the log's end first: nothing is decided on what was so before. NotYetRead."""
    read_side = ordering.service.read_side

    def read() -> T:
        with as_read(ordering, known_at) as view:
            return found(view)

    listing = await run_in_threadpool(read_side.listing, ordering.jurisdiction)
    await read_side.reached_end(listing.partition, READ_WITHIN)
    return await run_in_threadpool(read)


def require_own(
    ordering: Ordering, registry: Registry, year: int, target: str, unit: str, day: date, *, pointer: str | None = None
) -> None:
    """TargetUnknown, UnitOutOfScope (at `pointer`) for what is not the caller's to speak about on that day."""
    scope = units_in_scope(ordering.caller, registry, day)
    if scope is None:
        return
    id = registry.target_id(year, target)
    if id is None or scope.isdisjoint(part.unit for _, part in registry.parts_of(id)):
        raise TargetUnknown(target=target)
    if registry.unit_id(unit) not in scope:
        raise UnitOutOfScope(unit=unit, faults=[] if pointer is None else [UnitOutOfScope().fault(pointer)])
