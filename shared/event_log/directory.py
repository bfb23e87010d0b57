"""Which logs are there, and in which partition does each live? The control topic, folded.

A listing is a CloudEvent keyed by log id, written before the log's record 0. The first listing of a log id
wins, and the first one of a jurisdiction while its log is open (no fact closes a log yet, so: for ever). What
is malformed or foreign is ignored and kept in `rejected` for reporting.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.contracts import InvalidData, decode, decode_data, seal
from shared.contracts.logs import LogListed
from shared.event_log.ids import event_id
from shared.event_log.port import LogUnavailable, Raw, Topic

LISTED: Final = "jikao.log.listed.v1"
SOURCE: Final = "urn:jikao:service:targets"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

ONE_READ: Final = 1.0
"""Seconds to wait for records that the log says are there, before asking again."""

PATIENCE: Final = 10.0
"""Seconds after which a refresh that gets nowhere gives up."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One log: whose it is, where it lives, and the record it begins with."""

    log: str
    jurisdiction: str
    partition: int
    """Of the events topic."""
    record0_sha256: str
    """Hex, of the stored bytes of record 0; earlier records under this key have no position."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record of the control topic that lists nothing, and why."""

    offset: int
    reason: str


class Directory:
    """The logs listed so far. Thread-safe; knows what its last `refresh` read."""

    def __init__(self, topic: Topic) -> None:
        """`topic` is the listings topic, whose only partition is 0."""
        self._topic = topic
        self._reader = topic.reader(0)
        self._lookout = topic.reader(0)
        self._next = topic.begin(0)
        self._by_log: dict[str, Listing] = {}
        self._by_jurisdiction: dict[str, Listing] = {}
        self._rejected: list[Rejected] = []
        self._reading = threading.Lock()
        self._waiting = threading.Lock()
        self._folded = threading.Lock()

    def refresh(self, timeout: float = 0.0) -> None:
        """Read to the end that the control topic has now; if that brings nothing, wait `timeout` seconds for
        more.

        Blocks. Raises LogUnavailable when the log cannot be reached.
        """
        if self._catch_up() or timeout <= 0:
            return
        # Another reader waits, so that nobody else's refresh waits with us.
        with self._waiting:
            news = self._lookout.read(self._next, timeout=timeout)
        if news:
            self._catch_up()

    def by_log(self, log: str) -> Listing | None:
        """The listing of this log id."""
        with self._folded:
            return self._by_log.get(log)

    def by_jurisdiction(self, jurisdiction: str) -> Listing | None:
        """The listing of this jurisdiction's open log."""
        with self._folded:
            return self._by_jurisdiction.get(jurisdiction)

    def in_partition(self, partition: int) -> list[Listing]:
        """All logs that live in this partition of the events topic, in the order they were listed."""
        with self._folded:
            return [listing for listing in self._by_log.values() if listing.partition == partition]

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """What was ignored, in log order.

        A repeat of a listing in the same words is no news and isn't here.
        """
        with self._folded:
            return tuple(self._rejected)

    def close(self) -> None:
        """Let go of the reader."""
        with self._reading:
            self._reader.close()
        with self._waiting:
            self._lookout.close()

    def _catch_up(self) -> bool:
        """Fold all there is now; whether that was anything."""
        with self._reading:
            before = self._next
            end = self._topic.end(0)
            until = time.monotonic() + PATIENCE
            while self._next < end:
                records = self._reader.read(self._next, timeout=ONE_READ)
                if not records and time.monotonic() >= until:
                    raise LogUnavailable()
                self._take(records)
            return self._next > before

    def _take(self, records: list[Raw]) -> None:
        with self._folded:
            for record in records:
                reason = self._fold(record)
                if reason is not None:
                    self._rejected.append(Rejected(record.offset, reason))
                self._next = record.offset + 1

    def _fold(self, record: Raw) -> str | None:
        """Take one record in, or say why not."""
        listing = read_listing(record)
        if isinstance(listing, str):
            return listing
        known = self._by_log.get(listing.log)
        if known is not None:
            return None if known == listing else "this log is listed already"
        if listing.jurisdiction in self._by_jurisdiction:
            return "this jurisdiction has an open log already"
        self._by_log[listing.log] = listing
        self._by_jurisdiction[listing.jurisdiction] = listing
        return None


def read_listing(record: Raw) -> Listing | str:
    """The listing that a record of the control topic is, or why it is none."""
    try:
        envelope = decode(record.value)
        if envelope.type != LISTED:
            return "not a listing"
        if envelope.source != SOURCE:
            return "not from the service that lists logs"
        fact = decode_data(LISTED, envelope.data)
    except InvalidData as fault:
        return f"not valid as a listing: {fault}"
    assert isinstance(fact, LogListed)
    if not record.key == envelope.log == fact.log:
        return "its key is not the log it lists"
    return Listing(fact.log, fact.jurisdiction, fact.partition, fact.record0_sha256)


def listing_record(
    listing: Listing, now: int, *, actor: str = "unattended", authscope: str = "all"
) -> tuple[str, bytes]:
    """The key and bytes of the record that lists a log; `now` in microseconds since 1970.

    The event's id follows from the log, so a repeat has the same identity.
    """
    value = seal(
        LogListed(
            log=listing.log, jurisdiction=listing.jurisdiction, partition=listing.partition,
            record0_sha256=listing.record0_sha256,
        ),
        id=event_id(SOURCE, f"listed {listing.log}"),
        source=SOURCE,
        subject=f"logs/{listing.log}",
        log=listing.log,
        actor=actor,
        authrole="admin",
        authscope=authscope,
        time=(EPOCH + timedelta(microseconds=now)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )  # fmt: skip
    return listing.log, value
