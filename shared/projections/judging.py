"""The law of one record: what it counts for, given what the records before it left behind. Pure.

Readers and replays both ask `judge_record`; what they keep of the past (tables or dictionaries) is their `Memory`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from shared.admission import EntryKey, Judgement, Known, Refused, judge, judge_standing
from shared.admission.precedents import Precedents
from shared.calendars import local_date
from shared.contracts.evaluation import ValueCertified, ValueReturned, ValueVerified
from shared.contracts.logs import EngineAdopted
from shared.contracts.projects import ProgressSubmitted
from shared.projections.records import Place, Record
from shared.registry import Change, Registry, changes

ENGINES = frozenset({1, 2})
"""The engines whose code is here. A log that adopts another stops this reader."""

Status = Literal["counted", "refused", "duplicate", "reused", "invalid", "foreign"]


class CannotProcess(Exception):
    """A valid record that this code cannot process. It is never stepped over: that would change the past."""


@dataclass(frozen=True, slots=True)
class Folded:
    """One record, judged: what a projection needs to know of it.

    `refused` is a submission none of whose entries counted. `judgement` stands on submissions (where this reader
    judges them) and on duplicates; `standing` on verified, certified and returned values: the entry meant, or why
    not. `changes` are the registry versions it opened. `today` is the log clock's local date at the record.
    """

    record: Record
    status: Status
    today: date
    judgement: Judgement | None = None
    standing: EntryKey | Refused | None = None
    changes: tuple[Change, ...] = ()


class Memory(Protocol):
    """What the records before left behind, as far as one record can ask for it."""

    @property
    def known(self) -> Known:
        """Identities taken, and entries by their key."""

    def judges_progress(self) -> bool:
        """Does anything here depend on what becomes of submissions?"""

    def takes_identity(self, judgement: Judgement) -> bool:
        """Is it certain that a submission so judged takes its identity?"""

    def take(self, record: Record) -> None:
        """The record's identity is taken from here on."""

    def count(self, record: Record, judgement: Judgement) -> None:
        """The submission's entries open and close one another."""

    def close(self, key: EntryKey) -> None:
        """The entry was returned: it no longer counts."""

    def version(self, stream: tuple[str, str]) -> int:
        """The version at which a (stream, source) stands, 0 before its first fact."""

    def advance(self, stream: tuple[str, str], version: int) -> None:
        """The stream stands at this version now."""


def judge_record(
    record: Record, place: Place, registry: Registry, memory: Memory, precedents: Precedents | None = None
) -> Folded:
    """What comes of a record; `memory` and the engine of `place` are as after it. The registry is left to the caller,
    who then forgets the `precedents` (shared.admission.precedents).

    CannotProcess for a second or missing version of a stream, and for an engine that is not in this code.
    """
    today = local_date(record.recorded_at, place.zone)
    fact, envelope, identity = record.fact, record.envelope, record.identity
    if record.invalid is not None:
        return Folded(record, "invalid", today)
    if fact is None or envelope is None or identity is None:
        return Folded(record, "foreign", today)
    if isinstance(fact, ProgressSubmitted):
        if not memory.judges_progress():
            return Folded(record, "counted", today)
        judgement = judge(fact, identity, record.sha256, today, registry, memory.known, precedents,
                          engine=place.engine)  # fmt: skip
        if memory.takes_identity(judgement):
            memory.take(record)
            memory.count(record, judgement)
        refused = judgement.status == "counted" and not judgement.takes_identity
        return Folded(record, "refused" if refused else judgement.status, today, judgement)
    earlier = memory.known.identities.get(identity)
    if earlier is not None:
        return Folded(record, "duplicate" if earlier.sha256 == record.sha256 else "reused", today)
    memory.take(record)
    if isinstance(envelope.stream, str) and isinstance(envelope.streamversion, int):
        stream = (envelope.stream, envelope.source)
        stands = memory.version(stream)
        if envelope.streamversion != stands + 1:
            raise CannotProcess(f"stream {envelope.stream} stands at {stands}, this is {envelope.streamversion}")
        memory.advance(stream, envelope.streamversion)
    match fact:
        case ValueVerified() | ValueCertified() | ValueReturned():
            stated = None if isinstance(fact, ValueReturned) else fact.value
            standing = judge_standing(fact.entry, memory.known, registry, stated, engine=place.engine)
            if isinstance(fact, ValueReturned) and isinstance(standing, EntryKey):
                memory.close(standing)
            return Folded(record, "counted", today, standing=standing)
        case EngineAdopted():
            if fact.engine not in ENGINES:
                raise CannotProcess(f"engine {fact.engine} is not in this code")
            place.engine = fact.engine
    return Folded(record, "counted", today, changes=tuple(changes(fact, envelope.actor, registry)))
