"""What one edition of a catalogue says otherwise than an earlier one, and the city's own additions beside them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from services.targets.additions import Covering, additions_stream, make_addition, withdraw_addition
from services.targets.api.asking import page_of, stream_version
from services.targets.api.catalogues import (
    CatalogueId,
    CatalogueItemBody,
    complete_catalogue,
    item_of,
    item_shown,
)
from services.targets.api.complete import complete
from services.targets.api.shapes import OFFICE, SEES_THE_CITY, Body, ReasonStr, example
from services.targets.changes import Change, ChangeKind, changes, members
from services.targets.errors.catalogues import AdditionFaulty, AdditionTaken, AdditionUnknown, CatalogueUnknown
from services.targets.year import while_allowed, year_stream
from shared.admission.errors import YearDoesNotAllow, YearIsNotOpen
from shared.contracts.catalogues import CatalogueAdditionMade
from shared.contracts.targets import CatalogueItem
from shared.event_log.ids import uuid7
from shared.http.answers import asking, changed, commanded
from shared.http.asking import AskedDep, View
from shared.http.ordering import ChangingDep, OrderingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt
from shared.http.preconditions import etag
from shared.registry import ALWAYS

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}", tags=["targets"])

AdditionId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="Id of the addition.")]
ID = "0190b2d6-4a00-7000-8000-000000000001"


class AdditionBody(Body):
    """An indicator of the city's own, by the rules of any catalogue."""

    model_config = example(
        {
            "item": {
                "code": "own-parks", "indicator": "pocket-parks", "name": {"zh": "口袋公园"}, "category": "livelihood",
                "kind": "cumulative", "direction": "higher", "value": "20", "unit_of_measure": "piece", "weight": "1",
            }
        }
    )  # fmt: skip

    item: CatalogueItemBody


class AdditionWithdrawalBody(Body):
    """Why it no longer counts."""

    model_config = example({"reason": "已列入新版目录"})

    reason: ReasonStr


class AdditionShown(BaseModel):
    """An addition. `by` is a person's opaque id, `withdrawal` the reason once it is withdrawn.

    `covered_by` is the city's latest edition where that has the code or the indicator itself, and so counts instead.
    """

    id: str
    item: CatalogueItemBody
    by: str
    position: int
    withdrawn: bool
    withdrawal: str | None
    covered_by: str | None


class AdditionList(BaseModel):
    """The city's additions of the year, oldest first."""

    items: list[AdditionShown]
    next_cursor: str | None
    pin: StandsAt


class EditionChangeShown(BaseModel):
    """An item that is new, gone, or otherwise; `changed` names the members that differ."""

    code: str
    change: ChangeKind
    changed: list[str]
    before: CatalogueItemBody | None
    after: CatalogueItemBody | None


class EditionChanges(BaseModel):
    """What changed from one edition to another, by the items' codes."""

    items: list[EditionChangeShown]
    next_cursor: str | None
    pin: StandsAt


@router.get("/catalogues/{catalogue}/changes", responses=asking(CatalogueUnknown, CursorInvalid))
def list_edition_changes(
    year: YearNumber,
    catalogue: CatalogueId,
    asked: AskedDep,
    page: Page,
    since: Annotated[str, Query(pattern=r"^[0-9a-f-]{36}$", description="Id of the other edition.", examples=[ID])],
) -> EditionChanges:
    """What this edition says otherwise than another one, item by item."""
    asked.permit_whole(*SEES_THE_CITY)

    def found(view: View) -> list[tuple[tuple[str], EditionChangeShown]]:
        before, after = (
            {item.code: item for item in complete_catalogue(view, year, edition)[1]} for edition in (since, catalogue)
        )
        return [((each.key,), _change(each)) for each in changes(before, after)]

    items, cursor, pin = page_of(asked, page, f"edition-changes {since} {catalogue}", found)
    return EditionChanges(items=items, next_cursor=cursor, pin=pin)


@router.post(
    "/catalogue-additions",
    status_code=201,
    responses=commanded(YearIsNotOpen, YearDoesNotAllow, AdditionFaulty, AdditionTaken),
)
async def add_to_catalogue(year: YearNumber, body: AdditionBody, ordering: OrderingDep) -> Recorded:
    """Add an indicator of the city's own; it survives new editions. The assessment office only."""
    role = ordering.permit_whole(*OFFICE)
    addition, item = uuid7(), item_of(body.item)
    done = await ordering.execute(
        role, additions_stream(year),
        while_allowed("plan", year, lambda additions, look: make_addition(
            addition, year, item, additions, year_open=look.at(year_stream(year))
        )),
    )  # fmt: skip
    fact = done.facts[0]
    assert isinstance(fact, CatalogueAdditionMade)
    return ordering.recorded(fact.addition, done)


@router.post(
    "/catalogue-additions/{addition}/withdrawals",
    status_code=201,
    responses=changed(YearDoesNotAllow, AdditionUnknown),
)
async def withdraw_catalogue_addition(
    year: YearNumber, addition: AdditionId, body: AdditionWithdrawalBody, ordering: ChangingDep
) -> Recorded:
    """Take an addition back: the next alignment no longer has it. The assessment office; needs the additions' ETag."""
    role = ordering.permit_whole(*OFFICE)
    done = await ordering.execute(
        role, additions_stream(year),
        while_allowed("plan", year, lambda additions, _: withdraw_addition(addition, body.reason, additions)),
    )  # fmt: skip
    return ordering.recorded(addition, done)


@router.get("/catalogue-additions", responses=asking(CursorInvalid))
def list_catalogue_additions(year: YearNumber, asked: AskedDep, page: Page) -> AdditionList:
    """What the city added itself, and whether it counts beside the city's latest edition.

    The ETag is that of all additions of the year, which a withdrawal must match.
    """
    asked.permit_whole(*SEES_THE_CITY)

    def found(view: View) -> list[tuple[tuple[int, str], AdditionShown]]:
        additions = view.registry.additions
        asked.response.headers["ETag"] = etag(stream_version(view, additions_stream(year).name))
        latest, covers = _latest_of_city(view, year)
        return [
            (
                (additions.history(id)[0][1], id),
                AdditionShown(
                    id=id, item=item_shown(row.item), by=row.by, position=additions.position(id),
                    withdrawn=row.withdrawn is not None,
                    withdrawal=row.withdrawn,
                    covered_by=latest if row.withdrawn is None and covers(row.item) else None,
                ),
            )
            for id, row in additions.on(ALWAYS)
            if row.year == year
        ]  # fmt: skip

    items, cursor, pin = page_of(asked, page, f"catalogue-additions {year}", found)
    return AdditionList(items=items, next_cursor=cursor, pin=pin)


def _latest_of_city(view: View, year: int) -> tuple[str | None, Covering]:
    """The city's complete edition of the highest number, and what it covers."""
    found = complete(view, year, view.registry.catalogues).items()
    editions = {row.edition: id for id, (_, row) in found if row.issuer == "city"}
    if not editions:
        return None, Covering([])
    latest = editions[max(editions)]
    return latest, Covering(complete_catalogue(view, year, latest)[1])


def _change(change: Change[CatalogueItem]) -> EditionChangeShown:
    before, after = (None if item is None else item_shown(item) for item in (change.before, change.after))
    changed = members(dict(before) if before else None, dict(after) if after else None)
    return EditionChangeShown(code=change.key, change=change.kind, changed=changed, before=before, after=after)
