"""Parts reassigned, merged and split: nothing of a target's value, lead or levels is lost or counted twice unsaid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from msgspec import UNSET

from services.targets.assignment import HandOver, Opening, Parts, assignments_stream, hand_over
from services.targets.breakdown import BreakDown, break_down
from services.targets.decomposition import Aim, total
from services.targets.errors.organisation import UnitIsNotValid
from services.targets.errors.parts import (
    AssignmentUnknown,
    CarriedTwice,
    CarriesWhatStays,
    CoordinationTakesNoPart,
    LeadIsLost,
    LeadIsTaken,
    LevelsNotAddedUp,
    PartHasPartsBelow,
    ReserveNeedsReason,
    SuccessorIsTheSame,
    SumTooLarge,
    UnitHasPartAlready,
    UnitIsNotBelow,
    UnitNamedTwice,
    ValueIsExceeded,
    ValueIsLost,
    ValuesNotAddedUp,
    WholesDiffer,
)
from services.targets.errors.targets import NegativeNotAllowed, TargetValueIsZero
from services.targets.target import Target
from services.targets.unit import Unit
from shared.contracts.decomposition import AssignmentHandedOver, OpenedPart
from shared.contracts.targets import AssignmentMade
from shared.deciding import Fact
from shared.errors import Refusal
from shared.quantities import CONTEXT, text
from tests.services.targets.conftest import YEAR, Office
from tests.services.targets.ruling import given, state
from tests.services.targets.test_targets_over_http import ROADS, code_of, pointers

NEW_YEAR, JULY = date(2009, 1, 1), date(2009, 7, 1)
AIM = Aim("t1", values=((NEW_YEAR, "60"),))
PARTS = assignments_stream(2009, "roads")
UNITS = {code: Unit(code, "county", NEW_YEAR) for code in ("a", "b", "c", "d")}


def made(unit: str, value: str | None, role: str = "supporting", below: str | None = None) -> AssignmentMade:
    return AssignmentMade(
        assignment=f"{unit}1", target="t1", unit=unit, role=role, value=value or UNSET, valid_from=NEW_YEAR,  # type: ignore[arg-type]
        below=below or UNSET,
    )  # fmt: skip


def opening(unit: str, value: str | None, role: str = "supporting", carries: tuple[str, ...] = ()) -> Opening:
    return Opening(f"{unit}2", unit, carries, role, value, "/successors/0")  # type: ignore[arg-type]


def handing(
    ends: tuple[str, ...],
    *opens: Opening,
    aim: Aim = AIM,
    units: Mapping[str, Unit] = UNITS,
    under: frozenset[str] = frozenset(),
    **more: Any,
) -> Callable[[Parts], Sequence[Fact]]:
    command = HandOver(2009, "roads", ends, opens, JULY, **more)
    return lambda parts: hand_over(command, parts, aim=aim, units=units, under=lambda unit: under)


STOOD = (made("a", "40", "lead"), made("b", "20"))


def test_two_parts_become_one_with_the_strongest_role_and_the_sum_of_their_values() -> None:
    merged = AssignmentHandedOver(
        on=JULY, ends=["a1", "b1"],
        opens=[OpenedPart(assignment="c2", unit="c", role="lead", value="60", carries=["a1", "b1"])],
    )  # fmt: skip
    given(PARTS, *STOOD).when(handing(("a", "b"), Opening("c2", "c", ("a", "b")))).then(merged)
    after = state(PARTS, *STOOD, merged)
    assert [(p.id, p.value, p.valid_until) for p in after.parts] == [
        ("a1", "40", JULY), ("b1", "20", JULY), ("c2", "60", None),
    ]  # fmt: skip


def test_a_unit_can_take_over_anothers_part_and_keep_its_own() -> None:
    merged = AssignmentHandedOver(
        on=JULY, ends=["a1", "b1"],
        opens=[OpenedPart(assignment="b2", unit="b", role="lead", value="60", carries=["a1", "b1"])],
    )  # fmt: skip
    given(PARTS, *STOOD).when(handing(("a", "b"), Opening("b2", "b", ("a", "b")))).then(merged)


def test_one_part_becomes_several_and_its_level_goes_on_in_one_of_them() -> None:
    split = AssignmentHandedOver(
        on=JULY, ends=["a1"],
        opens=[OpenedPart(assignment="a2", unit="a", role="lead", value="15", carries=["a1"]),
               OpenedPart(assignment="c2", unit="c", role="supporting", value="25", carries=[])],
    )  # fmt: skip
    given(PARTS, *STOOD).when(handing(("a",), opening("a", "15", "lead", ("a",)), opening("c", "25"))).then(split)


def test_what_nobody_answers_for_any_more_is_a_reserve_with_its_reason() -> None:
    short = opening("c", "50", "lead")
    given(PARTS, *STOOD).when(handing(("a", "b"), short)).refuses(
        ValueIsLost, ended="60", opened="50", reserve="0", missing="10"
    )
    given(PARTS, *STOOD).when(handing(("a", "b"), short, reserve="10")).refuses(ReserveNeedsReason, "/reason")
    given(PARTS, *STOOD).when(handing(("a", "b"), short, reserve="-1", reason="x")).refuses(
        NegativeNotAllowed, "/reserve"
    )
    [fact] = handing(("a", "b"), short, reserve="10", reason="区划调整")(state(PARTS, *STOOD))
    assert isinstance(fact.data, AssignmentHandedOver)
    assert (fact.data.reserve, fact.data.reason) == ("10", "区划调整")


def test_where_lower_is_better_the_new_parts_may_not_allow_more() -> None:
    lower = replace(AIM, kind="ceiling", direction="lower")
    more = handing(("a", "b"), opening("c", "61", "lead"), aim=lower)
    given(PARTS, *STOOD).when(more).refuses(ValueIsExceeded, ended="60", opened="61", reserve="0")
    less = handing(("a", "b"), opening("c", "50", "lead"), aim=lower)
    assert less(state(PARTS, *STOOD))


@pytest.mark.parametrize(
    ("decide", "refusal", "pointer"),
    [
        (handing(("a", "d"), opening("c", "60", "lead")), AssignmentUnknown, None),
        (handing(("a", "a"), opening("c", "60", "lead")), UnitNamedTwice, "/together_with"),
        (handing(("a",), opening("c", "20", "lead"), opening("c", "20")), UnitNamedTwice, "/successors"),
        (handing(("a",), opening("c", "40")), LeadIsLost, None),
        (handing(("b",), opening("c", "20", "lead")), LeadIsTaken, "/successors/0/role"),
        (handing(("a",), opening("c", "20", "lead"), opening("d", "20", "lead")), LeadIsTaken, None),
        (handing(("a",), opening("c", "40", "lead", ("b",))), CarriesWhatStays, "/successors/0/carries"),
        (
            handing(("a",), opening("c", "20", "lead", ("a",)), opening("d", "20", "supporting", ("a",))),
            CarriedTwice,
            "/successors/0/carries",
        ),
        (
            handing(("a", "b"), opening("c", "40", "lead", ("a", "b")), aim=replace(AIM, roll_up="worst")),
            LevelsNotAddedUp,
            "/successors/0/carries",
        ),
        (handing(("a",), opening("b", "40", "lead")), UnitHasPartAlready, "/successors/0/unit"),
        (handing(("a",), opening("a", "40", "lead")), SuccessorIsTheSame, "/successors/0/unit"),
        (handing(("b",), opening("c", "20", "coordination")), CoordinationTakesNoPart, "/successors/0/value"),
        (handing(("b",), opening("c", "0")), TargetValueIsZero, None),
        (
            handing(("b",), opening("c", "20"), units={**UNITS, "c": Unit("c", "county", date(2009, 8, 1))}),
            UnitIsNotValid,
            "/successors/0/unit",
        ),
    ],
)
def test_what_cannot_be_merged_or_split(
    decide: Callable[[Parts], Sequence[Fact]], refusal: type[Refusal], pointer: str | None
) -> None:
    given(PARTS, *STOOD).when(decide).refuses(refusal, pointer)


def test_the_level_of_a_lead_without_a_value_is_not_added_to_those_of_others() -> None:
    given(PARTS, made("a", None, "lead"), made("b", "20")).when(
        handing(("a", "b"), Opening("c2", "c", ("a", "b")))
    ).refuses(LevelsNotAddedUp, "/successor")
    given(PARTS, made("a", None, "lead"), made("b", None)).when(
        handing(("a", "b"), Opening("c2", "c", ("a", "b")))
    ).then(
        AssignmentHandedOver(
            on=JULY, ends=["a1", "b1"],
            opens=[OpenedPart(assignment="c2", unit="c", role="lead", carries=["a1", "b1"])],
        )
    )  # fmt: skip


def test_a_lead_that_answers_for_the_whole_target_is_split_by_the_targets_value() -> None:
    stood = (made("a", None, "lead"), made("b", None))
    alone = given(PARTS, *stood)
    halves = opening("c", "30", "lead"), opening("d", "30")
    ceiling = replace(AIM, kind="ceiling", direction="lower")
    for aim in (AIM, ceiling):
        assert handing(("a",), *halves, aim=aim)(state(PARTS, *stood))
    alone.when(handing(("a",), opening("c", "10", "lead"), opening("d", "10"))).refuses(
        ValueIsLost, ended="60", opened="20", missing="40"
    )
    alone.when(handing(("a",), opening("c", "31", "lead"), opening("d", "30"), aim=ceiling)).refuses(
        ValueIsExceeded, ended="60", opened="61"
    )
    adjusted = replace(AIM, values=((NEW_YEAR, "60"), (JULY, "66")))
    alone.when(handing(("a",), *halves, aim=adjusted)).refuses(ValueIsLost, ended="66", missing="6")


def test_a_lead_without_a_value_hands_on_none_where_it_answers_for_all_or_others_have_values() -> None:
    """Beside parts with values it answers for what these come to, and that stays."""
    over = AssignmentHandedOver(
        on=JULY, ends=["a1"], opens=[OpenedPart(assignment="c2", unit="c", role="lead", carries=[])]
    )
    for stood in ((made("a", None, "lead"),), (made("a", None, "lead"), made("b", "20"))):
        given(PARTS, *stood).when(handing(("a",), Opening("c2", "c", ()))).then(over)
        given(PARTS, *stood).when(handing(("a",), opening("c", None, "lead"))).then(over)


def test_where_nothing_is_added_up_equal_values_stay_and_different_ones_have_to_be_stated() -> None:
    worst = replace(AIM, roll_up="worst")
    merging = handing(("a", "b"), Opening("c2", "c", ("a",)), aim=worst)
    given(PARTS, *STOOD).when(merging).refuses(ValuesNotAddedUp, "/successor", values=["40", "20"])
    [fact] = merging(state(PARTS, made("a", "95", "lead"), made("b", "95")))
    assert isinstance(fact.data, AssignmentHandedOver)
    assert [part.value for part in fact.data.opens] == ["95"]


def test_values_too_large_to_be_one_are_refused() -> None:
    huge = made("a", "9" * 20, "lead"), made("b", "1")
    given(PARTS, *huge).when(handing(("a", "b"), Opening("c2", "c", ()))).refuses(SumTooLarge, "/successor")


def test_parts_that_were_broken_down_go_to_one_successor_and_only_with_their_likes() -> None:
    stood = (*STOOD, made("c", "30", below="a1"), made("d", "20", below="b1"))
    given(PARTS, *stood).when(handing(("c", "d"), opening("c", "50"))).refuses(WholesDiffer)
    split = handing(("b",), opening("b", "10"), Opening("e2", "e", (), "supporting", "10"),
                    units={**UNITS, "e": Unit("e", "county", NEW_YEAR)})  # fmt: skip
    given(PARTS, *stood).when(split).refuses(PartHasPartsBelow)


def follows(before: str, *after: str, on: date = date(2009, 4, 1), **more: Any) -> AssignmentHandedOver:
    """The part of one unit becomes that of others, named by their codes."""
    opens = [OpenedPart(assignment=f"{unit}1", unit=unit, role="supporting", value="20", carries=[]) for unit in after]
    return AssignmentHandedOver(on=on, ends=[f"{before}1"], opens=opens, **more)


def test_a_part_that_was_handed_over_is_not_split_either_while_there_are_parts_below_it() -> None:
    stood = (made("a", "20"), made("d", "10", below="a1"), follows("a", "b"))
    split = handing(("b",), opening("b", "10"), opening("c", "10"))
    given(PARTS, *stood).when(split).refuses(PartHasPartsBelow)


def test_who_stands_for_a_part_that_was_split_does_not_depend_on_the_order_in_which_parts_are_kept() -> None:
    parts = state(PARTS, made("a", "40"), follows("a", "c", "b"))
    assert parts.standing_for("a1", JULY).id == "b1"
    assert Parts(parts.parts[::-1]).standing_for("a1", JULY).id == "b1"


def test_parts_of_one_whole_become_one_though_the_whole_was_handed_over_between_their_beginnings() -> None:
    """One of them names the whole as it was, the other as it is."""
    stood = (made("a", "40"), made("c", "10", below="a1"), follows("a", "b"), made("d", "5", below="b1"))
    merging = handing(("c", "d"), Opening("e2", "e", ("c", "d")), under=frozenset({"e"}),
                      units={**UNITS, "e": Unit("e", "town", NEW_YEAR)})  # fmt: skip
    merged = OpenedPart(assignment="e2", unit="e", role="supporting", value="15", carries=["c1", "d1"])
    given(PARTS, *stood).when(merging).then(AssignmentHandedOver(on=JULY, ends=["c1", "d1"], opens=[merged]))


BROKEN_DOWN = (made("a", "40", "lead"), made("b", "20"), made("c", "15", below="a1"), made("d", "5", below="c1"))
BACK = AssignmentHandedOver(
    on=JULY, ends=["a1", "c1"],
    opens=[OpenedPart(assignment="a2", unit="a", role="lead", value="40", carries=["a1"])],
)  # fmt: skip


@pytest.mark.parametrize("ends", [("c",), ("c", "a")])
@pytest.mark.parametrize("carries", [(), ("c",)])
def test_a_county_takes_a_towns_part_back_and_its_own_goes_on_unchanged(
    ends: tuple[str, ...], carries: tuple[str, ...]
) -> None:
    """The town's value and level are in the county's already, so they are not added to them."""
    given(PARTS, *BROKEN_DOWN).when(handing(ends, Opening("a2", "a", carries))).then(BACK)
    after = state(PARTS, *BROKEN_DOWN, BACK)
    assert [part.id for part in after.directly_below(None, JULY)] == ["b1", "a2"]
    assert [part.id for part in after.directly_below("a2", JULY)] == ["d1"]


def test_a_town_that_moved_to_another_county_is_given_its_part_anew_once_the_first_took_it_back() -> None:
    town = Unit("c", "town", NEW_YEAR)
    command = BreakDown("c2", 2009, "roads", "b", "c", "15", JULY)
    target = Target("t1", "cumulative", "higher", NEW_YEAR)
    anew = AssignmentMade(
        assignment="c2", target="t1", unit="c", role="supporting", value="15", valid_from=JULY, below="b1"
    )
    given(PARTS, *BROKEN_DOWN, BACK).when(
        lambda parts: break_down(
            command, parts, aim=AIM, target=target, above=UNITS["b"], unit=town, under=lambda _: {"c"}
        )
    ).then(anew)


def test_a_towns_part_still_goes_to_nobody_else_than_a_unit_below_its_county() -> None:
    given(PARTS, *BROKEN_DOWN).when(
        handing(("c",), Opening("e2", "e", ()), units={**UNITS, "e": Unit("e", "town", NEW_YEAR)})
    ).refuses(UnitIsNotBelow)
    given(PARTS, *BROKEN_DOWN).when(handing(("c", "b"), Opening("b2", "b", ()))).refuses(WholesDiffer)


amounts = st.decimals(min_value="0.000000000001", max_value=10**15, places=12).map(text)


@for_all(st.lists(amounts, min_size=1, max_size=4), st.lists(amounts, min_size=1, max_size=4), amounts)
def test_a_hand_over_is_refused_exactly_when_the_exact_sum_falls_short(
    before: list[str], after: list[str], reserve: str
) -> None:
    ends = [made(f"u{n}", value, "supporting" if n else "lead") for n, value in enumerate(before)]
    opens = [opening(f"v{n}", value, "supporting" if n else "lead") for n, value in enumerate(after)]
    units = {code: Unit(code, "county", NEW_YEAR) for code in (*(f"u{n}" for n in range(4)), *(o.unit for o in opens))}
    decide = handing(tuple(f"u{n}" for n in range(len(before))), *opens, units=units, reserve=reserve, reason="预留")
    missing = CONTEXT.subtract(total(before), total([*after, reserve]))
    if missing > 0:
        given(PARTS, *ends).when(decide).refuses(ValueIsLost, missing=text(missing))
    else:
        [fact] = decide(state(PARTS, *ends))
        assert isinstance(fact.data, AssignmentHandedOver)
        assert [part.value for part in fact.data.opens] == after


def hands(city: Office, body: dict[str, Any], unit: str = "transport", **headers: str) -> Any:
    path, sent = f"{ROADS}/assignments", {"effective_on": "2009-07-01"} | body
    return city.post(f"{path}/{unit}/hand-overs", sent, headers=headers or city.seen(path))


@pytest.fixture
def parted(city: Office) -> Office:
    city.clock("2009-08-12T10:00:00+08:00")
    city.issues()
    for code in ("east", "west"):
        city.registers(code, kind="county")
    assert city.assigns("transport", value="40").status_code == 201
    assert city.assigns("county", "supporting", value="20").status_code == 201
    return city


def test_two_counties_merge_and_the_successor_has_both_parts(parted: Office) -> None:
    old = [part["id"] for part in parted.get(f"{ROADS}/assignments").json()["items"]]
    handed = hands(parted, {"together_with": ["county"], "successor": "east", "carries_levels": True})
    assert handed.status_code == 201, handed.text
    *ended, new = parted.get(f"{ROADS}/assignments").json()["items"]
    assert [part["valid_until"] for part in ended] == ["2009-07-01"] * 2
    assert (new["id"], new["unit"], new["role"], new["value"]) == (handed.json()["id"], "east", "lead", "60")
    assert (sorted(new["follows"]), sorted(new["carries"])) == (sorted(old), sorted(old))


def test_a_part_is_split_among_several(parted: Office) -> None:
    body = {"successors": [{"unit": "east", "role": "lead", "value": "25", "carries": ["transport"]},
                           {"unit": "west", "role": "supporting", "value": "14"}]}  # fmt: skip
    short = hands(parted, body)
    assert code_of(short) == (409, "VALUE_IS_LOST")
    assert short.json()["about"] == {"ended": "40", "opened": "39", "reserve": "0", "missing": "1"}
    assert len(parted.get(f"{ROADS}/assignments").json()["items"]) == 2
    assert hands(parted, body | {"reserve": "1", "reason": "机动"}).status_code == 201
    parts = parted.get(f"{ROADS}/assignments").json()["items"]
    assert [(part["unit"], part["value"]) for part in parts if part["valid_from"] == "2009-07-01"] == [
        ("east", "25"), ("west", "14"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"successor": "east"},
        {"carries_levels": True, "successors": [{"unit": "east", "role": "lead"}]},
        {"successor": "east", "carries_levels": True, "successors": [{"unit": "east", "role": "lead"}]},
    ],
)
def test_who_follows_is_said_in_one_way(parted: Office, body: dict[str, Any]) -> None:
    refused = hands(parted, body)
    assert (code_of(refused), pointers(refused)) == ((422, "SUCCESSORS_NOT_CLEAR"), ["/successor"])


def test_two_clerks_at_one_targets_parts_do_not_overwrite_each_other(parted: Office) -> None:
    read = parted.get(f"{ROADS}/assignments").headers["ETag"]
    body = {"successor": "east", "carries_levels": True}
    assert hands(parted, body, **{"If-Match": read}).status_code == 201
    late = hands(parted, {"successor": "west", "carries_levels": True}, "county", **{"If-Match": read})
    assert code_of(late) == (412, "VERSION_CONFLICT")
    unread = parted.post(f"{ROADS}/assignments/county/hand-overs", body | {"effective_on": "2009-07-01"})
    assert code_of(unread) == (428, "IF_MATCH_MISSING")
    assert late.json()["about"]["current"] == int(read.strip('"')) + 1
    assert "west" not in parted.get(f"{ROADS}/assignments").text
    part = {"unit": "west", "role": "supporting", "valid_from": "2009-08-01"}
    late = parted.post(f"{YEAR}/targets/roads/assignments", part, headers={"If-Match": read})
    assert code_of(late) == (412, "VERSION_CONFLICT")
