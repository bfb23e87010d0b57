"""What stood in a year on a day: targets in force, their parts, who answers for them, by which rule. Pure.

It changes rarely, so it is worked out once as a `Plan` and may be kept; levels are looked up for each answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.evaluation.exact import scaled, total
from services.evaluation.judged import Rule
from services.evaluation.maintained import MAINTAIN, Kept, kept
from services.evaluation.parts import Part, PartLevel, carried_by, each, merging, only, predecessors
from services.evaluation.steps_and_bands import StepPlan, reached_by, steps_of
from shared.admission.verdicts import Series
from shared.registry import Registry
from shared.registry.rows import Target


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
        return total(level.best[0] for level in each(levels[0]))


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
            tuple(carried_by(registry, units, id, target, measure.code, part) for measure in target.measures),
            registry.standing_for(part.below, id, day) if part.below is not None else None,
        )
        for part_id, part in registry.parts_of(id)
        if part.reports and part.valid_on(day)
    ]
    merges = any(merging(part.carried[0]) for part in parts)
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
