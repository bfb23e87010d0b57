"""Exported records against what was signed about them: leaves, roots, and the facts an auditor looks for.

The log's own checkpoints are facts in it, so when a root differs they tell between which two it came apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from shared.merkle import EMPTY_ROOT, HASH_BYTES, Frontier, leaf, leaf_hash
from shared.proofs.checkpoints import Checkpoint
from shared.proofs.exported import Exported
from shared.proofs.failures import CheckFailed, RecordChanged, TailCut
from shared.proofs.notes import VerifierKey, unbase64

CHECKPOINT_SIGNED = "jikao.checkpoint.signed.v1"
AUDIT_SEALED = "jikao.audit.sealed.v1"

_SERVICE = "urn:jikao:service:evaluation"
_LOOKED_FOR = {kind: kind.encode() for kind in (CHECKPOINT_SIGNED, AUDIT_SEALED)}


@dataclass(frozen=True, slots=True)
class FactFound:
    """A fact of the evaluation service: its type, position, and `data` as stored."""

    type: str
    position: int
    data: dict[str, Any]


@dataclass(slots=True)
class Refolded:
    """What the records say: the root at every size (32 bytes each, side by side) and the facts looked for."""

    facts: list[FactFound] = field(default_factory=list)
    _roots: bytearray = field(default_factory=lambda: bytearray(EMPTY_ROOT))

    @property
    def size(self) -> int:
        """How many records there are."""
        return len(self._roots) // HASH_BYTES - 1

    def root(self, size: int) -> bytes:
        """The root of the first `size` records, size <= self.size."""
        return bytes(self._roots[size * HASH_BYTES : (size + 1) * HASH_BYTES])

    @classmethod
    def of(cls, records: Iterable[Exported]) -> Refolded:
        """Fold the records. Raises what reading them raises."""
        told, frontier = cls(), Frontier()
        for record in records:
            frontier.append(leaf_hash(leaf(record.position, record.recorded_at, record.value)))
            told._roots += frontier.root()
            told.facts += _facts(record)
        return told

    def check(self, checkpoint: Checkpoint, trusted: Iterable[VerifierKey]) -> None:
        """Raises RecordChanged or TailCut unless these records have the checkpoint's root at its size.

        `checkpoint` has been verified; `trusted` tells which of the checkpoints in the log may be believed.
        """
        sound = 0
        for signed in self._checkpoints(checkpoint.origin, tuple(trusted)):
            if signed.size > self.size:
                continue
            if self.root(signed.size) != signed.root:
                raise _changed(sound, signed.size)
            sound = max(sound, signed.size)
        if checkpoint.size > self.size:
            raise TailCut(f"{self.size} records, the checkpoint covers {checkpoint.size}")
        if self.root(checkpoint.size) != checkpoint.root:
            raise _changed(min(sound, checkpoint.size), checkpoint.size)

    def _checkpoints(self, origin: str, trusted: tuple[VerifierKey, ...]) -> Iterable[Checkpoint]:
        """The checkpoints in the log that a trusted key signed, smallest first."""
        keys = {key.id.hex(): key for key in trusted if key.name == origin}
        believed: list[Checkpoint] = []
        for fact in self.facts:
            if fact.type == CHECKPOINT_SIGNED and (key := keys.get(str(fact.data.get("key")))):
                try:
                    signed = Checkpoint(origin, int(fact.data["size"]), bytes.fromhex(fact.data["root"]))
                    key.check(signed.text(), unbase64(fact.data["signature"]))
                except (CheckFailed, KeyError, TypeError, ValueError):
                    continue  # a changed one is no witness; that it was changed shows in the roots above it
                believed.append(signed)
        return sorted(believed, key=lambda signed: signed.size)


def _changed(sound: int, size: int) -> RecordChanged:
    return RecordChanged(f"between positions {sound} and {size - 1}")


def _facts(record: Exported) -> Iterable[FactFound]:
    value = record.value or b""
    for kind, written in _LOOKED_FOR.items():
        if written in value:
            try:
                event = json.loads(value)
                if event["type"] == kind and event["source"] == _SERVICE and isinstance(event["data"], dict):
                    yield FactFound(kind, record.position, event["data"])
            except (ValueError, KeyError, TypeError, RecursionError):
                continue  # not JSON, or another event that only mentions the name
