"""What may be refused about adjustments and withdrawals of targets."""

from __future__ import annotations

from shared.errors import NotFound, NotPermitted, RuleBroken


class BelowProvince(RuleBroken):
    """The province's own target stands, and an adjustment may not undercut it."""

    zh = "省级目标仍然有效,调整后的目标值不得低于省级要求。"


class CutOffHasPassed(RuleBroken):
    """Adjustments could be requested until the year's cut-off date, which has passed."""

    zh = "已过本年度目标调整申请的截止日期。"


class UnitHasNoPart(RuleBroken):
    """Only a unit that answers for a part of the target today can ask for its adjustment."""

    zh = "只有当前承担该目标的单位可以申请调整。"


class UnitOutOfScope(NotPermitted):
    """You may not speak for this unit."""

    zh = "您无权代表该单位。"


class AdjustmentRequestUnknown(NotFound):
    """There is no such adjustment request, or it is outside your scope."""

    zh = "没有此调整申请,或不在您的范围内。"


class RequestIsDecided(RuleBroken):
    """This request has been decided already."""

    zh = "该调整申请已有决定。"


class RequestIsNotReviewed(RuleBroken):
    """The assessment office has not reviewed this request yet."""

    zh = "该调整申请尚未经考核办审核。"


class ProvinceStillAsks(RuleBroken):
    """The province's own target stands, so the city's cannot be withdrawn."""

    zh = "省级目标仍然有效,该目标不得撤销。"


class TargetIsWithdrawn(RuleBroken):
    """The target has been withdrawn from this date on."""

    zh = "该目标自此日期起已撤销。"
