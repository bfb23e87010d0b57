"""May a value be verified, returned, certified? One stream an entry: reported → returned or verified → certified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from services.evaluation.errors import EntryIsCertified, EntryIsNotVerified, EntryIsReturned, ValueNotConvertible
from shared.contracts.evaluation import ValueCertified, ValueReturned, ValueVerified
from shared.contracts.shapes import EntryRef, Shape
from shared.errors import Refusal
from shared.quantities import NOT_CONVERTIBLE, convert_text

State = Literal["reported", "returned", "verified", "certified"]
LONGEST_STREAM = 200
_SOURCE = "urn:jikao:source:"


@dataclass(frozen=True, slots=True)
class Stated:
    """A value as it was stated, in the unit of measure that the caller chose."""

    value: str
    unit_of_measure: str


def stream_of(entry: EntryRef) -> str:
    """`value:<source>:<id>:<entry>`; where that is too long for a stream's name, a hash stands for source and id."""
    name = f"value:{entry.source.removeprefix(_SOURCE)}:{entry.id}:{entry.entry}"
    if len(name) <= LONGEST_STREAM:
        return name
    return f"value:{sha256(f'{entry.source} {entry.id}'.encode()).hexdigest()}:{entry.entry}"


def evolve(state: State, fact: Shape) -> State:
    """How the entry stands after the fact."""
    match fact:
        case ValueVerified():
            return "verified"
        case ValueCertified():
            return "certified"
        case ValueReturned():
            return "returned"
        case _:
            return state


@dataclass(frozen=True, slots=True)
class Line:
    """The series of an entry: its unit of measure, and why a value in it cannot be reported (None if it can)."""

    unit_of_measure: str
    refused: Callable[[str], type[Refusal] | None]


def verify(state: State, entry: EntryRef, stated: Stated, line: Line) -> ValueVerified:
    """Verify the entry, or verify it anew."""
    _not_returned(state)
    _not_certified(state)
    return ValueVerified(entry=entry, value=_in(line, stated))


def certify(state: State, entry: EntryRef, stated: Stated, line: Line) -> ValueCertified:
    """Certify what has been verified, or certify it anew."""
    _not_returned(state)
    if state == "reported":
        raise EntryIsNotVerified
    return ValueCertified(entry=entry, value=_in(line, stated))


def return_(state: State, entry: EntryRef, reason: str) -> ValueReturned:
    """Return the entry to its reporter: it counts as not reported."""
    _not_returned(state)
    _not_certified(state)
    return ValueReturned(entry=entry, reason=reason)


def _not_returned(state: State) -> None:
    if state == "returned":
        raise EntryIsReturned


def _not_certified(state: State) -> None:
    if state == "certified":
        raise EntryIsCertified


def _in(line: Line, stated: Stated) -> str:
    """The stated value, exactly, in the series' unit of measure; one that could have been reported."""
    try:
        value = convert_text(stated.value, stated.unit_of_measure, line.unit_of_measure)
    except NOT_CONVERTIBLE as fault:
        faults = [ValueNotConvertible().fault("/unit_of_measure")]
        raise ValueNotConvertible(faults=faults, given=stated.unit_of_measure, needed=line.unit_of_measure) from fault
    if (why := line.refused(value)) is not None:
        raise why(faults=[why().fault("/value")], value=value)
    return value
