"""The checks an auditor or a county makes offline: of a record, a receipt, a checkpoint, a sealed audit.

Each returns what it found to be true, or raises one of `shared.proofs.failures`. Trusted keys come from outside,
once and by a safe way; everything else may come from whoever is under suspicion.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from shared.proofs.checkpoints import Checkpoint, log_of, origin_of
from shared.proofs.consistency import ConsistencyProof
from shared.proofs.exported import Exported
from shared.proofs.failures import (
    CheckpointTooOld,
    DocumentDiffers,
    LogForked,
    LogShrank,
    Malformed,
    OriginDiffers,
    ReceiptDiffers,
    RootDiffers,
)
from shared.proofs.inclusion import InclusionProof
from shared.proofs.notes import VerifierKey
from shared.proofs.receipts import Receipt
from shared.proofs.refolding import AUDIT_SEALED, Refolded

NO_VALUE = object()
"""No record was given to compare with; None stands for a record without a value."""


def verifier_keys(text: str) -> tuple[VerifierKey, ...]:
    """Keys from text, one a line; blank lines and lines with # in front are skipped. Raises Malformed."""
    lines = [line.strip() for line in text.split("\n")]
    keys = tuple(VerifierKey.parse(line) for line in lines if line and not line.startswith("#"))
    if not keys:
        raise Malformed("verifier key: there is none")
    return keys


@dataclass(frozen=True, slots=True)
class RecordProved:
    """This record lies in the log that this checkpoint covers."""

    proof: InclusionProof
    checkpoint: Checkpoint


def check_record(
    proof: str, trusted: Sequence[VerifierKey], *, value: object = NO_VALUE, log: str | None = None
) -> RecordProved:
    """A proof of inclusion, and the record's stored bytes (or None) against it where they are given."""
    parsed = InclusionProof.parse(proof)
    checkpoint = parsed.verified(trusted, _origin(log))
    if value is not NO_VALUE:
        assert value is None or isinstance(value, bytes)
        parsed.covers(value)
    return RecordProved(parsed, checkpoint)


@dataclass(frozen=True, slots=True)
class ReceiptProved:
    """This receipt was given; `record` is the proof of its record, where one was shown."""

    receipt: Receipt
    record: RecordProved | None


def check_receipt(
    note: str, trusted: Sequence[VerifierKey], *, value: bytes | None = None, proof: str | None = None
) -> ReceiptProved:
    """A receipt; the stored bytes and the proof of inclusion against it where they are given.

    ReceiptDiffers when it is about other bytes, another identity or another log than what it is shown with.
    """
    receipt = Receipt.verified(note, trusted)
    if value is not None:
        _compare(receipt, value)
    record: RecordProved | None = None
    if proof is not None:
        record = check_record(proof, trusted)
        if record.checkpoint.origin != origin_of(receipt.log):
            raise ReceiptDiffers(f"log {receipt.log}, the proof is about {record.checkpoint.origin}")
        if record.proof.sha256 != receipt.sha256:
            raise ReceiptDiffers(f"sha256 {receipt.sha256}, the proof is about {record.proof.sha256}")
    return ReceiptProved(receipt, record)


def _compare(receipt: Receipt, value: bytes) -> None:
    found = sha256(value).hexdigest()
    if found != receipt.sha256:
        raise ReceiptDiffers(f"sha256 {receipt.sha256}, the record's is {found}")
    try:
        event: Any = json.loads(value)
        named = (event["log"], event["source"], event["id"])
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise ReceiptDiffers("the record is not an event") from fault
    if named != (receipt.log, receipt.source, receipt.id):
        raise ReceiptDiffers("the record has another log, source or id")


@dataclass(frozen=True, slots=True)
class CheckpointProved:
    """This checkpoint was signed; `older`, where one was shown, is continued by it; `records` lie below it."""

    checkpoint: Checkpoint
    older: Checkpoint | None
    records: int | None


