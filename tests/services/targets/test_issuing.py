"""What is issued of an outcome, and that nothing is issued twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.targets.alignment import align
from services.targets.errors.alignments import IssuedOtherwise
from services.targets.errors.targets import TargetCodeTaken
from services.targets.issuing import (
    Candidate,
    Details,
    Proposed,
    Verdict,
    issued_stream,
    judge,
    overtaken,
    proposed,
)
from services.targets.target import Target, issue_target
from shared.contracts.shapes import Label, Measure
from shared.contracts.target_kinds import Step
from shared.contracts.targets import CatalogueItem, TargetIssued
from shared.event_log.ids import uuid7
from shared.registry import Registry, changes, rows
from tests.services.targets.catalogues import item
from tests.services.targets.ruling import state

Items = Sequence[CatalogueItem]


def candidates(province: Items, city: Items, decided: Mapping[str, Any] | None = None) -> list[Candidate]:
    """A run's outcomes; `decided` (a choice, perhaps with a value) is about all that the rule could not compare."""
    of_province, of_city = ({each.code: each for each in items} for items in (province, city))
    found = []
    for outcome in align(province, city):
        decision = None
        if decided is not None and outcome.reason == "NEEDS_DECISION":
            assert outcome.province
            assert outcome.city
            side = {"province": outcome.province, "city": outcome.city}.get(decided["choice"])
            stands = {"value": side.value or None, "unit_of_measure": side.unit_of_measure or None} if side else {}
            decision = rows.AlignmentDecision(
                year=2009, indicator=outcome.indicator, province=outcome.province, city=outcome.city, reason="以省为准",
                by="office", **{**stands, **decided},
            )  # fmt: skip
        wanted = proposed(
            outcome, decision=decision,
            province=of_province[outcome.province.code] if outcome.province else None,
            city=of_city[outcome.city.code] if outcome.city else None,
        )  # fmt: skip
        found.append(Candidate(outcome, wanted))
    return found


def wanted(province: Mapping[str, Any] | None, city: Mapping[str, Any] | None, **decided: Any) -> Proposed | None:
    (found,) = candidates(
        [] if province is None else [item("roads", code="p", **province)],
        [] if city is None else [item("roads", code="c", **city)], decided or None,
    )  # fmt: skip
    return found.proposed


def verdicts(found: Sequence[Candidate], standing: Mapping[str, rows.Target], **details: Details) -> dict[str, Verdict]:
    judged = judge(found, details, standing, year=2009, effective_on=date(2009, 1, 1), new_id=uuid7)
    return {each.outcome.indicator: each for each in judged}


def issued(found: Iterable[Verdict]) -> dict[str, rows.Target]:
    """What stands once they are issued."""
    registry = Registry()
    for at, each in enumerate(each for each in found if each.issue is not None):
        assert each.issue is not None
        (fact,) = issue_target(each.issue, Target(), year_open=True)
        for change in changes(fact.data, "office", registry):
            registry.put(change.kind, change.id, change.effective_on, change.row, at)
    return {id: registry.targets.latest(id) for id in registry.targets}


TEXT = {"kind": "qualitative", "value": None, "unit_of_measure": None}


@pytest.mark.parametrize(
    ("province", "city", "expected"),
    [
        ({"kind": "floor"}, None, ("province", "floor", "60", "km", None)),
        (None, {"weight": "2.50"}, ("city", "cumulative", "60", "km", "2.5")),
        ({"value": "61000", "unit_of_measure": "m", "weight": "3"}, {"weight": "2"},
         ("province", "cumulative", "61", "km", "3")),
        ({"value": "61"}, {"weight": "2"}, ("province", "cumulative", "61", "km", "2")),
        ({"value": "59", "kind": "floor", "weight": "3"}, {"weight": "2"}, ("city", "cumulative", "60", "km", "2")),
        ({"bonus": True, "weight": "3"}, {"weight": "2"}, ("province", "cumulative", "60", "km", "0")),
        (None, {"bonus": True, "weight": "2"}, ("city", "cumulative", "60", "km", "0")),
        ({**TEXT, "text": "省"}, {}, ("province", "qualitative", "100", "percent", None)),
        ({"assesses_us": False, "bonus": True}, {"weight": "2"}, ("city", "cumulative", "60", "km", "2")),
    ],
)  # fmt: skip
def test_of_every_outcome_the_side_counts_whose_value_stands(
    province: dict[str, Any] | None, city: dict[str, Any] | None, expected: tuple[str | None, ...]
) -> None:
    found = wanted(province, city)
    assert found is not None
    assert (found.issuer, found.kind, found.value, found.unit_of_measure, found.weight) == expected


def test_what_does_not_apply_or_is_undecided_is_no_target() -> None:
    assert wanted({"assesses_us": False}, None) is None
    assert wanted({"basis": "growth"}, {}) is None


