"""Do the files of the example year say what the report of 2009 published?

Everything is recomputed from the data alone, in exact fractions, with none of the code that the services use.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from examples.year2009 import make, tables
from shared.quantities import QUANTITY_PATTERN, UNITS

HERE = Path(make.__file__).parent
# Dimension, and factor to its base unit, of the units of measure in which the two catalogues differ.
FACTORS = {
    "yuan": ("money", 1), "wan_yuan": ("money", 10**4), "yi_yuan": ("money", 10**8),
    "person": ("persons", 1), "wan_person": ("persons", 10**4),
    "household": ("households", 1), "wan_household": ("households", 10**4),
    "m": ("length", 1), "km": ("length", 10**3),
}  # fmt: skip
LIMIT = {"lower": min, "higher": max}


def read(name: str) -> Any:
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


UNIT_ROWS, GROUPS, TARGETS, PROJECTS, PROGRESS = map(read, ("units", "groups", "targets", "projects", "progress"))
PROVINCE, CITY = read("catalogue-province")["targets"], read("catalogue-city")["targets"]
EXPECTED = read("expected")
DECLARED = {row["id"]: row for row in EXPECTED["declared_differences"]}
PRACTICAL = [row for row in TARGETS if "practical_matter" in row["tags"]]


def shown(value: Fraction, places: int = 1) -> str:
    """Half up, as bulletins round."""
    scaled = abs(value) * 10**places
    whole = int(scaled + Fraction(1, 2))
    return f"{'-' if value < 0 and whole else ''}{whole // 10**places}.{whole % 10**places:0{places}}"


def total(values: Iterable[str]) -> Fraction:
    return sum(map(Fraction, values), Fraction(0))


# What is known


def series() -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """Entries by (target, part, project, measure), in the order in which they were submitted."""
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in PROGRESS:
        key = (row.get("target", ""), row.get("part", ""), row.get("project", ""), row["measure"])
        found.setdefault(key, []).append(row)
    return found


SERIES = series()


def level(
    as_of: str, known_on: str, measure: str, *, target: str = "", part: str = "", project: str = ""
) -> str | None:
    """The latest level at or before `as_of`, of what was submitted by `known_on`."""
    rows = SERIES.get((target, part, project, measure), [])
    known = [row for row in rows if row["effective_on"] <= as_of and row["reported_on"] <= known_on]
    return str(max(known, key=lambda row: str(row["effective_on"]))["value"]) if known else None


def done(target: dict[str, Any], as_of: str, known_on: str = "2009-12-31") -> Fraction:
    measure = target["measures"][0]["code"] if "measures" in target else "value"
    levels = [level(as_of, known_on, measure, target=target["code"], part=part["unit"]) for part in target["parts"]]
    assert None not in levels, f"{target['code']}: not every part has reported"
    return total(filter(None, levels))


def rate(target: dict[str, Any], as_of: str, known_on: str = "2009-12-31") -> Fraction:
    return 100 * done(target, as_of, known_on) / Fraction(target["value"])


# The year in order


def test_making_the_files_again_gives_the_same_bytes() -> None:
    for name, content in make.files().items():
        assert (HERE / name).read_bytes() == content.encode("utf-8"), f"{name}: run python -m examples.year2009.make"


def test_every_row_is_either_published_or_marked_synthetic() -> None:
    rows = [*UNIT_ROWS, *PROVINCE, *CITY, *TARGETS, *PROJECTS, *PROGRESS]
    assert [row for row in rows if ("source" in row) == (row.get("synthetic") is True)] == []


def test_every_quantity_is_plain_decimal_text_in_a_known_unit_of_measure() -> None:
    for row in [*PROVINCE, *CITY, *TARGETS, *PROGRESS]:
        if row.get("kind") != "qualitative":
            assert re.fullmatch(QUANTITY_PATTERN, row["value"]), row
            assert row["unit"] in UNITS, row
    for project in PROJECTS:
        assert re.fullmatch(QUANTITY_PATTERN, project.get("planned_investment", "0")), project


@pytest.mark.parametrize("rows", [UNIT_ROWS, GROUPS, TARGETS, PROJECTS, PROVINCE, CITY])
def test_codes_are_kebab_case_and_unique(rows: list[dict[str, Any]]) -> None:
    codes = [row["code"] for row in rows]
    assert len(set(codes)) == len(codes)
    assert [code for code in codes if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)] == []


def test_every_code_that_a_row_names_exists() -> None:
    units, groups = {row["code"] for row in UNIT_ROWS}, {row["code"] for row in GROUPS}
    projects, targets = {row["code"] for row in PROJECTS}, {row["code"] for row in TARGETS}
    for row in [*UNIT_ROWS, *GROUPS]:
        assert row["parent"] is None or row["parent"] in units | groups
    for project in PROJECTS:
        assert project["unit"] in units
        assert set(project["groups"]) <= groups
        assert project["parent"] is None or project["parent"] in projects
    for target in TARGETS:
        named = {target["lead_unit"], *target["supporting_units"], *target["coordination"]}
        assert named | {part["unit"] for part in target["parts"]} <= units
    for entry in PROGRESS:
        assert entry.get("target", next(iter(targets))) in targets
        assert entry.get("project", next(iter(projects))) in projects
        assert ("target" in entry) == ("part" in entry) != ("project" in entry)


def test_only_the_bills_of_row_9_are_late() -> None:
    late = [row for row in PROGRESS if row["effective_on"] <= "2009-08-31" < row["reported_on"]]
    assert {(row["target"], row["effective_on"], row["reported_on"]) for row in late} == {
        ("c-cooperative-outpatient-pooling", "2009-08-31", "2009-09-10")
    }
    assert len(late) == 2


def test_nothing_is_reported_before_its_date_or_before_its_target_is_issued() -> None:
    issued_on = {row["code"]: row["issued_on"] for row in TARGETS}
    assert set(issued_on.values()) == {"2009-01-15", "2009-08-12"}
    assert {row["effective_on"] for row in TARGETS} == {"2009-01-01"}
    for row in PROGRESS:
        assert row["effective_on"] <= row["reported_on"]
        assert "target" not in row or issued_on[row["target"]] < row["reported_on"]
        assert date.fromisoformat(row["effective_on"]).year == 2009


def test_every_series_reports_each_month_once_and_what_adds_up_never_falls() -> None:
    levels_may_fall = {row["code"] for row in TARGETS if row["kind"] not in ("cumulative", "ceiling")}
    for (target, _part, project, _measure), rows in SERIES.items():
        months = [row["effective_on"] for row in rows]
        late = 9 if target == "c-cooperative-outpatient-pooling" else 8
        assert months == sorted(set(months))
        assert len(months) == (7 if project else late)
        if target not in levels_may_fall:
            assert all(Decimal(a["value"]) <= Decimal(b["value"]) for a, b in pairwise(rows))


def test_the_parts_of_a_target_add_up_to_it() -> None:
    for target in TARGETS:
        assert total(part["value"] for part in target["parts"]) == Fraction(target["value"])
        if target["roll_up"] == "lead":
            assert [part["unit"] for part in target["parts"]] == [target["lead_unit"]]
    assert [target["roll_up"] for target in TARGETS].count("sum") >= 3


def test_only_kinds_that_can_be_issued_are_issued() -> None:
    assert {row["kind"] for row in TARGETS} == {"cumulative", "floor", "ceiling", "rate", "maintain"}
    assert all(Fraction(row["value"]) > 0 for row in TARGETS)


# Alignment


def align(province: dict[str, Any] | None, city: dict[str, Any] | None) -> str:
    """The reason code for one indicator, first that fits."""
    if province is None:
        return "CITY_ONLY"
    if not province["assesses_us"]:
        return "NOT_APPLICABLE"
    if city is None:
        return "ADDED_FROM_PROVINCE"
    if province["bonus"]:
        return "BONUS_ITEM"
    if province["kind"] == "qualitative":
        return "TEXT_MERGED"
    if any(province[key] != city[key] for key in ("basis", "period")):
        return "NEEDS_DECISION"
    ours, theirs = (FACTORS.get(side["unit"], (side["unit"], 1)) for side in (city, province))
    if ours[0] != theirs[0]:
        return "NEEDS_DECISION"
    value, stricter = Fraction(city["value"]) * ours[1], Fraction(province["value"]) * theirs[1]
    limit: Callable[[Fraction, Fraction], Fraction] = LIMIT[province["direction"]]
    return "CITY_STRICTER_KEPT" if limit(value, stricter) == value else "RAISED_TO_PROVINCE"


def aligned() -> dict[str, str]:
    province, city = ({row["indicator"]: row for row in rows} for rows in (PROVINCE, CITY))
    return {indicator: align(province.get(indicator), city.get(indicator)) for indicator in province | city}


REASONS = aligned()


def test_the_catalogues_align_as_published() -> None:
    expected = EXPECTED["alignment"]
    ours = [row for row in PROVINCE if row["assesses_us"]]
    city = {row["indicator"] for row in CITY}
    new = [row for row in ours if row["indicator"] not in city]
    assert len(PROVINCE) == expected["in_catalogue"]
    assert len(ours) == expected["assess_us"]
    assert len(ours) - len(new) == expected["matched"]
    assert len(new) == expected["new"]
    assert Counter(row["category"] for row in new) == expected["new_by_category"]
    assert {row["category"] for row in PROVINCE} == set(expected["categories"])


def test_the_reasons_are_those_expected_and_each_occurs() -> None:
    assert Counter(REASONS.values()) == EXPECTED["alignment"]["reasons"]


def test_the_generator_meant_what_alignment_finds() -> None:
    assert {row.slug: REASONS[row.slug] for row in tables.SHARED} == {row.slug: row.reason for row in tables.SHARED}


def differ(province: dict[str, Any], city: dict[str, Any]) -> bool:
    return bool(province["unit"] == city["unit"] and province["value"] != city["value"])


def test_among_the_matched_are_equal_stricter_lower_and_bonus_ones() -> None:
    city = {row["indicator"]: row for row in CITY}
    kept = [row for row in PROVINCE if REASONS[row["indicator"]] == "CITY_STRICTER_KEPT"]
    assert any(row["value"] == city[row["indicator"]]["value"] for row in kept)
    assert any(row["unit"] != city[row["indicator"]]["unit"] for row in kept)
    assert any(differ(row, city[row["indicator"]]) for row in kept)
    for reason in ("CITY_STRICTER_KEPT", "RAISED_TO_PROVINCE"):
        assert any(row["direction"] == "lower" and REASONS[row["indicator"]] == reason for row in PROVINCE)
    assert any(row["bonus"] and REASONS[row["indicator"]] == "ADDED_FROM_PROVINCE" for row in PROVINCE)


def test_all_the_new_targets_are_issued_in_august_and_the_named_ones_need_coordination() -> None:
    expected = EXPECTED["alignment"]
    added = {row["code"] for row in PROVINCE if REASONS[row["indicator"]] == "ADDED_FROM_PROVINCE"}
    assert {row["code"] for row in TARGETS if row["issued_on"] == expected["new_issued_on"]} == added
    companies = {row["code"] for row in UNIT_ROWS if row["kind"] == "company"}
    for target in TARGETS:
        assert bool(target["coordination"]) == (target["code"] in expected["coordination"])
        assert set(target["coordination"]) <= companies


def test_an_issued_city_target_has_the_value_that_alignment_leaves_it() -> None:
    catalogue = {row["code"]: row for row in [*PROVINCE, *CITY]}
    for target in TARGETS:
        row = catalogue[target["code"]]
        assert (row["value"], row["unit"], row["kind"]) == (target["value"], target["unit"], target["kind"])
        assert REASONS[row["indicator"]] in ("ADDED_FROM_PROVINCE", "CITY_STRICTER_KEPT")


# Key projects


def members(group: str) -> list[dict[str, Any]]:
    """Projects in the group or in one nested in it, each once; without sub-projects."""
    parents = {row["code"]: row["parent"] for row in GROUPS}

    def inside(code: str | None) -> bool:
        return code is not None and (code == group or inside(parents[code]))

    return [row for row in PROJECTS if row["parent"] is None and any(map(inside, row["groups"]))]


def leaves(projects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What carries the figures: the sub-projects of a project that has some, else the project."""
    found = []
    for project in projects:
        subs = [row for row in PROJECTS if row["parent"] == project["code"]]
        found += subs or [project]
    return found


