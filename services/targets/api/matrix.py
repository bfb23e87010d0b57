"""The matrix of targets and units: the whole decomposition of a year as of any date and state of knowledge."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.targets.api.shapes import SEES_TARGETS
from services.targets.read_models.matrix import Filters, chosen, matrix
from shared.contracts.organisation import UnitKind
from shared.contracts.targets import AssignmentRole, Category, Direction, Issuer, RollUp, Tag, TargetKind
from shared.http.answers import asking
from shared.http.asking import AskedDep
from shared.http.fields import Label
from shared.http.ordering import YearNumber
from shared.http.pages import CursorInvalid, Page, Place, next_cursor
from shared.http.pins import StandsAt, stands_at

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}", tags=["targets"])


class MatrixUnit(BaseModel):
    """A column: a unit as it was called on that day."""

    code: str
    name: Label
    kind: UnitKind


class MatrixPart(BaseModel):
    """A cell: the unit's part of the target. `below` is the part of which it is a part."""

    id: str
    unit: str
    role: AssignmentRole
    value: str | None = Field(default=None)
    valid_from: date
    valid_until: date | None = Field(default=None)
    below: str | None = Field(default=None)


class MatrixDecomposition(BaseModel):
    """What the parts come to; `stated`: the office has said that they are complete."""

    parts: str
    reserve: str
    surplus: str
    missing: str
    complete: bool
    stated: bool


class MatrixRow(BaseModel):
    """A target and its parts on the day, by the units' codes. What is absent is not stated."""

    id: str
    code: str
    name: Label
    issuer: Issuer
    category: Category
    kind: TargetKind
    direction: Direction
    roll_up: RollUp
    value: str
    unit_of_measure: str
    parts: list[MatrixPart]
    decomposition: MatrixDecomposition | None = Field(default=None)


class Matrix(BaseModel):
    """A page of the matrix: rows by the targets' codes, and the units that occur in them."""

    units: list[MatrixUnit]
    items: list[MatrixRow]
    next_cursor: str | None
    pin: StandsAt


@router.get("/matrix", response_model=Matrix, responses=asking(CursorInvalid))
def get_matrix(
    year: YearNumber,
    asked: AskedDep,
    page: Page,
    category: Annotated[Category | None, Query(description="Only targets of this category.")] = None,
    kind: Annotated[TargetKind | None, Query(description="Only targets of this kind.")] = None,
    tag: Annotated[Tag | None, Query(description="Only targets with this tag.")] = None,
    unit: Annotated[str | None, Query(description="Only parts of this unit, and targets with one.")] = None,
    role: Annotated[AssignmentRole | None, Query(description="Only parts of this role, and targets with one.")] = None,
) -> Response:
    """Which unit answers for which part of which target at `as_of`, within your scope; a page of targets.

    Asked again at the same pin, the answer has the same bytes whatever was learnt meanwhile.
    """
    asked.permit(*SEES_TARGETS)
    of = f"matrix {year} {category} {kind} {tag} {unit} {role}"
    place = asked.turn_to(page, of, str)
    with asked.view() as view:
        registry, at = view.registry, view.standpoint
        seen, wanted = asked.units(registry), registry.unit_id(unit) if unit is not None else None
        filters = Filters(category, kind, tag, wanted, role, seen)
        found = chosen(registry, year, at.as_of, filters) if unit is None or wanted is not None else []
        if place is not None:
            found = [one for one in found if one[1].code > str(place.key[0])]
        taken, cursor = found[: page.limit], None
        if len(found) > page.limit:
            cursor = next_cursor(of, Place(at.position, (taken[-1][1].code,), at.as_of))
        document = matrix(registry, at.as_of, taken, filters)
    document |= {"next_cursor": cursor, "pin": stands_at(at).model_dump(mode="json")}
    return Response(msgspec.json.encode(document), media_type="application/json", headers=asked.headers())
