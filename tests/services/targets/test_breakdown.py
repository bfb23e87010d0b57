"""Parts of parts and complete parts: exact sums, refused with the numbers, the surplus shown (层层加码)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from httpx2 import Response
from hypothesis import example
from hypothesis import given as for_all
from hypothesis import strategies as st
from msgspec import UNSET, structs

from services.targets.assignment import Parts, assignments_stream
from services.targets.breakdown import BreakDown, StateDecomposition, break_down, state_decomposition
from services.targets.decomposition import Aim, aim_stream, compared, sum_text
from services.targets.errors.organisation import UnitIsNotValid
from services.targets.errors.parts import (
    AssignmentUnknown,
    CompanyOnlyCoordinates,
    NothingToBreakDown,
    PartsExceed,
    PartsFallShort,
    PartsNotAddedUp,
    ReserveNeedsReason,
    UnitHasPartAlready,
    UnitIsNotBelow,
)
from services.targets.errors.targets import (
    DateBeforeTarget,
    NegativeNotAllowed,
    TargetValueIsNegative,
    TargetValueIsZero,
)
from services.targets.errors.years import DateOutsideYear
from services.targets.target import Target
from services.targets.unit import Unit
from shared.admission.errors import TargetUnknown
from shared.contracts.decomposition import AssignmentHandedOver, DecompositionStated, OpenedPart
from shared.contracts.targets import AssignmentMade, TargetAdjusted
from shared.deciding import Fact
from shared.errors import Refusal
from shared.quantities import parse, text
from shared.registry import Registry
from tests.services.targets.conftest import CITY, YEAR, Office
from tests.services.targets.ruling import given, state
from tests.services.targets.test_rules import ROADS as ISSUED
from tests.services.targets.test_targets_over_http import ROADS, code_of, pointers

NEW_YEAR, JULY = date(2009, 1, 1), date(2009, 7, 1)
AIM = Aim("t1", values=((NEW_YEAR, "60"),))
PARTS = assignments_stream(2009, "roads")
COUNTY, TOWN = Unit("county", "county", NEW_YEAR), Unit("town", "county", NEW_YEAR)


def made(unit: str, value: str | None, role: str = "supporting", below: str | None = None) -> AssignmentMade:
    return AssignmentMade(
        assignment=f"{unit}1", target="t1", unit=unit, role=role, value=value or UNSET, valid_from=NEW_YEAR,  # type: ignore[arg-type]
        below=below or UNSET,
    )  # fmt: skip


def standing(aim: Aim) -> Target:
    """The same target as other decisions know it."""
    return Target(aim.id, aim.kind, aim.direction, aim.values[0][0] if aim.values else date.max)


def breaking(
    unit: Unit = TOWN, value: str = "12", *, on: date = JULY, aim: Aim = AIM, above: Unit = COUNTY,
    under: frozenset[str] = frozenset({"town", "power"}),
) -> Callable[[Parts], Sequence[Fact]]:  # fmt: skip
    command = BreakDown("a9", 2009, "roads", "county", "unit-code", value, on)
    return lambda parts: break_down(
        command, parts, aim=aim, target=standing(aim), above=above, unit=unit, under=lambda _: under
    )


def stating(
    on: date = JULY, *, reserve: str | None = None, reason: str | None = None, aim: Aim = AIM, of_county: bool = False
) -> Callable[[Parts], Sequence[Fact]]:
    command = StateDecomposition(2009, "roads", "county" if of_county else None, on, reserve, reason)
    return lambda parts: state_decomposition(
        command, parts, aim=aim, target=standing(aim), unit=COUNTY if of_county else None
    )


def stated(part: str | None = None, on: date = JULY, **more: str) -> DecompositionStated:
    return DecompositionStated(target="t1", part=part or UNSET, on=on, **more)


def test_the_parts_are_complete_when_they_come_to_the_value_or_more() -> None:
    given(PARTS, made("county", "40", "lead"), made("park", "20")).when(stating()).then(stated())
    given(PARTS, made("county", "40", "lead"), made("park", "25")).when(stating()).then(stated())
    given(PARTS, made("lead", None, "lead")).when(stating()).then(stated())  # who leads alone answers for the whole


def test_parts_that_fall_short_are_refused_with_the_numbers_unless_a_reserve_says_where_the_rest_is() -> None:
    short = given(PARTS, made("lead", None, "lead"), made("county", "40"), made("park", "17.5"))
    short.when(stating()).refuses(PartsFallShort, value="60", sum="57.5", reserve="0", missing="2.5")
    short.when(stating(reserve="2", reason="机动")).refuses(PartsFallShort, missing="0.5")
    short.when(stating(reserve="2.5", reason="机动")).then(stated(reserve="2.5", reason="机动"))
    short.when(stating(reserve="2.5")).refuses(ReserveNeedsReason, "/reason")
    short.when(stating(reserve="-1", reason="x")).refuses(NegativeNotAllowed, "/reserve")
    given(PARTS).when(stating()).refuses(PartsFallShort, sum="0", missing="60")


def test_where_lower_is_better_the_parts_may_not_come_to_more() -> None:
    lower = replace(AIM, kind="ceiling", direction="lower")
    stood = given(PARTS, made("county", "40", "lead"), made("park", "20"))
    stood.when(stating(aim=lower)).then(stated())
    stood.when(stating(aim=lower, reserve="1", reason="x")).refuses(PartsExceed, over="1", sum="60")


def test_the_value_that_stands_on_the_day_is_what_counts() -> None:
    adjusted = TargetAdjusted(target="t1", value="66", effective_on=JULY, reason="追加")
    aim = state(aim_stream(2009, "roads"), ISSUED, adjusted)
    stood = given(PARTS, made("county", "60", "lead"))
    stood.when(stating(date(2009, 6, 30), aim=aim)).then(stated(on=date(2009, 6, 30)))
    stood.when(stating(aim=aim)).refuses(PartsFallShort, value="66", missing="6")
    replaced = structs.replace(adjusted, value="58")
    stood.when(stating(aim=state(aim_stream(2009, "roads"), ISSUED, adjusted, replaced))).then(stated())


@pytest.mark.parametrize(
    ("decide", "refusal", "pointer"),
    [
        (stating(aim=Aim()), TargetUnknown, None),
        (stating(date(2010, 1, 1)), DateOutsideYear, "/stated_on"),
        (stating(NEW_YEAR, aim=Aim("t1", values=((JULY, "60"),))), DateBeforeTarget, "/stated_on"),
        (stating(aim=replace(AIM, roll_up="worst")), PartsNotAddedUp, None),
        (stating(of_county=True), AssignmentUnknown, None),
    ],
)
def test_when_nothing_can_be_stated(
    decide: Callable[[Parts], Sequence[Fact]], refusal: type[Refusal], pointer: str | None
) -> None:
    given(PARTS, made("park", "60", "lead")).when(decide).refuses(refusal, pointer)


def test_a_county_breaks_its_part_down_to_its_towns() -> None:
    made_below = AssignmentMade(
        assignment="a9", target="t1", unit="town", role="supporting", value="12", valid_from=JULY, below="county1"
    )
    given(PARTS, made("county", "40")).when(breaking(value="12.0")).then(made_below)


@pytest.mark.parametrize(
    ("decide", "refusal", "pointer"),
    [
        (breaking(aim=Aim()), TargetUnknown, None),
        (breaking(on=date(2010, 1, 1)), DateOutsideYear, "/valid_from"),
        (breaking(above=Unit()), AssignmentUnknown, None),
        (breaking(above=Unit("other", "county", NEW_YEAR)), AssignmentUnknown, None),
        (breaking(above=Unit("lead", "county", NEW_YEAR)), NothingToBreakDown, None),
        (breaking(Unit()), UnitIsNotBelow, "/unit"),
        (breaking(Unit("other", "county", date(2009, 8, 1))), UnitIsNotBelow, "/unit"),
        (breaking(Unit("town", "county", date(2009, 8, 1))), UnitIsNotValid, "/unit"),
        (breaking(Unit("town", "county", NEW_YEAR, date(2009, 10, 1))), UnitIsNotValid, "/unit"),
        (breaking(under=frozenset()), UnitIsNotBelow, "/unit"),
        (breaking(Unit("power", "company", NEW_YEAR)), CompanyOnlyCoordinates, "/unit"),
        (breaking(value="0"), TargetValueIsZero, "/value"),
        (breaking(value="-1"), TargetValueIsNegative, "/value"),
    ],
)
def test_what_cannot_be_broken_down(
    decide: Callable[[Parts], Sequence[Fact]], refusal: type[Refusal], pointer: str | None
) -> None:
    given(PARTS, made("lead", None, "lead"), made("county", "40")).when(decide).refuses(refusal, pointer)


def test_a_unit_has_one_part_of_a_target_on_whatever_level() -> None:
    given(PARTS, made("county", "40"), made("town", "5")).when(breaking()).refuses(UnitHasPartAlready, "/unit")


def test_parts_of_a_part_are_held_against_it_and_never_counted_for_the_target() -> None:
    stood = [made("county", "40", "lead"), made("town", "30", below="county1"), made("village", "8", below="county1")]
    given(PARTS, *stood).when(stating(of_county=True)).refuses(PartsFallShort, value="40", sum="38", missing="2")
    given(PARTS, *stood).when(stating()).refuses(PartsFallShort, value="60", sum="40")
    full = [*stood, made("hamlet", "2", below="town1")]
    given(PARTS, *full).when(stating(of_county=True)).refuses(PartsFallShort, sum="38")
    given(PARTS, *full, made("farm", "2", below="county1")).when(stating(of_county=True)).then(stated("county1"))


def test_parts_below_stay_below_whoever_takes_the_part_over() -> None:
    over = AssignmentHandedOver(
        on=JULY, ends=["old1"],
        opens=[OpenedPart(assignment="county1", unit="county", role="supporting", value="40", carries=[])],
    )  # fmt: skip
    stood = [made("old", "40"), made("town", "40", below="old1"), over]
    given(PARTS, *stood).when(stating(of_county=True)).then(stated("county1"))


amounts = st.decimals(min_value="0.000000000001", max_value=10**19, places=12).map(text)


@for_all(amounts, st.lists(amounts, max_size=6), amounts, st.booleans())
@example(value="10000000000000000.000000000001", parts=[], reserve="0", lower=True)
def test_sums_of_parts_are_exact(value: str, parts: list[str], reserve: str, lower: bool) -> None:
    found = compared(value, parts, reserve, "lower" if lower else "higher")
    whole, exact, held = Fraction(value), sum(map(Fraction, parts), Fraction(0)), Fraction(reserve)
    assert Fraction(found.parts) == exact == Fraction(sum_text(found.parts))
    missing, surplus = whole - exact - held, exact - whole
    if lower:
        missing, surplus = -missing, -surplus
    assert (Fraction(found.missing), Fraction(found.surplus)) == (max(missing, 0), max(surplus, 0))
    assert found.surplus_pp is not None
    assert abs(Fraction(found.surplus_pp) - 100 * Fraction(found.surplus) / whole) <= Fraction(1, 2 * 10**12)


def test_the_surplus_is_shown_in_units_and_percentage_points() -> None:
    found = compared("60", ["40", "25"], None, "higher")
    assert (found.surplus, found.surplus_pp, found.missing) == (Decimal(5), "8.333333333333", Decimal(0))
    assert compared("60", ["40"], None, "higher").surplus_pp == "0"
    assert parse("5") == found.surplus


def states(city: Office, path: str = "", match: str | None = None, **body: Any) -> Response:
    match = match or city.get(f"{ROADS}/assignments").headers["ETag"]
    return city.post(f"{ROADS}{path}/decompositions", {"stated_on": "2009-01-05"} | body, headers={"If-Match": match})


def breaks_down(city: Office, unit: str, value: str, above: str = "county", **more: Any) -> Response:
    body = {"unit": unit, "value": value, "valid_from": "2009-01-05"}
    return city.post(f"{ROADS}/assignments/{above}/parts", body, **more)


@pytest.fixture
def parted(city: Office) -> Office:
    for code, parent in (("east-town", "county"), ("west-town", "county"), ("hamlet", "east-town")):
        assert city.registers(code, kind="county", parent=parent).status_code == 201
    city.issues()
    assert city.assigns("transport").status_code == 201
    assert city.assigns("county", "supporting", value="50").status_code == 201
    return city


def test_short_parts_are_refused_over_http_and_nothing_is_written(parted: Office) -> None:
    refused = states(parted)
    assert code_of(refused) == (409, "PARTS_FALL_SHORT")
    assert refused.json()["about"] == {"value": "60", "sum": "50", "reserve": "0", "missing": "10"}
    found = parted.get(ROADS).json()["decomposition"]
    assert (found["parts"], found["missing"], found["complete"], found["stated_on"]) == ("50", "10", False, None)
    assert states(parted, reserve="10", reason="机动指标").status_code == 201
    found = parted.get(ROADS).json()["decomposition"]
    assert (found["reserve"], found["complete"], found["stated_on"]) == ("10", True, "2009-01-05")
    assert parted.get(ROADS, as_of="2009-01-04").json()["decomposition"]["stated_on"] is None


def test_the_surplus_of_layer_upon_layer_shows_with_the_target(parted: Office) -> None:
    parted.registers("park", kind="park")
    parted.assigns("park", "supporting", value="16")
    found = parted.get(ROADS).json()["decomposition"]
    assert (found["surplus"], found["surplus_pp"], found["complete"]) == ("6", "10", True)
    in_list = parted.get(f"{YEAR}/targets").json()["items"][0]["decomposition"]
    assert in_list == found


def adjusts(city: Office, value: str, on: str = "2009-02-01", **more: Any) -> Response:
    body = {"value": value, "effective_on": on, "reason": "省级追加任务"}
    return city.post(f"{ROADS}/adjustments", body, headers=city.seen(ROADS), **more)


@pytest.mark.parametrize("kind", ["cumulative", "maintain"])
def test_who_adjusts_a_target_is_told_what_its_parts_now_come_to(city: Office, kind: str) -> None:
    city.clock("2009-03-10T09:00:00+08:00")
    city.issues(kind=kind)
    for unit, role, value in (("transport", "lead", "40"), ("county", "supporting", "18")):
        assert city.assigns(unit, role, value=value).status_code == 201
    assert states(city, reserve="2", reason="机动指标").status_code == 201
    raised = adjusts(city, "66", key="raised")
    assert raised.status_code == 201, raised.text
    told = raised.json()["decomposition"]
    assert told == {
        "value": "66", "parts": "58", "reserve": "2", "surplus": "0", "surplus_pp": "0", "missing": "6",
        "complete": False, "stated_on": "2009-01-05", "reason": "机动指标",
    }  # fmt: skip
    assert city.get(ROADS).json()["decomposition"] == told
    assert city.get(ROADS, as_of="2009-01-31").json()["decomposition"]["complete"], "before, nothing was missing"
    cut = adjusts(city, "50", "2009-03-01").json()["decomposition"]
    assert (cut["surplus"], cut["surplus_pp"], cut["missing"], cut["complete"]) == ("8", "16", "0", True)
    body = {"value": "66", "effective_on": "2009-02-01", "reason": "省级追加任务"}
    again = city.post(f"{ROADS}/adjustments", body, key="raised", headers={"If-Match": '"1"'})
    assert again.json()["decomposition"] == told, "a repeat is told the same, as parts stand"


def test_where_nothing_is_added_up_an_adjustment_says_nothing_of_parts(city: Office) -> None:
    city.issues(roll_up="lead")
    assert city.assigns("transport").status_code == 201
    assert adjusts(city, "66").json()["decomposition"] is None


def test_a_county_breaks_down_to_towns_and_a_town_further(parted: Office) -> None:
    assert breaks_down(parted, "east-town", "30").status_code == 201
    assert breaks_down(parted, "west-town", "15").status_code == 201
    assert breaks_down(parted, "hamlet", "31", above="east-town").status_code == 201
    short = states(parted, "/assignments/county")
    assert (code_of(short), short.json()["about"]["missing"]) == ((409, "PARTS_FALL_SHORT"), "5")
    said = parted.get(ROADS).json()
    assert said["decomposition"]["parts"] == "50"  # the top level only
    parts = {part["unit"]: part for part in said["assignments"]}
    assert (parts["county"]["decomposition"]["parts"], parts["county"]["decomposition"]["missing"]) == ("45", "5")
    assert parts["east-town"]["below"] == parts["county"]["id"]
    assert parts["east-town"]["decomposition"]["surplus"] == "1"
    assert parts["hamlet"]["decomposition"] is None
    assert states(parted, "/assignments/county", reserve="5", reason="机动").status_code == 201
    parts = {part["unit"]: part for part in parted.get(ROADS).json()["assignments"]}
    assert parts["county"]["decomposition"]["stated_on"] == "2009-01-05"


def test_what_parts_come_to_is_worked_out_once_for_a_target_however_many_it_has(
    parted: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []
    of_registry = Registry.standing_for

    def counted(registry: Registry, part: str, target: str, on: date) -> str:
        looked_up.append(part)
        return of_registry(registry, part, target, on)

    assert breaks_down(parted, "east-town", "30").status_code == 201
    assert breaks_down(parted, "west-town", "15").status_code == 201
    assert breaks_down(parted, "hamlet", "31", above="east-town").status_code == 201
    monkeypatch.setattr(Registry, "standing_for", counted)
    for path in (f"{YEAR}/targets", ROADS, f"{ROADS}/assignments"):
        looked_up.clear()
        assert parted.get(path).status_code == 200
        assert len(looked_up) == 3, "each part below another is looked at once"


def test_a_part_goes_only_to_units_below_the_one_that_gives_it(parted: Office) -> None:
    refused = breaks_down(parted, "transport", "5")
    assert (code_of(refused), pointers(refused)) == ((409, "UNIT_IS_NOT_BELOW"), ["/unit"])
    assert code_of(breaks_down(parted, "east-town", "5", above="transport")) == (409, "NOTHING_TO_BREAK_DOWN")
    assert code_of(breaks_down(parted, "hamlet", "5", above="west-town")) == (404, "ASSIGNMENT_UNKNOWN")
    assert "town" not in parted.get(f"{ROADS}/assignments").text


def test_a_countys_office_breaks_down_its_own_part_and_no_other(parted: Office, tokens: Callable[..., str]) -> None:
    parted.minted["county office"] = tokens("office", unit="county", scope="own+below")
    assert breaks_down(parted, "east-town", "50", who="county office").status_code == 201
    match = parted.get(f"{ROADS}/assignments").headers["ETag"]
    body = {"stated_on": "2009-01-05"}
    path = f"{ROADS}/assignments/county/decompositions"
    assert parted.post(path, body, who="county office", headers={"If-Match": match}).status_code == 201
    other = parted.post(f"{ROADS}/assignments/transport/parts", {"unit": "county", "value": "1",
                        "valid_from": "2009-01-05"}, who="county office")  # fmt: skip
    assert code_of(other) == (403, "UNIT_OUT_OF_SCOPE")
    assert parted.post(f"{ROADS}/decompositions", body, who="county office",
                       headers={"If-Match": match}).status_code == 403  # fmt: skip
    parted.issues("bridges")
    part = {"unit": "east-town", "value": "1", "valid_from": "2009-01-05"}
    hidden = parted.post(f"{YEAR}/targets/bridges/assignments/county/parts", part, who="county office")
    assert code_of(hidden) == (404, "TARGET_UNKNOWN")
    own = parted.get(ROADS, who="county office").json()
    assert own["decomposition"] is None  # what all parts come to would tell of those of others
    assert {part["unit"] for part in own["assignments"]} == {"county", "east-town"}
    [county] = [part for part in own["assignments"] if part["unit"] == "county"]
    assert county["decomposition"]["complete"]


def test_whose_towns_part_it_is_to_break_down_follows_the_tree_of_the_day(
    parted: Office, tokens: Callable[..., str]
) -> None:
    for office in ("county", "transport"):
        parted.minted[office] = tokens("office", unit=office, scope="own+below")
    assert breaks_down(parted, "east-town", "30").status_code == 201
    moved = {"parent": "transport", "effective_on": "2009-07-01", "reason": "区划调整"}
    assert parted.post(f"{CITY}/units/east-town/moves", moved, who="admin",
                       headers={"If-Match": '"1"'}).status_code == 201  # fmt: skip

    def broken(who: str, on: str) -> tuple[int, str | None]:
        part = {"unit": "hamlet", "value": "5", "valid_from": on}
        said = parted.post(f"{ROADS}/assignments/east-town/parts", part, who=who)
        return said.status_code, said.json().get("code")

    def stated(who: str, on: str) -> tuple[int, str | None]:
        match = parted.get(f"{ROADS}/assignments").headers["ETag"]
        body = {"stated_on": on, "reserve": "25", "reason": "机动指标"}
        said = parted.post(f"{ROADS}/assignments/east-town/decompositions", body, who=who, headers={"If-Match": match})
        return said.status_code, said.json().get("code")

    out_of_scope = (403, "UNIT_OUT_OF_SCOPE")
    assert broken("transport", "2009-06-30") == stated("transport", "2009-06-30") == out_of_scope
    assert broken("county", "2009-07-01") == stated("county", "2009-07-01") == out_of_scope
    assert broken("county", "2009-06-30") == (201, None)
    assert stated("county", "2009-06-30") == stated("transport", "2009-07-01") == (201, None)


def test_a_countys_office_does_not_learn_which_units_there_are_elsewhere(
    parted: Office, tokens: Callable[..., str]
) -> None:
    parted.minted["county office"] = tokens("office", unit="county", scope="own+below")
    assert parted.registers("later", kind="county", valid_from="2009-06-01").status_code == 201
    answers = [breaks_down(parted, code, "5", who="county office") for code in ("nowhere", "later", "transport")]
    assert {code_of(refused) for refused in answers} == {(409, "UNIT_IS_NOT_BELOW")}
    told = [{name: said for name, said in refused.json()["about"].items() if name != "unit"} for refused in answers]
    assert told == [{"above": "county"}] * 3


def test_a_statement_is_about_the_parts_that_were_read(parted: Office) -> None:
    read = parted.get(f"{ROADS}/assignments").headers["ETag"]
    parted.registers("park", kind="park")
    parted.assigns("park", "supporting", value="16")
    late = states(parted, match=read)
    assert (code_of(late), late.json()["about"]["current"]) == ((412, "VERSION_CONFLICT"), 3)
    body = {"stated_on": "2009-01-05"}
    assert code_of(parted.post(f"{ROADS}/decompositions", body)) == (428, "IF_MATCH_MISSING")
    assert parted.get(ROADS).json()["decomposition"]["stated_on"] is None
