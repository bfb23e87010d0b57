"""The one way a document becomes bytes: RFC 8785, within the limits our documents keep.

Hashes, identities and pins are over these bytes, so equal documents must give equal bytes for ever and in any
language. Quantities are text, so the only numbers are integers that every JSON reader holds exactly; a member
without a value is absent, never null.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import ClassVar

import msgspec

from shared.errors import Malformed

LARGEST_INTEGER = 2**53 - 1
"""Beyond it (either sign) a reader that keeps numbers as IEEE doubles sees another number (RFC 7493)."""

_SORTED = msgspec.json.Encoder(order="sorted")
_AS_GIVEN = msgspec.json.Encoder()

# msgspec would write these in a form of its own choosing. `_as_builtin` refuses them.
_WITHOUT_ONE_FORM = (float, Decimal, datetime, time, timedelta, bytes, bytearray, memoryview)


class NotCanonical(Malformed):
    """The document holds what has no canonical form here, such as a fraction, a null or half a character."""

    zh: ClassVar[str] = "文档中含有无法规范化的内容,例如小数、空值或不完整的字符。"


def encode(value: object) -> bytes:
    """The RFC 8785 bytes of builtins or msgspec structs from anywhere; checks all of it.

    Raises NotCanonical, with `why`, for floats, null, integers beyond ±(2^53 - 1), lone surrogates, keys
    that are not text, nesting too deep for the stack, and Python values that JSON has no form for. Struct
    members that are UNSET, or omitted by default, are absent.
    """
    encoded = _encode(value)
    if not _check(value):
        return encoded
    # RFC 8785 orders keys by UTF-16 code unit, msgspec by code point; they part only above U+FFFF.
    try:
        return _AS_GIVEN.encode(_by_utf16(msgspec.json.decode(encoded)))
    except RecursionError:
        raise NotCanonical(why="nested too deeply") from None


def encode_trusted(document: msgspec.Struct | Mapping[str, object]) -> bytes:
    """The same bytes for a struct of our own contracts, or a document put together of such, without looking inside.

    The caller vouches that it holds no float, Decimal, datetime, bytes, null, integer beyond ±(2^53 - 1), or
    dict with keys above U+FFFF: nothing here would notice. Raises NotCanonical only for what msgspec cannot
    write at all. A quarter of the price of `encode`.
    """
    return _encode(document)


def sha256_hex(value: bytes) -> str:
    """SHA-256 as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(value).hexdigest()


def _encode(value: object) -> bytes:
    try:
        return _SORTED.encode(value)
    except UnicodeEncodeError:
        raise NotCanonical(why="a lone surrogate") from None
    except RecursionError:
        raise NotCanonical(why="nested too deeply") from None
    except TypeError as error:  # a key that is not text, or a type JSON has no form for
        raise NotCanonical(why=str(error)) from None


def _check(value: object) -> bool:
    """Refuse what has no canonical form; True if a key lies above U+FFFF.

    Comes after `_encode`, which has refused cycles and keys that are not text.
    """
    beyond_bmp = False
    todo: list[Iterable[object]] = [(value,)]
    for level in todo:  # grows as it is read, so no depth is too much here
        for item in level:
            if type(item) is str or type(item) is bool:
                continue
            if type(item) is dict:
                keys = "".join(item)
                if not keys.isascii() and max(keys) > "\uffff":
                    beyond_bmp = True
                todo.append(item.values())
            elif type(item) is list or type(item) is tuple:
                todo.append(item)
            elif type(item) is int:
                if not -LARGEST_INTEGER <= item <= LARGEST_INTEGER:
                    raise NotCanonical(why="an integer beyond 2^53 - 1")
            elif item is None:
                raise NotCanonical(why="null")
            else:
                todo.append((_as_builtin(item),))
    return beyond_bmp


def _as_builtin(item: object) -> object:
    """What msgspec writes for a struct, an enum, a date, a UUID …, as builtins that can be looked into."""
    if isinstance(item, _WITHOUT_ONE_FORM):
        raise NotCanonical(why=f"a {type(item).__name__}")
    try:
        plain: object = msgspec.to_builtins(item, builtin_types=_WITHOUT_ONE_FORM[1:])
    except TypeError as error:
        raise NotCanonical(why=str(error)) from None
    if type(plain) is type(item):  # a subclass that would come back for ever
        raise NotCanonical(why=f"a {type(item).__name__}")
    return plain


def _by_utf16(value: object) -> object:
    match value:
        case dict():
            keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
            return {key: _by_utf16(value[key]) for key in keys}
        case list():
            return [_by_utf16(item) for item in value]
        case _:
            return value
