"""Catalogues of an issuer's targets: checked or taken in, and shown once they are complete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from msgspec import UNSET, UnsetType
from pydantic import BaseModel, Field, ValidationError, WithJsonSchema
from sqlalchemy import select

from services.targets.api.asking import page_of
from services.targets.api.complete import complete
from services.targets.api.shapes import OFFICE, SEES_THE_CITY, Body, CodeStr, example, label, shown
from services.targets.catalogue import ImportCatalogue, catalogue_stream, faults, import_catalogue
from services.targets.errors.catalogues import CatalogueFaulty, CatalogueUnknown, EditionTaken, EditionUnchanged
from services.targets.read_models.parts import parts_of
from services.targets.year import while_allowed, year_stream
from shared.admission.errors import YearDoesNotAllow, YearIsNotOpen
from shared.contracts.targets import (
    CatalogueImported,
    CatalogueItem,
    Category,
    Direction,
    Issuer,
    Tag,
    TargetKind,
)
from shared.errors import Fault
from shared.event_log.ids import event_id
from shared.event_store.store import EventStore
from shared.http.answers import asking, commanded
from shared.http.asking import AskedDep, View
from shared.http.fields import Label, QuantityStr
from shared.http.ordering import Ordering, OrderingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt
from shared.http.problems import validation_fault
from shared.registry import rows
from shared.sql import reading

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}/catalogues", tags=["targets"])

CatalogueId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="Id of the catalogue.")]
MAX_ITEMS = 10_000


class CatalogueItemBody(Body):
    """One indicator of a catalogue. A qualitative one has a text, every other kind a value and its unit."""

    code: CodeStr
    indicator: Annotated[CodeStr, Field(description="What is measured: the same code in both catalogues.")]
    name: Label
    category: Category
    kind: TargetKind
    direction: Direction
    basis: Literal["value", "growth"] = "value"
    period: Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9._-]{1,32}$")] = "year"
    value: QuantityStr | None = None
    unit_of_measure: CodeStr | None = None
    weight: QuantityStr | None = None
    points: QuantityStr | None = None
    text: Annotated[
        str | None,
        Field(strict=True, min_length=1, max_length=4000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]+$"),
    ] = None
    bonus: Annotated[bool, Field(strict=True)] = False
    assesses_us: Annotated[bool, Field(strict=True)] = True
    tags: list[Tag] = Field(default_factory=list, max_length=10)


ItemObject = Annotated[dict[str, Any], WithJsonSchema({"$ref": "#/components/schemas/CatalogueItemBody"})]
"""An item that is validated by hand, so that a check can name what is wrong in every row at once."""


class CatalogueBody(Body):
    """A catalogue. `edition` is the issuer's next one of the year unless given."""

    issuer: Issuer
    edition: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    items: Annotated[list[ItemObject], Field(min_length=1, max_length=MAX_ITEMS)]

    model_config = example(
        {
            "issuer": "province",
            "items": [
                {
                    "code": "p-roads", "indicator": "roads", "name": {"zh": "改造县乡公路"}, "category": "livelihood",
                    "kind": "cumulative", "direction": "higher", "value": "60000", "unit_of_measure": "m",
                    "weight": "1.5", "assesses_us": True,
                }
            ],
        }
    )  # fmt: skip


class CatalogueFault(BaseModel):
    """One fault: where (a JSON pointer; rows are counted from 0 there), which, and in both languages."""

    pointer: str
    code: str
    zh: str
    en: str


class CatalogueReport(BaseModel):
    """What a check found; nothing was taken in."""

    items: int
    faults: list[CatalogueFault]


class CatalogueShown(BaseModel):
    """A complete catalogue; `sha256` is over the canonical JSON of all its items in order."""

    id: str
    issuer: Issuer
    edition: int
    items: int
    sha256: str


class CatalogueList(BaseModel):
    """Complete catalogues by issuer and edition."""

    items: list[CatalogueShown]
    next_cursor: str | None
    pin: StandsAt


