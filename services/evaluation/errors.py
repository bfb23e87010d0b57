"""What evaluation may refuse."""

from __future__ import annotations

from shared.errors import Malformed, NotFound, RuleBroken


class EntryUnknown(NotFound):
    """There is no counted entry of this reference, or none within your scope."""

    zh = "没有此编号的已计入条目,或不在您的范围内。"


class EntryIsReturned(RuleBroken):
    """This entry has been returned to its reporter; its correction is another entry."""

    zh = "该条目已退回填报单位,更正后的内容是另一条目。"


class EntryIsCertified(RuleBroken):
    """This entry has been certified; it can be certified anew, but neither verified nor returned."""

    zh = "该条目已认定,可重新认定,但不能再审核或退回。"


class EntryIsNotVerified(RuleBroken):
    """An entry is verified before it is certified."""

    zh = "条目须先审核,后认定。"


class ValueNotConvertible(Malformed):
    """This value cannot be expressed exactly in the unit of measure of the entry's series."""

    zh = "该值无法准确换算为条目所属序列的计量单位。"


class SubmissionUnknown(NotFound):
    """No submission of this source and id has been read, or it is not one of your sources."""

    zh = "没有此来源与编号的填报,或不属于您的来源。"


class YearIsUnknown(NotFound):
    """This assessment year has not been opened."""

    zh = "该考核年度尚未开启。"


class MonthNotBegun(Malformed):
    """This month begins after as_of: nobody can have reported it yet."""

    zh = "该月份在 as_of 之后才开始,尚无填报。"
