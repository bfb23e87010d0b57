"""The door for progress: who may report what, judged before it is sealed and appended straight to the log.

What the door says is a courtesy, the fold's word is law. So it refuses only what it has judged again after
reading to the log's end, and appends whatever it is not sure of. For a submission that is right and new nothing
here leaves the event loop: registry and identities are asked in memory (mirror.py, seen.py).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from fastapi.concurrency import run_in_threadpool

from services.projects.errors import SourceNotAllowed, SourceNotNamed, SourceNotRegistered
from services.projects.mirror import Copy, RegistryMirror
from services.projects.read_models.receipts import Receipts, Taken
from services.projects.scope import Reach, covers, limit
from services.projects.seen import SeenIdentities
from services.projects.submission import Sent
from shared.admission import Known, Refused, judge
from shared.admission.errors import (
    REOPENING,
    DateInFuture,
    MeasureUnknown,
    NotABand,
    PartIsAmbiguous,
    PartUnknown,
    PeriodIsLocked,
    ProjectHasSubProjects,
    ProjectUnknown,
    StepIsReachedOrNot,
    TargetUnknown,
    TargetWithdrawn,
    UnitHadEnded,
    UnitOfMeasureDiffers,
    YearDoesNotAllow,
    YearIsNotOpen,
)
from shared.canonical import sha256_hex
from shared.contracts import decode, identity_hash, seal
from shared.contracts.projects import Withdrawal
from shared.errors import Fault, IdReused, Refusal
from shared.event_log.directory import Listing
from shared.event_log.port import LARGEST_RECORD, Ack, LogBusy, RecordTooLarge
from shared.http.asking import units_in_scope
from shared.http.tokens import Written, encode_token
from shared.identity.callers import Caller, scope_text, source_allowed
from shared.identity.http import permit
from shared.projections import NotYetRead
from shared.proofs.receipts import Receipt, instant
from shared.proofs.signing import SigningKey
from shared.service import Service
from shared.year_states import ALLOWED

ROLES = ("unit", "county_system", "office")
"""Who may report; the first of them that the caller has opens the door."""

SOURCE_PREFIX = "urn:jikao:source:"
WAIT = 5.0
"""Seconds to wait for our reader to come to the log's end, before refusing."""
MOST_BATCHES = 20
"""Batches on their way to the log at a time. Each holds one of 40 threads, until its time-out if the log is away."""
MOST_DAYS = 1_000
"""Days for which a caller's scope is kept: the days that people report for are far fewer."""
REMEMBERED = 10_000
"""Identities appended here whose offsets are kept, so that a quick repeat waits for the fold's word on the first."""

_MEMBER: dict[type[Refusal], str] = {
    YearIsNotOpen: "/effective_on", YearDoesNotAllow: "/effective_on", DateInFuture: "/effective_on",
    PeriodIsLocked: "/effective_on",
    TargetUnknown: "/target", ProjectUnknown: "/project", ProjectHasSubProjects: "/project",
    PartUnknown: "/unit", UnitHadEnded: "/unit", PartIsAmbiguous: "/unit", MeasureUnknown: "/measure",
    UnitOfMeasureDiffers: "/unit_of_measure", TargetWithdrawn: "/target",
    NotABand: "/value", StepIsReachedOrNot: "/value",
}  # fmt: skip


