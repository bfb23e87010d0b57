"""The log itself, record by record, with what its proofs are made of."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from sqlalchemy import Engine, select

from services.evaluation.read_models.archive import archived
from shared.http.answers import asking
from shared.http.asking import AskedDep
from shared.http.fields import WholeNumber
from shared.identity.http import WholeJurisdictionOnly
from shared.sql import reading

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}", tags=["evaluation"])

READERS = ("auditor", "office", "leader", "inspector", "certifier")
"""Who may see everything, and so the records and what proves them."""
NDJSON = "application/x-ndjson"
EXPORTED = '{"position":0,"offset":0,"recorded_at":1251681060000000,"value":"c3ludGhldGljIDA="}\n'
EXPORTED_AT_ONCE = 50
"""Records in memory at once: 60 MB in base64 at most, if all were of the largest size."""
MOST_BYTES = 8 * 2**20
"""Stored bytes in one answer, beyond which the next page goes on."""


class RecordShown(BaseModel):
    """One record. The leaf is position ‖ recorded_at ‖ sha256(value): 8, 8 and 32 bytes, hashed as in RFC 6962."""

    position: int
    offset: int = Field(description="Where it lies in its partition of the log.")
    recorded_at: int = Field(description="Microseconds since 1970, as in the leaf.")
    status: Literal["counted", "refused", "duplicate", "reused", "invalid", "foreign"] = Field(
        description="What became of it; `refused`: a submission none of whose entries counted."
    )
    value: str | None = Field(description="The stored bytes, base64; null for a record without a value.")
    text: str | None = Field(description="The same as text, where the bytes are UTF-8.")
    leaf_hash: str
    root: str = Field(description="Root of the tree of all records up to and with this one.")


class RecordPage(BaseModel):
    """Records in order; `next_position` is where the next page begins, null at the end."""

    log: str
    items: list[RecordShown]
    next_position: int | None


@router.get("/records", responses=asking(WholeJurisdictionOnly))
def list_records(
    asked: AskedDep,
    from_position: Annotated[WholeNumber, Query(ge=0, lt=2**53, description="The first position that is wanted.")] = 0,
    limit: Annotated[WholeNumber, Query(ge=1, le=1000, description="Records in this page, at most.")] = 100,
) -> RecordPage:
    """Raw records with their leaf hashes and the running root, up to `known_at`. Everyone who may see everything.

    A page may hold fewer records than asked for when they are large; `next_position` goes on from there.
    """
    asked.permit_whole(*READERS)
    with asked.view() as view:
        log, last = view.standpoint.log, view.standpoint.position
        up_to = min(last, from_position + limit - 1)
        core = view.tables.core.records
        about = {
            row.position: row
            for row in view.db.execute(
                select(core).where(core.c.log == log, core.c.position >= from_position, core.c.position <= up_to)
            )
        }
        items: list[RecordShown] = []
        size = 0
        for record in archived(view.db, log, first=from_position, up_to=up_to):
            size += len(record.value or b"")
            if items and size > MOST_BYTES:
                break
            folded = about[record.position]
            items.append(
                RecordShown(
                    position=record.position, offset=record.offset, recorded_at=record.recorded_at,
                    status=folded.status, value=_base64(record.value), text=_text(record.value),
                    leaf_hash=bytes(folded.leaf_hash).hex(), root=bytes(folded.root).hex(),
                )
            )  # fmt: skip
    following = items[-1].position + 1 if items else last + 1
    return RecordPage(log=log, items=items, next_position=following if following <= last else None)


@router.get(
    "/records/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "One JSON object a line, in the order of the log.",
            "content": {NDJSON: {"schema": {"type": "string"}, "example": EXPORTED}},
        },
        **asking(WholeJurisdictionOnly),
    },
)
def export_records(
    asked: AskedDep,
    from_position: Annotated[WholeNumber, Query(ge=0, lt=2**53, description="The first position that is wanted.")] = 0,
) -> StreamingResponse:
    """Every record up to `known_at`, as a file for offline checks: `jikao verify audit` folds it again.

    A line has `position`, `offset`, `recorded_at` (microseconds since 1970) and `value`, the stored bytes in base64
    (null for a record without any). `Jikao-Position` says which position comes last; an answer that ends before it
    was cut.
    """
    asked.permit_whole(*READERS)
    with asked.view() as view:
        log, last = view.standpoint.log, view.standpoint.position
    lines = _exported(asked.service.engine, log, from_position, last)
    return StreamingResponse(lines, media_type=NDJSON, headers=asked.headers())


def _exported(engine: Engine, log: str, first: int, last: int) -> Iterator[bytes]:
    """The lines, some at once. What is archived never changes, so no transaction is held while somebody reads on."""
    while first <= last:
        up_to = min(last, first + EXPORTED_AT_ONCE - 1)
        with reading(engine) as db:
            lines = [
                msgspec.json.encode({"position": record.position, "offset": record.offset,
                                     "recorded_at": record.recorded_at, "value": _base64(record.value)})
                for record in archived(db, log, first=first, up_to=up_to)
            ]  # fmt: skip
        if len(lines) != up_to - first + 1:
            # Half an answer must not look like a whole one: the connection is cut.
            raise LookupError(f"the archive of log {log} lacks a record between {first} and {up_to}")
        yield b"".join(line + b"\n" for line in lines)
        first = up_to + 1


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode("ascii")


def _text(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return None
