"""What may be refused about years, their course and the locks of their months."""

from __future__ import annotations

from shared.errors import Malformed, NotFound, RuleBroken


class YearIsOpenAlready(RuleBroken):
    """This assessment year has been opened already."""

    zh = "该考核年度已开启。"


class YearUnknown(NotFound):
    """This assessment year has not been opened."""

    zh = "该考核年度尚未开启。"


class DateOutsideYear(RuleBroken):
    """The date does not lie in the assessment year."""

    zh = "该日期不在考核年度之内。"


class MonthIsLockedAlready(RuleBroken):
    """This month is locked already; whoever locked it can unlock it, as can any assessment office."""

    zh = "该月份已锁定,可由锁定人或考核办公室解锁。"


class MonthIsNotLocked(RuleBroken):
    """This month is not locked."""

    zh = "该月份未锁定。"


class YearCannotMove(RuleBroken):
    """A year goes forward one state at a time, or back to an earlier one."""

    zh = "考核年度只能逐阶段推进,或退回此前的阶段。"


class ReopeningNeedsReason(Malformed):
    """A year goes back to an earlier state only with a reason."""

    zh = "考核年度退回此前的阶段须说明理由。"


class TablesAreNotIssued(RuleBroken):
    """No target table of this year has been issued; issuing them moves the year on."""

    zh = "本年度尚未下达任何目标责任表,下达后年度即进入下一阶段。"
