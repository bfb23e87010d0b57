"""The shell around a rule: load the stream, decide, append with the expected version; once more for a repeat.

Nearly every command appends to one stream. What must happen in several at once or not at all (a unit ends, and its
parts of targets go to another) is one decision as well: each stream is appended to at the version that was looked at.

A service's facts are the messages of shared/contracts themselves, so what is decided is what travels: the outbox
insert seals each fact once, and nobody translates it afterwards (docs/decisions/0003-facts-are-the-contracts.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from itertools import takewhile
from typing import TypeVar

from msgspec import UNSET
from sqlalchemy import Connection

from shared.contracts import TYPE_OF, decode, decode_data, seal
from shared.contracts.shapes import Shape
from shared.deciding import Decide, Fact, Look, Stream
from shared.errors import IdReused, Refusal, VersionConflict
from shared.event_log.ids import event_id
from shared.event_store.refill import UNKNOWN_REQUEST
from shared.event_store.store import EventStore, Outgoing, Stored
from shared.sql import hold

S = TypeVar("S")
ATTEMPTS = 5
"""Decisions that one command may take, where others write to its stream between the look and the append."""


@dataclass(frozen=True, slots=True)
class Order:
    """Who commands, in which log, under which key. `time` is the log's clock as RFC 3339, `today` its local date."""

    log: str
    partition: int
    actor: str
    authrole: str
    authscope: str
    key: str
    request_sha256: str
    time: str
    today: date
    if_match: int | None = None
    basis: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What the command came to: its facts, each with its stream, its own stream's version, the last event's id.

    `basis` is the position of what was read for the decision beside the streams: of a repeat, for the first one.
    """

    log: str
    version: int
    event_id: str
    facts: tuple[Shape, ...]
    streams: tuple[str, ...]
    repeated: bool
    basis: int | None = None


@dataclass(frozen=True, slots=True)
class Looking:
    """`Look` on an event store, in the transaction of one command."""

    store: EventStore
    db: Connection
    log: str
    versions: dict[str, int] = field(default_factory=dict)
    """Of the other streams that were looked at: a fact for one of them is decided on that version."""

    def at(self, stream: Stream[S]) -> S:
        """The state of another stream."""
        history = self.store.read(self.db, self.log, stream.name)
        self.versions[stream.name] = len(history)
        return _state(history, stream)

    def all_at(self, streams: Sequence[Stream[S]]) -> dict[str, S]:
        """The same of many, by their names, in one go."""
        histories = self.store.read_all(self.db, self.log, [stream.name for stream in streams])
        self.versions.update((name, len(history)) for name, history in histories.items())
        return {stream.name: _state(histories[stream.name], stream) for stream in streams}

    def streams(self, beginning: str, *, since: str = "", mentioning: str = "") -> list[str]:
        """The streams whose names begin like this, not before `since`, and one of whose facts has this text in it."""
        return self.store.streams(self.db, self.log, beginning, since, mentioning.encode())

    def alone(self, with_what: str, *, shared: bool = False) -> None:
        """Wait until no other command is deciding on this; with `shared`, others that say so too may.

        For a decision on what no one stream holds, before it looks: SQLite has one writer, PostgreSQL needs a lock.
        """
        hold(self.db, f"{self.log} {with_what}", shared=shared)


def transaction_of(look: Look) -> Looking:
    """The transaction that a decision is taken in, for a shell that must write something else together with it."""
    assert isinstance(look, Looking)
    return look


class _Overtaken(Exception):
    """Somebody wrote between our look and our append: perhaps the same command, sent again by an impatient caller."""

    def __init__(self, conflict: Refusal) -> None:
        super().__init__(str(conflict))
        self.conflict = conflict


def execute(store: EventStore, order: Order, stream: Stream[S], decide: Decide[S]) -> Done:
    """Load, decide, append. A repeat under the same key gets the first outcome.

    When somebody wrote meanwhile, what was decided is void: another look finds what they wrote, and decides anew.
    VersionConflict when `if_match` is not the stream's version (or others wrote at every attempt); IdReused when the
    key was used for another request.
    """
    left = ATTEMPTS
    while True:
        try:
            return _attempt(store, order, stream, decide)
        except _Overtaken as overtaken:
            left -= 1
            if not left:
                raise overtaken.conflict from None


def _attempt(store: EventStore, order: Order, stream: Stream[S], decide: Decide[S]) -> Done:
    first = event_id(store.source, order.key)
    with store.begin() as db:
        earlier = store.find(db, order.log, first)
        if earlier is not None:
            return _repeated(store, db, order, earlier)

        def done_meanwhile() -> bool:
            """Has this very command been done since that look (PostgreSQL shows it)? Its outcome was read then."""
            return store.find(db, order.log, first) is not None

        history = store.read(db, order.log, stream.name)
        looking = Looking(store, db, order.log)
        try:
            if order.if_match is not None and order.if_match != len(history):
                raise VersionConflict(stream=stream.name, expected=order.if_match, current=len(history))
            facts = decide(_state(history, stream), looking)
        except Refusal as refusal:
            if done_meanwhile():
                raise _Overtaken(refusal) from None
            raise
        if not facts and done_meanwhile():
            raise _Overtaken(IdReused(key=order.key))
        # Its own stream first, the others by name: two commands that meet in several never wait for one another.
        facts = sorted(facts, key=lambda fact: fact.stream or "")
        looking.versions[stream.name] = len(history)
        outgoing: dict[str, list[Outgoing]] = {stream.name: []}
        for n, fact in enumerate(facts):
            name = fact.stream or stream.name
            batch = outgoing.setdefault(name, [])
            batch.append(_outgoing(store, order, name, looking.versions[name] + len(batch) + 1, n, fact))
        batches = {name: (looking.versions[name], batch) for name, batch in outgoing.items()}
        try:
            versions = store.append_all(db, order.log, batches, order.request_sha256)
        except (VersionConflict, IdReused) as conflict:
            raise _Overtaken(conflict) from None
    last = event_id(store.source, order.key, max(0, len(facts) - 1))
    if not facts and history:  # no news: what stands is what the stream's last fact said
        last = history[-1].event_id
    said, streams = tuple(fact.data for fact in facts), tuple(fact.stream or stream.name for fact in facts)
    return Done(order.log, versions[stream.name], last, said, streams, repeated=False, basis=order.basis)


def _repeated(store: EventStore, db: Connection, order: Order, earlier: Stored) -> Done:
    """What the first request under this key came to: its facts are found by their ids, in whichever stream."""
    if earlier.request_sha256 not in (order.request_sha256, UNKNOWN_REQUEST):
        raise IdReused(key=order.key)
    stored = [earlier]
    while True:
        first, most = len(stored), max(8, len(stored))  # few commands have more facts, and those that do have many
        ids = [event_id(store.source, order.key, n) for n in range(first, first + most)]
        found = store.find_all(db, order.log, ids)
        # One under another request is another command's, whose key ends in `#n`.
        more = takewhile(
            lambda each: each is not None and each.request_sha256 == earlier.request_sha256, map(found.get, ids)
        )
        stored += [each for each in more if each is not None]
        if len(stored) < first + most:
            break
    streams = tuple(str(decode(each.value).stream) for each in stored)
    basis = decode(earlier.value).basis
    version = max(each.version for each, stream in zip(stored, streams, strict=True) if stream == streams[0])
    return Done(
        order.log, version, stored[-1].event_id, tuple(map(_fact, stored)), streams, repeated=True,
        basis=int(basis) if basis else None,
    )  # fmt: skip


def _state(history: Sequence[Stored], stream: Stream[S]) -> S:
    return reduce(stream.evolve, (_fact(stored) for stored in history), stream.initial)


def _fact(stored: Stored) -> Shape:
    return decode_data(stored.type, decode(stored.value).data)


def _outgoing(store: EventStore, order: Order, stream: str, version: int, n: int, fact: Fact) -> Outgoing:
    id = event_id(store.source, order.key, n)
    value = seal(
        fact.data,
        id=id,
        source=store.source,
        subject=stream,
        log=order.log,
        actor=order.actor,
        authrole=order.authrole,
        authscope=order.authscope,
        time=order.time,
        effectiveon=fact.effective_on or UNSET,
        stream=stream,
        streamversion=version,
        basis=UNSET if order.basis is None else str(order.basis),
    )
    return Outgoing(id, TYPE_OF[type(fact.data)], value, "events", order.partition, order.log)
