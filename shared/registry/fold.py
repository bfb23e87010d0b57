"""What a fact changes in the registry. Pure: history already happened, so nothing here refuses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from shared.contracts import catalogues, decomposition, logs, organisation, projects, target_tables, targets
from shared.contracts.organisation import UnitChange
from shared.contracts.shapes import Shape
from shared.quantities import canonical_text
from shared.registry import rows
from shared.registry.registry import Registry

T = TypeVar("T")
ALWAYS = date(1, 1, 1)
"""Effective date of what has none of its own: sources, persons, locks."""
LETTER = "letter"
"""The registry id of the one template of responsibility letters."""
ENGINE = "engine"
"""The registry id of the one engine that is in force in a log."""


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


def table_id(year: int, unit: str) -> str:
    """The registry id of a unit's target table of a year, and of its signature."""
    return f"{year}:{unit}"


def changes(fact: Shape, actor: str, registry: Registry) -> list[Change]:
    """The versions that `fact` opens, given what stood before it. Empty for facts that are not of the registry."""
    match fact:
        case organisation.UnitRegistered():
            unit = rows.Unit(code=fact.code, name=fact.name, kind=fact.kind, parent=_or_none(fact.parent),
                             valid_from=fact.valid_from)  # fmt: skip
            return [Change("unit", fact.unit, fact.valid_from, unit)]
        case organisation.UnitRenamed() | organisation.UnitMoved() | organisation.UnitEnded():
            return _unit_changed(fact, registry)
        case organisation.PeerGroupSet():
            set_before = registry.peer_groups.get(fact.group, ALWAYS)
            peers = rows.PeerGroup(year=fact.year, code=fact.code, name=fact.name,
                                   members=set_before.members if set_before else ())  # fmt: skip
            return [Change("peer-group", fact.group, ALWAYS, peers)]
        case organisation.PeerGroupMemberAdded() | organisation.PeerGroupMemberRemoved():
            return [Change("peer-group", fact.group, ALWAYS, _members_changed(fact, registry))]
        case organisation.PostTaken():
            post = rows.Post(person=fact.person, unit=fact.unit, kind=fact.kind, valid_from=fact.valid_from,
                             valid_until=None)  # fmt: skip
            return [Change("post", fact.post, ALWAYS, post)]
        case organisation.PostLeft():
            left = replace(registry.posts.latest(fact.post), valid_until=fact.on)
            return [Change("post", fact.post, ALWAYS, left)]
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
        case target_tables.YearMoved():
            moved = replace(registry.years.latest(str(fact.year)), state=fact.state)
            return [Change("year", str(fact.year), date(fact.year, 1, 1), moved)]
        case target_tables.TargetTablesIssued():
            return [
                Change(
                    "table", table_id(fact.year, each.unit), fact.on,
                    rows.TargetTable(year=fact.year, unit=each.unit, sha256=each.sha256, known_at=fact.position),
                ) for each in fact.tables
            ]  # fmt: skip
        case target_tables.TargetTableSigned():
            signature = rows.Signature(year=fact.year, unit=fact.unit, sha256=fact.sha256, by=actor,
                                       person=_or_none(fact.person))  # fmt: skip
            return [Change("signature", table_id(fact.year, fact.unit), fact.on, signature)]
        case target_tables.LetterTemplateReplaced():
            return [Change("letter-template", LETTER, ALWAYS, rows.LetterTemplate(sha256=fact.sha256))]
        case logs.EngineAdopted():
            return [Change("engine", ENGINE, ALWAYS, rows.Engine(number=fact.engine))]
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
        case decomposition.AssignmentHandedOver():
            return _handed_over(fact, registry)
        case decomposition.DecompositionStated():
            reserve = None if isinstance(fact.reserve, UnsetType) else canonical_text(fact.reserve)
            stated = rows.Decomposition(target=fact.target, reserve=reserve, reason=_or_none(fact.reason), by=actor)
            return [Change("decomposition", _or_none(fact.part) or fact.target, fact.on, stated)]
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


def _unit_changed(
    fact: organisation.UnitRenamed | organisation.UnitMoved | organisation.UnitEnded, registry: Registry
) -> list[Change]:
    """A version from `on`; and those after it change as well, unless they speak of the same themselves."""
    day, history = fact.on, registry.units.history(fact.unit)

    def changed(row: rows.Unit) -> rows.Unit:
        match fact:
            case organisation.UnitRenamed():
                return replace(row, name=fact.name, named_on=day) if row.named_on <= day else row
            case organisation.UnitMoved():
                return replace(row, parent=_or_none(fact.parent), placed_on=day) if row.placed_on <= day else row
            case organisation.UnitEnded():
                return replace(row, ended_on=day, successors=tuple(fact.successors))

    said: dict[type[Shape], UnitChange] = {
        organisation.UnitRenamed: "renamed", organisation.UnitMoved: "moved", organisation.UnitEnded: "ended"
    }  # fmt: skip
    before = registry.units.get(fact.unit, day) or registry.units.first(fact.unit)
    opened = replace(changed(before), change=said[type(fact)], reason=fact.reason)
    later = [Change("unit", fact.unit, on, changed(row)) for on, _, row in history if on > day and changed(row) != row]
    return [Change("unit", fact.unit, day, opened), *later]


def _members_changed(
    fact: organisation.PeerGroupMemberAdded | organisation.PeerGroupMemberRemoved, registry: Registry
) -> rows.PeerGroup:
    group = registry.peer_groups.latest(fact.group)
    if isinstance(fact, organisation.PeerGroupMemberAdded):
        member = rows.Member(unit=fact.unit, valid_from=fact.valid_from, valid_until=None)
        return replace(group, members=(*group.members, member))
    members = [
        replace(member, valid_until=fact.on) if member.unit == fact.unit and member.valid_until is None else member
        for member in group.members
    ]
    return replace(group, members=tuple(members))


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
        valid_until=None, below=_or_none(fact.below),
    )  # fmt: skip


def _handed_over(fact: decomposition.AssignmentHandedOver, registry: Registry) -> list[Change]:
    """The parts end the day before `on`; on it the others open, below what those that they follow were below."""
    ended = [(id, registry.assignments.latest(id)) for id in fact.ends]
    first = ended[0][1]
    changed = [
        Change("assignment", id, before.valid_from, replace(before, valid_until=fact.on)) for id, before in ended
    ]
    for opened in fact.opens:
        role, value = first.role, first.value
        if not isinstance(opened.role, UnsetType):
            role, value = opened.role, None if isinstance(opened.value, UnsetType) else canonical_text(opened.value)
        part = rows.Assignment(
            target=first.target, unit=opened.unit, role=role, value=value, valid_from=fact.on, valid_until=None,
            follows=tuple(fact.ends), carries=tuple(opened.carries), below=first.below,
        )  # fmt: skip
        changed.append(Change("assignment", opened.assignment, fact.on, part))
    return changed


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
