"""Folding one log: each record is judged in order, then handed to the projections as one batch.

Judging needs what earlier records left behind. It is fetched once for a batch (identities, stream heads, entries
that are named), kept up to date in memory while the batch is judged, and stored with what the projections wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from msgspec import UnsetType
from sqlalchemy import Connection, select

from shared.admission import (
    Counted,
    EntryKey,
    EntryState,
    Identity,
    Judgement,
    Known,
    Series,
    Withdrawn,
)
from shared.admission.precedents import Precedents
from shared.contracts.evaluation import CheckpointSigned, ValueCertified, ValueReturned, ValueVerified
from shared.contracts.projects import ProgressSubmitted, Withdrawal
from shared.contracts.shapes import EntryRef
from shared.projections.judging import CannotProcess, Folded, judge_record
from shared.projections.records import Place, Record
from shared.projections.tables import CoreTables
from shared.registry import Registry
from shared.registry import versions as registry_versions
from shared.sql import each_of, insert_many, upsert


class Projection(Protocol):
    """One question's table, filled from judged records. It never refuses and can be rebuilt."""

    def project(self, db: Connection, log: LogFold, batch: Sequence[Folded]) -> None:
        """Write what the batch says; the log's place and registry are as after the batch."""


class EntryIndex(Protocol):
    """Where counted entries can be looked up: evaluation's ledger."""

    def states(self, db: Connection, log: str, keys: Sequence[EntryKey]) -> dict[EntryKey, EntryState]:
        """The state of those of the keys that are counted entries."""


@dataclass(slots=True)
class _Knowledge:
    """What the records before left behind, as far as this batch asks, and as the batch itself goes on."""

    known: Known
    identities: dict[tuple[str, str], Identity]
    entries: dict[EntryKey, EntryState] | None
    heads: dict[tuple[str, str], int]
    judging: bool
    named: Set[tuple[str, str]] = frozenset()
    """The submissions whose entries the batch speaks of: nobody asks how the others stand."""
    taken: list[Record] = field(default_factory=list)
    advanced: dict[tuple[str, str], int] = field(default_factory=dict)
    _open: dict[tuple[Series, date], EntryKey] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, state in (self.entries or {}).items():
            if state.open:
                self._open[(state.series, state.effective_on)] = key

    def judges_progress(self) -> bool:
        """Does anything here depend on what becomes of submissions?"""
        return self.judging

    def takes_identity(self, judgement: Judgement) -> bool:
        """Is it certain that the record takes its identity?

        Without a ledger corrections and withdrawals are taken on trust, and the fold that has one may have refused
        them all. Then the identity is still free, and what is sent under it later must be judged.
        """
        return judgement.takes_identity if self.entries is not None else judgement.counts_by_itself

    def version(self, stream: tuple[str, str]) -> int:
        """The version at which a (stream, source) stands."""
        return self.heads.get(stream, 0)

    def advance(self, stream: tuple[str, str], version: int) -> None:
        """The stream stands at this version now."""
        self.heads[stream] = self.advanced[stream] = version

    def take(self, record: Record) -> None:
        """The record's identity is taken from here on."""
        assert record.identity is not None
        self.identities[record.identity] = Identity(record.position, record.sha256)
        self.taken.append(record)

    def count(self, record: Record, judgement: Judgement) -> None:
        """Entries open and close one another, as in the ledger."""
        is_named = record.identity in self.named
        if self.entries is None or not (is_named or self._open):
            return
        for at, outcome in enumerate(judgement.outcomes):
            match outcome:
                case Counted():
                    if outcome.corrects is not None:
                        self.close(outcome.corrects)
                    place = (outcome.series, outcome.effective_on)
                    if place in self._open:
                        self.close(self._open[place])
                    if is_named:
                        key = EntryKey(record.position, at)
                        self.entries[key] = EntryState(outcome.series, outcome.effective_on, open=True)
                        self._open[place] = key
                case Withdrawn():
                    self.close(outcome.names)

    def close(self, key: EntryKey) -> None:
        """The entry at `key` no longer counts."""
        state = self.entries.get(key) if self.entries is not None else None
        if state is not None and state.open:
            state.open = False
            self._open.pop((state.series, state.effective_on), None)


