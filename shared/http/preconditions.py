"""What a writer must say first: which version they saw (If-Match), which request this is (Idempotency-Key).

A missing If-Match is 428: the caller skipped reading. A missing or unreadable Idempotency-Key is 422: it is
a part of the request itself, for the event's id is derived from it.
"""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header, Request

from shared.errors import Malformed, PreconditionMissing, Refusal

IDEMPOTENCY_KEY_HEADER = "Idempotency-Key"
IF_MATCH_HEADER = "If-Match"

# Visible ASCII: what every client, proxy and log shows as it is.
_KEY = re.compile(r"[!-~]{1,128}")
_STRONG_ETAG = re.compile(r'"(0|[1-9][0-9]{0,17})"')

NEEDED_HEADERS = {
    IDEMPOTENCY_KEY_HEADER: {"type": "string", "pattern": f"^{_KEY.pattern}$"},
    IF_MATCH_HEADER: {"type": "string", "pattern": f"^{_STRONG_ETAG.pattern}$"},
}
"""Their JSON Schemas. FastAPI sees them as optional, so that a missing one gets a refusal of its own."""


HEEDED_ONLY = "x-heeded-only"
"""Marks, while the document is made, a header that nobody is refused for leaving out."""


class IdempotencyKeyMissing(Malformed):
    """An Idempotency-Key header is needed, so that a repeat of this request is recognised."""

    zh = "需要 Idempotency-Key 请求头,以便识别重复提交。"


class IdempotencyKeyInvalid(Malformed):
    """An Idempotency-Key is 1 to 128 visible ASCII characters."""

    zh = "Idempotency-Key 应为1至128个可见的 ASCII 字符。"


class IfMatchMissing(PreconditionMissing):
    """An If-Match header with the ETag that you read is needed to change this."""

    zh = "修改时需要 If-Match 请求头,其值为读取时得到的 ETag。"


class IfMatchInvalid(Malformed):
    """If-Match takes one strong ETag as we gave it, a version in double quotes."""

    zh = "If-Match 只接受本系统给出的一个强 ETag,即双引号内的版本号。"


def etag(version: int) -> str:
    """The ETag of a stream version: `"3"`."""
    return f'"{version}"'


async def _idempotency_key(
    key: Annotated[
        str | None,
        Header(
            alias=IDEMPOTENCY_KEY_HEADER,
            description="1 to 128 visible ASCII characters, the same for every repeat of one request.",
            examples=["2009-07-31-unit-12"],
        ),
    ] = None,
) -> str:
    if key is None:
        raise _about(IdempotencyKeyMissing, IDEMPOTENCY_KEY_HEADER)
    if not _KEY.fullmatch(key):
        raise _about(IdempotencyKeyInvalid, IDEMPOTENCY_KEY_HEADER)
    return key


def sound_key(request: Request) -> str | None:
    """The Idempotency-Key, where there is one as it must be."""
    key = request.headers.get(IDEMPOTENCY_KEY_HEADER)
    return key if key is not None and _KEY.fullmatch(key) else None


async def _if_match(
    if_match: Annotated[
        str | None,
        Header(alias=IF_MATCH_HEADER, description="The ETag of the version that you read.", examples=['"3"']),
    ] = None,
) -> int:
    if if_match is None:
        raise _about(IfMatchMissing, IF_MATCH_HEADER)
    return _version(if_match)


async def _if_match_or_none(
    if_match: Annotated[
        str | None,
        Header(
            alias=IF_MATCH_HEADER,
            description="The ETag of the version that you read: refused where others have changed it since.",
            examples=['"3"'],
            json_schema_extra={HEEDED_ONLY: True},
        ),
    ] = None,
) -> int | None:
    return None if if_match is None else _version(if_match)


def _version(if_match: str) -> int:
    version = _STRONG_ETAG.fullmatch(if_match)
    if version is None:
        raise _about(IfMatchInvalid, IF_MATCH_HEADER)
    return int(version[1])


def _about(refusal: type[Refusal], header: str) -> Refusal:
    return refusal(faults=[refusal().fault(f"/header/{header}")])


IdempotencyKey = Annotated[str, Depends(_idempotency_key)]
IfMatch = Annotated[int, Depends(_if_match)]
"""The stream version that the caller saw."""

IfMatchOrNone = Annotated[int | None, Depends(_if_match_or_none)]
"""The same, for commands that only add to what is there: who does not say what they saw is not refused."""
