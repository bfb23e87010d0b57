"""A proof that one checkpoint's log continues an older one's, as C2SP tlog-witness takes it (`add-checkpoint`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from shared.proofs.checkpoints import Checkpoint
from shared.proofs.failures import Malformed
from shared.proofs.lines import decimal, hash_line, labelled, path_of
from shared.proofs.notes import VerifierKey
from shared.proofs.tree import check_consistency


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """The older size, the path, and the newer checkpoint (a note)."""

    old_size: int
    path: tuple[bytes, ...]
    checkpoint: str

    def text(self) -> str:
        """The proof as it is handed out."""
        return f"old {self.old_size}\n" + "".join(hash_line(each) for each in self.path) + f"\n{self.checkpoint}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The parts of a proof; nothing is verified by this. Raises Malformed."""
        above, blank, checkpoint = text.partition("\n\n")
        first, *lines = above.split("\n")
        try:
            if not blank:
                raise ValueError("`old <size>`, hashes, a blank line and a checkpoint")
            return cls(decimal(labelled(first, "old")), path_of(lines), checkpoint)
        except ValueError as fault:
            raise Malformed(f"consistency proof: {fault}") from fault

    def verified(self, older: Checkpoint, trusted: Iterable[VerifierKey]) -> Checkpoint:
        """The newer checkpoint, once it is verified and shown to continue `older`, which the caller holds.

        Raises what `Checkpoint.verified` raises, LogShrank, LogForked, and Malformed for a proof from another size.
        """
        newer = Checkpoint.verified(self.checkpoint, trusted, older.origin)
        if newer.size >= older.size != self.old_size:
            raise Malformed(
                f"consistency proof: it is from size {self.old_size}, the older checkpoint's is {older.size}"
            )
        check_consistency(older.size, older.root, newer.size, newer.root, self.path)
        return newer
