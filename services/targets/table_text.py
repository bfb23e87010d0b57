"""A unit's target table in words, for those who read it in Excel or Word: every value as text, codes as their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from services.targets.signature import UnitTable
from services.targets.workbook import CATEGORIES, DIRECTIONS, KINDS, TAGS, UNIT_NAMES, Words
from shared.registry import Registry, rows

ISSUERS: Words = {"province": "省", "city": "市"}
ROLES: Words = {"lead": "牵头", "supporting": "配合", "coordination": "协调"}
STATUSES: Words = {"not_issued": "未下达", "unsigned": "未签收", "signed": "已签收", "outdated": "签收后有变动"}

COLUMNS: Mapping[str, str] = {
    "unit": "单位编号", "unit_name": "责任单位", "number": "序号", "code": "目标编号", "name": "目标名称",
    "category": "类别", "issuer": "目标来源", "kind": "目标类型", "direction": "方向", "value": "目标值",
    "unit_of_measure": "计量单位", "role": "承担方式", "part": "本单位任务", "weight": "权重", "points": "分值",
    "tags": "标签", "valid_from": "承担起始日", "text": "文字要求", "steps": "节点",
}  # fmt: skip
"""What is said of a unit's target, with the heading it has in the workbook."""

Line = dict[str, str]
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 takes in no form. Names that are in the log already may have it."""


def lines(table: UnitTable, registry: Registry) -> list[Line]:
    """The table, a line a target, with the members of COLUMNS; empty text for what is not stated."""
    year, unit = table.document["year"], table.named
    found = []
    for number, row in enumerate(table.document["targets"], start=1):
        code = str(row["code"])
        target = registry.targets.latest(registry.target_id(year, code) or "")
        line = {name: "" for name in COLUMNS} | {name: str(row[name]) for name in COLUMNS if name in row}
        line |= {
            "unit": unit.code, "unit_name": unit.name.zh, "number": str(number), "name": target.name.zh,
            "category": CATEGORIES[line["category"]], "issuer": ISSUERS[line["issuer"]],
            "kind": KINDS[line["kind"]], "direction": DIRECTIONS[line["direction"]],
            "unit_of_measure": UNIT_NAMES[line["unit_of_measure"]], "role": ROLES[line["role"]],
            "tags": "、".join(TAGS[tag] for tag in target.tags), "steps": _steps(target),
        }  # fmt: skip
        found.append({member: printable(said) for member, said in line.items()})
    return found


def _steps(target: rows.Target) -> str:
    names = {measure.code: measure.name.zh for measure in target.measures}
    steps = (f"{names[step.measure]}（{step.share}%，{day_text(step.due_on)}）" for step in target.steps)
    return "；".join(steps)


def printable(text: str) -> str:
    """The text as Excel and Word can hold it: U+FFFD for each character that they cannot."""
    return _UNPRINTABLE.sub("\ufffd", text)


def day_text(day: date) -> str:
    """A date as people write it."""
    return f"{day.year}年{day.month}月{day.day}日"
