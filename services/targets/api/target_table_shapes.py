"""What answers about target tables look like. Members without a value are absent, so that a table is what is hashed."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, cast

import msgspec
from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from services.targets.signature import Issued, SignatureStatus, Signed, UnitTable
from services.targets.target_table import Table
from shared.contracts.shapes import Label
from shared.contracts.targets import AssignmentRole, Category, Direction, Issuer, RollUp, TargetKind
from shared.http.pins import StandsAt
from shared.registry import Registry

Day = Annotated[str, Field(json_schema_extra={"format": "date"}, examples=["2009-03-01"])]
_CLOSED = with_config(ConfigDict(extra="forbid"))


@_CLOSED
class NameShown(TypedDict):
    """A name."""

    zh: str
    en: NotRequired[str]


@_CLOSED
class MeasureOfTable(TypedDict):
    """What is reported of a target; the first one is judged."""

    code: str
    unit_of_measure: str


@_CLOSED
class StepOfTable(TypedDict):
    """A dated step of a milestone target; `share` in per cent."""

    measure: str
    share: str
    due_on: Day


@_CLOSED
class BandOfTable(TypedDict):
    """A band of a qualitative target; `share` in per cent."""

    code: str
    share: str


@_CLOSED
class TableRow(TypedDict):
    """A target in a unit's table: its value, and the unit's role and `part` of it. What is not stated is absent."""

    code: str
    category: Category
    issuer: Issuer
    kind: TargetKind
    direction: Direction
    value: str
    unit_of_measure: str
    measures: list[MeasureOfTable]
    roll_up: RollUp
    tags: list[str]
    indicator: NotRequired[str]
    weight: NotRequired[str]
    points: NotRequired[str]
    text: NotRequired[str]
    steps: NotRequired[list[StepOfTable]]
    bands: NotRequired[list[BandOfTable]]
    scoring: NotRequired[dict[str, Any]]
    below: NotRequired[str]
    role: AssignmentRole
    part: NotRequired[str]
    valid_from: Day


@_CLOSED
class TableShown(TypedDict):
    """A table as it is hashed: `sha256` is over its RFC 8785 bytes."""

    form: str
    year: int
    unit: str
    targets: list[TableRow]


@_CLOSED
class TableIssue(TypedDict):
    """As it was last issued: on which date, by the fact at `position`, as known at `known_at`."""

    on: Day
    sha256: str
    known_at: int
    position: int


@_CLOSED
class TableSignature(TypedDict):
    """What was last signed for, on which day; `by` is an opaque id, as is `person`."""

    on: Day
    sha256: str
    by: str
    person: NotRequired[str]
    position: int


@_CLOSED
class InheritedSignature(TypedDict):
    """What the unit, where it is within your scope, signed from which these targets were taken over."""

    unit: str
    targets: list[str]
    signature: TableSignature


@_CLOSED
class UnitTableShown(TypedDict):
    """A unit's table on the date that is asked about, and how it stands.

    `changed_since_issue`: the office would have to issue it anew. With a `category` the table shows only that one's
    targets; `sha256` is that of the whole table all the same. `names` are those of the targets, by code.
    """

    unit: str
    name: NameShown
    status: SignatureStatus
    changed_since_issue: bool
    sha256: str
    issued: NotRequired[TableIssue]
    signature: NotRequired[TableSignature]
    inherited_from: list[InheritedSignature]
    table: TableShown
    names: dict[str, NameShown]


class UnitTables(TypedDict):
    """Tables by unit."""

    items: list[UnitTableShown]
    next_cursor: str | None
    pin: StandsAt


@_CLOSED
class ChangedTableRow(TypedDict):
    """A target that differs: `before` is the other side's row, `after` this one's; one of them may be absent."""

    code: str
    before: NotRequired[TableRow]
    after: NotRequired[TableRow]


class ComparedTable(TypedDict):
    """The same table on the other side of the comparison, and the targets that differ, by code."""

    sha256: str
    changes: list[ChangedTableRow]
    pin: StandsAt


class TableAnswer(TypedDict):
    """One unit's table; `compared` is absent unless it was asked for."""

    table: UnitTableShown
    compared: NotRequired[ComparedTable]
    pin: StandsAt


def shown(stands: UnitTable, registry: Registry, year: int) -> UnitTableShown:
    """A unit's table as answers carry it."""
    answer: dict[str, Any] = {
        "unit": stands.named.code, "name": msgspec.to_builtins(stands.named.name), "status": stands.status,
        "changed_since_issue": stands.changed_since_issue, "sha256": stands.sha256,
        "inherited_from": [
            {"unit": each.unit, "targets": list(each.targets), "signature": _signed(each.signed)}
            for each in stands.inherited
        ],
        "table": stands.document,
        "names": {
            row["code"]: msgspec.to_builtins(name_of(registry, year, str(row["code"])))
            for row in stands.document["targets"]
        },
    }  # fmt: skip
    if stands.issued is not None:
        answer["issued"] = _issued(stands.issued)
    if stands.signed is not None:
        answer["signature"] = _signed(stands.signed)
    return cast(UnitTableShown, answer)


def name_of(registry: Registry, year: int, target: str) -> Label:
    """What the target of this code is called. KeyError when unknown."""
    return registry.targets.latest(registry.target_id(year, target) or "").name


def changes(before: Table, after: Table) -> list[ChangedTableRow]:
    """The targets in which two tables of a unit differ, by code."""
    old, new = ({row["code"]: row for row in side["targets"]} for side in (before, after))
    differing = sorted(str(code) for code in old.keys() | new.keys() if old.get(code) != new.get(code))
    found = [
        {"code": code} | {side: rows[code] for side, rows in (("before", old), ("after", new)) if code in rows}
        for code in differing
    ]
    return cast(list[ChangedTableRow], found)


def _issued(issued: Issued) -> dict[str, Any]:
    return {"on": issued.on.isoformat(), "sha256": issued.row.sha256, "known_at": issued.row.known_at,
            "position": issued.position}  # fmt: skip


def _signed(signed: Signed) -> dict[str, Any]:
    said = {"on": signed.on.isoformat(), "sha256": signed.row.sha256, "by": signed.row.by, "position": signed.position}
    return said if signed.row.person is None else said | {"person": signed.row.person}
