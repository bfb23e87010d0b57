"""The sources under which clients report: each is bound to one client for ever."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from services.targets.api.asking import page_of
from services.targets.api.shapes import ADMIN, Body, example
from services.targets.errors.organisation import SourceNameTaken
from services.targets.source import RegisterSource, register_source, source_stream
from shared.errors import NotFound
from shared.http.answers import asking, commanded
from shared.http.asking import AskedDep
from shared.http.ordering import OrderingDep, Recorded
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt
from shared.registry import ALWAYS, rows

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}", tags=["targets"])

SEES_SOURCES = ("office", "admin", "auditor")


class SourceUnknown(NotFound):
    """There is no source of this name."""

    zh = "没有此名称的来源。"


SourceName = Annotated[str, Field(strict=True, pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", examples=["xiangtan-county"])]
SourceCode = Annotated[
    str,
    Path(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="Name of the source.", examples=["xiangtan-county"]),
]


class SourceBody(Body):
    """A name under which one client reports; `client` is the client_id of its tokens."""

    model_config = example({"name": "xiangtan-county", "client": "xiangtan-county-system"})

    name: SourceName
    client: Annotated[str, Field(strict=True, min_length=1, max_length=128, pattern=r"^[!-~]+$")]


class SourceShown(BaseModel):
    """A registered source; events carry `urn`."""

    name: str
    urn: str
    client: str


class SourceList(BaseModel):
    """Sources by name."""

    items: list[SourceShown]
    next_cursor: str | None
    pin: StandsAt


@router.post("/sources", status_code=201, responses=commanded(SourceNameTaken))
async def create_source(body: SourceBody, ordering: OrderingDep) -> Recorded:
    """Register a name under which one client reports. Administrators only; a name is never reused."""
    role = ordering.permit_whole(*ADMIN)
    command = RegisterSource(body.name, body.client)
    done = await ordering.execute(role, source_stream(body.name), lambda client, _: register_source(command, client))
    return ordering.recorded(body.name, done)


@router.get("/sources", responses=asking(CursorInvalid))
def list_sources(asked: AskedDep, page: Page) -> SourceList:
    """The registered sources by name."""
    asked.permit_whole(*SEES_SOURCES)
    items, cursor, pin = page_of(
        asked,
        page,
        "sources",
        lambda view: [((name,), _source(name, row)) for name, row in view.registry.sources.on(ALWAYS)],
    )
    return SourceList(items=items, next_cursor=cursor, pin=pin)


@router.get("/sources/{source}", responses=asking(SourceUnknown))
def get_source(source: SourceCode, asked: AskedDep) -> SourceShown:
    """One registered source."""
    asked.permit_whole(*SEES_SOURCES)
    with asked.view() as view:
        row = view.registry.sources.get(source, ALWAYS)
        if row is None:
            raise SourceUnknown(source=source)
        return _source(source, row)


def _source(name: str, row: rows.Source) -> SourceShown:
    return SourceShown(name=name, urn=f"urn:jikao:source:{name}", client=row.client)