def check_checkpoint(
    note: str,
    trusted: Sequence[VerifierKey],
    *,
    older: str | None = None,
    records: Iterable[Exported] | None = None,
    log: str | None = None,
) -> CheckpointProved:
    """A checkpoint alone, against an auditor's older one, and against the records where they are given.

    Two sizes are joined by the records, or by `check_continues`: without either only LogShrank, and LogForked at
    equal sizes, can be told, so Malformed asks for one of them.
    """
    checkpoint = Checkpoint.verified(note, trusted, _origin(log))
    before = Checkpoint.verified(older, trusted, checkpoint.origin) if older is not None else None
    if before is not None:
        if checkpoint.size < before.size:
            raise LogShrank(f"{checkpoint.size} records after {before.size}")
        if checkpoint.size == before.size and checkpoint.root != before.root:
            raise LogForked(f"at size {before.size}")
        if checkpoint.size > before.size and records is None:
            raise Malformed("two sizes are compared by a consistency proof or by the records: give one of them")
    told = Refolded.of(records) if records is not None else None
    if told is not None:
        told.check(checkpoint, trusted)
        if before is not None and told.root(before.size) != before.root:
            raise LogForked(f"between sizes {before.size} and {checkpoint.size}")
    return CheckpointProved(checkpoint, before, told.size if told is not None else None)


def check_continues(
    older: str, proof: str, trusted: Sequence[VerifierKey], *, log: str | None = None
) -> CheckpointProved:
    """A consistency proof (with the newer checkpoint in it) from the older checkpoint that an auditor kept."""
    before = Checkpoint.verified(older, trusted, _origin(log))
    return CheckpointProved(ConsistencyProof.parse(proof).verified(before, trusted), before, None)


@dataclass(frozen=True, slots=True)
class AuditProved:
    """This document was sealed in this log, about these records. Whether it follows from them is not said yet.

    `sealed` is the data of the fact that sealed it, at `position`; folding the records again needs the engine.
    """

    checkpoint: Checkpoint
    sealed: dict[str, Any]
    position: int


def check_audit(
    document: bytes,
    records: Iterable[Exported],
    checkpoint: str,
    trusted: Sequence[VerifierKey],
    *,
    audit: str | None = None,
) -> AuditProved:
    """A sealed document against the exported records and a checkpoint that covers its sealing.

    With `audit` (its id) only that audit's sealing counts.
    """
    verified = Checkpoint.verified(checkpoint, trusted)
    told = Refolded.of(records)
    told.check(verified, trusted)
    hashed = sha256(document).hexdigest()
    found = next(
        (
            fact
            for fact in told.facts
            if fact.type == AUDIT_SEALED
            and fact.data.get("sha256") == hashed
            and audit in (None, fact.data.get("audit"))
        ),
        None,
    )
    if found is None:
        raise DocumentDiffers(f"sha256 {hashed}" + (f", audit {audit}" if audit else ""))
    if found.position >= verified.size:
        raise CheckpointTooOld(f"sealed at position {found.position}, the checkpoint covers {verified.size} records")
    _check_pin(_pin(found.data.get("pin")), _pin(_parsed(document).get("pin")), log_of(verified.origin), told)
    return AuditProved(verified, found.data, found.position)


_Pin = tuple[str, int, str]
"""log, position, root in hex"""


def _check_pin(sealed: _Pin, shown: _Pin, log: str, told: Refolded) -> None:
    if sealed[0] != log:
        raise OriginDiffers(f"log {sealed[0]}, not {log}")
    _, position, root = sealed
    if shown != sealed or position >= told.size or told.root(position + 1).hex() != root:
        raise RootDiffers(f"position {position}")


def _pin(pin: Any) -> _Pin:
    try:
        log, position, root = pin["log"], pin["position"], pin["root"]
    except (KeyError, TypeError) as fault:
        raise Malformed("audit: a pin has log, position and root") from fault
    if not (isinstance(log, str) and isinstance(position, int) and isinstance(root, str)):
        raise Malformed("audit: a pin has log, position and root")
    return log, position, root


def _parsed(document: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(document)
    except (ValueError, RecursionError) as fault:
        raise Malformed("audit: the document is not JSON") from fault
    if not isinstance(parsed, dict):
        raise Malformed("audit: the document is not a JSON object")
    return parsed


def _origin(log: str | None) -> str | None:
    return None if log is None else origin_of(log)
