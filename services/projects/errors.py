"""What this service refuses."""

from __future__ import annotations

from shared.errors import Malformed, NotFound, NotPermitted, RuleBroken, TooLarge


class GroupCodeTaken(RuleBroken):
    """There is a project group of this code already."""

    zh = "已有此编号的项目分组。"


class GroupUnknown(NotFound):
    """There is no project group of this code on that date."""

    zh = "该日期没有此编号的项目分组。"


class ProjectCodeTaken(RuleBroken):
    """There is a project of this code in that year already."""

    zh = "该年度已有此编号的项目。"


class ProjectNotFound(NotFound):
    """There is no project of this code in that year, or none within your scope."""

    zh = "该年度没有此编号的项目,或不在您的范围内。"


class ResponsibleUnitUnknown(NotFound):
    """No unit of this code is registered on that date."""

    zh = "该日期没有此编号的责任单位。"


class ParentProjectUnknown(NotFound):
    """The parent must be a project of the same year."""

    zh = "上级项目须为同一年度的项目。"


class ParentIsSubProject(RuleBroken):
    """A sub-project has no sub-projects of its own."""

    zh = "子项目不能再设子项目。"


class ParentHasPlan(RuleBroken):
    """The parent carries a plan itself, so it takes no sub-projects."""

    zh = "上级项目本身已有年度计划,不能再设子项目。"


class ParentHasFigures(RuleBroken):
    """Figures have been reported for the parent itself, so it takes no sub-projects."""

    zh = "上级项目本身已有填报数据,不能再设子项目。"


class PlanBelongsToSubProjects(RuleBroken):
    """A project with sub-projects carries no plan itself; its sub-projects do."""

    zh = "含子项目的项目本身不设年度计划,由其子项目设定。"


class ProjectHasPlan(RuleBroken):
    """This project has its plan of the year already; change it instead."""

    zh = "该项目已有年度计划,请使用计划变更。"


class ProjectHasNoPlan(RuleBroken):
    """This project has no plan of the year yet, so there is nothing to change."""

    zh = "该项目尚无年度计划,无从变更。"


class PlanUnchanged(RuleBroken):
    """The plan is that figure already."""

    zh = "计划数值未变。"


class PlanNotPositive(Malformed):
    """A planned investment is more than zero."""

    zh = "计划投资须大于零。"


class PlanIsNotMoney(RuleBroken):
    """The first measure of this project is not money, so no planned investment can be judged by it."""

    zh = "该项目首项指标不是金额,不能设定计划投资。"


class PlanUnitOfMeasureDiffers(RuleBroken):
    """The unit of measure cannot be converted exactly into that of the project's first measure."""

    zh = "计量单位无法准确换算为该项目首项指标的计量单位。"


class ProjectStartedAlready(RuleBroken):
    """The start of this project is on record already."""

    zh = "该项目的开工已有记录。"


class StartInFuture(RuleBroken):
    """Work that has begun did so today at the latest."""

    zh = "开工日期不得晚于当日。"


class DateOutsideYear(Malformed):
    """This date must lie in the assessment year of the address."""

    zh = "该日期须在地址所示的考核年度内。"


class DateBeforeProject(RuleBroken):
    """This date lies before the project's own."""

    zh = "该日期早于项目的生效日期。"


class MeasureDeclaredTwice(Malformed):
    """Each measure is declared once."""

    zh = "同一指标不能重复申报。"


class MeasureUnitUnknown(Malformed):
    """There is no such unit of measure."""

    zh = "没有这个计量单位。"


class GroupNamedTwice(Malformed):
    """Each group is named once."""

    zh = "同一分组不能重复列出。"


class SourceNotNamed(Malformed):
    """Your token may report under several sources; say which one by `source`."""

    zh = "您的令牌可使用多个来源,请以 source 指明。"


class SourceNotAllowed(NotPermitted):
    """Your token may not report under this source."""

    zh = "您的令牌不能以此来源填报。"


class SourceNotRegistered(NotPermitted):
    """This source is not registered for the client of your token."""

    zh = "该来源未登记在您令牌所属的客户端名下。"


class ReferenceOutOfScope(NotPermitted):
    """Only a scope of `all` may correct or withdraw what another source reported."""

    zh = "只有范围为 all 的令牌才能更正或撤回其他来源的条目。"


class EventTypeNotTaken(Malformed):
    """This door takes events of type `jikao.progress.submitted.v1` only."""

    zh = "此入口只接受 jikao.progress.submitted.v1 类型的事件。"


class SubmissionMalformed(Malformed):
    """The submission does not have the form that is documented."""

    zh = "填报内容不符合规定的格式。"


class TooManyEntries(TooLarge):
    """A submission holds at most 1,000 entries."""

    zh = "一次填报最多1000条。"


class TooManyEvents(TooLarge):
    """A batch holds at most 1,000 events."""

    zh = "一批最多1000个事件。"


class BatchNotSent(RuleBroken):
    """Another event of this atomic batch was rejected, so none was sent."""

    zh = "该原子批次中另有事件被拒绝,因此全部未发送。"
