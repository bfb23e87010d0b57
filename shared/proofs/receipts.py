"""Receipts: what was taken in, signed, so that who sent it can prove so without asking us.

A receipt is a note of six lines. Like every note it means nothing before its signature is verified.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from shared.proofs.failures import KeyUnknown, Malformed
from shared.proofs.lines import labelled
from shared.proofs.notes import Signed, VerifierKey
from shared.proofs.signing import SigningKey

HEADER = "jikao/receipt/v1"
KEY_NAME = "jikao/receipts"

_SHA256 = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The identity (source, id) taken into a log, sha256 (hex) of the stored bytes, and the log's time.

    `time` is RFC 3339 in milliseconds with Z; `instant` writes it.
    """

    log: str
    source: str
    id: str
    sha256: str
    time: str

    def text(self) -> str:
        """The text that is signed. Raises ValueError if a part holds a line's end, which no identity may."""
        parts = (self.log, self.source, self.id, self.sha256, self.time)
        if any("\n" in part for part in parts):
            raise ValueError("no part of a receipt holds a line's end")
        return f"{HEADER}\nlog {self.log}\nsource {self.source}\nid {self.id}\nsha256 {self.sha256}\ntime {self.time}\n"

    def signed(self, key: SigningKey) -> str:
        """The receipt as a note."""
        return key.sign_note(KEY_NAME, self.text())

    @classmethod
    def parse(cls, text: str) -> Self:
        """The receipt in a note's text; nothing is verified by this. Raises Malformed."""
        lines = text.split("\n")
        try:
            if len(lines) != 7 or lines[0] != HEADER or lines[6]:
                raise ValueError(f"`{HEADER}` and five lines")
            log, source, id, sha256, time = (
                labelled(line, label)
                for line, label in zip(lines[1:6], ("log", "source", "id", "sha256", "time"), strict=True)
            )
            if not _SHA256.fullmatch(sha256) or not _TIME.fullmatch(time):
                raise ValueError("sha256 in hex, and a time in milliseconds with Z")
            datetime.fromisoformat(time)
        except ValueError as fault:
            raise Malformed(f"receipt: {fault}") from fault
        return cls(log, source, id, sha256, time)

    @classmethod
    def verified(cls, note: str, trusted: Iterable[VerifierKey]) -> Self:
        """The receipt in a note signed by a trusted key of receipts. Raises Malformed, KeyUnknown, SignatureInvalid."""
        keys = [key for key in trusted if key.name == KEY_NAME]
        if not keys:
            raise KeyUnknown(f"no key named {KEY_NAME} was given")
        return cls.parse(Signed.parse(note).verified(keys))


def instant(microseconds: int) -> str:
    """A log's time (microseconds since 1970) as a receipt says it; what is finer than a millisecond is dropped."""
    at = _EPOCH + timedelta(microseconds=microseconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
