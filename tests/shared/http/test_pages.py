from datetime import date

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from shared.http.pages import MAX_POSITION, CursorInvalid, Page, PageAsked, Place, next_cursor

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
places = st.builds(
    Place,
    position=st.integers(0, MAX_POSITION),
    key=st.lists(st.one_of(texts, st.integers(-MAX_POSITION, MAX_POSITION)), min_size=1, max_size=4).map(tuple),
    as_of=st.none() | st.dates(),
)


@given(texts, places)
def test_a_cursor_keeps_its_position_date_and_key(of: str, place: Place) -> None:
    assert PageAsked(100, next_cursor(of, place)).place(of) == place


@given(texts, texts, places)
def test_a_cursor_of_another_list_is_refused(of: str, other: str, place: Place) -> None:
    if of != other:
        with pytest.raises(CursorInvalid) as refused:
            PageAsked(100, next_cursor(of, place)).place(other)
        assert refused.value.faults[0].pointer == "/query/cursor"


@given(st.text(max_size=200))
def test_text_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(CursorInvalid):
        PageAsked(100, text).place("targets")


@given(places, st.data())
def test_a_tampered_cursor_is_refused(place: Place, data: st.DataObject) -> None:
    text = next_cursor("targets", place)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_").filter(lambda letter: letter != text[at]))
    with pytest.raises(CursorInvalid):
        PageAsked(100, text[:at] + other + text[at + 1 :]).place("targets")


def test_a_walk_through_pages_sees_every_item_once_at_one_position(app: FastAPI, client: TestClient) -> None:
    known = [f"T-{number:02}" for number in range(25)]
    position = 7

    @app.get("/targets")
    def targets(page: Page) -> dict[str, object]:
        place = page.place("targets") or Place(position, ("",), date(2009, 7, 31))
        found = [code for code in known if (code,) > place.key][: page.limit + 1]
        more = len(found) > page.limit
        items = found[: page.limit]
        following = next_cursor("targets", Place(place.position, (items[-1],), place.as_of)) if more else None
        return {"items": items, "next_cursor": following, "position": place.position}

    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get("/targets", params={"limit": 10} | ({"cursor": cursor} if cursor else {})).json()
        position += 1
        assert answer["position"] == 7
        seen += answer["items"]
        cursor = answer["next_cursor"]
    assert seen == known


@pytest.mark.parametrize(("query", "status"), [("", 200), ("limit=1", 200), ("limit=1000", 200), ("limit=0", 422)])
def test_the_limit_has_bounds(app: FastAPI, client: TestClient, query: str, status: int) -> None:
    @app.get("/targets")
    def targets(page: Page) -> int:
        return page.limit

    assert client.get(f"/targets?{query}").status_code == status
    assert client.get("/targets").json() == 100
    answer = client.get("/targets?limit=1001")
    assert answer.json()["errors"][0]["pointer"] == "/query/limit"
