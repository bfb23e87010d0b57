"""Given what happened, when this is ordered, then these are the facts, or it is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Generic, TypeVar

import pytest

from shared.contracts.shapes import Shape
from shared.deciding import Fact, Stream
from shared.errors import Refusal

S = TypeVar("S")


@dataclass(frozen=True)
class When(Generic[S]):
    """A state, and what is decided on it."""

    state: S
    decide: Callable[[S], Sequence[Fact]]

    def then(self, *facts: Shape) -> None:
        """These facts, no others."""
        assert [fact.data for fact in self.decide(self.state)] == list(facts)

    def refuses(self, refusal: type[Refusal], pointer: str | None = None, **about: object) -> None:
        """Refused for this, at this place in the request."""
        with pytest.raises(refusal) as raised:
            self.decide(self.state)
        assert raised.type is refusal
        if pointer is not None:
            assert [fault.pointer for fault in raised.value.faults] == [pointer]
        assert about.items() <= raised.value.about.items()


@dataclass(frozen=True)
class Given(Generic[S]):
    """What happened in a stream."""

    stream: Stream[S]
    facts: tuple[Shape, ...]

    def when(self, decide: Callable[[S], Sequence[Fact]]) -> When[S]:
        """Somebody orders this."""
        return When(state(self.stream, *self.facts), decide)


def given(stream: Stream[S], *facts: Shape) -> Given[S]:
    """A stream in which this has happened."""
    return Given(stream, facts)


def state(stream: Stream[S], *facts: Shape) -> S:
    """What a stream remembers of these facts."""
    return reduce(stream.evolve, facts, stream.initial)
