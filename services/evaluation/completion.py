"""How far along are targets? Per part, target, unit, category and the whole city. Pure.

Everything here is a function of what stood (`plans`) and what was reported (`ledger`), both as known at one position,
and of one date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import partial
from typing import TypeVar

from services.evaluation.exact import scaled, total
from services.evaluation.judged import FULL, NEARLY, SHORT, Judged
from services.evaluation.ledger import Levels
from services.evaluation.maintained import Kept, Observed
from services.evaluation.parts import Found, Part, PartLevel, complete, each, owed, predecessors
from services.evaluation.plans import Plan, TargetPlan, day_of
from services.evaluation.roll_up import part_judged, whole_judged
from services.evaluation.steps_and_bands import reached_share
from shared.admission.verdicts import Series
from shared.calendars import METHODS
from shared.registry import Registry

T = TypeVar("T")


@dataclass(slots=True)
class TargetFigure:
    """One target on the day: its plan, what counts of each part's level, and what the whole comes to."""

    plan: TargetPlan
    values: list[int | None]
    whole: Judged
    misses: tuple[tuple[date, str], ...] = ()
    levels: Sequence[Sequence[PartLevel]] = ()
    """Of each measure the level of each part; empty where no more is told of the target than its row."""
    stands_on: Sequence[object] = ()
    """What each part stands on in the judged measure; empty where none stands on the levels of several."""
    missed: frozenset[int] = frozenset()
    """Places of parts that are kept now and were not on some day; only where no more is told than the row."""

    def of_part(self, at: int) -> Judged:
        """What a unit answers for by the part at this place."""
        full = not self.stands_on or complete(self.stands_on[at])
        return part_judged(self.plan, at, self.values[at], full, at in self.missed)

    def marks_of_parts(self) -> list[int]:
        """The same of every part, in marks only."""
        plan = self.plan
        if not plan.plain_parts or self.missed:
            return [self.of_part(at).marks for at in range(len(plan.parts))]
        return [
            0 if actual is None
            else FULL if actual >= wanted
            else NEARLY if 5 * actual >= 4 * wanted
            else SHORT
            for actual, wanted in zip(self.values, plan.measured_by, strict=True)
        ]  # fmt: skip

    @property
    def coverage(self) -> tuple[int, int]:
        """How many of the counted parts have reported, of how many; a merged part counts as those it carries on."""
        values, counted = self.values, self.plan.counted
        if self.stands_on:
            on = [self.stands_on[at] for at in counted]
            return sum(len(each(one)) for one in on), sum(owed(one) for one in on)
        if len(counted) == 1:
            return int(values[counted[0]] is not None), 1
        return sum([values[at] is not None for at in counted]), len(counted)


@dataclass(frozen=True, slots=True)
class UnitFigure:
    """What one unit answers for of a target: the whole (`at` is None), or its part at the place `at`."""

    plan: TargetPlan
    at: int | None
    judged: Judged
    levels: Mapping[int, PartLevel]
    """By place: of every part where the unit answers for the whole, else of its own parts. Of several steps, one's."""
    values: Mapping[int, int | None]
    """What counts of these parts."""