def project_figures(group: str) -> dict[str, Any]:
    as_of = EXPECTED["projects"]["as_of"]

    def money(name: str) -> tuple[Fraction, Fraction]:
        rows = leaves(members(name))
        levels = [level(as_of, "2009-12-31", "investment", project=row["code"]) for row in rows]
        assert None not in levels
        return total(row["planned_investment"] for row in rows), total(filter(None, levels))

    projects, (plan, completed), (city_plan, city_completed) = members(group), money(group), money("all")
    started = sum(row["started_on"] is not None and row["started_on"] <= as_of for row in projects)
    planned = sum(row["planned_start"] <= "2009-12-31" for row in projects)
    percent, city_percent = 100 * completed / plan, 100 * city_completed / city_plan
    subs = [row for row in PROJECTS if row["parent"] in {project["code"] for project in projects}]
    return {
        "projects": len(projects), "with_sub_projects": len(projects) + len(subs),
        "continued": sum(row["phase"] == "continued" for row in projects),
        "new": sum(row["phase"] == "new" for row in projects),
        "plan": plan, "done": completed, "rate": shown(percent),
        "started": started, "not_started": len(projects) - started,
        "start_rate": shown(Fraction(100 * started, planned)),
        "lead_pp": shown(percent - Fraction(700, 12)),
        "over_city_pp": shown(percent - city_percent),
        "share_of_city": shown(100 * completed / city_completed),
    }  # fmt: skip


