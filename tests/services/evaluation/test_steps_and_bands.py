"""Milestone and qualitative targets on a day, and targets that were withdrawn: worked values."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

import pytest

from services.evaluation.documents import NoSuchTarget, Question, figures
from services.evaluation.read_models.unreported import unreported
from shared.canonical import encode
from shared.contracts.target_kinds import Step
from shared.kinds import USUAL_BANDS
from tests.services.evaluation.town import AUGUST, JULY, Town

JUNE, SEPTEMBER = date(2009, 6, 30), date(2009, 9, 30)
STEPS = (
    Step(measure="design", share="30", due_on=date(2009, 3, 31)),
    Step(measure="build", share="50", due_on=SEPTEMBER),
    Step(measure="open", share="20", due_on=date(2009, 12, 31)),
)
Parts = tuple[tuple[str, str | None], ...]


def bridge(parts: Parts = (("lead", None),), roll_up: str = "lead") -> Town:
    """A bridge in three steps; besides, the money spent, which is no step."""
    town = Town()
    town.target(
        "bridge", "100", parts, kind="milestone", roll_up=roll_up, unit_of_measure="item", steps=STEPS,
        measures=("design", "build", "open", "spent"),
    )  # fmt: skip
    return town


def order(parts: Parts = (("lead", None),), roll_up: str = "lead") -> Town:
    town = Town()
    town.target("order", "100", parts, kind="qualitative", roll_up=roll_up, unit_of_measure="percent",
                bands=USUAL_BANDS)  # fmt: skip
    return town


def of(town: Town, code: str, as_of: date = AUGUST) -> dict[str, Any]:
    document = figures(Question("target", 2009, code), as_of, town.registry, town)
    encode(document)  # every document is canonical
    found = cast(dict[str, Any], document["target"])
    (row,) = (row for row in city(town, as_of)["targets"] if row["code"] == code)
    assert row == {name: found[name] for name in row}, "a list says the same as the target by itself"
    return found


def city(town: Town, as_of: date = AUGUST) -> dict[str, Any]:
    return cast(dict[str, Any], figures(Question("completion", 2009), as_of, town.registry, town))


def unit(town: Town, code: str, as_of: date = AUGUST) -> dict[str, Any]:
    (row,) = cast(list[dict[str, Any]], figures(Question("unit", 2009, code), as_of, town.registry, town)["targets"])
    return row


def statuses(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["measure"], step["status"]) for step in found["steps"]]


def test_the_rate_of_a_milestone_target_is_the_sum_of_the_shares_reached() -> None:
    town = bridge()
    assert "rate" not in of(town, "bridge")
    town.reports("bridge", "lead", "1", date(2009, 3, 15), measure="design")
    town.reports("bridge", "lead", "0", JUNE, measure="build")
    assert (of(town, "bridge")["numerator"], of(town, "bridge")["rate"]) == ("30", "0.3")
    town.reports("bridge", "lead", "1", JULY, measure="build")
    found = of(town, "bridge")
    assert (found["numerator"], found["denominator"], found["rate"], found["met"]) == ("80", "100", "0.8", False)
    assert (found["unit_of_measure"], found["target_value"]) == ("percent", "100")
    assert of(town, "bridge", JUNE)["rate"] == "0.3"
    town.reports("bridge", "lead", "1", AUGUST, measure="open")
    assert (of(town, "bridge")["rate"], of(town, "bridge")["met"]) == ("1", True)


def test_steps_are_reached_pending_or_overdue_on_the_day() -> None:
    town = bridge()
    assert statuses(of(town, "bridge", date(2009, 3, 31))) == [
        ("design", "pending"), ("build", "pending"), ("open", "pending"),
    ]  # fmt: skip
    assert statuses(of(town, "bridge", date(2009, 4, 1)))[0] == ("design", "overdue")
    town.reports("bridge", "lead", "1", JULY, measure="design")
    assert statuses(of(town, "bridge")) == [("design", "reached"), ("build", "pending"), ("open", "pending")]
    assert of(town, "bridge")["steps"][0] == {
        "measure": "design", "share": "30", "due_on": "2009-03-31", "status": "reached", "reached_by": ["lead"],
    }  # fmt: skip
    assert statuses(of(town, "bridge", date(2009, 10, 1)))[1] == ("build", "overdue")


def test_a_step_that_was_taken_back_is_not_reached_any_more() -> None:
    town = bridge()
    town.reports("bridge", "lead", "1", JUNE, measure="design")
    town.reports("bridge", "lead", "0", JULY, measure="design")
    assert of(town, "bridge")["rate"] == "0"
    town.reports("bridge", "lead", "1", AUGUST, measure="design", verified="0")
    assert of(town, "bridge")["rate"] == "0"  # the verified value counts


def test_what_is_no_step_is_reported_and_not_judged() -> None:
    town = bridge()
    town.reports("bridge", "lead", "7", measure="spent")
    assert "rate" not in of(town, "bridge")
    assert [m["code"] for m in of(town, "bridge")["measures"]] == ["design", "build", "open", "spent"]
    assert unit(town, "lead")["coverage"] == {"reported": 0, "of": 1}


def test_a_milestone_target_stands_on_its_steps_alone() -> None:
    town = Town()
    town.target("bridge", "100", kind="milestone", roll_up="lead", unit_of_measure="item", steps=STEPS,
                measures=("spent", "design", "build", "open"))  # fmt: skip
    town.reports("bridge", "lead", "7", measure="spent", verified="7")
    found = of(town, "bridge")
    assert (found["standings"], [m["standings"] for m in found["measures"]]) == ([], [["verified"], [], [], []])
    assert "measure" not in found  # the steps are what it is judged by, not one measure
    town.reports("bridge", "lead", "1", measure="design")
    assert of(town, "bridge")["standings"] == ["reported"]


def test_the_worst_county_s_steps_are_those_of_the_target_where_the_roll_up_says_so() -> None:
    parts = (("east", "100"), ("west", "100"))
    worst, best = bridge(parts, "worst"), bridge(parts, "best")
    for town in (worst, best):
        town.reports("bridge", "east", "1", measure="design")
        town.reports("bridge", "east", "1", measure="build")
        town.reports("bridge", "west", "1", measure="design")
    assert (of(worst, "bridge")["rate"], of(best, "bridge")["rate"]) == ("0.3", "0.8")
    assert statuses(of(worst, "bridge"))[:2] == [("design", "reached"), ("build", "pending")]
    assert statuses(of(best, "bridge"))[:2] == [("design", "reached"), ("build", "reached")]
    assert [part["reached_share"] for part in of(worst, "bridge")["parts"]] == ["80", "30"]
    assert (unit(worst, "west")["numerator"], unit(worst, "west")["rate"]) == ("30", "0.3")


def test_steps_carry_over_when_a_part_does() -> None:
    town = bridge()
    town.reports("bridge", "lead", "1", JUNE, measure="design")
    town.unit("next")
    town.part("bridge", "lead", None, "lead", valid_until=JULY)
    town.part("bridge", "next", None, "lead", valid_from=JULY, follows=["bridge:lead"], carries=["bridge:lead"])
    town.reports("bridge", "next", "1", AUGUST, measure="build")
    assert of(town, "bridge")["rate"] == "0.8"
    assert unit(town, "next")["rate"] == "0.8"


@pytest.mark.parametrize(
    ("value", "band", "rate", "met"),
    [("100", "excellent", "1", True), ("80", "good", "0.8", False), ("60", "fair", "0.6", False),
     ("0", "poor", "0", False)],
)  # fmt: skip
def test_the_rate_of_a_qualitative_target_is_that_of_its_band(value: str, band: str, rate: str, met: bool) -> None:
    town = order()
    town.reports("order", "lead", value)
    for found in (of(town, "order"), unit(town, "lead")):
        assert (found["band"], found["rate"], found["met"]) == (band, rate, met)


def test_the_band_verified_by_the_office_is_the_one_that_counts() -> None:
    town = order()
    town.reports("order", "lead", "100", verified="80")
    assert (of(town, "order")["band"], of(town, "order")["numerator"]) == ("good", "80")
    assert "band" not in of(order(), "order")


def test_of_several_units_the_worst_band_is_the_target_s() -> None:
    town = order((("east", "100"), ("west", "100")), "worst")
    town.reports("order", "east", "80")
    town.reports("order", "west", "60")
    assert of(town, "order")["band"] == "fair"
    assert [part["band"] for part in of(town, "order")["parts"]] == ["good", "fair"]
    assert unit(town, "west")["band"] == "fair"


def test_a_withdrawn_target_is_in_no_figure_from_that_day_on() -> None:
    town = order()
    town.reports("order", "lead", "80", JUNE)
    town.target("order", "100", kind="qualitative", unit_of_measure="percent", bands=USUAL_BANDS, roll_up="lead",
                on=JULY, withdrawn=True)  # fmt: skip
    before = city(town, JUNE)
    assert before["totals"]["targets"] == 1
    assert of(town, "order", JUNE)["band"] == "good"
    after = city(town, JULY)
    assert (after["totals"]["targets"], after["targets"], after["units"]) == (0, [], [])
    with pytest.raises(NoSuchTarget):
        figures(Question("target", 2009, "order"), JULY, town.registry, town)
    assert unreported(town.registry, town, 2009, 7, AUGUST) == []


def test_who_has_reported_any_step_in_the_month_owes_nothing_for_it() -> None:
    town = bridge()
    (owed,) = unreported(town.registry, town, 2009, 7, AUGUST)
    assert (owed.owed, len(owed.missing)) == (1, 1)
    town.reports("bridge", "lead", "1", JULY, measure="build")
    (owed,) = unreported(town.registry, town, 2009, 7, AUGUST)
    assert owed.missing == []
