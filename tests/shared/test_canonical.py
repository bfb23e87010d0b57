"""Equal documents give equal bytes, the same as any other implementation of RFC 8785 gives."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from shared.canonical import LARGEST_INTEGER, NotCanonical, encode, encode_trusted, sha256_hex

# Characters on which sorting, escaping or UTF-8 could go wrong, beside whatever hypothesis thinks of.
TRAPS = st.sampled_from('\x00\x1f\x7f\x80\u2028\u2029\ud7ff\ue000\ufb33\uffff\U00010000\U0001f600\U0010ffff"\\/<>&a')
TEXTS = st.text(TRAPS, max_size=4) | st.text(max_size=8)
INTEGERS = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
DOCUMENTS = st.recursive(
    TEXTS | INTEGERS | st.booleans(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=6),
    max_leaves=25,
)


class Level(StrEnum):
    CITY = "city"


class Entry(msgspec.Struct, omit_defaults=True):
    value: str
    target: str
    note: str | msgspec.UnsetType = msgspec.UNSET
    parts: tuple[str, ...] = ()


class Holder(msgspec.Struct):
    held: Any


@given(DOCUMENTS)
def test_the_bytes_are_those_of_an_independent_implementation(document: Any) -> None:
    assert encode(document) == rfc8785.dumps(document)


@given(DOCUMENTS)
def test_what_is_read_back_encodes_to_the_same_bytes(document: Any) -> None:
    encoded = encode(document)
    assert msgspec.json.decode(encoded) == document
    assert encode(msgspec.json.decode(encoded)) == encoded


@given(st.dictionaries(TEXTS, INTEGERS, min_size=2))
def test_the_order_in_which_members_were_added_does_not_matter(document: dict[str, int]) -> None:
    assert encode(dict(reversed(document.items()))) == encode(document)


@given(DOCUMENTS)
def test_a_document_inside_a_struct_has_the_same_bytes_as_outside(document: Any) -> None:
    assert encode(Holder(document)) == rfc8785.dumps({"held": document})


def test_the_sample_of_the_rfc_sorts_its_keys_by_utf16_code_unit() -> None:
    # RFC 8785, section 3.2.3. By code point, U+FB33 would come before the emoji.
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    assert list(msgspec.json.decode(encode(dict.fromkeys(keys, "")))) == [
        "\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33",
    ]  # fmt: skip


def test_control_characters_are_escaped_and_nothing_else_is() -> None:
    document = '\x00\b\t\n\f\r\x1f\x7f\u2028"\\/元'
    expected = r'"\u0000\b\t\n\f\r\u001f' + '\x7f\u2028\\"\\\\/元"'
    assert encode(document) == expected.encode()


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        1.5,
        -0.0,
        1e300,
        float("nan"),
        float("inf"),
        None,
        2**53,
        -(2**53),
        2**64,
        2**200,
        "\ud800",
        "a\udfffb",
    ],
)
def test_what_has_no_canonical_form_is_refused_at_any_depth(value: Any) -> None:
    places = [
        value,
        [value],
        (value,),
        {"a": value},
        {"a": [{"b": [1, "x", value]}]},
        Holder(value),
        [Holder([value])],
    ]
    for document in places:
        with pytest.raises(NotCanonical) as refused:
            encode(document)
        assert refused.value.about["why"]


@pytest.mark.parametrize(
    "value",
    [
        Decimal("1"),
        b"1",
        bytearray(b"1"),
        datetime(2009, 8, 31, tzinfo=UTC),
        msgspec.Raw(b"1.5"),
        msgspec.UNSET,
        object(),
    ],
)
def test_what_msgspec_would_write_in_a_form_of_its_own_is_refused(value: Any) -> None:
    for document in (value, {"a": value}, Holder({"a": [value]})):
        with pytest.raises(NotCanonical):
            encode(document)


@pytest.mark.parametrize("key", [1, None, True, 1.5, ("a",), "\ud800"])
def test_a_key_that_is_not_text_is_refused(key: Any) -> None:
    for document in ({key: "x"}, [{key: "x"}], {"a": {key: "x", "1": "y"}}, Holder({key: "x"})):
        with pytest.raises(NotCanonical):
            encode(document)


def test_what_is_nested_without_end_is_refused() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    shallower: Any = {"\U0001f600": "x"}  # not too deep to be written, but to be put into order
    for _ in range(800):
        shallower = [shallower]
    for document in (cycle, deep, shallower):
        with pytest.raises(NotCanonical):
            encode(document)


def test_the_largest_integers_are_kept() -> None:
    assert encode([LARGEST_INTEGER, -LARGEST_INTEGER]) == b"[9007199254740991,-9007199254740991]"


def test_a_truth_value_is_not_a_number() -> None:
    assert encode({"b": False, "a": True}) == b'{"a":true,"b":false}'


def test_members_that_are_unset_or_default_are_absent() -> None:
    assert encode(Entry("1", "A-1")) == b'{"target":"A-1","value":"1"}'
    assert encode([Entry("1", "A-1", note="迟报", parts=("x",))]) == (
        '[{"note":"迟报","parts":["x"],"target":"A-1","value":"1"}]'.encode()
    )


def test_enums_dates_and_uuids_are_their_text() -> None:
    document = [Level.CITY, date(2009, 8, 31), UUID(int=1)]
    assert encode(document) == b'["city","2009-08-31","00000000-0000-0000-0000-000000000001"]'


def test_a_trusted_struct_has_the_same_bytes_as_a_checked_one() -> None:
    entry = Entry("42.08", "医保", parts=("a", "b"))
    assert encode_trusted(entry) == encode(entry)


def test_a_trusted_struct_still_cannot_hold_half_a_character() -> None:
    with pytest.raises(NotCanonical):
        encode_trusted(Entry("1", "\ud800"))


def test_a_hash_is_lower_case_hexadecimal() -> None:
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert sha256_hex(b"x") == sha256(b"x").hexdigest()
