"""What the rules of this service may refuse."""

from __future__ import annotations

from shared.errors import Gone, Malformed, NotFound, NotPermitted, Refusal, RuleBroken, TooLarge


def at(refusal: type[Refusal], pointer: str, **about: object) -> Refusal:
    """The refusal of what stands at one place of the request."""
    return refusal(faults=[refusal().fault(pointer)], **about)


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


# Editions, the city's own additions, weights


class EditionUnchanged(RuleBroken):
    """This is word for word the edition before it, so it is no new one."""

    zh = "内容与上一版次完全相同,不构成新版次。"


class AdditionFaulty(Malformed):
    """What is to be added has faults, each at its pointer."""

    zh = "增列指标有误,各处错误见指针。"


class AdditionTaken(RuleBroken):
    """The city has added an indicator under this code already."""

    zh = "本市已增列此编号的指标。"


class AdditionUnknown(NotFound):
    """There is no such addition, or it was withdrawn."""

    zh = "没有此增列指标,或已撤销。"


class ShareOutOfRange(Malformed):
    """The least share is from 0 to 100 per cent."""

    zh = "最低占比须在0%至100%之间。"


# Kinds of target


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


# Scoring methods


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


# Withdrawal


class ProvinceStillAsks(RuleBroken):
    """The province's own target stands, so the city's cannot be withdrawn."""

    zh = "省级目标仍然有效,该目标不得撤销。"


class TargetIsWithdrawn(RuleBroken):
    """The target has been withdrawn from this date on."""

    zh = "该目标自此日期起已撤销。"


# The course of a year, target tables, letters


class YearCannotMove(RuleBroken):
    """A year goes forward one state at a time, or back to an earlier one."""

    zh = "考核年度只能逐阶段推进,或退回此前的阶段。"


class ReopeningNeedsReason(Malformed):
    """A year goes back to an earlier state only with a reason."""

    zh = "考核年度退回此前的阶段须说明理由。"


class TablesAreNotIssued(RuleBroken):
    """No target table of this year has been issued; issuing them moves the year on."""

    zh = "本年度尚未下达任何目标责任表,下达后年度即进入下一阶段。"


class TablesIssuedLater(RuleBroken):
    """Target tables of this year were issued on a later date already."""

    zh = "本年度已在更晚的日期下达过目标责任表。"


class NothingToIssue(RuleBroken):
    """Every unit's target table is as it was last issued, or no unit has a part of any target."""

    zh = "各单位的目标责任表与上次下达时相同,或尚无单位承担目标,没有可下达的内容。"


class TableUnknown(NotFound):
    """This unit has no target table of the year on that date, or it is outside your scope."""

    zh = "该单位在此日期没有本年度的目标责任表,或不在您的范围内。"


class TableIsNotIssued(RuleBroken):
    """The unit's target table has not been issued, so there is nothing to sign for."""

    zh = "该单位的目标责任表尚未下达,无可签收。"


class TableHasChanged(RuleBroken):
    """What is signed for must be the table as it was last issued, and as it still stands."""

    zh = "所签收的内容须与最近一次下达的目标责任表一致,且该表此后未变动。"


class SignedAlready(RuleBroken):
    """The unit has signed for this table already."""

    zh = "该单位已签收此目标责任表。"


class PersonIsUnknown(Malformed):
    """There is no such person, or it belongs to another unit."""

    zh = "没有此人员,或该人员属于其他单位。"


class NotALetterTemplate(Malformed):
    """This is not a Word document (.docx) that a responsibility letter can be made from."""

    zh = "这不是可用于生成目标责任书的 Word 文档(.docx)。"


class LetterTemplateTooLarge(TooLarge):
    """Unpacked, the template is larger than 16 MiB, or one of its parts that hold text is larger than 1 MiB."""

    zh = "模板解压后超过 16 MiB,或其中某个含文字的部分超过 1 MiB。"


class LetterCannotBeMade(RuleBroken):
    """The letter cannot be made from the template in force then; the office can put another one in its place."""

    zh = "无法用当时生效的模板生成目标责任书,考核办公室可更换模板。"


class TemplateIsGone(Gone):
    """The log says which template was in force then, but its bytes are no longer kept; put it in force again."""

    zh = "日志中记录了当时生效的模板,但其内容已不再保存,请重新上传该模板。"


# What changed


class ComparisonMissing(Malformed):
    """Say with which date or state of knowledge to compare: compare_as_of, compare_known_at, or both."""

    zh = "请给出对比的日期或知悉状态:compare_as_of、compare_known_at 或两者。"
