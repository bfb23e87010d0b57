"""Each kind of target by its rule, roll-ups, coverage, hand-overs: worked values."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.evaluation.completion import time_progress
from services.evaluation.documents import NoSuchTarget, NoSuchUnit, NoSuchYear, Question, figures
from services.evaluation.exact import quantity_text, ratio_text, scaled
from services.evaluation.plans import Plans
from services.evaluation.target_documents import lead_pp
from shared import quantities
from shared.canonical import encode
from shared.registry import rows
from tests.services.evaluation.town import AUGUST, JULY, NEW_YEAR, Town

DECEMBER = date(2009, 12, 31)


def target(town: Town, code: str = "t", as_of: date = AUGUST) -> dict[str, Any]:
    document = figures(Question("target", 2009, code), as_of, town.registry, town)
    encode(document)  # every document is canonical
    return cast(dict[str, Any], document["target"])


def judged(kind: str, wanted: str, actual: str, **more: Any) -> dict[str, Any]:
    town = Town()
    town.target("t", wanted, kind=kind, **more)
    town.reports("t", "lead", actual)
    return target(town)


@pytest.mark.parametrize(
    ("kind", "wanted", "actual", "rate", "met"),
    [
        ("cumulative", "60", "54.5", "0.908333333333", False),
        ("cumulative", "300", "451.6", "1.505333333333", True),
        ("floor", "118", "155", "1.313559322034", True),
        ("floor", "118", "118", "1", True),
        ("floor", "118", "117.999999999999", "1", False),  # rounded to show, compared exactly
        ("ceiling", "100", "100", "1", True),
        ("ceiling", "100", "80", "1.2", True),
        ("ceiling", "100", "120", "0.8", False),
        ("ceiling", "100", "201", "0", False),
        ("rate", "40", "40.57", "1.01425", True),
        ("rate", "8", "-3", "0", False),
        ("maintain", "100", "100", "1", True),
        ("maintain", "100", "99", "0.99", False),
    ],
)
def test_each_kind_of_target_is_judged_by_its_rule(kind: str, wanted: str, actual: str, rate: str, met: bool) -> None:
    found = judged(kind, wanted, actual)
    assert (found["rate"], found["met"]) == (rate, met)
    assert (found["numerator"], found["denominator"]) == (actual, wanted)


def test_a_rate_tells_its_difference_in_percentage_points() -> None:
    assert judged("rate", "40", "40.57")["difference_pp"] == "0.57"


def test_a_ceiling_tells_the_ratio_beside_its_rate() -> None:
    assert judged("ceiling", "100", "120")["ratio"] == "1.2"


def test_the_time_that_has_passed_is_that_of_the_years_own_method() -> None:
    town = Town()
    assert time_progress(town.registry, 2009, AUGUST) == Fraction(8, 12)
    assert time_progress(town.registry, 2009, date(2010, 3, 1)) == 1
    assert time_progress(town.registry, 2009, date(2008, 3, 1)) == 0
    town.registry.put("year", "2009", NEW_YEAR, rows.AssessmentYear(time_progress="by_day"), 2)
    assert time_progress(town.registry, 2009, date(2009, 6, 30)) == Fraction(181, 365)


def test_completion_of_74_at_the_end_of_august_leads_by_7_33() -> None:
    assert lead_pp(74, 100, Fraction(8, 12)) == "7.333333333333"
    assert judged("cumulative", "100", "74")["lead_pp"] == "7.333333333333"


def test_what_is_not_reported_is_not_zero() -> None:
    town = Town()
    town.target("t", "60")
    found = target(town)
    assert {"rate", "numerator", "met"}.isdisjoint(found)
    assert found["coverage"] == {"reported": 0, "of": 1}
    town.reports("t", "lead", "0")
    found = target(town)
    assert (found["numerator"], found["rate"], found["coverage"]) == ("0", "0", {"reported": 1, "of": 1})


def test_a_total_says_how_many_have_reported() -> None:
    town = Town()
    town.target("t", "60", [("lead", None), *((f"county-{n}", "10") for n in range(6))])
    for n in range(5):
        town.reports("t", f"county-{n}", "5.5")
    found = target(town)
    assert found["coverage"] == {"reported": 5, "of": 6}
    assert (found["numerator"], found["denominator"]) == ("27.5", "60")


def test_the_lead_units_figure_is_the_targets_where_the_roll_up_says_so() -> None:
    town = Town()
    town.target("t", "60", [("lead", "60"), ("county", "20")], roll_up="lead")
    town.reports("t", "county", "19")
    assert target(town)["coverage"] == {"reported": 0, "of": 1}
    town.reports("t", "lead", "30")
    assert target(town)["rate"] == "0.5"


@pytest.mark.parametrize(
    ("kind", "roll_up", "unit", "rate"),
    [("floor", "worst", "a", "0.5"), ("floor", "best", "b", "0.9"), ("ceiling", "worst", "b", "1.1")],
)
def test_the_worst_or_best_part_stands_for_the_target(kind: str, roll_up: str, unit: str, rate: str) -> None:
    town = Town()
    town.target("t", "100", [("a", "10"), ("b", "100"), ("c", "100")], kind=kind, roll_up=roll_up)
    town.reports("t", "a", "5")
    town.reports("t", "b", "90")
    found = target(town)
    assert found["rate"] == rate
    assert found["coverage"] == {"reported": 2, "of": 3}


def test_a_ceiling_is_not_kept_while_somebody_has_still_to_report() -> None:
    town = Town()
    town.target("t", "100", [("a", "50"), ("b", "50")], kind="ceiling")
    town.reports("t", "a", "40")
    assert "met" not in target(town)
    town.reports("t", "b", "60")
    assert target(town)["met"] is True
    town.reports("t", "b", "61", AUGUST)
    assert target(town)["met"] is False


def test_a_miss_at_any_date_shows_in_what_is_to_be_maintained() -> None:
    town = Town()
    town.target("t", "100", kind="maintain", unit_of_measure="percent")
    town.reports("t", "lead", "100", date(2009, 5, 31))
    town.reports("t", "lead", "98.5", date(2009, 6, 30))
    town.reports("t", "lead", "100", JULY)
    found = target(town)
    assert (found["rate"], found["met"]) == ("1", False)
    assert found["misses"] == [{"effective_on": "2009-06-30", "unit": "lead"}]
    assert target(town, as_of=date(2009, 5, 31))["met"] is True


def kept(*parts: tuple[str, str | None], wanted: str = "60", **more: Any) -> Town:
    """What each part is given is to be kept all year."""
    town = Town()
    town.target("t", wanted, parts, kind="maintain", **more)
    return town


def unit(town: Town, code: str) -> dict[str, Any]:
    """How far a unit is with the only target that there is."""
    [row] = cast(dict[str, Any], figures(Question("unit", 2009, code), AUGUST, town.registry, town))["targets"]
    return cast(dict[str, Any], row)


def test_two_counties_that_keep_30_km_each_keep_60_km() -> None:
    town = kept(("lead", None), ("a", "30"), ("b", "30"))
    town.reports("t", "a", "30")
    town.reports("t", "b", "30")
    found = target(town)
    assert (found["numerator"], found["rate"], found["met"], found["misses"]) == ("60", "1", True, [])
    city = cast(dict[str, Any], figures(Question("completion", 2009), AUGUST, town.registry, town))
    assert city["totals"]["met"] == 1
    assert unit(town, "lead")["met"] is True


def test_a_county_that_fell_short_of_its_own_value_is_a_miss() -> None:
    town = kept(("lead", None), ("a", "20"), ("b", "40"))
    town.reports("t", "a", "19.9", date(2009, 6, 30))
    town.reports("t", "a", "25")
    town.reports("t", "b", "40")
    found = target(town)
    assert (found["numerator"], found["met"]) == ("65", False)
    assert found["misses"] == [{"effective_on": "2009-06-30", "unit": "a"}]


@pytest.mark.parametrize(("value", "met", "misses"), [("92", True, []), ("89", False, ["b"])])
def test_the_worst_part_is_held_to_its_own_value(value: str, met: bool, misses: list[str]) -> None:
    town = kept(("a", "95"), ("b", "90"), wanted="95", roll_up="worst", unit_of_measure="percent")
    town.reports("t", "a", "96")
    town.reports("t", "b", value)
    found = target(town)
    assert (found["met"], [miss["unit"] for miss in found["misses"]]) == (met, misses)
    town.reports("t", "a", "94", AUGUST)
    assert [miss["unit"] for miss in target(town)["misses"]] == [*misses, "a"]


def test_where_lower_is_better_what_went_above_its_own_value_is_a_miss() -> None:
    town = kept(("lead", None), ("a", "20"), ("b", "40"), direction="lower")
    town.reports("t", "a", "20.1", date(2009, 6, 30))
    town.reports("t", "a", "20")
    town.reports("t", "b", "39")
    assert (target(town)["met"], target(town)["misses"]) == (False, [{"effective_on": "2009-06-30", "unit": "a"}])
    assert (unit(town, "a")["met"], unit(town, "b")["met"]) == (False, True)


def test_what_merged_parts_kept_before_is_held_to_what_each_of_them_had() -> None:
    town = merged(("east", "30"), ("west", "30"), ("south", "30"))
    maintained = replace(town.registry.targets.latest("t"), kind="maintain")
    town.registry.put("target", "t", NEW_YEAR, maintained, 1)
    found = target(town)
    assert (found["numerator"], found["met"], found["misses"]) == ("90", True, [])
    town.reports("t", "new", "59")
    found = target(town)
    assert (found["numerator"], found["met"]) == ("89", False)
    assert found["misses"] == [{"effective_on": "2009-07-31", "unit": "new"}]


@pytest.mark.parametrize("roll_up", ["lead", "sum"])
def test_a_unit_that_has_the_whole_is_held_to_what_the_target_was_adjusted_to(roll_up: str) -> None:
    town = kept(("lead", "60"), roll_up=roll_up)
    town.target("t", "50", kind="maintain", roll_up=roll_up, on=date(2009, 7, 1))
    town.reports("t", "lead", "60", date(2009, 6, 30))
    town.reports("t", "lead", "55")
    assert (target(town)["met"], target(town)["misses"]) == (True, [])
    town.reports("t", "lead", "49", AUGUST)
    assert target(town)["misses"] == [{"effective_on": "2009-08-31", "unit": "lead"}]


def met_of_units(town: Town, as_of: date = AUGUST) -> dict[str, int]:
    """How many targets each unit has met, by the city's document; each unit's own says the same."""
    city = cast(dict[str, Any], figures(Question("completion", 2009), as_of, town.registry, town))
    met = {row["code"]: row["met"] for row in city["units"]}
    for code in met:
        own = cast(dict[str, Any], figures(Question("unit", 2009, code), as_of, town.registry, town))
        assert own["totals"] == {key: said for key, said in by_code(city["units"])[code].items() if key != "code"}
    return met


def by_code(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["code"]: row for row in rows}


@pytest.mark.parametrize("roll_up", ["sum", "worst", "lead"])
def test_a_county_that_fell_short_once_has_not_kept_its_part_though_it_recovered(roll_up: str) -> None:
    town = kept(("lead", None), ("a", "20"), ("b", "40"), roll_up=roll_up)
    for county, value in (("lead", "60"), ("a", "20"), ("b", "39")):
        town.reports("t", county, value, date(2009, 6, 30))
    town.reports("t", "b", "41")
    assert target(town)["met"] is (roll_up == "lead")  # where the lead unit's figure is the city's, b's is not in it
    assert (unit(town, "a")["met"], unit(town, "b")["met"]) == (True, False)
    assert met_of_units(town) == {"a": 1, "b": 0, "lead": int(roll_up == "lead")}
    assert met_of_units(town, date(2009, 3, 31)) == {"a": 0, "b": 0, "lead": 0}


def test_what_a_predecessor_fell_short_of_stays_with_the_part_that_carries_it_on() -> None:
    town = kept(("lead", None), ("a", "60"))
    on = date(2009, 7, 1)
    town.part("t", "a", "60", "supporting", valid_until=on)
    town.unit("next")
    town.part("t", "next", "60", "supporting", valid_from=on, follows=["t:a"], carries=["t:a"])
    town.reports("t", "a", "59", date(2009, 5, 31))
    town.reports("t", "a", "60", date(2009, 6, 30))
    town.reports("t", "a", "50", JULY)  # after the hand-over it counts no more
    town.reports("t", "next", "60")
    assert target(town)["misses"] == [{"effective_on": "2009-05-31", "unit": "a"}]
    assert met_of_units(town) == {"lead": 0, "next": 0}


def test_a_part_below_a_part_is_held_to_its_own_value_too() -> None:
    town = kept(("lead", None), ("county", "60"))
    town.unit("town")
    town.part("t", "town", "25", "supporting", below="t:county")
    town.reports("t", "county", "60")
    town.reports("t", "town", "24", date(2009, 6, 30))
    town.reports("t", "town", "25")
    assert (target(town)["met"], target(town)["misses"]) == (True, [])
    assert met_of_units(town) == {"county": 1, "lead": 1, "town": 0}


def test_the_best_standing_of_the_latest_entry_counts_and_is_named() -> None:
    town = Town()
    town.target("t", "60")
    town.reports("t", "lead", "30", date(2009, 6, 30), certified="29")
    town.reports("t", "lead", "40", JULY, verified="38")
    found = target(town)
    assert (found["numerator"], found["standings"]) == ("38", ["verified"])
    level = found["parts"][0]["level"]
    assert (level["value"], level["reported"], level["standing"]) == ("38", "40", "verified")
    assert level["entry"] == {"source": "urn:jikao:source:s", "id": "e101", "entry": 0}
    assert target(town, as_of=date(2009, 6, 30))["standings"] == ["certified"]


def handed_over(*, carries_levels: bool) -> Town:
    town = Town()
    town.unit("new")
    town.target("t", "60", [("old", "60")])
    on = date(2009, 7, 1)
    town.part("t", "old", "60", "lead", valid_until=on)
    town.part("t", "new", "60", "lead", valid_from=on, follows=["t:old"], carries=["t:old"] if carries_levels else [])
    town.reports("t", "old", "20", date(2009, 6, 30))
    town.reports("t", "old", "25", JULY)  # counted before the hand-over was told
    return town


def test_a_successor_shows_its_predecessors_last_level_before_the_hand_over() -> None:
    town = handed_over(carries_levels=True)
    [part] = target(town)["parts"]
    assert (part["unit"], part["carried_from"], part["level"]["value"]) == ("new", "t:old", "20")
    assert target(town, as_of=date(2009, 6, 30))["parts"][0]["unit"] == "old"
    town.reports("t", "new", "28", JULY)
    [part] = target(town)["parts"]
    assert part["level"]["value"] == "28"
    assert "carried_from" not in part


def test_a_successor_that_carries_nothing_starts_without_a_level() -> None:
    assert target(handed_over(carries_levels=False))["coverage"] == {"reported": 0, "of": 1}


def merged(*reporting: tuple[str, str]) -> Town:
    """Of three parts of a target of 90 two become one on 1 July; `reporting` are the levels before."""
    town = Town()
    town.unit("new")
    town.target("t", "90")
    on = date(2009, 7, 1)
    town.part("t", "lead", None, "lead", valid_until=NEW_YEAR)
    for unit, until in (("east", on), ("west", on), ("south", None)):
        town.unit(unit)
        town.part("t", unit, "30", "supporting", valid_until=until)
    town.part("t", "new", "60", "supporting", valid_from=on, follows=("t:east", "t:west"), carries=("t:east", "t:west"))
    for unit, value in reporting:
        town.reports("t", unit, value, date(2009, 6, 30))
    return town


def test_a_merged_part_stands_on_what_its_predecessors_had_together_until_it_reports_itself() -> None:
    town = merged(("east", "10"), ("west", "15"), ("south", "20"))
    town.reports("t", "east", "12", JULY)  # after the merger it counts no more
    found = target(town)
    assert (found["numerator"], found["rate"], found["coverage"]) == ("45", "0.5", {"reported": 3, "of": 3})
    [new, _] = found["parts"]
    assert (new["total"], new["rate"], new["coverage"]) == ("25", "0.416666666667", {"reported": 2, "of": 2})
    assert [(one["id"], one["unit"], one["value"]) for one in new["carried"]] == [
        ("t:east", "east", "10"), ("t:west", "west", "15"),
    ]  # fmt: skip
    assert "level" not in new
    town.reports("t", "new", "26", JULY)
    found = target(town)
    assert (found["numerator"], found["coverage"]) == ("46", {"reported": 2, "of": 2})
    assert target(town, as_of=date(2009, 6, 30))["coverage"] == {"reported": 3, "of": 3}


def test_how_many_of_the_merged_parts_had_a_level_shows_in_the_coverage() -> None:
    town = merged(("east", "10"), ("south", "20"))
    found = target(town)
    assert (found["numerator"], found["coverage"]) == ("30", {"reported": 2, "of": 3})
    assert found["parts"][0]["coverage"] == {"reported": 1, "of": 2}
    city = cast(dict[str, Any], figures(Question("completion", 2009), AUGUST, town.registry, town))
    assert city["targets"][0]["coverage"] == {"reported": 2, "of": 3}
    assert (city["totals"]["reported"], city["totals"]["complete"]) == (1, 0)
    unit = cast(dict[str, Any], figures(Question("unit", 2009, "new"), AUGUST, town.registry, town))
    assert (unit["targets"][0]["numerator"], unit["targets"][0]["coverage"]) == ("10", {"reported": 1, "of": 2})
    assert unit["totals"]["complete"] == 0
    silent = target(merged(("south", "20")))
    assert (silent["numerator"], silent["coverage"]) == ("20", {"reported": 1, "of": 3})
    assert "total" not in silent["parts"][0]


def test_what_was_merged_and_handed_over_again_still_counts_each_level_once() -> None:
    town = merged(("east", "10"), ("west", "15"), ("south", "20"))
    on = date(2009, 8, 1)
    town.part("t", "new", "60", "supporting", valid_from=date(2009, 7, 1), valid_until=on,
              follows=("t:east", "t:west"), carries=("t:east", "t:west"))  # fmt: skip
    town.part("t", "south", "30", "supporting", valid_until=on)
    town.unit("whole")
    town.part("t", "whole", "90", "supporting", valid_from=on, follows=("t:new", "t:south"),
              carries=("t:new", "t:south"))  # fmt: skip
    found = target(town)
    assert (found["numerator"], found["coverage"]) == ("45", {"reported": 3, "of": 3})
    town.reports("t", "new", "27", JULY)
    found = target(town)
    assert (found["numerator"], found["coverage"]) == ("47", {"reported": 2, "of": 2})


def test_a_part_that_was_split_goes_on_in_one_of_its_successors_only() -> None:
    town = Town()
    town.target("t", "60", [("old", "60")])
    on = date(2009, 7, 1)
    town.part("t", "old", "60", "lead", valid_until=on)
    for unit, role, carries in (("east", "lead", ["t:old"]), ("west", "supporting", [])):
        town.unit(unit)
        town.part("t", unit, "30", role, valid_from=on, follows=["t:old"], carries=carries)
    town.reports("t", "old", "20", date(2009, 6, 30))
    found = target(town)
    assert (found["numerator"], found["coverage"]) == ("20", {"reported": 1, "of": 2})


def test_a_ceiling_is_not_met_while_a_merged_part_may_still_break_it() -> None:
    town = merged(("east", "10"))
    ceiling = replace(town.registry.targets.latest("t"), kind="ceiling", direction="lower")
    town.registry.put("target", "t", NEW_YEAR, ceiling, 1)
    unit = cast(dict[str, Any], figures(Question("unit", 2009, "new"), AUGUST, town.registry, town))
    assert "met" not in unit["targets"][0]
    assert "met" not in target(town)


def test_parts_below_a_part_are_shown_beneath_it_and_never_added_up() -> None:
    town = Town()
    town.target("t", "100", [("county", "60"), ("park", "40")])
    for unit, value in (("east-town", "40"), ("west-town", "25")):
        town.unit(unit)
        town.part("t", unit, value, "supporting", below="t:county")
    town.reports("t", "county", "30")
    town.reports("t", "east-town", "22")
    found = target(town)
    assert (found["numerator"], found["coverage"]) == ("30", {"reported": 1, "of": 2})
    [county, park] = found["parts"]
    assert [(part["unit"], part.get("rate")) for part in county["parts"]] == [
        ("east-town", "0.55"),
        ("west-town", None),
    ]
    assert "parts" not in park
    own = cast(dict[str, Any], figures(Question("unit", 2009, "east-town"), AUGUST, town.registry, town))
    assert own["targets"][0]["parts"][0]["below"] == "t:county"
    on = date(2009, 8, 1)
    town.part("t", "county", "60", "lead", valid_until=on)
    town.unit("new-county")
    town.part("t", "new-county", "60", "lead", valid_from=on, follows=["t:county"], carries=["t:county"])
    [moved, _] = target(town)["parts"]
    assert (moved["unit"], [part["unit"] for part in moved["parts"]]) == ("new-county", ["east-town", "west-town"])


def test_an_adjustment_counts_from_its_date() -> None:
    town = Town()
    town.target("t", "60")
    town.target("t", "50", on=AUGUST)
    town.reports("t", "lead", "30")
    assert target(town, as_of=JULY)["rate"] == "0.5"
    assert target(town)["rate"] == "0.6"


def test_all_measures_are_listed_and_the_first_is_judged() -> None:
    town = Town()
    town.target("t", "220", measures=("amount", "person_time"))
    town.reports("t", "lead", "127.3", measure="amount")
    town.reports("t", "lead", "154623", measure="person_time")
    found = target(town)
    assert found["numerator"] == "127.3"
    [other] = found["measures"]
    assert (other["code"], other["total"], other["coverage"]) == ("person_time", "154623", {"reported": 1, "of": 1})


def test_a_unit_answers_for_what_it_leads_and_for_its_own_part() -> None:
    town = Town()
    town.target("a", "100", [("lead", None), ("county", "40"), ("park", "60")])
    town.target("b", "10", [("county", None)])
    town.part("b", "lead", None, "coordination")
    town.reports("a", "county", "36")
    unit = cast(dict[str, Any], figures(Question("unit", 2009, "county"), AUGUST, town.registry, town))
    assert [(row["code"], row["answers_for"], row.get("rate")) for row in unit["targets"]] == [
        ("a", "part", "0.9"), ("b", "whole", None),
    ]  # fmt: skip
    assert unit["totals"] | {} == {
        "targets": 2, "reported": 1, "complete": 1, "met": 0, "at_least_80": 1, "at_least_100": 0,
    }  # fmt: skip
    lead = cast(dict[str, Any], figures(Question("unit", 2009, "lead"), AUGUST, town.registry, town))
    assert lead["coordinates"] == ["b"]
    assert (lead["targets"][0]["numerator"], lead["targets"][0]["denominator"]) == ("36", "100")
    city = cast(dict[str, Any], figures(Question("completion", 2009), AUGUST, town.registry, town))
    assert {row["code"]: row["targets"] for row in city["units"]} == {"county": 2, "lead": 1, "park": 1}
    assert {row["code"]: row for row in city["units"]}["county"] == {"code": "county"} | unit["totals"]


def test_thresholds_compare_the_exact_ratio() -> None:
    town = Town()
    town.target("t", "3", tags=("practical_matter",))
    town.reports("t", "lead", "2.399999999999")  # 0.799999999999666… shows as 0.8 to 12 decimals
    document = cast(dict[str, Any], figures(Question("practical_matters", 2009), AUGUST, town.registry, town))
    assert document["targets"][0]["rate"] == "0.8"
    assert document["totals"]["at_least_80"] == 0


def test_a_kept_plan_gives_the_same_figures_on_every_day() -> None:
    town = handed_over(carries_levels=True)
    town.target("t", "50", on=AUGUST)
    town.target("u", "10", [("new", None)], on=date(2009, 3, 1))
    plans = Plans(most=2)
    days = [NEW_YEAR + timedelta(days=n) for n in range(0, 400, 7)]
    for day in [*days, *reversed(days)]:
        question = Question("completion", 2009)
        kept = figures(question, day, town.registry, town, plans)
        assert kept == figures(question, day, town.registry, town)
    first = plans.of(town.registry, 2009, AUGUST)
    assert plans.of(town.registry, 2009, DECEMBER) is first
    assert plans.of(town.registry, 2009, date(2012, 1, 1)) is first
    assert plans.of(town.registry, 2009, JULY) is not first


def test_after_its_year_a_year_stays_as_it_ended() -> None:
    town = handed_over(carries_levels=True)
    assert target(town, as_of=date(2011, 1, 1)) | {"lead_pp": ""} == target(town, as_of=DECEMBER) | {"lead_pp": ""}


def test_what_is_unknown_is_refused_by_name() -> None:
    town = Town()
    for question, refusal in (
        (Question("target", 2009, "none"), NoSuchTarget),
        (Question("unit", 2009, "none"), NoSuchUnit),
        (Question("completion", 2010), NoSuchYear),
    ):
        with pytest.raises(refusal):
            figures(question, AUGUST, town.registry, town)
    town.target("t", "60", on=AUGUST)
    with pytest.raises(NoSuchTarget):
        target(town, as_of=AUGUST - timedelta(days=1))


decimals = st.decimals(min_value=-(10**19), max_value=10**19, allow_nan=False, allow_infinity=False, places=12).map(
    quantities.text
)


@given(decimals, decimals)
def test_whole_numbers_say_the_same_as_decimals(a: str, b: str) -> None:
    assert quantity_text(scaled(a)) == a
    total = quantities.CONTEXT.add(Decimal(a), Decimal(b))
    assert quantity_text(scaled(a) + scaled(b)) == quantities.text(total)
    if scaled(b):
        assert ratio_text(scaled(a), scaled(b)) == quantities.rate(Decimal(a), Decimal(b))
