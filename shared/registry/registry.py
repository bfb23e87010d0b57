"""What stands, at one state of knowledge: the registry in memory. Admission and every figure read it.

One object answers at one position; other positions are other objects (`shared.registry.versions.load`). Inside
it the second axis remains: each thing has versions by the date from which they are effective.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence, Set
from datetime import date
from typing import Generic, TypeAlias, TypeVar, cast

from shared.registry import rows

R = TypeVar("R", bound=rows.Row)
_History: TypeAlias = tuple[tuple[date, ...], tuple[R, ...], tuple[int, ...]]
"""Of one thing: from when each version is effective, the version, and the position of the fact that says so."""


class Versions(Generic[R]):
    """The versions of every thing of one kind, by id, ordered by effective date."""

    def __init__(self) -> None:
        self._rows: dict[str, _History[R]] = {}

    def put(self, id: str, effective_on: date, row: R, position: int) -> None:
        """From `effective_on` on it stands like this; a version of the same date is replaced."""
        dates, bodies, positions = self._rows.get(id, ((), (), ()))
        at = bisect_right(dates, effective_on)
        before = at - 1 if at and dates[at - 1] == effective_on else at
        self._rows[id] = (
            (*dates[:before], effective_on, *dates[at:]),
            (*bodies[:before], row, *bodies[at:]),
            (*positions[:before], position, *positions[at:]),
        )

    def get(self, id: str | None, on: date) -> R | None:
        """How it stands on a day; None before its first version, or when unknown."""
        found = self._rows.get(id) if id is not None else None
        if found is None:
            return None
        at = bisect_right(found[0], on)
        return found[1][at - 1] if at else None

    def first(self, id: str) -> R:
        """Its earliest version. KeyError when unknown."""
        return self._rows[id][1][0]

    def latest(self, id: str) -> R:
        """Its latest version by effective date. KeyError when unknown."""
        return self._rows[id][1][-1]

    def position(self, id: str) -> int:
        """The position of the fact that opened its latest version. KeyError when unknown."""
        return self._rows[id][2][-1]

    def position_on(self, id: str, on: date) -> int | None:
        """The position of the fact that says how it stands on a day; None as for `get`."""
        dates, _, positions = self._rows.get(id, ((), (), ()))
        at = bisect_right(dates, on)
        return positions[at - 1] if at else None

    def history(self, id: str) -> list[tuple[date, int, R]]:
        """All its versions: (effective_on, position of the fact, row)."""
        dates, bodies, positions = self._rows.get(id, ((), (), ()))
        return list(zip(dates, positions, bodies, strict=True))

    def on(self, day: date) -> Iterator[tuple[str, R]]:
        """Everything that stands on a day, with its id, in order of first mention."""
        for id in self._rows:
            if (row := self.get(id, day)) is not None:
                yield id, row

    def take_over(self, other: Versions[R]) -> None:
        """Stand like `other` does now. What each thing's history is made of is never changed, so it is shared."""
        self._rows = dict(other._rows)

    def same(self, id: str, other: Versions[R]) -> bool:
        """Has nothing been said of this thing between this and `other`, of which one was taken over from the other?"""
        return self._rows.get(id) is other._rows.get(id)

    def all_same(self, other: Versions[R]) -> bool:
        """The same of everything of this kind."""
        return len(self) == len(other) and all(self.same(id, other) for id in self._rows)

    def __contains__(self, id: str) -> bool:
        return id in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class Registry:
    """Everything that stands, by kind, with the indexes by code that admission and the API need."""

    def __init__(self) -> None:
        self.units: Versions[rows.Unit] = Versions()
        self.sources: Versions[rows.Source] = Versions()
        self.persons: Versions[rows.Person] = Versions()
        self.years: Versions[rows.AssessmentYear] = Versions()
        self.targets: Versions[rows.Target] = Versions()
        self.assignments: Versions[rows.Assignment] = Versions()
        self.locks: Versions[rows.Lock] = Versions()
        self.groups: Versions[rows.Group] = Versions()
        self.projects: Versions[rows.Project] = Versions()
        self.plans: Versions[rows.Plan] = Versions()
        self.starts: Versions[rows.Start] = Versions()
        self.catalogues: Versions[rows.Catalogue] = Versions()
        self.alignments: Versions[rows.Alignment] = Versions()
        self.adjustments: Versions[rows.Adjustment] = Versions()
        self.cut_offs: Versions[rows.CutOff] = Versions()
        self.matches: Versions[rows.AlignmentMatch] = Versions()
        self.decisions: Versions[rows.AlignmentDecision] = Versions()
        self.decompositions: Versions[rows.Decomposition] = Versions()
        self.additions: Versions[rows.CatalogueAddition] = Versions()
        self.weight_rules: Versions[rows.WeightRule] = Versions()
        self.peer_groups: Versions[rows.PeerGroup] = Versions()
        self.posts: Versions[rows.Post] = Versions()
        self.tables: Versions[rows.TargetTable] = Versions()
        self.signatures: Versions[rows.Signature] = Versions()
        self.letter_templates: Versions[rows.LetterTemplate] = Versions()
        self.engines: Versions[rows.Engine] = Versions()
        self._kinds: dict[str, Versions[rows.Row]] = cast(
            dict[str, Versions[rows.Row]],
            {
                "unit": self.units, "source": self.sources, "person": self.persons, "year": self.years,
                "target": self.targets, "assignment": self.assignments, "lock": self.locks, "group": self.groups,
                "project": self.projects, "plan": self.plans, "start": self.starts, "catalogue": self.catalogues,
                "alignment": self.alignments, "adjustment": self.adjustments, "cut-off": self.cut_offs,
                "match": self.matches, "decision": self.decisions, "decomposition": self.decompositions,
                "addition": self.additions,
                "weight-rule": self.weight_rules, "peer-group": self.peer_groups, "post": self.posts,
                "table": self.tables, "signature": self.signatures, "letter-template": self.letter_templates,
                "engine": self.engines,
            },
        )  # fmt: skip
        self._by_code: dict[tuple[str, int, str], str] = {}
        self._parts: dict[str, tuple[str, ...]] = {}
        self._parts_of: dict[str, list[tuple[str, rows.Assignment]]] = {}
        self._reporting: dict[str, dict[str, list[tuple[str, rows.Assignment]]]] = {}
        self._locked: dict[tuple[int, int, str | None], tuple[rows.Lock, int]] = {}
        self._subs: dict[str, tuple[str, ...]] = {}

    def copy(self) -> Registry:
        """Another one that stands the same, to be taken further; it shares all that the two have in common."""
        made = Registry()
        for kind, versions in self._kinds.items():
            made._kinds[kind].take_over(versions)
        made._by_code, made._locked = dict(self._by_code), dict(self._locked)
        made._parts, made._parts_of, made._subs = dict(self._parts), dict(self._parts_of), dict(self._subs)
        return made

    def put(self, kind: str, id: str, effective_on: date, row: rows.Row, position: int) -> None:
        """Take in one version; `position` is that of the fact which says so."""
        new = id not in self._kinds[kind]
        self._kinds[kind].put(id, effective_on, row, position)
        match row:
            case rows.Assignment():
                self._parts_of.pop(row.target, None)
                self._reporting.pop(row.target, None)
            case rows.Lock():
                self._lock(id)
            case _:
                pass
        if not new:
            return
        match row:
            case rows.Unit() | rows.Group():
                self._by_code[(kind, 0, row.code)] = id
            case rows.Target() | rows.PeerGroup():
                self._by_code[(kind, row.year, row.code)] = id
            case rows.Project():
                self._by_code[(kind, row.year, row.code)] = id
                if row.parent is not None:
                    self._subs[row.parent] = (*self._subs.get(row.parent, ()), id)
            case rows.Assignment():
                self._parts[row.target] = (*self._parts.get(row.target, ()), id)
            case _:
                pass

    def unit_id(self, code: str) -> str | None:
        """The unit of this code."""
        return self._by_code.get(("unit", 0, code))

    def group_id(self, code: str) -> str | None:
        """The project group of this code."""
        return self._by_code.get(("group", 0, code))

    def target_id(self, year: int, code: str) -> str | None:
        """The target of this code in this year."""
        return self._by_code.get(("target", year, code))

    def targets_on(self, day: date) -> Iterator[tuple[str, rows.Target]]:
        """The targets in force on a day, with their ids: those that were withdrawn by then are left out."""
        return ((id, target) for id, target in self.targets.on(day) if not target.withdrawn)

    def peer_group_id(self, year: int, code: str) -> str | None:
        """The peer group of this code in this year."""
        return self._by_code.get(("peer-group", year, code))

    def project_id(self, year: int, code: str) -> str | None:
        """The project or sub-project of this code in this year."""
        return self._by_code.get(("project", year, code))

    def parts_of(self, target: str) -> list[tuple[str, rows.Assignment]]:
        """All assignments of a target, ended ones included, by id (ours begin with the time, so: oldest first).

        Not the order in which they are heard of: a registry that is loaded hears of an ended one later. Not to be
        changed: it is kept.
        """
        kept = self._parts_of.get(target)
        if kept is None:
            kept = [(id, self.assignments.latest(id)) for id in sorted(self._parts.get(target, ()))]
            self._parts_of[target] = kept
        return kept

    def reporting(self, target: str, unit: str) -> list[tuple[str, rows.Assignment]]:
        """Those of a unit that report. Not to be changed: it is kept, as every entry asks for it."""
        of_target = self._reporting.setdefault(target, {})
        kept = of_target.get(unit)
        if kept is None:
            kept = [(id, part) for id, part in self.parts_of(target) if part.reports and part.unit == unit]
            of_target[unit] = kept
        return kept

    def answering(self, target: str, on: date) -> list[tuple[str, rows.Assignment]]:
        """The parts whose levels make the target's figure on a day, oldest first.

        The lead unit's alone where its figure is the city's; else all that were given a value of their own; or, if
        none was, all that report. A lead unit without a value of its own answers for what the others add up to.
        A part below another is never added up: it is in that other one already.
        """
        valid = [
            (id, part)
            for id, part in self.parts_of(target)
            if part.reports and part.below is None and part.valid_on(on)
        ]
        issued = self.targets.get(target, on)
        if issued is not None and issued.roll_up == "lead":
            return [(id, part) for id, part in valid if part.role == "lead"]
        return [(id, part) for id, part in valid if part.value is not None] or valid

    def standing_for(self, part: str, target: str, on: date) -> str:
        """The part that stands for this one on a day: itself or, where it was handed over before, its successor; of
        several the first by day and id, for what SQL gives back is in no order of one fact's parts."""
        while (until := self.assignments.latest(part).valid_until) is not None and until <= on:
            following = [(row.valid_from, id) for id, row in self.parts_of(target) if part in row.follows]
            if not following:
                break
            part = min(following)[1]
        return part

    def subs_of(self, project: str) -> Sequence[str]:
        """The ids of a project's sub-projects."""
        return self._subs.get(project, ())

    def locked(self, year: int, month: int, target: str | None) -> tuple[rows.Lock, int] | None:
        """The lock that closes this month for this target (or project: None), and the position that set it."""
        if not self._locked:
            return None
        everything = self._locked.get((year, month, None))
        return everything if everything or target is None else self._locked.get((year, month, target))

    def _lock(self, id: str) -> None:
        lock = self.locks.latest(id)
        if lock.locked:
            self._locked[(lock.year, lock.month, lock.target)] = lock, self.locks.position(id)
        else:
            self._locked.pop((lock.year, lock.month, lock.target), None)

    def unit_on(self, id: str | None, on: date) -> rows.Unit | None:
        """The unit as it stands on a day; None before its first day, after its last, or when unknown."""
        row = self.units.get(id, on)
        return None if row is None or row.ended_on is not None else row

    def ended(self, unit: str, on: date) -> bool:
        """Had the unit ended by this day?"""
        row = self.units.get(unit, on)
        return row is not None and row.ended_on is not None

    def below(self, unit: str, on: date = date.max) -> set[str]:
        """The unit's id and those of all units under it on a day; without one, as they stand last.

        A unit that has ended stays where it last was: whoever saw it then goes on seeing what it did.
        """
        under: dict[str, list[str]] = {}
        for id, row in self.units.on(on):
            if row.parent is not None:
                under.setdefault(row.parent, []).append(id)
        found, found_last = {unit}, [unit]
        while found_last:
            found_last = [id for above in found_last for id in under.get(above, ()) if id not in found]
            found.update(found_last)
        return found

    def inherited(self, units: Set[str], on: date) -> set[str]:
        """These units and, at any remove, those that had ended by a day with one of them as a successor."""
        ended = [(id, row.successors) for id, row in self.units.on(on) if row.successors]
        found = set(units)
        while more := {id for id, successors in ended if id not in found and not found.isdisjoint(successors)}:
            found |= more
        return found
