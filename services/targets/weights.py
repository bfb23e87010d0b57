"""Weights (权重) tilt to the province's targets: of what a unit answers for, theirs have at least a minimum share.

Below the minimum theirs are scaled up and the rest down, each group in proportion. What rounding leaves goes to the
largest remainders, by code where they are equal, so that the sum is always exactly what it was. A bonus item has
weight 0 and keeps it. A unit with none of the province's targets, or with nothing else, has nothing to tilt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from services.targets.errors.weights import ShareOutOfRange
from services.targets.year import require_open
from shared.contracts.catalogues import WeightRuleSet
from shared.contracts.shapes import Shape
from shared.deciding import Fact, Stream
from shared.quantities import canonical_text, parse


@dataclass(frozen=True, slots=True)
class Weighted:
    """One target of a unit: its code, its weight as issued (not negative), and whether the province set it."""

    target: str
    weight: str
    province: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """The province's least share in per cent, and the decimals that tilted weights are rounded to."""

    province_share: str
    decimals: int


def tilt(weighted: Sequence[Weighted], rule: Rule) -> dict[str, str]:
    """The weight of each target, by code. The sum of all is exactly the sum of the weights as issued.

    Where nothing needs to be tilted every weight is as issued. Else the province's together are the least share,
    rounded up to the last decimal: never below the minimum.
    """
    decimals = max([rule.decimals, *(_decimals(each.weight) for each in weighted)])
    whole = {each.target: int(Fraction(parse(each.weight)) * 10**decimals) for each in weighted}
    theirs = {each.target: whole[each.target] for each in weighted if each.province}
    rest = {each.target: whole[each.target] for each in weighted if not each.province}
    total, share = sum(whole.values()), Fraction(parse(rule.province_share)) / 100
    least = -(-share.numerator * total // share.denominator)
    if 0 < sum(theirs.values()) < least and any(rest.values()):
        whole = apportioned(theirs, least) | apportioned(rest, total - least)
    return {target: _text(whole[target], decimals) for target in sorted(whole)}


def apportioned(shares: Mapping[str, int], total: int) -> dict[str, int]:
    """`total` in proportion to the shares (of which one is above 0), exactly: largest remainders, then by name."""
    whole = sum(shares.values())
    quotas: dict[str, tuple[int, int]] = {name: divmod(share * total, whole) for name, share in shares.items()}
    left = total - sum(quota for quota, _ in quotas.values())
    first = sorted(quotas, key=lambda name: (-quotas[name][1], name))[:left]
    return {name: quota + (name in first) for name, (quota, _) in quotas.items()}


def weight_rule_stream(year: int) -> Stream[Rule | None]:
    """The year's rule; None while none is set, and weights stand as issued."""
    return Stream(f"weight-rule:{year}", None, evolve)


def set_weight_rule(year: int, rule: Rule, standing: Rule | None, *, year_open: bool) -> list[Fact]:
    """ShareOutOfRange unless the share is from 0 to 100 per cent. The same rule again is no news."""
    require_open(year, year_open)
    if not 0 <= parse(rule.province_share) <= 100:
        raise ShareOutOfRange(share=rule.province_share, faults=[ShareOutOfRange().fault("/province_share")])
    set_ = Rule(canonical_text(rule.province_share), rule.decimals)
    if set_ == standing:
        return []
    return [Fact(WeightRuleSet(year=year, province_share=set_.province_share, decimals=set_.decimals))]


def evolve(rule: Rule | None, fact: Shape) -> Rule | None:
    """Remember."""
    return Rule(fact.province_share, fact.decimals) if isinstance(fact, WeightRuleSet) else rule


def _decimals(weight: str) -> int:
    return len(canonical_text(weight).partition(".")[2])


def _text(whole: int, decimals: int) -> str:
    digits = str(whole).zfill(decimals + 1)
    at = len(digits) - decimals
    return canonical_text(f"{digits[:at]}.{digits[at:]}") if decimals else digits
