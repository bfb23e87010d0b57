"""What the rules of this service may refuse."""

from __future__ import annotations

from shared.errors import Malformed, NotFound, NotPermitted, RuleBroken, TooLarge

# Logs


class LogIsOpenAlready(RuleBroken):
    """This jurisdiction has an open log already."""

    zh = "该行政区已开启日志。"


class ListedElsewhere(RuleBroken):
    """Another installation has opened a log for this jurisdiction first."""

    zh = "另一套系统已先为该行政区开启日志。"


class ZoneUnknown(Malformed):
    """There is no such time zone; use a name of the IANA database, such as Asia/Shanghai."""

    zh = "没有此时区,请使用 IANA 时区名,如 Asia/Shanghai。"


class PartitionUnknown(Malformed):
    """The events topic has no such partition."""

    zh = "事件主题没有此分区。"


class InstantMissing(Malformed):
    """A simulated clock needs the instant at which it starts."""

    zh = "模拟时钟需要给出起始时刻。"


class InstantNotWanted(Malformed):
    """Under the broker's clock no instant can be given."""

    zh = "采用消息系统时钟时不能指定时刻。"


class InstantInvalid(Malformed):
    """This is no instant between 1990 and 2100."""

    zh = "这不是1990年至2100年之间的有效时刻。"


class ClockIsNotSimulated(NotFound):
    """This log keeps the real time, so there is no clock to set."""

    zh = "该日志使用真实时间,没有可设置的时钟。"


class ClockOnlyMovesForward(RuleBroken):
    """The simulated clock only moves forward."""

    zh = "模拟时钟只能向前拨。"


# Units, sources, persons


class UnitCodeTaken(RuleBroken):
    """A unit of this code is registered already."""

    zh = "该单位编号已登记。"


class UnitIsUnknown(Malformed):
    """No unit of this code is registered."""

    zh = "没有登记此编号的单位。"


class UnitIsNotValid(RuleBroken):
    """The unit is not valid on this date."""

    zh = "该单位在此日期无效。"


class SourceNameTaken(RuleBroken):
    """This source name was registered before; a name is never reused."""

    zh = "该来源名称已登记过,名称不得重复使用。"


class PersonUnknown(NotFound):
    """There is no such person."""

    zh = "没有此人员。"


class PersonIsErased(RuleBroken):
    """This person's name has been erased already."""

    zh = "该人员姓名已被删除。"


# Years and locks


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


class TargetIsUnknown(Malformed):
    """The year has no target of this code."""

    zh = "该年度没有此编号的目标。"


# Catalogues and alignment


class CatalogueFaulty(Malformed):
    """The catalogue has faults, each named by its pointer; nothing of it was taken in."""

    zh = "目录有误,各处错误见指针,未导入任何内容。"


class EditionTaken(RuleBroken):
    """This edition of the issuer's catalogue has been imported already."""

    zh = "该发布方目录的此版次已导入。"


class CatalogueUnknown(NotFound):
    """There is no such catalogue."""

    zh = "没有此目录。"


class CatalogueIsUnknown(Malformed):
    """No complete catalogue of this year has this id."""

    zh = "该年度没有此编号的完整目录。"


class CatalogueOfOtherIssuer(RuleBroken):
    """This catalogue is of the other issuer."""

    zh = "该目录属于另一发布方。"


class AlignmentUnknown(NotFound):
    """There is no such alignment."""

    zh = "没有此次对接。"


# Targets and assignments


class TargetCodeTaken(RuleBroken):
    """The year has a target of this code already."""

    zh = "该年度已有此编号的目标。"


class KindNotIssuable(RuleBroken):
    """Milestone and qualitative targets cannot be issued yet."""

    zh = "形象进度类和定性类目标暂不能下达。"


class TargetValueIsZero(RuleBroken):
    """A target of 0 cannot be issued: no completion rate could be computed."""

    zh = "目标值不得为0,否则无法计算完成率。"


class TargetValueIsNegative(RuleBroken):
    """Only a rate may have a negative target value."""

    zh = "只有比率类目标的目标值可以为负。"


class DirectionDoesNotFit(RuleBroken):
    """This direction does not fit the kind: a ceiling is lower-is-better, cumulative and floor higher-is-better."""

    zh = "方向与目标类型不符:上限类为逆向,累计类和下限类为正向。"


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
    """A part is handed over to another unit, not to its own."""

    zh = "目标只能移交给其他单位。"


# Parts handed over: merged and split


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


class ReserveNeedsReason(Malformed):
    """A reserve is stated with its reason."""

    zh = "预留须说明理由。"


class WholesDiffer(RuleBroken):
    """These parts lie below different parts of the target, so they cannot become one."""

    zh = "这些任务隶属于不同的上级任务,不能合并。"


class PartHasPartsBelow(RuleBroken):
    """There are parts below this one, so it goes to one successor, who answers for all of them."""

    zh = "该任务已向下分解,只能整体移交给一个承接单位。"


# Parts broken down


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


# What people decide about an alignment


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


# Adjustments


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


# Workbooks


class NotAWorkbook(Malformed):
    """This is not an Excel workbook (.xlsx)."""

    zh = "这不是 Excel 工作簿(.xlsx)。"


class WorkbookTooLarge(TooLarge):
    """Unpacked, the workbook is larger than 64 MiB."""

    zh = "工作簿解压后超过 64 MiB。"
