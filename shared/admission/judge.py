"""Admission: one pure function of the records before it. The door asks it as a courtesy; the fold's word is law.

What is judged here decides for ever which entries count, so a change of any rule is a new engine. A rule about
something that no log could hold before changes no outcome, and needs none. Engine 2 differs from engine 1 in that the
state of the year is asked before a value is verified, certified or returned, and that a unit which inherits from one
that has ended is also meant where it reports for days before that end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from shared.admission.errors import (
    DateInFuture,
    EntryNotCounted,
    EntryNotCurrent,
    MeasureUnknown,
    PartIsAmbiguous,
    PartUnknown,
    PeriodIsLocked,
    ProjectHasSubProjects,
    ProjectUnknown,
    StatedTwice,
    TargetUnknown,
    TargetWithdrawn,
    UnitHadEnded,
    UnitOfMeasureDiffers,
    YearDoesNotAllow,
    YearIsNotOpen,
)
from shared.admission.precedents import Precedents
from shared.admission.values import refused_value
from shared.admission.verdicts import Counted, EntryKey, Judgement, Outcome, Refused, Series, Withdrawn
from shared.contracts.projects import Entry, ProgressSubmitted, ProjectFigure, TargetFigure, Withdrawal
from shared.contracts.shapes import EntryRef, Measure
from shared.quantities import NOT_CONVERTIBLE, convert_text
from shared.registry import Registry
from shared.year_states import Act, allows

ASKS_THE_YEAR = 2
"""The engine since which the state of the year decides whether a value is verified, certified or returned."""

SUCCESSORS_ARE_MEANT = 2
"""The engine since which a successor's code means its predecessor's part, on days on which it had none itself."""


class Identity(NamedTuple):
    """An identity that was taken: where, and by what content."""

    position: int
    sha256: str


@dataclass(slots=True)
class EntryState:
    """A counted entry as it stands: its series and date, and whether nothing has closed it yet."""

    series: Series
    effective_on: date
    open: bool


@dataclass(slots=True)
class Known:
    """What the records before this one left behind, as far as this record can ask for it.

    `entries` is None at the door, which has no ledger: references are then taken on trust and judged by the fold.
    """

    identities: Mapping[tuple[str, str], Identity] = field(default_factory=dict)
    entries: Mapping[EntryKey, EntryState] | None = None


def judge(
    submission: ProgressSubmitted,
    identity: tuple[str, str],
    sha256: str,
    today: date,
    registry: Registry,
    known: Known,
    precedents: Precedents | None = None,
    *,
    engine: int = 1,
) -> Judgement:
    """What comes of a submission with this `(source, id)` and identity hash.

    `today` is the log clock's local date at the record; `registry` and `known` are as left by the records before it.
    `precedents`, forgotten by their keeper with every change of the registry, save time and change no outcome.
    """
    taken = known.identities.get(identity)
    if taken is not None:
        return Judgement("duplicate" if taken.sha256 == sha256 else "reused", because=taken.position)

    def by_itself(entry: Entry) -> Outcome:
        return _entry(entry, today, registry, known, engine)

    if precedents is None:
        outcomes = [by_itself(entry) for entry in submission.entries]
    else:
        outcomes = precedents.outcomes(submission.entries, today, registry, by_itself)
    if len(outcomes) > 1:
        _refuse_what_is_stated_twice(outcomes)
    return Judgement("counted", tuple(outcomes))


def judge_standing(
    entry: EntryRef, known: Known, registry: Registry, stated: str | None = None, *, engine: int = 1
) -> EntryKey | Refused:
    """May this entry be verified, certified or returned? Only while it is still current, and its year allows it.

    `stated` is the value that it is verified or certified with: one that could have been reported too.
    """
    if known.entries is None:
        return Refused(EntryNotCounted)
    key = _resolve(entry, known)
    state = known.entries.get(key) if key else None
    if key is None or state is None:
        return Refused(EntryNotCounted)
    if not state.open:
        return Refused(EntryNotCurrent)
    if engine >= ASKS_THE_YEAR and (refused := _not_allowed("verify", state.effective_on.year, registry)):
        return refused
    why = refused_value(state.series, state.effective_on, stated, registry) if stated is not None else None
    return key if why is None else Refused(why)


def _entry(entry: Entry, today: date, registry: Registry, known: Known, engine: int) -> Outcome:
    match entry:
        case TargetFigure():
            return _target_figure(entry, today, registry, known, engine)
        case ProjectFigure():
            return _project_figure(entry, today, registry, known)
        case Withdrawal():
            key = _named(entry.withdraws, registry, known)
            return key if isinstance(key, Refused) else Withdrawn(key)


def _target_figure(entry: TargetFigure, today: date, registry: Registry, known: Known, engine: int) -> Outcome:
    on = entry.effective_on
    if refused := _date(on, today, registry):
        return refused
    id = registry.target_id(on.year, entry.target)
    target = registry.targets.get(id, on)
    if id is None or target is None:
        return Refused(TargetUnknown)
    if target.withdrawn:
        return Refused(TargetWithdrawn, registry.targets.position(id))
    part = _part(id, entry.unit, on, registry, engine)
    if isinstance(part, Refused):
        return part
    return _figure(entry, "target", id, part, id, target.measures, registry, known)


def _project_figure(entry: ProjectFigure, today: date, registry: Registry, known: Known) -> Outcome:
    on = entry.effective_on
    if refused := _date(on, today, registry):
        return refused
    id = registry.project_id(on.year, entry.project)
    project = registry.projects.get(id, on)
    if id is None or project is None:
        return Refused(ProjectUnknown)
    if subs := registry.subs_of(id):
        return Refused(ProjectHasSubProjects, registry.projects.position(subs[0]))
    return _figure(entry, "project", id, id, None, project.measures, registry, known)


def _date(on: date, today: date, registry: Registry) -> Refused | None:
    """effective_on lies in a year that is open and takes figures, and not after the log clock's local date."""
    if str(on.year) not in registry.years:
        return Refused(YearIsNotOpen)
    return Refused(DateInFuture) if on > today else _not_allowed("report", on.year, registry)