@dataclass(slots=True)
class Visit:
    """One request at the door: in which log, who, by which role; and whether it has read to the log's end yet."""

    listing: Listing
    caller: Caller
    role: str
    scope: str
    actor: str
    copy: Copy
    at_end: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What the caller gets for a submission that is on the log: the Jikao-Token, and the receipt as a signed note."""

    token: str
    signed: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """A sealed submission, not yet appended; or (`given` set) one that was taken in before."""

    sent: Sent
    value: bytes
    sha256: str
    given: Given | None = None


@dataclass(slots=True)
class Door:
    """One service's door."""

    service: Service
    mirror: RegistryMirror
    seen: SeenIdentities
    key: SigningKey
    """Signs the receipts."""
    recent: OrderedDict[tuple[str, str, str], int] = field(default_factory=OrderedDict)
    on_their_way: set[tuple[str, str, str]] = field(default_factory=set)
    """(log, source, id) of what this process is appending."""
    batches: int = 0

    async def enter(self, caller: Caller, jurisdiction: str) -> Visit:
        """Let a caller in. JurisdictionNotFound, RoleMissing, JurisdictionUnknown, NotYetRead."""
        role = permit(caller, jurisdiction, *ROLES)
        service = self.service
        listing = service.directory.by_jurisdiction(jurisdiction)
        if listing is None:
            listing = await run_in_threadpool(service.read_side.listing, jurisdiction)
        copy = self.mirror.of(listing.log) or await self._copy(listing)
        actor = service.actors.known(caller)
        if actor is None:
            actor = await run_in_threadpool(service.actors.of, caller)
        return Visit(listing, caller, role, scope_text(caller, copy.registry.unit_id), actor, copy)

    async def _copy(self, listing: Listing) -> Copy:
        """The first visit to a log in this process, or the first after its copy was dropped."""
        if self.service.read_side.fold_of(listing.log) is None:
            await self.service.read_side.reached_end(listing.partition, WAIT)
        await run_in_threadpool(self._hear_of_the_seen, listing.log)
        return await run_in_threadpool(self.mirror.load, self.service.read_side, listing.log)

    def _hear_of_the_seen(self, log: str) -> None:
        with self.service.read_side.reading() as (db, tables):
            self.seen.load(log, receipts_of(tables.projections).identities(db, log))

    def source(self, caller: Caller, named: str | None) -> str:
        """The source under which a submission without one of its own comes. SourceNotNamed, SourceNotAllowed."""
        if named is None and len(caller.sources) == 1:
            named = caller.sources[0]
        if named is None:
            if caller.sources:
                raise SourceNotNamed(faults=[SourceNotNamed().fault("/query/source")])
            raise SourceNotAllowed
        if not source_allowed(caller, named):
            raise SourceNotAllowed(faults=[SourceNotAllowed().fault("/query/source")], source=named)
        return SOURCE_PREFIX + named

    async def admit(self, visit: Visit, sent: Sent) -> Admitted:
        """Judge and seal a submission. Any Refusal of the form, the rules or the scope; IdReused; RecordTooLarge."""
        self._own_source(visit, sent)
        earlier = await self._earlier(visit, sent)
        if earlier is not None:
            return earlier
        refusal = self._refusal(visit, sent)
        if refusal is not None and (not visit.at_end or self._perhaps(visit, sent)):
            await self._read_to_the_end(visit, sent)
            # The first try may have come onto the log before what forbids it now, with its answer lost.
            earlier = await self._earlier(visit, sent)
            if earlier is not None:
                return earlier
            refusal = self._refusal(visit, sent)
        if refusal is not None and not await self._may_count(visit, sent):
            raise refusal
        value = self._seal(visit, sent)
        if len(value) + len(visit.listing.log) > LARGEST_RECORD:
            raise RecordTooLarge(octets=len(value), limit=LARGEST_RECORD)
        return Admitted(sent, value, sha256_hex(value))

    async def append(self, visit: Visit, admitted: Admitted) -> Given:
        """Append what was admitted; answers once it is durable. LogBusy, LogUnavailable, ClockSkewed."""
        with self._on_the_way(visit.listing.log, [admitted]):
            ack = await self.service.topics.events.append(visit.listing.partition, visit.listing.log, admitted.value)
            return self._appended(visit, admitted, ack)

    async def append_in_order(self, visit: Visit, admitted: Sequence[Admitted]) -> list[Given]:
        """Append several, none before an earlier one, as one batch; what is given for each.

        LogUnavailable, ClockSkewed: then some of the first may be on the log, and all are to be sent again. LogBusy.
        """
        if self.batches >= MOST_BATCHES:
            raise LogBusy(retry_after=1)
        log = visit.listing.log
        records = [(log, each.value) for each in admitted]
        self.batches += 1
        try:
            with self._on_the_way(log, admitted):
                append_all = self.service.topics.events.append_all
                acks = await run_in_threadpool(append_all, visit.listing.partition, records)
                return [self._appended(visit, each, ack) for each, ack in zip(admitted, acks, strict=True)]
        finally:
            self.batches -= 1

    @contextmanager
    def _on_the_way(self, log: str, admitted: Sequence[Admitted]) -> Iterator[None]:
        identities = [(log, each.sent.source, each.sent.id) for each in admitted]
        for identity in identities:
            self.seen.add(*identity)
        self.on_their_way.update(identities)
        try:
            yield
        finally:
            self.on_their_way.difference_update(identities)

    def _appended(self, visit: Visit, admitted: Admitted, ack: Ack) -> Given:
        log, sent = visit.listing.log, admitted.sent
        self.recent[(log, sent.source, sent.id)] = ack.offset
        if len(self.recent) > REMEMBERED:
            self.recent.popitem(last=False)
        place = self.service.place(visit.listing)
        return self._given(
            visit, sent, admitted.sha256, ack.offset, place.clock if place.simulated else ack.appended_at
        )

    def _given(self, visit: Visit, sent: Sent, sha256: str, offset: int, at: int) -> Given:
        """`at` is the log's time of the record, in microseconds since 1970."""
        listing = visit.listing
        token = Written(listing.log, self.service.topics.events.incarnation, listing.partition, offset)
        receipt = Receipt(listing.log, sent.source, sent.id, sha256, instant(at))
        return Given(encode_token(token), receipt.signed(self.key))

    def _own_source(self, visit: Visit, sent: Sent) -> None:
        name = sent.source.removeprefix(SOURCE_PREFIX)
        if name == sent.source or not source_allowed(visit.caller, name):
            pointer = "/source" if sent.root else "/query/source"
            raise SourceNotAllowed(faults=[SourceNotAllowed().fault(pointer)], source=sent.source)

    def _refusal(self, visit: Visit, sent: Sent) -> Refusal | None:
        """Why the submission is refused by the rules or for its scope, with all faults; None when it is not."""
        registry = visit.copy.registry
        name = sent.source.removeprefix(SOURCE_PREFIX)
        if name not in registry.sources or registry.sources.latest(name).client != visit.caller.client:
            pointer = "/source" if sent.root else "/query/source"
            return SourceNotRegistered(faults=[SourceNotRegistered().fault(pointer)], source=name)
        reach = None if visit.caller.scope == "all" else Reach(partial(_scope, visit), sent.source)
        today, entries, precedents = self.service.clock(visit.listing)[1], sent.fact.entries, visit.copy.precedents
        certain = precedents.certain(entries, today, registry)
        if certain is not None and covers(reach, entries, certain):
            return None
        # No identity is known to this judgement: they are looked up before it. References are the fold's to judge.
        engine = self.service.place(visit.listing).engine
        outcomes = judge(sent.fact, (sent.source, sent.id), "", today, registry, Known(), engine=engine).outcomes
        precedents.remember(entries, outcomes, registry)
        refused: list[tuple[int, type[Refusal], int | None]] = []
        for at, outcome in enumerate(outcomes):
            outside = limit(entries[at], outcome, reach, registry) if reach is not None else None
            if outside is not None:
                refused.append((at, outside, None))
            elif isinstance(outcome, Refused):
                refused.append((at, outcome.why, outcome.because))
        if not refused:
            return None
        at, why, because = refused[0]
        faults = [self._fault(sent, place, kind) for place, kind, _ in refused]
        return why(faults=faults, **dict(_about(visit, sent, at, why, because)))

    def _fault(self, sent: Sent, at: int, why: type[Refusal]) -> Fault:
        return why().fault(f"{sent.root}/entries/{at}{_MEMBER.get(why, '')}")

    def _seal(self, visit: Visit, sent: Sent) -> bytes:
        return seal(
            sent.fact, id=sent.id, source=sent.source, subject=sent.subject, time=sent.time, log=visit.listing.log,
            actor=visit.actor, authrole=visit.role, authscope=visit.scope, decoded=True,
        )  # fmt: skip

    async def _earlier(self, visit: Visit, sent: Sent) -> Admitted | None:
        """The first receipt, if this is certainly a repeat; None if it is new or the fold must decide. IdReused."""
        if not self._perhaps(visit, sent):
            return None
        read_side, listing = self.service.read_side, visit.listing
        offset = self.recent.get((listing.log, sent.source, sent.id))
        if offset is not None:
            try:
                await read_side.reached(listing.partition, offset, WAIT)
            except NotYetRead:
                return None
        taken = await run_in_threadpool(self._taken, listing.log, sent)
        if taken is None:
            return None
        value = self._seal(visit, sent)
        if identity_hash(decode(value)) != taken.identity_sha256:
            raise IdReused(faults=[IdReused().fault("/id" if sent.root else "/header/Idempotency-Key")], id=sent.id)
        given = self._given(visit, sent, taken.sha256, taken.offset, taken.recorded_at)
        return Admitted(sent, value, taken.sha256, given)

    def _perhaps(self, visit: Visit, sent: Sent) -> bool:
        return self.seen.perhaps(visit.listing.log, sent.source, sent.id)

    async def _read_to_the_end(self, visit: Visit, sent: Sent) -> None:
        """NotYetRead too while the first try is on its way to the log: it may come to lie before what forbids it."""
        listing = visit.listing
        if (listing.log, sent.source, sent.id) in self.on_their_way:
            raise NotYetRead(retry_after=1)
        await self.service.read_side.reached_end(listing.partition, WAIT)
        visit.copy = self.mirror.of(listing.log) or await self._copy(listing)
        visit.at_end = True

    async def _may_count(self, visit: Visit, sent: Sent) -> bool:
        """Does it lie on the log already, and only the fold knows what it came to? Then this repeat is the fold's."""
        if not self._perhaps(visit, sent):
            return False
        sha256 = identity_hash(decode(self._seal(visit, sent)))
        return await run_in_threadpool(self._undecided, visit.listing.log, sent, sha256)

    def _undecided(self, log: str, sent: Sent, sha256: str) -> bool:
        with self.service.read_side.reading() as (db, tables):
            return receipts_of(tables.projections).may_count(db, log, sent.source, sent.id, sha256)

    def _taken(self, log: str, sent: Sent) -> Taken | None:
        with self.service.read_side.reading() as (db, tables):
            return receipts_of(tables.projections).find(db, log, sent.source, sent.id)


