"""Lists in pages: how many, and from where; all pages of one walk stand at one position."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import msgspec
from fastapi import Depends, Query

from shared.errors import Malformed
from shared.http import opaque
from shared.http.fields import WholeNumber

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
MAX_POSITION = 2**53 - 1


class CursorInvalid(Malformed):
    """This is not a cursor of this list with these filters."""

    zh = "这不是此列表在当前筛选条件下的游标。"


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the next page begins: after `key`, in the list as it stood at `position` (and for `as_of`)."""

    position: int
    key: tuple[str | int, ...]
    as_of: date | None = None


class _Cursor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    place: Place
    walk: str


@dataclass(frozen=True, slots=True)
class PageAsked:
    """What a caller asks of a list."""

    limit: int
    cursor: str | None

    def place(self, of: str, *kinds: type) -> Place | None:
        """Where this page begins, None at the start.

        `of` names the list and everything that selects from it (its path, filters and sort): a cursor of
        another list or of other filters is refused as CursorInvalid, as is text that is no cursor. `kinds` are the
        types that the key must be made of, where the list knows them: whoever makes up a cursor gets no further.
        """
        if self.cursor is None:
            return None
        try:
            cursor = opaque.decode(self.cursor, _Cursor)
        except ValueError as error:
            raise cursor_invalid() from error
        if cursor.walk != _walk(of) or not 0 <= cursor.place.position <= MAX_POSITION or not _sound(cursor.place.key):
            raise cursor_invalid()
        if kinds and tuple(map(type, cursor.place.key)) != kinds:
            raise cursor_invalid()
        return cursor.place


def next_cursor(of: str, place: Place) -> str:
    """The cursor with which the next page of the list `of` is asked for."""
    return opaque.encode(_Cursor(place, _walk(of)))


def _sound(key: tuple[str | int, ...]) -> bool:
    """A key that a list of ours may have given: not empty, and no number that a database cannot hold."""
    return bool(key) and all(isinstance(part, str) or abs(part) <= MAX_POSITION for part in key)


def _walk(of: str) -> str:
    return hashlib.sha256(of.encode()).hexdigest()[:16]


def cursor_invalid() -> CursorInvalid:
    """The refusal, naming the parameter."""
    return CursorInvalid(faults=[CursorInvalid().fault("/query/cursor")])


def _page(
    limit: Annotated[
        WholeNumber, Query(ge=1, le=MAX_LIMIT, description="Items in this page, at most.")
    ] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None, Query(description="`next_cursor` of the page before; it keeps that page's position.")
    ] = None,
) -> PageAsked:
    return PageAsked(limit, cursor)


Page = Annotated[PageAsked, Depends(_page)]
