"""How far along are targets? Per part, target, unit, category and the whole city. Pure.

Everything here is a function of what stood (registry) and what was reported (levels), both as known at one position,
and of one date. All comparisons are between exact ratios. Not reported is not zero: a figure without a report has no
rate, and a total says how many have reported.

What stands changes rarely, so it is worked out once as a `Plan` and may be kept; levels are looked up for each answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from services.evaluation.exact import scaled
from services.evaluation.ledger import Level, Levels
from services.evaluation.maintained import MAINTAIN, Kept, Observed, kept
from services.evaluation.steps_and_bands import StepPlan, reached_by, reached_share, steps_of
from shared.admission.verdicts import Series
from shared.calendars import METHODS
from shared.registry import Registry
from shared.registry.rows import Assignment, Target

T = TypeVar("T")
PartLevel: TypeAlias = "Level | Together[Level] | None"


class Ratio(NamedTuple):
    """An exact completion rate; `below` is positive."""

    above: int
    below: int

    def less_than(self, other: Ratio) -> bool:
        """Compared at full precision."""
        return self.above * other.below < other.above * self.below


class Rule(NamedTuple):
    """How a target is judged: its kind, and whether lower is better (a ceiling always, others by their direction)."""

    kind: str
    lower: bool

    def rate(self, actual: int, wanted: int) -> Ratio | None:
        """r = a/t; where lower is better r = 2 - a/t, not below 0. None when t is 0, which no issued target is."""
        if wanted == 0:
            return None
        if wanted < 0:
            actual, wanted = -actual, -wanted
        if self.lower:
            return Ratio(max(0, 2 * wanted - actual), wanted)
        if self.kind == "rate" and actual < 0:
            return Ratio(0, 1)  # a negative growth rate counts 0
        return Ratio(actual, wanted)

    def met(self, actual: int, wanted: int) -> bool:
        """Is the target's value reached (or, where lower is better, kept)?"""
        return actual <= wanted if self.lower else actual >= wanted


REPORTED, COMPLETE, MET, AT_LEAST_80, AT_LEAST_100 = 1, 2, 4, 8, 16
"""What may be said of a figure, as bits: complete means that all it is made of have reported."""
_SHORT = REPORTED | COMPLETE
_NEARLY = _SHORT | AT_LEAST_80
_FULL = _NEARLY | AT_LEAST_100 | MET


class Judged(NamedTuple):
    """What came of comparing a value with a target's: of a target as a whole, or of one unit's part of it."""

    actual: int | None
    against: int
    rate: Ratio | None
    met: bool | None
    full: bool

    @property
    def marks(self) -> int:
        """The bits that hold; thresholds compare at full precision. 0 where nothing is reported."""
        actual, _, rate, met, full = self
        if actual is None:
            return 0
        found = REPORTED | (COMPLETE if full else 0) | (MET if met else 0)
        if rate is not None and 5 * rate.above >= 4 * rate.below:
            found |= AT_LEAST_80 | (AT_LEAST_100 if rate.above >= rate.below else 0)
        return found


class Tally:
    """How many targets, and how far they are: counted by their marks, so that counting costs next to nothing."""

    __slots__ = ("by_marks",)

    def __init__(self) -> None:
        self.by_marks = [0] * 32

    def add(self, marks: int) -> None:
        """Count one more."""
        self.by_marks[marks] += 1

    @property
    def targets(self) -> int:
        """How many there are."""
        return sum(self.by_marks)

    def having(self, mark: int) -> int:
        """How many have this mark."""
        return sum(count for marks, count in enumerate(self.by_marks) if marks & mark)


@dataclass(frozen=True, slots=True)
class Carried:
    """A predecessor's series whose level counts on, up to the day before the hand-over, and whose it carried itself."""

    series: Series
    up_to: date
    unit: str
    carried: tuple[Carried, ...]


@dataclass(frozen=True, slots=True)
class Together(Generic[T]):
    """What several predecessors had when their parts became one: those found count together, out of `of`."""

    found: tuple[T, ...]
    of: int


