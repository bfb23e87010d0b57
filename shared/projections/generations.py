"""Which generation of a service's projection tables is in force, and how the next one takes over.

Projection tables are disposable: they are made by code, not by migrations, once for each generation, and can be
filled again from the log at any time. A rebuild fills generation n+1 beside the running n, is switched in by one
transaction when it has read at least as far, and n is dropped after that; reads go on throughout.

Each generation keeps the form in which it was made: a hash of its tables and of the registry's rows, as the code has
them. A generation of another form is never read; the next one, empty, takes its place (docs/decisions/0016).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    func,
    insert,
    inspect,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

from shared.canonical import sha256_hex
from shared.projections.reader import ProjectionSet
from shared.registry.rows import KINDS
from shared.sql import hold, reading, upsert, writing

Make = Callable[[MetaData, str], ProjectionSet]
"""Builds a service's projection tables into a MetaData, named with the generation's suffix."""


def generations_table(metadata: MetaData) -> Table:
    """One row a service: the generation in force. Owned by the service's migrations."""
    return Table(
        "projection_generation", metadata,
        Column("service", String(32), primary_key=True),
        Column("active", Integer, nullable=False),
    )  # fmt: skip


def suffix(generation: int) -> str:
    """What a generation's table names end with."""
    return f"_g{generation}"


def form_table(metadata: MetaData, suffix: str) -> Table:
    """One row: the form in which the generation was made. It goes with the generation's other tables."""
    return Table(f"generation_form{suffix}", metadata, Column("form", String(64), primary_key=True))


def form(make: Make) -> str:
    """A sha256 over what this code keeps in a generation: its tables, and the rows of the registry within them.

    The bodies in other tables are facts, whose contracts never change. It is the same on both databases, so that a
    database may move from one to the other.
    """
    metadata, dialect = MetaData(), postgresql.dialect()  # type: ignore[no-untyped-call]
    make(metadata, "")
    told: list[str] = []
    for table in sorted(metadata.tables.values(), key=lambda table: table.name):
        told.append(str(CreateTable(table).compile(dialect=dialect)))
        told += sorted(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)
    references, rows = msgspec.json.schema_components(KINDS.values())
    shapes = dict(zip(KINDS, references, strict=True)) | {"rows": rows}
    told.append(msgspec.json.encode(_without_prose(shapes), order="deterministic").decode())
    return sha256_hex("\n".join(told).encode())


def _without_prose(schema: object) -> object:
    """A JSON Schema without its docstrings; a field called `description` has a schema, which is no text."""
    if isinstance(schema, dict):
        return {
            key: _without_prose(value)
            for key, value in schema.items()
            if not (key == "description" and isinstance(value, str))
        }
    return [_without_prose(each) for each in schema] if isinstance(schema, list) else schema


def create(engine: Engine, make: Make, generation: int) -> ProjectionSet:
    """The generation's tables, made with the form of this code if they are missing."""
    with writing(engine) as db:
        return _create(db, make, generation)


def _create(db: Connection, make: Make, generation: int) -> ProjectionSet:
    metadata = MetaData()
    made = make(metadata, suffix(generation))
    kept = form_table(metadata, suffix(generation))
    new = not inspect(db).has_table(made.core.places.name)
    metadata.create_all(db)
    if new:
        db.execute(insert(kept).values(form=form(make)))
    return made


def has_form(engine: Engine, make: Make, generation: int) -> bool:
    """Was the generation made in the form of this code? So will one be that is not made yet."""
    kept = form_table(MetaData(), suffix(generation))
    with reading(engine) as db:
        found = inspect(db)
        if not found.has_table(make(MetaData(), suffix(generation)).core.places.name):
            return True
        return found.has_table(kept.name) and db.execute(select(kept.c.form)).scalar() == form(make)


def replace(engine: Engine, make: Make, table: Table, service: str, old: int) -> int:
    """Put an empty generation in force instead of `old`; which one is in force then.

    In one transaction, and one process after the other: of two that start at once, the second finds it done.
    """
    with writing(engine) as db:
        hold(db, f"generations of {service}")
        now = db.execute(select(table.c.active).where(table.c.service == service)).scalar_one()
        if now == old:
            _drop(db, old + 1)
            _create(db, make, old + 1)
            switch(db, table, service, old, old + 1)
            return old + 1
        return int(now)


def drop(engine: Engine, generation: int) -> None:
    """Drop a generation that is no longer in force, with such tables as only other code knows."""
    with writing(engine) as db:
        _drop(db, generation)


def _drop(db: Connection, generation: int) -> None:
    for name in inspect(db).get_table_names():
        if name.endswith(suffix(generation)):
            db.execute(DropTable(Table(name, MetaData())))


def active(engine: Engine, table: Table, service: str) -> int:
    """The generation in force; 1 for a new database."""
    with reading(engine) as db:
        found = db.execute(select(table.c.active).where(table.c.service == service)).scalar()
    if found is not None:
        return int(found)
    with writing(engine) as db:
        upsert(db, table, [{"service": service, "active": 1}], on=("service",))
    return 1


def switch(db: Connection, table: Table, service: str, old: int, new: int) -> bool:
    """Put `new` in force instead of `old`; False if `old` was no longer in force."""
    done = db.execute(update(table).where(table.c.service == service, table.c.active == old).values(active=new))
    return done.rowcount == 1


def differences(engine: Engine, make: Make, old: int, new: int) -> list[str]:
    """The tables whose rows differ between two generations, named without their suffix."""
    first, second = MetaData(), MetaData()
    make(first, suffix(old))
    make(second, suffix(new))
    found: list[str] = []
    with reading(engine) as db:
        for left, right in zip(first.sorted_tables, second.sorted_tables, strict=True):
            if _differ(db, left, right):
                found.append(left.name.removesuffix(suffix(old)))
    return found


def _differ(db: Connection, left: Table, right: Table) -> bool:
    """Has either more rows, or the left one a row to which the right one has no equal under the same key?

    The database compares: a million rows need not come to Python for that.
    """
    sizes = [db.execute(select(func.count()).select_from(table)).scalar_one() for table in (left, right)]
    if sizes[0] != sizes[1]:
        return True
    keys = [left.c[column.name] == column for column in right.primary_key]
    others = [
        left.c[column.name].is_not_distinct_from(column) for column in right.columns if not column.primary_key
    ]  # fmt: skip
    equal = select(literal(1)).select_from(right).where(*keys, *others).correlate(left)
    return db.execute(select(literal(1)).select_from(left).where(~equal.exists()).limit(1)).first() is not None
