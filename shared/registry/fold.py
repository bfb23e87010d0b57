"""What a fact changes in the registry. Pure: history already happened, so nothing here refuses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from shared.contracts import catalogues, projects, targets
from shared.contracts.shapes import Shape
from shared.quantities import canonical_text
from shared.registry import rows
from shared.registry.registry import Registry

T = TypeVar("T")
ALWAYS = date(1, 1, 1)
"""Effective date of what has none of its own: sources, persons, locks."""


@dataclass(frozen=True, slots=True)
class Change:
    """From `effective_on` on, this is how `kind`/`id` stands."""

    kind: str
    id: str
    effective_on: date
    row: rows.Row


def _or_none(value: T | UnsetType) -> T | None:
    return None if value is UNSET else value


def lock_id(year: int, month: int, target: str | None) -> str:
    """The registry id of a month's lock, of one target or of all."""
    return f"{year}-{month:02d}" + (f":{target}" if target else "")


def changes(fact: Shape, actor: str, registry: Registry) -> list[Change]:
    """The versions that `fact` opens, given what stood before it. Empty for facts that are not of the registry."""
    match fact:
        case targets.UnitRegistered():
            unit = rows.Unit(code=fact.code, name=fact.name, kind=fact.kind, parent=_or_none(fact.parent),
                             valid_from=fact.valid_from)  # fmt: skip
            return [Change("unit", fact.unit, fact.valid_from, unit)]
        case targets.SourceRegistered():
            return [Change("source", fact.source, ALWAYS, rows.Source(client=fact.client))]
        case targets.PersonRegistered():
            person = rows.Person(unit=_or_none(fact.unit), erased=False)
            return [Change("person", fact.person, ALWAYS, person)]
        case targets.PersonErased():
            known = registry.persons.get(fact.person, ALWAYS)
            return [
                Change(
                    "person",
                    fact.person,
                    ALWAYS,
                    rows.Person(unit=known.unit if known else None, erased=True),
                )
            ]
        case targets.YearOpened():
            year = rows.AssessmentYear(time_progress=fact.time_progress)
            return [Change("year", str(fact.year), date(fact.year, 1, 1), year)]
        case targets.CatalogueImported():
            catalogue = rows.Catalogue(year=fact.year, issuer=fact.issuer, edition=fact.edition, parts=fact.parts,
                                       items=fact.items, sha256=fact.sha256)  # fmt: skip
            return [Change("catalogue", fact.catalogue, ALWAYS, catalogue)]
        case targets.AlignmentCompleted():
            alignment = rows.Alignment(year=fact.year, province=fact.province, city=fact.city, rule=fact.rule,
                                       parts=fact.parts, outcomes=fact.outcomes, sha256=fact.sha256)  # fmt: skip
            return [Change("alignment", fact.alignment, ALWAYS, alignment)]
        case targets.AlignmentMatchConfirmed():
            confirmed = rows.AlignmentMatch(
                year=fact.year, province=fact.province, city=fact.city, by=actor, revoked=False
            )  # fmt: skip
            return [Change("match", fact.match, ALWAYS, confirmed)]
        case targets.AlignmentMatchRevoked():
            return [Change("match", fact.match, ALWAYS, replace(registry.matches.latest(fact.match), revoked=True))]
        case targets.AlignmentDecided():
            decision = rows.AlignmentDecision(
                year=fact.year, indicator=fact.indicator, province=fact.province, city=fact.city, choice=fact.choice,
                value=_or_none(fact.value), unit_of_measure=_or_none(fact.unit_of_measure), reason=fact.reason,
                by=actor,
            )  # fmt: skip
            return [Change("decision", fact.decision, ALWAYS, decision)]
        case catalogues.CatalogueAdditionMade():
            added = rows.CatalogueAddition(year=fact.year, item=fact.item, by=actor, withdrawn=None)
            return [Change("addition", fact.addition, ALWAYS, added)]
        case catalogues.CatalogueAdditionWithdrawn():
            withdrawn = replace(registry.additions.latest(fact.addition), withdrawn=fact.reason)
            return [Change("addition", fact.addition, ALWAYS, withdrawn)]
        case catalogues.WeightRuleSet():
            rule = rows.WeightRule(province_share=canonical_text(fact.province_share), decimals=fact.decimals)
            return [Change("weight-rule", str(fact.year), ALWAYS, rule)]
        case targets.TargetIssued():
            return [Change("target", fact.target, fact.effective_on, _target(fact))]
        case targets.TargetAdjusted():
            before = registry.targets.get(fact.target, fact.effective_on) or registry.targets.first(fact.target)
            adjusted = replace(before, value=canonical_text(fact.value))
            return [Change("target", fact.target, fact.effective_on, adjusted)]
        case targets.TargetWithdrawn():
            return _withdrawn(fact, registry)
        case targets.AssignmentMade():
            return [Change("assignment", fact.assignment, fact.valid_from, _assignment(fact))]
        case targets.AssignmentHandedOver():
            return _handed_over(fact, registry)
        case targets.AdjustmentCutOffSet():
            return [Change("cut-off", str(fact.year), ALWAYS, rows.CutOff(on=fact.on))]
        case (
            targets.AdjustmentRequested() | targets.AdjustmentReviewed() | targets.AdjustmentApproved()
            | targets.AdjustmentRefused()
        ):  # fmt: skip
            return [Change("adjustment", fact.request, ALWAYS, _adjustment(fact, registry))]
        case targets.PeriodLocked() | targets.PeriodUnlocked():
            target = _or_none(fact.target)
            lock = rows.Lock(year=fact.year, month=fact.month, target=target, by=actor, reason=fact.reason,
                             locked=isinstance(fact, targets.PeriodLocked))  # fmt: skip
            return [Change("lock", lock_id(fact.year, fact.month, target), ALWAYS, lock)]
        case projects.GroupDefined():
            group = rows.Group(code=fact.code, name=fact.name, parent=_or_none(fact.parent))
            return [Change("group", fact.group, fact.valid_from, group)]
        case projects.ProjectRegistered():
            return [Change("project", fact.project, fact.valid_from, _project(fact))]
        case projects.ProjectPlanned() | projects.ProjectPlanChanged():
            plan = rows.Plan(planned_investment=canonical_text(fact.planned_investment))
            return [Change("plan", fact.project, fact.effective_on, plan)]
        case projects.ProjectStarted():
            return [Change("start", fact.project, ALWAYS, rows.Start(started_on=fact.started_on))]
        case _:
            return []


