"""What admission may refuse an entry for. The fold stores the code; the door answers with the sentence."""

from __future__ import annotations

from shared.errors import Locked, NotFound, RuleBroken

REOPENING = (
    "Ask the assessment office to reopen the month (POST …/years/{year}/unlocks). "
    "请向考核办公室申请解锁该月份,并说明理由。"
)
"""What whoever meets a lock can do, told beside who set it and why."""


class YearIsNotOpen(RuleBroken):
    """The assessment year of this date has not been opened."""

    zh = "该日期所在的考核年度尚未开启。"


class YearDoesNotAllow(RuleBroken):
    """The state that this assessment year is in does not allow this."""

    zh = "考核年度当前所处阶段不允许此操作。"


class DateInFuture(RuleBroken):
    """The date lies after the log's today."""

    zh = "日期晚于日志当日。"


class TargetUnknown(NotFound):
    """No target of this code is in force on this date."""

    zh = "该日期没有此编号的有效目标。"


class ProjectUnknown(NotFound):
    """No project of this code is registered on this date."""

    zh = "该日期没有此编号的项目。"


class PartUnknown(NotFound):
    """This unit answers for no part of the target on this date."""

    zh = "该单位在此日期不承担该目标的任何分解任务。"


class UnitHadEnded(RuleBroken):
    """This unit had ended by this date; its successor answers for its parts."""

    zh = "该单位在此日期前已撤销,由承接单位填报。"


class PartIsAmbiguous(RuleBroken):
    """Several units answer for this target; say which unit's part is meant."""

    zh = "该目标由多个单位承担,请指明单位。"


class MeasureUnknown(RuleBroken):
    """The target or project declares no such measure."""

    zh = "该目标或项目未设此项计量指标。"


class UnitOfMeasureDiffers(RuleBroken):
    """The unit of measure cannot be converted exactly into the declared one."""

    zh = "计量单位无法准确换算为规定单位。"


class ProjectHasSubProjects(RuleBroken):
    """A project with sub-projects takes no figures itself; its sub-projects do."""

    zh = "含子项目的项目本身不填报,由其子项目填报。"


class PeriodIsLocked(Locked):
    """The month of this date, or of the entry it corrects or withdraws, is locked; the office can reopen it."""

    zh = "该日期(或被更正、撤回条目)所在月份已锁定,如需填报请向考核办公室申请解锁。"


class EntryNotCounted(RuleBroken):
    """The entry named here is not a counted entry at a lower position."""

    zh = "所指条目不是此前已计入的条目。"


class EntryNotCurrent(RuleBroken):
    """The entry named here has been corrected, withdrawn, replaced or returned since."""

    zh = "所指条目已被更正、撤回、替换或退回。"


class TargetWithdrawn(RuleBroken):
    """The target was withdrawn; from that day on nothing is reported of it."""

    zh = "该目标已撤销,自撤销之日起不再填报。"


class NotABand(RuleBroken):
    """A qualitative target is reported as the share of one of its bands."""

    zh = "定性目标只能填报其等次所对应的百分比。"


class StepIsReachedOrNot(RuleBroken):
    """Of a step only 1 can be reported, when it is reached, or 0."""

    zh = "节点只能填报1(已达到)或0(未达到)。"


class StatedTwice(RuleBroken):
    """Two entries of one submission speak of one series and date."""

    zh = "同一次填报中有两条针对同一序列、同一日期。"
