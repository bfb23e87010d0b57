"""Posts in units: taken, left, and who holds them on a date."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from services.targets.api.asking import earliest, lasts_on, page_of, stream_version, unit_that_stands
from services.targets.api.persons import SEES_PERSONS
from services.targets.api.shapes import ADMIN, Body, UnitCode, UuidStr, example
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
from services.targets.person import person_stream
from services.targets.post import TakePost, leave_post, posts_stream, take_post
from services.targets.tables import names_of
from shared.contracts.organisation import PostKind, PostLeft, PostTaken
from shared.event_log.ids import uuid7
from shared.http.answers import asking, changed, commanded
from shared.http.asking import Asked, AskedDep, View
from shared.http.fields import Flag, StrictDate
from shared.http.ordering import ChangingDep, OrderingDep, Recorded
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt
from shared.http.preconditions import etag
from shared.registry import ALWAYS

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}", tags=["targets"])

PostId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="Id of the post.")]


class PostBody(Body):
    """A registered person (its id) holds the post from `valid_from` on. A unit has one leader at a time."""

    model_config = example(
        {"person": "0190b2d6-4a00-7000-8000-000000000001", "kind": "leader", "valid_from": "2009-01-01"}
    )

    person: UuidStr
    kind: PostKind
    valid_from: StrictDate


class DepartureBody(Body):
    """The holder's last day in the post is the one before `effective_on`."""

    model_config = example({"effective_on": "2009-07-01"})

    effective_on: StrictDate


class PostShown(BaseModel):
    """A person in a post of a unit for [valid_from, valid_until); a post lasts no longer than its unit.

    `name` is kept apart from the log: `erased` once it has been erased, and null unless you may see persons' names.
    """

    id: str
    unit: str
    kind: PostKind
    person: str
    name: str | None
    valid_from: date
    valid_until: date | None


class PostList(BaseModel):
    """Posts by unit, kind and first day."""

    items: list[PostShown]
    next_cursor: str | None
    pin: StandsAt


@router.post(
    "/units/{unit}/posts",
    status_code=201,
    responses=commanded(UnitUnknown, UnitIsNotValid, PersonIsUnknown, PersonIsErased, PostIsHeld, PersonHasPost),
)
async def take_unit_post(unit: UnitCode, body: PostBody, ordering: OrderingDep) -> Recorded:
    """Record who holds a post in a unit from a day on. Administrators only."""
    role = ordering.permit_whole(*ADMIN)
    command = TakePost(uuid7(), unit, body.person, body.kind, body.valid_from)
    done = await ordering.execute(
        role,
        posts_stream(unit),
        lambda posts, look: take_post(
            command, posts, unit=unit_that_stands(look, unit), person=look.at(person_stream(body.person))
        ),
    )
    fact = done.facts[0]
    assert isinstance(fact, PostTaken)
    return ordering.recorded(fact.post, done)


@router.post(
    "/units/{unit}/posts/{post}/departures",
    status_code=201,
    responses=changed(PostUnknown, PostIsLeft, PostEndsBeforeItBegins),
)
async def leave_unit_post(unit: UnitCode, post: PostId, body: DepartureBody, ordering: ChangingDep) -> Recorded:
    """Record that a post is left on a day. Administrators only; needs the ETag of the unit's posts."""
    role = ordering.permit_whole(*ADMIN)
    done = await ordering.execute(role, posts_stream(unit), lambda posts, _: leave_post(post, body.effective_on, posts))
    fact = done.facts[0]
    assert isinstance(fact, PostLeft)
    return ordering.recorded(fact.post, done)


@router.get("/posts", responses=asking(CursorInvalid))
def list_posts(
    asked: AskedDep,
    page: Page,
    unit: Annotated[str | None, Query(description="Only in the unit of this code.")] = None,
    kind: Annotated[PostKind | None, Query(description="Only posts of this kind.")] = None,
    held: Annotated[Flag | None, Query(description="Only those held on `as_of`, or not held then.")] = None,
) -> PostList:
    """The posts in units within your scope, past and future ones included, unless `held` says otherwise.

    With `unit`, the ETag is that of all its posts, which a departure must match.
    """

    def found(view: View) -> list[tuple[tuple[str, str, str, str], PostShown]]:
        wanted, scope = view.registry.unit_id(unit) if unit is not None else None, asked.units(view.registry)
        if unit is not None:
            asked.response.headers["ETag"] = etag(stream_version(view, posts_stream(unit).name))
        names = names_of(view.db, view.standpoint.log) if _sees_names(asked) else None
        day, shown = view.standpoint.as_of, list[tuple[tuple[str, str, str, str], PostShown]]()
        for id, row in view.registry.posts.on(ALWAYS):
            holder = view.registry.units.latest(row.unit)
            until = earliest(row.valid_until, holder.ended_on)
            if (
                (unit is None or row.unit == wanted)
                and (scope is None or row.unit in scope)
                and kind in (None, row.kind)
                and held in (None, lasts_on(day, row.valid_from, until))
            ):
                post = PostShown(
                    id=id, unit=holder.code, kind=row.kind, person=row.person, valid_from=row.valid_from,
                    name=None if names is None else names.get(row.person, "erased"), valid_until=until,
                )  # fmt: skip
                shown.append(((post.unit, post.kind, post.valid_from.isoformat(), id), post))
        return shown

    items, cursor, pin = page_of(asked, page, f"posts {unit} {kind} {held}", found)
    return PostList(items=items, next_cursor=cursor, pin=pin)


def _sees_names(asked: Asked) -> bool:
    """As the list of persons: the office and administrators, for the whole jurisdiction."""
    return asked.caller.scope == "all" and not set(SEES_PERSONS).isdisjoint(asked.caller.roles)
