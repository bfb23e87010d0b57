"""The city's own layer over its catalogue; editions that are compared; and that both survive a new edition."""

from __future__ import annotations

import pytest

from services.targets.additions import Additions, additions_stream, make_addition, withdraw_addition
from services.targets.errors.catalogues import AdditionFaulty, AdditionTaken, AdditionUnknown
from shared.admission.errors import YearIsNotOpen
from shared.contracts.catalogues import CatalogueAdditionMade, CatalogueAdditionWithdrawn
from tests.services.targets.catalogues import item
from tests.services.targets.conftest import YEAR, Office
from tests.services.targets.ruling import given
from tests.services.targets.test_catalogues_over_http import ALIGNMENTS, CATALOGUES, body, imports
from tests.services.targets.test_targets_over_http import code_of

ID = "018f3a3e-0000-7000-8000-000000000001"
MADE = CatalogueAdditionMade(addition=ID, year=2009, item=item("parks", code="own"))
STREAM = additions_stream(2009)


def test_an_addition_counts_until_it_is_withdrawn() -> None:
    given(STREAM).when(lambda those: make_addition(ID, 2009, MADE.item, those, year_open=True)).then(MADE)
    given(STREAM, MADE).when(lambda those: withdraw_addition(ID, "重复", those)).then(
        CatalogueAdditionWithdrawn(addition=ID, reason="重复")
    )
    gone = CatalogueAdditionWithdrawn(addition=ID, reason="重复")
    given(STREAM, MADE, gone).when(lambda those: withdraw_addition(ID, "重复", those)).refuses(AdditionUnknown)
    given(STREAM, MADE, gone).when(lambda those: make_addition(ID, 2009, MADE.item, those, year_open=True)).then(MADE)


@pytest.mark.parametrize(
    ("added", "pointer"), [(item("parks", code="other"), "/indicator"), (item("other", code="own"), "/code")]
)
def test_nothing_is_added_twice(added, pointer: str) -> None:  # type: ignore[no-untyped-def]
    given(STREAM, MADE).when(lambda those: make_addition("2", 2009, added, those, year_open=True)).refuses(
        AdditionTaken, pointer, code="own", indicator="parks"
    )


def test_an_addition_keeps_the_rules_of_a_catalogue_and_needs_an_open_year() -> None:
    faulty = item("parks", code="own", unit_of_measure="furlong")
    given(STREAM).when(lambda those: make_addition(ID, 2009, faulty, those, year_open=True)).refuses(
        AdditionFaulty, "/item/unit_of_measure"
    )
    given(STREAM).when(lambda those: make_addition(ID, 2009, MADE.item, those, year_open=False)).refuses(YearIsNotOpen)


def test_what_the_edition_has_itself_covers_an_addition() -> None:
    own = Additions({ID: MADE.item})
    assert own.over([item("roads", code="c-1")]) == [item("roads", code="c-1"), MADE.item]
    for edition in ([item("parks", code="c-1")], [item("roads", code="own")]):
        assert own.over(edition) == edition


# Over HTTP


