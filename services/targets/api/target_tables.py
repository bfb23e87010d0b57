"""Target tables: each unit's, issued by the office, signed for by the unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query, Response
from pydantic import Field

from services.targets.api.asking import page_of, read_to_the_end, stream_version
from services.targets.api.shapes import OFFICE, SEES_TARGETS, Body, UnitCode, UuidStr, example
from services.targets.api.target_table_shapes import (
    ListedTable,
    TableAnswer,
    TableRow,
    UnitTables,
    compared,
    shown,
)
from services.targets.errors.organisation import PersonIsErased, PersonIsUnknown
from services.targets.errors.tables import (
    NothingToIssue,
    SignedAlready,
    TableHasChanged,
    TableIsNotIssued,
    TablesIssuedLater,
    TableUnknown,
)
from services.targets.errors.years import DateOutsideYear, YearUnknown
from services.targets.signature import (
    SignatureStatus,
    SignTable,
    UnitTable,
    emptied,
    sign_table,
    signature_stream,
    units_on,
)
from services.targets.target_table import IssueTables, Row, issue_tables, table_on, table_sha256
from services.targets.year import YearStanding, require_allowed, standing_stream
from shared.admission.errors import DateInFuture, YearDoesNotAllow, YearIsNotOpen
from shared.canonical import encode_trusted
from shared.contracts.targets import AssignmentRole, Category
from shared.deciding import Fact, Look
from shared.http.answers import asking, changed, commanded
from shared.http.asking import Asked, AskedTwiceDep, View, units_in_scope
from shared.http.fields import StrictDate
from shared.http.ordering import ChangingDep, Ordering, OrderingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import stands_at
from shared.http.preconditions import etag
from shared.projections import Standpoint
from shared.registry import ALWAYS, Registry

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}/target-tables", tags=["targets"])

SIGNS = ("unit",)
Hash = Annotated[str, Field(strict=True, pattern=r"^[0-9a-f]{64}$", examples=["ab" * 32])]


class IssueBody(Body):
    """The date as of which the tables are issued: in the year, not in the future."""

    model_config = example({"issued_on": "2009-03-01"})

    issued_on: StrictDate


class SignatureBody(Body):
    """What is signed for: `sha256` of the table as it was shown. `person`: who signs (an id), if it is kept."""

    model_config = example({"sha256": "ab" * 32})

    sha256: Hash
    person: UuidStr | None = None


@router.post(
    "",
    status_code=201,
    responses=changed(
        YearIsNotOpen,
        YearDoesNotAllow,
        DateOutsideYear,
        DateInFuture,
        TablesIssuedLater,
        NothingToIssue,
    ),
)
async def issue_target_tables(year: YearNumber, body: IssueBody, ordering: ChangingDep) -> Recorded:
    """Issue the target tables of all units as they stand on a date; later again, those that have changed since.

    Moves a draft year on. Needs the year's ETag, which the list of its tables shows too. The assessment office only.
    """
    role = ordering.permit_whole(*OFFICE)
    command = IssueTables(year, body.issued_on)
    tables, at = await read_to_the_end(ordering, lambda view: _to_issue(view, command))
    done = await ordering.execute(
        role,
        standing_stream(year),
        lambda standing, _: issue_tables(command, standing, tables=tables, known_at=at.position, today=at.as_of),
        basis=at.position,
    )
    return ordering.recorded(str(year), done)


@router.post(
    "/{unit}/signatures",
    status_code=201,
    responses=commanded(
        TableUnknown,
        YearDoesNotAllow,
        TableIsNotIssued,
        TableHasChanged,
        SignedAlready,
        PersonIsUnknown,
        PersonIsErased,
    ),
)
async def sign_target_table(year: YearNumber, unit: UnitCode, body: SignatureBody, ordering: OrderingDep) -> Recorded:
    """Sign for the unit's table, exactly as it was issued and still stands. By units, within their scope."""
    role = ordering.permit(*SIGNS)
    id, stands, at = await read_to_the_end(ordering, lambda view: _to_sign(view, ordering, year, unit, body.person))
    command = SignTable(year, unit, body.sha256, body.person)

    def decide(signed: str | None, look: Look) -> list[Fact]:
        standing: YearStanding = look.at(standing_stream(year))
        require_allowed("sign", year, standing)
        return sign_table(command, signed, unit=id, issued=standing.issued.get(id), stands=stands, today=at.as_of)

    done = await ordering.execute(role, signature_stream(year, unit), decide, basis=at.position)
    return ordering.recorded(unit, done)