@pytest.mark.parametrize("row", EXPECTED["projects"]["rows"], ids=lambda row: row["id"])
def test_a_group_of_projects_has_the_published_figures(row: dict[str, Any]) -> None:
    found = project_figures(row["group"])
    for figure in row.keys() - {"id", "group", "derived"}:
        wanted = Fraction(row[figure]) if figure in ("plan", "done") else row[figure]
        assert found[figure] == wanted, figure


def test_there_are_25_sub_projects_of_which_9_are_provincial() -> None:
    subs = [row for row in PROJECTS if row["parent"]]
    assert len(subs) == 25
    assert sum(row["level"] == "provincial" for row in subs) == 9
    assert {row["code"] for row in members("provincial")} == {
        row["code"] for row in PROJECTS if row["level"] == "provincial" and not row["parent"]
    }


def test_a_project_with_sub_projects_carries_no_figures_of_its_own() -> None:
    parents = {row["parent"] for row in PROJECTS if row["parent"]}
    assert {row["code"] for row in PROJECTS if "planned_investment" not in row} == parents
    assert {row["project"] for row in PROGRESS if "project" in row} == {
        row["code"] for row in PROJECTS if row["code"] not in parents
    }


def test_what_has_not_started_reports_nothing_done() -> None:
    started_on = {row["code"]: row["started_on"] for row in PROJECTS}
    for row in PROGRESS:
        if "project" in row:
            start = started_on[row["project"]]
            assert row["value"] == "0" or (start is not None and start <= row["effective_on"])


