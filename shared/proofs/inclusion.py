"""C2SP tlog-proof: a record, its place in the log, the path to a checkpoint's root, and that checkpoint.

The extra data is the record's leaf (48 bytes: position, recorded_at, sha256 of the value), so the proof says by
itself what it proves; whoever holds the record's bytes compares them with `covers`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from shared.merkle import leaf_hash, unpacked
from shared.proofs.checkpoints import Checkpoint
from shared.proofs.failures import Malformed, RecordDiffers
from shared.proofs.lines import decimal, hash_line, labelled, path_of
from shared.proofs.notes import VerifierKey, unbase64
from shared.proofs.tree import check_inclusion

HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """A record's leaf, its index, the siblings from it upwards, and the checkpoint (a note) that they lead to."""

    leaf: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: str

    def text(self) -> str:
        """The proof as it is handed out."""
        extra = base64.b64encode(self.leaf).decode()
        hashes = "".join(hash_line(each) for each in self.path)
        return f"{HEADER}\nextra {extra}\nindex {self.index}\n{hashes}\n{self.checkpoint}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The parts of a proof; nothing is verified by this. Raises Malformed."""
        above, blank, checkpoint = text.partition("\n\n")
        header, *lines = above.split("\n")
        try:
            if header != HEADER or not blank or len(lines) < 2:
                raise ValueError(f"`{HEADER}`, extra, index, hashes, a blank line and a checkpoint")
            leaf = unbase64(labelled(lines[0], "extra"))
            unpacked(leaf)
            return cls(leaf, decimal(labelled(lines[1], "index")), path_of(lines[2:]), checkpoint)
        except ValueError as fault:
            raise Malformed(f"proof: {fault}") from fault

    def verified(self, trusted: Iterable[VerifierKey], origin: str | None = None) -> Checkpoint:
        """The checkpoint, once it is verified and the path leads from the leaf at its index to its root.

        Raises what `Checkpoint.verified` raises, NotIncluded, and RecordDiffers for a leaf of another position.
        """
        checkpoint = Checkpoint.verified(self.checkpoint, trusted, origin)
        check_inclusion(leaf_hash(self.leaf), self.index, checkpoint.size, checkpoint.root, self.path)
        if self.position != self.index:
            raise RecordDiffers(f"the leaf at {self.index} says position {self.position}")
        return checkpoint

    @property
    def position(self) -> int:
        """The record's position."""
        return unpacked(self.leaf)[0]

    @property
    def recorded_at(self) -> int:
        """The log's own time of the record, microseconds since 1970."""
        return unpacked(self.leaf)[1]

    @property
    def sha256(self) -> str:
        """sha256 of the record's stored bytes, hex."""
        return unpacked(self.leaf)[2].hex()

    def covers(self, value: bytes | None) -> None:
        """Raises RecordDiffers unless these are the stored bytes that the leaf stands for."""
        found = sha256(value or b"").hexdigest()
        if found != self.sha256:
            raise RecordDiffers(f"sha256 {found}, the proof is about {self.sha256}")
