"""What people say where the rule of alignment cannot: this indicator is that one; this value stands.

All of a year's are one stream, so that nobody matches an indicator twice. A decision is about two inputs as they stood;
when a later run finds other ones, it no longer holds and is asked for anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from msgspec import UNSET, UnsetType

from services.targets.errors.alignments import (
    ChoiceHasNoValue,
    IndicatorIsUnknown,
    MatchedAlready,
    MatchUnknown,
    NothingToDecide,
    NothingToMatch,
    OtherValueMissing,
    OtherValueNotWanted,
)
from services.targets.errors.targets import UnitOfMeasureIsUnknown
from shared.contracts.shapes import Shape
from shared.contracts.targets import (
    AlignedSide,
    AlignmentChoice,
    AlignmentDecided,
    AlignmentMatchConfirmed,
    AlignmentMatchRevoked,
    AlignmentOutcome,
)
from shared.deciding import Fact, Stream
from shared.quantities import UNITS, canonical_text
from shared.registry import rows


@dataclass(frozen=True, slots=True)
class Matches:
    """The matches that stand, by id: (the province's indicator, the city's)."""

    standing: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def by_city(self) -> Mapping[str, str]:
        """The province's indicator of each matched one of the city."""
        return MappingProxyType({city: province for province, city in self.standing.values()})


@dataclass(frozen=True, slots=True)
class ConfirmMatch:
    """The outcome of the province's indicator and that of the city's, of one run, are about the same thing."""

    match: str
    year: int
    province: str
    city: str


@dataclass(frozen=True, slots=True)
class DecideOutcome:
    """What stands for an indicator: one side's value, or another one with its unit of measure."""

    decision: str
    year: int
    indicator: str
    choice: AlignmentChoice
    value: str | None
    unit_of_measure: str | None
    reason: str


def decisions_stream(year: int) -> Stream[Matches]:
    """All that people said about the year's alignments."""
    return Stream(f"alignment-decisions:{year}", Matches(), evolve)


def confirm_match(command: ConfirmMatch, matches: Matches, outcomes: Iterable[AlignmentOutcome]) -> list[Fact]:
    """IndicatorIsUnknown, NothingToMatch unless each stands alone in the run; MatchedAlready."""
    found = {outcome.indicator: outcome for outcome in outcomes}
    for indicator, reason, pointer in (
        (command.province, "ADDED_FROM_PROVINCE", "/province"),
        (command.city, "CITY_ONLY", "/city"),
    ):
        outcome = found.get(indicator)
        if outcome is None:
            raise IndicatorIsUnknown(indicator=indicator, faults=[IndicatorIsUnknown().fault(pointer)])
        if outcome.reason != reason:
            raise NothingToMatch(indicator=indicator, outcome=outcome.reason, faults=[NothingToMatch().fault(pointer)])
    for province, city in matches.standing.values():
        if command.province == province or command.city == city:
            raise MatchedAlready(province=province, city=city)
    return [
        Fact(
            AlignmentMatchConfirmed(
                match=command.match, year=command.year, province=command.province, city=command.city
            )
        )
    ]


def revoke_match(match: str, reason: str, matches: Matches) -> list[Fact]:
    """MatchUnknown, also for one that was revoked before."""
    if match not in matches.standing:
        raise MatchUnknown(match=match)
    return [Fact(AlignmentMatchRevoked(match=match, reason=reason))]


def decide_outcome(command: DecideOutcome, outcomes: Iterable[AlignmentOutcome]) -> list[Fact]:
    """NothingToDecide unless the run could not compare; it may be decided again, and the last decision counts."""
    outcome = next((each for each in outcomes if each.indicator == command.indicator), None)
    if outcome is None:
        raise IndicatorIsUnknown(indicator=command.indicator, faults=[IndicatorIsUnknown().fault("/indicator")])
    province, city = outcome.province, outcome.city
    if outcome.reason != "NEEDS_DECISION" or isinstance(province, UnsetType) or isinstance(city, UnsetType):
        raise NothingToDecide(
            indicator=command.indicator, outcome=outcome.reason, faults=[NothingToDecide().fault("/indicator")]
        )
    value, unit_of_measure = _chosen(command, province, city)
    fact = AlignmentDecided(
        decision=command.decision, year=command.year, indicator=command.indicator, province=province, city=city,
        choice=command.choice, value=value, unit_of_measure=unit_of_measure, reason=command.reason,
    )  # fmt: skip
    return [Fact(fact)]


def holds(decision: rows.AlignmentDecision, outcome: AlignmentOutcome) -> bool:
    """Was it decided on just these inputs?"""
    return (
        outcome.reason == "NEEDS_DECISION"
        and decision.indicator == outcome.indicator
        and (decision.province, decision.city) == (outcome.province, outcome.city)
    )


def _chosen(
    command: DecideOutcome, province: AlignedSide, city: AlignedSide
) -> tuple[str | UnsetType, str | UnsetType]:
    if command.choice == "other":
        if command.value is None or command.unit_of_measure is None:
            raise OtherValueMissing(faults=[OtherValueMissing().fault("/value")])
        if command.unit_of_measure not in UNITS:
            raise UnitOfMeasureIsUnknown(
                unit_of_measure=command.unit_of_measure, faults=[UnitOfMeasureIsUnknown().fault("/unit_of_measure")]
            )
        return canonical_text(command.value), command.unit_of_measure
    if command.value is not None or command.unit_of_measure is not None:
        raise OtherValueNotWanted(faults=[OtherValueNotWanted().fault("/value")])
    side = province if command.choice == "province" else city
    if isinstance(side.value, UnsetType):
        if isinstance(side.text, UnsetType):
            raise ChoiceHasNoValue(choice=command.choice, faults=[ChoiceHasNoValue().fault("/choice")])
        return UNSET, UNSET  # a text stands, which has no value
    return canonical_text(side.value), side.unit_of_measure


def evolve(matches: Matches, fact: Shape) -> Matches:
    """Remember."""
    match fact:
        case AlignmentMatchConfirmed():
            return Matches({**matches.standing, fact.match: (fact.province, fact.city)})
        case AlignmentMatchRevoked():
            return Matches({id: pair for id, pair in matches.standing.items() if id != fact.match})
        case _:
            return matches