def _not_allowed(act: Act, year: int, registry: Registry) -> Refused | None:
    """Figures come in, and are corrected and withdrawn, while the year runs. No record before a year's first move
    is judged by this, so it needed no new engine."""
    if allows(registry.years.latest(str(year)).state, act):
        return None
    return Refused(YearDoesNotAllow, registry.years.position(str(year)))


def _part(target: str, unit: str | UnsetType, on: date, registry: Registry, engine: int) -> str | Refused:
    """The part of the target that is meant: the named unit's, or the only one that makes its figure."""
    if unit is UNSET:
        answering = [(id, part) for id, part in registry.answering(target, on) if not registry.ended(part.unit, on)]
        if len(answering) > 1:
            return Refused(PartIsAmbiguous)
        return answering[0][0] if answering else Refused(PartUnknown)
    unit_id = registry.unit_id(unit)
    if unit_id is not None and registry.ended(unit_id, on):
        return Refused(UnitHadEnded, registry.units.position_on(unit_id, on))
    own = registry.reporting(target, unit_id) if unit_id is not None else []
    for id, part in own:
        if part.valid_on(on):
            return id
    if unit_id is not None and engine >= SUCCESSORS_ARE_MEANT:
        before = registry.inherited({unit_id}, date.max)
        theirs = [
            id
            for id, part in registry.parts_of(target)
            if part.reports and part.unit in before and part.valid_on(on) and not registry.ended(part.unit, on)
        ]
        if theirs:
            return theirs[0] if len(theirs) == 1 else Refused(PartIsAmbiguous)
    return Refused(PartUnknown, max((registry.assignments.position(id) for id, _ in own), default=None))


def _figure(
    entry: TargetFigure | ProjectFigure,
    subject: str,
    subject_id: str,
    part: str,
    lock_target: str | None,
    measures: tuple[Measure, ...],
    registry: Registry,
    known: Known,
) -> Outcome:
    measure = measures[0]
    if entry.measure is not UNSET:
        declared = [m for m in measures if m.code == entry.measure]
        if not declared:
            return Refused(MeasureUnknown)
        measure = declared[0]
    try:
        value = convert_text(entry.value, entry.unit_of_measure, measure.unit_of_measure)
    except NOT_CONVERTIBLE:
        return Refused(UnitOfMeasureDiffers)
    on = entry.effective_on
    series = Series(on.year, "target" if subject == "target" else "project", subject_id, measure.code, part)
    if why := refused_value(series, on, value, registry):
        return Refused(why)
    if lock := registry.locked(on.year, on.month, lock_target):
        return Refused(PeriodIsLocked, lock[1])
    corrects: EntryKey | None = None
    if not isinstance(entry.corrects, UnsetType):
        named = _named(entry.corrects, registry, known)
        if isinstance(named, Refused):
            return named
        corrects = named
    return Counted(series, on, value, corrects)


UNRESOLVED = EntryKey(-1, 0)
"""What a reference resolves to at the door, which cannot look it up."""


def _named(ref: EntryRef, registry: Registry, known: Known) -> EntryKey | Refused:
    """The counted entry that is corrected or withdrawn, unless its own month is locked."""
    if known.entries is None:
        return UNRESOLVED
    key = _resolve(ref, known)
    state = known.entries.get(key) if key else None
    if key is None or state is None:
        return Refused(EntryNotCounted)
    on, series = state.effective_on, state.series
    if refused := _not_allowed("report", on.year, registry):
        return refused
    if lock := registry.locked(on.year, on.month, series.subject_id if series.subject == "target" else None):
        return Refused(PeriodIsLocked, lock[1])
    return key


def _resolve(ref: EntryRef, known: Known) -> EntryKey | None:
    taken = known.identities.get((ref.source, ref.id))
    return None if taken is None else EntryKey(taken.position, ref.entry)


def _refuse_what_is_stated_twice(outcomes: list[Outcome]) -> None:
    """Two entries of one record for one series and date are refused, both: neither is better than the other."""
    if len({(o.series, o.effective_on) for o in outcomes if isinstance(o, Counted)}) == len(outcomes):
        return  # nearly always; counting each would cost more than all else here
    places = Counter((o.series, o.effective_on) for o in outcomes if isinstance(o, Counted))
    names = Counter(
        name for o in outcomes if (name := o.names if isinstance(o, Withdrawn) else None) and name != UNRESOLVED
    )
    for at, outcome in enumerate(outcomes):
        if (isinstance(outcome, Counted) and places[(outcome.series, outcome.effective_on)] > 1) or (
            isinstance(outcome, Withdrawn) and names[outcome.names] > 1
        ):
            outcomes[at] = Refused(StatedTwice)