@dataclass(slots=True)
class Targets:
    """The figures of targets of one year, on one day, from one reading of the levels."""

    plan: Plan
    levels: Levels
    as_of: date
    day: date = field(init=False)

    def __post_init__(self) -> None:
        self.day = day_of(self.plan.year, self.as_of)

    @property
    def progress(self) -> Fraction:
        """How much of the year has passed."""
        return time_progress(self.plan.registry, self.plan.year, self.as_of)

    def all(self) -> list[TargetFigure]:
        """Every target in force on the day, by code: what its row says, without the levels and the misses."""
        plans = self.plan.targets.values()
        latest = self.levels.values(self.day, self.plan.year)
        found = Found(self.day, latest, self._earlier(_carrying(plans), self.levels.values_in))
        get = latest.get
        figures = []
        for plan in plans:
            if plan.merges:
                on = [found.of(part) for part in plan.parts]
                values = [total(each(one)) for one in on]
                figures.append(TargetFigure(plan, values, whole_judged(plan, values, on), stands_on=on))
                continue
            texts = [found.only(part, 0) for part in plan.parts] if plan.carries else [get(line) for line in plan.lines]
            values = [None if text is None else scaled(text) for text in texts]
            if plan.steps:
                values = [reached_share(plan.steps, partial(found.only, part)) for part in plan.parts]
            figures.append(TargetFigure(plan, values, whole_judged(plan, values)))
        self._look_back((figure, figure.plan.kept) for figure in figures if figure.plan.kept is not None)
        return figures

    def _look_back(self, figures: Iterable[tuple[TargetFigure, Kept]]) -> None:
        """Were they kept all year, as a whole and by each unit? Asked only of what is kept now."""
        asked: list[tuple[TargetFigure, Kept, set[int], set[int]]] = []
        for figure, of_all in figures:
            parts = {at for _, at in figure.plan.answering if at is not None and figure.of_part(at).met}
            asked.append((figure, of_all, parts, set(figure.plan.counted if figure.whole.met else ())))
        observed = self._observed((of_all, parts | whole) for _, of_all, parts, whole in asked)
        for figure, of_all, parts, whole in asked:
            misses = {at: list(of_all.misses(at, observed)) for at in parts | whole}
            figure.missed = frozenset(at for at in parts if any(miss.in_part for miss in misses[at]))
            if any(miss.in_whole for at in whole for miss in misses[at]):
                figure.whole = figure.whole._replace(met=False)

    def some(self, chosen: Callable[[TargetPlan], bool]) -> list[TargetFigure]:
        """Those that are chosen, by code, with their levels."""
        plans = [plan for plan in self.plan.targets.values() if chosen(plan)]
        latest = self.levels.latest_of([plan.id for plan in plans], self.day)
        found = Found(self.day, latest, self._earlier(_carrying(plans), self.levels.latest_in))
        observed = self._observed((plan.kept, plan.counted) for plan in plans if plan.kept is not None)
        figures = []
        for plan in plans:
            levels = [[found.of(part, at) for part in plan.parts] for at in range(len(plan.target.measures))]
            values = [plan.value(of_part) for of_part in zip(*levels, strict=True)]
            on = levels[0] if plan.merges else ()
            whole, misses = self._judged(plan, values, observed, on)
            figures.append(TargetFigure(plan, values, whole, misses, levels, on))
        return figures

    def of_unit(self, code: str) -> list[UnitFigure]:
        """What a unit answers for, by the targets' codes. No more is looked up than that."""
        asked: list[tuple[TargetPlan, int | None, tuple[int, ...]]] = []
        for plan in self.plan.of_unit.get(code, ()):
            at = dict(plan.answering)[code]
            own = tuple(place for place, part in enumerate(plan.parts) if at is None or part.unit == code)
            asked.append((plan, at, own))
        parts = [plan.parts[place] for plan, _, places in asked for place in places]
        lines = [
            series
            for plan, _, places in asked
            for place in places
            for series in plan.parts[place].series[: plan.judged_by]
        ]
        latest = self.levels.latest_in(lines, self.day)
        found = Found(self.day, latest, self._earlier(parts, self.levels.latest_in))
        observed = self._observed(
            (plan.kept, plan.counted if at is None else (at,)) for plan, at, _ in asked if plan.kept is not None
        )
        figures = []
        for plan, at, places in asked:
            of_parts = {place: [found.of(plan.parts[place], n) for n in range(plan.judged_by)] for place in places}
            values = {place: plan.value(levels) for place, levels in of_parts.items()}
            if at is None:
                on = [levels[0] for levels in of_parts.values()] if plan.merges else ()
                judged, _ = self._judged(plan, list(values.values()), observed, on)
            else:
                missed = plan.kept is not None and any(miss.in_part for miss in plan.kept.misses(at, observed))
                judged = part_judged(plan, at, values[at], not plan.merges or complete(of_parts[at][0]), missed)
            told = {
                place: _first(levels) if values[place] is not None or plan.merges else None
                for place, levels in of_parts.items()
            }
            figures.append(UnitFigure(plan, at, judged, told, values))
        return figures

    def _earlier(
        self, parts: Iterable[Part], look_up: Callable[[set[Series], date], Mapping[Series, T]]
    ) -> dict[date, Mapping[Series, T]]:
        """What was found of the predecessors of these parts, by the day up to which they count."""
        wanted: dict[date, set[Series]] = {}
        for part in parts:
            for line in part.carried:
                for carried, up_to in predecessors(line, self.day):
                    wanted.setdefault(up_to, set()).add(carried.series)
        return {up_to: look_up(series, up_to) for up_to, series in wanted.items()}

    def _judged(
        self, plan: TargetPlan, values: list[int | None], observed: Observed, on: Sequence[object] = ()
    ) -> tuple[Judged, tuple[tuple[date, str], ...]]:
        """What the whole comes to; of what is to be kept also what fell short, with its day and unit."""
        whole = whole_judged(plan, values, on)
        if plan.kept is None or whole.actual is None:
            return whole, ()
        found = {
            (miss.effective_on, miss.unit)
            for at in plan.counted
            for miss in plan.kept.misses(at, observed)
            if miss.in_whole
        }
        return whole._replace(met=whole.met and not found), tuple(sorted(found))

    def _observed(self, asked: Iterable[tuple[Kept, Iterable[int]]]) -> Observed:
        """Every entry that counts of the parts at these places of what is to be kept: any miss shows."""
        wanted = {series for of_all, places in asked for series in of_all.series(places)}
        return self.levels.observed(wanted, self.day) if wanted else {}


def _carrying(plans: Iterable[TargetPlan]) -> Iterator[Part]:
    """The parts that may carry on the levels of others."""
    return (part for plan in plans if plan.carries for part in plan.parts)


def _first(levels: Sequence[PartLevel]) -> PartLevel:
    """The first of a part's levels that there is."""
    return next((level for level in levels if level is not None), None)


def time_progress(registry: Registry, year: int, as_of: date) -> Fraction:
    """How much of the year has passed, by the year's own method: 0 before it, 1 after it."""
    if as_of.year != year:
        return Fraction(0 if as_of.year < year else 1)
    rules = registry.years.get(str(year), as_of)
    return METHODS[rules.time_progress if rules is not None else "by_month"](as_of)
