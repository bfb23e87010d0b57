"""All seven kinds of target: what can be issued of each, by the rules and over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from httpx2 import Response

from services.targets.errors.kinds import (
    BandsAreInPercent,
    BandsNotDescending,
    BandsNotWanted,
    BandStatedTwice,
    RollUpDoesNotFit,
    ShareOutOfBounds,
    SharesDoNotAddUp,
    StepHasNoMeasure,
    StepsMissing,
    StepsNotWanted,
    StepStatedTwice,
    TextMissing,
    ValueIsNotHundred,
)
from services.targets.errors.targets import DirectionDoesNotFit, TargetValueIsZero
from services.targets.errors.years import DateOutsideYear
from services.targets.target import Target, target_stream
from shared.contracts.shapes import Label, Measure
from shared.contracts.target_kinds import Band, Step
from shared.contracts.targets import TargetIssued
from shared.errors import Refusal
from shared.kinds import USUAL_BANDS
from tests.services.targets.conftest import YEAR, Office, target_body
from tests.services.targets.ruling import given
from tests.services.targets.test_rules import NEW_YEAR, adjusting, issuing, percent

STREAM = target_stream(2009, "roads")
ZH = Label(zh="节点")
STEPS = (("design", "30", date(2009, 3, 31)), ("build", "50.0", date(2009, 9, 30)), ("open", "20", date(2009, 12, 31)))


def steps(*changed: tuple[str, str, date]) -> list[Step]:
    return [Step(measure=measure, share=share, due_on=due_on) for measure, share, due_on in changed or STEPS]


def bands(*stated: tuple[str, str]) -> list[Band]:
    return [Band(code=code, name=ZH, share=share) for code, share in stated]


def items(*codes: str, unit_of_measure: str = "item") -> list[Measure]:
    return [Measure(code=code, name=ZH, unit_of_measure=unit_of_measure) for code in codes]


MILESTONE: dict[str, Any] = {
    "kind": "milestone", "value": "100", "roll_up": "lead", "measures": items("design", "build", "open"),
    "steps": steps(),
}  # fmt: skip
QUALITATIVE: dict[str, Any] = {
    "kind": "qualitative", "value": "100", "roll_up": "lead", "measures": percent(), "text": "按方案评定",
}  # fmt: skip


def fact(**changes: Any) -> TargetIssued:
    (decided,) = issuing(**changes)(Target())
    assert isinstance(decided.data, TargetIssued)
    return decided.data


def test_a_milestone_target_is_issued_with_its_dated_steps() -> None:
    issued = fact(**MILESTONE | {"value": "100.00"})
    assert (issued.value, issued.kind) == ("100", "milestone")
    assert issued.steps == steps(("design", "30", date(2009, 3, 31)), ("build", "50", date(2009, 9, 30)), STEPS[2])


def test_a_qualitative_target_has_the_usual_four_bands_unless_it_names_others() -> None:
    usual = fact(**QUALITATIVE).bands
    assert usual == list(USUAL_BANDS)
    assert [(band.name.zh, band.share) for band in USUAL_BANDS] == [
        ("优", "100"), ("良", "80"), ("中", "60"), ("差", "0"),
    ]  # fmt: skip
    own = bands(("done", "100.0"), ("half", "50"))
    assert [band.share for band in fact(**QUALITATIVE, bands=own).bands or []] == ["100", "50"]


@pytest.mark.parametrize("kind", ["cumulative", "floor", "ceiling", "rate", "maintain"])
def test_other_kinds_have_neither_steps_nor_bands(kind: str) -> None:
    changes: dict[str, Any] = {
        "kind": kind,
        "measures": percent(),
        "roll_up": "lead",
        "direction": "lower" if kind == "ceiling" else "higher",
    }
    issued = fact(**changes)
    assert not issued.steps
    assert not issued.bands
    given(STREAM).when(issuing(**changes, steps=steps())).refuses(StepsNotWanted, "/steps")
    given(STREAM).when(issuing(**changes, bands=list(USUAL_BANDS))).refuses(BandsNotWanted, "/bands")


@pytest.mark.parametrize(
    ("changes", "refusal", "pointer"),
    [
        ({"steps": ()}, StepsMissing, "/steps"),
        ({"value": "1"}, ValueIsNotHundred, "/value"),
        ({"value": "0"}, TargetValueIsZero, "/value"),
        ({"direction": "lower"}, DirectionDoesNotFit, "/direction"),
        ({"roll_up": "sum"}, RollUpDoesNotFit, "/roll_up"),
        ({"bands": list(USUAL_BANDS)}, BandsNotWanted, "/bands"),
        ({"measures": items("design", "build")}, StepHasNoMeasure, "/steps/2/measure"),
        ({"measures": items("design", "build", "open", unit_of_measure="percent")},
         StepHasNoMeasure, "/steps/0/measure"),
        ({"steps": steps(STEPS[0], STEPS[0], STEPS[1])}, StepStatedTwice, "/steps/1/measure"),
        ({"steps": steps(STEPS[0], STEPS[1])}, SharesDoNotAddUp, "/steps"),
        ({"steps": steps(STEPS[0], STEPS[1], ("open", "20.000000000001", NEW_YEAR))},
         SharesDoNotAddUp, "/steps"),
        ({"steps": steps(("design", "100", NEW_YEAR), ("build", "0", NEW_YEAR))},
         ShareOutOfBounds, "/steps/1/share"),
        ({"steps": steps(("design", "150", NEW_YEAR), ("build", "-50", NEW_YEAR))},
         ShareOutOfBounds, "/steps/0/share"),
        ({"steps": steps(STEPS[0], STEPS[1], ("open", "20", date(2010, 1, 1)))},
         DateOutsideYear, "/steps/2/due_on"),
    ],
)  # fmt: skip
def test_a_milestone_target_that_could_not_be_judged_is_refused(
    changes: dict[str, Any], refusal: type[Refusal], pointer: str
) -> None:
    given(STREAM).when(issuing(**MILESTONE | changes)).refuses(refusal, pointer)


@pytest.mark.parametrize(
    ("changes", "refusal", "pointer"),
    [
        ({"text": None}, TextMissing, "/text"),
        ({"value": "80"}, ValueIsNotHundred, "/value"),
        ({"direction": "lower"}, DirectionDoesNotFit, "/direction"),
        ({"roll_up": "sum"}, RollUpDoesNotFit, "/roll_up"),
        ({"measures": items("a")}, BandsAreInPercent, "/measures/0/unit_of_measure"),
        ({"bands": bands(("a", "100"), ("b", "-1"))}, ShareOutOfBounds, "/bands/1/share"),
        ({"bands": bands(("a", "101"), ("b", "1"))}, ShareOutOfBounds, "/bands/0/share"),
        ({"bands": bands(("a", "60"), ("b", "80"))}, BandsNotDescending, "/bands/1/share"),
        ({"bands": bands(("a", "80"), ("b", "80.0"))}, BandsNotDescending, "/bands/1/share"),
        ({"bands": bands(("a", "80"), ("a", "60"))}, BandStatedTwice, "/bands/1/code"),
        ({"steps": steps()}, StepsNotWanted, "/steps"),
    ],
)
def test_a_qualitative_target_that_could_not_be_judged_is_refused(
    changes: dict[str, Any], refusal: type[Refusal], pointer: str
) -> None:
    given(STREAM).when(issuing(**QUALITATIVE | changes)).refuses(refusal, pointer)


@pytest.mark.parametrize("kind", ["cumulative", "floor", "ceiling", "rate", "maintain"])
def test_percentages_of_counties_do_not_add_up_to_that_of_the_city(kind: str) -> None:
    changes: dict[str, Any] = {"kind": kind, "value": "8", "direction": "lower" if kind == "ceiling" else "higher"}
    in_percent = changes | {"measures": percent()}
    given(STREAM).when(issuing(**in_percent, roll_up="sum")).refuses(RollUpDoesNotFit, "/roll_up")
    for roll_up in ("lead", "worst", "best"):
        assert fact(**in_percent, roll_up=roll_up).roll_up == roll_up
    further = [*items("built"), *percent()]  # only the first measure is judged
    if kind != "rate":
        assert fact(**changes, measures=further, roll_up="sum").roll_up == "sum"


def test_what_is_measured_against_100_per_cent_is_not_adjusted_to_another_value() -> None:
    for kind in (MILESTONE, QUALITATIVE):
        given(STREAM, fact(**kind)).when(adjusting("90")).refuses(ValueIsNotHundred, "/value")


# Over HTTP


def milestone_body(*changed: Sequence[str], **changes: Any) -> dict[str, Any]:
    stated = [{"measure": m, "share": share, "due_on": due_on} for m, share, due_on in changed] or [
        {"measure": m, "share": share, "due_on": due_on.isoformat()} for m, share, due_on in STEPS
    ]
    measures = [{"code": code, "name": {"zh": code}, "unit_of_measure": "item"} for code, _, _ in STEPS]
    body = {"kind": "milestone", "value": "100", "roll_up": "lead", "measures": measures, "steps": stated}
    return target_body("bridge", **body | changes)


def qualitative_body(**changes: Any) -> dict[str, Any]:
    measures = [{"code": "band", "name": {"zh": "等次"}, "unit_of_measure": "percent"}]
    body = {"kind": "qualitative", "value": "100", "roll_up": "lead", "measures": measures, "text": "按方案\n评定"}
    return target_body("order", **body | changes)


def refused(answer: Response) -> tuple[int, str, list[str]]:
    said = answer.json()
    return answer.status_code, said["code"], [error["pointer"] for error in said["errors"]]


def test_a_milestone_target_is_issued_and_shown_with_its_steps(city: Office) -> None:
    issued = city.post(f"{YEAR}/targets", milestone_body())
    assert issued.status_code == 201, issued.text
    shown = city.get(f"{YEAR}/targets/bridge").json()["target"]
    assert (shown["kind"], shown["value"], shown["unit_of_measure"]) == ("milestone", "100", "percent")
    assert [(s["measure"], s["share"], s["due_on"]) for s in shown["steps"]] == [
        ("design", "30", "2009-03-31"), ("build", "50", "2009-09-30"), ("open", "20", "2009-12-31"),
    ]  # fmt: skip
    assert (shown["bands"], shown["text"], shown["scoring"]) == ([], None, None)


def test_a_qualitative_target_is_issued_and_shown_with_its_bands(city: Office) -> None:
    assert city.post(f"{YEAR}/targets", qualitative_body()).status_code == 201
    shown = city.get(f"{YEAR}/targets/order").json()["target"]
    assert shown["text"] == "按方案\n评定"
    assert [(band["code"], band["name"]["zh"], band["share"]) for band in shown["bands"]] == [
        ("excellent", "优", "100"), ("good", "良", "80"), ("fair", "中", "60"), ("poor", "差", "0"),
    ]  # fmt: skip


def test_a_body_from_before_there_were_steps_and_bands_is_still_taken(city: Office) -> None:
    assert city.issues().status_code == 201
    shown = city.get(f"{YEAR}/targets/roads").json()["target"]
    assert (shown["steps"], shown["bands"], shown["withdrawn"]) == ([], [], False)


def test_refusals_of_kinds_arrive_as_problems_in_both_languages(city: Office) -> None:
    def post(body: dict[str, Any], language: str = "en") -> Response:
        return city.post(f"{YEAR}/targets", body, headers={"Accept-Language": language})

    short = milestone_body(("design", "30", "2009-03-31"), ("build", "60", "2009-09-30"))
    assert refused(post(short)) == (409, "SHARES_DO_NOT_ADD_UP", ["/steps"])
    assert post(short).json()["about"] == {"sum": "90"}
    assert post(short, "zh").json()["detail"].startswith("各项比例之和须恰为100%。")
    late = milestone_body(("design", "100", "2010-03-31"))
    assert refused(post(late)) == (409, "DATE_OUTSIDE_YEAR", ["/steps/0/due_on"])
    assert refused(post(qualitative_body(text=None))) == (409, "TEXT_MISSING", ["/text"])
    assert post(qualitative_body(text=None), "zh").json()["detail"] == "定性类目标须用文字写明要求。"
    zero = milestone_body(value="0")
    assert refused(post(zero)) == (409, "TARGET_VALUE_IS_ZERO", ["/value"])
    twice = qualitative_body(bands=[{"code": "a", "name": {"zh": "甲"}, "share": str(share)} for share in (100, 0)])
    assert refused(post(twice)) == (422, "BAND_STATED_TWICE", ["/bands/1/code"])
    unknown = city.post(f"{YEAR}/targets", target_body(kind="wish"))
    assert refused(unknown) == (422, "MALFORMED", ["/kind"])