def test_an_addition_survives_a_new_edition_until_the_edition_has_it_itself(city: Office) -> None:
    province = imports(city, "province", [body("parks", code="p-1", value="61")]).json()["id"]
    first = imports(city, "city", [body("roads", code="c-1")]).json()["id"]
    added = city.post(f"{YEAR}/catalogue-additions", {"item": body("parks", code="own")})
    assert added.status_code == 201, added.text

    def outcomes(edition: str) -> dict[str, str]:
        run = city.post(ALIGNMENTS, {"province": province, "city": edition})
        assert run.status_code == 201, run.text
        shown = city.get(f"{ALIGNMENTS}/{run.json()['id']}").json()["items"]
        return {each["indicator"]: f"{each['reason']} {(each['city'] or {}).get('code')}" for each in shown}

    assert outcomes(first) == {"parks": "RAISED_TO_PROVINCE own", "roads": "CITY_ONLY c-1"}
    second = imports(city, "city", [body("roads", code="c-1", value="70")], edition=2).json()["id"]
    assert outcomes(second) == {"parks": "RAISED_TO_PROVINCE own", "roads": "CITY_ONLY c-1"}
    listed = city.get(f"{YEAR}/catalogue-additions").json()
    assert [(each["item"]["code"], each["covered_by"]) for each in listed["items"]] == [("own", None)]

    third = imports(city, "city", [body("parks", code="c-2", value="62")], edition=3).json()["id"]
    assert outcomes(third) == {"parks": "CITY_STRICTER_KEPT c-2"}
    [covered] = city.get(f"{YEAR}/catalogue-additions").json()["items"]
    assert covered["covered_by"] == third

    path = f"{YEAR}/catalogue-additions/{added.json()['id']}/withdrawals"
    for code in (201, 404):
        seen = city.seen(f"{YEAR}/catalogue-additions")
        assert city.post(path, {"reason": "已列入"}, headers=seen).status_code == code
    assert outcomes(first) == {"parks": "ADDED_FROM_PROVINCE None", "roads": "CITY_ONLY c-1"}
    [gone] = city.get(f"{YEAR}/catalogue-additions").json()["items"]
    assert (gone["withdrawn"], gone["withdrawal"], gone["covered_by"]) == (True, "已列入", None)
    assert city.get(f"{YEAR}/catalogue-additions", known_at=f"position:{listed['pin']['position']}").json() == listed


def test_an_addition_with_faults_is_refused_with_each_at_its_pointer(city: Office) -> None:
    refused = city.post(f"{YEAR}/catalogue-additions", {"item": body("parks", unit_of_measure="furlong")})
    assert code_of(refused) == (422, "ADDITION_FAULTY")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/item/unit_of_measure"]
    assert city.get(f"{YEAR}/catalogue-additions").json()["items"] == []


def test_an_edition_is_found_by_its_content_and_the_same_content_is_no_new_edition(city: Office) -> None:
    first = imports(city, "city", [body("roads")]).json()["id"]
    [shown] = city.get(CATALOGUES).json()["items"]
    assert code_of(imports(city, "city", [body("roads")], key="again")) == (409, "EDITION_UNCHANGED")
    imports(city, "province", [body("roads")])
    imports(city, "city", [body("roads", value="61")], key="second")
    found = city.get(CATALOGUES, sha256=shown["sha256"]).json()["items"]
    assert [(each["issuer"], each["edition"]) for each in found] == [("city", 1), ("province", 1)]
    found = city.get(CATALOGUES, sha256=shown["sha256"], issuer="city").json()["items"]
    assert [each["id"] for each in found] == [first]
    assert imports(city, "city", [body("roads")], key="back").status_code == 201


def test_two_editions_are_compared_item_by_item(city: Office) -> None:
    rows = [body("roads", code="a"), body("parks", code="b"), body("wells", code="c")]
    first = imports(city, "city", rows).json()["id"]
    later = [body("roads", code="a"), body("parks", code="b", value="61", weight="2"), body("jobs", code="d")]
    second = imports(city, "city", later, key="second").json()["id"]
    changes = city.get(f"{CATALOGUES}/{second}/changes", since=first).json()["items"]
    assert [(each["code"], each["change"], each["changed"]) for each in changes] == [
        ("b", "changed", ["value", "weight"]), ("c", "removed", []), ("d", "added", []),
    ]  # fmt: skip
    assert (changes[0]["before"]["value"], changes[0]["after"]["value"]) == ("60", "61")
    assert city.get(f"{CATALOGUES}/{first}/changes", since=first).json()["items"] == []
    nowhere = "00000000-0000-7000-8000-000000000000"
    assert code_of(city.get(f"{CATALOGUES}/{first}/changes", since=nowhere)) == (404, "CATALOGUE_UNKNOWN")
