"""Catalogues as Excel workbooks: a template, and an import that names every fault by the cell that Excel shows."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from services.targets.api.catalogues import checked, take_in
from services.targets.api.shapes import OFFICE, SEES_THE_CITY
from services.targets.errors.catalogues import (
    CatalogueFaulty,
    EditionTaken,
    EditionUnchanged,
    NotAWorkbook,
    WorkbookTooLarge,
)
from services.targets.workbook import CellFault, Sheet, read_catalogue, template
from shared.admission.errors import YearDoesNotAllow, YearIsNotOpen
from shared.contracts.targets import CatalogueItem, Issuer
from shared.errors import Fault
from shared.http.answers import asking, commanded
from shared.http.asking import AskedDep
from shared.http.fields import Flag, WholeNumber
from shared.http.ordering import OrderingDep, YearNumber
from shared.http.strictness import ContentTypeNotTaken, media_type
from shared.strict_json import escaped

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BODY = {"requestBody": {"required": True, "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}}

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}", tags=["targets"])


class WorkbookFault(BaseModel):
    """One fault, by sheet, row and column as Excel shows them; `column` is empty where it is about a whole row."""

    sheet: str
    row: int
    column: str
    code: str
    zh: str
    en: str


class WorkbookReport(BaseModel):
    """What came of a workbook.

    `items` were taken in as the catalogue `catalogue` (null after a check); with `atomic=false` the rows named in
    `faults` were left out.
    """

    catalogue: str | None
    items: int
    faults: list[WorkbookFault]


@router.get(
    "/templates/catalogue.xlsx",
    response_class=Response,
    responses={**asking(), 200: {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_catalogue_template(asked: AskedDep) -> Response:
    """An empty workbook for a catalogue, with drop-downs."""
    asked.permit_whole(*SEES_THE_CITY)
    name = {"Content-Disposition": 'attachment; filename="catalogue.xlsx"'}
    return Response(template(), headers=name, media_type=XLSX)


@router.post(
    "/years/{year}/catalogue-workbooks",
    status_code=201,
    openapi_extra=_BODY,
    responses={
        200: {"model": WorkbookReport, "description": "What `mode=check` found."},
        **commanded(
            YearIsNotOpen,
            YearDoesNotAllow,
            EditionTaken,
            EditionUnchanged,
            CatalogueFaulty,
            NotAWorkbook,
            WorkbookTooLarge,
            ContentTypeNotTaken,
        ),
        202: {"model": WorkbookReport, "description": "Stored; the log has not confirmed it yet."},
    },
)
async def import_catalogue_workbook(
    year: YearNumber,
    request: Request,
    ordering: OrderingDep,
    issuer: Annotated[Issuer, Query(description="Whose catalogue it is.")],
    edition: Annotated[
        WholeNumber | None, Query(ge=1, le=1000, description="The issuer's next one of the year unless given.")
    ] = None,
    mode: Annotated[Literal["check", "apply"], Query(description="Only check, or take in.")] = "apply",
    atomic: Annotated[Flag, Query(description="`false`: take in the rows without fault, leave out the others.")] = True,
) -> WorkbookReport:
    """Import a catalogue from the first sheet of an Excel workbook; the template shows its columns.

    The assessment office only. A fault in the headings takes nothing in, whatever `atomic` says.
    """
    role = ordering.permit_whole(*OFFICE)
    media_type(request, XLSX)
    sheet, items, found = await run_in_threadpool(_checked, await request.body())
    report = WorkbookReport(
        catalogue=None, items=len(items), faults=[WorkbookFault(**fault._asdict()) for fault in found]
    )
    if mode == "check":
        ordering.response.status_code = 200
        return report
    if (found and atomic) or not items or any(fault.row == 1 for fault in found):
        raise CatalogueFaulty(faults=[_as_fault(fault) for fault in found], sheet=sheet.name, items=len(sheet.items))
    recorded = await take_in(ordering, role, year, issuer, edition, items)
    return report.model_copy(update={"catalogue": recorded.id})


def _checked(content: bytes) -> tuple[Sheet, list[CatalogueItem], list[CellFault]]:
    """The sheet, the items of rows without fault, and all faults in the order of the rows."""
    sheet = read_catalogue(content)
    rows = [row for row, _ in sheet.items]
    unusable = {fault.row for fault in sheet.faults}
    found = list(sheet.faults)
    valid, faults = checked([item for _, item in sheet.items], lambda at: rows[at])
    for fault in faults:
        _, _, at, *member = fault.pointer.split("/")
        row = rows[int(at)]
        if row in unusable and fault.code == "MISSING":
            continue  # the cell is there, and its own fault says what is wrong with it
        column = sheet.columns.get(member[0], "") if member else ""
        found.append(CellFault(sheet.name, row, column, fault.code, fault.message_zh, fault.message))
    faulty = {fault.row for fault in found}
    items = [item for at, item in valid if rows[at] not in faulty]
    return sheet, items, sorted(found, key=lambda fault: (fault.row, fault.column, fault.code))


def _as_fault(fault: CellFault) -> Fault:
    return Fault(f"/{escaped(fault.sheet)}/{fault.column}{fault.row}", fault.code, fault.en, fault.zh)
