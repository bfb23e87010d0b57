"""The Jikao-Token: hands a caller's own write back to a read, which then waits until it can see it."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
from fastapi import Depends, Header, Query

from shared.errors import Malformed
from shared.http import opaque

TOKEN_HEADER = "Jikao-Token"
POSITION_HEADER = "Jikao-Position"
WRITTEN_HEADERS = {
    TOKEN_HEADER: {"description": "For `after=`, to read what this wrote.", "schema": {"type": "string"}},
    "ETag": {"description": "The version of what was written, for `If-Match`.", "schema": {"type": "string"}},
}
"""What the answer to a command carries, for the API's document."""

DEFAULT_WAIT_SECONDS = 5
MAX_WAIT_SECONDS = 30

_WAIT = re.compile(r"wait\s*=\s*\"?([0-9]{1,9})\"?")


class FreshnessTokenInvalid(Malformed):
    """This is not a Jikao-Token as we gave it."""

    zh = "这不是本系统给出的 Jikao-Token。"


class Written(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="written"):
    """In the log already: the record at `offset` of `partition` in the topic of that `incarnation`."""

    log: str
    incarnation: str
    partition: int
    offset: int


class Unsent(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="unsent"):
    """Accepted, but still in an outbox: the event of this id will come to the log."""

    log: str
    event_id: str


Token = Written | Unsent


class _Text(msgspec.Struct, frozen=True):
    t: Written | Unsent


def encode_token(token: Token) -> str:
    """The text of a token, for the Jikao-Token header."""
    return opaque.encode(_Text(token))


def decode_token(text: str, pointer: str = "/query/after") -> Token:
    """The token of a text; FreshnessTokenInvalid, naming `pointer`, for any text that is none."""
    try:
        return opaque.decode(text, _Text).t
    except ValueError as error:
        fault = FreshnessTokenInvalid().fault(pointer)
        raise FreshnessTokenInvalid(faults=[fault]) from error


async def _after(
    after: Annotated[
        str | None,
        Query(description="A Jikao-Token: the answer waits until it includes what that token was given for."),
    ] = None,
) -> Token | None:
    return None if after is None else decode_token(after)


async def _wait(
    prefer: Annotated[
        str | None,
        Header(
            description="`wait=<seconds>` (RFC 7240), for `after`: 5 unless asked, 30 at most.",
            examples=["wait=10"],
        ),
    ] = None,
) -> int:
    return wait_seconds(prefer)


def wait_seconds(prefer: str | None) -> int:
    """Seconds to wait at most; a preference we cannot read is no preference (RFC 7240, section 2)."""
    for preference in re.split(r"[,;]", prefer or ""):
        if asked := _WAIT.fullmatch(preference.strip().lower()):
            return min(int(asked[1]), MAX_WAIT_SECONDS)
    return DEFAULT_WAIT_SECONDS


After = Annotated[Token | None, Depends(_after)]
Wait = Annotated[int, Depends(_wait)]
