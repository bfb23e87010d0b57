"""The rules for groups, projects, plans and starts, without the web or a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial, reduce
from typing import Any, cast

import pytest

from services.projects import group, project
from services.projects.errors import (
    DateBeforeProject,
    DateOutsideYear,
    GroupCodeTaken,
    GroupNamedTwice,
    GroupUnknown,
    MeasureDeclaredTwice,
    MeasureUnitUnknown,
    ParentHasFigures,
    ParentHasPlan,
    ParentIsSubProject,
    ParentProjectUnknown,
    PlanBelongsToSubProjects,
    PlanIsNotMoney,
    PlanNotPositive,
    PlanUnchanged,
    PlanUnitOfMeasureDiffers,
    ProjectCodeTaken,
    ProjectHasNoPlan,
    ProjectHasPlan,
    ProjectNotFound,
    ProjectStartedAlready,
    StartInFuture,
)
from shared.contracts.projects import (
    GroupDefined,
    ProjectPlanChanged,
    ProjectPlanned,
    ProjectRegistered,
    ProjectStarted,
)
from shared.contracts.shapes import Label, Measure, Shape
from shared.deciding import Fact, Look, Stream
from shared.errors import Refusal

NEW_YEAR = date(2009, 1, 1)
ID = "11111111-0000-7000-8000-00000000000a"


@dataclass
class Streams:
    """Stands in for Look: other streams, by name."""

    facts: dict[str, list[Shape]] = field(default_factory=dict)

    def at(self, stream: Stream[Any]) -> Any:
        return reduce(stream.evolve, self.facts.get(stream.name, []), stream.initial)

    def alone(self, with_what: str, *, shared: bool = False) -> None:
        """Nobody else is here."""


def decided(
    decide: Callable[[Any, Look], Sequence[Fact]], stream: Stream[Any], *before: Shape, **others: list[Shape]
) -> list[Shape]:
    look = Streams({name.replace("__", ":"): facts for name, facts in others.items()})
    state = reduce(stream.evolve, before, stream.initial)
    return [fact.data for fact in decide(state, cast(Look, look))]


def registered(**more: Any) -> ProjectRegistered:
    return cast(ProjectRegistered, decided(partial(project.register, command(**more)), project.stream(2009, "x"))[0])


def command(**more: Any) -> project.RegisterProject:
    made = project.RegisterProject(
        id=ID, year=2009, code="x", name=Label(zh="厂"), level="municipal", phase="new", unit=ID, parent=None,
        groups=[],
        measures=[project.INVESTMENT], planned_start=None, valid_from=NEW_YEAR,
    )  # fmt: skip
    return replace(made, **more)


def plan(value: str = "12.5", uom: str | None = None, on: date = NEW_YEAR, subs: bool = False) -> project.PlanProject:
    return project.PlanProject(2009, value, uom, on, subs, "because")


X = project.stream(2009, "x")
ALL = GroupDefined(group=ID, code="all", name=Label(zh="全部"), valid_from=NEW_YEAR)


def test_a_group_lies_inside_one_that_is_there() -> None:
    inner = group.DefineGroup("i", "inner", Label(zh="内"), "all", NEW_YEAR)
    (fact,) = decided(partial(group.define, inner), group.stream("inner"), group__all=[ALL])
    assert isinstance(fact, GroupDefined)
    assert fact.parent == ID
    with pytest.raises(GroupUnknown) as refused:
        decided(partial(group.define, inner), group.stream("inner"))
    assert refused.value.faults[0].pointer == "/parent"
    with pytest.raises(GroupUnknown):
        early = replace(inner, valid_from=date(2008, 1, 1))
        decided(partial(group.define, early), group.stream("inner"), group__all=[ALL])
    with pytest.raises(GroupCodeTaken):
        decided(partial(group.define, inner), group.stream("all"), ALL)


def test_a_project_reports_its_completed_investment_in_yi_yuan_unless_it_says_otherwise() -> None:
    assert registered().measures[0].unit_of_measure == "yi_yuan"
    assert registered().measures[0].code == "investment"


def test_a_project_stands_in_groups_that_are_there() -> None:
    (fact,) = decided(partial(project.register, command(groups=["all"])), X, group__all=[ALL])
    assert isinstance(fact, ProjectRegistered)
    assert fact.groups == [ID]
    with pytest.raises(GroupUnknown) as refused:
        decided(partial(project.register, command(groups=["all", "none"])), X, group__all=[ALL])
    assert refused.value.faults[0].pointer == "/groups/1"


@pytest.mark.parametrize(
    ("more", "refusal", "pointer"),
    [
        ({"valid_from": date(2008, 12, 31)}, DateOutsideYear, "/valid_from"),
        ({"groups": ["all", "all"]}, GroupNamedTwice, "/groups/1"),
        ({"measures": [project.INVESTMENT] * 2}, MeasureDeclaredTwice, "/measures/1/code"),
        ({"measures": [Measure(code="a", name=Label(zh="a"), unit_of_measure="cubit")]}, MeasureUnitUnknown,
         "/measures/0/unit_of_measure"),
        ({"parent": "none"}, ParentProjectUnknown, "/parent"),
    ],
)  # fmt: skip
def test_a_faulty_project_is_refused(more: dict[str, Any], refusal: type[Refusal], pointer: str) -> None:
    with pytest.raises(refusal) as refused:
        registered(**more)
    assert refused.value.faults[0].pointer == pointer


def test_a_code_is_taken_once() -> None:
    with pytest.raises(ProjectCodeTaken):
        decided(partial(project.register, command()), X, registered())


def test_a_parent_is_a_project_without_parent_plan_or_figures() -> None:
    sub = project.stream(2009, "sub")
    child = partial(project.register, command(code="sub", parent="x"))
    parent = registered()
    (fact,) = decided(child, sub, project__2009__x=[parent])
    assert isinstance(fact, ProjectRegistered)
    assert fact.parent == ID
    with pytest.raises(ParentIsSubProject):
        decided(child, sub, project__2009__x=[fact])
    with pytest.raises(ParentHasPlan):
        planned = ProjectPlanned(project=ID, planned_investment="1", effective_on=NEW_YEAR)
        decided(child, sub, project__2009__x=[parent, planned])
    with pytest.raises(ParentHasFigures):
        reported = command(code="sub", parent="x", parent_reported=True)
        decided(partial(project.register, reported), sub, project__2009__x=[parent])
    with pytest.raises(ParentProjectUnknown):
        later = replace(command(code="sub", parent="x"), valid_from=NEW_YEAR)
        late = registered(valid_from=date(2009, 6, 1))
        decided(partial(project.register, later), sub, project__2009__x=[late])


def test_a_plan_is_kept_in_the_projects_own_unit_of_measure() -> None:
    (fact,) = decided(partial(project.plan, plan("125000", "wan_yuan")), X, registered())
    assert fact == ProjectPlanned(project=ID, planned_investment="12.5", effective_on=NEW_YEAR)


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (plan("0"), PlanNotPositive), (plan("-1"), PlanNotPositive), (plan(uom="km"), PlanUnitOfMeasureDiffers),
        (plan("0.000000000001", "yuan"), PlanUnitOfMeasureDiffers), (plan(on=date(2010, 1, 1)), DateOutsideYear),
        (plan(subs=True), PlanBelongsToSubProjects),
    ],
)  # fmt: skip
def test_a_faulty_plan_is_refused(asked: project.PlanProject, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        decided(partial(project.plan, asked), X, registered())


@pytest.mark.parametrize("uom", ["km", "percent"])
def test_a_project_that_is_not_measured_in_money_takes_no_planned_investment(uom: str) -> None:
    length = Measure(code="length", name=Label(zh="里程"), unit_of_measure=uom)
    project_ = registered(measures=[length, project.INVESTMENT])
    planned = ProjectPlanned(project=ID, planned_investment="5", effective_on=NEW_YEAR)
    for decide, before in ((project.plan, [project_]), (project.change_plan, [project_, planned])):
        for unit_of_measure in (None, uom, "yi_yuan"):
            with pytest.raises(PlanIsNotMoney) as refused:
                decided(partial(decide, plan("6", unit_of_measure)), X, *before)
            assert [fault.pointer for fault in refused.value.faults] == ["/planned_investment"]
            assert refused.value.about == {"measure": "length", "unit_of_measure": uom}


def test_a_plan_does_not_begin_before_its_project() -> None:
    with pytest.raises(DateBeforeProject):
        decided(partial(project.plan, plan()), X, registered(valid_from=date(2009, 3, 1)))


def test_there_is_one_first_plan_and_after_it_changes() -> None:
    first = ProjectPlanned(project=ID, planned_investment="12.5", effective_on=NEW_YEAR)
    july = date(2009, 7, 1)
    with pytest.raises(ProjectHasPlan):
        decided(partial(project.plan, plan("13")), X, registered(), first)
    with pytest.raises(ProjectHasNoPlan):
        decided(partial(project.change_plan, plan("13", on=july)), X, registered())
    with pytest.raises(PlanUnchanged):
        decided(partial(project.change_plan, plan("12.50", on=july)), X, registered(), first)
    (fact,) = decided(partial(project.change_plan, plan("13", on=july)), X, registered(), first)
    assert fact == ProjectPlanChanged(project=ID, planned_investment="13", effective_on=july, reason="because")


def test_work_begins_once_and_not_in_the_future() -> None:
    begun = project.StartProject(date(2008, 4, 15), date(2009, 8, 1))
    (fact,) = decided(partial(project.start, begun), X, registered())
    assert fact == ProjectStarted(project=ID, started_on=date(2008, 4, 15))
    with pytest.raises(ProjectStartedAlready):
        decided(partial(project.start, begun), X, registered(), fact)
    with pytest.raises(StartInFuture):
        decided(partial(project.start, replace(begun, started_on=date(2009, 8, 2))), X, registered())


def test_what_is_not_registered_is_neither_planned_nor_started() -> None:
    for decide in (
        partial(project.plan, plan()),
        partial(project.change_plan, plan()),
        partial(project.start, project.StartProject(NEW_YEAR, NEW_YEAR)),
    ):
        with pytest.raises(ProjectNotFound):
            decided(cast(Any, decide), X)
