"""The published figures of 2009, from the example data by way of a replayed log, without HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

import pytest

from services.evaluation.comparison import differences
from services.evaluation.documents import Question, answer, canonical, figures
from services.evaluation.replay import Replayed
from shared.quantities import shown
from tests.services.evaluation.year2009 import LOG, Year2009, read, year_2009

EXPECTED = read("expected")
DECLARED = {row["id"]: row for row in EXPECTED["declared_differences"]}
LATE = EXPECTED["late_bills"]


@dataclass(frozen=True)
class Standing:
    as_of: date
    position: int

    @property
    def pin(self) -> dict[str, object]:
        return {"log": LOG, "as_of": self.as_of.isoformat(), "position": self.position, "root": "0" * 64}


@pytest.fixture(scope="module")
def year() -> Year2009:
    return year_2009()


@pytest.fixture(scope="module")
def now(year: Year2009) -> Replayed:
    return year.writing.replayed()


@pytest.fixture(scope="module")
def groups(now: Replayed) -> dict[str, Any]:
    document = figures(Question("groups", 2009), date(2009, 7, 31), now.registry, now.levels)
    return {row["code"]: row for row in cast(list[dict[str, Any]], document["groups"])}


@pytest.fixture(scope="module")
def practical(now: Replayed) -> dict[str, Any]:
    document = figures(Question("practical_matters", 2009), date(2009, 8, 31), now.registry, now.levels)
    return cast(dict[str, Any], document)


def percent(rate: str) -> str:
    return shown(100 * Decimal(rate), 1)


def project_figures(row: dict[str, Any]) -> dict[str, Any]:
    phases = {phase["code"]: phase["projects"] for phase in row["phases"]}
    start = row["start"]
    return {
        "projects": row["projects"], "with_sub_projects": row["with_sub_projects"],
        "continued": phases.get("continued"), "new": phases.get("new"),
        "plan": row["planned_investment"], "done": row["investment"], "rate": percent(row["rate"]),
        "started": start["started"], "not_started": start["planned"] - start["started_of_planned"],
        "start_rate": percent(start["rate"]), "lead_pp": shown(Decimal(row["lead_pp"]), 1),
        "over_city_pp": shown(Decimal(row["over_city_pp"]), 1), "share_of_city": percent(row["share_of_city"]),
    }  # fmt: skip


@pytest.mark.parametrize("row", EXPECTED["projects"]["rows"], ids=lambda row: row["id"])
def test_a_group_of_projects_has_the_published_figures(groups: dict[str, Any], row: dict[str, Any]) -> None:
    found = project_figures(groups[row["group"]])
    assert {name: found[name] for name in row.keys() - {"id", "group", "derived"}} == {
        name: value for name, value in row.items() if name in found
    }


def test_all_115_projects_have_reported(groups: dict[str, Any]) -> None:
    assert groups["all"]["coverage"] == {"reported": 115, "of": 115}


def test_the_time_progress_is_that_of_seven_months(now: Replayed) -> None:
    document = figures(Question("groups", 2009), date(2009, 7, 31), now.registry, now.levels)
    assert percent(str(document["time_progress"])) == EXPECTED["projects"]["time_progress"]


def test_the_33_practical_matters_count_as_published(practical: dict[str, Any]) -> None:
    wanted = EXPECTED["practical_matters"]
    totals = practical["totals"]
    assert totals["targets"] == wanted["indicators"] == len(practical["targets"])
    assert totals["at_least_80"] == wanted["at_least_80"]
    assert totals["at_least_100"] == wanted["at_least_100"]
    assert totals["reported"] == totals["complete"] == 33


def practical_differences(now: Replayed) -> dict[str, tuple[str, str]]:
    """What differs from what was published: place -> (published, computed)."""
    found: dict[str, tuple[str, str]] = {}
    for row in EXPECTED["practical_matters"]["rows"]:
        as_of = date.fromisoformat(row.get("done_as_of", EXPECTED["practical_matters"]["as_of"]))
        document = figures(Question("target", 2009, row["target"]), as_of, now.registry, now.levels)
        target = cast(dict[str, Any], document["target"])
        computed = {
            "done": target["numerator"], "value": target["denominator"], "unit": target["unit_of_measure"],
            "rate": percent(target["rate"]),
            "person_time": target["measures"][0]["total"] if target["measures"] else None,
        }  # fmt: skip
        for name in computed.keys() & row.keys():
            if row[name] != computed[name]:
                found[f"{row['id']}/{name}"] = row[name], computed[name]
    return found


def test_practical_matters_are_as_published_but_for_the_declared_difference(now: Replayed) -> None:
    assert practical_differences(now) == {place: (row["published"], row["computed"]) for place, row in DECLARED.items()}


def known_at(year: Year2009, question: dict[str, Any]) -> int:
    day = question.get("known_at", LATE["clock"])
    return max(position for known, position in year.known_on.items() if known <= day)


@pytest.mark.parametrize("question", LATE["questions"], ids=lambda row: row["id"])
def test_the_late_bills_give_three_answers_to_three_questions(year: Year2009, question: dict[str, Any]) -> None:
    then = year.writing.replayed(known_at(year, question))
    as_of = date.fromisoformat(question["as_of"])
    document = figures(Question("target", 2009, LATE["target"]), as_of, then.registry, then.levels)
    target = cast(dict[str, Any], document["target"])
    assert target["numerator"] == question["done"]
    assert percent(target["rate"]) == question["rate"]
    assert target["measures"][0]["total"] == question["person_time"]
    assert target["parts"][0]["level"]["effective_on"] == question["effective_on"]


def test_a_late_fact_leaves_what_was_then_known_unchanged(year: Year2009, now: Replayed) -> None:
    """The ledger as it stands today, asked what was known on 31 August, says the same bytes as it did then."""
    position = known_at(year, LATE["questions"][0])
    then = year.writing.replayed(position)
    at = Standing(date(2009, 8, 31), position)
    for kind in ("completion", "practical_matters", "groups"):
        question = Question(kind, 2009)
        before = canonical(answer(question, at, then.registry, then.levels))
        after = canonical(answer(question, at, then.registry, now.ledger.at(position)))
        assert before == after


def test_as_then_and_as_now_known_differ_exactly_in_row_9(year: Year2009, now: Replayed) -> None:
    then = year.writing.replayed(known_at(year, LATE["questions"][0]))
    first, second = (
        figures(Question("practical_matters", 2009), date(2009, 8, 31), known.registry, known.levels)
        for known in (then, now)
    )
    targets = cast(list[dict[str, Any]], first["targets"])
    row = [target["code"] for target in targets].index(LATE["target"])
    found = differences(first, second)
    assert {str(difference["pointer"]).split("/")[2] for difference in found} == {str(row)}
    rates = next(difference for difference in found if difference["pointer"] == f"/targets/{row}/rate")
    assert (rates["first"], rates["second"]) == ("0.578636363636", "0.681818181818")


def test_every_rate_is_the_exact_fraction_to_12_decimals(now: Replayed) -> None:
    document = figures(Question("completion", 2009), date(2009, 8, 31), now.registry, now.levels)
    for row in cast(list[dict[str, Any]], document["targets"]):
        if row["direction"] == "higher":
            exact = shown(Fraction(row["numerator"]) / Fraction(row["denominator"]), 12)
            assert Decimal(row["rate"]) == Decimal(exact)
