"""Who holds which post in which unit, and since when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from services.targets.errors.organisation import (
    PersonHasPost,
    PersonIsErased,
    PersonIsUnknown,
    PostEndsBeforeItBegins,
    PostIsHeld,
    PostIsLeft,
    PostUnknown,
    UnitIsNotValid,
    UnitUnknown,
)
from services.targets.person import Known
from services.targets.post import Posts, TakePost, leave_post, posts_stream, take_post
from services.targets.unit import Unit
from shared.contracts.organisation import PostKind, PostLeft, PostTaken
from shared.deciding import Fact
from tests.services.targets.conftest import CITY, Office
from tests.services.targets.ruling import given
from tests.services.targets.test_targets_over_http import code_of, pointers
from tests.services.targets.test_units_over_http import change

NEW_YEAR, JULY, OCTOBER = date(2009, 1, 1), date(2009, 7, 1), date(2009, 10, 1)
STREAM = posts_stream("transport")
TRANSPORT = Unit("t", "department", NEW_YEAR, OCTOBER, "transport")
LEADER = PostTaken(post="l", person="zhang", unit="t", kind="leader", valid_from=NEW_YEAR)


def taking(
    person: str = "li", kind: PostKind = "leader", on: date = JULY, known: Known = Known.REGISTERED,
    unit: Unit = TRANSPORT,
) -> Callable[[Posts], Sequence[Fact]]:  # fmt: skip
    command = TakePost("n", "transport", person, kind, on)
    return lambda posts: take_post(command, posts, unit=unit, person=known)


def leaving(on: date, post: str = "l") -> Callable[[Posts], Sequence[Fact]]:
    return lambda posts: leave_post(post, on, posts)


def test_a_unit_has_one_leader_at_a_time() -> None:
    taken = PostTaken(post="n", person="li", unit="t", kind="leader", valid_from=JULY)
    given(STREAM).when(taking()).then(taken)
    given(STREAM, LEADER).when(taking()).refuses(PostIsHeld, "/kind", post="l", person="zhang")
    given(STREAM, LEADER, PostLeft(post="l", on=OCTOBER)).when(taking()).refuses(PostIsHeld, "/kind")
    given(STREAM, LEADER, PostLeft(post="l", on=JULY)).when(taking()).then(taken)
    later = PostTaken(post="l", person="zhang", unit="t", kind="leader", valid_from=OCTOBER)
    given(STREAM, later).when(taking()).refuses(PostIsHeld, "/kind")


def test_a_unit_may_have_several_deputies_and_liaisons_but_each_person_once() -> None:
    for kind in ("deputy", "liaison"):
        other = PostTaken(post="l", person="zhang", unit="t", kind=kind, valid_from=NEW_YEAR)
        taken = PostTaken(post="n", person="li", unit="t", kind=kind, valid_from=JULY)
        given(STREAM, LEADER, other).when(taking(kind=kind)).then(taken)
        given(STREAM, other).when(taking("zhang", kind)).refuses(PersonHasPost, "/person", post="l")


def test_a_post_is_taken_by_a_known_person_in_a_standing_unit() -> None:
    given(STREAM).when(taking(known=Known.UNKNOWN)).refuses(PersonIsUnknown, "/person")
    given(STREAM).when(taking(known=Known.ERASED)).refuses(PersonIsErased, "/person")
    given(STREAM).when(taking(unit=Unit())).refuses(UnitUnknown)
    for day in (date(2008, 12, 31), OCTOBER):
        given(STREAM).when(taking(on=day)).refuses(UnitIsNotValid, "/unit")


def test_a_post_is_left_once_and_after_it_was_taken() -> None:
    given(STREAM, LEADER).when(leaving(JULY)).then(PostLeft(post="l", on=JULY))
    given(STREAM, LEADER).when(leaving(JULY, "other")).refuses(PostUnknown)
    given(STREAM, LEADER).when(leaving(NEW_YEAR)).refuses(PostEndsBeforeItBegins, "/effective_on")
    given(STREAM, LEADER, PostLeft(post="l", on=JULY)).when(leaving(OCTOBER)).refuses(PostIsLeft, left_on=JULY)


def takes(city: Office, unit: str, person: str, **changes: object) -> str:
    body = {"person": person, "kind": "leader", "valid_from": "2009-01-01"} | changes
    taken = city.post(f"{CITY}/units/{unit}/posts", body, who="admin")
    assert taken.status_code == 201, taken.text
    return str(taken.json()["id"])


def person(city: Office, name: str) -> str:
    return str(city.post(f"{CITY}/persons", {"name": name}, who="admin").json()["id"])


def held(city: Office, **query: str) -> list[tuple[str, str, str | None]]:
    items = city.get(f"{CITY}/posts", held="true", **query).json()["items"]
    return [(post["unit"], post["kind"], post["name"]) for post in items]


def test_the_posts_of_a_date_are_told_and_names_can_be_erased(city: Office, tokens: Callable[..., str]) -> None:
    city.clock("2009-12-31T10:00:00+08:00")
    zhang, li = person(city, "张三"), person(city, "李四")
    post = takes(city, "transport", zhang)
    takes(city, "county", li, kind="liaison")
    path, seen = f"{CITY}/units/transport/posts/{post}/departures", city.seen(f"{CITY}/posts", unit="transport")
    left = city.post(path, {"effective_on": "2009-07-01"}, who="admin", headers=seen)
    assert left.status_code == 201, left.text
    takes(city, "transport", li, valid_from="2009-07-01")
    county = ("county", "liaison", "李四")
    assert held(city, as_of="2009-06-30") == [county, ("transport", "leader", "张三")]
    assert held(city, as_of="2009-07-01") == [county, ("transport", "leader", "李四")]
    assert held(city, kind="leader", unit="county") == []
    assert len(city.get(f"{CITY}/posts", unit="transport").json()["items"]) == 2
    city.post(f"{CITY}/persons/{zhang}", None, who="admin", method="DELETE")
    assert held(city, as_of="2009-06-30")[1] == ("transport", "leader", "erased")
    own = tokens("unit", unit="transport", scope="own")
    assert held(city, token=own) == [("transport", "leader", None)]


def test_posts_end_with_their_unit(city: Office) -> None:
    city.clock("2009-12-31T10:00:00+08:00")
    takes(city, "county", person(city, "张三"))
    assert change(city, "county", "endings", effective_on="2009-07-01").status_code == 201
    [post] = city.get(f"{CITY}/posts").json()["items"]
    assert post["valid_until"] == "2009-07-01"
    assert held(city) == []


def test_posts_that_are_refused(city: Office) -> None:
    path, nobody = f"{CITY}/units/transport/posts", "00000000-0000-7000-8000-000000000000"
    zhang = person(city, "张三")
    body = {"person": zhang, "kind": "leader", "valid_from": "2009-01-01"}
    unknown = city.post(path, body | {"person": nobody}, who="admin")
    assert (code_of(unknown), pointers(unknown)) == ((422, "PERSON_IS_UNKNOWN"), ["/person"])
    assert pointers(city.post(path, body | {"kind": "king", "person": "x"}, who="admin")) == ["/person", "/kind"]
    assert code_of(city.post(f"{CITY}/units/nobody/posts", body, who="admin")) == (404, "UNIT_UNKNOWN")
    post = takes(city, "transport", zhang)
    other = city.post(path, body | {"person": person(city, "李四")}, who="admin")
    assert (code_of(other), other.json()["about"]["post"]) == ((409, "POST_IS_HELD"), post)
    assert code_of(city.post(path, body, who="admin")) == (409, "PERSON_HAS_POST")
    seen = city.seen(f"{CITY}/posts", unit="transport")
    left = city.post(f"{path}/{nobody}/departures", {"effective_on": "2009-07-01"}, who="admin", headers=seen)
    assert code_of(left) == (404, "POST_UNKNOWN")
    assert city.post(path, body).status_code == 403
