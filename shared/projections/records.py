"""From what lies in the log to a placed record: position, recorded_at, leaf, and the fact it carries. Pure.

Position and recorded_at are the reader's to give (architecture: position, recorded_at, simulated clock): every
reader counts the same numbers because nothing but the log's own order and bytes goes in here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from shared import merkle
from shared.calendars import local_date
from shared.canonical import sha256_hex
from shared.contracts import Envelope, InvalidData, UnknownType, decode, decode_data, identity_hash, logs
from shared.contracts.owners import disowned
from shared.contracts.shapes import Shape
from shared.event_log.port import Raw

MILLISECOND = 1_000


@dataclass(frozen=True, slots=True)
class Record:
    """One record at its position. `recorded_at` is in microseconds since 1970, a whole millisecond.

    `fact` is None for an invalid record (then `invalid` says why) and for types outside `jikao.`.
    """

    log: str
    position: int
    offset: int
    recorded_at: int
    value: bytes | None
    leaf_hash: bytes
    root: bytes
    envelope: Envelope | None
    fact: Shape | None
    invalid: str | None
    identity: tuple[str, str] | None
    sha256: str


@dataclass(slots=True)
class Place:
    """How far a log has been read, and what the next record's place follows from. Stored with what it wrote."""

    log: str
    jurisdiction: str
    partition: int
    incarnation: str
    zone: str
    simulated: bool
    engine: int = 1
    next_offset: int = 0
    recorded_at: int = 0
    clock: int = 0
    last_value_sha256: str = ""
    frontier: merkle.Frontier = field(default_factory=merkle.Frontier)

    @property
    def position(self) -> int:
        """The highest position read, -1 before record 0."""
        return self.frontier.size - 1

    def today(self) -> date:
        """The local date at the last record read."""
        return local_date(self.recorded_at, self.zone)


def instant_us(text: str) -> int:
    """An RFC 3339 instant in microseconds since 1970, cut to a whole millisecond."""
    moment = datetime.fromisoformat(text)
    seconds = int(moment.replace(microsecond=0).timestamp())
    return seconds * 1_000_000 + moment.microsecond // MILLISECOND * MILLISECOND


def read_fact(value: bytes | None) -> tuple[Envelope | None, Shape | None, str | None]:
    """(envelope, fact, why invalid). UnknownType for an unheard-of `jikao.` type: the reader stops on it."""
    try:
        envelope = decode(value)
    except InvalidData as fault:
        return None, None, str(fault)
    if not envelope.type.startswith("jikao."):
        return envelope, None, None
    try:
        fact = decode_data(envelope.type, envelope.data)
    except InvalidData as fault:
        return envelope, None, str(fault)
    why = disowned(envelope.type, envelope.source)
    return envelope, None if why else fact, why


def place(raw: Raw, at: Place) -> Record:
    """Give the next record of a log its position, and move the place on by it."""
    envelope, fact, invalid = read_fact(raw.value)
    if envelope is not None and envelope.log != at.log:
        fact, invalid = None, f"it names the log {envelope.log}"
    if at.simulated:
        if isinstance(fact, logs.ClockSet):
            at.clock = max(at.clock, instant_us(fact.instant))
        instant = at.clock
    else:
        instant = raw.appended_at
    at.recorded_at = max(at.recorded_at, instant)
    leaf_hash = merkle.leaf_hash(merkle.leaf(at.frontier.size, at.recorded_at, raw.value))
    at.frontier.append(leaf_hash)
    at.next_offset = raw.offset + 1
    at.last_value_sha256 = value_sha256(raw.value)
    return Record(
        log=at.log, position=at.position, offset=raw.offset, recorded_at=at.recorded_at, value=raw.value,
        leaf_hash=leaf_hash, root=at.frontier.root(), envelope=envelope, fact=fact, invalid=invalid,
        identity=(envelope.source, envelope.id) if envelope else None,
        sha256=identity_hash(envelope) if envelope and fact else "",
    )  # fmt: skip


def value_sha256(value: bytes | None) -> str:
    """sha256 of a stored value, hex; a null value hashes as nothing."""
    return sha256_hex(value or b"")


def begin(raw: Raw, jurisdiction: str, incarnation: str) -> Place:
    """The place before record 0, from record 0 itself. ValueError if it does not open a log."""
    _, fact, invalid = read_fact(raw.value)
    if not isinstance(fact, logs.LogOpened):
        raise ValueError(f"record 0 does not open a log: {invalid or 'another fact'}")
    simulated = fact.clock == "simulated"
    first = instant_us(fact.instant) if simulated and isinstance(fact.instant, str) else 0
    return Place(
        log=fact.log, jurisdiction=jurisdiction, partition=raw.partition, incarnation=incarnation, zone=fact.zone,
        simulated=simulated, next_offset=raw.offset, clock=first,
    )  # fmt: skip


__all__ = ["Place", "Record", "UnknownType", "begin", "instant_us", "place", "read_fact", "value_sha256"]
