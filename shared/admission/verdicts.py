"""The words of a judgement: which series, what came of each entry, what came of the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from msgspec import Struct

from shared.errors import Refusal


class EntryKey(NamedTuple):
    """An entry by its place in the log: the record's position and the 0-based place among its entries."""

    position: int
    entry: int


class Series(NamedTuple):
    """What a level belongs to: (year, subject, measure, part); the part is the assignment, or the project itself."""

    year: int
    subject: Literal["target", "project"]
    subject_id: str
    measure: str
    part: str


class Counted(Struct, frozen=True, gc=False):
    """The entry counts: `value` is canonical text in the measure's declared unit of measure."""

    series: Series
    effective_on: date
    value: str
    corrects: EntryKey | None


class Withdrawn(Struct, frozen=True, gc=False):
    """The withdrawal counts: the entry at `names` no longer does."""

    names: EntryKey


@dataclass(frozen=True, slots=True)
class Refused:
    """The entry does not count; `because` is the position of the fact that forbids it, where there is one."""

    why: type[Refusal]
    because: int | None = None

    @property
    def code(self) -> str:
        """The stable code of the refusal."""
        return self.why.code()


Outcome = Counted | Withdrawn | Refused


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of one submission.

    `counted`: judged entry by entry, see `outcomes` (some or all of which may be refused).
    `duplicate`: the same identity and content already stands at `because`.
    `reused`: the identity was taken by other content at `because`; nothing of it counts.
    """

    status: Literal["counted", "duplicate", "reused"]
    outcomes: tuple[Outcome, ...] = ()
    because: int | None = None

    @property
    def takes_identity(self) -> bool:
        """A record takes its identity if at least one of its entries counted."""
        return any(not isinstance(outcome, Refused) for outcome in self.outcomes)

    @property
    def counts_by_itself(self) -> bool:
        """An entry counted that refers to no other: it needed no ledger."""
        return any(isinstance(outcome, Counted) and outcome.corrects is None for outcome in self.outcomes)
