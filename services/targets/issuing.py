"""What is issued (下达) as the year's targets from a run of the alignment, and what of it stands already.

Of each outcome one side counts, that whose value stands: kind, direction, weight and points are that side's, and the
other's only where it is silent. An outcome becomes a target unless the province does not assess this city by it and the
city has none of its own, or nobody has decided yet what the rule could not compare. No catalogue says how the parts of
units make the city's figure, by which steps a milestone target goes, how a target is scored: `Details` do.

A target is known again by its indicator, under whichever code it was issued. Issued once, it is never issued anew:
where the run says something else by now, that is named, and an adjustment by its own rules (adjustment.py) is the way.
Its effective date is not part of what is compared: what is issued in January stands when August issues the rest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, NamedTuple

from msgspec import UnsetType

from services.targets.errors.adjustments import TargetIsWithdrawn
from services.targets.errors.alignments import DoesNotApply, IssuedOtherwise, OutcomeIsUndecided
from services.targets.errors.targets import TargetCodeTaken
from services.targets.kinds import canonical_bands, canonical_steps
from services.targets.scoring import StatedScoring, scoring_of
from services.targets.target import IssueTarget, Target, issue_target, target_stream
from shared.canonical import encode
from shared.contracts.shapes import Label, Measure, Shape
from shared.contracts.target_kinds import Band, Step
from shared.contracts.targets import (
    AlignmentOutcome,
    CatalogueItem,
    Category,
    Direction,
    Issuer,
    RollUp,
    Tag,
    TargetIssued,
    TargetKind,
)
from shared.deciding import Stream
from shared.errors import Refusal
from shared.quantities import UNITS, canonical_text
from shared.registry import rows

IssuingStatus = Literal["issued", "unchanged", "differs", "undecided", "not_applicable", "refused"]
JUDGED = "value"
"""Code of the one measure that a catalogue's indicator has, the judged one."""

_NOT_ADDED_UP = frozenset({"share", "money per person and month"})
"""Dimensions of which the parts of units never make a sum."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What an outcome is issued as, quantities as canonical text; `issuer` is whose value it is."""

    indicator: str
    name: Label
    issuer: Issuer
    category: Category
    kind: TargetKind
    direction: Direction
    value: str
    unit_of_measure: str
    text: str | None
    bonus: bool
    weight: str | None
    points: str | None
    tags: tuple[Tag, ...]
    roll_up: RollUp


@dataclass(frozen=True, slots=True)
class Details:
    """What no catalogue says of an indicator's target. `measures` stand beside the judged one."""

    code: str | None = None
    roll_up: RollUp | None = None
    measures: Sequence[Measure] = ()
    steps: Sequence[Step] = ()
    bands: Sequence[Band] = ()
    scoring: StatedScoring | None = None


class Difference(NamedTuple):
    """One member that a standing target has otherwise than the run; None where a side has none."""

    member: str
    stands: str | None
    proposed: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An outcome of a run, what it is issued as (None: no target), and whether the order names it."""

    outcome: AlignmentOutcome
    proposed: Proposed | None
    named: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comes of one outcome. `issue` is there if it is to be issued, `standing` the id of a target that stands."""

    outcome: AlignmentOutcome
    status: IssuingStatus
    named: bool
    issue: IssueTarget | None = None
    standing: str | None = None
    code: str | None = None
    differences: tuple[Difference, ...] = ()
    refusal: Refusal | None = None

    @property
    def stops_all(self) -> bool:
        """Nothing is issued because of it where all or nothing is asked for: it was to be issued, and cannot be."""
        return self.status == "refused" or (self.named and self.status not in ("issued", "unchanged"))


def proposed(
    outcome: AlignmentOutcome,
    *,
    province: CatalogueItem | None,
    city: CatalogueItem | None,
    decision: rows.AlignmentDecision | None,
) -> Proposed | None:
    """What is issued of an outcome; None where nothing is. `decision`: the one that holds, if any was needed."""
    issuer = _whose(outcome, decision)
    ours = city if issuer == "city" else province
    item, other = (ours, province if issuer == "city" else city)
    if decision is not None and decision.choice == "other" and (item is None or item.kind == "qualitative"):
        item, other = other, item  # the value decided belongs to the side that is measured
    if issuer is None or item is None:
        return None
    value, unit_of_measure = _value(outcome, decision, item)
    if value is None or unit_of_measure is None:
        return None
    bonus = item.bonus if outcome.reason == "NOT_APPLICABLE" else outcome.bonus
    weight = _stated(item.weight) or (_stated(other.weight) if other else None)
    points = _stated(item.points) or (_stated(other.points) if other else None)
    return Proposed(
        indicator=outcome.indicator, name=outcome.name, issuer=issuer, category=outcome.category, kind=item.kind,
        direction=item.direction, value=value, unit_of_measure=unit_of_measure, text=item.text or None, bonus=bonus,
        weight="0" if bonus else weight, points=points,
        tags=tuple(dict.fromkeys([*item.tags, *(other.tags if other and outcome.matched else ())])),
        roll_up="lead" if UNITS[unit_of_measure].dimension in _NOT_ADDED_UP else "sum",
    )  # fmt: skip


