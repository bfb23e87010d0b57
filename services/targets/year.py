"""Assessment years: opened once, with the rules they start with."""

from __future__ import annotations

from datetime import date

from services.targets.errors import DateOutsideYear, YearIsOpenAlready
from shared.admission.errors import YearIsNotOpen
from shared.contracts.shapes import Shape
from shared.contracts.targets import TimeProgress, YearOpened
from shared.deciding import Fact, Stream


def year_stream(year: int) -> Stream[bool]:
    """The stream of one year; its state is whether it is open."""
    return Stream(f"year:{year}", False, evolve)


def open_year(year: int, time_progress: TimeProgress, is_open: bool) -> list[Fact]:
    """YearIsOpenAlready."""
    if is_open:
        raise YearIsOpenAlready(year=year)
    return [Fact(YearOpened(year=year, time_progress=time_progress))]


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
