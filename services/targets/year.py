"""Assessment years: opened once, with the rules they start with, then moved from state to state.

What a state allows is in shared/year_states.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from msgspec import UNSET

from services.targets.errors.years import (
    DateOutsideYear,
    ReopeningNeedsReason,
    TablesAreNotIssued,
    YearCannotMove,
    YearIsOpenAlready,
)
from shared.admission.errors import YearIsNotOpen
from shared.admission.year import not_allowed
from shared.contracts.shapes import Shape
from shared.contracts.target_tables import TargetTablesIssued, YearMoved
from shared.contracts.targets import TimeProgress, YearOpened
from shared.deciding import Decide, Fact, Look, Stream
from shared.year_states import ORDER, Act, YearState, following

S = TypeVar("S")
DRAFT: YearState = "draft"
"""What a year is called that was never moved."""


@dataclass(frozen=True, slots=True)
class YearStanding:
    """How far a year has come: its state, and the tables issued last, as sha256 by unit id.

    `state` is None for a year that was never moved.
    """

    is_open: bool = False
    state: YearState | None = None
    issued: Mapping[str, str] = field(default_factory=dict)
    issued_on: date | None = None


@dataclass(frozen=True, slots=True)
class MoveYear:
    """Move a year to another state; `reason` is needed to go back."""

    year: int
    state: YearState
    reason: str | None


def year_stream(year: int) -> Stream[bool]:
    """The stream of one year; its state is whether it is open."""
    return Stream(f"year:{year}", False, evolve)


def standing_stream(year: int) -> Stream[YearStanding]:
    """The stream of one year, with its course remembered."""
    return Stream(f"year:{year}", YearStanding(), _stand)


def open_year(year: int, time_progress: TimeProgress, is_open: bool) -> list[Fact]:
    """YearIsOpenAlready."""
    if is_open:
        raise YearIsOpenAlready(year=year)
    return [Fact(YearOpened(year=year, time_progress=time_progress))]


def move_year(command: MoveYear, standing: YearStanding) -> list[Fact]:
    """One state forward; back to any earlier one with a reason.

    YearIsNotOpen, YearCannotMove, ReopeningNeedsReason; TablesAreNotIssued before any target table was.
    """
    require_open(command.year, standing.is_open)
    now, wanted = standing.state or DRAFT, command.state
    if ORDER.index(wanted) < ORDER.index(now):
        if command.reason is None:
            raise ReopeningNeedsReason(
                state=now, asked=wanted, faults=[ReopeningNeedsReason().fault("/reason")]
            )  # fmt: skip
    elif wanted != following(now):
        raise YearCannotMove(
            state=now, asked=wanted, next=following(now) or "none", faults=[YearCannotMove().fault("/state")]
        )
    elif now == DRAFT and not standing.issued:
        raise TablesAreNotIssued(state=now, asked=wanted, faults=[TablesAreNotIssued().fault("/state")])
    return [Fact(YearMoved(year=command.year, state=wanted, reason=command.reason or UNSET))]


def moving(command: MoveYear) -> Decide[YearStanding]:
    """`move_year`, once everybody has recorded who was allowed something by the state that is left."""

    def decided(standing: YearStanding, look: Look) -> Sequence[Fact]:
        look.alone(_moves(command.year))
        return move_year(command, standing)

    return decided


def while_allowed(act: Act, year: int, decide: Decide[S]) -> Decide[S]:
    """The same decision, after a look at the state of the year, which stays until it is recorded. YearDoesNotAllow."""

    def decided(state: S, look: Look) -> Sequence[Fact]:
        stay(year, look)
        require_allowed(act, year, look.at(standing_stream(year)))
        return decide(state, look)

    return decided


def stay(year: int, look: Look) -> None:
    """The year is not moved until what is decided here is recorded."""
    look.alone(_moves(year), shared=True)


def _moves(year: int) -> str:
    return f"moves of {year}"


def require_allowed(act: Act, year: int, standing: YearStanding) -> None:
    """YearDoesNotAllow, naming the state, what was asked and the states that allow it."""
    if (refusal := not_allowed(act, year, standing.state)) is not None:
        raise refusal


def require_open(year: int, is_open: bool) -> None:
    """YearIsNotOpen: nothing of a year can be recorded before its opening."""
    if not is_open:
        raise YearIsNotOpen(year=year)


def require_within(year: int, day: date, pointer: str) -> None:
    """DateOutsideYear for a date that the command names at `pointer`."""
    if day.year != year:
        raise DateOutsideYear(year=year, date=day, faults=[DateOutsideYear().fault(pointer)])


def evolve(is_open: bool, fact: Shape) -> bool:
    """Remember."""
    return is_open or isinstance(fact, YearOpened)


def _stand(standing: YearStanding, fact: Shape) -> YearStanding:
    match fact:
        case YearOpened():
            return replace(standing, is_open=True)
        case YearMoved():
            return replace(standing, state=fact.state)
        case TargetTablesIssued():
            issued = {each.unit: each.sha256 for each in fact.tables}
            return replace(standing, issued={**standing.issued, **issued}, issued_on=fact.on)
        case _:
            return standing
