"""The Merkle tree of each log, as tiles: durable, grown with the archive, and all that a proof needs.

A tile is written over until it is full, and then never again. A proof of any record at any size reads a handful.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from sqlalchemy import Connection, Select, Table, bindparam, select

from services.evaluation.tables import TILES
from shared.proofs.tiles import Fetch, TileNodes, extended
from shared.sql import upsert


class TileMissing(LookupError):
    """A tile that the tree of this size has is not stored."""


def grow(db: Connection, log: str, size: int, leaf_hashes: Iterable[bytes], table: Table = TILES) -> None:
    """Append leaf hashes to a tree that has `size` leaves. TileMissing, TileTooShort when it has fewer.

    A rebuild may go over what the running reader has appended meanwhile: no tile gets shorter by that.
    """
    upsert(db, table, [
        {"log": log, "level": level, "tile": tile, "hashes": hashes}
        for level, tile, hashes in extended(size, leaf_hashes, _stored(db, log, table))
    ], on=("log", "level", "tile"), longer="hashes")  # fmt: skip


def tree(db: Connection, log: str, table: Table = TILES) -> TileNodes:
    """The nodes of a log's tree, as this transaction sees it; for one proof or a few."""
    return TileNodes(_stored(db, log, table))


def _stored(db: Connection, log: str, table: Table) -> Fetch:
    one = _one_of(table)

    def fetch(level: int, tile: int) -> bytes:
        hashes: bytes | None = db.execute(one, {"of": log, "at_level": level, "at_tile": tile}).scalar()  # type: ignore[assignment]
        if hashes is None:
            raise TileMissing(f"tile {level}/{tile} of log {log} is not stored")
        return bytes(hashes)

    return fetch


@cache
def _one_of(table: Table) -> Select[tuple[bytes]]:
    """One tile. Built once: a proof reads five, and building the statement takes longer than running it."""
    c = table.c
    return select(c.hashes).where(
        c.log == bindparam("of"), c.level == bindparam("at_level"), c.tile == bindparam("at_tile")
    )
