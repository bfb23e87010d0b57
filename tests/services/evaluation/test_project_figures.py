"""Key projects: leaves, nested and dated groups, start rates, and how a group stands to the city."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

import pytest

from services.evaluation.documents import Kind, NoSuchGroup, NoSuchProject, Question, figures
from shared.canonical import encode
from tests.services.evaluation.town import AUGUST, JULY, Town


def ask(town: Town, kind: Kind, code: str | None = None, as_of: date = JULY) -> dict[str, Any]:
    document = figures(Question(kind, 2009, code), as_of, town.registry, town)
    encode(document)
    return cast(dict[str, Any], document)


def group(town: Town, code: str, as_of: date = JULY) -> dict[str, Any]:
    return cast(dict[str, Any], ask(town, "group", code, as_of)["group"])


@pytest.fixture
def town() -> Town:
    """Two zones of a park, a works with two sub-projects that is in both the park and the province's list."""
    town = Town()
    town.unit("lead")
    for code, parent in (("park", None), ("zone-a", "park"), ("zone-b", "park"), ("province", None)):
        town.group(code, parent)
    town.project("works", None, groups=("zone-a", "park", "province"), level="provincial", phase="continued",
                 planned_start=date(2008, 4, 1), started_on=date(2008, 4, 1))  # fmt: skip
    for sub, plan in (("works-1", "3"), ("works-2", "2")):
        town.project(sub, plan, parent="works", level="provincial")
    town.project("mill", "4", groups=("zone-b",), planned_start=date(2009, 3, 1), started_on=date(2009, 3, 11))
    town.project("road", "1", planned_start=date(2009, 10, 1))
    town.invests("works-1", "2")
    town.invests("works-2", "1")
    town.invests("mill", "5")
    town.invests("road", "0")
    return town


def test_a_project_with_sub_projects_is_the_sum_of_them(town: Town) -> None:
    works = ask(town, "project", "works")
    assert (works["planned_investment"], works["investment"], works["rate"]) == ("5", "3", "0.6")
    assert works["coverage"] == {"reported": 2, "of": 2}
    assert [leaf["code"] for leaf in works["made_of"]] == ["works-1", "works-2"]
    assert works["made_of"][0]["level"]["entry"]["id"] == "e100"
    assert ask(town, "project", "works-1")["parent"] == "works"


def test_a_union_counts_a_project_once(town: Town) -> None:
    park = group(town, "park")
    assert (park["projects"], park["with_sub_projects"]) == (2, 4)
    assert (park["planned_investment"], park["investment"]) == ("9", "8")


def test_a_group_stands_beside_the_city(town: Town) -> None:
    park = group(town, "park")
    # 8/9 against the city's 8/10, seven twelfths of the year gone
    assert park["over_city_pp"] == "8.888888888889"
    assert park["lead_pp"] == "30.555555555556"
    assert park["share_of_city"] == "1"
    assert group(town, "zone-b")["rate"] == "1.25"


def test_start_rates_are_of_all_planned_this_year_and_of_those_due(town: Town) -> None:
    start = ask(town, "groups")["city"]["start"]
    assert start == {
        "started": 2, "planned": 3, "started_of_planned": 2, "due": 2, "started_of_due": 2,
        "rate": "0.666666666667", "rate_of_due": "1",
    }  # fmt: skip
    assert ask(town, "groups", as_of=date(2009, 3, 10))["city"]["start"]["rate_of_due"] == "0.5"


def test_a_project_planned_for_a_later_year_is_not_missed(town: Town) -> None:
    town.project("later", "1", planned_start=date(2010, 2, 1))
    assert ask(town, "groups")["city"]["start"]["planned"] == 3


def test_a_continued_project_without_a_planned_start_was_to_start_earlier(town: Town) -> None:
    town.project("old", "1", phase="continued")
    start = ask(town, "groups")["city"]["start"]
    assert (start["planned"], start["due"]) == (4, 3)


def test_each_level_is_a_group_without_being_defined(town: Town) -> None:
    codes = [row["code"] for row in ask(town, "groups")["groups"]]
    assert codes == ["level:municipal", "level:provincial", "park", "province", "zone-a", "zone-b"]
    assert group(town, "level:provincial") | {"code": ""} == group(town, "province") | {"code": ""}


def test_groups_and_plans_are_dated(town: Town) -> None:
    town.project("mill", "8", groups=("zone-a",), on=AUGUST)
    assert group(town, "zone-b")["projects"] == 1
    assert group(town, "zone-b", AUGUST)["projects"] == 0
    assert "planned_investment" not in group(town, "zone-b", AUGUST)
    assert group(town, "zone-a", AUGUST)["planned_investment"] == "13"


def test_a_sub_project_in_a_group_without_its_project_counts_alone(town: Town) -> None:
    town.group("special")
    town.project("works-3", "1", parent="works", groups=("special", "park"))
    special = group(town, "special")
    assert (special["projects"], special["planned_investment"]) == (1, "1")
    assert (group(town, "park")["projects"], group(town, "park")["with_sub_projects"]) == (2, 5)


def test_what_is_not_reported_shows_in_the_coverage(town: Town) -> None:
    town.project("silent", "10", groups=("zone-a",))
    zone = group(town, "zone-a")
    assert (zone["coverage"], zone["leaves"]) == ({"reported": 1, "of": 2}, {"reported": 2, "of": 3})
    assert (zone["planned_investment"], zone["rate"]) == ("15", "0.2")
    assert "rate" not in ask(town, "project", "silent")
    assert "investment" not in ask(town, "project", "silent")


def test_investments_in_several_units_of_money_add_up_exactly(town: Town) -> None:
    town.project("small", "12.5", groups=("zone-b",), unit_of_measure="wan_yuan")
    town.invests("small", "0.000001")
    document = ask(town, "groups")
    assert document["unit_of_measure"] == "wan_yuan"
    assert document["city"]["planned_investment"] == "100012.5"
    assert document["city"]["investment"] == "80000.000001"
    assert ask(town, "project", "small")["made_of"][0]["unit_of_measure"] == "wan_yuan"


def test_groups_within_one_another_in_a_circle_end(town: Town) -> None:
    town.group("park", "zone-a", on=AUGUST)
    assert group(town, "park", AUGUST)["projects"] == 2


def test_what_is_unknown_is_refused_by_name(town: Town) -> None:
    with pytest.raises(NoSuchGroup):
        ask(town, "group", "none")
    with pytest.raises(NoSuchProject):
        ask(town, "project", "none")
