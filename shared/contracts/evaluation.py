"""What the evaluation service promises: the standing of values, sealed audits, and signed checkpoints."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from shared.contracts.registry import contract
from shared.contracts.shapes import END, EntryRef, LogId, Position, Quantity, Reason, Sha256, Shape, Uuid, Year


@contract("jikao.value.verified.v1")
class ValueVerified(Shape, frozen=True, kw_only=True):
    """The verified value (审核值) of one entry, in its series' unit of measure."""

    entry: EntryRef
    value: Quantity


@contract("jikao.value.certified.v1")
class ValueCertified(Shape, frozen=True, kw_only=True):
    """The certified value (认定值) of one entry, in its series' unit of measure."""

    entry: EntryRef
    value: Quantity


@contract("jikao.value.returned.v1")
class ValueReturned(Shape, frozen=True, kw_only=True):
    """The entry is returned to its reporter; it counts as not reported."""

    entry: EntryRef
    reason: Reason


class AuditPart(Shape, frozen=True, kw_only=True):
    """One question of an audit, about one date."""

    question: Literal["projects", "practical_matters", "targets"]
    as_of: date


class PinPart(Shape, frozen=True, kw_only=True):
    """Where an answer stands: the log, the position it knows, and the root of the tree of that size."""

    log: LogId
    position: Position
    root: Sha256


@contract("jikao.audit.sealed.v1")
class AuditSealed(Shape, frozen=True, kw_only=True):
    """A mid-year audit: what was asked, where it stood, and the hash of the answer's canonical bytes.

    `later` lists positions after the pin that already touched its figures when it was sealed.
    """

    audit: Uuid
    year: Year
    parts: Annotated[list[AuditPart], Meta(min_length=1, max_length=20)]
    pin: PinPart
    sha256: Sha256
    later: list[Position]
    supersedes: Uuid | UnsetType = UNSET
    reason: Reason | UnsetType = UNSET


@contract("jikao.checkpoint.signed.v1")
class CheckpointSigned(Shape, frozen=True, kw_only=True):
    """The log's first `size` records have this root: so says the key, over the text of a C2SP tlog-checkpoint.

    `key` is its key id under the log's origin; `signature` is Ed25519, 64 bytes in base64.
    """

    size: Annotated[int, Meta(ge=1, lt=2**53)]
    root: Sha256
    key: Annotated[str, Meta(pattern=r"^[0-9a-f]{8}" + END)]
    signature: Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{85}[AQgw]==" + END)]
