"""Answers to questions: where they stand, and lists that end, all pages of which stand at one position."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import Malformed
from shared.http.asking import Asked, View
from shared.http.axes import AtPosition
from shared.http.pages import PageAsked, Place, next_cursor
from shared.projections import Standpoint

T = TypeVar("T")
Key = tuple[str | int, ...]


class ComparisonNotOffered(Malformed):
    """This question has no comparison; ask it twice, at both dates or states of knowledge."""

    zh = "此查询不支持对比,请按两个日期或两个认知时点分别查询。"


class StandsAt(BaseModel):
    """The pin of an answer: what it is about, and what it knows. `text` is to be sent as `pin=`."""

    model_config = ConfigDict(extra="forbid")

    log: str
    as_of: date
    position: int
    root: str = Field(description="Merkle root of the log of size position + 1, hex.")
    text: str


@contextmanager
def uncompared(asked: Asked) -> Iterator[View]:
    """The snapshot of a question that has only one side: a comparison is refused rather than silently left out."""
    given = [name for name in ("compare_as_of", "compare_known_at") if getattr(asked.axes, name) is not None]
    if given:
        raise ComparisonNotOffered(faults=[ComparisonNotOffered().fault(f"/query/{name}") for name in given])
    with asked.view() as view:
        yield view


def stands_at(at: Standpoint) -> StandsAt:
    """The pin of an answer."""
    return StandsAt(log=at.log, as_of=at.as_of, position=at.position, root=at.root, text=at.text)


def page_of(
    asked: Asked, page: PageAsked, of: str, rows: Callable[[View], Sequence[tuple[Key, T]]]
) -> tuple[list[T], str | None, StandsAt]:
    """One page of the rows, which `rows` gives with the unique keys that sort them.

    `of` names the list with its filters. A cursor keeps the position and the date of the first page.
    """
    place = page.place(of)
    if place is not None:
        asked.axes = replace(asked.axes, as_of=place.as_of, known_at=AtPosition(place.position), pin=None)
    with uncompared(asked) as view:
        at = view.standpoint
        found = sorted(rows(view), key=lambda row: row[0])
        if place is not None:
            found = [row for row in found if row[0] > place.key]
    taken = found[: page.limit]
    following = None
    if len(found) > page.limit:
        following = next_cursor(of, Place(at.position, taken[-1][0], at.as_of))
    return [shown for _, shown in taken], following, stands_at(at)
