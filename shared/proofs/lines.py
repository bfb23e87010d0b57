"""Lines that the text formats share: decimals without leading zeroes, hashes in base64. All raise ValueError."""

from __future__ import annotations

import base64
import re

from shared.merkle import HASH_BYTES
from shared.proofs.notes import unbase64

MOST_HASHES = 63
"""No proof in a tree of fewer than 2**63 leaves is longer."""

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,19}")


def decimal(text: str) -> int:
    """A size or index as it stands in a line."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text!r} is no decimal without leading zeroes")
    return int(text)


def labelled(line: str, label: str) -> str:
    """What follows `label` and a space."""
    if not line.startswith(f"{label} "):
        raise ValueError(f"a line begins with `{label} `")
    return line[len(label) + 1 :]


def hash_line(hash: bytes) -> str:
    """A hash as a line, with its newline."""
    return base64.b64encode(hash).decode() + "\n"


def hash_of(line: str) -> bytes:
    """The hash on a line."""
    hash = unbase64(line)
    if len(hash) != HASH_BYTES:
        raise ValueError(f"a hash has {HASH_BYTES} bytes, not {len(hash)}")
    return hash


def path_of(lines: list[str]) -> tuple[bytes, ...]:
    """A proof's hashes, one a line."""
    if len(lines) > MOST_HASHES:
        raise ValueError(f"more than {MOST_HASHES} hashes")
    return tuple(hash_of(line) for line in lines)
