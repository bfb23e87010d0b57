"""What is new, gone or otherwise on this side of a comparison: one way for targets, rows, cells and items. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import ne
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")
R = TypeVar("R", bound=Mapping[str, Any])
ChangeKind = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """`before` is how it stands on the other side, `after` on this one; None where it does not."""

    key: str
    before: T | None
    after: T | None

    @property
    def kind(self) -> ChangeKind:
        """Is it new here, gone, or otherwise?"""
        return "added" if self.before is None else "removed" if self.after is None else "changed"


def changes(before: Mapping[str, T], after: Mapping[str, T], differ: Callable[[T, T], bool] = ne) -> list[Change[T]]:
    """What differs between two sides, by its key."""
    both = (Change(key, before.get(key), after.get(key)) for key in sorted(before.keys() | after.keys()))
    return [
        each for each in both
        if each.before is None or each.after is None or differ(each.before, each.after)
    ]  # fmt: skip


def members(before: Mapping[str, object] | None, after: Mapping[str, object] | None) -> list[str]:
    """The members in which two rows differ; none where there is only one row."""
    if before is None or after is None:
        return []
    return [name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]


def told(change: Change[R]) -> dict[str, Any]:
    """A change of a row as a document says it: both values, and what differs; the side that is not there is absent."""
    sides = {"before": change.before, "after": change.after}
    return {
        "change": change.kind, "changed": members(change.before, change.after),
        **{name: side for name, side in sides.items() if side is not None},
    }  # fmt: skip
