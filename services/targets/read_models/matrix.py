"""Who answers for what (目标分解矩阵)? Targets in rows, units in columns, as a canonical document. Pure.

It holds what stood on one day, as known at one position, and nothing that depends on today or on who asks but the
units within their scope: the same question at the same pin has the same bytes whatever is learnt later.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date
from typing import cast

from services.targets.changes import changes, told
from services.targets.decomposition import sum_text
from services.targets.read_models.decompositions import decomposed
from shared.contracts.shapes import Label
from shared.registry import Registry, rows

Document = dict[str, object]
Chosen = tuple[str, rows.Target]
"""A target with its id."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What is left of the whole matrix; None asks for all. `unit` is an id, `seen` are the ids of units in scope."""

    category: str | None = None
    kind: str | None = None
    tag: str | None = None
    unit: str | None = None
    role: str | None = None
    seen: Set[str] | None = None

    @property
    def of_parts(self) -> bool:
        """Are only targets wanted that have some part left?"""
        return self.unit is not None or self.role is not None or self.seen is not None

    def wants(self, target: rows.Target) -> bool:
        """Is this target asked about?"""
        return (
            self.category in (None, target.category)
            and self.kind in (None, target.kind)
            and (self.tag is None or self.tag in target.tags)
        )

    def wants_part(self, part: rows.Assignment) -> bool:
        """Is this part?"""
        return (
            self.unit in (None, part.unit)
            and self.role in (None, part.role)
            and (self.seen is None or part.unit in self.seen)
        )


def chosen(registry: Registry, year: int, day: date, filters: Filters) -> list[Chosen]:
    """The targets in force on the day that are asked about, by code."""
    found = [
        (id, target)
        for id, target in registry.targets_on(day)
        if target.year == year and filters.wants(target)
        and (not filters.of_parts or _parts(registry, id, day, filters))
    ]  # fmt: skip
    found.sort(key=lambda each: each[1].code)
    return found


def matrix(registry: Registry, day: date, page: Sequence[Chosen], filters: Filters) -> Document:
    """Columns: the units that occur, by code. Rows: each target with its parts, by the units' codes."""
    parts = [_parts(registry, id, day, filters) for id, _ in page]
    codes = {unit: registry.units.latest(unit).code for unit in {part.unit for row in parts for _, part in row}}
    return {
        "units": sorted((_unit(registry, id, day) for id in codes), key=lambda unit: str(unit["code"])),
        "items": [
            _row(registry, day, id, target, [_cell(part, of, codes[of.unit]) for part, of in row], filters.seen)
            for (id, target), row in zip(page, parts, strict=True)
        ],
    }


def compared(before: Document, after: Document) -> tuple[list[Document], list[Document]]:
    """The columns of two matrices of some targets, and in which rows they differ, by the targets' codes.

    Cells are compared by their units: a unit has one part of a target at a time.
    """
    units = {unit["code"]: unit for side in (before, after) for unit in _list(side["units"])}
    old, new = ({str(row["code"]): row for row in _list(side["items"])} for side in (before, after))
    differing: list[Document] = [
        {"code": each.key, **told(each), "parts": [
            {"unit": cell.key, **told(cell)} for cell in changes(_cells(each.before), _cells(each.after))
        ]}
        for each in changes(old, new)
    ]  # fmt: skip
    return sorted(units.values(), key=lambda unit: str(unit["code"])), differing


def _cells(row: Document | None) -> dict[str, Document]:
    return {} if row is None else {str(cell["unit"]): cell for cell in _list(row["parts"])}


def _list(member: object) -> list[Document]:
    return cast(list[Document], member)


def _parts(registry: Registry, id: str, day: date, filters: Filters) -> list[tuple[str, rows.Assignment]]:
    return [(part, of) for part, of in registry.parts_of(id) if of.valid_on(day) and filters.wants_part(of)]


def _unit(registry: Registry, id: str, day: date) -> Document:
    unit = registry.units.get(id, day) or registry.units.latest(id)
    return {"code": unit.code, "name": _label(unit.name), "kind": unit.kind}


def _row(
    registry: Registry, day: date, id: str, target: rows.Target, cells: list[Document], seen: Set[str] | None
) -> Document:
    cells.sort(key=lambda cell: (str(cell["unit"]), str(cell["id"])))
    document: Document = {
        "id": id, "code": target.code, "name": _label(target.name), "issuer": target.issuer,
        "category": target.category, "kind": target.kind, "direction": target.direction, "roll_up": target.roll_up,
        "value": target.value, "unit_of_measure": target.unit_of_measure, "parts": cells,
    }  # fmt: skip
    found = decomposed(registry, id, target, day, seen).get(None)
    if found is not None:
        sums = found.comparison
        document["decomposition"] = {
            "parts": sum_text(sums.parts), "reserve": sum_text(sums.reserve), "surplus": sum_text(sums.surplus),
            "missing": sum_text(sums.missing), "complete": not sums.missing,
        } | ({} if found.stated_on is None else {"stated_on": found.stated_on.isoformat()})  # fmt: skip
    return document


def _cell(id: str, part: rows.Assignment, unit: str) -> Document:
    cell: Document = {"id": id, "unit": unit, "role": part.role, "valid_from": part.valid_from.isoformat()}
    if part.value is not None:
        cell["value"] = part.value
    if part.valid_until is not None:
        cell["valid_until"] = part.valid_until.isoformat()
    if part.below is not None:
        cell["below"] = part.below
    return cell


def _label(name: Label) -> Document:
    return {"zh": name.zh, "en": name.en} if isinstance(name.en, str) else {"zh": name.zh}
