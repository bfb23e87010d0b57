"""The signer's memory: every checkpoint that was signed, durable, outside every projection.

Nothing is signed that does not continue the newest of these. So whoever rewrites the log, and rebuilds everything
that is folded from it, still meets what was signed before.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, RowMapping, inspect, select

from services.evaluation.tables import SIGNED
from shared.contracts.evaluation import CheckpointSigned
from shared.sql import insert_if_absent


def remember(db: Connection, log: str, fact: CheckpointSigned) -> None:
    """Keep it, in the transaction that its fact is written in. What is remembered of a size stays."""
    row = {"log": log, "size": fact.size, "root": fact.root, "key": fact.key, "signature": fact.signature}
    insert_if_absent(db, SIGNED, [row], on=("log", "size"))


def newest(db: Connection, log: str) -> CheckpointSigned | None:
    """The one with the greatest size."""
    asked = select(SIGNED).where(SIGNED.c.log == log).order_by(SIGNED.c.size.desc()).limit(1)
    row = db.execute(asked).mappings().one_or_none()
    return None if row is None else _fact(row)


def remembered(db: Connection, log: str) -> Iterator[CheckpointSigned]:
    """All of them, by size; none in a database that was made before anything was signed."""
    if inspect(db).has_table(SIGNED.name):
        for row in db.execute(select(SIGNED).where(SIGNED.c.log == log).order_by(SIGNED.c.size)).mappings():
            yield _fact(row)


def roots(db: Connection, log: str) -> Iterator[tuple[int, bytes]]:
    """(size, root) of all of them."""
    for fact in remembered(db, log):
        yield fact.size, bytes.fromhex(fact.root)


def _fact(row: RowMapping) -> CheckpointSigned:
    return CheckpointSigned(size=int(row["size"]), root=row["root"], key=row["key"], signature=row["signature"])
