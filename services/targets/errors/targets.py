"""What may be refused about targets as they are issued and asked about."""

from __future__ import annotations

from shared.errors import Malformed, RuleBroken


class TargetIsUnknown(Malformed):
    """The year has no target of this code."""

    zh = "该年度没有此编号的目标。"


class TargetCodeTaken(RuleBroken):
    """The year has a target of this code already."""

    zh = "该年度已有此编号的目标。"


class IndicatorHasTarget(RuleBroken):
    """The year has a target for this indicator already: adjust that one, or withdraw it first."""

    zh = "该年度已有此指标的目标:请调整该目标,或先将其撤销。"


class TargetValueIsZero(RuleBroken):
    """A target of 0 cannot be issued: no completion rate could be computed."""

    zh = "目标值不得为0,否则无法计算完成率。"


class TargetValueIsNegative(RuleBroken):
    """Only a rate may have a negative target value."""

    zh = "只有比率类目标的目标值可以为负。"


class DirectionDoesNotFit(RuleBroken):
    """This direction does not fit the kind: a ceiling is lower-is-better; only rate and maintain may go either way."""

    zh = "方向与目标类型不符:上限类为逆向,只有比率类和保持类可正可逆。"


class RateIsNotPercent(RuleBroken):
    """The judged measure of a rate is in per cent."""

    zh = "比率类目标的考核指标须以百分比计量。"


class UnitOfMeasureIsUnknown(Malformed):
    """There is no such unit of measure."""

    zh = "没有此计量单位。"


class MeasureStatedTwice(Malformed):
    """Two measures have the same code."""

    zh = "两项计量指标编号相同。"


class NegativeNotAllowed(Malformed):
    """This quantity cannot be negative."""

    zh = "此数值不得为负。"


class DateBeforeTarget(RuleBroken):
    """The date lies before the one from which the target is in force."""

    zh = "该日期早于目标生效日期。"


class ComparisonMissing(Malformed):
    """Say with which date or state of knowledge to compare: compare_as_of, compare_known_at, or both."""

    zh = "请给出对比的日期或知悉状态:compare_as_of、compare_known_at 或两者。"
