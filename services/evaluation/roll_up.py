"""What do the values of the parts come to: each by itself, and the target as a whole? Pure.

A total says how many have reported: what is still to come may change whether it is met.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.evaluation.judged import Judged, Ratio
from services.evaluation.parts import complete
from services.evaluation.plans import TargetPlan


def part_judged(plan: TargetPlan, at: int, actual: int | None, full: bool = True, missed: bool = False) -> Judged:
    """What comes of a part, measured against its own value or, where it has none, the target's.

    `missed`: it was to be kept at every observation, and was not at some.
    """
    wanted = plan.measured_by[at]
    if actual is None:
        return Judged(None, wanted, None, None, False)
    met: bool | None = plan.rule.met(actual, wanted) and not missed
    if met and plan.rule.lower and not full:
        met = None  # what is still to be reported may break the ceiling
    return Judged(actual, wanted, plan.rule.rate(actual, wanted), met, full)


def whole_judged(plan: TargetPlan, values: list[int | None], on: Sequence[object] = ()) -> Judged:
    """What the counted parts come to, by the roll-up; `on` is what each stands on, where some stand on several."""
    target, rule, wanted = plan.target, plan.rule, plan.wanted
    reported = [value for at in plan.counted if (value := values[at]) is not None]
    if not reported:
        return Judged(None, wanted, None, None, False)
    full = len(reported) == len(plan.counted) and (not on or all(complete(on[at]) for at in plan.counted))
    if target.roll_up == "worst" or target.roll_up == "best":
        return _extreme(plan, values, full)
    actual = sum(reported)
    met: bool | None = rule.met(actual, wanted)
    if met and rule.lower and not full:
        met = None  # what is still to be reported may break the ceiling
    return Judged(actual, wanted, Ratio(actual, wanted) if plan.plain else rule.rate(actual, wanted), met, full)


def _extreme(plan: TargetPlan, values: list[int | None], full: bool) -> Judged:
    """The worst or best part, measured against its own value where it has one; of equal ones the first by unit."""
    worst, rule = plan.target.roll_up == "worst", plan.rule
    chosen: Judged | None = None
    for at in plan.counted:
        if (actual := values[at]) is None:
            continue
        against = plan.measured_by[at]
        each = Judged(actual, against, rule.rate(actual, against), rule.met(actual, against), full)
        better = chosen is None or chosen.rate is None
        if chosen is not None and chosen.rate is not None and each.rate is not None:
            better = each.rate.less_than(chosen.rate) if worst else chosen.rate.less_than(each.rate)
        if better:
            chosen = each
    assert chosen is not None  # somebody has reported
    if worst and chosen.met and not full:
        return chosen._replace(met=None)  # who has still to report may be worse
    return chosen
