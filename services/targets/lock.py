"""Period locks: a month, of one target or of all, closed to figures and opened again, each time with a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from services.targets.errors.targets import TargetIsUnknown
from services.targets.errors.years import MonthIsLockedAlready, MonthIsNotLocked
from services.targets.target import Target
from services.targets.year import require_open
from shared.contracts.shapes import Shape
from shared.contracts.targets import PeriodLocked, PeriodUnlocked
from shared.deciding import Fact, Stream


class Period(NamedTuple):
    """A month of all targets, or of the one with this id."""

    month: int
    target: str | None


@dataclass(frozen=True, slots=True)
class Locked:
    """Why a period is locked, and the version of the stream at which it was: that record says by whom."""

    reason: str
    version: int


@dataclass(frozen=True, slots=True)
class Locks:
    """The locked periods of a year."""

    locked: Mapping[Period, Locked] = field(default_factory=dict)
    version: int = 0


@dataclass(frozen=True, slots=True)
class ChangeLock:
    """Lock or unlock a month; `target` is the code of the one target that is meant, if not all."""

    year: int
    month: int
    target: str | None
    reason: str


def locks_stream(year: int) -> Stream[Locks]:
    """All locks of a year: few, and each command must see the others."""
    return Stream(f"locks:{year}", Locks(), evolve)


def lock_month(
    command: ChangeLock, locks: Locks, *, year_open: bool, target: Target | None, author: Callable[[int], str]
) -> list[Fact]:
    """MonthIsLockedAlready, naming who locked it (`author` of a version of the stream) and why.

    A month that is locked for all targets is locked for each of them.
    """
    period = _period(command, year_open, target)
    for closed in (Period(command.month, None), period):
        if held := locks.locked.get(closed):
            raise MonthIsLockedAlready(month=command.month, by=author(held.version), reason=held.reason)
    return [
        Fact(PeriodLocked(year=command.year, month=command.month, target=period.target or UNSET, reason=command.reason))
    ]


def unlock_month(command: ChangeLock, locks: Locks, *, year_open: bool, target: Target | None) -> list[Fact]:
    """MonthIsNotLocked. A month locked for all targets is unlocked for all, not for one."""
    period = _period(command, year_open, target)
    if period not in locks.locked:
        raise MonthIsNotLocked(month=command.month, target=command.target or "all")
    return [
        Fact(
            PeriodUnlocked(year=command.year, month=command.month, target=period.target or UNSET, reason=command.reason)
        )
    ]


def _period(command: ChangeLock, year_open: bool, target: Target | None) -> Period:
    require_open(command.year, year_open)
    if target is not None and target.id is None:
        raise TargetIsUnknown(target=command.target, faults=[TargetIsUnknown().fault("/target")])
    return Period(command.month, target.id if target else None)


def evolve(locks: Locks, fact: Shape) -> Locks:
    """Remember."""
    version = locks.version + 1
    match fact:
        case PeriodLocked():
            held = Locked(fact.reason, version)
            return Locks({**locks.locked, _of(fact): held}, version)
        case PeriodUnlocked():
            return Locks({p: held for p, held in locks.locked.items() if p != _of(fact)}, version)
        case _:
            return Locks(locks.locked, version)


def _of(fact: PeriodLocked | PeriodUnlocked) -> Period:
    return Period(fact.month, None if isinstance(fact.target, UnsetType) else fact.target)
