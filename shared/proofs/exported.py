"""Records as an auditor keeps them: a file with one JSON object a line, in the order of the log.

    {"position": 0, "offset": 0, "recorded_at": 1230768000000000, "value": "<base64>"}

`recorded_at` is in microseconds; `value` holds the stored bytes, null for a record without any. `offset` says where
the record lay in its partition; no proof rests on it, and it may be absent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from shared.proofs.failures import Malformed, RecordMissing, RecordsOutOfOrder
from shared.proofs.notes import unbase64


@dataclass(frozen=True, slots=True)
class Exported:
    """One record of the file."""

    position: int
    offset: int
    recorded_at: int
    value: bytes | None


def exported(lines: Iterable[bytes]) -> Iterator[Exported]:
    """The records, from position 0 without a gap and in time.

    Raises Malformed, RecordMissing, RecordsOutOfOrder, with the line where it shows.
    """
    expected, latest = 0, 0
    for number, line in enumerate(lines, start=1):
        record = _record(line, number)
        if record.position > expected:
            raise RecordMissing(f"position {expected}, line {number}")
        if record.position < expected:
            raise RecordsOutOfOrder(f"position {record.position} in the place of {expected}, line {number}")
        if record.recorded_at < latest:
            raise RecordsOutOfOrder(f"position {expected} is older than the record before it, line {number}")
        expected, latest = expected + 1, record.recorded_at
        yield record


def _record(line: bytes, number: int) -> Exported:
    try:
        stored: dict[str, Any] = json.loads(line)
        value = stored["value"]
        return Exported(
            _whole(stored["position"]),
            _whole(stored.get("offset", 0)),
            _whole(stored["recorded_at"]),
            None if value is None else unbase64(value),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise Malformed(f"record on line {number}") from fault


def _whole(number: object) -> int:
    if type(number) is not int or not 0 <= number < 2**64:
        raise ValueError("an unsigned number of 64 bits")
    return number
