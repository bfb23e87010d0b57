"""Target tables to take away: the city's as Excel, each unit's responsibility letter as Word, from a template."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from services.targets.api.asking import stream_version
from services.targets.api.shapes import OFFICE, SEES_TARGETS, SEES_THE_CITY, UnitCode
from services.targets.api.target_tables import require_year, table_of_unit
from services.targets.api.workbooks import XLSX
from services.targets.default_letter import default_letter
from services.targets.errors.tables import (
    LetterCannotBeMade,
    LetterTemplateTooLarge,
    NotALetterTemplate,
    TableUnknown,
    TemplateIsGone,
)
from services.targets.errors.years import YearUnknown
from services.targets.letter import NotRendered, check_template, letter_of, rendered
from services.targets.signature import units_on
from services.targets.table_workbook import workbook
from services.targets.tables import keep_template, template_of
from shared.canonical import sha256_hex
from shared.commands import transaction_of
from shared.contracts.shapes import Shape
from shared.contracts.target_tables import LetterTemplateReplaced
from shared.deciding import Fact, Look, Stream
from shared.http.answers import asking, changed
from shared.http.asking import Asked, AskedDep, View
from shared.http.ordering import ChangingDep, JurisdictionCode, Recorded, YearNumber
from shared.http.preconditions import etag
from shared.http.strictness import ContentTypeNotTaken, media_type
from shared.registry import ALWAYS, LETTER

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_FILE = {"type": "string", "format": "binary"}
_BODY = {"requestBody": {"required": True, "content": {DOCX: {"schema": _FILE}}}}

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}", tags=["targets"])


def _file(media: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media: {"schema": _FILE}}}}


@router.get(
    "/years/{year}/target-tables.xlsx",
    response_class=Response,
    responses={**asking(YearUnknown), **_file(XLSX)},
)
def get_target_tables_workbook(year: YearNumber, jurisdiction: JurisdictionCode, asked: AskedDep) -> Response:
    """The city's target tables as Excel: a line for each unit's target, who has signed, and where the answer stands.

    All quantities are text.
    """
    asked.permit_whole(*SEES_THE_CITY)
    with asked.view() as view:
        require_year(view.registry, year)
        tables = units_on(view.registry, year, view.standpoint.as_of)
        content = workbook(tables, view.registry, year, view.standpoint, jurisdiction)
    return _download(asked, content, XLSX, f"target-tables-{year}.xlsx")


@router.get(
    "/years/{year}/target-tables/{unit}/letter.docx",
    response_class=Response,
    responses={**asking(YearUnknown, TableUnknown, LetterCannotBeMade, TemplateIsGone), **_file(DOCX)},
)
def get_responsibility_letter(
    year: YearNumber, jurisdiction: JurisdictionCode, unit: UnitCode, asked: AskedDep
) -> Response:
    """A unit's responsibility letter as Word, from the template in force at the asked state of knowledge."""
    asked.permit(*SEES_TARGETS)
    with asked.view() as view:
        table = table_of_unit(view, asked, year, unit)
        letter = letter_of(table, view.registry, view.standpoint, jurisdiction)
        template = _template(view)
    try:
        content = rendered(template, letter)
    except NotRendered as fault:
        raise LetterCannotBeMade(why=str(fault)) from fault
    return _download(asked, content, DOCX, f"letter-{year}-{unit}.docx")


@router.get(
    "/letter-template", response_class=Response, responses={**asking(TemplateIsGone), **_file(DOCX)}
)  # fmt: skip
def get_letter_template(asked: AskedDep) -> Response:
    """The template that letters are made from; its ETag is what another one must match to take its place."""
    asked.permit_whole(*SEES_THE_CITY)
    with asked.view() as view:
        content = _template(view)
        asked.response.headers["ETag"] = etag(stream_version(view, template_stream().name))
    return _download(asked, content, DOCX, "letter-template.docx")


@router.put(
    "/letter-template",
    status_code=201,
    openapi_extra=_BODY,
    responses=changed(NotALetterTemplate, LetterTemplateTooLarge, ContentTypeNotTaken),
)
async def replace_letter_template(request: Request, ordering: ChangingDep) -> Recorded:
    """Put another Word document in the place of the template, if letters can be made from it. The office only.

    It may name `year`, `jurisdiction`, `on`, `unit.code`, `unit.name`, `status`, `issued_on`, `signed_on`, `sha256`,
    `pin`, and loop over `targets`, `leads`, `supports` and `coordinates`, each with `number`, `code`, `name`,
    `category`, `issuer`, `kind`, `direction`, `value`, `unit_of_measure`, `role`, `part`, `weight`, `points`, `tags`,
    `valid_from`, `text` and `steps`, in the notation of docxtpl: `{{ unit.name }}`, `{%tr for target in targets %}`,
    `{% if pin %}`.
    """
    role = ordering.permit_whole(*OFFICE)
    media_type(request, DOCX)
    content = await request.body()
    await run_in_threadpool(check_template, content)
    sha256 = sha256_hex(content)

    def decide(_: None, look: Look) -> list[Fact]:
        at = transaction_of(look)
        keep_template(at.db, at.log, sha256, content)
        return [Fact(LetterTemplateReplaced(sha256=sha256, octets=len(content)))]

    done = await ordering.execute(role, template_stream(), decide)
    return ordering.recorded(sha256, done)


def template_stream() -> Stream[None]:
    """The replacements of the template: whoever replaces it must have seen the last one."""

    def evolve(state: None, fact: Shape) -> None:
        return None

    return Stream("letter-template", None, evolve)


def _template(view: View) -> bytes:
    """The template in force at the position. TemplateIsGone where only its hash is left."""
    row = view.registry.letter_templates.get(LETTER, ALWAYS)
    if row is None:
        return default_letter()
    content = template_of(view.db, view.standpoint.log, row.sha256)
    if content is None:
        raise TemplateIsGone(sha256=row.sha256)
    return content


def _download(asked: Asked, content: bytes, media: str, name: str) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=asked.headers() | disposition, media_type=media)
