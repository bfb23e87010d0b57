"""The envelope: every record's value is one CloudEvents 1.0 event in structured, canonical JSON.

It is serialised exactly once, at the door or at the outbox insert; from then on only those bytes travel and
every hash is over them (architecture: envelope, identity, leaf).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from shared import canonical
from shared.contracts.registry import TYPE_OF, InvalidData, decode_data, schema_id
from shared.contracts.shapes import END, PLAIN_PATTERN, EventId, Instant, LogId, Shape, Source
from shared.errors import Malformed

Scope = Annotated[str, Meta(pattern=PLAIN_PATTERN, max_length=40_000)]


class Envelope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event. `data` is kept as the bytes that were stored."""

    specversion: Literal["1.0"]
    id: EventId
    source: Source
    type: Annotated[str, Meta(pattern=PLAIN_PATTERN, max_length=128)]
    subject: Annotated[str, Meta(pattern=PLAIN_PATTERN, max_length=256)]
    time: Instant | UnsetType = UNSET
    datacontenttype: Literal["application/json"]
    dataschema: Annotated[str, Meta(max_length=256)]
    data: Raw
    log: LogId
    actor: Annotated[str, Meta(pattern=PLAIN_PATTERN, max_length=64)]
    authrole: Annotated[str, Meta(pattern=PLAIN_PATTERN, max_length=32)]
    authscope: Scope
    effectiveon: date | UnsetType = UNSET
    stream: Annotated[str, Meta(pattern=PLAIN_PATTERN, max_length=200)] | UnsetType = UNSET
    streamversion: Annotated[int, Meta(ge=1, lt=2**31)] | UnsetType = UNSET
    basis: Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]*)" + END)] | UnsetType = UNSET


class WouldBeInvalid(Malformed):
    """This cannot be written down as a valid fact."""

    zh = "无法写成有效的事实记录。"


_DECODER = msgspec.json.Decoder(Envelope)


def decode(value: bytes | None) -> Envelope:
    """The envelope of a stored value. InvalidData if it is none."""
    if value is None:
        raise InvalidData("a null value")
    try:
        return _DECODER.decode(value)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise InvalidData(str(fault)) from fault


def seal(
    fact: Shape,
    *,
    id: str,
    source: str,
    subject: str,
    log: str,
    actor: str,
    authrole: str,
    authscope: str,
    time: str | UnsetType = UNSET,
    effectiveon: date | UnsetType = UNSET,
    stream: str | UnsetType = UNSET,
    streamversion: int | UnsetType = UNSET,
    basis: str | UnsetType = UNSET,
    decoded: bool = False,
) -> bytes:
    """The bytes that will be stored: RFC 8785 of the envelope around `fact`.

    What is acknowledged must count, so nothing is sealed that readers would find invalid: WouldBeInvalid. Structs
    made in Python are not checked when they are made; a `fact` that was just decoded by its contract need not be
    proved once more (`decoded`), its envelope always is.
    """
    type_ = TYPE_OF[type(fact)]
    value = canonical.encode_trusted(
        Envelope(
            specversion="1.0", id=id, source=source, type=type_, subject=subject, time=time,
            datacontenttype="application/json", dataschema=schema_id(type_),
            data=Raw(canonical.encode_trusted(fact)), log=log, actor=actor, authrole=authrole, authscope=authscope,
            effectiveon=effectiveon, stream=stream, streamversion=streamversion, basis=basis,
        )
    )  # fmt: skip
    try:
        envelope = decode(value)
        if not decoded:
            decode_data(type_, envelope.data)
    except InvalidData as fault:
        raise WouldBeInvalid(why=str(fault)) from fault
    return value


def identity_hash(envelope: Envelope) -> str:
    """sha256 of RFC 8785 of {type, subject, time, data} as sent: what an identity stands for.

    The stored bytes are canonical already, so `data` goes in as it lies there. `time` is left out where the
    caller gave none.
    """
    time = b'"time":' + msgspec.json.encode(envelope.time) + b"," if envelope.time is not UNSET else b""
    return canonical.sha256_hex(
        b'{"data":' + bytes(envelope.data)
        + b',"subject":' + msgspec.json.encode(envelope.subject)
        + b"," + time + b'"type":' + msgspec.json.encode(envelope.type) + b"}"
    )  # fmt: skip