def _scope(visit: Visit, on: date) -> frozenset[str]:
    """The ids of the units within the caller's scope on a day, and of those that one of them inherits from.

    Who takes over from a unit also answers for what it reported, so may correct it.
    """
    kept = visit.copy.scopes.setdefault(visit.caller, {})
    if on not in kept:
        if len(kept) >= MOST_DAYS:
            kept.clear()
        units, registry = visit.copy.registry.units, visit.copy.registry
        last = units_in_scope(visit.caller, registry) or frozenset()
        inherited = {id for id in last if not last.isdisjoint(units.latest(id).successors)}
        kept[on] = (units_in_scope(visit.caller, registry, on) or frozenset()) | inherited
    return kept[on]


def receipts_of(projections: Sequence[object]) -> Receipts:
    """The receipts among a generation's projections."""
    return next(projection for projection in projections if isinstance(projection, Receipts))


def _about(visit: Visit, sent: Sent, at: int, why: type[Refusal], because: int | None) -> Iterator[tuple[str, object]]:
    """What the first fault is about: the fact that forbids it; of a lock, who set it and how to have it reopened."""
    if because is not None:
        yield "position", because
    entry = sent.fact.entries[at]
    if isinstance(entry, Withdrawal):
        return
    registry, on = visit.copy.registry, entry.effective_on
    if why is YearDoesNotAllow:
        yield "state", registry.years.latest(str(on.year)).state
        yield "asked", "report"
        yield "allowed_in", list(ALLOWED["report"])
    if why is not PeriodIsLocked:
        return
    target = registry.target_id(on.year, entry.target) if hasattr(entry, "target") else None
    lock = registry.locked(on.year, on.month, target)
    if lock is not None:
        yield "month", f"{on.year}-{on.month:02d}"
        if lock[0].target is not None:
            yield "target", registry.targets.latest(lock[0].target).code
        yield "locked_by", lock[0].by
        yield "reason", lock[0].reason
        yield "how_to_reopen", REOPENING
