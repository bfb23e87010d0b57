"""The Merkle tree over a log: whoever holds a root can tell whether the records below it are still the same.

Hashing is that of RFC 6962 (section 2.1), so outside tools can check our roots. To go on, a reader needs only
the tree's right edge, so that is all it keeps.
"""

import struct
from collections.abc import Sequence
from hashlib import sha256
from typing import Self

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without leaves (RFC 6962)."""

_LEAF = struct.Struct(">QQ32s")
_SIZE = struct.Struct(">Q")


def leaf(position: int, recorded_at: int, value: bytes | None) -> bytes:
    """The 48 bytes that stand for a record: position, recorded_at, sha256(value).

    Both integers are unsigned, 64 bits, big-endian; recorded_at is in microseconds, the log's non-decreasing
    one. A null value hashes as no bytes at all.
    """
    return _LEAF.pack(position, recorded_at, sha256(value or b"").digest())


def unpacked(leaf: bytes) -> tuple[int, int, bytes]:
    """What the 48 bytes say: position, recorded_at, sha256(value). Raises ValueError unless there are 48."""
    if len(leaf) != _LEAF.size:
        raise ValueError(f"a leaf has {_LEAF.size} bytes, not {len(leaf)}")
    position, recorded_at, value_sha256 = _LEAF.unpack(leaf)
    return position, recorded_at, value_sha256


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf; its 0x00 keeps a leaf from ever being passed off as a node (0x01)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two sub-trees."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a tree: the roots of its complete sub-trees, left to right, one per bit of `size`.

    Appending costs one hash on average, a root at most log2(size) of them, and the stored form takes at most
    8 + 32 * (log2(size) + 1) bytes.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def append(self, leaf_hash: bytes) -> None:
        """Add the next leaf by its hash. Raises ValueError unless it has 32 bytes."""
        if len(leaf_hash) != HASH_BYTES:
            raise ValueError(f"a leaf's hash has {HASH_BYTES} bytes, not {len(leaf_hash)}")
        peak, carry = leaf_hash, self.size
        while carry & 1:  # like adding one to a binary number: equal sub-trees to the left merge
            peak = node_hash(self._peaks.pop(), peak)
            carry >>= 1
        self._peaks.append(peak)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def to_bytes(self) -> bytes:
        """Size (u64, big-endian), then the sub-trees' roots from left to right."""
        return _SIZE.pack(self.size) + b"".join(self._peaks)

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """The frontier that `to_bytes` stored. Raises ValueError if its length cannot fit its size."""
        if len(stored) < _SIZE.size:
            raise ValueError("a stored frontier begins with its size")
        frontier = cls()
        (frontier.size,) = _SIZE.unpack_from(stored)
        if len(stored) != _SIZE.size + HASH_BYTES * frontier.size.bit_count():
            raise ValueError(f"a frontier of size {frontier.size} cannot have {len(stored)} bytes")
        frontier._peaks = [stored[at : at + HASH_BYTES] for at in range(_SIZE.size, len(stored), HASH_BYTES)]
        return frontier


def naive_root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root by the definition in RFC 6962, from all leaves: what Frontier is measured against."""
    size = len(leaf_hashes)
    if size == 0:
        return EMPTY_ROOT
    if size == 1:
        return leaf_hashes[0]
    split = 1 << ((size - 1).bit_length() - 1)  # the largest power of two below size
    return node_hash(naive_root(leaf_hashes[:split]), naive_root(leaf_hashes[split:]))
