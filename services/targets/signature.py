"""Signing for a target table (签收): a unit signs for exactly what it was issued, and whether that still stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from msgspec import UNSET

from services.targets.errors.tables import SignedAlready, TableHasChanged, TableIsNotIssued
from services.targets.target_table import Table, table, table_sha256, tables_on
from shared.contracts.shapes import Shape
from shared.contracts.target_tables import TargetTableSigned
from shared.deciding import Fact, Stream
from shared.registry import Registry, Versions, rows, table_id

R = TypeVar("R", bound=rows.Row)
SignatureStatus = Literal["not_issued", "unsigned", "signed", "outdated"]
"""`unsigned`: not for the table as it was last issued. `outdated`: it was, but the table has changed since."""


@dataclass(frozen=True, slots=True)
class SignTable:
    """`unit` is the code at the command's address, `sha256` that of the table the unit was shown."""

    year: int
    unit: str
    sha256: str
    person: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """A row as it stood on a day: from when, and by the fact at which position."""

    on: date
    position: int


@dataclass(frozen=True, slots=True)
class Issued(Said):
    """The table that a unit was last issued."""

    row: rows.TargetTable


@dataclass(frozen=True, slots=True)
class Signed(Said):
    """What a unit last signed for."""

    row: rows.Signature


@dataclass(frozen=True, slots=True)
class Inherited:
    """A signature of a unit that this one succeeds, or took parts over from, and the codes of their targets."""

    unit: str
    signed: Signed
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnitTable:
    """A unit's table on a day (`unit`: its id; `sha256`: of the document), and how it stands."""

    unit: str
    named: rows.Unit
    document: Table
    sha256: str
    inherited: Sequence[Inherited]
    issued: Issued | None
    signed: Signed | None

    @property
    def status(self) -> SignatureStatus:
        """Has the unit signed for what stands?"""
        if self.issued is None:
            return "not_issued"
        if self.signed is None or self.signed.row.sha256 != self.issued.row.sha256:
            return "unsigned"
        return "outdated" if self.changed_since_issue else "signed"

    @property
    def changed_since_issue(self) -> bool:
        """Would the office have to issue it anew?"""
        return self.issued is None or self.issued.row.sha256 != self.sha256


def signature_stream(year: int, unit: str) -> Stream[str | None]:
    """What a unit last signed for: one stream a unit, so that hundreds may sign in the same minute."""
    return Stream(f"target-table:{year}:{unit}", None, evolve)


def sign_table(
    command: SignTable, signed: str | None, *, unit: str, issued: str | None, stands: str, today: date
) -> list[Fact]:
    """TableIsNotIssued, TableHasChanged (what was shown, what was issued and what stands), SignedAlready.

    `unit` is the id; `issued` the sha256 of the table as last issued, `stands` as it stands today.
    """
    if issued is None:
        raise TableIsNotIssued(unit=command.unit)
    if not command.sha256 == issued == stands:
        raise TableHasChanged(
            shown=command.sha256, issued=issued, stands=stands, faults=[TableHasChanged().fault("/sha256")]
        )
    if signed == issued:
        raise SignedAlready(unit=command.unit, sha256=issued)
    fact = TargetTableSigned(
        year=command.year, unit=unit, sha256=issued, on=today, person=command.person or UNSET
    )  # fmt: skip
    return [Fact(fact, today)]


def units_on(
    registry: Registry, year: int, day: date, scope: frozenset[str] | None = None, *, only: str | None = None
) -> list[UnitTable]:
    """The tables of all units (in scope), by code: of those that have a part, and that were issued one before.

    `only`: that of one unit (its id). No unit outside of the scope is named, whatever was taken over from it. A unit
    that has ended is issued nothing more: nobody could sign for it.
    """
    wanted = scope if only is None else frozenset({only})
    tables = tables_on(registry, year, day, wanted)
    for _, row in registry.tables.on(day):
        seen = row.year == year and (wanted is None or row.unit in wanted)
        if seen and row.unit not in tables and not registry.ended(row.unit, day):
            tables[row.unit] = table(registry, year, row.unit, [])
    inherited = _inherited(registry, year, day, scope)
    found = [
        UnitTable(
            unit, registry.units.get(unit, day) or registry.units.first(unit), document, table_sha256(document),
            inherited.get(unit, ()),
            *_issued_and_signed(registry, year, unit, day),
        )
        for unit, document in tables.items()
    ]  # fmt: skip
    return sorted(found, key=lambda each: each.named.code)


def emptied(registry: Registry, year: int, day: date, elsewhere: UnitTable) -> UnitTable:
    """How a unit stands on a day that has no table then but one `elsewhere`: with an empty one."""
    unit, document = elsewhere.unit, Table({**elsewhere.document, "targets": []})
    return UnitTable(
        unit, registry.units.get(unit, day) or elsewhere.named, document, table_sha256(document), (),
        *_issued_and_signed(registry, year, unit, day),
    )  # fmt: skip


def _issued_and_signed(registry: Registry, year: int, unit: str, day: date) -> tuple[Issued | None, Signed | None]:
    id = table_id(year, unit)
    issued, signed = _latest(registry.tables, id, day), _latest(registry.signatures, id, day)
    return Issued(*issued) if issued else None, Signed(*signed) if signed else None


def _inherited(registry: Registry, year: int, day: date, scope: frozenset[str] | None) -> dict[str, list[Inherited]]:
    """By unit, what units in scope had signed that it succeeds, as they ended, or whose parts it took over."""
    taken: dict[tuple[str, str], set[str]] = {
        (successor, id): set()
        for id, ended in registry.units.on(day)
        if ended.ended_on is not None and ended.ended_on <= day
        for successor in ended.successors
    }  # fmt: skip
    for id, target in registry.targets_on(day):
        for _, part in registry.parts_of(id) if target.year == year else ():
            if part.follows and part.valid_on(day):
                for other in _holders_before(registry, part):
                    if other != part.unit:
                        taken.setdefault((part.unit, other), set()).add(target.code)
    inherited: dict[str, list[Inherited]] = {}
    for unit, other in sorted(taken):
        if scope is not None and other not in scope:
            continue
        if signed := _latest(registry.signatures, table_id(year, other), day):
            code, codes = registry.units.latest(other).code, tuple(sorted(taken[unit, other]))
            inherited.setdefault(unit, []).append(Inherited(code, Signed(*signed), codes))
    return inherited


def evolve(signed: str | None, fact: Shape) -> str | None:
    """Remember."""
    return fact.sha256 if isinstance(fact, TargetTableSigned) else signed


def _latest(versions: Versions[R], id: str, day: date) -> tuple[date, int, R] | None:
    return next((version for version in reversed(versions.history(id)) if version[0] <= day), None)


def _holders_before(registry: Registry, part: rows.Assignment) -> list[str]:
    """The units that had this part, or what became part of it, before; each part is met once, whatever came of it."""
    met, units, ahead = set[str](), list[str](), list(part.follows)
    while ahead:
        if (id := ahead.pop()) not in met:
            met.add(id)
            before = registry.assignments.latest(id)
            units.append(before.unit)
            ahead += before.follows
    return units
