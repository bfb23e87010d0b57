"""What answers about target tables look like. Members without a value are absent, so that a table is what is hashed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NotRequired, cast

import msgspec
from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from services.targets.changes import ChangeKind, changes, told
from services.targets.signature import Issued, SignatureStatus, Signed, UnitTable
from services.targets.target_table import Row
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

    issued_on: Day
    sha256: str
    known_at: int
    position: int


@_CLOSED
class TableSignature(TypedDict):
    """What was last signed for, on which day; `by` is an opaque id, as is `person`."""

    signed_on: Day
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


@_CLOSED
class ChangedTableRow(TypedDict):
    """A target that differs: `before` is the other side's row, `after` this one's.

    One is absent where it is new or gone. `changed` names the members that differ.
    """

    code: str
    change: ChangeKind
    changed: list[str]
    before: NotRequired[TableRow]
    after: NotRequired[TableRow]


@_CLOSED
class TableChanges(TypedDict):
    """The same table on the other side of the comparison, and the targets that differ, by code.

    `sha256` is absent where the unit had no table there.
    """

    sha256: NotRequired[str]
    changes: list[ChangedTableRow]


@_CLOSED
class ComparedTable(TableChanges):
    """The same, and where the other side stands."""

    pin: StandsAt


@_CLOSED
class ListedTable(UnitTableShown):
    """A unit's table in a list; `compared` is absent unless it was asked for.

    A unit that has a table on the other side only is shown with an empty one here.
    """

    compared: NotRequired[TableChanges]


class UnitTables(TypedDict):
    """Tables by unit; `compared_pin` is absent unless a comparison was asked for."""

    items: list[ListedTable]
    next_cursor: str | None
    pin: StandsAt
    compared_pin: NotRequired[StandsAt]


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


def compared(
    answer: UnitTableShown, after: UnitTable, before: UnitTable | None, there: Registry, wanted: Callable[[Row], bool]
) -> TableChanges:
    """In which of the wanted targets a unit's two tables differ, by code; `there` names those that are gone."""
    old, new = (
        {str(row["code"]): row for row in side.document["targets"] if wanted(row)} if side is not None else {}
        for side in (before, after)
    )
    found = changes(old, new)
    for each in found:
        if each.after is None:
            answer["names"][each.key] = msgspec.to_builtins(name_of(there, after.document["year"], each.key))
    said: dict[str, Any] = {"changes": [{"code": each.key} | told(each) for each in found]}
    return cast(TableChanges, said if before is None else {"sha256": before.sha256} | said)


def _issued(issued: Issued) -> dict[str, Any]:
    return {"issued_on": issued.on.isoformat(), "sha256": issued.row.sha256, "known_at": issued.row.known_at,
            "position": issued.position}  # fmt: skip


def _signed(signed: Signed) -> dict[str, Any]:
    row = signed.row
    said = {"signed_on": signed.on.isoformat(), "sha256": row.sha256, "by": row.by, "position": signed.position}
    return said if row.person is None else said | {"person": row.person}
