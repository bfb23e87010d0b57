"""A service's database copied into another one, SQLite into PostgreSQL: how an installation outgrows one process.

Everything is copied, read models included, so that the service stands afterwards where it stood before, and proves
that it may go on when its log has been reopened in Kafka.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, Table, func, insert, inspect, select, text

import services.evaluation.main
import services.projects.main
import services.targets.main
from shared.projections import ProjectionSet, generations
from shared.projections.generations import generations_table
from shared.sql import migrate, reading, writing
from shared.starting import StartRefused

TABLES: dict[str, Callable[[MetaData, str], ProjectionSet]] = {
    "targets": services.targets.main.tables,
    "projects": services.projects.main.tables,
    "evaluation": services.evaluation.main.tables,
}
_AT_ONCE = 500


class MoveRefused(StartRefused):
    """The database cannot be moved; the message is one sentence that says what to do."""


def move(service: str, source: Engine, target: Engine) -> Iterator[tuple[str, int]]:
    """Copy every table of a service into an empty database, all or nothing; (table, rows) as each is done.

    Both are brought to the newest migration first. MoveRefused when the target holds anything,
    and when the source's read models have another form than this program's.
    """
    for engine in (source, target):
        migrate(engine, Path(__file__).parents[1] / service / "migrations", f"{service}_migrations")
    generation = generations.active(source, generations_table(MetaData()), service)
    if not generations.has_form(source, TABLES[service], generation):
        raise MoveRefused(
            f"The read models of {service} were made by another program: run `jikao rebuild --service {service}` on "
            "the data directory first."
        )
    generations.create(target, TABLES[service], generation)
    metadata = MetaData()
    metadata.reflect(target)
    made = {f"{service}_migrations", generations.form_table(MetaData(), generations.suffix(generation)).name}
    tables = [table for table in metadata.sorted_tables if table.name not in made]
    with reading(source) as old, writing(target) as new:
        missing = set(inspect(old).get_table_names()) - {table.name for table in metadata.sorted_tables}
        if left := sorted(name for name in missing if not _is_of_another_generation(name, generation)):
            raise MoveRefused(
                f"The database of {service} has tables that this program does not know: {', '.join(left)}."
            )
        for table in tables:
            if new.execute(select(table).limit(1)).first() is not None:
                raise MoveRefused(
                    f"The database that JIKAO_DATABASE_URL names is not empty ({table.name} has rows): name a new one."
                )
        for table in tables:
            yield table.name, _copied(old, new, table)


def _copied(old: Connection, new: Connection, table: Table) -> int:
    rows = 0
    for part in old.execution_options(yield_per=_AT_ONCE).execute(select(table)).mappings().partitions():
        new.execute(insert(table), [dict(row) for row in part])
        rows += len(part)
    for column in table.primary_key.columns:
        if rows and new.dialect.name == "postgresql" and column.server_default is not None:
            # What counts by itself goes on after the rows that came with their own numbers.
            count_on = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)")
            last = new.execute(select(func.max(column))).scalar()
            new.execute(count_on, {"table": table.name, "column": column.name, "last": last})
    return rows


def _is_of_another_generation(name: str, generation: int) -> bool:
    return any(name.endswith(generations.suffix(other)) for other in (generation - 1, generation + 1))
