"""The one table of message types: the name stored for ever, the model, and how an older shape becomes today's.

Changed meaning is a new type; changed shape is the next version, with an upcaster from the one before and a
stored sample of the old JSON (tests/shared/contracts/samples). Renaming a class must not rename its history,
which is why the stored name stands beside it in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import msgspec

from shared.contracts.shapes import Shape

F = TypeVar("F", bound=type[Shape])
U = TypeVar("U", bound=Callable[[Any], Shape])
_NAME = re.compile(r"^(jikao(?:\.[a-z]+(?:-[a-z]+)*)+)\.v([0-9]+)$")


class UnknownType(Exception):
    """A `jikao.` type that this code has never heard of: the reader stops (readers deploy before writers)."""


class InvalidData(Exception):
    """The data is not valid by its contract, or is an unknown version of a known type."""


class Decoder(Protocol):
    """Reads a message, as strictly as msgspec's own decoder of its model."""

    def decode(self, data: bytes | msgspec.Raw, /) -> Any:
        """The message. Raises msgspec.DecodeError."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One version of one message."""

    stored_name: str
    model: type[Shape]
    decoder: Decoder


CONTRACTS: dict[str, Contract] = {}
TYPE_OF: dict[type[Shape], str] = {}
UPCASTERS: dict[str, Callable[[Any], Shape]] = {}


def contract(type_: str) -> Callable[[F], F]:
    """Class decorator: this model is stored under `type_` for ever."""
    if not _NAME.match(type_):
        raise ValueError(f"not a message type: {type_}")

    def register(model: F) -> F:
        if type_ in CONTRACTS:
            raise ValueError(f"two models for {type_}")
        CONTRACTS[type_] = Contract(type_, model, msgspec.json.Decoder(model))
        TYPE_OF[model] = type_
        return model

    return register


def upcaster(type_: str) -> Callable[[U], U]:
    """Function decorator: facts stored under `type_`, an older version, are read as what this makes of them."""

    def register(upcast: U) -> U:
        UPCASTERS[type_] = upcast
        return upcast

    return register


def read_with(model: type[Shape], decoder: Decoder) -> None:
    """Read this message by another decoder than its model's, one that accepts and makes the same and is faster."""
    type_ = TYPE_OF[model]
    CONTRACTS[type_] = replace(CONTRACTS[type_], decoder=decoder)


def decode_data(type_: str, data: bytes | msgspec.Raw) -> Shape:
    """The fact in today's shape. InvalidData for a breach of contract, UnknownType for an unheard-of `jikao.` type."""
    known = CONTRACTS.get(type_)
    if known is None:
        name = _NAME.match(type_)
        if name and any(other.startswith(f"{name[1]}.v") for other in CONTRACTS):
            raise InvalidData(f"unknown version: {type_}")
        raise UnknownType(type_)
    try:
        fact: Shape = known.decoder.decode(data)
    except (msgspec.ValidationError, msgspec.DecodeError) as fault:
        raise InvalidData(str(fault)) from fault
    upcast = UPCASTERS.get(type_)
    return upcast(fact) if upcast else fact


def json_schema(type_: str) -> dict[str, Any]:
    """The JSON Schema (2020-12, `format` asserted) by which validity is judged."""
    schema = msgspec.json.schema(CONTRACTS[type_].model)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": schema_id(type_), **schema}


def schema_id(type_: str) -> str:
    """What an envelope's `dataschema` says."""
    return f"urn:jikao:schema:{type_}"
