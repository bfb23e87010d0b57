"""The private key by which a back end signs checkpoints and receipts: one Ed25519 key in a file of its owner's."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from shared.proofs.notes import Signature, Signed, VerifierKey


class KeyUnusable(Exception):
    """The signing key cannot be used; the message is one sentence that says what to do."""


class SigningKey:
    """One Ed25519 private key. It signs under any name; the name goes into the key id, so names never mix."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._verifiers: dict[str, VerifierKey] = {}

    @classmethod
    def generate(cls) -> Self:
        """A new key, kept nowhere."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> Self:
        """The key in a PEM file (PKCS #8, not encrypted) that only its owner can read. Raises KeyUnusable."""
        try:
            pem = path.read_bytes()
            readable_by_others = path.stat().st_mode & 0o077
        except FileNotFoundError as fault:
            raise KeyUnusable(f"There is no signing key at {path}: restore it, or make one.") from fault
        except OSError as fault:
            raise KeyUnusable(f"The signing key at {path} cannot be read ({fault.strerror}).") from fault
        if readable_by_others:
            raise KeyUnusable(f"Others can read the signing key at {path}: give it mode 0600 (chmod 600).")
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
            raise KeyUnusable(f"What lies at {path} is not a PEM file with a private key.") from fault
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyUnusable(f"The key at {path} is not an Ed25519 key.")
        return cls(key)

    @classmethod
    def make(cls, path: Path) -> Self:
        """A new key, kept at `path`, mode 0600. Raises FileExistsError: no key is ever written over.

        The file appears whole or not at all: a process killed on the way leaves no half of a key behind.
        """
        made = cls.generate()
        pem = made._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600 from the first
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)  # unlike a rename it refuses what is there already
        finally:
            os.unlink(draft)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return made

    @classmethod
    def load_or_make(cls, path: Path) -> Self:
        """The key at `path`, made there when missing; two processes that start together get the same one.

        Raises KeyUnusable.
        """
        if not path.exists():
            try:
                return cls.make(path)
            except FileExistsError:
                pass  # another process was faster: its key is the one
        return cls.load(path)

    def signature(self, name: str, text: str) -> bytes:
        """The 64 bytes that stand for a note's text (its last newline included) under `name`.

        Ed25519 signs the text alone; the name is bound by the key id in front of them.
        """
        return self._key.sign(text.encode())

    def sign_note(self, name: str, text: str) -> str:
        """The text as a note signed under `name`. Raises ValueError for a name or text that cannot be."""
        line = Signature(name, self.verifier(name).id, self.signature(name, text))
        return str(Signed(text, (line,)))

    def verifier(self, name: str) -> VerifierKey:
        """The public half under `name`, to be given to whoever verifies. Raises ValueError for an impossible name."""
        found = self._verifiers.get(name)
        if found is None:
            found = self._verifiers[name] = VerifierKey(name, self._public)
        return found
