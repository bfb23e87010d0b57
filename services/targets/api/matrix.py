"""The matrix of targets and units: the whole decomposition of a year as of any date and state of knowledge."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.targets.api.shapes import SEES_TARGETS
from services.targets.changes import ChangeKind
from services.targets.read_models.matrix import Filters, chosen, compared, matrix
from shared.contracts.organisation import UnitKind
from shared.contracts.targets import AssignmentRole, Category, Direction, Issuer, RollUp, Tag, TargetKind
from shared.http.answers import asking
from shared.http.asking import AskedTwiceDep
from shared.http.fields import Label
from shared.http.ordering import YearNumber
from shared.http.pages import CursorInvalid, Page, Place, next_cursor
from shared.http.pins import StandsAt, stands_at
from shared.projections import Standpoint

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
    """What the parts come to; `stated_on`: since when the office says that they are complete."""

    parts: str
    reserve: str
    surplus: str
    missing: str
    complete: bool
    stated_on: date | None = Field(default=None)


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


class ChangedMatrixPart(BaseModel):
    """A cell that differs: `before` is the other side's, `after` this one's; of what is new or gone one is absent.

    `changed` names the members that differ. A part that the same unit took over again has another `id`.
    """

    unit: str
    change: ChangeKind
    changed: list[str]
    before: MatrixPart | None = Field(default=None)
    after: MatrixPart | None = Field(default=None)


class ChangedMatrixRow(BaseModel):
    """A target that differs, the same way, and its cells that do."""

    code: str
    change: ChangeKind
    changed: list[str]
    before: MatrixRow | None = Field(default=None)
    after: MatrixRow | None = Field(default=None)
    parts: list[ChangedMatrixPart]


class ComparedMatrix(BaseModel):
    """What differs from the other side of the comparison in the targets of this page, and where that side stands."""

    changes: list[ChangedMatrixRow]
    pin: StandsAt


class Matrix(BaseModel):
    """A page of the matrix: rows by the targets' codes, and the units that occur in them.

    `compared` is absent unless it was asked for; a target that stands on the other side only has its place in the
    pages, and no row but in `changes`.
    """

    units: list[MatrixUnit]
    items: list[MatrixRow]
    next_cursor: str | None
    compared: ComparedMatrix | None = Field(default=None)
    pin: StandsAt


@router.get("/matrix", response_model=Matrix, responses=asking(CursorInvalid))
def get_matrix(
    year: YearNumber,
    asked: AskedTwiceDep,
    page: Page,
    category: Annotated[Category | None, Query(description="Only targets of this category.")] = None,
    kind: Annotated[TargetKind | None, Query(description="Only targets of this kind.")] = None,
    tag: Annotated[Tag | None, Query(description="Only targets with this tag.")] = None,
    unit: Annotated[str | None, Query(description="Only parts of this unit, and targets with one.")] = None,
    role: Annotated[AssignmentRole | None, Query(description="Only parts of this role, and targets with one.")] = None,
) -> Response:
    """Which unit answers for which part of which target at `as_of`, within your scope; a page of targets.

    Asked again at the same pin, the answer has the same bytes whatever was learnt meanwhile. Compared with another
    date or state of knowledge, it says which targets and parts are new, gone or otherwise, with both values.
    """
    asked.permit(*SEES_TARGETS)
    axes = asked.axes
    of = f"matrix {year} {category} {kind} {tag} {unit} {role} {axes.compare_as_of} {axes.compare_known_at}"
    place = asked.turn_to(page, of, str)
    with asked.view() as view:
        other, at = asked.compared(view), view.standpoint
        sides = [view] if other is None else [view, other]
        wanted = next((id for side in sides if unit and (id := side.registry.unit_id(unit))), None)
        filters = Filters(category, kind, tag, wanted, role, asked.units_of_both(view, other))
        rows = [
            {row.code: (id, row) for id, row in chosen(side.registry, year, side.standpoint.as_of, filters)}
            if unit is None or wanted is not None else {}
            for side in sides
        ]  # fmt: skip
        codes = sorted({code for found in rows for code in found})
        if place is not None:
            codes = [code for code in codes if code > str(place.key[0])]
        taken, cursor = codes[: page.limit], None
        if len(codes) > page.limit:
            cursor = next_cursor(of, Place(at.position, (taken[-1],), at.as_of))
        document, *elsewhere = (
            matrix(side.registry, side.standpoint.as_of, [found[code] for code in taken if code in found], filters)
            for side, found in zip(sides, rows, strict=True)
        )
    if other is not None:
        units, changed = compared(elsewhere[0], document)
        document |= {"units": units, "compared": {"changes": changed, "pin": _pin(other.standpoint)}}
    document |= {"next_cursor": cursor, "pin": _pin(at)}
    return Response(msgspec.json.encode(document), media_type="application/json", headers=asked.headers())


def _pin(at: Standpoint) -> object:
    return stands_at(at).model_dump(mode="json")