@router.get("", response_model=UnitTables, responses=asking(CursorInvalid, YearUnknown))
def list_target_tables(
    year: YearNumber,
    asked: AskedTwiceDep,
    page: Page,
    category: Annotated[Category | None, Query(description="Only targets of this category.")] = None,
    role: Annotated[AssignmentRole | None, Query(description="Only targets in which the unit has this role.")] = None,
    status: Annotated[SignatureStatus | None, Query(description="Only tables that stand like this.")] = None,
) -> Response:
    """The target tables of the units within your scope on the date asked about, signed or not, by unit.

    Compared with another date or state of knowledge, each says which of its targets are new, gone or otherwise, with
    both rows; a unit whose table is gone is listed too. The ETag is the year's, which issuing them anew must match.
    """
    asked.permit(*SEES_TARGETS)
    compared_pin: dict[str, Any] = {}

    def wanted(row: Row) -> bool:
        return category in (None, row["category"]) and role in (None, row["role"])

    def found(view: View) -> Iterator[tuple[tuple[str], ListedTable]]:
        registry = view.registry
        require_year(registry, year)
        asked.response.headers["ETag"] = etag(stream_version(view, standing_stream(year).name))
        other = asked.compared(view)
        if other is not None:
            compared_pin["compared_pin"] = _pin(other.standpoint)
        for each, before in _on_both_sides(view, other, asked, year):
            answer = cast(ListedTable, shown(each, registry, year))
            taken = [row for row in each.document["targets"] if wanted(row)]
            answer["table"] = {**answer["table"], "targets": cast(list[TableRow], taken)}
            if other is not None:
                answer["compared"] = compared(answer, each, before, other.registry, wanted)
            shows_any = taken or (other is not None and answer["compared"]["changes"])
            if status in (None, each.status) and (shows_any or (category is None and role is None)):
                yield (answer["unit"],), answer

    of = f"target-tables {year} {category} {role} {status} {asked.axes.compare_as_of} {asked.axes.compare_known_at}"
    items, cursor, pin = page_of(asked, page, of, lambda view: list(found(view)))
    answer = {"items": items, "next_cursor": cursor, "pin": pin.model_dump(mode="json")}
    return _answer(asked, answer | compared_pin)


@router.get("/{unit}", response_model=TableAnswer, responses=asking(TableUnknown, YearUnknown))
def get_target_table(year: YearNumber, unit: UnitCode, asked: AskedTwiceDep) -> Response:
    """One unit's target table on a date: what it is given, whether that was issued and signed for, what differs.

    A unit that has a table on the other side of a comparison only is shown with an empty one.
    """
    asked.permit(*SEES_TARGETS)
    with asked.view() as view:
        other = asked.compared(view)
        stands, before = _of_unit(view, other, asked, year, unit)
        table = shown(stands, view.registry, year)
        answer: dict[str, Any] = {"table": table, "pin": _pin(view.standpoint)}
        if other is not None:
            answer["compared"] = {
                **compared(table, stands, before, other.registry, lambda _: True), "pin": _pin(other.standpoint)
            }  # fmt: skip
        return _answer(asked, answer)


def table_of_unit(view: View, asked: Asked, year: int, unit: str) -> UnitTable:
    """The table of the unit at an address. YearUnknown; TableUnknown, also outside of the caller's scope."""
    return _of_unit(view, None, asked, year, unit)[0]


def _of_unit(view: View, other: View | None, asked: Asked, year: int, unit: str) -> tuple[UnitTable, UnitTable | None]:
    """The same with that on the other side."""
    scope = asked.units_of_both(view, other)
    require_year(view.registry, year)
    id = view.registry.unit_id(unit)
    if id is None and other is not None:
        id = other.registry.unit_id(unit)
    if id is None or (scope is not None and id not in scope):
        raise TableUnknown(unit=unit)
    found = _on_both_sides(view, other, asked, year, only=id)
    if not found:
        raise TableUnknown(unit=unit)
    return found[0]


def _on_both_sides(
    view: View, other: View | None, asked: Asked, year: int, *, only: str | None = None
) -> list[tuple[UnitTable, UnitTable | None]]:
    """The tables of all units in scope that have one on either side; an empty one where that is the other."""
    scope = asked.units_of_both(view, other)
    here, there = (
        {} if side is None else {
            each.unit: each for each in units_on(side.registry, year, side.standpoint.as_of, scope, only=only)
        }
        for side in (view, other)
    )  # fmt: skip
    gone = [emptied(view.registry, year, view.standpoint.as_of, there[unit]) for unit in there if unit not in here]
    return [(each, there.get(each.unit)) for each in (*here.values(), *gone)]


def require_year(registry: Registry, year: int) -> None:
    """YearUnknown for one that was not open then."""
    if str(year) not in registry.years:
        raise YearUnknown(year=year)


def _to_issue(view: View, command: IssueTables) -> tuple[dict[str, str], Standpoint]:
    """The sha256 of every unit's table on the date, by unit id."""
    tables = units_on(view.registry, command.year, command.on)
    return {each.unit: each.sha256 for each in tables}, view.standpoint


def _to_sign(view: View, ordering: Ordering, year: int, unit: str, person: str | None) -> tuple[str, str, Standpoint]:
    """The unit's id and its table's sha256 today. TableUnknown, PersonIsUnknown, PersonIsErased."""
    registry, scope = view.registry, units_in_scope(ordering.caller, view.registry)
    id = registry.unit_id(unit)
    if id is None or (scope is not None and id not in scope):
        raise TableUnknown(unit=unit)
    if person is not None:
        row = registry.persons.get(person, ALWAYS)
        if row is None or row.unit not in (None, id):
            raise PersonIsUnknown(person=person, faults=[PersonIsUnknown().fault("/person")])
        if row.erased:
            raise PersonIsErased(person=person, faults=[PersonIsErased().fault("/person")])
    return id, table_sha256(table_on(registry, year, id, view.standpoint.as_of)), view.standpoint


def _pin(at: Standpoint) -> Any:
    return stands_at(at).model_dump(mode="json")


def _answer(asked: Asked, answer: dict[str, Any]) -> Response:
    """The answer's bytes, as they are: nothing looks at thousands of rows again."""
    return Response(encode_trusted(answer), media_type="application/json", headers=asked.headers())
