"""A unit's target table (目标责任表): what it is given on a date, as a canonical document; and the issue of them all.

A table holds codes and text, no labels, nothing that is absent, and neither date nor position: a table that says the
same on another day is the same table, so a signature for it still holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypedDict

import msgspec

from services.targets.errors.tables import NothingToIssue, TablesIssuedLater
from services.targets.year import DRAFT, YearStanding, require_allowed, require_open, require_within
from shared.admission.errors import DateInFuture
from shared.canonical import encode_trusted, sha256_hex
from shared.contracts.target_tables import IssuedTable, TargetTablesIssued, YearMoved
from shared.deciding import Fact
from shared.registry import Registry, rows

FORM = "target-table.v1"
"""Of the document. Another form gets another name, and what was issued in this one is compared in this one."""

Row = dict[str, object]


class Table(TypedDict):
    """The document: `targets` by code, each with the unit's role and part of it."""

    form: str
    year: int
    unit: str
    targets: list[Row]


@dataclass(frozen=True, slots=True)
class IssueTables:
    """Issue the year's tables as they stand on a date."""

    year: int
    on: date


def tables_on(registry: Registry, year: int, day: date, scope: frozenset[str] | None = None) -> dict[str, Table]:
    """The tables of all units (of these) that have a part of a target in force on the day, by unit id."""
    of_unit: dict[str, list[Row]] = {}
    standing = [(target.code, id, target) for id, target in registry.targets_on(day) if target.year == year]
    for _, id, target in sorted(standing, key=lambda each: each[0]):
        parts = [part for _, part in registry.parts_of(id) if scope is None or part.unit in scope]
        said = _target(target) if parts else {}
        for part in parts:
            if part.valid_on(day):
                of_unit.setdefault(part.unit, []).append(said | _part(registry, part))
    return {unit: table(registry, year, unit, of_unit[unit]) for unit in of_unit}


def table_on(registry: Registry, year: int, unit: str, day: date) -> Table:
    """One unit's table; it may be empty."""
    return tables_on(registry, year, day, frozenset({unit})).get(unit) or table(registry, year, unit, [])


def table(registry: Registry, year: int, unit: str, targets: list[Row]) -> Table:
    """The document of these rows."""
    return {"form": FORM, "year": year, "unit": registry.units.latest(unit).code, "targets": targets}


def table_sha256(document: Table) -> str:
    """What is issued and signed for: the hash of the document's canonical bytes, in hex."""
    return sha256_hex(encode_trusted(document))


def issue_tables(
    command: IssueTables, standing: YearStanding, *, tables: Mapping[str, str], known_at: int, today: date
) -> list[Fact]:
    """Issue the tables that are not as they were last issued, and move a draft on.

    `tables`: sha256 by unit id, as known at the position `known_at`; whoever was issued a table before
    and has not ended is among them.
    """
    require_open(command.year, standing.is_open)
    require_allowed("issue_tables", command.year, standing)
    require_within(command.year, command.on, "/issued_on")
    if command.on > today:
        raise DateInFuture(on=command.on, today=today, faults=[DateInFuture().fault("/issued_on")])
    if standing.issued_on is not None and command.on < standing.issued_on:
        raise TablesIssuedLater(issued_on=standing.issued_on, faults=[TablesIssuedLater().fault("/issued_on")])
    changed = [(unit, sha256) for unit, sha256 in sorted(tables.items()) if standing.issued.get(unit) != sha256]
    if not changed:
        raise NothingToIssue(year=command.year, on=command.on)
    issued = TargetTablesIssued(
        year=command.year, on=command.on, position=known_at,
        tables=[IssuedTable(unit=unit, sha256=sha256) for unit, sha256 in changed],
    )  # fmt: skip
    facts = [Fact(issued, command.on)]
    if (standing.state or DRAFT) == DRAFT:
        facts.append(Fact(YearMoved(year=command.year, state="targets_issued")))
    return facts


def _target(target: rows.Target) -> Row:
    """What is to be reached, whoever has a part of it."""
    said: Row = {
        "code": target.code, "category": target.category, "issuer": target.issuer, "kind": target.kind,
        "direction": target.direction, "value": target.value, "unit_of_measure": target.unit_of_measure,
        "measures": [{"code": m.code, "unit_of_measure": m.unit_of_measure} for m in target.measures],
        "roll_up": target.roll_up, "tags": sorted(target.tags),
    }  # fmt: skip
    given = {
        "indicator": target.indicator, "weight": target.weight, "points": target.points, "text": target.text,
        "scoring": target.scoring,
        "steps": [{"measure": s.measure, "share": s.share, "due_on": s.due_on.isoformat()} for s in target.steps],
        "bands": [{"code": band.code, "share": band.share} for band in target.bands],
    }  # fmt: skip
    return said | {name: msgspec.to_builtins(value) for name, value in given.items() if value}


def _part(registry: Registry, part: rows.Assignment) -> Row:
    said: Row = {"role": part.role, "valid_from": part.valid_from.isoformat()}
    if part.below is not None:  # whose part this is a part of
        said["below"] = registry.units.latest(registry.assignments.latest(part.below).unit).code
    return said if part.value is None else said | {"part": part.value}