def test_the_steel_works_is_in_the_parks_group_twice_and_counts_once() -> None:
    [steel] = members("steel-works")
    assert {"steel-works", "industrial-and-park", "provincial"} == set(steel["groups"])
    assert members("industrial-and-park").count(steel) == 1
    assert steel in members("technical-renewal")


def test_a_target_about_one_project_agrees_with_the_project() -> None:
    projects = {f"{row['code']}-investment": row for row in PROJECTS}
    about = [target for target in TARGETS if target["indicator"] in projects]
    assert len(about) == 4
    for target in about:
        rows = leaves([projects[target["indicator"]]])
        levels = [level("2009-07-31", "2009-12-31", "investment", project=row["code"]) for row in rows]
        assert total(row["planned_investment"] for row in rows) == Fraction(target["value"])
        assert total(filter(None, levels)) == done(target, "2009-07-31")


# Practical matters


def test_the_33_indicators_count_as_published() -> None:
    expected = EXPECTED["practical_matters"]
    for known_on in ("2009-08-31", "2009-12-31"):  # the late bills of row 9 move neither count
        rates = [rate(target, expected["as_of"], known_on) for target in PRACTICAL]
        assert len(rates) == expected["indicators"]
        assert sum(percent >= 80 for percent in rates) == expected["at_least_80"]
        assert sum(percent >= 100 for percent in rates) == expected["at_least_100"]


