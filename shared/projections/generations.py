"""Which generation of a service's projection tables is in force, and how the next one takes over.

Projection tables are disposable: they are made by code, not by migrations, once for each generation, and can be
filled again from the log at any time. A rebuild fills generation n+1 beside the running n, is switched in by one
transaction when it has read at least as far, and n is dropped after that; reads go on throughout.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, String, Table, func, literal, select, update

from shared.projections.reader import ProjectionSet
from shared.sql import reading, upsert, writing

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


def create(engine: Engine, make: Make, generation: int) -> ProjectionSet:
    """The generation's tables, made if they are missing."""
    metadata = MetaData()
    made = make(metadata, suffix(generation))
    with writing(engine) as db:
        metadata.create_all(db)
    return made


def drop(engine: Engine, make: Make, generation: int) -> None:
    """Drop a generation that is no longer in force."""
    metadata = MetaData()
    make(metadata, suffix(generation))
    with writing(engine) as db:
        metadata.drop_all(db)


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