def each(level: T | Together[T] | None) -> tuple[T, ...]:
    """The levels that a part stands on: its own, that of a predecessor, or those of several."""
    return () if level is None else level.found if isinstance(level, Together) else (level,)


def only(level: T | Together[T] | None) -> T | None:
    """The one level that a part stands on, where nothing is added up."""
    return next(iter(each(level)), None)


def owed(level: object) -> int:
    """How many levels it takes for the part to stand complete: one, unless it carries on those of several."""
    return level.of if isinstance(level, Together) else 1


def complete(level: object) -> bool:
    """Is nothing missing of what the part stands on?"""
    return level is not None and not (isinstance(level, Together) and len(level.found) < level.of)


@dataclass(frozen=True, slots=True)
class Part:
    """One reporting part on the day. `series` and `carried` have one member for each measure of the target."""

    id: str
    assignment: Assignment
    unit: str
    wanted: int | None
    series: tuple[Series, ...]
    carried: tuple[tuple[Carried, ...], ...]
    below: str | None
    """The part of which it is a part, as that stands on the day: where it was handed over, whoever has it now."""


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """One target in force on the day, with its parts by unit. `counted` are the places of those it is made of."""

    id: str
    target: Target
    rule: Rule
    wanted: int
    parts: tuple[Part, ...]
    counted: tuple[int, ...]
    answering: tuple[tuple[str, int | None], ...]
    """Each unit once, and the place of its part; None where it answers for the whole."""
    plain: bool
    """Whether a rate is simply a/t, of a positive t."""
    row: Mapping[str, object]
    """What every document says of it in the same words."""
    lines: tuple[Series, ...]
    """The series of each part in the measure that is judged."""
    carries: bool
    """Does any part carry on the level of another?"""
    merges: bool
    """Does any part carry on the levels of several others together?"""
    measured_by: tuple[int, ...]
    """What each part is measured by: its own value or, where it has none, the target's."""
    plain_parts: bool
    """Whether the rate of each part is simply a/t, of a positive t."""
    steps: tuple[StepPlan, ...]
    """Of a milestone target, whose parts are as far along as the shares of the steps they have reached."""
    kept: Kept | None
    """Of a target that is to be kept all year: what each part is held to at every observation."""

    @property
    def judged_by(self) -> int:
        """By how many of its measures it is judged: by the first one, or by all that may be steps."""
        return len(self.target.measures) if self.steps else 1

    def value(self, levels: Sequence[PartLevel]) -> int | None:
        """What counts of one part, which has a level for each measure that the target is judged by."""
        if self.steps:
            return reached_by(self.steps, [only(level) for level in levels])
        return _sum(level.best[0] for level in each(levels[0]))


@dataclass(frozen=True, slots=True)
class Plan:
    """What stood in one year on every day of [holds_from, holds_until): targets by code, and codes of units by id."""

    registry: Registry
    year: int
    holds_from: date
    holds_until: date
    units: Mapping[str, str]
    targets: Mapping[str, TargetPlan]
    of_unit: Mapping[str, tuple[TargetPlan, ...]]
    """What each unit answers for, by its code."""
    coordinated: Mapping[str, tuple[str, ...]]
    """The codes of the targets that each unit coordinates, by its code."""

    def holds_on(self, day: date) -> bool:
        """Does nothing that it says change between the day it was made for and this one?"""
        return self.holds_from <= day < self.holds_until


class Plans:
    """Keeps the last few plans. Only for registries that nobody changes any more, as the read side gives them."""

    def __init__(self, most: int = 4) -> None:
        self._most = most
        self._kept: tuple[Plan, ...] = ()

    def of(self, registry: Registry, year: int, as_of: date) -> Plan:
        """The plan for a date, worked out if need be."""
        day = day_of(year, as_of)
        for plan in self._kept:
            if plan.registry is registry and plan.year == year and plan.holds_on(day):
                return plan
        earlier = next((kept for kept in self._kept if kept.year == year and kept.holds_on(day)), None)
        plan = plan_of(registry, year, as_of, earlier)
        self._kept = (plan, *self._kept)[: self._most]  # one assignment: other threads see the old or the new
        return plan