class CatalogueAnswer(BaseModel):
    """One catalogue and a page of its items, in its own order."""

    catalogue: CatalogueShown
    items: list[CatalogueItemBody]
    next_cursor: str | None
    pin: StandsAt


@router.post(
    "",
    status_code=201,
    responses={
        200: {"model": CatalogueReport, "description": "What `mode=check` found."},
        **commanded(YearIsNotOpen, YearDoesNotAllow, EditionTaken, EditionUnchanged, CatalogueFaulty),
    },
)
async def import_year_catalogue(
    year: YearNumber,
    body: CatalogueBody,
    request: Request,
    response: Response,
    ordering: OrderingDep,
    mode: Annotated[Literal["check", "apply"], Query(description="Only check, or take in if faultless.")] = "apply",
) -> Recorded | CatalogueReport:
    """Import a catalogue, all of it or nothing. The assessment office only. Every fault of every row is named."""
    role = ordering.permit_whole(*OFFICE)
    items, found = await run_in_threadpool(checked, body.items)
    if mode == "check":
        response.status_code = 200
        shown_faults = [CatalogueFault(pointer=f.pointer, code=f.code, zh=f.message_zh, en=f.message) for f in found]
        return CatalogueReport(items=len(body.items), faults=shown_faults)
    if found:
        raise CatalogueFaulty(faults=found)
    return await take_in(ordering, role, year, body.issuer, body.edition, [item for _, item in items])


async def take_in(
    ordering: Ordering, role: str, year: int, issuer: Issuer, edition: int | None, items: Sequence[CatalogueItem]
) -> Recorded:
    """Import checked items as this edition of the issuer's catalogue, or as its next one."""
    service = ordering.service
    listing = await run_in_threadpool(service.read_side.listing, ordering.jurisdiction)
    if edition is None:
        edition = await run_in_threadpool(_next_edition, service.store, listing.log, year, issuer)
    catalogue, before = (_id(service.store, listing.log, year, issuer, each) for each in (edition, edition - 1))
    command = ImportCatalogue(catalogue, year, issuer, edition, items)
    done = await ordering.execute_in(
        listing, role, catalogue_stream(catalogue),
        while_allowed("plan", year, lambda state, look: import_catalogue(
            command, state, before=look.at(catalogue_stream(before)), year_open=look.at(year_stream(year))
        )),
    )  # fmt: skip
    fact = done.facts[-1]
    assert isinstance(fact, CatalogueImported)
    return ordering.recorded(fact.catalogue, done)


def _id(store: EventStore, log: str, year: int, issuer: str, edition: int) -> str:
    """It follows from what the catalogue is, so that the expected version 0 of its stream keeps editions unique."""
    return event_id(store.source, f"catalogue {log} {year} {issuer} {edition}")


def _next_edition(store: EventStore, log: str, year: int, issuer: str) -> int:
    edition, c = 1, store.tables.stream_events.c
    with reading(store.engine) as db:
        while True:
            stream = catalogue_stream(_id(store, log, year, issuer, edition)).name
            asked = select(c.version).where(c.log == log, c.stream == stream, c.version == 1)
            if db.execute(asked).first() is None:
                return edition
            edition += 1


def checked(
    bodies: Sequence[Mapping[str, Any]], shown: Callable[[int], int] = lambda row: row + 1
) -> tuple[list[tuple[int, CatalogueItem]], list[Fault]]:
    """The well-formed items as facts carry them, each with its place, and everything that is wrong with any of them.

    `shown` says what people call the row of a place.
    """
    whole = {"items": bodies}
    found: list[Fault] = []
    valid: list[tuple[int, CatalogueItem]] = []
    for row, raw in enumerate(bodies):
        try:
            valid.append((row, item_of(CatalogueItemBody.model_validate(raw))))
        except ValidationError as invalid:
            found += [
                validation_fault({**error, "loc": ("body", "items", row, *error["loc"])}, whole)
                for error in invalid.errors(include_url=False)
            ]
    found += faults(valid, shown)
    return valid, sorted(found, key=_by_row)


