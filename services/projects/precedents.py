"""What `judge` has counted before under the same registry, so that it need not find it again.

Month after month the same targets are reported in the same words. An entry in words that were counted once, in
the very unit of measure that is declared (so that no value can fail to convert), is counted again with any value
and on any date, so long as nothing that judge looks at has changed: the registry as a whole, and between the two
dates the versions of the target and the validity of its parts. Future dates and locks are asked each time. What
has no precedent is judged; a precedent never refuses. Judging costs ten times as much as looking up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from msgspec import UnsetType

from services.projects.scope import Reach
from services.projects.submission import reference
from shared.admission import Counted, Outcome
from shared.admission.verdicts import Series
from shared.contracts.projects import Entry, TargetFigure, Withdrawal
from shared.registry import Registry

MOST = 50_000
Words = tuple[bool, str, str | UnsetType, str | UnsetType, str, int]
"""Is it of a target; its or the project's code; unit; measure; unit of measure; year."""


class Precedent(NamedTuple):
    """Entries in these words count in this series on any date of [since, until); this unit answers for it."""

    series: Series
    since: date
    until: date
    unit: str


@dataclass(slots=True)
class Precedents:
    """The precedents of one log, under one state of its registry."""

    known: dict[Words, Precedent] = field(default_factory=dict)
    _locked: frozenset[tuple[int, int, str | None]] | None = None

    def forget(self) -> None:
        """The registry has changed."""
        self.known.clear()
        self._locked = None

    def cover(self, entries: Sequence[Entry], today: date, reach: Reach | None, registry: Registry) -> bool:
        """Will all these entries certainly be counted, and are they within the caller's reach? False: judge them."""
        locked = self._locked
        if locked is None:
            locked = self._locked = frozenset(_locked(registry))
        known, places = self.known, set()
        for entry in entries:
            if isinstance(entry, Withdrawal):
                return False
            found, on = known.get(_words(entry)), entry.effective_on
            if found is None or on > today or not found.since <= on < found.until:
                return False
            if locked and _is_locked(locked, on, found.series):
                return False
            if reach is not None and not _within(entry, found, reach):
                return False
            places.add((found.series, on))
        return len(places) == len(entries)

    def remember(self, entries: Sequence[Entry], outcomes: Sequence[Outcome], registry: Registry) -> None:
        """Take in what was judged under the registry as it stands."""
        if len(self.known) + len(entries) > MOST:
            self.known.clear()
        for entry, outcome in zip(entries, outcomes, strict=True):
            if isinstance(entry, Withdrawal) or not isinstance(outcome, Counted):
                continue
            series, on = outcome.series, outcome.effective_on
            words = _words(entry)
            before = self.known.get(words)
            if before is not None and before.since <= on < before.until:
                continue
            if _declared(series, on, registry) != entry.unit_of_measure:
                continue
            changes = sorted(_changes(series, registry))
            since = max((day for day in changes if day <= on), default=date.min)
            until = min((day for day in changes if day > on), default=date.max)
            self.known[words] = Precedent(series, since, until, _unit(series, registry))


def _words(entry: Entry) -> Words:
    if isinstance(entry, TargetFigure):
        return True, entry.target, entry.unit, entry.measure, entry.unit_of_measure, entry.effective_on.year
    assert not isinstance(entry, Withdrawal)
    return False, entry.project, "", entry.measure, entry.unit_of_measure, entry.effective_on.year


def _changes(series: Series, registry: Registry) -> Iterator[date]:
    """The days on which an entry in the same words could begin to mean another part, or none."""
    if series.subject == "project":
        yield from (on for on, _, _ in registry.projects.history(series.subject_id))
        return
    yield from (on for on, _, _ in registry.targets.history(series.subject_id))
    for _, part in registry.parts_of(series.subject_id):
        yield part.valid_from
        if part.valid_until is not None:
            yield part.valid_until


def _declared(series: Series, on: date, registry: Registry) -> str | None:
    rows = registry.targets if series.subject == "target" else registry.projects
    row = rows.get(series.subject_id, on)
    measures = row.measures if row is not None else ()
    return next((measure.unit_of_measure for measure in measures if measure.code == series.measure), None)


def _unit(series: Series, registry: Registry) -> str:
    if series.subject == "target":
        return registry.assignments.latest(series.part).unit
    return registry.projects.latest(series.part).unit


def _locked(registry: Registry) -> Iterator[tuple[int, int, str | None]]:
    for id in registry.locks:
        lock = registry.locks.latest(id)
        if lock.locked:
            yield lock.year, lock.month, lock.target


def _is_locked(locked: frozenset[tuple[int, int, str | None]], on: date, series: Series) -> bool:
    target = series.subject_id if series.subject == "target" else None
    return (on.year, on.month, None) in locked or (on.year, on.month, target) in locked


def _within(entry: Entry, found: Precedent, reach: Reach) -> bool:
    ref = reference(entry)
    return found.unit in reach.units and (ref is None or ref.source == reach.source)
