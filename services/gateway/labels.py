"""`/v1/labels`: what the codes in requests and answers are called, for whoever shows them to people."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from pydantic import BaseModel

from shared.admission import errors as admission
from shared.errors import Refusal
from shared.quantities import UNITS

# kind of code -> code -> (Chinese, English); tests/services/gateway holds it against the contracts.
NAMES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "adjustment_statuses": {
        "submitted": ("已提交", "Submitted"),
        "reviewed": ("已审核", "Reviewed"),
        "approved": ("已批准", "Approved"),
        "refused": ("未批准", "Refused"),
    },
    "alignment_choices": {
        "province": ("采用省级", "The province's"),
        "city": ("采用市级", "The city's"),
        "other": ("另行确定", "Another value"),
    },
    "alignment_reasons": {
        "NOT_APPLICABLE": ("不适用于本市", "Does not apply to this city"),
        "ADDED_FROM_PROVINCE": ("由省级目标增列", "Added from the province's catalogue"),
        "CITY_ONLY": ("市级自设", "Set by the city alone"),
        "BONUS_ITEM": ("加分项", "Counts as a bonus"),
        "TEXT_MERGED": ("表述合并", "Wording merged"),
        "NEEDS_DECISION": ("待裁定", "Needs a decision"),
        "RAISED_TO_PROVINCE": ("提高至省级标准", "Raised to the province's value"),
        "CITY_STRICTER_KEPT": ("保留更严的市级标准", "The city's stricter value kept"),
    },
    "assignment_roles": {
        "lead": ("牵头", "Lead"),
        "supporting": ("配合", "Supporting"),
        "coordination": ("协调", "Coordination"),
    },
    "audit_questions": {
        "projects": ("重点项目", "Key projects"),
        "practical_matters": ("实事", "Practical matters"),
        "targets": ("目标", "Targets"),
    },
    "caller_roles": {
        "office": ("考核办", "Assessment office"),
        "unit": ("责任单位", "Responsible unit"),
        "county_system": ("县级系统", "County system"),
        "certifier": ("认定单位", "Certifying unit"),
        "inspector": ("督查", "Inspector"),
        "leader": ("市领导", "City leader"),
        "auditor": ("审计", "Auditor"),
        "admin": ("系统管理员", "Administrator"),
    },
    "categories": {
        "key_work": ("重点工作", "Key work"),
        "livelihood": ("民生", "Livelihood"),
        "economy": ("经济发展", "Economy"),
        "society": ("社会发展", "Society"),
        "government": ("政府自身建设", "Government itself"),
    },
    "clocks": {"broker": ("实时", "Real"), "simulated": ("模拟", "Simulated")},
    "directions": {"higher": ("越高越好", "Higher is better"), "lower": ("越低越好", "Lower is better")},
    "issuing_statuses": {
        "issued": ("已下达", "Issued"),
        "unchanged": ("已下达,内容相同", "Stands unchanged"),
        "differs": ("已下达,内容不同", "Stands otherwise"),
        "undecided": ("待裁定", "Undecided"),
        "not_applicable": ("不适用", "Does not apply"),
        "refused": ("不能下达", "Refused"),
    },
    "issuers": {"province": ("省", "Province"), "city": ("市", "City")},
    "outcomes": {
        "counted": ("计入", "Counted"),
        "duplicate": ("重复", "Duplicate"),
        "reused": ("编号重用", "Id reused"),
        "refused": ("拒绝", "Refused"),
    },
    "post_kinds": {
        "leader": ("主要负责人", "Leader"),
        "deputy": ("分管负责人", "Deputy"),
        "liaison": ("联络员", "Liaison"),
    },
    "project_levels": {
        "national": ("国家级", "National"),
        "provincial": ("省级", "Provincial"),
        "municipal": ("市级", "Municipal"),
        "county": ("县级", "County"),
    },
    "project_phases": {
        "continued": ("续建", "Continued"),
        "new": ("新开工", "Newly started"),
        "completed": ("竣工", "Completed"),
        "preliminary": ("前期", "Preliminary work"),
    },
    "roll_ups": {
        "sum": ("合计", "Sum"),
        "worst": ("取最差", "The worst"),
        "best": ("取最好", "The best"),
        "lead": ("以牵头单位为准", "The lead unit's"),
    },
    "scoring_methods": {
        "proportional": ("按比例计分", "In proportion"),
        "reverse": ("逆向计分", "Lower is better"),
        "per_point": ("按百分点加减分", "Points per percentage point"),
        "tiered": ("分段加减分", "Points piece by piece"),
        "efficacy": ("功效系数法", "Efficacy coefficient"),
        "band": ("按等次计分", "By band"),
        "met": ("达标计分", "All or nothing"),
        "rank": ("按位次计分", "By rank"),
        "expert": ("专家评分", "By judges"),
    },
    "signature_statuses": {
        "not_issued": ("未下达", "Not issued"),
        "unsigned": ("未签收", "Unsigned"),
        "signed": ("已签收", "Signed"),
        "outdated": ("签收后有变动", "Changed since it was signed"),
    },
    "standings": {
        "reported": ("上报值", "Reported"),
        "verified": ("审核值", "Verified"),
        "certified": ("认定值", "Certified"),
    },
    "step_statuses": {
        "reached": ("已达到", "Reached"),
        "pending": ("未到期", "Not due yet"),
        "overdue": ("逾期未达到", "Overdue"),
    },
    "tags": {"practical_matter": ("实事", "Practical matter")},
    "target_bases": {"value": ("数值", "Value"), "growth": ("增幅", "Growth")},
    "target_kinds": {
        "cumulative": ("累计", "Cumulative"),
        "floor": ("不低于", "Floor"),
        "ceiling": ("不超过", "Ceiling"),
        "rate": ("比率", "Rate"),
        "maintain": ("保持", "Maintain"),
        "milestone": ("节点", "Milestone"),
        "qualitative": ("定性", "Qualitative"),
    },
    "target_happenings": {
        "issued": ("下达", "Issued"),
        "assigned": ("分解", "Assigned"),
        "handed_over": ("移交", "Handed over"),
        "decomposed": ("确认分解完整", "Stated to be complete"),
        "adjustment_requested": ("申请调整", "Adjustment requested"),
        "adjustment_reviewed": ("审核调整申请", "Request reviewed"),
        "adjustment_approved": ("批准调整申请", "Request approved"),
        "adjustment_refused": ("不批准调整申请", "Request refused"),
        "raised": ("上调", "Raised"),
        "cut": ("下调", "Cut"),
        "adjusted": ("调整", "Adjusted"),
        "withdrawn": ("撤销", "Withdrawn"),
        "month_locked": ("锁定月份", "Month locked"),
        "month_unlocked": ("解锁月份", "Month unlocked"),
        "tables_issued": ("下达目标责任表", "Target tables issued"),
        "table_signed": ("签收目标责任表", "Target table signed"),
        "province_asked": ("省级提出目标", "Asked for by the province"),
        "province_changed": ("省级目标变动", "Changed by the province"),
        "province_ended": ("省级不再设此目标", "Asked for by the province no more"),
    },
    "time_progress": {"by_month": ("按月", "By month"), "by_day": ("按日", "By day")},
    "unit_changes": {
        "registered": ("登记", "Registered"),
        "renamed": ("更名", "Renamed"),
        "moved": ("隶属变更", "Moved"),
        "ended": ("撤并", "Ended"),
    },
    "unit_kinds": {
        "department": ("部门", "Department"),
        "county": ("县市区", "County or district"),
        "park": ("园区", "Industrial park"),
        "company": ("企业", "Company"),
        "town": ("乡镇街道", "Town or subdistrict"),
    },
    "year_acts": {
        "plan": ("下达和分解目标、安排重点项目", "Issue and assign targets, plan and start projects"),
        "adjust": ("调整目标", "Adjust targets"),
        "issue_tables": ("下达目标责任表", "Issue target tables"),
        "sign": ("签收目标责任表", "Sign for target tables"),
        "lock": ("锁定和解锁月份", "Lock and unlock months"),
        "group": ("划分同类组", "Set peer groups"),
        "report": ("填报进度", "Report progress"),
        "verify": ("审核、认定和退回填报值", "Verify, certify and return values"),
    },
    "year_states": {
        "draft": ("编制", "Draft"),
        "targets_issued": ("目标已下达", "Targets issued"),
        "running": ("执行", "Running"),
        "closing": ("收官", "Closing"),
        "scoring": ("评分", "Scoring"),
        "publicity": ("公示", "Publicity"),
        "appeals": ("申诉复核", "Appeals"),
        "final": ("定案", "Final"),
        "archived": ("归档", "Archived"),
    },
    "units_of_measure": {unit.code: (unit.zh, unit.en) for unit in UNITS.values()},
    "refusal_codes": {
        kind.code(): (kind.sentence("zh"), kind.sentence("en"))
        for kind in vars(admission).values()
        if isinstance(kind, type) and issubclass(kind, Refusal) and kind.__module__ == admission.__name__
    },
}


class CodeLabel(BaseModel):
    """What one code is called."""

    zh: str
    en: str


class Labels(BaseModel):
    """Labels by kind of code, then by code."""

    labels: dict[str, dict[str, CodeLabel]]


_ANSWER = Labels(
    labels={
        kind: {code: CodeLabel(zh=zh, en=en) for code, (zh, en) in names.items()}
        for kind, names in sorted(NAMES.items())
    }
)


def labels_router() -> APIRouter:
    """The one route."""
    router = APIRouter(tags=["gateway"])

    @router.get("/v1/labels")
    def list_labels() -> Labels:
        """Names, in Chinese and English, of every code that requests and answers use; open to everybody."""
        return _ANSWER

    return router
