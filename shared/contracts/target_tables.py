"""What the target service promises about a year's course, and about target tables that are issued and signed."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from shared.contracts.registry import contract
from shared.contracts.shapes import Position, Reason, Sha256, Shape, Uuid, Year
from shared.year_states import YearState


@contract("jikao.year.moved.v1")
class YearMoved(Shape, frozen=True, kw_only=True):
    """An assessment year is in another state from here on. With a reason where it went back."""

    year: Year
    state: YearState
    reason: Reason | UnsetType = UNSET


class IssuedTable(Shape, frozen=True, kw_only=True):
    """One unit's target table: `sha256` is over its canonical document."""

    unit: Uuid
    sha256: Sha256


@contract("jikao.target-tables.issued.v1")
class TargetTablesIssued(Shape, frozen=True, kw_only=True):
    """The office has issued units' target tables as they stand on a date, as known at `position`.

    A unit that is not named keeps the table that it was issued before, if any.
    """

    year: Year
    on: date
    position: Position
    tables: Annotated[list[IssuedTable], Meta(min_length=1, max_length=5000)]


@contract("jikao.target-table.signed.v1")
class TargetTableSigned(Shape, frozen=True, kw_only=True):
    """A unit has signed for the table that hashes to `sha256`, on the log's local day `on`; perhaps by a person."""

    year: Year
    unit: Uuid
    sha256: Sha256
    on: date
    person: Uuid | UnsetType = UNSET


@contract("jikao.letter-template.replaced.v1")
class LetterTemplateReplaced(Shape, frozen=True, kw_only=True):
    """Responsibility letters are made from another template from here on. Its bytes lie outside of the log."""

    sha256: Sha256
    octets: Annotated[int, Meta(ge=1, le=10_000_000)]
