"""Which relay of a service may publish: one row, taken and renewed by compare-and-set, given back at the end.

The lease keeps two relays from sending everything twice. It is not what keeps order: each relay sends the
oldest row that is left first, so one that lost its lease in the middle of a send can only repeat records.
"""

from __future__ import annotations

import time
from uuid import uuid4

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Table,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
    update,
)

from shared.sql import insert_if_absent, reading, writing

_NAME = "relay"


class LeaseLost(Exception):
    """Another relay has taken over; what this one was about to record must not be recorded."""


class Lease:
    """One candidate's view of the lease; not shared between threads."""

    def __init__(self, engine: Engine, table: Table, *, seconds: float, alone: bool) -> None:
        """`alone`: no other process can have this database (a lock file says so), so take it unasked."""
        self.holder = str(uuid4())
        self._engine = engine
        self._table = table
        self._term = int(seconds * 1_000_000)
        self._alone = alone

    def take(self) -> bool:
        """Take or renew it; False while another holds it."""
        if not self._alone and self._held_by_another():
            return False
        c = self._table.c
        with writing(self._engine) as db:
            insert_if_absent(db, self._table, [{"name": _NAME, "holder": "", "until": 0}], on=("name",))
            free = or_(c.holder == self.holder, c.until < self._now(), literal(self._alone))
            taken = update(self._table).where(c.name == _NAME, free)
            return db.execute(taken.values(holder=self.holder, until=self._now() + self._term)).rowcount == 1

    def hold(self, db: Connection) -> None:
        """Make sure, inside the transaction of `db`, that it is ours still, and renew it; or `LeaseLost`."""
        c = self._table.c
        ours = update(self._table).where(c.name == _NAME, c.holder == self.holder)
        if db.execute(ours.values(until=self._now() + self._term)).rowcount != 1:
            raise LeaseLost

    def release(self) -> None:
        """Give it back, so that the next relay need not wait for the end of the term."""
        c = self._table.c
        with writing(self._engine) as db:
            db.execute(update(self._table).where(c.name == _NAME, c.holder == self.holder).values(until=0))

    def _held_by_another(self) -> bool:
        # A candidate in waiting only reads, so it does not stand in the way of writers.
        c = self._table.c
        with reading(self._engine) as db:
            held = select(c.name).where(c.name == _NAME, c.holder != self.holder, c.until >= self._now())
            return db.execute(held).first() is not None

    def _now(self) -> ColumnElement[int]:
        """Microseconds by the one clock all candidates share: the database server's, or this machine's."""
        if self._engine.dialect.name == "postgresql":
            return cast(extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger)
        return literal(time.time_ns() // 1000, BigInteger)
