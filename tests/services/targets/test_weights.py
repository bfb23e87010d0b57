"""Weights tilt to the province's share, and their sum is exact, always."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given as supposing
from hypothesis import strategies as st

from services.targets.errors.weights import ShareOutOfRange
from services.targets.weights import Rule, Weighted, set_weight_rule, tilt, weight_rule_stream
from shared.admission.errors import YearIsNotOpen
from shared.contracts.catalogues import WeightRuleSet
from tests.services.targets.conftest import YEAR, Office
from tests.services.targets.ruling import given


def weighted(**weights: str) -> list[Weighted]:
    """`p…` is the province's."""
    return [Weighted(code, weight, code.startswith("p")) for code, weight in weights.items()]


@pytest.mark.parametrize(
    ("stated", "share", "expected"),
    [
        # 2 of 10 is below 30 %: theirs become 3, the rest 7, each in its own proportion.
        ({"p1": "2", "c1": "4", "c2": "4"}, "30", {"p1": "3", "c1": "3.5", "c2": "3.5"}),
        ({"p1": "1", "p2": "1", "c1": "8"}, "30", {"p1": "1.5", "p2": "1.5", "c1": "7"}),
        # What is there already is left alone, also exactly at the minimum.
        ({"p1": "3", "c1": "7"}, "30", {"p1": "3", "c1": "7"}),
        ({"p1": "9", "c1": "1"}, "30", {"p1": "9", "c1": "1"}),
        # Nothing to tilt: none of the province's, only the province's, or all of them bonus items.
        ({"c1": "4", "c2": "6"}, "30", {"c1": "4", "c2": "6"}),
        ({"p1": "4"}, "100", {"p1": "4"}),
        ({"p1": "0", "c1": "4"}, "30", {"p1": "0", "c1": "4"}),
        # The last hundredth goes to the largest remainder, or where these are equal to the first code.
        ({"p1": "1", "c1": "1", "c2": "1", "c3": "1"}, "50", {"p1": "2", "c1": "0.67", "c2": "0.67", "c3": "0.66"}),
        # A third of 10 cannot be written: theirs are rounded up, so that they are never below the minimum.
        ({"p1": "1", "c1": "9"}, "33.333", {"p1": "3.34", "c1": "6.66"}),
        # Weights that are finer than the rule keep their decimals.
        ({"p1": "0.001", "c1": "0.999"}, "30", {"p1": "0.3", "c1": "0.7"}),
    ],
)
def test_the_provinces_targets_get_at_least_their_share(
    stated: dict[str, str], share: str, expected: dict[str, str]
) -> None:
    assert tilt(weighted(**stated), Rule(share, 2)) == expected


WEIGHTS = st.decimals(0, 10**19, places=6).map(lambda d: f"{d:f}")


@supposing(
    st.lists(st.tuples(WEIGHTS, st.booleans()), max_size=12),
    st.decimals(0, 100, places=3).map(lambda d: f"{d:f}"),
    st.integers(0, 6),
    st.randoms(use_true_random=False),
)
def test_weights_always_sum_exactly_in_any_order(stated, share, decimals, luck) -> None:  # type: ignore[no-untyped-def]
    given_ = [Weighted(f"t{n:02d}", weight, province) for n, (weight, province) in enumerate(stated)]
    tilted = tilt(given_, Rule(share, decimals))
    exact = {code: Fraction(Decimal(weight)) for code, weight in tilted.items()}
    total = sum(Fraction(Decimal(weight)) for weight, _ in stated)
    assert sum(exact.values()) == total
    assert all(weight >= 0 for weight in exact.values())
    theirs = sum(exact[each.target] for each in given_ if each.province)
    before = sum(Fraction(Decimal(each.weight)) for each in given_ if each.province)
    if before and before < total:
        assert theirs >= Fraction(Decimal(share)) * total / 100
    assert theirs >= before
    luck.shuffle(given_)
    assert tilt(given_, Rule(share, decimals)) == tilted


SET = WeightRuleSet(year=2009, province_share="30", decimals=2)


def test_the_rule_is_set_and_the_same_again_is_no_news() -> None:
    given(weight_rule_stream(2009)).when(
        lambda rule: set_weight_rule(2009, Rule("30.0", 2), rule, year_open=True)
    ).then(SET)
    given(weight_rule_stream(2009), SET).when(
        lambda rule: set_weight_rule(2009, Rule("30", 2), rule, year_open=True)
    ).then()


@pytest.mark.parametrize("share", ["-1", "100.1"])
def test_a_share_is_a_share(share: str) -> None:
    given(weight_rule_stream(2009)).when(
        lambda rule: set_weight_rule(2009, Rule(share, 2), rule, year_open=True)
    ).refuses(ShareOutOfRange, "/province_share")


def test_a_year_that_is_not_open_has_no_rule() -> None:
    given(weight_rule_stream(2009)).when(
        lambda rule: set_weight_rule(2009, Rule("30", 2), rule, year_open=False)
    ).refuses(YearIsNotOpen)


def test_each_unit_sees_its_own_weights_as_they_counted(city: Office) -> None:
    for code, issuer, weight in (("p1", "province", "2"), ("c1", "city", "8")):
        assert city.issues(code, issuer=issuer, weight=weight).status_code == 201
        for unit, role in (("transport", "lead"), ("county", "supporting" if code == "p1" else "coordination")):
            assert city.assigns(unit, role, target=code).status_code == 201
    before = city.get(f"{YEAR}/weights").json()
    assert before["rule"] is None
    seen = city.seen(f"{YEAR}/weights")
    assert city.post(f"{YEAR}/weight-rule", {"province_share": "30"}, headers=seen).status_code == 201

    now = city.get(f"{YEAR}/weights").json()
    assert now["rule"] == {"province_share": "30", "decimals": 2}
    assert [(unit["unit"], unit["total"], unit["province_stated"], unit["province"]) for unit in now["items"]] == [
        ("county", "2", "2", "2"), ("transport", "10", "2", "3"),
    ]  # fmt: skip
    assert [(each["target"], each["stated"], each["weight"]) for each in now["items"][1]["targets"]] == [
        ("c1", "8", "7"), ("p1", "2", "3"),
    ]  # fmt: skip
    assert city.get(f"{YEAR}/weights", known_at=f"position:{before['pin']['position']}").json() == before
    assert [unit["unit"] for unit in city.get(f"{YEAR}/weights", unit="transport").json()["items"]] == ["transport"]