def test_timber_quotas_and_biogas_digesters_are_among_the_11() -> None:
    for target in PRACTICAL:
        if target["indicator"] in ("timber-quota-rate", "biogas-digesters", "township-village-roads"):
            assert rate(target, "2009-08-31") >= 100


def practical_figures(row: dict[str, Any]) -> dict[str, Any]:
    [target] = [target for target in PRACTICAL if target["code"] == row["target"]]
    as_of = row.get("done_as_of", EXPECTED["practical_matters"]["as_of"])
    lead = target["lead_unit"]
    return {
        "done": done(target, as_of), "value": Fraction(target["value"]), "unit": target["unit"],
        "rate": shown(rate(target, as_of)),
        "person_time": level(as_of, "2009-12-31", "person_time", target=target["code"], part=lead),
    }  # fmt: skip


@pytest.mark.parametrize("row", EXPECTED["practical_matters"]["rows"], ids=lambda row: row["id"])
def test_a_practical_matter_has_the_published_figures_or_a_declared_difference(row: dict[str, Any]) -> None:
    found = practical_figures(row)
    for figure in row.keys() - {"id", "target", "derived", "done_as_of"}:
        declared = DECLARED.get(f"{row['id']}/{figure}")
        if declared:
            assert (row[figure], found[figure]) == (declared["published"], declared["computed"])
            assert declared["published"] != declared["computed"]
            continue
        wanted = Fraction(row[figure]) if figure in ("done", "value") else row[figure]
        assert found[figure] == wanted, figure


def test_exactly_one_difference_is_declared() -> None:
    assert DECLARED.keys() == {"practical/8/rate"}
    assert shown(100 * Fraction("40.57") / 40) == "101.4"
    assert shown(100 * Fraction("40.6") / 40) == "101.5"  # how the source came to its figure


@pytest.mark.parametrize("question", EXPECTED["late_bills"]["questions"], ids=lambda row: row["id"])
def test_the_late_bills_give_three_answers_to_three_questions(question: dict[str, Any]) -> None:
    [target] = [row for row in PRACTICAL if row["code"] == EXPECTED["late_bills"]["target"]]
    known_on = question.get("known_at", EXPECTED["late_bills"]["clock"])
    assert done(target, question["as_of"], known_on) == Fraction(question["done"])
    assert shown(rate(target, question["as_of"], known_on)) == question["rate"]
    assert (
        level(question["as_of"], known_on, "person_time", target=target["code"], part=target["lead_unit"])
        == question["person_time"]
    )
    assert any(row["effective_on"] == question["effective_on"] and row["value"] == question["done"]
               for row in PROGRESS if row.get("target") == target["code"])  # fmt: skip
