"""Scoring methods: what each one needs, and what is refused at which place."""

from __future__ import annotations

from typing import Any, cast

import pytest
from httpx2 import Response

from services.targets.errors.kinds import SharesDoNotAddUp
from services.targets.errors.scoring import (
    ScoringDoesNotFit,
    ScoringParameterInvalid,
    ScoringParameterMissing,
    ScoringParametersDoNotFit,
    ScoringParameterUnknown,
)
from services.targets.scoring import NEEDED, StatedScoring, scoring_of
from shared.contracts.target_kinds import Scoring, ScoringMethod
from shared.errors import Refusal
from tests.services.targets.conftest import YEAR, Office
from tests.services.targets.test_kinds import qualitative_body, refused

CAPS = {"max_bonus": "30", "max_deduction": "30.0"}
QUARTERS = ("15", "25", "25", "35")
BANDS = ("excellent", "good")
VALID: dict[str, dict[str, Any]] = {
    "proportional": {"periods": [{"code": f"q{n}", "share": share} for n, share in enumerate(QUARTERS)]},
    "reverse": {},
    "per_point": {"k": "1", "step": "1", "mode": "whole", **CAPS},
    "tiered": {"tiers": [{"from": "0", "per_pp": "0.1"}, {"from": "100", "per_pp": "0.20"}], **CAPS},
    "efficacy": {"low": "6.1", "high": "9.3"},
    "band": {"points": [{"code": "good", "points": "8"}, {"code": "excellent", "points": "10"}]},
    "met": {},
    "rank": {"points": [{"points": "10"}, {"points": "8"}, {"points": "8"}]},
    "expert": {"trim_from": "5"},
}  # fmt: skip


def scored(method: str, parameters: dict[str, Any]) -> Scoring:
    stated = StatedScoring(cast(ScoringMethod, method), parameters)
    kind, direction = "qualitative" if method == "band" else "rate", "lower" if method == "reverse" else "higher"
    return scoring_of(stated, cast(Any, kind), cast(Any, direction), BANDS if method == "band" else ())


def test_every_method_of_the_catalogue_is_known() -> None:
    assert set(VALID) == set(NEEDED)


@pytest.mark.parametrize("method", VALID)
def test_each_method_is_kept_with_canonical_parameters(method: str) -> None:
    kept = scored(method, VALID[method])
    assert kept.method == method
    assert set(kept.parameters) == set(VALID[method])


def test_quantities_of_parameters_are_canonical() -> None:
    assert scored("per_point", VALID["per_point"]).parameters["max_deduction"] == "30"
    assert scored("tiered", VALID["tiered"]).parameters["tiers"] == [
        {"from": "0", "per_pp": "0.1"}, {"from": "100", "per_pp": "0.2"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "changes", "refusal", "at"),
    [
        ("per_point", {"k": None}, ScoringParameterMissing, "k"),
        ("per_point", {"k": "0"}, ScoringParameterInvalid, "k"),
        ("per_point", {"k": 1}, ScoringParameterInvalid, "k"),
        ("per_point", {"k": "1e3"}, ScoringParameterInvalid, "k"),
        ("per_point", {"mode": "half"}, ScoringParameterInvalid, "mode"),
        ("per_point", {"max_bonus": "-1"}, ScoringParameterInvalid, "max_bonus"),
        ("per_point", {"a/b~c": "1"}, ScoringParameterUnknown, "a~1b~0c"),
        ("met", {"k": "1"}, ScoringParameterUnknown, "k"),
        ("tiered", {"tiers": []}, ScoringParameterInvalid, "tiers"),
        ("tiered", {"tiers": "0"}, ScoringParameterInvalid, "tiers"),
        ("tiered", {"tiers": [{"from": "0"}]}, ScoringParameterInvalid, "tiers/0"),
        ("tiered", {"tiers": [{"from": "0", "per_pp": "x"}]}, ScoringParameterInvalid, "tiers/0/per_pp"),
        ("tiered", {"tiers": [{"from": "10", "per_pp": "1"}]}, ScoringParametersDoNotFit, "tiers"),
        ("tiered", {"tiers": [{"from": "0", "per_pp": "1"}] * 2}, ScoringParametersDoNotFit, "tiers"),
        ("efficacy", {"low": None}, ScoringParametersDoNotFit, "high"),
        ("efficacy", {"low": "9.4"}, ScoringParametersDoNotFit, "high"),
        ("band", {"points": [{"code": "good", "points": "8"}]}, ScoringParametersDoNotFit, "points"),
        ("band", {"points": [{"code": "good", "points": "8"}] * 2}, ScoringParametersDoNotFit, "points"),
        ("rank", {"points": [{"points": "8"}, {"points": "10"}]}, ScoringParametersDoNotFit, "points"),
        ("expert", {"trim_from": "2"}, ScoringParameterInvalid, "trim_from"),
        ("met", {"periods": [{"code": "h1", "share": "60"}]}, SharesDoNotAddUp, "periods"),
        ("met", {"periods": [{"code": "h1", "share": "50"}] * 2}, ScoringParametersDoNotFit, "periods"),
        ("met", {"periods": [{"code": "h 1", "share": "100"}]}, ScoringParameterInvalid, "periods/0/code"),
    ],
)
def test_what_a_method_cannot_work_with_is_refused_where_it_stands(
    method: str, changes: dict[str, Any], refusal: type[Refusal], at: str
) -> None:
    parameters = {name: value for name, value in (VALID[method] | changes).items() if value is not None}
    with pytest.raises(refusal) as raised:
        scored(method, parameters)
    assert [fault.pointer for fault in raised.value.faults] == [f"/scoring/parameters/{at}"]


@pytest.mark.parametrize(("method", "kind"), [("reverse", "cumulative"), ("band", "cumulative")])
def test_a_method_fits_the_target(method: str, kind: Any) -> None:
    with pytest.raises(ScoringDoesNotFit):
        scoring_of(StatedScoring(cast(ScoringMethod, method), VALID[method]), kind, "higher", ())


def test_a_method_is_kept_with_the_target_and_refused_by_pointer_over_http(city: Office) -> None:
    def issue(scoring: dict[str, Any], language: str = "en") -> Response:
        body = qualitative_body(scoring=scoring)
        return city.post(f"{YEAR}/targets", body, headers={"Accept-Language": language})

    assert refused(issue({"method": "guess"})) == (422, "MALFORMED", ["/scoring/method"])
    assert refused(issue({"method": "met", "parameters": {"k": "1"}})) == (
        422, "SCORING_PARAMETER_UNKNOWN", ["/scoring/parameters/k"],
    )  # fmt: skip
    assert refused(issue({"method": "per_point", "parameters": CAPS})) == (
        422, "SCORING_PARAMETER_MISSING", ["/scoring/parameters/k"],
    )  # fmt: skip
    chinese = issue({"method": "reverse"}, "zh")
    assert refused(chinese) == (409, "SCORING_DOES_NOT_FIT", ["/scoring/method"])
    assert chinese.json()["detail"].startswith("计分方法与目标不符:逆向计分用于逆向目标,等次计分用于定性目标。")
    points = [{"code": code, "points": str(at)} for at, code in enumerate(("poor", "fair", "good", "excellent"))]
    scoring = {"method": "band", "parameters": {"points": points}}
    assert issue(scoring).status_code == 201
    assert city.get(f"{YEAR}/targets/order").json()["target"]["scoring"] == scoring
