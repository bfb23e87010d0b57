"""Small values as text that callers hand back unread: base64url of JSON, with a check-sum against slips.

It guards against cut or mixed-up text, not against forgery: whoever builds one sees no more than their
scope allows.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TypeVar

import msgspec

Value = TypeVar("Value", bound=msgspec.Struct)

_CHECK_BYTES = 4
_MAX_TEXT = 4096


def encode(value: msgspec.Struct) -> str:
    """The text of a value."""
    body = msgspec.json.encode(value, order="sorted")
    return base64.urlsafe_b64encode(_check(body) + body).decode("ascii").rstrip("=")


def decode(text: str, kind: type[Value]) -> Value:
    """The value of a text that `encode` wrote; ValueError for any other text."""
    if len(text) > _MAX_TEXT:
        raise ValueError("too long")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    check, body = raw[:_CHECK_BYTES], raw[_CHECK_BYTES:]
    if check != _check(body):
        raise ValueError("the check-sum differs")
    value = msgspec.json.decode(body, type=kind)  # msgspec.ValidationError is a ValueError
    if encode(value) != text:
        raise ValueError("not the one way to write it")
    return value


def _check(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()[:_CHECK_BYTES]
