"""Appends of one event loop to one topic, handed to the producer together and acknowledged together.

A produce request costs this process some 0.8 ms whatever it carries, and each wake-up of the other thread a fight for
the interpreter. So what a loop appends in one turn goes to the producer at the end of that turn, what arrives while a
batch is on its way makes up the next one, and the loop is woken once for all that the producer's thread has to tell.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError

from shared.event_log.clock import WriterClock
from shared.event_log.kafka.senders import SEND_FAILED, TOO_LARGE, Senders
from shared.event_log.port import Ack, RecordTooLarge

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Record:
    """One record on its way, and whoever waits for it."""

    partition: int
    key: bytes
    value: bytes
    room: list[int]
    """Its octets, taken out by whoever gives them back, so that this happens once."""
    sent_at: int
    until: float
    """When the loop gives it up, by the loop's clock."""
    acknowledged: asyncio.Future[Ack]
    producer: KafkaProducer | None = None
    """What it was given to."""


class Appender:
    """What one event loop has on its way to one topic."""

    def __init__(self, topic: str, senders: Senders, clock: WriterClock, loop: asyncio.AbstractEventLoop) -> None:
        self._topic = topic
        self._senders = senders
        self._clock = clock
        self.loop = loop
        # The producer keeps to its own time-out; ours only guards against a record that it forgot.
        self._patience = senders.settings.delivery_timeout + senders.settings.request_timeout
        self._gathered: list[_Record] = []
        self._waiting: dict[_Record, None] = {}
        """In the order of their `until`."""
        self._watch: asyncio.TimerHandle | None = None
        self._outcomes: deque[tuple[_Record, Ack | Exception]] = deque()
        self._told = False
        """The loop has been told that there are outcomes, and has not looked yet."""
        self._send_may_block = False
        """After send() had to wait for metadata once, the next ones wait in a thread until one went through."""

    def put(self, partition: int, key: str, value: bytes, octets: int) -> asyncio.Future[Ack]:
        """Have a record sent at the end of this turn of the loop. ClockSkewed, LogBusy.

        The future raises LogUnavailable, RecordTooLarge.
        """
        sent_at = self._clock.before(partition)
        self._senders.in_flight.enter(octets)
        acknowledged: asyncio.Future[Ack] = self.loop.create_future()
        until = self.loop.time() + self._patience
        record = _Record(partition, key.encode(), value, [octets], sent_at, until, acknowledged)
        if not self._gathered:
            self.loop.call_soon(self._hand_over)
        self._gathered.append(record)
        self._waiting[record] = None
        if self._watch is None:
            self._watch = self.loop.call_at(until, self._give_up)
        return acknowledged

    def _hand_over(self) -> None:
        group, self._gathered = self._gathered, []
        if self._send_may_block:
            self.loop.run_in_executor(None, self._send, group)
        else:
            self._send(group)

    def _send(self, group: Sequence[_Record]) -> None:
        producer = self._senders.single
        for at, record in enumerate(group):
            record.producer = producer
            try:
                sending = producer.send(self._topic, record.value, record.key, partition=record.partition)
            except TOO_LARGE:
                self._settle(record, RecordTooLarge())
            except Exception as error:
                # Those behind it would each wait as long for nothing.
                self._send_may_block = isinstance(error, SEND_FAILED)
                for unsent in group[at:]:
                    self._settle(unsent, self._refusal(error, producer, taken=False))
                return
            else:
                self._send_may_block = False
                sending.add_both(partial(self._answered, record, producer))

    def _answered(self, record: _Record, producer: KafkaProducer, answer: Any) -> None:
        """Called in the producer's thread."""
        if isinstance(answer, Exception):
            self._settle(record, self._refusal(answer, producer, taken=True))
            return
        ack = Ack(record.partition, answer.offset, answer.timestamp * 1000)
        try:
            self._clock.after(record.partition, record.sent_at, ack.appended_at)
        finally:
            self._settle(record, ack)

    def _refusal(self, error: Exception, by: KafkaProducer, *, taken: bool) -> Exception:
        return self._senders.refusal(self._topic, error, by, taken=taken) if isinstance(error, SEND_FAILED) else error

    def _settle(self, record: _Record, outcome: Ack | Exception) -> None:
        """In any thread: give back the room, and have the loop told."""
        # The room is the record's in the producer's memory: given back when the producer is done with it, not when the
        # caller stops waiting.
        self._leave(record)
        self._outcomes.append((record, outcome))
        if self._told:
            return
        self._told = True
        try:
            self.loop.call_soon_threadsafe(self._tell)
        except RuntimeError:  # that loop has been closed: nobody waits there any more
            log.info("an event loop was closed before its append was acknowledged")

    def _leave(self, record: _Record) -> None:
        try:
            self._senders.in_flight.leave(record.room.pop())
        except IndexError:
            return

    def _tell(self) -> None:
        self._told = False  # first: whoever adds an outcome after our last look tells us again
        while self._outcomes:
            record, outcome = self._outcomes.popleft()
            self._waiting.pop(record, None)
            if record.acknowledged.done():  # the caller was cancelled, or has been given up
                continue
            if isinstance(outcome, Exception):
                record.acknowledged.set_exception(outcome)
            else:
                record.acknowledged.set_result(outcome)

    def _give_up(self) -> None:
        """Refuse what has waited too long, and look again when the next one has."""
        self._watch = None
        now = self.loop.time()
        for record in list(self._waiting):
            if record.until > now:
                self._watch = self.loop.call_at(record.until, self._give_up)
                return
            late = KafkaTimeoutError("the producer did not keep to its time")
            self._settle(record, self._refusal(late, record.producer or self._senders.single, taken=True))