@pytest.mark.parametrize(
    ("decided", "expected"),
    [
        ({"choice": "province"}, ("province", "rate", "8", "percent")),
        ({"choice": "city"}, ("city", "qualitative", "100", "percent")),
        ({"choice": "other", "value": "9", "unit_of_measure": "percent"}, ("city", "rate", "9", "percent")),
    ],
)  # fmt: skip
def test_what_is_decided_is_issued_with_the_kind_of_the_side_that_is_measured(
    decided: dict[str, Any], expected: tuple[str, ...]
) -> None:
    found = wanted({"kind": "rate", "value": "8", "unit_of_measure": "percent"}, {**TEXT, "text": "市"}, **decided)
    assert found is not None
    assert (found.issuer, found.kind, found.value, found.unit_of_measure) == expected


@pytest.mark.parametrize(
    ("unit_of_measure", "roll_up"), [("km", "sum"), ("percent", "lead"), ("yuan_per_person_month", "lead")]
)
def test_parts_are_added_up_only_where_that_makes_sense(unit_of_measure: str, roll_up: str) -> None:
    found = wanted(None, {"unit_of_measure": unit_of_measure})
    assert found is not None
    assert found.roll_up == roll_up


def test_two_of_one_code_are_both_refused() -> None:
    found = verdicts(candidates([], [item("a"), item("b"), item("c")]), {}, a=Details(code="b"))
    assert {name: (each.status, type(each.refusal)) for name, each in found.items()} == {
        "a": ("refused", TargetCodeTaken), "b": ("refused", TargetCodeTaken), "c": ("issued", type(None)),
    }  # fmt: skip


def test_what_no_catalogue_says_is_compared_only_where_it_is_stated() -> None:
    own = candidates([], [item("museum", kind="milestone", value="100", unit_of_measure="percent")])
    steps = Details(
        steps=[Step(measure="roof", share="100", due_on=date(2009, 6, 30))],
        measures=item_measures("roof"),
    )
    stands = issued(verdicts(own, {}, museum=steps).values())
    assert verdicts(own, stands)["museum"].status == "unchanged"
    assert verdicts(own, stands, museum=steps)["museum"].status == "unchanged"
    later = Details(steps=[Step(measure="roof", share="100", due_on=date(2009, 9, 30))])
    (difference,) = verdicts(own, stands, museum=later)["museum"].differences
    assert difference.member == "steps"


def item_measures(*codes: str) -> list[Measure]:
    return [Measure(code=code, name=Label(zh=code), unit_of_measure="item") for code in codes]


def test_what_was_issued_before_the_log_has_it_is_known_by_its_stream() -> None:
    first, second, other = (
        verdicts(candidates([], [item("roads", value=value)]), {})["roads"] for value in ("60", "60", "61")
    )
    assert first.issue is not None
    (fact,) = issue_target(first.issue, Target(), year_open=True)
    found = state(issued_stream(2009, "roads"), fact.data)
    assert isinstance(found, TargetIssued)
    assert (overtaken(second, found).status, overtaken(second, found).standing) == ("unchanged", first.issue.target)
    left = overtaken(other, found)
    assert (left.status, [each.member for each in left.differences]) == ("differs", ["value"])
    assert isinstance(left.refusal, IssuedOtherwise)
    bridges = verdicts(candidates([], [item("bridges")]), {}, bridges=Details(code="roads"))["bridges"]
    assert isinstance(overtaken(bridges, found).refusal, TargetCodeTaken)


@st.composite
def catalogues(draw: st.DrawFn) -> tuple[list[CatalogueItem], list[CatalogueItem]]:
    def drawn(side: str) -> list[CatalogueItem]:
        indicators = draw(st.sets(st.sampled_from("abcdefgh"), max_size=8))
        return [item(each, code=f"{side}-{each}", **draw(st.fixed_dictionaries({
            "kind": st.sampled_from(["cumulative", "floor"]), "value": st.sampled_from(["1", "2", "1000", "0"]),
            "unit_of_measure": st.sampled_from(["km", "m", "piece"]), "bonus": st.booleans(),
            "assesses_us": st.booleans() if side == "p" else st.just(True),
            "weight": st.sampled_from([None, "1", "2.50"]), "tags": st.sampled_from([[], ["practical_matter"]]),
        }))) for each in indicators]  # fmt: skip

    return drawn("p"), drawn("c")


@given(catalogues(), st.randoms(use_true_random=False))
def test_issued_twice_is_issued_once_in_whatever_order(sides: tuple[Items, Items], random: Any) -> None:
    found = candidates(*sides)
    first = verdicts(found, {})
    stands = issued(first.values())
    random.shuffle(found)
    again = verdicts(found, stands)
    assert not any(each.issue for each in again.values())
    assert {name: "unchanged" if each.status == "issued" else each.status for name, each in first.items()} == {
        name: each.status for name, each in again.items()
    }
    assert {each.standing for each in again.values() if each.status == "unchanged"} == set(stands)
