"""What do the parts of a target, or of one part, come to on a day, and was it said that they are complete? Pure."""

from __future__ import annotations

from collections.abc import Set
from datetime import date

from services.targets.decomposition import Decomposed, broken_down
from shared.registry import Registry, rows


def decomposed(
    registry: Registry, id: str, target: rows.Target, day: date, seen: Set[str] | None = None
) -> dict[str | None, Decomposed]:
    """Of the target `id`, under None, and of each of its parts, by id: those of which something adds up.

    Left out is that into which a part goes that is not of a unit in `seen` (None: all are).
    """
    if target.roll_up != "sum":
        return {}
    beneath: dict[str | None, list[rows.Assignment]] = {}
    for _, part in registry.parts_of(id):
        if part.role != "coordination" and part.valid_on(day):
            above = None if part.below is None else registry.standing_for(part.below, id, day)
            beneath.setdefault(above, []).append(part)
    return {
        above: _decomposed(registry, id, target, day, above, parts)
        for above, parts in beneath.items()
        if seen is None or all(part.unit in seen for part in parts)
    }


def _decomposed(
    registry: Registry, id: str, target: rows.Target, day: date, above: str | None, parts: list[rows.Assignment]
) -> Decomposed:
    whole = target.value
    if above is not None and (own := registry.assignments.latest(above).value) is not None:
        whole = own
    stated = [(on, row) for on, _, row in registry.decompositions.history(above or id) if on <= day]
    on, row = stated[-1] if stated else (None, None)
    reserve, reason = (row.reserve, row.reason) if row is not None else (None, None)
    return Decomposed(broken_down(whole, parts, reserve, target.direction, of_target=above is None), on, reason)
