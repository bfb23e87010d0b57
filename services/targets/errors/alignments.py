"""What may be refused about alignments, and what people decide about them."""

from __future__ import annotations

from shared.errors import Malformed, NotFound, RuleBroken


class AlignmentUnknown(NotFound):
    """There is no such alignment."""

    zh = "没有此次对接。"


class IndicatorIsUnknown(RuleBroken):
    """This alignment has no such indicator."""

    zh = "此次对接中没有该指标。"


class NothingToMatch(RuleBroken):
    """Only an indicator that stands alone in this alignment can be matched with another one."""

    zh = "只有在此次对接中单独存在的指标才能与另一指标确认对应。"


class MatchedAlready(RuleBroken):
    """One of these indicators has been matched already; revoke that first."""

    zh = "其中一个指标已确认对应关系,请先撤销。"


class MatchUnknown(NotFound):
    """There is no such match, or it was revoked."""

    zh = "没有此对应关系,或已撤销。"


class OutcomesNotIssuable(RuleBroken):
    """Some of these outcomes cannot be issued, each named by its pointer; nothing was issued."""

    zh = "部分对接结果无法下达,各处原因见指针,未下达任何目标。"


class OutcomeIsUndecided(RuleBroken):
    """The rule could not compare the two values; decide what stands before it is issued."""

    zh = "省市两级的值无法按规则比较,须先裁定方可下达。"


class DoesNotApply(RuleBroken):
    """The province does not assess this city by it and the city has none of its own, so nothing is issued of it."""

    zh = "省级不以此考核本市,本市亦未自设,不予下达。"


class IssuedOtherwise(RuleBroken):
    """The target is issued already and stands otherwise; its value changes by an adjustment, not by another issue."""

    zh = "该目标已下达且内容不同,目标值须经调整程序变更,不得重复下达。"


class DetailsStatedTwice(Malformed):
    """Details of this indicator are stated twice."""

    zh = "该指标的补充内容重复。"


class NothingToDecide(RuleBroken):
    """The rule has settled this indicator; only what it could not compare is decided by a person."""

    zh = "该指标已按规则得出结果,只有无法比较的指标才需人工裁定。"


class ChoiceHasNoValue(RuleBroken):
    """The chosen side states nothing that could stand."""

    zh = "所选一方没有可采用的内容。"


class OtherValueMissing(Malformed):
    """Another value than either side's needs that value and its unit of measure."""

    zh = "采用其他数值时须给出数值及其计量单位。"


class OtherValueNotWanted(Malformed):
    """A value is stated only when neither side's stands."""

    zh = "仅在双方数值都不采用时才填写数值。"
