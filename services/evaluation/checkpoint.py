"""When does a log get a checkpoint, and what is decided when it gets one? Pure.

One size is signed once: its stream is named after it. So several processes may sign at the same moment, and whoever
comes second finds the stream taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shared.contracts.evaluation import CheckpointSigned
from shared.contracts.shapes import Shape
from shared.deciding import Decide, Fact, Look, Stream
from shared.errors import VersionConflict

EVERY = 1_000
"""Records between two checkpoints, at most."""


def due(size: int, sealed: int | None) -> int:
    """The size that a log of `size` records ought to have a checkpoint of; 0 if of none.

    The last multiple of EVERY, or the sealing at position `sealed` with its own record. The same whoever computes it,
    and no larger for the checkpoint's own record: a log at rest gets no further one.
    """
    return max(size - size % EVERY, 0 if sealed is None else sealed + 1)


class Due:
    """What is due by log, as readers go along. A hint: it may speak of what was not committed in the end."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}

    def note(self, log: str, size: int, sealed: int | None) -> None:
        """The log has been read to `size`; `sealed` is the position of a sealing met on the way."""
        wanted = due(size, sealed)
        if wanted > self._sizes.get(log, 0):
            self._sizes[log] = wanted

    def sizes(self) -> dict[str, int]:
        """The size due for each log that has one."""
        return dict(self._sizes)


def checkpoint_stream(size: int) -> Stream[CheckpointSigned | None]:
    """The stream of a size's checkpoint: signed once, or not at all."""
    return Stream(f"checkpoint:{size}", None, _evolve)


def _evolve(state: CheckpointSigned | None, fact: Shape) -> CheckpointSigned | None:
    return fact if isinstance(fact, CheckpointSigned) else state


def sign(fact: CheckpointSigned, keep: Callable[[Look, CheckpointSigned], None]) -> Decide[CheckpointSigned | None]:
    """The decision to publish a checkpoint; `keep` remembers it in the decision's own transaction.

    VersionConflict where somebody has signed this size already.
    """

    def decide(state: CheckpointSigned | None, look: Look) -> Sequence[Fact]:
        if state is not None:
            raise VersionConflict(stream=checkpoint_stream(fact.size).name, expected=0, current=1)
        keep(look, fact)
        return [Fact(fact)]

    return decide