def _target(fact: targets.TargetIssued) -> rows.Target:
    return rows.Target(
        year=fact.year, code=fact.code, name=fact.name, issuer=fact.issuer, category=fact.category, kind=fact.kind,
        direction=fact.direction, value=canonical_text(fact.value), measures=tuple(fact.measures),
        roll_up=fact.roll_up, tags=tuple(fact.tags), weight=_or_none(fact.weight), points=_or_none(fact.points),
        indicator=_or_none(fact.indicator), text=_or_none(fact.text), steps=tuple(_or_none(fact.steps) or ()),
        bands=tuple(_or_none(fact.bands) or ()), scoring=_or_none(fact.scoring),
    )  # fmt: skip


def _withdrawn(fact: targets.TargetWithdrawn, registry: Registry) -> list[Change]:
    """From that day on it no longer stands, whatever was to become of it later."""
    versions = registry.targets.history(fact.target)
    before = registry.targets.get(fact.target, fact.on) or registry.targets.first(fact.target)
    later = [(on, row) for on, _, row in versions if on > fact.on]
    return [Change("target", fact.target, on, replace(row, withdrawn=True)) for on, row in ((fact.on, before), *later)]


def _assignment(fact: targets.AssignmentMade) -> rows.Assignment:
    value = None if isinstance(fact.value, UnsetType) else canonical_text(fact.value)
    return rows.Assignment(
        target=fact.target, unit=fact.unit, role=fact.role, value=value, valid_from=fact.valid_from,
        valid_until=None, follows=None, carries_levels=False,
    )  # fmt: skip


def _handed_over(fact: targets.AssignmentHandedOver, registry: Registry) -> list[Change]:
    """The old part ends the day before `on`; the successor opens on it, with the same role and value."""
    before = registry.assignments.latest(fact.assignment)
    ended = replace(before, valid_until=fact.on)
    successor = rows.Assignment(target=before.target, unit=fact.unit, role=before.role, value=before.value,
                                valid_from=fact.on, valid_until=None, follows=fact.assignment,
                                carries_levels=fact.carries_levels)  # fmt: skip
    return [
        Change("assignment", fact.assignment, before.valid_from, ended),
        Change("assignment", fact.successor, fact.on, successor),
    ]


def _adjustment(
    fact: targets.AdjustmentRequested
    | targets.AdjustmentReviewed
    | targets.AdjustmentApproved
    | targets.AdjustmentRefused,
    registry: Registry,
) -> rows.Adjustment:
    if isinstance(fact, targets.AdjustmentRequested):
        return rows.Adjustment(
            target=fact.target, unit=fact.unit, value=canonical_text(fact.value), asked_from=fact.effective_on,
            reason=fact.reason, evidence=tuple(fact.evidence), status="submitted",
        )  # fmt: skip
    before = registry.adjustments.latest(fact.request)
    match fact:
        case targets.AdjustmentReviewed():
            return replace(before, status="reviewed", recommended=fact.recommended, review=fact.reason)
        case targets.AdjustmentApproved():
            return replace(before, status="approved")
        case targets.AdjustmentRefused():
            return replace(before, status="refused", refusal=fact.reason)


def _project(fact: projects.ProjectRegistered) -> rows.Project:
    return rows.Project(
        year=fact.year, code=fact.code, name=fact.name, level=fact.level, phase=fact.phase, unit=fact.unit,
        parent=_or_none(fact.parent), groups=tuple(fact.groups), measures=tuple(fact.measures),
        planned_start=_or_none(fact.planned_start), valid_from=fact.valid_from,
    )  # fmt: skip
