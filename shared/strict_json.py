"""JSON that says each thing once (RFC 7493): UTF-8 without a byte order mark, no member twice, no NaN.

Decoders take the last of two members of one name, so two readers of one body may believe different things.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from shared.errors import Fault, Malformed


class NotJson(Malformed):
    """The body is not JSON in UTF-8."""

    zh = "请求体不是 UTF-8 编码的 JSON。"


class MemberRepeated(Malformed):
    """An object names one member twice."""

    zh = "对象中有重名的成员。"


class _Repeating(dict[str, Any]):
    """An object that names `names` more than once."""

    names: tuple[str, ...] = ()


def refuse_unsound(body: bytes) -> None:
    """NotJson, or MemberRepeated with a pointer to each member that is named again."""
    repeating: list[_Repeating] = []

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        names = [name for name, _ in pairs]
        marked = _Repeating(found)
        marked.names = tuple(name for name in found if names.count(name) > 1)
        repeating.append(marked)
        return marked

    try:
        whole = json.loads(body.decode("utf-8"), object_pairs_hook=made, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise not_json(str(error)) from None
    if repeating:
        raise MemberRepeated(faults=[MemberRepeated().fault(pointer) for pointer in _named_twice(whole, "")])


def not_json(why: str) -> NotJson:
    """The refusal, with what the decoder said."""
    return NotJson(faults=[Fault("", "JSON_INVALID", f"{why}.", "不是有效的 JSON。")])


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _named_twice(value: Any, pointer: str) -> Iterator[str]:
    if isinstance(value, _Repeating):
        for name in value.names:
            yield f"{pointer}/{escaped(name)}"
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _named_twice(inner, f"{pointer}/{escaped(name)}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _named_twice(inner, f"{pointer}/{at}")


def escaped(name: str) -> str:
    """A name as a part of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
