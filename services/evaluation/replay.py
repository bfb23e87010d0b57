"""What the archive alone says: raw records folded again in memory, without one row of the ledger.

A sealed audit is proved by this (architecture: sealing). The order of the steps is the reader's, the judge is the same
function, and what was known before each record is kept in dictionaries instead of tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.evaluation.ledger import Levels, MemoryLedger
from shared.admission import EntryKey, Identity, Judgement, Known
from shared.event_log.port import Raw
from shared.projections.judging import judge_record
from shared.projections.records import Place, Record, begin, place
from shared.registry import Registry


@dataclass(frozen=True, slots=True)
class Archived:
    """One record as it lies in the archive: its place, the log's own time (µs) and the bytes stored."""

    position: int
    offset: int
    recorded_at: int
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What stood after the last record replayed: levels, registry, and the place (position, root, zone, today)."""

    ledger: MemoryLedger
    registry: Registry
    place: Place

    @property
    def levels(self) -> Levels:
        """The levels as known at the last record replayed."""
        return self.ledger.at(self.place.position)

    @property
    def root(self) -> str:
        """The root of the tree of all records replayed, hex."""
        return self.place.frontier.root().hex()


class ArchiveHasGaps(Exception):
    """The archive lacks a record: nothing folded from it can be trusted."""


def replay(records: Iterable[Archived], up_to: int) -> Replayed:
    """Fold the records from position 0 to `up_to`, both included.

    Raises ArchiveHasGaps when one of them is missing, and what a reader would stop on (CannotProcess, UnknownType).
    """
    at: Place | None = None
    registry = Registry()
    ledger = MemoryLedger()
    identities: dict[tuple[str, str], Identity] = {}
    memory = _Memory(Known(identities, ledger.entries), identities)
    for archived in records:
        if archived.position > up_to:
            break
        raw = Raw(0, archived.offset, archived.recorded_at, None, archived.value)
        at = at or begin(raw, "", "")
        record = place(raw, at)
        if record.position != archived.position:
            raise ArchiveHasGaps(f"position {record.position} is missing, {archived.position} follows")
        folded = judge_record(record, at, registry, memory)
        for change in folded.changes:
            registry.put(change.kind, change.id, change.effective_on, change.row, record.position)
        ledger.take(folded)
    if at is None or at.position < up_to:
        raise ArchiveHasGaps(f"it ends at position {at.position if at else -1}, before {up_to}")
    return Replayed(ledger, registry, at)


@dataclass(slots=True)
class _Memory:
    """What the records before left behind, in dictionaries. Entries are the ledger's, which closes its own."""

    known: Known
    identities: dict[tuple[str, str], Identity]
    heads: dict[tuple[str, str], int] = field(default_factory=dict)

    def judges_progress(self) -> bool:
        return True

    def takes_identity(self, judgement: Judgement) -> bool:
        return judgement.takes_identity

    def take(self, record: Record) -> None:
        assert record.identity is not None
        self.identities[record.identity] = Identity(record.position, record.sha256)

    def count(self, record: Record, judgement: Judgement) -> None:
        """The ledger takes the judged record in."""

    def close(self, key: EntryKey) -> None:
        """The ledger takes the judged record in."""

    def version(self, stream: tuple[str, str]) -> int:
        return self.heads.get(stream, 0)

    def advance(self, stream: tuple[str, str], version: int) -> None:
        self.heads[stream] = version