def _whose(outcome: AlignmentOutcome, decision: rows.AlignmentDecision | None) -> Issuer | None:
    """Whose value stands; what the office decides by itself is the city's."""
    match outcome.reason:
        case "ADDED_FROM_PROVINCE" | "RAISED_TO_PROVINCE" | "BONUS_ITEM" | "TEXT_MERGED":
            return "province"
        case "CITY_ONLY" | "CITY_STRICTER_KEPT" | "NOT_APPLICABLE":
            return "city"
        case "NEEDS_DECISION":
            return None if decision is None else "province" if decision.choice == "province" else "city"


def _value(
    outcome: AlignmentOutcome, decision: rows.AlignmentDecision | None, item: CatalogueItem
) -> tuple[str | None, str | None]:
    if item.kind == "qualitative" and (decision is None or decision.value is None):
        return "100", "percent"  # judged by its text, measured in bands of 100 per cent
    if decision is not None:
        return decision.value, decision.unit_of_measure
    return outcome.value or None, outcome.unit_of_measure or None


def _stated(quantity: str | UnsetType) -> str | None:
    return None if isinstance(quantity, UnsetType) else canonical_text(quantity)


def judge(
    candidates: Sequence[Candidate],
    details: Mapping[str, Details],
    standing: Mapping[str, rows.Target],
    *,
    year: int,
    effective_on: date,
    new_id: Callable[[], str],
) -> list[Verdict]:
    """What comes of each, in their order. `standing` are the year's targets by id, withdrawn ones included."""
    by_indicator: dict[str, list[tuple[str, rows.Target]]] = defaultdict(list)
    for id, target in sorted(standing.items(), key=lambda each: each[1].code):
        if target.indicator is not None:
            by_indicator[target.indicator].append((id, target))
    taken = {target.code for target in standing.values()}
    verdicts = [
        _verdict(each, details.get(each.outcome.indicator, Details()), by_indicator, year, effective_on, new_id)
        for each in candidates
    ]
    wanted = Counter(each.code for each in verdicts if each.issue is not None)
    return [_or_taken(each, taken, wanted) for each in verdicts]


def _or_taken(verdict: Verdict, taken: Set[str], wanted: Mapping[str | None, int]) -> Verdict:
    """Two of one code are both refused: which of them should have it?"""
    if verdict.issue is None or (verdict.code not in taken and wanted[verdict.code] == 1):
        return verdict
    return refused(verdict, TargetCodeTaken(target=verdict.code, year=verdict.issue.year))


def refused(verdict: Verdict, refusal: Refusal) -> Verdict:
    """It was to be issued, and a rule forbids it."""
    return Verdict(verdict.outcome, "refused", verdict.named, code=verdict.code, refusal=refusal)


def issued_stream(year: int, code: str) -> Stream[TargetIssued | None]:
    """The stream of one target, of which only its issue is remembered."""
    return Stream(
        target_stream(year, code).name, None, lambda found, fact: fact if isinstance(fact, TargetIssued) else found
    )


def overtaken(verdict: Verdict, found: TargetIssued) -> Verdict:
    """It was to be issued, and by then its code or its indicator had been (`found`), unknown to the log as judged."""
    assert verdict.issue is not None
    (fact,) = issue_target(verdict.issue, Target(), year_open=True)
    wanted = fact.data
    assert isinstance(wanted, TargetIssued)
    if found.indicator not in indicators_of(verdict.outcome):
        return refused(verdict, TargetCodeTaken(target=verdict.code, year=found.year))
    members = (name for name in found.__struct_fields__ if name not in ("target", "indicator", "effective_on"))
    pairs = ((name, getattr(found, name), getattr(wanted, name)) for name in members)
    return _standing(verdict, found.target, found.code, [
        Difference(name, _text(stands), _text(asked)) for name, stands, asked in pairs if stands != asked
    ])  # fmt: skip


def _verdict(
    candidate: Candidate,
    details: Details,
    by_indicator: Mapping[str, Sequence[tuple[str, rows.Target]]],
    year: int,
    effective_on: date,
    new_id: Callable[[], str],
) -> Verdict:
    outcome, wanted, named = candidate.outcome, candidate.proposed, candidate.named
    if wanted is None:
        if outcome.reason == "NEEDS_DECISION":
            return Verdict(outcome, "undecided", named, refusal=OutcomeIsUndecided(indicator=outcome.indicator))
        return Verdict(outcome, "not_applicable", named, refusal=DoesNotApply(indicator=outcome.indicator))
    code = details.code or outcome.indicator
    verdict = Verdict(outcome, "issued", named, code=code)
    known = _known(outcome, by_indicator, details.code)
    if known is not None:
        id, target = known
        if target.withdrawn:
            withdrawn = TargetIsWithdrawn(target=target.code)
            return replace(verdict, status="differs", standing=id, code=target.code, refusal=withdrawn)
        return _held_against(target, id, verdict, wanted, details)
    command = order(wanted, details, target=new_id(), year=year, code=code, effective_on=effective_on)
    try:
        issue_target(command, Target(), year_open=True)  # a year without a run has no outcomes
    except Refusal as refusal:
        return refused(verdict, refusal)
    return replace(verdict, issue=command)


