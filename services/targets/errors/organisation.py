"""What may be refused about units, peer groups, posts, persons and sources."""

from __future__ import annotations

from shared.errors import Malformed, NotFound, RuleBroken


class UnitCodeTaken(RuleBroken):
    """A unit of this code is registered already."""

    zh = "该单位编号已登记。"


class UnitIsUnknown(Malformed):
    """No unit of this code is registered."""

    zh = "没有登记此编号的单位。"


class UnitIsNotValid(RuleBroken):
    """The unit is not valid on this date."""

    zh = "该单位在此日期无效。"


class UnitUnknown(NotFound):
    """There is no unit of this code on that date, or it is outside your scope."""

    zh = "该日期没有此编号的单位,或不在您的范围内。"


class UnitTreeCycle(RuleBroken):
    """The unit would be above itself on this date; `path` leads from it back to it."""

    zh = "此日期该单位将成为自身的上级,path 列出循环路径。"


class UnitHasEnded(RuleBroken):
    """The unit has ended already."""

    zh = "该单位已撤销。"


class UnitEndsBeforeItBegins(RuleBroken):
    """A unit cannot end on or before its first day."""

    zh = "撤销日期不得早于或等于单位的生效日期。"


class UnitHasUnitsBelow(RuleBroken):
    """Units are below this one on that date or later; move them first."""

    zh = "该日期或之后仍有下属单位,请先调整其隶属关系。"


class UnitHasOpenAssignments(RuleBroken):
    """The unit answers for parts of targets on that date or later; name the unit that takes them over."""

    zh = "该日期或之后该单位仍承担目标分解任务,请指定承接单位。"


class TakenOverByNoSuccessor(Malformed):
    """Only a successor takes over parts of the unit that ends."""

    zh = "只有承接单位才能承接被撤销单位的分解任务。"


class TakesOverNothing(RuleBroken):
    """The unit that ends has no part of this target on that day or later."""

    zh = "被撤销单位当日或之后不承担该目标的分解任务。"


class SuccessorStatedTwice(Malformed):
    """This successor is named twice."""

    zh = "承接单位重复。"


class PeerGroupUnknown(NotFound):
    """There is no peer group of this code in this year, or none of its members is within your scope."""

    zh = "该年度没有此编号的同类组,或其成员均不在您的范围内。"


class UnitHasPeerGroup(RuleBroken):
    """The unit is in a peer group of this year already, on that day or later."""

    zh = "该单位当日或之后已属于本年度的某个同类组。"


class UnitIsNoMember(RuleBroken):
    """The unit has not been a member of this group since before that day."""

    zh = "该单位在此日期之前不是该组成员。"


class PostIsHeld(RuleBroken):
    """A unit has one leader at a time, and somebody holds this post on that day or later."""

    zh = "一个单位同一时间只有一名主要负责人,该职务当日或之后已有人担任。"


class PersonHasPost(RuleBroken):
    """This person holds the same post in this unit already, on that day or later."""

    zh = "此人当日或之后已在该单位担任同一职务。"


class PostUnknown(NotFound):
    """There is no such post in this unit."""

    zh = "该单位没有此任职记录。"


class PostIsLeft(RuleBroken):
    """The post has been left already."""

    zh = "该职务已离任。"


class PostEndsBeforeItBegins(RuleBroken):
    """A post cannot be left on or before its first day."""

    zh = "离任日期不得早于或等于任职日期。"


class SourceNameTaken(RuleBroken):
    """This source name was registered before; a name is never reused."""

    zh = "该来源名称已登记过,名称不得重复使用。"


class PersonUnknown(NotFound):
    """There is no such person."""

    zh = "没有此人员。"


class PersonIsErased(RuleBroken):
    """This person's name has been erased already."""

    zh = "该人员姓名已被删除。"


class PersonIsUnknown(Malformed):
    """There is no such person, or it belongs to another unit."""

    zh = "没有此人员,或该人员属于其他单位。"
