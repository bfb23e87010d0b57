"""A synthetic log as the evaluation service keeps it: records, tiles, checkpoints in it, one sealed audit."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field, replace
from hashlib import sha256

from shared.merkle import leaf, leaf_hash
from shared.proofs.checkpoints import Checkpoint, origin_of
from shared.proofs.consistency import ConsistencyProof
from shared.proofs.exported import Exported
from shared.proofs.inclusion import InclusionProof
from shared.proofs.notes import VerifierKey
from shared.proofs.receipts import KEY_NAME, Receipt, instant
from shared.proofs.signing import SigningKey
from shared.proofs.tiles import TileNodes, extended
from shared.proofs.tree import consistency_path, inclusion_path, root_of

LOG = "sim-01920000-0000-7000-8000-000000000001"
OTHER_LOG = "sim-01920000-0000-7000-8000-000000000002"
ORIGIN = origin_of(LOG)
BEGIN = 1_230_768_000_000_000
"""2009-01-01T00:00:00Z in microseconds."""

EVALUATION = "urn:jikao:service:evaluation"
COUNTY = "urn:jikao:source:county-synthetic"
AUDIT = "01920000-0000-7000-8000-0000000000aa"


def event(position: int, type: str, source: str, data: dict[str, object]) -> bytes:
    return json.dumps(
        {"data": data, "id": f"synthetic-{position}", "log": LOG, "source": source, "type": type},
        separators=(",", ":"),
    ).encode()


@dataclass
class History:
    """Records and the tiles over them. Every change to a record is followed by `rehash`, or not, as the test wants."""

    key: SigningKey = field(default_factory=SigningKey.generate)
    records: list[Exported] = field(default_factory=list)
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(self.records)

    @property
    def trusted(self) -> tuple[VerifierKey, ...]:
        return (self.key.verifier(ORIGIN), self.key.verifier(KEY_NAME))

    def append(self, type: str, source: str, data: dict[str, object]) -> int:
        position = self.size
        self.take(Exported(position, 3 * position, BEGIN + 1_000 * position, event(position, type, source, data)))
        return position

    def take(self, record: Exported) -> None:
        hashed = leaf_hash(leaf(record.position, record.recorded_at, record.value))
        for level, index, hashes in extended(self.size, [hashed], self.fetch):
            self.tiles[level, index] = hashes
        self.records.append(record)

    def fetch(self, level: int, index: int) -> bytes:
        return self.tiles[level, index]

    def report(self, count: int) -> None:
        for _ in range(count):
            self.append("jikao.progress.submitted.v1", COUNTY, {"entries": [{"value": str(self.size)}]})

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        size = self.size if size is None else size
        return Checkpoint(ORIGIN, size, root_of(size, TileNodes(self.fetch)))

    def note(self, size: int | None = None) -> str:
        return self.checkpoint(size).signed(self.key)

    def sign(self) -> int:
        """A checkpoint as a fact in the log, as the evaluation service appends it."""
        checkpoint = self.checkpoint()
        data: dict[str, object] = {
            "size": checkpoint.size,
            "root": checkpoint.root.hex(),
            "key": self.key.verifier(ORIGIN).id.hex(),
            "signature": base64.b64encode(self.key.signature(ORIGIN, checkpoint.text())).decode(),
        }
        return self.append("jikao.checkpoint.signed.v1", EVALUATION, data)

    def seal(self) -> tuple[int, bytes]:
        """A document about everything so far, and the position of the fact that seals it."""
        pin = {"log": LOG, "position": self.size - 1, "root": self.checkpoint().root.hex()}
        document = json.dumps({"parts": [], "pin": pin}).encode()
        sealed: dict[str, object] = {"audit": AUDIT, "pin": pin, "sha256": sha256(document).hexdigest()}
        return self.append("jikao.audit.sealed.v1", EVALUATION, sealed), document

    def proof(self, position: int, size: int | None = None) -> InclusionProof:
        size = self.size if size is None else size
        record = self.records[position]
        return InclusionProof(
            leaf(record.position, record.recorded_at, record.value),
            position,
            tuple(inclusion_path(position, size, TileNodes(self.fetch))),
            self.note(size),
        )

    def consistency(self, old: int, new: int | None = None) -> ConsistencyProof:
        new = self.size if new is None else new
        return ConsistencyProof(old, tuple(consistency_path(old, new, TileNodes(self.fetch))), self.note(new))

    def receipt(self, position: int) -> str:
        record = self.records[position]
        assert record.value is not None
        told = json.loads(record.value)
        hashed = sha256(record.value).hexdigest()
        return Receipt(LOG, told["source"], told["id"], hashed, instant(record.recorded_at)).signed(self.key)

    def forked(self, position: int, value: bytes) -> History:
        """The same history with another value at one position, hashed and signed anew by the same key."""
        fork = History(self.key)
        for record in self.records:
            fork.take(replace(record, value=value) if record.position == position else record)
        return fork


def lines_of(records: list[Exported]) -> list[bytes]:
    return [
        json.dumps(
            {
                "position": record.position,
                "offset": record.offset,
                "recorded_at": record.recorded_at,
                "value": None if record.value is None else base64.b64encode(record.value).decode(),
            }
        ).encode()
        + b"\n"
        for record in records
    ]


def flipped(stored: bytes, at: int) -> bytes:
    """One bit of one byte changed."""
    return stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :]


@dataclass(frozen=True)
class Sealed:
    """A history with checkpoints in it, a document, and the position of the fact that sealed it."""

    history: History
    document: bytes
    sealed_at: int


def sealed_history() -> Sealed:
    history = History()
    history.append("jikao.log.opened.v1", "urn:jikao:service:targets", {"origin": ORIGIN})
    for _ in range(2):
        history.report(400)
        history.sign()
    sealed_at, document = history.seal()
    history.sign()
    history.report(40)
    return Sealed(history, document, sealed_at)
