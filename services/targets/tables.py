"""What this service keeps beside its streams: names of persons, which must never come into the log, and templates.

A row can be erased; nothing else knows the name then. Names are written and erased in the transaction of the
command whose fact says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Column, Connection, LargeBinary, MetaData, String, Table, delete, insert, select, update

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


def letter_templates_table(metadata: MetaData) -> Table:
    """Declare the table; owned by this service's migrations. What is there is never changed."""
    return Table(
        "letter_templates",
        metadata,
        Column("log", Code(), primary_key=True),
        Column("sha256", Code(), primary_key=True),
        Column("content", LargeBinary(), nullable=False),
    )


PERSON_NAMES = person_names_table(MetaData())
LETTER_TEMPLATES = letter_templates_table(MetaData())


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


def keep_template(db: Connection, log: str, sha256: str, content: bytes) -> None:
    """Keep a template's bytes, of which the log has the hash."""
    if template_of(db, log, sha256) is None:
        db.execute(insert(LETTER_TEMPLATES).values(log=log, sha256=sha256, content=content))


def template_of(db: Connection, log: str, sha256: str) -> bytes | None:
    """A template that was kept."""
    c = LETTER_TEMPLATES.c
    found = db.execute(select(c.content).where(c.log == log, c.sha256 == sha256)).scalar()
    return bytes(found) if found is not None else None
