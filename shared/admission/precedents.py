"""What `judge` has counted before under the same registry, so that it need not find it again.

Month after month the same targets are reported in the same words. An entry in words that were counted once, in
the very unit of measure that is declared (so that no value can fail to convert), is counted again with any value
and on any date, so long as nothing that judge looks at has changed: the registry as a whole, and between the two
dates the versions of the target and the validity of its parts. Future dates and locks are asked each time. What
has no precedent is judged; a precedent never refuses. Judging costs several times as much as looking up.

Engine 1: it saves that engine's judge from asking again, and belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from shared.admission.values import takes_any_value
from shared.admission.verdicts import Counted, Outcome, Series
from shared.contracts.projects import Entry, TargetFigure, Withdrawal
from shared.quantities import canonical_text
from shared.registry import Registry

MOST = 50_000
"""Words remembered: some 25 MB. Beyond, what is not known yet is judged each time."""

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

    def certain(self, entries: Sequence[Entry], today: date, registry: Registry) -> list[Precedent] | None:
        """The precedent of each entry, if all will certainly be counted, references left aside; None: judge them."""
        locked = self._locks(registry)
        known, places, all_found = self.known, set(), []
        for entry in entries:
            if isinstance(entry, Withdrawal):
                return None
            found, on = known.get(_words(entry)), entry.effective_on
            if found is None or on > today or not found.since <= on < found.until:
                return None
            if locked and _is_locked(locked, on, found.series):
                return None
            places.add((found.series, on))
            all_found.append(found)
        return all_found if len(places) == len(entries) else None

    def outcomes(
        self, entries: Sequence[Entry], today: date, registry: Registry, judge: Callable[[Entry], Outcome]
    ) -> list[Outcome]:
        """What comes of each entry by itself: by precedent, else by `judge`, which sets the next one."""
        locked, known = self._locks(registry), self.known
        outcomes: list[Outcome] = []
        for entry in entries:
            if not isinstance(entry, Withdrawal) and entry.corrects is UNSET:
                found, on = known.get(_words(entry)), entry.effective_on
                if (
                    found is not None
                    and on <= today
                    and found.since <= on < found.until
                    and not (locked and _is_locked(locked, on, found.series))
                ):
                    outcomes.append(Counted(found.series, on, canonical_text(entry.value), None))
                    continue
            outcome = judge(entry)
            outcomes.append(outcome)
            self._set(entry, outcome, registry)
        return outcomes

    def remember(self, entries: Sequence[Entry], outcomes: Sequence[Outcome], registry: Registry) -> None:
        """Take in what was judged under the registry as it stands."""
        for entry, outcome in zip(entries, outcomes, strict=True):
            self._set(entry, outcome, registry)

    def _set(self, entry: Entry, outcome: Outcome, registry: Registry) -> None:
        if isinstance(entry, Withdrawal) or not isinstance(outcome, Counted):
            return
        series, on = outcome.series, outcome.effective_on
        words = _words(entry)
        before = self.known.get(words)
        if before is not None and before.since <= on < before.until:
            return
        if before is None and len(self.known) >= MOST:
            return
        if _declared(series, on, registry) != entry.unit_of_measure or not takes_any_value(series, on, registry):
            return
        changes = sorted(_changes(series, registry))
        since = max((day for day in changes if day <= on), default=date.min)
        until = min((day for day in changes if day > on), default=date.max)
        self.known[words] = Precedent(series, since, until, _unit(series, registry))

    def _locks(self, registry: Registry) -> frozenset[tuple[int, int, str | None]]:
        if self._locked is None:
            self._locked = frozenset(_locked(registry))
        return self._locked


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
        yield from (row.ended_on for _, _, row in registry.units.history(part.unit) if row.ended_on is not None)


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
