"""就高不就低: the table of the rule, case by case, and the totals published for 2009."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from services.targets.alignment import align
from services.targets.api.alignments import totals
from services.targets.api.outcomes import Decisions
from services.targets.likely_matches import likely_matches
from shared.contracts.targets import AlignmentOutcome, CatalogueItem
from shared.registry import Registry
from tests.services.targets.catalogues import EXPECTED, item, items


def of(province: CatalogueItem | None, city: CatalogueItem | None) -> AlignmentOutcome:
    [outcome] = align([province] if province else [], [city] if city else [])
    return outcome


def test_the_catalogues_of_2009_align_as_published() -> None:
    outcomes = align(items("province"), items("city"))
    said = totals(outcomes, Decisions(Registry(), 2009))
    assert (said.catalogue, said.assessing_us, said.matched, said.new) == (125, 79, 47, 32)
    assert said.new_by_category == {"key_work": 4, "livelihood": 10, "economy": 11, "society": 7}
    assert said.by_reason == EXPECTED["reasons"]


def test_the_order_of_the_items_does_not_matter() -> None:
    province, city = items("province"), items("city")
    expected = align(province, city)
    for seed in range(5):
        random.Random(seed).shuffle(province)
        random.Random(seed).shuffle(city)
        assert align(province, city) == expected
    assert [outcome.indicator for outcome in expected] == sorted(outcome.indicator for outcome in expected)


@pytest.mark.parametrize(
    ("province", "city", "reason", "value"),
    [
        ({}, None, "ADDED_FROM_PROVINCE", "60"),
        (None, {}, "CITY_ONLY", "60"),
        ({"value": "61"}, {}, "RAISED_TO_PROVINCE", "61"),
        ({"value": "59"}, {}, "CITY_STRICTER_KEPT", "60"),
        ({"value": "60.00"}, {}, "CITY_STRICTER_KEPT", "60"),
        ({"value": "59", "direction": "lower"}, {"direction": "lower"}, "RAISED_TO_PROVINCE", "59"),
        ({"value": "61", "direction": "lower"}, {"direction": "lower"}, "CITY_STRICTER_KEPT", "60"),
        ({"value": "60001", "unit_of_measure": "m"}, {}, "RAISED_TO_PROVINCE", "60.001"),
        ({"value": "60000", "unit_of_measure": "m"}, {}, "CITY_STRICTER_KEPT", "60"),
        ({"unit_of_measure": "place"}, {}, "NEEDS_DECISION", UNSET),
        ({"basis": "growth"}, {}, "NEEDS_DECISION", UNSET),
        ({"period": "quarter"}, {}, "NEEDS_DECISION", UNSET),
        ({"direction": "lower"}, {}, "NEEDS_DECISION", UNSET),
        ({}, {"kind": "qualitative", "value": None, "unit_of_measure": None, "text": "x"}, "NEEDS_DECISION", UNSET),
        ({"bonus": True, "value": "90"}, {}, "BONUS_ITEM", "90"),
        ({"bonus": True}, None, "ADDED_FROM_PROVINCE", "60"),
        ({"kind": "qualitative", "value": None, "unit_of_measure": None, "text": "x"}, {}, "TEXT_MERGED", UNSET),
        ({"assesses_us": False}, None, "NOT_APPLICABLE", UNSET),
        ({"assesses_us": False, "value": "90"}, {}, "NOT_APPLICABLE", "60"),
        ({"assesses_us": False, "bonus": True}, {}, "NOT_APPLICABLE", "60"),
        ({"bonus": True, "period": "quarter"}, {}, "BONUS_ITEM", "60"),
    ],
)  # fmt: skip
def test_each_case_has_its_reason_and_the_value_that_stands(
    province: dict[str, Any] | None, city: dict[str, Any] | None, reason: str, value: object
) -> None:
    outcome = of(
        None if province is None else item(**({"code": "p"} | province)),
        None if city is None else item(**({"code": "c"} | city)),
    )
    assert (outcome.reason, outcome.value) == (reason, value)


def test_both_inputs_are_kept_as_they_came() -> None:
    outcome = of(item(code="p", value="61000", unit_of_measure="m"), item(code="c", value="60"))
    assert outcome.province is not UNSET
    assert outcome.city is not UNSET
    assert (outcome.province.code, outcome.province.value, outcome.province.unit_of_measure) == ("p", "61000", "m")
    assert (outcome.city.code, outcome.city.value, outcome.city.unit_of_measure) == ("c", "60", "km")
    assert (outcome.value, outcome.unit_of_measure) == ("61", "km")


def test_a_name_alone_never_matches() -> None:
    outcomes = align([item("a", name={"zh": "同名"})], [item("b", name={"zh": "同名"})])
    assert [outcome.reason for outcome in outcomes] == ["ADDED_FROM_PROVINCE", "CITY_ONLY"]


def test_an_indicator_that_does_not_assess_us_counts_as_matched_by_nobody() -> None:
    said = totals(align([item(assesses_us=False)], [item()]), Decisions(Registry(), 2009))
    assert (said.catalogue, said.assessing_us, said.matched, said.new) == (1, 0, 0, 0)


def test_a_confirmed_indicator_is_matched_and_keeps_its_own_code() -> None:
    province, city = item("rural-roads", code="p", value="61"), item("county-roads", code="c")
    (outcome,) = align([province], [city], {"county-roads": "rural-roads"})
    assert (outcome.indicator, outcome.city_indicator, outcome.matched) == ("rural-roads", "county-roads", True)
    assert (outcome.reason, outcome.value) == ("RAISED_TO_PROVINCE", "61")


def test_a_confirmation_never_hides_an_indicator() -> None:
    confirmed = {"county-roads": "rural-roads"}
    without = align([], [item("county-roads")], confirmed)
    assert [(o.indicator, o.reason) for o in without] == [("county-roads", "CITY_ONLY")]
    both = align([item("rural-roads")], [item("county-roads", code="c"), item("rural-roads", code="r")], confirmed)
    assert [(o.indicator, o.reason) for o in both] == [
        ("county-roads", "CITY_ONLY"), ("rural-roads", "CITY_STRICTER_KEPT"),
    ]  # fmt: skip


def proposed(*names: tuple[str, str, str]) -> list[tuple[str, str]]:
    """The proposals among items of (issuer, name, category), which are p0, c1 and so on."""
    catalogues: dict[str, list[CatalogueItem]] = {"province": [], "city": []}
    for n, (issuer, name, category) in enumerate(names):
        code = f"{issuer[0]}{n}"
        catalogues[issuer].append(item(code, code=code, name={"zh": name}, category=category))
    found = likely_matches(align(catalogues["province"], catalogues["city"]))
    return [(proposal.province.indicator, proposal.city.indicator) for proposal in found]


def test_likely_matches_are_of_one_category_and_alike_by_name() -> None:
    roads = ("province", "改造县乡公路里程", "livelihood")
    assert proposed(roads, ("city", "改造 县、乡公路", "livelihood")) == [("p0", "c1")]
    assert proposed(roads, ("city", "改造县乡公路", "economy")) == []
    assert proposed(roads, ("city", "新增城镇就业人数", "livelihood")) == []
    shorter = ("province", "县乡公路", "livelihood")
    assert proposed(roads, shorter, ("city", "县乡公路", "livelihood")) == [("p1", "c2")]
    jobs = ("province", "新增就业", "livelihood")
    ours = [("city", "改造县乡公路", "livelihood"), ("city", "新增就业", "livelihood")]
    assert proposed(roads, jobs, *ours) == [("p1", "c3"), ("p0", "c2")], "the likeliest first"


def test_what_the_code_has_matched_is_not_proposed() -> None:
    assert likely_matches(align([item("a")], [item("a")])) == []


def test_the_exact_value_decides_not_a_rounded_one() -> None:
    assert of(item(value="60.000000000001"), item(value="60")).reason == "RAISED_TO_PROVINCE"


@st.composite
def catalogue(draw: st.DrawFn) -> list[CatalogueItem]:
    indicators = draw(st.lists(st.sampled_from("abcdefgh"), unique=True))
    return [
        item(
            indicator,
            value=draw(st.sampled_from(["1", "1.5", "20", "3000"])),
            unit_of_measure=draw(st.sampled_from(["km", "m", "place"])),
            direction=draw(st.sampled_from(["higher", "lower"])),
            bonus=draw(st.booleans()),
            assesses_us=draw(st.booleans()),
        )
        for indicator in indicators
    ]


@given(province=catalogue(), city=catalogue(), data=st.data())
def test_there_is_one_outcome_for_each_indicator_in_any_order_and_a_repeat_changes_nothing(
    province: list[CatalogueItem], city: list[CatalogueItem], data: st.DataObject
) -> None:
    outcomes = align(province, city)
    assert [o.indicator for o in outcomes] == sorted({i.indicator for i in [*province, *city]})
    assert align(data.draw(st.permutations(province)), data.draw(st.permutations(city))) == outcomes
    assert sum(Counter(o.reason for o in outcomes).values()) == len(outcomes)
