"""A question about figures and its canonical document. Pure: the same question and pin give the same bytes, for ever.

A document names its pin, its question and the engine that computed it. It holds codes and no labels, text and no
fractions, and nothing that depends on today or on who asks. Renderings (labels, tables) are made of it elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from services.evaluation.completion import Targets
from services.evaluation.ledger import Levels
from services.evaluation.plans import Plans, plan_of
from services.evaluation.projects_completion import Projects, group_document, groups_document, project_document
from services.evaluation.target_documents import (
    Document,
    city_document,
    history_document,
    list_document,
    progress_text,
    target_document,
    unit_document,
)
from shared.canonical import encode_trusted, sha256_hex
from shared.errors import NotFound
from shared.registry import Registry

ENGINE = 1
"""The engine whose rules, roundings and renderings these are. Another one gets files of its own beside these."""

Kind = Literal["completion", "target", "unit", "category", "practical_matters", "groups", "group", "project", "history"]
PRACTICAL_MATTER = "practical_matter"
CATEGORIES = ("economy", "government", "key_work", "livelihood", "society")


class NoSuchYear(NotFound):
    """This assessment year was not open at that position."""

    zh = "在该位置,此考核年度尚未开启。"


class NoSuchTarget(NotFound):
    """No target of this code is in force on that date, as known at that position, within your scope."""

    zh = "在该日期和位置,您的范围内没有此编号的目标。"


class NoSuchUnit(NotFound):
    """There is no unit of this code, as known at that position, within your scope."""

    zh = "在该位置,您的范围内没有此编号的单位。"


class NoSuchCategory(NotFound):
    """There is no category of this name."""

    zh = "没有此类别。"


class NoSuchGroup(NotFound):
    """There is no group of projects of this code on that date, as known at that position."""

    zh = "在该日期和位置,没有此编号的项目组。"


class NoSuchProject(NotFound):
    """No project of this code stands on that date, as known at that position, within your scope."""

    zh = "在该日期和位置,您的范围内没有此编号的项目。"


class Stand(Protocol):
    """Where an answer stands: what of `shared.projections.Standpoint` a document is made of."""

    @property
    def as_of(self) -> date:
        """The date the answer is about."""

    @property
    def pin(self) -> Mapping[str, object]:
        """As it stands in documents."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; `code` names the target, unit, category, group or project where one is meant."""

    kind: Kind
    year: int
    code: str | None = None

    @property
    def document(self) -> Document:
        """As it stands in documents."""
        asked: Document = {"kind": self.kind, "year": self.year}
        return asked if self.code is None else asked | {"code": self.code}


def answer(question: Question, at: Stand, registry: Registry, levels: Levels, plans: Plans | None = None) -> Document:
    """The document: pin, question, engine and figures. Registry and levels are as known at the pin's position.

    `plans` may keep what stood between questions. Raises the NoSuch… refusals of this module.
    """
    return {
        "pin": dict(at.pin),
        "question": question.document,
        "engine": ENGINE,
        **figures(question, at.as_of, registry, levels, plans),
    }


def figures(
    question: Question, as_of: date, registry: Registry, levels: Levels, plans: Plans | None = None
) -> Document:
    """The figures alone, as they also stand in an audit."""
    if str(question.year) not in registry.years:
        raise NoSuchYear(year=question.year)
    if question.kind in _OF_PROJECTS:
        return _OF_PROJECTS[question.kind](Projects(registry, levels, question.year, as_of), question.code or "")
    plan = (plans.of if plans is not None else plan_of)(registry, question.year, as_of)
    return _OF_TARGETS[question.kind](Targets(plan, levels, as_of), question.code or "")


def canonical(document: Document) -> tuple[bytes, str]:
    """The document's bytes (RFC 8785) and their sha256 in hex.

    What is put together here are texts, truths, counts and positions under names in ASCII, so nobody looks for others.
    """
    content = encode_trusted(document)
    return content, sha256_hex(content)


def _completion(targets: Targets, code: str) -> Document:
    return city_document(targets)


def _target(targets: Targets, code: str) -> Document:
    id = targets.plan.registry.target_id(targets.plan.year, code)
    found = targets.some(lambda plan: plan.id == id)
    if not found:
        raise NoSuchTarget(target=code)
    return {"time_progress": progress_text(targets.progress), "target": target_document(targets, found[0])}


def _history(targets: Targets, code: str) -> Document:
    registry, year = targets.plan.registry, targets.plan.year
    id = registry.target_id(year, code)
    if id is None:
        raise NoSuchTarget(target=code)
    return history_document(registry, targets.levels.history(id), targets.day)


def _unit(targets: Targets, code: str) -> Document:
    if targets.plan.registry.unit_id(code) is None:
        raise NoSuchUnit(unit=code)
    return unit_document(targets, code)


def _category(targets: Targets, code: str) -> Document:
    if code not in CATEGORIES:
        raise NoSuchCategory(category=code)
    return list_document(targets, targets.some(lambda plan: plan.target.category == code))


def _practical_matters(targets: Targets, code: str) -> Document:
    return list_document(targets, targets.some(lambda plan: PRACTICAL_MATTER in plan.target.tags))


def _groups(projects: Projects, code: str) -> Document:
    return groups_document(projects)


def _group(projects: Projects, code: str) -> Document:
    members = projects.groups().get(code)
    if members is None:
        raise NoSuchGroup(group=code)
    return group_document(projects, code, members)


def _project(projects: Projects, code: str) -> Document:
    figure = projects.figures.get(projects.registry.project_id(projects.year, code) or "")
    if figure is None:
        raise NoSuchProject(project=code)
    return project_document(projects, figure)


_OF_TARGETS: Mapping[Kind, Callable[[Targets, str], Document]] = {
    "completion": _completion, "target": _target, "unit": _unit, "category": _category,
    "practical_matters": _practical_matters, "history": _history,
}  # fmt: skip
_OF_PROJECTS: Mapping[Kind, Callable[[Projects, str], Document]] = {
    "groups": _groups, "group": _group, "project": _project,
}  # fmt: skip
