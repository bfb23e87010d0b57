"""Groups of key projects over HTTP."""

from __future__ import annotations

from datetime import date
from functools import partial

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.projects import group
from services.projects.api.fields import CodeStr, In, example, label, shown
from services.projects.api.looking import listing_of, turn_to
from services.projects.errors import GroupCodeTaken, GroupUnknown
from shared.contracts.projects import GroupDefined
from shared.event_log.ids import uuid7
from shared.http.answers import asking, commanded
from shared.http.asking import AskedDep
from shared.http.fields import Label, StrictDate
from shared.http.ordering import OrderingDep, Recorded
from shared.http.pages import CursorInvalid, Page, Place, next_cursor

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/groups", tags=["projects"])

READERS = ("office", "leader", "auditor", "inspector", "certifier", "admin", "unit", "county_system")


class GroupIn(In):
    """A group of key projects, `parent` being the code of the group it is inside of."""

    model_config = example({"code": "provincial", "name": {"zh": "省重点项目"}, "valid_from": "2009-01-01"})

    code: CodeStr = Field(examples=["provincial"])
    name: Label
    parent: CodeStr | None = Field(default=None, examples=["all"])
    valid_from: StrictDate


class GroupOut(BaseModel):
    """A group of key projects."""

    id: str
    code: str
    name: Label
    parent: str | None = Field(description="Code of the group it is inside of.")
    valid_from: date


class GroupPage(BaseModel):
    """Groups in order of their codes, as they stood at `pin`."""

    pin: str
    items: list[GroupOut]
    next_cursor: str | None


@router.post("", status_code=201, responses=commanded(GroupCodeTaken, GroupUnknown))
async def define_group(body: GroupIn, ordering: OrderingDep) -> Recorded:
    """Define a group from a date on, perhaps inside another one (role office)."""
    role = ordering.permit_whole("office")
    command = group.DefineGroup(uuid7(), body.code, label(body.name), body.parent, body.valid_from)
    listing = await listing_of(ordering)
    done = await ordering.execute_in(listing, role, group.stream(body.code), partial(group.define, command))
    fact = done.facts[0]
    assert isinstance(fact, GroupDefined)
    return ordering.recorded(fact.group, done)


@router.get("", responses=asking(CursorInvalid))
def list_groups(asked: AskedDep, page: Page) -> GroupPage:
    """The groups that stand on a date, as known at a position."""
    asked.permit(*READERS)
    of = f"groups:{asked.listing.log}"
    after = turn_to(asked, page, of)
    with asked.view() as view:
        day, groups = view.standpoint.as_of, view.registry.groups
        found = sorted((row.code, id, row) for id, row in groups.on(day) if after is None or row.code > after)
        items = [
            GroupOut(
                id=id,
                code=code,
                name=shown(row.name),
                parent=groups.latest(row.parent).code if row.parent else None,
                valid_from=next(on for on, _, version in groups.history(id) if version is row),
            )
            for code, id, row in found[: page.limit]
        ]
        more = len(found) > page.limit
        place = Place(view.standpoint.position, (items[-1].code,), day) if more else None
        return GroupPage(
            pin=view.standpoint.text, items=items, next_cursor=None if place is None else next_cursor(of, place)
        )
