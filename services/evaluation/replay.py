"""What the archive alone says: raw records folded again in memory, without one row of the ledger.

A sealed audit is proved by this (architecture: sealing). The order of the steps is the reader's, the judge is the same
function, and what was known before each record is kept in dictionaries instead of tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec import UnsetType

from services.evaluation.ledger import Levels, MemoryLedger
from shared.admission import Identity, Known, judge, judge_standing
from shared.calendars import local_date
from shared.contracts.evaluation import ValueCertified, ValueReturned, ValueVerified
from shared.contracts.logs import EngineAdopted
from shared.contracts.projects import ProgressSubmitted
from shared.event_log.port import Raw
from shared.projections.folding import ENGINES, CannotProcess, Folded
from shared.projections.records import Place, Record, begin, place
from shared.registry import Registry, changes


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
    heads: dict[tuple[str, str], int] = {}
    known = Known(identities, ledger.entries)
    for archived in records:
        if archived.position > up_to:
            break
        raw = Raw(0, archived.offset, archived.recorded_at, None, archived.value)
        at = at or begin(raw, "", "")
        record = place(raw, at)
        if record.position != archived.position:
            raise ArchiveHasGaps(f"position {record.position} is missing, {archived.position} follows")
        folded = _fold(record, at, registry, known, identities, heads)
        for change in folded.changes:
            registry.put(change.kind, change.id, change.effective_on, change.row, record.position)
        ledger.take(folded)
    if at is None or at.position < up_to:
        raise ArchiveHasGaps(f"it ends at position {at.position if at else -1}, before {up_to}")
    return Replayed(ledger, registry, at)


def _fold(
    record: Record,
    at: Place,
    registry: Registry,
    known: Known,
    identities: dict[tuple[str, str], Identity],
    heads: dict[tuple[str, str], int],
) -> Folded:
    """Judge one record, as the reader does, and remember its identity and stream."""
    today = local_date(record.recorded_at, at.zone)
    fact, envelope, identity = record.fact, record.envelope, record.identity
    if record.invalid is not None:
        return Folded(record, "invalid", today)
    if fact is None or envelope is None or identity is None:
        return Folded(record, "foreign", today)
    if isinstance(fact, ProgressSubmitted):
        judgement = judge(fact, identity, record.sha256, today, registry, known)
        if judgement.takes_identity:
            identities[identity] = Identity(record.position, record.sha256)
        return Folded(record, judgement.status, today, judgement)
    earlier = identities.get(identity)
    if earlier is not None:
        return Folded(record, "duplicate" if earlier.sha256 == record.sha256 else "reused", today)
    identities[identity] = Identity(record.position, record.sha256)
    if not isinstance(envelope.stream, UnsetType) and not isinstance(envelope.streamversion, UnsetType):
        stream = (envelope.stream, envelope.source)
        if envelope.streamversion != heads.get(stream, 0) + 1:
            raise CannotProcess(f"stream {envelope.stream} stands at {heads.get(stream, 0)}")
        heads[stream] = envelope.streamversion
    match fact:
        case ValueVerified() | ValueCertified() | ValueReturned():
            return Folded(record, "counted", today, standing=judge_standing(fact.entry, known))
        case EngineAdopted():
            if fact.engine not in ENGINES:
                raise CannotProcess(f"engine {fact.engine} is not in this code")
            at.engine = fact.engine
    return Folded(record, "counted", today, changes=tuple(changes(fact, envelope.actor, registry)))
