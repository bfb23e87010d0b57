"""Who did it, as the log may say it: an opaque id, minted once for each (issuer, subject), never the subject.

The table is erasable: without its row the id in the log says nothing about a person. Each service mints its own.
"""

from __future__ import annotations

from sqlalchemy import Column, Engine, MetaData, String, Table, UniqueConstraint, select

from shared.event_log.ids import uuid7
from shared.identity.callers import Caller
from shared.sql import Code, insert_if_absent, reading, writing


def actors_table(metadata: MetaData) -> Table:
    """Declare the table; owned by the service's migrations."""
    return Table(
        "actors",
        metadata,
        Column("issuer", Code(), primary_key=True),
        Column("subject", Code(), primary_key=True),
        Column("actor", String(36), nullable=False),
        UniqueConstraint("actor", name="uq_actors_actor"),
    )


class Actors:
    """The service's actors."""

    def __init__(self, engine: Engine, table: Table) -> None:
        self._engine = engine
        self._table = table
        self._known: dict[tuple[str, str], str] = {}

    def of(self, caller: Caller) -> str:
        """The actor id of a caller; minted at the first call. Blocks on the database the first time only."""
        key = (caller.issuer, caller.subject)
        known = self._known.get(key)
        if known is None:
            row = {"issuer": caller.issuer, "subject": caller.subject, "actor": uuid7()}
            asked = select(self._table.c.actor).where(self._table.c.issuer == key[0], self._table.c.subject == key[1])
            with writing(self._engine) as db:
                insert_if_absent(db, self._table, [row], on=("issuer", "subject"))
                known = self._known[key] = db.execute(asked).scalar_one()
        return known

    def known(self, caller: Caller) -> str | None:
        """The actor id if this process has met the caller before; never blocks."""
        return self._known.get((caller.issuer, caller.subject))

    def forget(self, actor: str) -> None:
        """Erase what ties the id to a person."""
        with writing(self._engine) as db:
            db.execute(self._table.delete().where(self._table.c.actor == actor))
        self._known = {key: id for key, id in self._known.items() if id != actor}

    def exists(self, actor: str) -> bool:
        """Is the id still tied to a person?"""
        with reading(self._engine) as db:
            return db.execute(select(self._table.c.actor).where(self._table.c.actor == actor)).first() is not None
