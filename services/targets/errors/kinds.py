"""What may be refused about the kinds of target."""

from __future__ import annotations

from shared.errors import Malformed, RuleBroken


class ValueIsNotHundred(RuleBroken):
    """Milestone and qualitative targets are measured against 100 per cent, so that is their value."""

    zh = "形象进度类和定性类目标以100%为准,目标值须为100。"


class RollUpDoesNotFit(RuleBroken):
    """Percentages, steps and bands do not add up over units: the roll-up of such a target is lead, worst or best."""

    zh = "百分比、节点和等次不能按单位相加:此类目标的汇总方式为牵头单位、取最差或取最好。"


class StepsMissing(RuleBroken):
    """A milestone target has dated steps."""

    zh = "形象进度类目标须列出节点及完成日期。"


class StepsNotWanted(RuleBroken):
    """Only a milestone target has steps."""

    zh = "只有形象进度类目标才设节点。"


class StepHasNoMeasure(RuleBroken):
    """Each step is reported by a measure of its own, which the target declares, in the unit of measure item."""

    zh = "每个节点须对应目标所设的一项计量指标,计量单位为项。"


class StepStatedTwice(Malformed):
    """Two steps are reported by the same measure."""

    zh = "两个节点使用了同一计量指标。"


class ShareOutOfBounds(RuleBroken):
    """The share of a step lies above 0, that of a band at 0 or above, and neither above 100 per cent."""

    zh = "节点所占比例须大于0,等次对应比例不小于0,且均不超过100%。"


class SharesDoNotAddUp(RuleBroken):
    """The shares add to 100 per cent, exactly."""

    zh = "各项比例之和须恰为100%。"


class TextMissing(RuleBroken):
    """A qualitative target says in words what is asked."""

    zh = "定性类目标须用文字写明要求。"


class BandsNotWanted(RuleBroken):
    """Only a qualitative target has bands."""

    zh = "只有定性类目标才设等次。"


class BandsAreInPercent(RuleBroken):
    """The judged measure of a qualitative target is in per cent."""

    zh = "定性类目标的考核指标须以百分比计量。"


class BandStatedTwice(Malformed):
    """Two bands have the same code."""

    zh = "两个等次编号相同。"


class BandsNotDescending(RuleBroken):
    """Bands are stated from the best to the worst, no two for the same share."""

    zh = "等次须由高到低排列,对应比例不得相同。"
