"""What people say where the rule of alignment cannot: matches confirmed and revoked, decisions, and what changed."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from httpx2 import Response
from msgspec.structs import replace

from services.targets.alignment import align
from services.targets.alignment_decisions import (
    ConfirmMatch,
    DecideOutcome,
    confirm_match,
    decide_outcome,
    decisions_stream,
    holds,
    revoke_match,
)
from services.targets.errors.alignments import (
    ChoiceHasNoValue,
    IndicatorIsUnknown,
    MatchedAlready,
    MatchUnknown,
    NothingToDecide,
    NothingToMatch,
    OtherValueMissing,
    OtherValueNotWanted,
)
from services.targets.errors.targets import UnitOfMeasureIsUnknown
from shared.contracts.targets import AlignmentDecided, AlignmentMatchConfirmed, AlignmentMatchRevoked
from shared.registry import Registry, changes, rows
from tests.services.targets.catalogues import item
from tests.services.targets.conftest import YEAR, Office
from tests.services.targets.ruling import given
from tests.services.targets.test_catalogues_over_http import ALIGNMENTS, body, imports
from tests.services.targets.test_targets_over_http import code_of

STREAM = decisions_stream(2009)
ALONE = align([item("rural", code="p-1"), item("both", code="p-2")], [item("county", code="c-1"), item("both")])
MATCHED = AlignmentMatchConfirmed(match="m1", year=2009, province="rural", city="county")
REVOKED = AlignmentMatchRevoked(match="m1", reason="口径不同")
GROWTH = align([item("gdp", code="p", value="8", unit_of_measure="percent", basis="growth")], [item("gdp", code="c")])


def confirming(province: str = "rural", city: str = "county") -> Any:
    return partial(confirm_match, ConfirmMatch("m1", 2009, province, city), outcomes=ALONE)


def test_two_indicators_that_stand_alone_can_be_matched() -> None:
    given(STREAM).when(confirming()).then(MATCHED)


def test_only_what_stands_alone_in_the_run_can_be_matched() -> None:
    given(STREAM).when(confirming(province="nowhere")).refuses(IndicatorIsUnknown, "/province")
    given(STREAM).when(confirming(city="nowhere")).refuses(IndicatorIsUnknown, "/city")
    given(STREAM).when(confirming(province="both")).refuses(NothingToMatch, "/province")
    given(STREAM).when(confirming(city="both")).refuses(NothingToMatch, "/city")
    given(STREAM).when(confirming(province="county")).refuses(NothingToMatch, "/province")


def test_an_indicator_is_matched_once_until_that_is_revoked() -> None:
    given(STREAM, MATCHED).when(confirming()).refuses(MatchedAlready, province="rural", city="county")
    given(STREAM, MATCHED, REVOKED).when(confirming()).then(MATCHED)
    given(STREAM, MATCHED).when(partial(revoke_match, "m1", "口径不同")).then(REVOKED)
    given(STREAM, MATCHED, REVOKED).when(partial(revoke_match, "m1", "口径不同")).refuses(MatchUnknown)


def deciding(choice: str = "province", outcomes: Any = GROWTH, **more: Any) -> Any:
    told = {"indicator": "gdp", "value": None, "unit_of_measure": None} | more
    command = DecideOutcome("d1", 2009, choice=choice, reason="以省为准", **told)  # type: ignore[arg-type]
    return lambda _: decide_outcome(command, outcomes)


def decided(choice: str, value: str, unit_of_measure: str) -> AlignmentDecided:
    return AlignmentDecided(
        decision="d1", year=2009, indicator="gdp", province=GROWTH[0].province, city=GROWTH[0].city,  # type: ignore[arg-type]
        choice=choice, value=value, unit_of_measure=unit_of_measure, reason="以省为准",  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_person_chooses_either_side_or_another_value() -> None:
    given(STREAM).when(deciding()).then(decided("province", "8", "percent"))
    given(STREAM).when(deciding("city")).then(decided("city", "60", "km"))
    given(STREAM).when(deciding("other", value="62.0", unit_of_measure="km")).then(decided("other", "62", "km"))


def test_a_decision_is_complete_and_only_where_one_is_needed() -> None:
    given(STREAM).when(deciding("other", value="62")).refuses(OtherValueMissing, "/value")
    given(STREAM).when(deciding("other", unit_of_measure="km")).refuses(OtherValueMissing, "/value")
    given(STREAM).when(deciding("other", value="62", unit_of_measure="league")).refuses(
        UnitOfMeasureIsUnknown, "/unit_of_measure"
    )
    given(STREAM).when(deciding("city", value="62")).refuses(OtherValueNotWanted, "/value")
    given(STREAM).when(deciding(indicator="nowhere")).refuses(IndicatorIsUnknown, "/indicator")
    given(STREAM).when(deciding(outcomes=ALONE, indicator="both")).refuses(
        NothingToDecide, "/indicator", outcome="CITY_STRICTER_KEPT"
    )


def test_a_side_without_anything_cannot_be_chosen() -> None:
    text = align([item("gdp", code="p")], [item("gdp", code="c", kind="qualitative", value=None, unit_of_measure=None,
                                                text=None)])  # fmt: skip
    given(STREAM).when(deciding("city", outcomes=text)).refuses(ChoiceHasNoValue, "/choice")


def test_a_decision_holds_only_for_the_inputs_it_was_taken_on() -> None:
    (change,) = changes(decided("city", "60", "km"), "actor", Registry())
    assert isinstance(change.row, rows.AlignmentDecision)
    assert holds(change.row, GROWTH[0])
    stricter = align([item("gdp", code="p", value="9", unit_of_measure="percent", basis="growth")],
                     [item("gdp", code="c")])  # fmt: skip
    assert not holds(change.row, stricter[0])
    assert not holds(change.row, replace(GROWTH[0], indicator="other"))


# Over HTTP

PROVINCE = [
    body("rural", code="p-1", name={"zh": "改造县乡公路里程"}, value="61"),
    body("gdp", code="p-2", name={"zh": "生产总值"}, value="8", unit_of_measure="percent", basis="growth"),
    body("jobs", code="p-3", name={"zh": "新增就业"}),
]
CITY = [
    body("county", code="c-1", name={"zh": "改造县乡公路"}),
    body("gdp", code="c-2", name={"zh": "生产总值"}),
    body("parks", code="c-3", name={"zh": "公园"}),
]


def runs(city: Office, province: Response, ours: Response) -> str:
    made = city.post(ALIGNMENTS, {"province": province.json()["id"], "city": ours.json()["id"]})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


@pytest.fixture
def catalogues(city: Office) -> tuple[Response, Response]:
    """Both catalogues, in their first editions."""
    return imports(city, "province", PROVINCE), imports(city, "city", CITY)


def outcome(city: Office, run: str, indicator: str, **query: Any) -> dict[str, Any]:
    items = city.get(f"{ALIGNMENTS}/{run}", **query).json()["items"]
    found: dict[str, Any] = next(each for each in items if each["indicator"] == indicator)
    return found


def test_a_likely_match_is_proposed_confirmed_and_taken_up_by_the_next_run(
    city: Office, catalogues: tuple[Response, Response]
) -> None:
    first = runs(city, *catalogues)
    [proposed] = city.get(f"{ALIGNMENTS}/{first}/proposals").json()["items"]
    assert (proposed["province"]["indicator"], proposed["city"]["indicator"]) == ("rural", "county")
    match = {"alignment": first, "province": "rural", "city": "county"}
    confirmed = city.post(f"{YEAR}/alignment-matches", match)
    assert confirmed.status_code == 201, confirmed.text
    assert code_of(city.post(f"{YEAR}/alignment-matches", match)) == (409, "MATCHED_ALREADY")

    second = runs(city, *catalogues)
    changes = city.get(f"{ALIGNMENTS}/{second}/changes", since=first).json()["items"]
    assert [(each["indicator"], each["change"]) for each in changes] == [("county", "removed"), ("rural", "changed")]
    after = changes[1]["after"]
    assert (after["reason"], after["value"], after["city_indicator"]) == ("RAISED_TO_PROVINCE", "61", "county")

    path = f"{YEAR}/alignment-matches/{confirmed.json()['id']}/revocations"
    seen = city.seen(f"{YEAR}/alignment-matches")
    assert city.post(path, {"reason": "口径不同"}, headers=seen).status_code == 201
    [listed] = city.get(f"{YEAR}/alignment-matches").json()["items"]
    assert (listed["province"], listed["city"], listed["revoked"]) == ("rural", "county", True)
    third = runs(city, *catalogues)
    assert city.get(f"{ALIGNMENTS}/{third}/changes", since=first).json()["items"] == []


def test_what_could_not_be_compared_is_decided_until_an_edition_changes_it(
    city: Office, catalogues: tuple[Response, Response]
) -> None:
    first = runs(city, *catalogues)
    before = city.get(f"{ALIGNMENTS}/{first}").json()
    assert before["totals"]["undecided"] == 1
    decision = {"indicator": "gdp", "choice": "province", "reason": "以省为准"}
    assert city.post(f"{ALIGNMENTS}/{first}/decisions", decision).status_code == 201

    now = city.get(f"{ALIGNMENTS}/{first}").json()
    assert now["totals"]["undecided"] == 0
    gdp = outcome(city, first, "gdp")
    assert (gdp["reason"], gdp["value"], gdp["decision"]["choice"]) == ("NEEDS_DECISION", "8", "province")
    then = outcome(city, first, "gdp", known_at=f"position:{before['pin']['position']}")
    assert (then["value"], then["decision"]) == (None, None)
    assert outcome(city, runs(city, *catalogues), "gdp")["decision"] == gdp["decision"]

    stricter = imports(city, "province", [PROVINCE[0], PROVINCE[1] | {"value": "9"}], edition=2)
    second = runs(city, stricter, catalogues[1])
    assert outcome(city, second, "gdp")["decision"] is None
    changes = city.get(f"{ALIGNMENTS}/{second}/changes", since=first).json()["items"]
    assert [(each["indicator"], each["change"]) for each in changes] == [("gdp", "changed"), ("jobs", "removed")]
    assert code_of(city.post(f"{ALIGNMENTS}/{second}/decisions", decision | {"indicator": "rural"})) == (
        409, "NOTHING_TO_DECIDE",
    )  # fmt: skip


def test_an_alignment_that_is_not_there_has_nothing_to_match_or_decide(city: Office) -> None:
    nowhere = "0190b2d6-4a00-7000-8000-000000000001"
    match = {"alignment": nowhere, "province": "rural", "city": "county"}
    decision = {"indicator": "gdp", "choice": "province", "reason": "以省为准"}
    assert code_of(city.post(f"{YEAR}/alignment-matches", match)) == (404, "ALIGNMENT_UNKNOWN")
    assert code_of(city.post(f"{ALIGNMENTS}/{nowhere}/decisions", decision)) == (404, "ALIGNMENT_UNKNOWN")
    assert code_of(city.get(f"{ALIGNMENTS}/{nowhere}/proposals")) == (404, "ALIGNMENT_UNKNOWN")