def indicators_of(outcome: AlignmentOutcome) -> tuple[str, ...]:
    """By which an outcome's target is known again: the city's indicator too, if it has another one."""
    return (outcome.indicator, outcome.city_indicator) if outcome.city_indicator else (outcome.indicator,)


def _known(
    outcome: AlignmentOutcome, by_indicator: Mapping[str, Sequence[tuple[str, rows.Target]]], code: str | None
) -> tuple[str, rows.Target] | None:
    """The indicator's target: one that stands before a withdrawn one, else the one of this code, else the first.

    After a withdrawal it is issued again only under another code, which the office has to state.
    """
    known = [each for indicator in indicators_of(outcome) for each in by_indicator.get(indicator, ())]
    found = min(known, key=lambda each: (each[1].withdrawn, each[1].code != code), default=None)
    if found is None or (found[1].withdrawn and code not in (None, found[1].code)):
        return None
    return found


def _held_against(target: rows.Target, id: str, verdict: Verdict, wanted: Proposed, details: Details) -> Verdict:
    try:
        return _standing(verdict, id, target.code, list(differences(wanted, details, target)))
    except Refusal as refusal:
        return replace(refused(verdict, refusal), standing=id, code=target.code)


def _standing(verdict: Verdict, id: str, code: str, found: Sequence[Difference]) -> Verdict:
    stands = Verdict(verdict.outcome, "unchanged", verdict.named, standing=id, code=code)
    if not found:
        return stands
    refusal = IssuedOtherwise(target=code, members=[each.member for each in found])
    return replace(stands, status="differs", differences=tuple(found), refusal=refusal)


def order(wanted: Proposed, details: Details, *, target: str, year: int, code: str, effective_on: date) -> IssueTarget:
    """The command that issues it; `target` is the new id."""
    return IssueTarget(
        target=target, year=year, code=code, name=wanted.name, issuer=wanted.issuer, category=wanted.category,
        kind=wanted.kind, direction=wanted.direction, value=wanted.value, measures=_measures(wanted, details),
        roll_up=details.roll_up or wanted.roll_up, tags=wanted.tags, weight=wanted.weight, points=wanted.points,
        indicator=wanted.indicator, effective_on=effective_on, text=wanted.text, steps=details.steps,
        bands=details.bands, scoring=details.scoring,
    )  # fmt: skip


def differences(wanted: Proposed, details: Details, standing: rows.Target) -> Iterator[Difference]:
    """What a standing target has otherwise. Of what no catalogue says, only what the details state is compared.

    Refuses a scoring method that could not be issued.
    """
    judged = standing.measures[0].unit_of_measure
    pairs: list[tuple[str, str | None, str | None]] = [
        ("name", standing.name.zh, wanted.name.zh), ("issuer", standing.issuer, wanted.issuer),
        ("category", standing.category, wanted.category), ("kind", standing.kind, wanted.kind),
        ("direction", standing.direction, wanted.direction), ("value", standing.value, canonical_text(wanted.value)),
        ("unit_of_measure", judged, wanted.unit_of_measure), ("text", standing.text, wanted.text),
        ("weight", standing.weight, wanted.weight), ("points", standing.points, wanted.points),
        ("tags", ",".join(sorted(standing.tags)), ",".join(sorted(wanted.tags))),
    ]  # fmt: skip
    if details.code is not None:
        pairs.append(("code", standing.code, details.code))
    if details.roll_up is not None:
        pairs.append(("roll_up", standing.roll_up, details.roll_up))
    if details.measures:
        pairs.append(("measures", _told(standing.measures[1:]), _told(details.measures)))
    if details.steps:
        pairs.append(("steps", _told(standing.steps), _told(canonical_steps(details.steps))))
    if details.bands:
        pairs.append(("bands", _told(standing.bands), _told(canonical_bands(wanted.kind, details.bands))))
    if details.scoring is not None:
        bands = [band.code for band in canonical_bands(wanted.kind, details.bands or standing.bands)]
        scoring = scoring_of(details.scoring, wanted.kind, wanted.direction, bands)
        pairs.append(("scoring", _told([standing.scoring] if standing.scoring else []), _told([scoring])))
    return (Difference(*pair) for pair in pairs if pair[1] != pair[2])


def _measures(wanted: Proposed, details: Details) -> list[Measure]:
    judged = Measure(code=JUDGED, name=wanted.name, unit_of_measure=wanted.unit_of_measure)
    return [judged, *details.measures]


def _told(shapes: Iterable[Shape]) -> str:
    return encode(list(shapes)).decode()


def _text(member: object) -> str | None:
    if isinstance(member, UnsetType):
        return None
    return member if isinstance(member, str) else encode(member).decode()
