"""Groups and projects over HTTP, written and read on both axes."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts import target_tables
from shared.errors import Refusal
from shared.http.problems import all_refusals
from shared.year_states import YearState
from tests.services.projects.conftest import PROJECTS, J, Town, below_transport, faults, figure

GROUPS = f"{J}/groups"


def define(town: Town, code: str, **more: Any) -> Any:
    return town.post(GROUPS, {"code": code, "name": {"zh": code, "en": code}, "valid_from": "2009-01-01"} | more)


def token(answer: Any) -> str:
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Jikao-Token"])


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["code"] for item in answer.json()["items"]]


def test_groups_are_defined_and_read_on_both_axes(any_town: Town) -> None:
    define(any_town, "all")
    known = any_town.records() - 1
    last = token(define(any_town, "provincial", parent="all", valid_from="2009-03-01"))
    listed = any_town.get(GROUPS, after=last)
    assert [(g["code"], g["parent"], g["valid_from"]) for g in listed.json()["items"]] == [
        ("all", None, "2009-01-01"), ("provincial", "all", "2009-03-01"),
    ]  # fmt: skip
    assert codes(any_town.get(GROUPS, as_of="2009-02-28")) == ["all"]
    assert codes(any_town.get(GROUPS, known_at=f"position:{known}")) == ["all"]
    assert codes(any_town.get(GROUPS, pin=listed.json()["pin"])) == ["all", "provincial"]


def test_a_group_code_is_taken_once_and_a_repeat_gets_the_first_id(town: Town) -> None:
    headers = town.office()
    body = {"code": "all", "name": {"zh": "全部"}, "valid_from": "2009-01-01"}
    first = town.post(GROUPS, body, headers)
    again = town.post(GROUPS, body, headers)
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert town.post(GROUPS, body | {"code": "other"}, headers).json()["code"] == "ID_REUSED"
    taken = define(town, "all")
    assert (taken.status_code, taken.json()["code"]) == (409, "GROUP_CODE_TAKEN")
    orphan = define(town, "b", parent="none")
    assert (orphan.status_code, faults(orphan)) == (404, [("GROUP_UNKNOWN", "/parent")])


def test_a_project_lives_from_registration_to_a_changed_plan(any_town: Town) -> None:
    town = any_town
    define(town, "all")
    made = town.project("plant", groups=["all"], phase="continued", planned_start="2008-04-15")
    registered = town.records() - 1
    first = town.post(f"{PROJECTS}/plant/plans", {"planned_investment": "125000", "unit_of_measure": "wan_yuan"})
    planned = town.records() - 1
    assert first.headers["ETag"] == '"2"'
    changed = town.post(
        f"{PROJECTS}/plant/plan-changes", {"planned_investment": "13", "effective_on": "2009-07-01", "reason": "more"},
        town.office(**{"If-Match": first.headers["ETag"]}),
    )  # fmt: skip
    token(changed)
    last = token(town.post(f"{PROJECTS}/plant/starts", {"started_on": "2008-04-15"}))
    now = town.get(f"{PROJECTS}/plant", after=last)
    assert now.headers["ETag"] == '"4"'
    whole = now.json()["project"]
    assert whole["id"] == made.json()["id"]
    assert (whole["planned_investment"], whole["started_on"], whole["groups"], whole["unit"]) == (
        "13", "2008-04-15", ["all"], "transport",
    )  # fmt: skip
    assert [(p["planned_investment"], p["effective_on"]) for p in now.json()["plans"]] == [
        ("12.5", "2009-01-01"), ("13", "2009-07-01"),
    ]  # fmt: skip
    june = town.get(f"{PROJECTS}/plant", as_of="2009-06-30").json()
    assert (june["project"]["planned_investment"], len(june["plans"])) == ("12.5", 1)
    then = town.get(f"{PROJECTS}/plant", known_at=f"position:{planned}")
    assert (then.json()["project"]["planned_investment"], then.json()["project"]["started_on"]) == ("12.5", None)
    assert "ETag" not in then.headers
    before = town.get(f"{PROJECTS}/plant", known_at=f"position:{registered}").json()
    assert before["project"]["planned_investment"] is None


def test_changes_need_the_current_version(town: Town) -> None:
    town.project("plant")
    town.post(f"{PROJECTS}/plant/plans", {"planned_investment": "12.5"})
    body = {"planned_investment": "13", "effective_on": "2009-07-01", "reason": "more"}
    path = f"{PROJECTS}/plant/plan-changes"
    assert town.post(path, body).status_code == 428
    stale = town.post(path, body, town.office(**{"If-Match": '"1"'}))
    assert (stale.status_code, stale.json()["about"]["current"]) == (412, 2)
    assert town.post(path, body, town.office(**{"If-Match": '"2"'})).status_code == 201
    again = town.post(f"{PROJECTS}/plant/plans", {"planned_investment": "13"})
    assert (again.status_code, again.json()["code"]) == (409, "PROJECT_HAS_PLAN")


def test_a_year_that_is_closing_takes_no_projects_no_plans_no_starts_and_a_repeat_keeps_its_outcome(town: Town) -> None:
    town.project("plant")
    first = {"planned_investment": "12.5"}
    headers = town.office()
    planned = town.post(f"{PROJECTS}/plant/plans", first, headers)
    states: tuple[YearState, ...] = ("targets_issued", "running", "closing")
    for state in states:
        town.city.says(target_tables.YearMoved(year=2009, state=state), "year:2009")
    change = {"planned_investment": "13", "effective_on": "2009-07-01", "reason": "more"}
    for refused in (
        town.project("late"),
        town.post(f"{PROJECTS}/plant/plans", first),
        town.post(f"{PROJECTS}/plant/plan-changes", change, town.office(**{"If-Match": '"2"'})),
        town.post(f"{PROJECTS}/plant/starts", {"started_on": "2009-04-15"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "YEAR_DOES_NOT_ALLOW"), refused.text
        assert (refused.json()["about"]["state"], refused.json()["about"]["asked"]) == ("closing", "plan")
    again = town.post(f"{PROJECTS}/plant/plans", first, headers)
    assert (again.status_code, again.json()) == (201, planned.json())


def test_sub_projects_take_the_place_of_their_parents_plan_and_figures(any_town: Town) -> None:
    town = any_town
    town.project("plant")
    town.project("hall", parent="plant")
    last = token(town.project("furnace", parent="plant"))
    plan = town.post(f"{PROJECTS}/plant/plans", {"planned_investment": "1"})
    assert (plan.status_code, plan.json()["code"]) == (409, "PLAN_BELONGS_TO_SUB_PROJECTS")
    entry = {"kind": "project", "value": "1", "unit_of_measure": "yi_yuan", "effective_on": "2009-07-31"}
    of_parent = town.submit(entry | {"project": "plant"})
    assert (of_parent.status_code, faults(of_parent)) == (409, [("PROJECT_HAS_SUB_PROJECTS", "/entries/0/project")])
    assert town.submit(entry | {"project": "hall"}).status_code == 202
    whole = town.get(f"{PROJECTS}/plant", after=last).json()
    assert [sub["code"] for sub in whole["sub_projects"]] == ["furnace", "hall"]
    assert (whole["project"]["sub_projects"], whole["sub_projects"][0]["parent"]) == (2, "plant")
    grandchild = town.project("bolt", parent="hall")
    assert (grandchild.status_code, faults(grandchild)) == (409, [("PARENT_IS_SUB_PROJECT", "/parent")])


def test_a_parent_has_neither_plan_nor_figures(any_town: Town) -> None:
    town = any_town
    town.project("planned")
    town.post(f"{PROJECTS}/planned/plans", {"planned_investment": "1"})
    assert town.project("sub", parent="planned").json()["code"] == "PARENT_HAS_PLAN"
    town.project("reported")
    entry = {"kind": "project", "project": "reported", "value": "1", "unit_of_measure": "yi_yuan"}
    assert town.submit(entry | {"effective_on": "2009-07-31"}).status_code == 202
    assert town.project("sub", parent="reported").json()["code"] == "PARENT_HAS_FIGURES"
    assert town.project("sub", parent="nowhere").json()["code"] == "PARENT_PROJECT_UNKNOWN"


def test_a_correction_that_may_have_been_refused_is_no_figure_of_a_parent(any_town: Town) -> None:
    any_town.project("plant")
    nothing = {"source": "urn:jikao:source:county", "id": "never-counted", "entry": 0}
    entry = {"kind": "project", "project": "plant", "value": "1", "unit_of_measure": "yi_yuan", "corrects": nothing,
             "effective_on": "2009-07-31"}  # fmt: skip
    # Beside a plain figure of another subject, which does make the identity certain.
    assert any_town.submit(entry, figure()).status_code == 202
    assert any_town.project("hall", parent="plant").status_code == 201


def test_a_plan_of_a_project_that_is_not_measured_in_money_is_refused(town: Town) -> None:
    town.project("road", measures=[{"code": "length", "name": {"zh": "里程"}, "unit_of_measure": "km"}])
    before = town.records()
    answer = town.post(f"{PROJECTS}/road/plans", {"planned_investment": "5"})
    assert (answer.status_code, faults(answer)) == (409, [("PLAN_IS_NOT_MONEY", "/planned_investment")])
    assert town.records() == before


def test_a_project_declares_what_is_reported_of_it(town: Town) -> None:
    measures = [
        {"code": "funds_in_place", "name": {"zh": "到位资金"}, "unit_of_measure": "wan_yuan"},
        {"code": "investment", "name": {"zh": "完成投资"}, "unit_of_measure": "yi_yuan"},
    ]
    town.project("plant", measures=measures)
    entry = {"kind": "project", "project": "plant", "value": "1", "effective_on": "2009-07-31"}
    answer = town.submit(
        entry | {"unit_of_measure": "yi_yuan"}, entry | {"unit_of_measure": "yi_yuan", "measure": "investment"}
    )
    assert answer.status_code == 202
    assert town.submit(entry | {"unit_of_measure": "km"}).json()["code"] == "UNIT_OF_MEASURE_DIFFERS"
    whole = town.get(f"{PROJECTS}/plant", after=answer.json()["token"]).json()
    assert [m["code"] for m in whole["project"]["measures"]] == ["funds_in_place", "investment"]


@pytest.mark.parametrize(
    ("more", "status", "code", "pointer"),
    [
        ({"unit": "nowhere"}, 404, "RESPONSIBLE_UNIT_UNKNOWN", "/unit"),
        ({"groups": ["none"]}, 404, "GROUP_UNKNOWN", "/groups/0"),
        ({"level": "lunar"}, 422, "MALFORMED", "/level"),
        ({"code": "a b"}, 422, "MALFORMED", "/code"),
        ({"planned_start": 0}, 422, "MALFORMED", "/planned_start"),
        ({"valid_from": "2008-01-01"}, 404, "RESPONSIBLE_UNIT_UNKNOWN", "/unit"),
        ({"measures": []}, 422, "MALFORMED", "/measures"),
        ({"budget": "1"}, 422, "MALFORMED", "/budget"),
    ],
)
def test_a_faulty_project_writes_nothing(
    town: Town, more: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    before = town.records()
    answer = town.project("plant", **more)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert town.records() == before


def test_a_year_must_be_open(town: Town) -> None:
    answer = town.post(f"{J}/years/2010/projects", {"code": "p", "name": {"zh": "p"}, "level": "county",
                                                    "phase": "new", "unit": "transport"})  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (409, "YEAR_IS_NOT_OPEN")


def test_lists_are_filtered_and_paged_at_one_position(town: Town) -> None:
    for code, parent in (("all", None), ("parks", "all"), ("jiuhua", "parks")):
        define(town, code, **({"parent": parent} if parent else {}))
    town.project("a", groups=["jiuhua"], level="provincial")
    town.project("b", groups=["all"], phase="continued", unit="county")
    last = token(town.project("c"))
    assert codes(town.get(PROJECTS, after=last)) == ["a", "b", "c"]
    for query, expected in [
        ({"group": "all"}, ["a", "b"]), ({"group": "parks"}, ["a"]), ({"group": "none"}, []),
        ({"level": "provincial"}, ["a"]), ({"phase": "continued"}, ["b"]), ({"unit": "county"}, ["b"]),
        ({"unit": "none"}, []), ({"group": "all", "phase": "new"}, ["a"]),
    ]:  # fmt: skip
        assert codes(town.get(PROJECTS, **query)) == expected  # type: ignore[arg-type]
    first = town.get(PROJECTS, limit=2).json()
    token(town.project("bb"))
    second = town.get(PROJECTS, limit=2, cursor=first["next_cursor"])
    assert (codes(second), second.json()["next_cursor"], second.json()["pin"]) == (["c"], None, first["pin"])
    wrong = town.get(PROJECTS, limit=2, cursor=first["next_cursor"], level="county")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "CURSOR_INVALID")


def test_a_unit_reads_and_starts_its_own_projects_only(town: Town) -> None:
    town.project("ours")
    last = token(town.project("theirs", unit="county"))
    unit = town.headers("unit", unit="transport", scope="own")
    assert codes(town.get(PROJECTS, unit, after=last)) == ["ours"]
    assert town.get(f"{PROJECTS}/theirs", unit).status_code == 404
    assert town.post(f"{PROJECTS}/theirs/starts", {"started_on": "2009-05-01"}, unit).status_code == 404
    unit = town.headers("unit", unit="transport", scope="own")
    assert town.post(f"{PROJECTS}/ours/starts", {"started_on": "2009-05-01"}, unit).status_code == 201
    twice = town.post(f"{PROJECTS}/ours/starts", {"started_on": "2009-05-02"})
    assert (twice.status_code, twice.json()["code"]) == (409, "PROJECT_STARTED_ALREADY")
    future = town.post(f"{PROJECTS}/theirs/starts", {"started_on": "2009-08-02"})
    assert (future.status_code, faults(future)) == (409, [("START_IN_FUTURE", "/started_on")])
    unit = town.headers("unit", unit="transport", scope="own")
    plan = town.post(f"{PROJECTS}/ours/plans", {"planned_investment": "1"}, unit)
    assert (plan.status_code, plan.json()["code"]) == (403, "ROLE_MISSING")
    below_transport(town.city)
    assert codes(town.get(PROJECTS, town.headers("unit", unit="roadworks", scope="own"))) == []


@pytest.mark.parametrize("role", ["office", "leader", "auditor"])
def test_the_scope_limits_what_is_read_whatever_the_role(town: Town, role: str) -> None:
    town.project("whole")
    town.project("ours", parent="whole", unit="county")
    last = token(town.project("theirs", parent="whole"))
    own = town.headers(role, unit="county", scope="own")
    listed = town.get(PROJECTS, own, after=last)
    assert codes(listed) == ["ours"]
    assert [item["parent"] for item in listed.json()["items"]] == [None]
    assert codes(town.get(PROJECTS, own, unit="transport")) == []
    assert codes(town.get(PROJECTS, own, limit=1)) == ["ours"]
    assert town.get(PROJECTS, own, limit=1).json()["next_cursor"] is None
    for code in ("whole", "theirs"):
        assert town.get(f"{PROJECTS}/{code}", own).status_code == 404
    both = town.headers(role, scope=("county", "transport"))
    assert codes(town.get(PROJECTS, both)) == ["ours", "theirs", "whole"]


def test_an_office_of_narrow_scope_plans_its_own_projects_only(town: Town) -> None:
    town.project("ours", unit="county")
    token(town.project("theirs"))
    for code, status in (("ours", 201), ("theirs", 404)):
        own = town.headers("office", unit="county", scope="own")
        assert town.post(f"{PROJECTS}/{code}/plans", {"planned_investment": "1"}, own).status_code == status


def test_a_rebuild_finds_the_same(town: Town) -> None:
    town.project("plant")
    headers = town.office()
    first = town.submit(figure(), headers=headers).json()
    rebuilt = town.service.read_side.rebuild()
    assert (rebuilt.switched, rebuilt.differing) == (True, ())
    assert town.submit(figure(), headers=headers).json() == first | {"status": "duplicate"}


def test_the_document_names_what_the_door_takes_and_answers(town: Town) -> None:
    document = town.client.app.openapi()  # type: ignore[attr-defined]
    schemas = document["components"]["schemas"]
    for name in ("ProgressSubmission", "TargetFigure", "ProjectFigure", "Withdrawal", "EntryRef", "ProgressEvent",
                 "Receipt", "Receipts"):  # fmt: skip
        assert name in schemas
    assert schemas["ProgressSubmission"]["properties"]["entries"]["items"]["discriminator"]["propertyName"] == "kind"
    events = document["paths"]["/v1/jurisdictions/{jurisdiction}/events"]["post"]
    assert set(events["responses"]["422"]["content"]) == {"application/json", "application/problem+json"}
    operations = {op["operationId"] for path in document["paths"].values() for op in path.values()}
    assert operations == {
        "submit_progress", "submit_events", "define_group", "list_groups", "register_project", "plan_project",
        "change_plan", "start_project", "list_projects", "get_project", "rebuild_projects",
    }  # fmt: skip


def test_every_refusal_of_this_service_speaks_both_languages() -> None:
    for refusal in all_refusals():
        if refusal.__module__ == "services.projects.errors":
            assert refusal.__doc__
            assert all(refusal.zh != family.zh for family in refusal.__bases__ if issubclass(family, Refusal))
