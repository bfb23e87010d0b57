"""Paths through the Merkle tree of a log (RFC 6962, section 2.1; RFC 9162): made from nodes, checked from hashes.

Sizes count leaves; an index is a leaf's 0-based place, which for our logs is the record's position.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shared.merkle import EMPTY_ROOT, node_hash
from shared.proofs.failures import LogForked, LogShrank, NotIncluded

Node = Callable[[int, int], bytes]
"""`node(height, index)`: the hash of the complete sub-tree of 2**height leaves that begins at index * 2**height."""


def root_of(size: int, node: Node) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return _range_root(0, size, node) if size else EMPTY_ROOT


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """What hashes the leaf at `index` up to the root at `size`: siblings from the leaf's upwards.

    Raises ValueError unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of size {size} has no leaf {index}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_root(middle, end, node))
            end = middle
        else:
            path.append(_range_root(start, middle, node))
            start = middle
    path.reverse()
    return path


def consistency_path(old: int, new: int, node: Node) -> list[bytes]:
    """What shows that the tree of size `new` begins with the one of size `old`; empty for equal sizes and for 0.

    Raises ValueError unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of size {new} does not continue one of size {old}")
    if old in (0, new):
        return []
    path: list[bytes] = []
    start, end = 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_root(middle, end, node))
            end = middle
        else:
            path.append(_range_root(start, middle, node))
            start = middle
    if start:  # else what is left is the old tree itself, whose root the verifier holds
        path.append(_range_root(start, end, node))
    path.reverse()
    return path


def root_from_inclusion(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root at which the path arrives. Raises NotIncluded for a path whose length cannot fit."""
    if not 0 <= index < size:
        raise NotIncluded(f"a log of {size} records has no position {index}")
    at, last = index, size - 1
    reached = leaf_hash
    for sibling in path:
        if last == 0:
            raise NotIncluded("the path is too long")
        if at & 1 or at == last:
            reached = node_hash(sibling, reached)
            while not at & 1 and at:  # on the right edge some levels have no sibling
                at >>= 1
                last >>= 1
        else:
            reached = node_hash(reached, sibling)
        at >>= 1
        last >>= 1
    if last:
        raise NotIncluded("the path is too short")
    return reached


def check_inclusion(leaf_hash: bytes, index: int, size: int, root: bytes, path: Sequence[bytes]) -> None:
    """Raises NotIncluded unless the path shows this leaf at `index` in the tree of this size and root."""
    if root_from_inclusion(leaf_hash, index, size, path) != root:
        raise NotIncluded(f"position {index}, log of {size} records")


def check_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """Raises LogShrank or LogForked unless the path shows that the new tree begins with the old one."""
    if new_size < old_size:
        raise LogShrank(f"{new_size} records after {old_size}")
    if old_size == 0 or old_size == new_size:
        expected = EMPTY_ROOT if old_size == 0 else new_root
        if path or old_root != expected:
            raise LogForked(f"at size {old_size}")
        return
    if _roots_from_consistency(old_size, old_root, new_size, path) != (old_root, new_root):
        raise LogForked(f"between sizes {old_size} and {new_size}")


def _roots_from_consistency(
    old_size: int, old_root: bytes, new_size: int, path: Sequence[bytes]
) -> tuple[bytes, bytes] | None:
    """The two roots at which a path arrives (RFC 9162, 2.1.4.2), 0 < old_size < new_size; None if it cannot fit."""
    # When the old tree is one complete sub-tree the path leaves it out: the verifier holds its root.
    hashes = [old_root, *path] if old_size & (old_size - 1) == 0 else list(path)
    if not hashes:
        return None
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at >>= 1
        last >>= 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            old = node_hash(sibling, old)
            new = node_hash(sibling, new)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        at >>= 1
        last >>= 1
    return (old, new) if last == 0 else None


def _split(count: int) -> int:
    """The largest power of two below `count` (at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)


def _range_root(start: int, end: int, node: Node) -> bytes:
    """The root over the leaves [start, end), as they occur in the tree: `start` is a multiple of the first split."""
    count = end - start
    if count & (count - 1) == 0:
        height = count.bit_length() - 1
        return node(height, start >> height)
    half = _split(count)
    height = half.bit_length() - 1
    return node_hash(node(height, start >> height), _range_root(start + half, end, node))