@dataclass(slots=True)
class LogFold:
    """One log's fold in one generation: its place, its registry in memory, and the way from records to verdicts."""

    place: Place
    registry: Registry
    core: CoreTables
    index: EntryIndex | None = None
    judges_progress: bool = True
    precedents: Precedents = field(default_factory=Precedents)
    """Of `registry` as it stands."""

    def fold(self, db: Connection, records: Sequence[Record]) -> list[Folded]:
        """Judge the records in order and store what every reader keeps. CannotProcess stops the log."""
        knowledge = self._fetch(db, records)
        folded: list[Folded] = []
        for record in records:
            verdict = judge_record(record, self.place, self.registry, knowledge, self.precedents)
            if verdict.changes:
                self.precedents.forget()
            for change in verdict.changes:
                self.registry.put(change.kind, change.id, change.effective_on, change.row, record.position)
            folded.append(verdict)
        self._compare(db, folded)
        self._store(db, folded, knowledge.taken, knowledge.advanced)
        return folded

    def _compare(self, db: Connection, folded: Sequence[Folded]) -> None:
        """A signed checkpoint must have the root that this reader itself came to; else one of them is wrong."""
        records = self.core.records
        for verdict in folded:
            fact = verdict.record.fact
            if verdict.status != "counted" or not isinstance(fact, CheckpointSigned):
                continue
            first = folded[0].record.position
            if fact.size > verdict.record.position:
                raise CannotProcess(f"a checkpoint of {fact.size} records stands at {verdict.record.position}")
            if fact.size > first:
                root = folded[fact.size - 1 - first].record.root
            else:
                asked = select(records.c.root).where(
                    records.c.log == self.place.log, records.c.position == fact.size - 1
                )
                root = bytes(db.execute(asked).scalar_one())
            if root.hex() != fact.root:
                raise CannotProcess(f"its first {fact.size} records have another root than the checkpoint says")

    def _fetch(self, db: Connection, records: Sequence[Record]) -> _Knowledge:
        """Identities of the batch and of what it names, and the state of the entries that it names."""
        refs = [ref for record in records for ref in _named(record)]
        named = {(ref.source, ref.id) for ref in refs}
        wanted = named | {record.identity for record in records if record.identity is not None}
        table = self.core.identities
        identities: dict[tuple[str, str], Identity] = {}
        asked = select(table.c.source, table.c.id, table.c.position, table.c.sha256).where(
            table.c.log == self.place.log
        )
        for source, id, position, sha256 in each_of(db, asked, table.c.id, sorted({id for _, id in wanted})):
            identities[(source, id)] = Identity(position, sha256)
        heads = self._heads(db, records)
        if self.index is None:
            return _Knowledge(Known(identities, None), identities, None, heads, self.judges_progress)
        keys = [
            EntryKey(identities[(ref.source, ref.id)].position, ref.entry)
            for ref in refs
            if (ref.source, ref.id) in identities
        ]
        entries = self.index.states(db, self.place.log, keys) if keys else {}
        return _Knowledge(Known(identities, entries), identities, entries, heads, self.judges_progress, named)

    def _heads(self, db: Connection, records: Sequence[Record]) -> dict[tuple[str, str], int]:
        table = self.core.streams
        names = sorted({r.envelope.stream for r in records if r.envelope and isinstance(r.envelope.stream, str)})
        asked = select(table.c.stream, table.c.source, table.c.version).where(table.c.log == self.place.log)
        return {(stream, source): version for stream, source, version in each_of(db, asked, table.c.stream, names)}

    def _store(
        self,
        db: Connection,
        folded: Sequence[Folded],
        taken: Sequence[Record],
        advanced: dict[tuple[str, str], int],
    ) -> None:
        log = self.place.log
        insert_many(db, self.core.records, [
            {"log": log, "position": f.record.position, "topic_offset": f.record.offset,
             "recorded_at": f.record.recorded_at, "status": f.status, "leaf_hash": f.record.leaf_hash,
             "root": f.record.root} for f in folded
        ])  # fmt: skip
        insert_many(db, self.core.identities, [
            {"log": log, "id": r.identity[1], "source": r.identity[0], "position": r.position, "sha256": r.sha256}
            for r in taken if r.identity is not None
        ])  # fmt: skip
        upsert(db, self.core.streams, [
            {"log": log, "stream": stream, "source": source, "version": version}
            for (stream, source), version in advanced.items()
        ], on=("log", "stream", "source"))  # fmt: skip
        registry_versions.write(
            db, self.core.versions, log, ((f.record.position, change) for f in folded for change in f.changes)
        )


def _named(record: Record) -> Iterator[EntryRef]:
    """The entries that a record speaks of."""
    match record.fact:
        case ProgressSubmitted(entries=entries):
            for entry in entries:
                if isinstance(entry, Withdrawal):
                    yield entry.withdraws
                elif not isinstance(entry.corrects, UnsetType):
                    yield entry.corrects
        case ValueVerified(entry=ref) | ValueCertified(entry=ref) | ValueReturned(entry=ref):
            yield ref
        case _:
            return
