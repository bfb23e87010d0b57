"""Paths lead from any leaf to any root, from any size to any later one, and nowhere else."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.merkle import EMPTY_ROOT, leaf_hash, naive_root, node_hash
from shared.proofs.failures import CheckFailed, LogForked, LogShrank, NotIncluded
from shared.proofs.tree import (
    Node,
    check_consistency,
    check_inclusion,
    consistency_path,
    inclusion_path,
    root_of,
)

# The reference tree of Certificate Transparency: leaves, and proofs published for them (RFC 6962 test vectors).
CT_LEAVES = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
CT_INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CT_CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def nodes_of(leaf_hashes: list[bytes]) -> Node:
    """Nodes by the definition, from all leaves."""
    return lambda height, index: naive_root(leaf_hashes[index << height : (index + 1) << height])


def hashes(count: int) -> list[bytes]:
    return [sha256(each.to_bytes(4)).digest() for each in range(count)]


def ct_hashes(count: int) -> list[bytes]:
    return [leaf_hash(bytes.fromhex(each)) for each in CT_LEAVES[:count]]


@pytest.mark.parametrize(("index", "size"), CT_INCLUSION)
def test_inclusion_paths_are_those_of_certificate_transparency(index: int, size: int) -> None:
    path = inclusion_path(index, size, nodes_of(ct_hashes(size)))

    assert [each.hex() for each in path] == CT_INCLUSION[index, size]


@pytest.mark.parametrize(("old", "new"), CT_CONSISTENCY)
def test_consistency_paths_are_those_of_certificate_transparency(old: int, new: int) -> None:
    path = consistency_path(old, new, nodes_of(ct_hashes(new)))

    assert [each.hex() for each in path] == CT_CONSISTENCY[old, new]


def test_every_leaf_of_every_small_tree_is_proved_and_only_there() -> None:
    for size in range(1, 34):
        leaves = hashes(size)
        node, root = nodes_of(leaves), naive_root(leaves)
        assert root_of(size, node) == root
        for index in range(size):
            path = inclusion_path(index, size, node)
            check_inclusion(leaves[index], index, size, root, path)
            for elsewhere in range(size):
                if elsewhere != index:
                    with pytest.raises(NotIncluded):
                        check_inclusion(leaves[index], elsewhere, size, root, path)


def test_every_small_tree_is_shown_to_continue_every_smaller_one() -> None:
    leaves = hashes(33)
    for new in range(34):
        for old in range(new + 1):
            path = consistency_path(old, new, nodes_of(leaves[:new]))
            check_consistency(old, naive_root(leaves[:old]), new, naive_root(leaves[:new]), path)


@given(st.integers(1, 300), st.data())
@settings(max_examples=60)
def test_a_changed_inclusion_proof_proves_nothing(size: int, data: st.DataObject) -> None:
    leaves = hashes(size)
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(index, size, nodes_of(leaves))
    changed = data.draw(changes(path))

    with pytest.raises(NotIncluded):
        check_inclusion(leaves[index], index, size, naive_root(leaves), changed)


@given(st.integers(2, 300), st.data())
@settings(max_examples=60)
def test_a_changed_consistency_proof_proves_nothing(new: int, data: st.DataObject) -> None:
    leaves = hashes(new)
    old = data.draw(st.integers(1, new - 1))
    path = consistency_path(old, new, nodes_of(leaves))
    changed = data.draw(changes(path))

    with pytest.raises(LogForked):
        check_consistency(old, naive_root(leaves[:old]), new, naive_root(leaves), changed)


@given(st.integers(2, 200), st.data())
@settings(max_examples=60)
def test_no_path_joins_a_fork_to_what_was_seen_before(new: int, data: st.DataObject) -> None:
    leaves = hashes(new)
    old = data.draw(st.integers(1, new))
    rewritten = data.draw(st.integers(0, old - 1))
    fork = [*leaves[:rewritten], sha256(b"another history").digest(), *leaves[rewritten + 1 :]]
    path = consistency_path(old, new, nodes_of(fork))

    with pytest.raises(LogForked):
        check_consistency(old, naive_root(leaves[:old]), new, naive_root(fork), path)


def test_a_shorter_log_has_shrunk() -> None:
    leaves = hashes(9)

    with pytest.raises(LogShrank, match="8 records after 9"):
        check_consistency(9, naive_root(leaves), 8, naive_root(leaves[:8]), [])


@pytest.mark.parametrize(
    ("old_size", "old_root", "path"),
    [
        (0, b"\x01" * 32, []),
        (0, EMPTY_ROOT, [b"\x01" * 32]),
        (3, b"\x01" * 32, []),
        (3, naive_root(hashes(3)), [b"\x01" * 32]),
        (2, naive_root(hashes(2)), []),
    ],
)
def test_no_empty_or_needless_path_passes(old_size: int, old_root: bytes, path: list[bytes]) -> None:
    with pytest.raises(LogForked):
        check_consistency(old_size, old_root, 3, naive_root(hashes(3)), path)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_no_proof_is_made_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion_path(index, size, nodes_of(hashes(3)))
    with pytest.raises(NotIncluded):
        check_inclusion(b"\x00" * 32, index, size, EMPTY_ROOT, [])


@pytest.mark.parametrize(("old", "new"), [(4, 3), (-1, 3)])
def test_no_proof_is_made_backwards(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="does not continue"):
        consistency_path(old, new, nodes_of(hashes(3)))


def test_a_node_is_not_passed_off_as_a_record() -> None:
    leaves = hashes(4)
    inner = node_hash(leaves[0], leaves[1])

    with pytest.raises(CheckFailed):
        check_inclusion(inner, 0, 4, naive_root(leaves), [node_hash(leaves[2], leaves[3])])


def changes(path: list[bytes]) -> st.SearchStrategy[list[bytes]]:
    """The path with one byte changed, one hash missing, or one too many."""
    longer = st.integers(0, len(path)).map(lambda at: [*path[:at], b"\x07" * 32, *path[at:]])
    if not path:
        return longer
    places = st.integers(0, len(path) - 1)
    shorter = places.map(lambda at: [*path[:at], *path[at + 1 :]])

    def flipped(at: int, byte: int, by: int) -> list[bytes]:
        hashed = bytearray(path[at])
        hashed[byte] ^= by
        return [*path[:at], bytes(hashed), *path[at + 1 :]]

    return st.one_of(longer, shorter, st.builds(flipped, places, st.integers(0, 31), st.integers(1, 255)))
