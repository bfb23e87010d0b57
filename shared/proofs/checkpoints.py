"""C2SP tlog-checkpoint: at this size the log had this root, says its key.

Whoever kept an older one can demand a proof that the log of today continues it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from shared.proofs.failures import Malformed, OriginDiffers
from shared.proofs.lines import decimal, hash_line, hash_of
from shared.proofs.notes import Signature, Signed, VerifierKey
from shared.proofs.signing import SigningKey

_ORIGIN = "jikao/"


def origin_of(log: str) -> str:
    """The origin of a log, which is also the name under which its checkpoints are signed."""
    return _ORIGIN + log


def log_of(origin: str) -> str:
    """The log id in an origin of ours. Raises OriginDiffers for any other origin."""
    if not origin.startswith(_ORIGIN):
        raise OriginDiffers(f"origin {origin}")
    return origin[len(_ORIGIN) :]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Size and root (32 bytes) of a log at one moment. `extensions` are lines of other makers; we write none."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{hash_line(self.root)}" + "".join(f"{line}\n" for line in self.extensions)

    def signed(self, key: SigningKey) -> str:
        """The checkpoint as a note, signed under its origin."""
        return key.sign_note(self.origin, self.text())

    def with_signature(self, key_id: bytes, signature: bytes) -> str:
        """The checkpoint as a note, from a signature (64 bytes) made and stored earlier."""
        return str(Signed(self.text(), (Signature(self.origin, key_id, signature),)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The checkpoint in a note's text; nothing is verified by this. Raises Malformed."""
        lines = text.split("\n")
        try:
            if len(lines) < 4 or lines.pop() or not all(lines):
                raise ValueError("origin, size and root stand on a line each")
            origin, size, root, *extensions = lines
            return cls(origin, decimal(size), hash_of(root), tuple(extensions))
        except ValueError as fault:
            raise Malformed(f"checkpoint: {fault}") from fault

    @classmethod
    def verified(cls, note: str, trusted: Iterable[VerifierKey], origin: str | None = None) -> Self:
        """The checkpoint in a note that a trusted key signed under the log's own name.

        With `origin` it must be that log's. Raises Malformed, KeyUnknown, SignatureInvalid, OriginDiffers.
        """
        signed, trusted = Signed.parse(note), tuple(trusted)
        checkpoint = cls.parse(signed.verified(trusted))
        if origin is not None and checkpoint.origin != origin:
            raise OriginDiffers(f"{checkpoint.origin}, not {origin}")
        # A key is trusted under its name: what signs one log's checkpoints has no say about another's.
        own = {key.id for key in trusted if key.name == checkpoint.origin}
        if not any(line.name == checkpoint.origin and line.key_id in own for line in signed.signatures):
            raise OriginDiffers(f"no key named {checkpoint.origin} signed it")
        return checkpoint
