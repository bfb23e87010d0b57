"""C2SP signed-note: a text, a blank line, and a line for each signature.

A text means nothing until a signature by a trusted key has been verified; that is what `verified` is for.
Keys of other signature types than Ed25519 (witnesses' cosignatures, for instance) may sign too and are ignored.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.proofs.failures import KeyUnknown, Malformed, SignatureInvalid

ED25519 = b"\x01"
"""The byte that stands for Ed25519 in key ids and verifier keys."""

PUBLIC_KEY_BYTES = 32
KEY_ID_BYTES = 4
MOST_SIGNATURES = 64
"""A note may carry at least 16 by the specification; a bound keeps a hostile note from costing much."""

_DASH = "— "  # em dash, space
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")  # below U+0020, the newline excepted


def is_key_name(name: str) -> bool:
    """Whether a key may be called so: not empty, without spaces, plus signs and control characters."""
    return bool(name) and not any(sign.isspace() or sign == "+" or ord(sign) < 0x20 for sign in name)


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes that name an Ed25519 key in a signature line."""
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:KEY_ID_BYTES]


def unbase64(text: str) -> bytes:
    """The bytes of standard base64, in its one canonical spelling. Raises ValueError."""
    decoded = base64.b64decode(text, validate=True)  # binascii.Error is a ValueError
    if base64.b64encode(decoded).decode() != text:
        raise ValueError("base64 with loose bits")
    return decoded


@dataclass(frozen=True)
class VerifierKey:
    """A trusted Ed25519 key under the name by which it signs; as text `<name>+<key id, 8 hex>+<base64>`."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        """Raises ValueError for a name or key that cannot be."""
        if not is_key_name(self.name):
            raise ValueError(f"no key can be called {self.name!r}")
        if len(self.public) != PUBLIC_KEY_BYTES:
            raise ValueError(f"an Ed25519 public key has {PUBLIC_KEY_BYTES} bytes, not {len(self.public)}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key that `str()` wrote. Raises Malformed, also when the key id is not that of the key."""
        name, plus, rest = text.strip().partition("+")
        written_id, second_plus, encoded = rest.partition("+")
        try:
            typed = unbase64(encoded)
            if not (plus and second_plus and typed.startswith(ED25519)):
                raise ValueError("not <name>+<key id>+<base64 of 0x01 and 32 bytes>")
            key = cls(name, typed[1:])
            if written_id != key.id.hex():
                raise ValueError(f"its key id is {key.id.hex()}, not {written_id}")
        except ValueError as fault:
            raise Malformed(f"verifier key: {fault}") from fault
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @cached_property
    def id(self) -> bytes:
        """The key id, 4 bytes."""
        return key_id(self.name, self.public)

    @cached_property
    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.public)

    def check(self, text: str, signature: bytes) -> None:
        """Raises SignatureInvalid unless this key made this signature (64 bytes) over the text."""
        try:
            self._key.verify(signature, text.encode())
        except InvalidSignature as fault:
            raise SignatureInvalid(f"key {self.name}") from fault


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the key's name and id, and what it signed with (64 bytes for Ed25519)."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"

    @classmethod
    def parse(cls, line: str) -> Self:
        """The signature on a line (without its newline). Raises ValueError."""
        name, space, encoded = line.removeprefix(_DASH).partition(" ")
        if not (line.startswith(_DASH) and space and is_key_name(name)):
            raise ValueError("not `— <key name> <base64>`")
        signed = unbase64(encoded)
        if len(signed) <= KEY_ID_BYTES:
            raise ValueError("a signature has a key id and more")
        return cls(name, signed[:KEY_ID_BYTES], signed[KEY_ID_BYTES:])


@dataclass(frozen=True, slots=True)
class Signed:
    """A note taken apart: its text (which ends in a newline) and its signatures. Nothing is verified yet."""

    text: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        """Raises ValueError for a text that no note can carry."""
        if not self.text.endswith("\n") or _CONTROL.search(self.text):
            raise ValueError("a note's text ends in a newline and holds no other control characters")

    def __str__(self) -> str:
        return self.text + "\n" + "".join(signature.line() for signature in self.signatures)

    @classmethod
    def parse(cls, note: str) -> Self:
        """The parts of a note. Raises Malformed."""
        text, blank, below = note.rpartition("\n\n")
        if not (blank and text and below.endswith("\n")):
            raise Malformed("a note is a text, a blank line, and signature lines")
        lines = below[:-1].split("\n")
        if len(lines) > MOST_SIGNATURES:
            raise Malformed(f"more than {MOST_SIGNATURES} signatures")
        try:
            return cls(text + "\n", tuple(Signature.parse(line) for line in lines))
        except ValueError as fault:
            raise Malformed(str(fault)) from fault

    def verified(self, trusted: Iterable[VerifierKey]) -> str:
        """The text, once each signature by a trusted key has been verified and there is at least one.

        Raises KeyUnknown, SignatureInvalid.
        """
        keys = {(key.name, key.id): key for key in trusted}
        known = [(keys[found], line) for line in self.signatures if (found := (line.name, line.key_id)) in keys]
        if not known:
            signers = ", ".join(f"{line.name}+{line.key_id.hex()}" for line in self.signatures)
            raise KeyUnknown(f"signed by {signers}")
        for key, line in known:
            key.check(self.text, line.signature)
        return self.text
