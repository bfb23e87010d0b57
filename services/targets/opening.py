"""Opening a log: its listing and its record 0, stored together and published in that order.

Not a command like the others, since there is no log yet to give it in. Both rows are committed in one
transaction, so that a crash in between is mended by the relay; which of two installations opened the
jurisdiction's log first is decided by the control topic alone (its first listing wins).

The stream is kept under the jurisdiction's code instead of a log id: a database can then hold one opening of a
jurisdiction only, however many requests come at once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from msgspec import UNSET, Struct
from sqlalchemy import Connection

from services.targets.errors.logs import ListedElsewhere, LogIsOpenAlready
from shared.canonical import sha256_hex
from shared.contracts import TYPE_OF, decode, decode_data, seal
from shared.contracts.logs import LogListed, LogOpened
from shared.errors import IdReused
from shared.event_log.directory import SOURCE, Listing, listing_record
from shared.event_log.ids import event_id, log_id
from shared.event_log.port import Topics
from shared.event_store.store import EventStore, Outgoing
from shared.service import Service


@dataclass(frozen=True, slots=True)
class OpenLog:
    """What is asked, by whom and under which key; `instant` (RFC 3339) if and only if the clock is simulated."""

    jurisdiction: str
    zone: str
    instant: str | None
    partition: int
    actor: str
    authscope: str
    key: str
    request_sha256: str


class Opening(Struct, frozen=True, kw_only=True):
    """What was stored: the listing, record 0, and the id of its event."""

    listing: Listing
    opened: LogOpened
    event_id: str


def open_log(service: Service, command: OpenLog) -> Opening:
    """Store the opening; a repeat under the same key gets the first one.

    LogIsOpenAlready for a second one, ListedElsewhere when the control topic has another log already.
    """
    # The blank keeps it apart from the ids of commands: no Idempotency-Key can hold one. They are stored under the
    # log, the opening under its jurisdiction, so a shared key would only be noticed by the fold.
    store, first = service.store, event_id(service.store.source, f"open {command.jurisdiction} {command.key}")
    service.directory.refresh()
    with store.begin() as db:
        earlier = store.find(db, command.jurisdiction, first)
        if earlier is not None:
            if earlier.request_sha256 != command.request_sha256:
                raise IdReused(key=command.key)
            return _stored(earlier.value, earlier.event_id, _partition(store, db, command.jurisdiction))
        if store.read(db, command.jurisdiction, _stream(command.jurisdiction)):
            raise LogIsOpenAlready(jurisdiction=command.jurisdiction)
        if service.directory.by_jurisdiction(command.jurisdiction) is not None:
            raise ListedElsewhere(jurisdiction=command.jurisdiction)
        value, listed = _records(store.source, command, first)
        listing = Outgoing(
            event_id(SOURCE, f"listed {listed.log}"), TYPE_OF[LogListed],
            listing_record(listed, _now(), actor=command.actor, authscope=command.authscope)[1],
            "listings", 0, listed.log,
        )  # fmt: skip
        record0 = Outgoing(first, TYPE_OF[LogOpened], value, "events", command.partition, listed.log)
        store.append(
            db, command.jurisdiction, _stream(command.jurisdiction), 0, [listing, record0], command.request_sha256
        )
    return _stored(value, first, command.partition)


def confirm(service: Service, opening: Opening) -> None:
    """After publication: did our listing win? ListedElsewhere if another installation was quicker."""
    service.directory.refresh()
    won = service.directory.by_jurisdiction(opening.listing.jurisdiction)
    if won is None or won.log != opening.listing.log:
        raise ListedElsewhere(jurisdiction=opening.listing.jurisdiction)


def quietest_partition(service: Service, topics: Topics) -> int:
    """The partition of the events topic with the fewest logs, the first of equals."""
    service.directory.refresh()
    return min(range(topics.events.partitions), key=lambda p: (len(service.directory.in_partition(p)), p))


def _records(source: str, command: OpenLog, id: str) -> tuple[bytes, Listing]:
    log = log_id(command.instant is not None)
    opened = LogOpened(
        log=log, jurisdiction=command.jurisdiction, origin=f"jikao/{log}", zone=command.zone,
        clock="broker" if command.instant is None else "simulated", instant=command.instant or UNSET,
    )  # fmt: skip
    value = seal(
        opened, id=id, source=source, subject="log", log=log, actor=command.actor, authrole="admin",
        authscope=command.authscope,
    )  # fmt: skip
    return value, Listing(log, command.jurisdiction, command.partition, sha256_hex(value))


def _partition(store: EventStore, db: Connection, jurisdiction: str) -> int:
    """Where record 0 was sent: the listing beside it says."""
    listed = store.read(db, jurisdiction, _stream(jurisdiction))[0]
    fact = decode_data(listed.type, decode(listed.value).data)
    assert isinstance(fact, LogListed)
    return fact.partition


def _stored(value: bytes, id: str, partition: int) -> Opening:
    fact = decode_data(TYPE_OF[LogOpened], decode(value).data)
    assert isinstance(fact, LogOpened)
    listing = Listing(fact.log, fact.jurisdiction, partition, sha256_hex(value))
    return Opening(listing=listing, opened=fact, event_id=id)


def _stream(jurisdiction: str) -> str:
    return f"log:{jurisdiction}"


def _now() -> int:
    return time.time_ns() // 1_000