def day_of(year: int, as_of: date) -> date:
    """The day that counts: as_of, or the year's last day once it is over."""
    return min(as_of, date(year, 12, 31))


def plan_of(registry: Registry, year: int, as_of: date, earlier: Plan | None = None) -> Plan:
    """What stood on the day that counts.

    `earlier` is a plan that holds on that day by another registry: targets of which both say the same are taken over.
    """
    day = day_of(year, as_of)
    if earlier is not None and not registry.units.all_same(earlier.registry.units):
        earlier = None  # codes of units stand in every target's plan
    units = {id: registry.units.latest(id).code for id in registry.units}
    found = [(row.code, id, row) for id, row in registry.targets_on(day) if row.year == year]
    found.sort(key=lambda each: each[0])
    targets = {id: _kept(registry, id, earlier) or _target_plan(registry, day, units, id, row) for _, id, row in found}
    of_unit: dict[str, list[TargetPlan]] = {}
    for plan in targets.values():
        for unit, _ in plan.answering:
            of_unit.setdefault(unit, []).append(plan)
    changes = set(_changes(registry, year))
    return Plan(
        registry,
        year,
        max((on for on in changes if on <= day), default=date.min),
        min((on for on in changes if on > day), default=date.max),
        units,
        targets,
        {unit: tuple(plans) for unit, plans in of_unit.items()},
        _coordinated(registry, day, units, targets),
    )


def _kept(registry: Registry, id: str, earlier: Plan | None) -> TargetPlan | None:
    """The target's plan by an earlier registry, if nothing has been said of it or its parts since."""
    if earlier is None or not registry.targets.same(id, earlier.registry.targets):
        return None
    # Lists of parts are kept until a part of the target changes, and registries made of one another share them.
    return earlier.targets.get(id) if registry.parts_of(id) is earlier.registry.parts_of(id) else None


