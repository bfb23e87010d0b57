"""Figures over HTTP: who may ask what, and the canonical bytes of the answer, as they are."""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import APIRouter, Path, Response

from services.evaluation.api.shapes import (
    CityCompletion,
    Comparison,
    GroupCompletion,
    GroupsCompletion,
    ProjectCompletion,
    TargetCompletion,
    TargetHistory,
    TargetsCompletion,
    UnitCompletion,
)
from services.evaluation.comparison import Json, differences
from services.evaluation.documents import (
    CATEGORIES,
    NoSuchCategory,
    NoSuchGroup,
    NoSuchProject,
    NoSuchTarget,
    NoSuchUnit,
    NoSuchYear,
    Question,
    answer,
    canonical,
)
from services.evaluation.plans import Plans
from services.evaluation.read_models.levels import levels
from services.evaluation.scope import within
from services.evaluation.target_documents import Document
from shared.contracts.shapes import CODE_PATTERN, END
from shared.garbage import no_collections
from shared.http.asking import Asked, AskedTwiceDep, TokenIsOfAnotherLog, View
from shared.http.axes import AxisRefusals
from shared.http.ordering import YearNumber
from shared.http.problems import problems
from shared.http.tokens import FreshnessTokenInvalid
from shared.identity.http import JurisdictionNotFound, RoleMissing, WholeJurisdictionOnly
from shared.projections import JurisdictionUnknown, NotYetRead
from shared.projections.asking import AsOfInFuture, KnownAtOutOfBounds, PinDoesNotMatch

SEE_ALL = ("office", "leader", "auditor", "inspector", "certifier")
SEE_OWN = ("unit", "county_system")
OPEN_HEADER = "Jikao-Open"
"""Sent as `true` where the instant asked about is so young that records may still come to stand before it."""

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}", tags=["evaluation"])
_PATTERN = CODE_PATTERN.removesuffix(END) + "$"
TargetCode = Annotated[str, Path(pattern=_PATTERN, examples=["c-county-township-roads"])]
UnitCode = Annotated[str, Path(pattern=_PATTERN, examples=["transport"])]
ProjectCode = Annotated[str, Path(pattern=_PATTERN, examples=["solar-cells"])]
GroupCode = Annotated[
    str,
    Path(
        pattern=r"^(level:)?[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="A group's code, or `level:provincial` (national, municipal, county) for all projects of a level.",
        examples=["industrial-and-park"],
    ),
]
CategoryName = Annotated[str, Path(description=f"One of {', '.join(CATEGORIES)}.", examples=["livelihood"])]


READ_REFUSALS = (
    *AxisRefusals, AsOfInFuture, KnownAtOutOfBounds, PinDoesNotMatch, RoleMissing, JurisdictionNotFound,
    JurisdictionUnknown, FreshnessTokenInvalid, TokenIsOfAnotherLog, NotYetRead, NoSuchYear,
)  # fmt: skip
"""What every question about figures may be refused for."""
_PLANS = Plans()
_HEADERS = {
    "Jikao-Position": {"description": "The position that the answer knows.", "schema": {"type": "string"}},
    "ETag": {"description": "The sha256 of the answer's canonical bytes.", "schema": {"type": "string"}},
    OPEN_HEADER: {"description": "`true`: records may still come to stand before it.", "schema": {"type": "string"}},
}


def answered(*refusals: type[Any]) -> dict[int | str, dict[str, Any]]:
    """What a route that ends in `respond` may answer, beside these refusals."""
    document = {"description": "The answer, as canonical JSON (RFC 8785).", "headers": _HEADERS}
    return {200: document, **problems(*READ_REFUSALS, *refusals)}


@router.get("/completion", response_model=CityCompletion | Comparison, responses=answered(WholeJurisdictionOnly))
def get_completion(asked: AskedTwiceDep, year: YearNumber) -> Response:
    """How far along is the whole city: totals, by category, by unit, and every target in a row."""
    return _answer(asked, Question("completion", year))


@router.get(
    "/targets/{target}/completion",
    response_model=TargetCompletion | Comparison,
    responses=answered(NoSuchTarget),
)
def get_target_completion(asked: AskedTwiceDep, year: YearNumber, target: TargetCode) -> Response:
    """How far along is one target, from which parts, levels and entries."""
    return _answer(asked, Question("target", year, target))


@router.get("/targets/{target}/history", response_model=TargetHistory | Comparison, responses=answered(NoSuchTarget))
def get_target_history(asked: AskedTwiceDep, year: YearNumber, target: TargetCode) -> Response:
    """Which entries were made about one target, which of them count, and who stands behind them."""
    return _answer(asked, Question("history", year, target))


