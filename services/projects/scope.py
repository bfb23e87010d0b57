"""Is what a submission speaks of within the caller's scope? A thing outside it is said not to exist.

Scope is judged here and never again: the fold takes the door's word (`authscope` says how far it reached).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import date

from msgspec import UNSET

from services.projects.errors import ReferenceOutOfScope
from services.projects.submission import reference
from shared.admission import Counted, Outcome, Refused
from shared.admission.errors import PartUnknown, ProjectUnknown, TargetUnknown
from shared.admission.precedents import Precedent
from shared.contracts.projects import Entry, ProjectFigure, TargetFigure, Withdrawal
from shared.errors import Refusal
from shared.registry import Registry


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a caller reaches: the ids of their units on a day, and the source they report under."""

    units: Callable[[date], Set[str]]
    source: str


def covers(reach: Reach | None, entries: Sequence[Entry], precedents: Sequence[Precedent]) -> bool:
    """Do all these entries, counted by these precedents, lie within a caller's reach? None reaches everywhere."""
    if reach is None:
        return True
    for entry, found in zip(entries, precedents, strict=True):
        ref = reference(entry)
        if ref is not None and ref.source != reach.source:
            return False
        if not isinstance(entry, Withdrawal) and found.unit not in reach.units(entry.effective_on):
            return False
    return True


def limit(entry: Entry, outcome: Outcome, reach: Reach, registry: Registry) -> type[Refusal] | None:
    """Why this entry lies outside the caller's reach; None when it does not. Never tells more than that."""
    ref = reference(entry)
    if ref is not None and ref.source != reach.source:
        return ReferenceOutOfScope
    match entry:
        case TargetFigure():
            return _target(entry, outcome, reach, registry)
        case ProjectFigure():
            id = registry.project_id(entry.effective_on.year, entry.project)
            within = id is not None and registry.projects.latest(id).unit in reach.units(entry.effective_on)
            return None if within else ProjectUnknown
        case Withdrawal():
            return None


def _target(entry: TargetFigure, outcome: Outcome, reach: Reach, registry: Registry) -> type[Refusal] | None:
    id = registry.target_id(entry.effective_on.year, entry.target)
    parts, units = registry.parts_of(id) if id is not None else [], reach.units(entry.effective_on)
    if not any(part.unit in units for _, part in parts):
        return TargetUnknown
    if isinstance(outcome, Counted):
        return None if registry.assignments.latest(outcome.series.part).unit in units else PartUnknown
    if isinstance(outcome, Refused) and entry.unit is not UNSET and registry.unit_id(entry.unit) not in units:
        return PartUnknown
    return None