def _coordinated(
    registry: Registry, day: date, units: Mapping[str, str], targets: Mapping[str, TargetPlan]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for _, row in registry.assignments.on(day):
        if row.role == "coordination" and row.target in targets and row.unit in units and row.valid_on(day):
            found.setdefault(units[row.unit], set()).add(targets[row.target].target.code)
    return {unit: tuple(sorted(codes)) for unit, codes in found.items()}


def _changes(registry: Registry, year: int) -> Iterator[date]:
    """Every date on which what stands changes."""
    for id in registry.targets:
        if registry.targets.first(id).year == year:
            yield from (on for on, _, _ in registry.targets.history(id))
            for _, part in registry.parts_of(id):
                yield part.valid_from
                if part.valid_until is not None:
                    yield part.valid_until


def _target_plan(registry: Registry, day: date, units: Mapping[str, str], id: str, target: Target) -> TargetPlan:
    parts = [
        Part(
            part_id,
            part,
            units.get(part.unit, part.unit),
            None if part.value is None else scaled(part.value),
            tuple(Series(target.year, "target", id, measure.code, part_id) for measure in target.measures),
            tuple(_carried(registry, units, id, target, measure.code, part) for measure in target.measures),
            registry.standing_for(part.below, id, day) if part.below is not None else None,
        )
        for part_id, part in registry.parts_of(id)
        if part.reports and part.valid_on(day)
    ]
    merges = any(_merges(part.carried[0]) for part in parts)
    parts.sort(key=lambda part: (part.unit, part.id))
    rule = Rule(target.kind, target.kind == "ceiling" or target.direction == "lower")
    answering: dict[str, int | None] = {part.unit: None for part in parts if part.assignment.role == "lead"}
    for at, part in enumerate(parts):
        answering.setdefault(part.unit, at)
    wanted = scaled(target.value)
    plain = wanted > 0 and not rule.lower and target.kind != "rate"
    measured_by = tuple(wanted if part.wanted is None else part.wanted for part in parts)
    row: dict[str, object] = {
        "code": target.code, "category": target.category, "kind": target.kind, "direction": target.direction,
        "target_value": target.value, "unit_of_measure": target.unit_of_measure,
    }  # fmt: skip
    making = {part_id for part_id, _ in registry.answering(id, day)}
    return TargetPlan(
        id, target, rule, wanted, tuple(parts),
        counted=tuple(at for at, part in enumerate(parts) if part.id in making),
        answering=tuple(answering.items()),
        plain=plain,
        row=row,
        lines=tuple(part.series[0] for part in parts),
        carries=any(carried for part in parts for carried in part.carried),
        merges=merges,
        measured_by=measured_by,
        plain_parts=plain and not merges and all(wanted > 0 for wanted in measured_by),
        steps=steps_of(target),
        kept=kept(registry, id, target, [_lines(part) for part in parts]) if target.kind == MAINTAIN else None,
    )  # fmt: skip


def _lines(part: Part) -> list[tuple[Series, date, str]]:
    """What a part stands on in the judged measure, predecessors' included: up to which day, and whose it is."""
    before = predecessors(part.carried[0], date.max)
    return [(part.series[0], date.max, part.unit), *((one.series, up_to, one.unit) for one, up_to in before)]


def _carried(
    registry: Registry, units: Mapping[str, str], id: str, target: Target, measure: str, part: Assignment
) -> tuple[Carried, ...]:
    """The series of those that it took over from with their levels, each with those that it carried itself."""
    found: list[Carried] = []
    # Where nothing is added up, several levels have no meaning together, whatever was told: the first one goes on.
    for follows in part.carries if target.roll_up == "sum" else part.carries[:1]:
        before = registry.assignments.latest(follows)
        series = Series(target.year, "target", id, measure, follows)
        carried = _carried(registry, units, id, target, measure, before)
        found.append(Carried(series, part.valid_from - timedelta(days=1), units.get(before.unit, before.unit), carried))
    return tuple(found)


def _merges(carried: tuple[Carried, ...]) -> bool:
    return len(carried) > 1 or any(_merges(one.carried) for one in carried)


def predecessors(carried: Iterable[Carried], up_to: date) -> Iterator[tuple[Carried, date]]:
    """All predecessors, near and far, each with the day up to which it counts."""
    for one in carried:
        until = min(up_to, one.up_to)
        yield one, until
        yield from predecessors(one.carried, until)


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
        return _part_judged(self.plan, at, self.values[at], full, at in self.missed)

    def marks_of_parts(self) -> list[int]:
        """The same of every part, in marks only."""
        plan = self.plan
        if not plan.plain_parts or self.missed:
            return [self.of_part(at).marks for at in range(len(plan.parts))]
        return [
            0 if actual is None
            else _FULL if actual >= wanted
            else _NEARLY if 5 * actual >= 4 * wanted
            else _SHORT
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


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What was looked up for some parts: on the day, and on the last day of those whose levels they carry on.

    A hand-over may be told late, when the predecessor has a later level already: so each is asked about its own day.
    """

    day: date
    latest: Mapping[Series, T]
    earlier: Mapping[date, Mapping[Series, T]]

    def of(self, part: Part, measure: int = 0) -> T | Together[T] | None:
        """The part's own or, where it carries them on, what its predecessors had: the nearest that has one in each
        line and, where several became one, all of theirs together."""
        own = self.latest.get(part.series[measure])
        return own if own is not None else self._of(part.carried[measure], self.day)

    def only(self, part: Part, measure: int = 0) -> T | None:
        """The same where nothing is added up, so that no part carries on more than one."""
        return only(self.of(part, measure))

    def _of(self, line: tuple[Carried, ...], day: date) -> T | Together[T] | None:
        if len(line) == 1:
            return self._at(line[0], day)
        found = [self._at(one, day) for one in line]
        levels = tuple(level for one in found for level in each(one))
        # Where none had a level there is none, but how many were asked for must show: so it is not None.
        return Together(levels, sum(owed(one) for one in found)) if line else None

    def _at(self, carried: Carried, day: date) -> T | Together[T] | None:
        up_to = min(day, carried.up_to)
        own = self.earlier[up_to].get(carried.series)
        return own if own is not None else self._of(carried.carried, up_to)


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
                values = [_sum(each(one)) for one in on]
                figures.append(TargetFigure(plan, values, _whole(plan, values, on), stands_on=on))
                continue
            texts = [found.only(part, 0) for part in plan.parts] if plan.carries else [get(line) for line in plan.lines]
            values = [None if text is None else scaled(text) for text in texts]
            if plan.steps:
                values = [reached_share(plan.steps, partial(found.only, part)) for part in plan.parts]
            figures.append(TargetFigure(plan, values, _whole(plan, values)))
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
                judged = _part_judged(plan, at, values[at], not plan.merges or complete(of_parts[at][0]), missed)
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
        whole = _whole(plan, values, on)
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


def _sum(texts: Iterable[str]) -> int | None:
    """What these levels come to together; None where there is none."""
    found = [scaled(text) for text in texts]
    return sum(found) if found else None


def _part_judged(plan: TargetPlan, at: int, actual: int | None, full: bool = True, missed: bool = False) -> Judged:
    """What comes of a part, measured against its own value or, where it has none, the target's.

    `missed`: it was to be kept at every observation, and was not at some.
    """
    wanted = plan.measured_by[at]
    if actual is None:
        return Judged(None, wanted, None, None, False)
    met: bool | None = plan.rule.met(actual, wanted) and not missed
    if met and plan.rule.lower and not full:
        met = None  # what is still to be reported may break the ceiling
    return Judged(actual, wanted, plan.rule.rate(actual, wanted), met, full)


def _whole(plan: TargetPlan, values: list[int | None], on: Sequence[object] = ()) -> Judged:
    target, rule, wanted = plan.target, plan.rule, plan.wanted
    reported = [value for at in plan.counted if (value := values[at]) is not None]
    if not reported:
        return Judged(None, wanted, None, None, False)
    full = len(reported) == len(plan.counted) and (not on or all(complete(on[at]) for at in plan.counted))
    if target.roll_up == "worst" or target.roll_up == "best":
        return _extreme(plan, values, full)
    actual = sum(reported)
    met: bool | None = rule.met(actual, wanted)
    if met and rule.lower and not full:
        met = None  # what is still to be reported may break the ceiling
    return Judged(actual, wanted, Ratio(actual, wanted) if plan.plain else rule.rate(actual, wanted), met, full)


def _extreme(plan: TargetPlan, values: list[int | None], full: bool) -> Judged:
    """The worst or best part, measured against its own value where it has one; of equal ones the first by unit."""
    worst, rule = plan.target.roll_up == "worst", plan.rule
    chosen: Judged | None = None
    for at in plan.counted:
        if (actual := values[at]) is None:
            continue
        against = plan.measured_by[at]
        each = Judged(actual, against, rule.rate(actual, against), rule.met(actual, against), full)
        better = chosen is None or chosen.rate is None
        if chosen is not None and chosen.rate is not None and each.rate is not None:
            better = each.rate.less_than(chosen.rate) if worst else chosen.rate.less_than(each.rate)
        if better:
            chosen = each
    assert chosen is not None  # somebody has reported
    if worst and chosen.met and not full:
        return chosen._replace(met=None)  # who has still to report may be worse
    return chosen


def time_progress(registry: Registry, year: int, as_of: date) -> Fraction:
    """How much of the year has passed, by the year's own method: 0 before it, 1 after it."""
    if as_of.year != year:
        return Fraction(0 if as_of.year < year else 1)
    rules = registry.years.get(str(year), as_of)
    return METHODS[rules.time_progress if rules is not None else "by_month"](as_of)