def _by_row(fault: Fault) -> tuple[int, str, str]:
    return int(fault.pointer.split("/")[2]), fault.pointer, fault.code


def item_of(item: CatalogueItemBody) -> CatalogueItem:
    """An item as facts carry it."""
    return CatalogueItem(
        code=item.code, indicator=item.indicator, name=label(item.name), category=item.category, kind=item.kind,
        direction=item.direction, basis=item.basis, period=item.period, value=item.value or UNSET,
        unit_of_measure=item.unit_of_measure or UNSET, weight=item.weight or UNSET, points=item.points or UNSET,
        text=item.text or UNSET, bonus=item.bonus, assesses_us=item.assesses_us, tags=list(dict.fromkeys(item.tags)),
    )  # fmt: skip


def _none(value: str | UnsetType) -> str | None:
    return None if isinstance(value, UnsetType) else value


def item_shown(item: CatalogueItem) -> CatalogueItemBody:
    """An item as answers carry it."""
    return CatalogueItemBody(
        code=item.code, indicator=item.indicator, name=shown(item.name), category=item.category, kind=item.kind,
        direction=item.direction, basis=item.basis, period=item.period, value=_none(item.value),
        unit_of_measure=_none(item.unit_of_measure), weight=_none(item.weight), points=_none(item.points),
        text=_none(item.text), bonus=item.bonus, assesses_us=item.assesses_us, tags=item.tags,
    )  # fmt: skip


@router.get("", responses=asking(CursorInvalid))
def list_catalogues(
    year: YearNumber,
    asked: AskedDep,
    page: Page,
    issuer: Annotated[Issuer | None, Query(description="Only this issuer's.")] = None,
    sha256: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$", description="Only editions of this content.")] = None,
) -> CatalogueList:
    """The complete catalogues of the year. An edition is what its issuer, year and content hash say it is."""
    asked.permit_whole(*SEES_THE_CITY)

    def found(view: View) -> list[tuple[tuple[str, int], CatalogueShown]]:
        return [
            ((row.issuer, row.edition), _shown(id, row))
            for id, (_, row) in complete(view, year, view.registry.catalogues).items()
            if issuer in (None, row.issuer) and sha256 in (None, row.sha256)
        ]

    items, cursor, pin = page_of(asked, page, f"catalogues {year} {issuer} {sha256}", found)
    return CatalogueList(items=items, next_cursor=cursor, pin=pin)


@router.get("/{catalogue}", responses=asking(CatalogueUnknown, CursorInvalid))
def get_catalogue(year: YearNumber, catalogue: CatalogueId, asked: AskedDep, page: Page) -> CatalogueAnswer:
    """One complete catalogue, with its items page by page."""
    asked.permit_whole(*SEES_THE_CITY)
    closed: list[CatalogueShown] = []

    def found(view: View) -> list[tuple[tuple[int], CatalogueItemBody]]:
        row, items = complete_catalogue(view, year, catalogue)
        closed.append(_shown(catalogue, row))
        return [((at,), item_shown(item)) for at, item in enumerate(items)]

    items, cursor, pin = page_of(asked, page, f"catalogue {catalogue}", found)
    return CatalogueAnswer(catalogue=closed[0], items=items, next_cursor=cursor, pin=pin)


def complete_catalogue(view: View, year: int, catalogue: str) -> tuple[rows.Catalogue, list[CatalogueItem]]:
    """An edition of the year and its items in its own order, if it was complete. CatalogueUnknown."""
    found = complete(view, year, view.registry.catalogues).get(catalogue)
    if found is None:
        raise CatalogueUnknown(catalogue=catalogue)
    closed_at, row = found
    return row, parts_of(view.tables).items(view.db, view.standpoint.log, catalogue, closed_at)


def _shown(id: str, row: rows.Catalogue) -> CatalogueShown:
    return CatalogueShown(id=id, issuer=row.issuer, edition=row.edition, items=row.items, sha256=row.sha256)
