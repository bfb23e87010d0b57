"""What may be refused about the parts of targets: given out, handed over, broken down."""

from __future__ import annotations

from shared.errors import Malformed, NotFound, RuleBroken


class UnitHasPartAlready(RuleBroken):
    """This unit has a part of the target at that time already."""

    zh = "该单位在此期间已承担该目标。"


class LeadIsTaken(RuleBroken):
    """The target has a lead unit at that time already."""

    zh = "该目标在此期间已有牵头单位。"


class CompanyOnlyCoordinates(RuleBroken):
    """A centrally or provincially run company can only be given coordination."""

    zh = "中央、省管单位只能承担协调任务。"


class CoordinationTakesNoPart(RuleBroken):
    """Coordination answers for no value of its own."""

    zh = "协调单位不单独承担目标值。"


class AssignmentUnknown(NotFound):
    """This unit has no part of the target on that date."""

    zh = "该单位在此日期不承担该目标。"


class SuccessorIsTheSame(RuleBroken):
    """A unit cannot be its own successor."""

    zh = "承接单位不能是该单位自身。"


class SuccessorsNotClear(Malformed):
    """Name one successor and say whether it carries the levels, or several, each with its role; not both."""

    zh = "请填写一个承接单位并说明是否延续进度,或者逐一填写多个承接单位及其角色,二者不可并用。"


class UnitNamedTwice(Malformed):
    """This unit is named twice."""

    zh = "该单位重复填写。"


class CarriesWhatStays(RuleBroken):
    """Only the level of a part that ends here can be carried on."""

    zh = "只能延续在此终止的任务的进度。"


class CarriedTwice(RuleBroken):
    """The level of one part can be carried on by one successor only."""

    zh = "同一任务的进度只能由一个承接单位延续。"


class LevelsNotAddedUp(RuleBroken):
    """Levels go on together only where they are added up: roll-up `sum`, with a value for each part or for none."""

    zh = "只有汇总方式为求和、且各部分都有或都没有分解值时,才能合并延续进度。"


class LeadIsLost(RuleBroken):
    """The lead unit's part ends here, so one of the successors has to lead."""

    zh = "牵头单位的任务在此终止,须由一个承接单位牵头。"


class ValueIsLost(RuleBroken):
    """The new parts have less of the value than those that end; a reserve, with its reason, would say where it went."""

    zh = "承接的分解值之和小于终止的分解值之和,如有预留须填写预留值和理由。"


class ValueIsExceeded(RuleBroken):
    """Lower is better here, and the new parts allow more than those that end."""

    zh = "该目标为逆向目标,承接的分解值之和不得大于终止的分解值之和。"


class SumTooLarge(RuleBroken):
    """Together these values have more than 20 digits before the point."""

    zh = "这些数值之和的整数部分超过20位。"


class ValuesNotAddedUp(RuleBroken):
    """Parts of this target are not added up and their values differ, so the value of the new part has to be stated."""

    zh = "该目标各部分不求和汇总且分解值不同,须填写承接后的分解值。"


class ReserveNeedsReason(Malformed):
    """A reserve is stated with its reason."""

    zh = "预留须说明理由。"


class WholesDiffer(RuleBroken):
    """These parts lie below different parts of the target, so they cannot become one."""

    zh = "这些任务隶属于不同的上级任务,不能合并。"


class PartHasPartsBelow(RuleBroken):
    """There are parts below this one, so it goes to one successor, who answers for all of them."""

    zh = "该任务已向下分解,只能整体移交给一个承接单位。"


class NothingToBreakDown(RuleBroken):
    """This part has no value of its own that could be broken down."""

    zh = "该任务没有可供分解的数值。"


class UnitIsNotBelow(RuleBroken):
    """A part is broken down among units below its own, and on that date this one is not."""

    zh = "任务只能分解给下级单位,该单位在此日期不是其下级。"


class PartsNotAddedUp(RuleBroken):
    """Parts of this target are not added up, so they cannot fall short of its value."""

    zh = "该目标各部分不求和汇总,不存在分解不足的问题。"


class PartsFallShort(RuleBroken):
    """The parts come to less than what was to be broken down; a reserve, with its reason, would make up for it."""

    zh = "各部分之和小于应分解的数值,如有预留须填写预留值和理由。"


class PartsExceed(RuleBroken):
    """Lower is better here, and the parts with the reserve come to more than what was to be broken down."""

    zh = "该目标为逆向目标,各部分与预留之和不得大于应分解的数值。"
