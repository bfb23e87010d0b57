"""Sends the facts in the outbox to the log: in order, by one relay per service, never stepping over one.

A row is deleted only after the log has acknowledged its record. A relay that dies in between sends the record
again; readers know it by its identity and count it once. What cannot be sent stops everything behind it, and
is tried again until it can: a fact that was skipped would change the past.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import bindparam, delete, func, select, update

from shared.errors import Unavailable
from shared.event_log.port import Ack, Topics
from shared.event_store.acknowledgements import Acknowledgements, Identity
from shared.event_store.lease import Lease, LeaseLost
from shared.event_store.store import EventStore
from shared.liveness import Heartbeat, why
from shared.sql import reading, writing

_logger = logging.getLogger(__name__)

_AT_ONCE = 100  # rows; a record has at most 900 KiB, so at most 90 MB in memory
_FIRST_DELAY, _LONGEST_DELAY = 0.05, 5.0  # seconds between tries after failures
_BEAT_EVERY = 1.0  # seconds, while there is nothing to do
_FIRST_LOOK, _SLOWEST_LOOK = 0.05, 0.5  # seconds between looks into the database for another relay's work


@dataclass(frozen=True, slots=True)
class _Row:
    seq: int
    topic: str
    partition: int
    key: str
    log: str
    event_id: str
    value: bytes


class Relay:
    """The relay of one event store, with a thread of its own between `start` and `stop`."""

    def __init__(
        self,
        store: EventStore,
        topics: Topics,
        *,
        alone: bool = False,
        lease_seconds: float = 5.0,
        poll_seconds: float = 0.25,
    ) -> None:
        """`alone`: this process has the database to itself (it holds the data directory's lock file).

        Then the lease of a process that died is taken over at once, and nobody else's rows are polled for.
        """
        self._engine = store.engine
        self._tables = store.tables
        self._topics = {"events": topics.events, "listings": topics.listings}
        self._alone = alone
        self._poll = min(poll_seconds, lease_seconds / 3)
        self._renew_every = lease_seconds / 3
        self._lease = Lease(store.engine, store.tables.relay_lease, seconds=lease_seconds, alone=alone)
        self._renew_at = 0.0  # by time.monotonic()
        self._acknowledged = Acknowledgements()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.active = False  #: whether this relay holds the lease
        self.last_error: str | None = None  #: why the last try failed; None once one has worked
        self.heartbeat = Heartbeat()
        store.on_commit(self.nudge)

    def start(self) -> None:
        """Start the thread; a relay is started once."""
        if self._thread is not None:
            raise RuntimeError("a relay is started once")
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 30.0) -> None:
        """Finish the send in hand, give the lease back, end the thread; `timeout` in seconds."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def nudge(self) -> None:
        """There may be something to send: look now."""
        self._wake.set()

    def depth(self) -> int:
        """How many facts wait to be sent, in the whole service. DatabaseUnavailable."""
        with reading(self._engine) as db:
            return db.execute(select(func.count()).select_from(self._tables.outbox)).scalar_one()

    async def published(self, log: str, event_id: str, timeout: float) -> Ack | None:
        """Wait until the log has this fact; None if that is not known within `timeout` seconds.

        Told by this relay's thread at once; what another process's relay sent is found in the database.
        """
        deadline = time.monotonic() + timeout
        identity = (log, event_id)
        future = self._acknowledged.expect(identity)
        pause = _FIRST_LOOK
        try:
            while True:
                left = deadline - time.monotonic()
                await asyncio.wait({future}, timeout=max(0.0, min(pause, left)))
                if future.done():
                    return future.result()
                try:
                    ack = await asyncio.to_thread(self._stamped, identity)
                except Unavailable:  # its command is committed all the same, and the relay sends it later
                    ack = None
                if ack is not None or left <= pause:
                    return ack
                pause = min(pause * 2, _SLOWEST_LOOK)
        finally:
            self._acknowledged.forget(identity, future)

    def _run(self) -> None:
        delay = _FIRST_DELAY
        while not self._stopping.is_set():
            self.heartbeat.beat()
            self._wake.clear()  # before looking, so that a nudge during the look is not lost
            try:
                sent = self._pass()
            except LeaseLost:
                self.active = False
                _logger.warning("another relay has taken over")
                continue
            except Exception as error:  # whatever it is, the rows stay and the thread must live to try again
                self.last_error = why(error)
                _logger.warning("the outbox could not be sent, next try in %.2f s", delay, exc_info=error)
                self._stopping.wait(delay)
                delay = min(delay * 2, _LONGEST_DELAY)
                continue
            self.last_error = None
            delay = _FIRST_DELAY
            if sent < _AT_ONCE:
                self._rest()
        self._give_back()

    def _rest(self) -> None:
        """Wait for a nudge; where other processes may have written rows, not longer than until the next look."""
        if not self._alone:
            self._wake.wait(self._poll)
            return
        while not self._wake.wait(_BEAT_EVERY) and not self._stopping.is_set():
            self.heartbeat.beat()

    def unwell(self) -> str | None:
        """One sentence on what keeps facts from being sent; None when nothing does."""
        if self.last_error:
            return f"the outbox waits: {self.last_error}"
        if self._thread is None or self._stopping.is_set():
            return None
        if not self._thread.is_alive():
            return "the relay has ended: restart the service"
        return self.heartbeat.stuck("the relay")

    def _pass(self) -> int:
        """Send the oldest rows, as many as one transaction takes; how many were sent."""
        if not self.active or time.monotonic() >= self._renew_at:
            self.active = self._lease.take()
            self._renewed()
        if not self.active:
            return 0
        rows = self._oldest()
        acked: list[tuple[_Row, Ack]] = []
        try:
            for (topic, partition), group in groupby(rows, key=lambda row: (row.topic, row.partition)):
                members = list(group)
                records = [(row.key, row.value) for row in members]
                acks = self._topics[topic].append_all(partition, records)
                acked += zip(members, acks, strict=True)
                # A fact exists once the log has it; requests need not wait for our own book-keeping.
                self._acknowledged.post({(row.log, row.event_id): ack for row, ack in acked[-len(acks) :]})
        finally:
            # Also when a later group failed: what the log has acknowledged need not be sent again.
            if acked:
                self._stamp(acked)
        return len(acked)

    def _oldest(self) -> list[_Row]:
        c = self._tables.outbox.c
        columns = (c.seq, c.topic, c.partition, c.key, c.log, c.event_id, c.value)
        with reading(self._engine) as db:
            return [_Row(*row) for row in db.execute(select(*columns).order_by(c.seq).limit(_AT_ONCE))]

    def _stamp(self, acked: Sequence[tuple[_Row, Ack]]) -> None:
        events, outbox = self._tables.stream_events, self._tables.outbox
        stamped = (
            update(events)
            .where(events.c.log == bindparam("of_log"), events.c.event_id == bindparam("of_event"))
            .values(topic_offset=bindparam("at_offset"), appended_at=bindparam("at_instant"))
        )
        with writing(self._engine) as db:
            self._lease.hold(db)
            db.execute(stamped, [
                {"of_log": row.log, "of_event": row.event_id, "at_offset": ack.offset, "at_instant": ack.appended_at}
                for row, ack in acked
            ])  # fmt: skip
            db.execute(delete(outbox).where(outbox.c.seq.in_([row.seq for row, _ in acked])))
        self._renewed()

    def _stamped(self, identity: Identity) -> Ack | None:
        log, event_id = identity
        c = self._tables.stream_events.c
        query = select(c.partition, c.topic_offset, c.appended_at).where(
            c.log == log, c.event_id == event_id, c.topic_offset.is_not(None)
        )
        with reading(self._engine) as db:
            row = db.execute(query).one_or_none()
        return None if row is None else Ack(*row)

    def _renewed(self) -> None:
        self._renew_at = float("inf") if self._alone else time.monotonic() + self._renew_every

    def _give_back(self) -> None:
        try:
            if self.active:
                self._lease.release()
        except Exception as error:  # the database may be gone already; the lease then ends by itself
            _logger.warning("the relay's lease could not be given back", exc_info=error)
        self.active = False
