"""Posts (任职): who leads a unit, who is deputy, who is its liaison, and since when. Persons are ids, never names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from services.targets.errors.organisation import (
    PersonHasPost,
    PersonIsErased,
    PersonIsUnknown,
    PostEndsBeforeItBegins,
    PostIsHeld,
    PostIsLeft,
    PostUnknown,
    UnitUnknown,
)
from services.targets.person import Known
from services.targets.unit import Unit, unit_valid_on
from shared.contracts.organisation import PostKind, PostLeft, PostTaken
from shared.contracts.shapes import Shape
from shared.deciding import Fact, Stream

HELD_BY_ONE: tuple[PostKind, ...] = ("leader",)
"""Posts that a unit has only one of."""


@dataclass(frozen=True, slots=True)
class Post:
    """A person (id) in a post for [valid_from, valid_until)."""

    id: str
    person: str
    kind: PostKind
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Posts:
    """All posts of one unit, left ones included: there is one leader at a time."""

    posts: tuple[Post, ...] = ()


def posts_stream(unit: str) -> Stream[Posts]:
    """The stream of the posts in the unit of this code."""
    return Stream(f"posts:{unit}", Posts(), evolve)


@dataclass(frozen=True, slots=True)
class TakePost:
    """A person holds a post in a unit (its code) from a day on; `post` is the new id."""

    post: str
    unit: str
    person: str
    kind: PostKind
    valid_from: date


def take_post(command: TakePost, posts: Posts, *, unit: Unit, person: Known) -> list[Fact]:
    """UnitUnknown, UnitIsNotValid; PersonIsUnknown, PersonIsErased; PostIsHeld, PersonHasPost."""
    if unit.id is None:
        raise UnitUnknown(unit=command.unit)
    unit_id = unit_valid_on(unit, command.unit, command.valid_from, "/unit")
    if person is Known.UNKNOWN:
        raise PersonIsUnknown(person=command.person, faults=[PersonIsUnknown().fault("/person")])
    if person is Known.ERASED:
        raise PersonIsErased(person=command.person, faults=[PersonIsErased().fault("/person")])
    for post in posts.posts:
        if post.kind != command.kind or (post.valid_until is not None and post.valid_until <= command.valid_from):
            continue
        about = {"unit": command.unit, "post": post.id, "person": post.person, "valid_from": post.valid_from}
        if post.person == command.person:
            raise PersonHasPost(faults=[PersonHasPost().fault("/person")], **about)
        if post.kind in HELD_BY_ONE:
            raise PostIsHeld(faults=[PostIsHeld().fault("/kind")], **about)
    fact = PostTaken(
        post=command.post, person=command.person, unit=unit_id, kind=command.kind, valid_from=command.valid_from
    )
    return [Fact(fact, command.valid_from)]


def leave_post(post: str, on: date, posts: Posts) -> list[Fact]:
    """PostUnknown; PostIsLeft when it was before; PostEndsBeforeItBegins."""
    held = next((each for each in posts.posts if each.id == post), None)
    if held is None:
        raise PostUnknown(post=post)
    if held.valid_until is not None:
        raise PostIsLeft(post=post, left_on=held.valid_until)
    if on <= held.valid_from:
        raise PostEndsBeforeItBegins(
            post=post, valid_from=held.valid_from, faults=[PostEndsBeforeItBegins().fault("/effective_on")]
        )
    return [Fact(PostLeft(post=post, on=on), on)]


def evolve(posts: Posts, fact: Shape) -> Posts:
    """Remember."""
    match fact:
        case PostTaken():
            return Posts((*posts.posts, Post(fact.post, fact.person, fact.kind, fact.valid_from)))
        case PostLeft():
            return Posts(tuple(replace(p, valid_until=fact.on) if p.id == fact.post else p for p in posts.posts))
        case _:
            return posts
