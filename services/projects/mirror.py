"""The door's own copy of the registry: fed by the reader, touched by the event loop alone.

The reader holds its lock through a whole transaction, flush to disk included; a door that took that lock to
judge would stand still with every batch. So each log's registry is copied once, and from then on the reader only
leaves its changes in a queue, which the door empties before it judges. Nobody empties it where nobody visits, so
beyond a bound copy and queue are dropped, and the next visit copies again.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from shared.admission.precedents import Precedents
from shared.identity.callers import Caller
from shared.projections import NotYetRead, ReadSide
from shared.registry import Change, Registry, versions

MOST_TOLD = 10_000
"""Records that may wait in a log's queue: more than a year brings, and copied again in a second."""


@dataclass(slots=True)
class Copy:
    """One log's registry as of `position`, and what has been derived from it since its last change.

    `told` is what the reader has said since, not yet put in.
    """

    registry: Registry
    position: int
    told: deque[tuple[int, Sequence[Change]]] = field(default_factory=deque)
    scopes: dict[Caller, dict[date, frozenset[str]]] = field(default_factory=dict)
    precedents: Precedents = field(default_factory=Precedents)


class RegistryMirror:
    """The copies of all logs that a door has asked for."""

    def __init__(self) -> None:
        self._copies: dict[str, Copy] = {}
        self._taking = threading.Lock()  # two event loops of one process may ask for one log

    def tell(self, log: str, position: int, changes: Sequence[Change]) -> None:
        """Called by the reader, in its transaction, for each record that changes the registry.

        A batch that is rolled back is told again with the same positions, and a rebuild tells everything again:
        what lies at or below the copy's position is passed over.
        """
        copy = self._copies.get(log)
        if copy is None or position <= copy.position:
            return
        if len(copy.told) >= MOST_TOLD:
            self._copies.pop(log, None)  # a rebuild tells beside the reader
            return
        copy.told.append((position, changes))

    def load(self, read_side: ReadSide, log: str) -> Copy:
        """Copy a log's registry. Blocks until the batch at hand is folded. NotYetRead right after its opening."""
        with read_side.lock_of(log):  # between two batches: nothing is told that the copy does not hold
            fold = read_side.fold_of(log)
            if fold is None:
                raise NotYetRead(retry_after=1)
            loaded = self._copies.get(log)
            if loaded is not None:
                return loaded
            with read_side.reading() as (db, tables):
                registry = versions.load(db, tables.core.versions, log, fold.place.position)
            loaded = self._copies[log] = Copy(registry, fold.place.position)
            return loaded

    def of(self, log: str) -> Copy | None:
        """The copy, with all that the reader has told; None before it is loaded, and after it was dropped."""
        copy = self._copies.get(log)
        if copy is not None and copy.told:
            with self._taking:
                while copy.told:
                    position, changes = copy.told.popleft()
                    if position <= copy.position:
                        continue
                    for change in changes:
                        copy.registry.put(change.kind, change.id, change.effective_on, change.row, position)
                    copy.position = position
                    copy.scopes.clear()
                    copy.precedents.forget()
        return copy
