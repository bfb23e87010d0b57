"""Alignment (对接) of the province's catalogue with the city's: 就高不就低, take the stricter.

Indicators are matched by their code, or by what a person has confirmed (likely_matches.py), never by name alone. For
each one there is one outcome, which keeps both inputs and says why. Reasons, in the order in which the first that
fits is given:

    NOT_APPLICABLE       the province does not assess this city by it: recorded, not aligned; a city's own stays
    ADDED_FROM_PROVINCE  only the province has it: added, to be decomposed
    CITY_ONLY            only the city has it: kept
    BONUS_ITEM           the province counts it as a bonus: kept as a bonus, weight 0, used at the year's end
    TEXT_MERGED          the province judges it by a text: that text counts, the city's is kept as a note
    NEEDS_DECISION       not comparable (value against growth, other period, direction or dimension): a person decides
    RAISED_TO_PROVINCE   the province is stricter: raised to it, in the city's unit of measure
    CITY_STRICTER_KEPT   the city is stricter, or equal: kept

Stricter means larger, or smaller where lower is better. Whether an item is a bonus is also a flag of its own, and
totals (in the catalogue, assessing us, matched, new) count by match, not by reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

from msgspec import UNSET, UnsetType

from shared.contracts.targets import AlignedSide, AlignmentOutcome, AlignmentReason, CatalogueItem, Direction
from shared.quantities import NOT_CONVERTIBLE, canonical_text, convert_text, parse

RULE: Literal["stricter.v1"] = "stricter.v1"


class _Verdict(NamedTuple):
    """Why, and whose value stands in which unit of measure: the one to be issued, if there is one."""

    reason: AlignmentReason
    value: str | UnsetType = UNSET
    unit_of_measure: str | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Floor:
    """What the province demands of a target, as an adjustment may not undercut it.

    `value` is in the unit of measure that the target is judged in; `edition` is that of the province's catalogue,
    where it stands under `indicator`.
    """

    value: str
    unit_of_measure: str
    edition: int
    indicator: str


def floor_of(outcome: AlignmentOutcome, unit_of_measure: str, edition: int) -> Floor | None:
    """What the province demands, by the outcome for the target's indicator; None where it demands no comparable value.

    A bonus item and what doesn't apply to this city demand nothing. What the rule could not compare is not compared
    here either, nor is a value that cannot be converted into `unit_of_measure`.
    """
    side = outcome.province
    if isinstance(side, UnsetType) or outcome.bonus or outcome.reason not in _DEMANDED:
        return None
    if isinstance(side.value, UnsetType) or isinstance(side.unit_of_measure, UnsetType):
        return None
    try:
        value = convert_text(side.value, side.unit_of_measure, unit_of_measure)
    except NOT_CONVERTIBLE:
        return None
    return Floor(value, unit_of_measure, edition, outcome.indicator)


@dataclass(frozen=True, slots=True)
class Demand:
    """The province's own target for an indicator, as it stands in an edition of its catalogue: a value or a text."""

    indicator: str
    edition: int
    value: str | None
    unit_of_measure: str | None
    text: str | None


def demand_of(outcome: AlignmentOutcome, edition: int) -> Demand | None:
    """The province's own target, comparable or not; None where it has none, or none that assesses this city."""
    side = outcome.province
    if isinstance(side, UnsetType) or outcome.reason == "NOT_APPLICABLE":
        return None
    return Demand(outcome.indicator, edition, side.value or None, side.unit_of_measure or None, side.text or None)


_DEMANDED = ("ADDED_FROM_PROVINCE", "RAISED_TO_PROVINCE", "CITY_STRICTER_KEPT")


def undercuts(value: str, floor: Floor, direction: Direction) -> bool:
    """Would this value be less strict than the province's?"""
    if direction == "lower":
        return parse(value) > parse(floor.value)
    return parse(value) < parse(floor.value)


def align(
    province: Sequence[CatalogueItem],
    city: Sequence[CatalogueItem],
    confirmed: Mapping[str, str] = MappingProxyType({}),
) -> list[AlignmentOutcome]:
    """One outcome for each indicator of either catalogue, ordered by indicator.

    The order of the items does not matter. Within a catalogue an indicator stands once: its import sees to that.
    `confirmed` says of some of the city's indicators which of the province's they are; where the province's
    catalogue lacks that one, or the city has it under its own code as well, the city's stands for itself.
    """
    theirs = {item.indicator: item for item in province}
    own = {item.indicator for item in city}
    ours: dict[str, CatalogueItem] = {}
    for item in city:
        same = confirmed.get(item.indicator, item.indicator)
        ours[same if same in theirs and same not in own else item.indicator] = item
    return [_outcome(theirs.get(indicator), ours.get(indicator)) for indicator in sorted(theirs.keys() | ours.keys())]


def _outcome(province: CatalogueItem | None, city: CatalogueItem | None) -> AlignmentOutcome:
    item = province or city
    assert item is not None
    verdict = _verdict(province, city)
    return AlignmentOutcome(
        indicator=item.indicator,
        city_indicator=city.indicator if city is not None and city.indicator != item.indicator else UNSET,
        name=item.name,
        category=item.category,
        matched=province is not None and city is not None and province.assesses_us,
        bonus=item.bonus,
        reason=verdict.reason,
        province=_side(province),
        city=_side(city),
        value=verdict.value,
        unit_of_measure=verdict.unit_of_measure,
    )


def _verdict(province: CatalogueItem | None, city: CatalogueItem | None) -> _Verdict:
    if province is None:
        return _stands("CITY_ONLY", city)
    if not province.assesses_us:
        return _stands("NOT_APPLICABLE", city)
    if city is None:
        return _stands("ADDED_FROM_PROVINCE", province)
    if province.bonus:
        return _stands("BONUS_ITEM", province)
    if province.kind == "qualitative":
        return _Verdict("TEXT_MERGED")
    raised = _in_unit_of(city, province)
    if raised is None or isinstance(city.value, UnsetType):
        return _Verdict("NEEDS_DECISION")
    if _stricter(raised, city.value, province):
        return _Verdict("RAISED_TO_PROVINCE", raised, city.unit_of_measure)
    return _stands("CITY_STRICTER_KEPT", city)


def _in_unit_of(city: CatalogueItem, province: CatalogueItem) -> str | None:
    """The province's value in the city's unit of measure; None where the two are never compared."""
    if (province.basis, province.period, province.direction) != (city.basis, city.period, city.direction):
        return None
    if (
        isinstance(province.value, UnsetType)
        or isinstance(province.unit_of_measure, UnsetType)
        or isinstance(city.unit_of_measure, UnsetType)
    ):
        return None
    try:
        return convert_text(province.value, province.unit_of_measure, city.unit_of_measure)
    except NOT_CONVERTIBLE:
        return None


def _stricter(value: str, than: str, item: CatalogueItem) -> bool:
    if item.direction == "lower":
        return parse(value) < parse(than)
    return parse(value) > parse(than)


def _stands(reason: AlignmentReason, item: CatalogueItem | None) -> _Verdict:
    if item is None or isinstance(item.value, UnsetType):
        return _Verdict(reason)
    return _Verdict(reason, canonical_text(item.value), item.unit_of_measure)


def _side(item: CatalogueItem | None) -> AlignedSide | UnsetType:
    if item is None:
        return UNSET
    return AlignedSide(code=item.code, value=item.value, unit_of_measure=item.unit_of_measure, text=item.text)