@router.get("/units/{unit}/completion", response_model=UnitCompletion | Comparison, responses=answered(NoSuchUnit))
def get_unit_completion(asked: AskedTwiceDep, year: YearNumber, unit: UnitCode) -> Response:
    """How far along is one unit with what it answers for."""
    return _answer(asked, Question("unit", year, unit))


@router.get(
    "/categories/{category}/completion",
    response_model=TargetsCompletion | Comparison,
    responses=answered(NoSuchCategory, WholeJurisdictionOnly),
)
def get_category_completion(asked: AskedTwiceDep, year: YearNumber, category: CategoryName) -> Response:
    """How far along are the targets of one category."""
    return _answer(asked, Question("category", year, category))


@router.get(
    "/practical-matters", response_model=TargetsCompletion | Comparison, responses=answered(WholeJurisdictionOnly)
)
def get_practical_matters(asked: AskedTwiceDep, year: YearNumber) -> Response:
    """How far along are the practical matters for the people (为民办实事)."""
    return _answer(asked, Question("practical_matters", year))


@router.get("/groups", response_model=GroupsCompletion | Comparison, responses=answered(WholeJurisdictionOnly))
def get_groups_completion(asked: AskedTwiceDep, year: YearNumber) -> Response:
    """How far along are all groups of key projects, and the city's key projects together."""
    return _answer(asked, Question("groups", year))


@router.get(
    "/groups/{group}/completion",
    response_model=GroupCompletion | Comparison,
    responses=answered(NoSuchGroup, WholeJurisdictionOnly),
)
def get_group_completion(asked: AskedTwiceDep, year: YearNumber, group: GroupCode) -> Response:
    """How far along is one group of key projects, and each of its projects."""
    return _answer(asked, Question("group", year, group))


@router.get(
    "/projects/{project}/completion",
    response_model=ProjectCompletion | Comparison,
    responses=answered(NoSuchProject),
)
def get_project_completion(asked: AskedTwiceDep, year: YearNumber, project: ProjectCode) -> Response:
    """How far along is one key project, with its sub-projects."""
    return _answer(asked, Question("project", year, project))


def _answer(asked: Asked, question: Question) -> Response:
    """The question answered at its standpoint; with `compare_*` at both, and how the answers differ."""
    asked.permit(*SEE_ALL, *SEE_OWN)
    with asked.view() as view, no_collections():
        first = _document(asked, view, question)
        other = asked.compared(view)
        second = None if other is None else _document(asked, other, question)
        is_open = view.standpoint.open or (other is not None and other.standpoint.open)
    if second is None:
        return respond(asked, first, is_open=is_open)
    differing = differences(_figures(first), _figures(second))
    return respond(asked, {"first": first, "second": second, "differences": differing}, is_open=is_open)


def _document(asked: Asked, view: View, question: Question) -> Document:
    units = asked.units(view.registry, view.standpoint.as_of)
    if units is not None:
        _within(view, question, units)
    at = view.standpoint
    document = answer(question, at, view.registry, levels(view.db, view.tables, at.log, at.position), _PLANS)
    return document if units is None else within(document, question, view.registry, units)


def _within(view: View, question: Question, units: frozenset[str]) -> None:
    """What lies outside a caller's scope is not there (404); the whole city is there, but not for them (403)."""
    registry, code = view.registry, question.code or ""
    match question.kind:
        case "target" | "history":
            id = registry.target_id(question.year, code)
            if id is None or not any(part.unit in units for _, part in registry.parts_of(id)):
                raise NoSuchTarget(target=code)
        case "unit":
            if registry.unit_id(code) not in units:
                raise NoSuchUnit(unit=code)
        case "project":
            id = registry.project_id(question.year, code)
            if id is None or registry.projects.latest(id).unit not in units:
                raise NoSuchProject(project=code)
        case _:
            raise WholeJurisdictionOnly(needed_scope="all")


def _figures(document: Document) -> Json:
    """The document without its pin, which always differs."""
    return cast(Json, {name: value for name, value in document.items() if name != "pin"})


def respond(asked: Asked, document: Document, *, is_open: bool = False, status: int = 200) -> Response:
    """The canonical bytes of a document as the answer; nothing serialises them again."""
    content, sha256 = canonical(document)
    headers = asked.headers() | {"ETag": f'"{sha256}"'}
    if is_open:
        headers[OPEN_HEADER] = "true"
    return Response(content, status_code=status, media_type="application/json", headers=headers)
