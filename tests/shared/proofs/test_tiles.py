"""Tiles hold the whole tree, grow only at its right edge, and are asked for a handful at a time."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.merkle import HASH_BYTES, Frontier, naive_root
from shared.proofs.tiles import TILE_BYTES, WIDTH, TileNodes, TileTooShort, extended, tiles_of
from shared.proofs.tree import check_consistency, check_inclusion, consistency_path, inclusion_path, root_of


class Shelf:
    """Tiles in a dictionary, with a count of what was fetched."""

    def __init__(self) -> None:
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.size = 0
        self.fetched: list[tuple[int, int]] = []

    def fetch(self, level: int, index: int) -> bytes:
        self.fetched.append((level, index))
        return self.tiles[level, index]

    def append(self, leaf_hashes: list[bytes]) -> None:
        for level, index, hashes in extended(self.size, leaf_hashes, self.fetch):
            self.tiles[level, index] = hashes
        self.size += len(leaf_hashes)


LEAVES = [sha256(each.to_bytes(4)).digest() for each in range(70_000)]


@pytest.fixture(scope="module")
def large() -> Shelf:
    shelf = Shelf()
    shelf.append(LEAVES)
    return shelf


def test_the_tiles_of_70_000_leaves_are_those_of_the_specification(large: Shelf) -> None:
    level_0 = [len(tile) // HASH_BYTES for (level, _), tile in large.tiles.items() if level == 0]
    level_1 = [len(tile) // HASH_BYTES for (level, _), tile in large.tiles.items() if level == 1]
    level_2 = [len(tile) // HASH_BYTES for (level, _), tile in large.tiles.items() if level == 2]

    assert (level_0, level_1, level_2) == ([WIDTH] * 273 + [112], [WIDTH, 17], [1])
    assert {(level, index): len(tile) // HASH_BYTES for (level, index), tile in large.tiles.items()} == {
        (level, index): width for level, index, width in tiles_of(70_000)
    }


def test_a_tree_of_256_leaves_has_one_full_tile_and_one_hash_above() -> None:
    assert list(tiles_of(256)) == [(0, 0, 256), (1, 0, 1)]


@given(st.lists(st.integers(0, 700), max_size=6))
@settings(max_examples=40)
def test_the_tiles_do_not_tell_in_how_many_steps_a_log_grew(steps: list[int]) -> None:
    shelf, at_once = Shelf(), Shelf()
    for step in steps:
        shelf.append(LEAVES[shelf.size : shelf.size + step])
    at_once.append(LEAVES[: sum(steps)])

    assert shelf.tiles == at_once.tiles
    assert root_of(shelf.size, TileNodes(shelf.fetch)) == naive_root(LEAVES[: shelf.size])


@given(st.integers(0, 70_000))
@settings(max_examples=40)
def test_every_earlier_root_is_still_there(large: Shelf, size: int) -> None:
    frontier = Frontier()
    for each in LEAVES[:size]:
        frontier.append(each)

    assert root_of(size, TileNodes(large.fetch)) == frontier.root()


@given(st.integers(1, 70_000), st.data())
@settings(max_examples=60)
def test_any_proof_at_any_size_is_made_from_tiles(large: Shelf, size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))
    node = TileNodes(large.fetch)
    root = root_of(size, node)

    check_inclusion(LEAVES[index], index, size, root, inclusion_path(index, size, node))
    check_consistency(old, root_of(old, node), size, root, consistency_path(old, size, node))


def test_a_proof_needs_one_or_two_tiles_a_level_and_each_once(large: Shelf) -> None:
    large.fetched.clear()
    inclusion_path(12_345, 70_000, TileNodes(large.fetch))

    assert len(large.fetched) == len(set(large.fetched)) <= 2 * 3


def test_appending_asks_only_for_the_open_tiles_that_grow() -> None:
    shelf = Shelf()
    shelf.append(LEAVES[:300])
    shelf.fetched.clear()
    shelf.append(LEAVES[300:301])
    assert shelf.fetched == [(0, 1)]
    shelf.fetched.clear()
    shelf.append(LEAVES[301:512])
    assert shelf.fetched == [(0, 1), (1, 0)]
    shelf.fetched.clear()
    shelf.append([])
    assert shelf.fetched == []


def test_what_an_open_tile_holds_beyond_the_size_is_written_over() -> None:
    ahead, shelf = Shelf(), Shelf()
    ahead.append(LEAVES[:100])
    for level, index, hashes in extended(60, LEAVES[60:90], ahead.fetch):
        shelf.tiles[level, index] = hashes

    assert shelf.tiles == {(0, 0): b"".join(LEAVES[:90])}


def test_a_tile_that_was_cut_is_told_by_name(large: Shelf) -> None:
    cut = dict(large.tiles)
    cut[0, 3] = cut[0, 3][: TILE_BYTES // 2]

    with pytest.raises(TileTooShort, match="tile 0/3"):
        inclusion_path(3 * WIDTH, 70_000, TileNodes(lambda level, index: cut[level, index]))
    with pytest.raises(TileTooShort, match="tile 0/0"):
        extended(200, LEAVES[200:201], lambda _level, _index: b"\x00" * 32)


def test_a_leafs_hash_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        extended(0, [b"short"], large_never)


def large_never(level: int, index: int) -> bytes:
    raise AssertionError(f"tile {level}/{index} is not needed")
