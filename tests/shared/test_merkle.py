"""A reader that keeps only the tree's right edge knows the same root as one that keeps every record."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.merkle import EMPTY_ROOT, HASH_BYTES, Frontier, leaf, leaf_hash, naive_root, node_hash

LEAF_HASHES = st.lists(st.binary(min_size=HASH_BYTES, max_size=HASH_BYTES), max_size=70)

# The reference tree of Certificate Transparency (RFC 6962): its leaves, and its root after each of them.
CT_LEAVES = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def frontier_of(leaf_hashes: list[bytes]) -> Frontier:
    frontier = Frontier()
    for each in leaf_hashes:
        frontier.append(each)
    return frontier


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_certificate_transparency(size: int) -> None:
    leaf_hashes = [leaf_hash(bytes.fromhex(each)) for each in CT_LEAVES[:size]]
    assert naive_root(leaf_hashes).hex() == CT_ROOTS[size]
    assert frontier_of(leaf_hashes).root().hex() == CT_ROOTS[size]


def test_the_empty_tree_has_the_hash_of_nothing_as_its_root() -> None:
    assert Frontier().root() == naive_root([]) == EMPTY_ROOT == sha256(b"").digest()


@given(LEAF_HASHES)
def test_the_frontier_agrees_with_the_definition_after_every_leaf(leaf_hashes: list[bytes]) -> None:
    frontier = Frontier()
    for size, each in enumerate(leaf_hashes, start=1):
        frontier.append(each)
        assert frontier.size == size
        assert frontier.root() == naive_root(leaf_hashes[:size])


@given(LEAF_HASHES, LEAF_HASHES)
def test_a_stored_frontier_goes_on_where_it_stopped(before: list[bytes], after: list[bytes]) -> None:
    frontier = frontier_of(before)
    resumed = Frontier.from_bytes(frontier.to_bytes())
    for each in after:
        resumed.append(each)
    assert resumed.size == len(before) + len(after)
    assert resumed.root() == naive_root(before + after)
    assert resumed.to_bytes() == frontier_of(before + after).to_bytes()
    assert frontier.size == len(before), "the one it was stored from is untouched"


def test_what_is_stored_grows_with_the_logarithm_of_the_size() -> None:
    frontier = frontier_of([bytes(32)] * 1_023)
    assert len(frontier.to_bytes()) == 8 + 32 * 10
    frontier.append(bytes(32))
    assert len(frontier.to_bytes()) == 8 + 32


@pytest.mark.parametrize(
    "stored",
    [b"", bytes(7), bytes(9), bytes(8 + 32), (1).to_bytes(8, "big"), (3).to_bytes(8, "big") + bytes(63)],
)
def test_a_damaged_frontier_is_not_read(stored: bytes) -> None:
    with pytest.raises(ValueError, match="frontier"):
        Frontier.from_bytes(stored)


def test_only_a_hash_can_be_appended() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Frontier().append(b"a record itself")


def test_a_leaf_is_position_instant_and_hash_in_48_bytes() -> None:
    written = leaf(1, 1_251_734_399_999_000, b"{}")
    assert written.hex() == (
        "0000000000000001000472722043dc1844136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )
    assert len(written) == 48


def test_a_null_value_hashes_as_no_bytes() -> None:
    assert leaf(0, 0, None) == leaf(0, 0, b"") == bytes(16) + sha256(b"").digest()


def test_a_leaf_is_never_a_node() -> None:
    left, right = sha256(b"l").digest(), sha256(b"r").digest()
    assert leaf_hash(left + right) == sha256(b"\x00" + left + right).digest()
    assert node_hash(left, right) == sha256(b"\x01" + left + right).digest()


@given(LEAF_HASHES.filter(bool), st.data())
def test_any_other_leaf_gives_another_root(leaf_hashes: list[bytes], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(leaf_hashes) - 1))
    changed = [*leaf_hashes[:at], sha256(leaf_hashes[at]).digest(), *leaf_hashes[at + 1 :]]
    assert frontier_of(changed).root() != frontier_of(leaf_hashes).root()
