"""What may be refused about scoring methods."""

from __future__ import annotations

from shared.errors import Malformed, RuleBroken


class ScoringDoesNotFit(RuleBroken):
    """This scoring method does not fit: reverse is for lower-is-better, band for qualitative targets."""

    zh = "计分方法与目标不符:逆向计分用于逆向目标,等次计分用于定性目标。"


class ScoringParameterUnknown(Malformed):
    """This scoring method has no such parameter."""

    zh = "该计分方法没有此参数。"


class ScoringParameterMissing(Malformed):
    """This scoring method needs this parameter."""

    zh = "该计分方法缺少此参数。"


class ScoringParameterInvalid(Malformed):
    """This parameter of the scoring method cannot have this value."""

    zh = "该计分方法的此参数取值无效。"


class ScoringParametersDoNotFit(RuleBroken):
    """The parameters of the scoring method contradict one another, or the target."""

    zh = "计分方法的参数相互矛盾,或与目标不符。"
