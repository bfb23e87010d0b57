"""What a rule is given and gives back: streams, facts, a look at other streams. Pure, for rules to import."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, Protocol, TypeVar

from shared.contracts.shapes import Shape

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Stream(Generic[S]):
    """A stream's name and how its state is remembered from its facts."""

    name: str
    initial: S
    evolve: Callable[[S, Shape], S]


@dataclass(frozen=True, slots=True)
class Fact:
    """One decided fact. `effective_on` only where the fact has exactly one such date.

    `stream` names another stream than the command's own, whose state the decision was taken on.
    """

    data: Shape
    effective_on: date | None = None
    stream: str | None = None


class Look(Protocol):
    """Other streams, as the command's own transaction sees them."""

    def at(self, stream: Stream[S]) -> S:
        """The state of another stream."""
        ...

    def alone(self, with_what: str, *, shared: bool = False) -> None:
        """Wait until no other command is deciding on this; with `shared`, others that say so too may."""
        ...


Decide = Callable[[S, Look], Sequence[Fact]]
"""The rule of one command: refuse by raising, or say what happened."""
