"""What this service keeps beside its streams: names of persons, which must never come into the log.

A row can be erased; nothing else knows the name then. Names are written and erased in the transaction of the
command whose fact says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Column, Connection, MetaData, String, Table, delete, insert, select, update

from shared.event_store.store import EventStore
from shared.sql import Code


def person_names_table(metadata: MetaData) -> Table:
    """Declare the table; owned by this service's migrations."""
    return Table(
        "person_names",
        metadata,
        Column("log", Code(), primary_key=True),
        Column("person", Code(), primary_key=True),
        Column("name", String(), nullable=False),
    )


PERSON_NAMES = person_names_table(MetaData())


def keep_name(db: Connection, log: str, person: str, name: str) -> None:
    """Keep the name of a new person."""
    db.execute(insert(PERSON_NAMES).values(log=log, person=person, name=name))


def erase_name(db: Connection, store: EventStore, log: str, person: str) -> None:
    """Erase the name, and the hash of the request that brought it: a name could be guessed from that."""
    db.execute(delete(PERSON_NAMES).where(PERSON_NAMES.c.log == log, PERSON_NAMES.c.person == person))
    events = store.tables.stream_events
    of_person = (events.c.log == log) & (events.c.stream == f"person:{person}")
    db.execute(update(events).where(of_person).values(request_sha256="erased"))


def names_of(db: Connection, log: str, person: str | None = None) -> Mapping[str, str]:
    """The names that are still kept, by person: all of a log, or one."""
    c = PERSON_NAMES.c
    asked = select(c.person, c.name).where(c.log == log)
    if person is not None:
        asked = asked.where(c.person == person)
    return {id: name for id, name in db.execute(asked)}
