"""The tree stored as tiles (C2SP tlog-tiles): any proof of any size needs a handful of them.

The tile (level, index) holds up to 256 hashes side by side, those of the sub-trees of 256**level leaves numbered
256*index and following. A tile with fewer is open; when it is full, its own root goes into the tile above.
Whoever keeps the tiles writes down what `extended` returns and hands `TileNodes` a way to fetch them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from hashlib import sha256

from shared.merkle import HASH_BYTES

HEIGHT = 8
WIDTH = 1 << HEIGHT
"""Hashes in a full tile."""

TILE_BYTES = WIDTH * HASH_BYTES
_PAIR = 2 * HASH_BYTES

Fetch = Callable[[int, int], bytes]
"""`fetch(level, index)`: the hashes of a tile, as many as are stored. What it raises for a missing one goes through."""

Tile = tuple[int, int, bytes]
"""level, index, hashes side by side."""


class TileTooShort(LookupError):
    """A stored tile lacks hashes that the tree of this size has."""


class TileNodes:
    """The nodes of a tree (`shared.proofs.tree.Node`) from its tiles.

    Tiles and nodes once needed are remembered: make one for each proof, or for a few at the same size.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._nodes: dict[tuple[int, int], bytes] = {}

    def __call__(self, height: int, index: int) -> bytes:
        """The hash of that sub-tree. Raises TileTooShort, and what fetching raises."""
        found = self._nodes.get((height, index))
        if found is None:
            found = self._nodes[height, index] = self._hashed(height, index)
        return found

    def _hashed(self, height: int, index: int) -> bytes:
        level, above = divmod(height, HEIGHT)
        tile, at = divmod(index << above, WIDTH)  # the first of 2**above hashes of this level, all within one tile
        row = _rows(self._tile(level, tile))[above]
        begin = (at >> above) * HASH_BYTES
        found = row[begin : begin + HASH_BYTES]
        if len(found) < HASH_BYTES:
            raise TileTooShort(f"tile {level}/{tile} lacks node {at >> above} of height {above}")
        return found

    def _tile(self, level: int, index: int) -> bytes:
        found = self._tiles.get((level, index))
        if found is None:
            found = self._tiles[level, index] = self._fetch(level, index)
        return found


def extended(size: int, leaf_hashes: Iterable[bytes], fetch: Fetch) -> list[Tile]:
    """The tiles that change when leaf hashes are appended to a tree of `size` leaves, lowest level first.

    Each is whole, to be written over the open one if there is one. `fetch` is asked only for the open tile of each
    level that grows; what lies in it beyond `size` is ignored. Raises TileTooShort, and what fetching raises.
    """
    changed: list[Tile] = []
    level, fresh = 0, b"".join(leaf_hashes)
    if len(fresh) % HASH_BYTES:
        raise ValueError(f"a leaf's hash has {HASH_BYTES} bytes")
    while fresh:
        index, held = divmod(size >> (HEIGHT * level), WIDTH)
        hashes = _held(level, index, held, fetch) + fresh
        completed: list[bytes] = []
        for begin in range(0, len(hashes), TILE_BYTES):
            tile = hashes[begin : begin + TILE_BYTES]
            changed.append((level, index + begin // TILE_BYTES, tile))
            if len(tile) == TILE_BYTES:
                completed.append(_root(tile))
        level, fresh = level + 1, b"".join(completed)
    return changed


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """Every tile of a tree of this size: level, index and how many hashes it holds."""
    level = 0
    while count := size >> (HEIGHT * level):
        full, open_width = divmod(count, WIDTH)
        yield from ((level, index, WIDTH) for index in range(full))
        if open_width:
            yield level, full, open_width
        level += 1


def _held(level: int, index: int, held: int, fetch: Fetch) -> bytes:
    if not held:
        return b""
    tile = fetch(level, index)
    if len(tile) < held * HASH_BYTES:
        raise TileTooShort(f"tile {level}/{index} has {len(tile)} bytes, {held * HASH_BYTES} are needed")
    return tile[: held * HASH_BYTES]


@lru_cache(maxsize=128)
def _rows(tile: bytes) -> tuple[bytes, ...]:
    """The complete nodes within a tile: its hashes, the nodes above them, and so on.

    Kept by the tile's very bytes, so that what was remembered never hides a tile changed since: most proofs at one size
    share the tiles of the upper levels and of the right edge. At most 16 KiB each.
    """
    rows = [tile]
    for _ in range(HEIGHT - 1):
        rows.append(_above(rows[-1]))
    return tuple(rows)


def _root(hashes: bytes) -> bytes:
    """The root over a power of two of hashes."""
    while len(hashes) > HASH_BYTES:
        hashes = _above(hashes)
    return hashes


def _above(row: bytes) -> bytes:
    """The next row of a tree; a last hash without a neighbour goes nowhere.

    Most of a proof's time is spent here. A row is one string of bytes, so that two neighbours are one slice of it.
    """
    return b"".join([sha256(b"\x01" + row[at : at + _PAIR]).digest() for at in range(0, len(row) - HASH_BYTES, _PAIR)])
