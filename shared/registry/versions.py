"""The registry on two axes in SQL: one row a version, with [known_from, known_until) in positions.

"What stood, as known at position P" is the set of rows with known_from <= P < known_until; `load` makes a
`Registry` of it. Rows are never changed but for closing `known_until`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Date,
    Index,
    LargeBinary,
    MetaData,
    Select,
    Table,
    bindparam,
    func,
    insert,
    select,
    update,
)

from shared.registry.fold import Change
from shared.registry.registry import Registry
from shared.registry.rows import KINDS
from shared.sql import Code

STILL = 2**63 - 1
"""`known_until` of what still stands."""

_DECODERS = {kind: msgspec.json.Decoder(model) for kind, model in KINDS.items()}


def versions_table(metadata: MetaData, suffix: str) -> Table:
    """The table, one for each generation of a service's projections."""
    name = f"registry_versions{suffix}"
    return Table(
        name,
        metadata,
        Column("log", Code(64), primary_key=True),
        Column("kind", Code(16), primary_key=True),
        Column("id", Code(64), primary_key=True),
        Column("effective_on", Date, primary_key=True),
        Column("known_from", BigInteger, primary_key=True),
        Column("known_until", BigInteger, nullable=False),
        Column("body", LargeBinary, nullable=False),
        CheckConstraint("known_from < known_until", name=f"ck_{name}_known"),
        Index(f"ix_{name}_known", "log", "known_from"),
    )


def write(db: Connection, table: Table, log: str, changed: Iterable[tuple[int, Change]]) -> None:
    """Store the changes, each with the position of its fact, in the order of the log."""
    close = (
        update(table)
        .where(
            table.c.log == bindparam("b_log"),
            table.c.kind == bindparam("b_kind"),
            table.c.id == bindparam("b_id"),
            table.c.effective_on == bindparam("b_on"),
            table.c.known_until == STILL,
        )
        .values(known_until=bindparam("b_position"))
    )
    pending: dict[tuple[str, str, object], dict[str, object]] = {}
    closing: list[dict[str, object]] = []
    new: list[dict[str, object]] = []
    for position, change in changed:
        key = (change.kind, change.id, change.effective_on)
        if key in pending:  # opened and closed within this batch
            pending[key]["known_until"] = position
        else:
            closing.append({"b_log": log, "b_kind": change.kind, "b_id": change.id, "b_on": change.effective_on,
                            "b_position": position})  # fmt: skip
        row = {"log": log, "kind": change.kind, "id": change.id, "effective_on": change.effective_on,
               "known_from": position, "known_until": STILL, "body": msgspec.json.encode(change.row)}  # fmt: skip
        pending[key] = row
        new.append(row)
    if new:
        db.execute(close, closing)
        db.execute(insert(table), new)


def load(
    db: Connection, table: Table, log: str, known_at: int, earlier: tuple[int, Registry] | None = None
) -> Registry:
    """The registry as known at a position.

    With `earlier`, a registry as known at a position before, only what was said since is read: a version is closed by
    one of the same thing and date, which takes its place.
    """
    since, registry = (-1, Registry()) if earlier is None else (earlier[0], earlier[1].copy())
    found = db.execute(
        select(table.c.kind, table.c.id, table.c.effective_on, table.c.known_from, table.c.body)
        .where(table.c.log == log, table.c.known_from > since, table.c.known_from <= known_at)
        .where(table.c.known_until > known_at)
        .order_by(table.c.known_from, table.c.kind, table.c.id, table.c.effective_on)
    )
    for kind, id, effective_on, position, body in found:
        registry.put(kind, id, effective_on, _DECODERS[kind].decode(body), position)
    return registry


def last_change(db: Connection, table: Table, log: str, known_at: int) -> int:
    """The position of the latest fact of the registry at or before `known_at`; -1 if there is none.

    Two questions between which nothing changed share one registry, so this is what a cache is keyed by.
    """
    found = db.execute(_last_change(table), {"log": log, "at": known_at}).scalar()
    return -1 if found is None else int(found)


@lru_cache
def _last_change(table: Table) -> Select[Any]:
    c = table.c
    return select(func.max(c.known_from)).where(c.log == bindparam("log"), c.known_from <= bindparam("at"))
