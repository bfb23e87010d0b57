"""What do the parts of a target, or of one part, come to on a day, and was it said that they are complete? Pure."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import date

from services.targets.decomposition import Comparison, added_up, compared
from shared.contracts.targets import Direction
from shared.registry import Registry, rows


@dataclass(frozen=True, slots=True)
class Decomposed:
    """The comparison, and since when it is stated that the parts are complete, if it is."""

    comparison: Comparison
    stated_on: date | None
    reason: str | None


def decomposed(
    registry: Registry,
    id: str,
    target: rows.Target,
    day: date,
    above: str | None = None,
    seen: Set[str] | None = None,
) -> Decomposed | None:
    """Of the target `id` or of its part `above`; None where nothing is added up, or nothing was broken down.

    None too where a part that goes into it is not of a unit in `seen` (None: all are).
    """
    if target.roll_up != "sum":
        return None
    parts = [
        part
        for _, part in registry.parts_of(id)
        if part.role != "coordination" and part.valid_on(day)
        and (None if part.below is None else registry.standing_for(part.below, id, day)) == above
    ]  # fmt: skip
    if not parts or (seen is not None and any(part.unit not in seen for part in parts)):
        return None
    whole = target.value
    if above is not None and (own := registry.assignments.latest(above).value) is not None:
        whole = own
    stated = [(on, row) for on, _, row in registry.decompositions.history(above or id) if on <= day]
    on, row = stated[-1] if stated else (None, None)
    leads = above is None and any(part.role == "lead" for part in parts)
    counted = added_up([part.value for part in parts], leads, whole)
    direction: Direction = "lower" if target.kind == "ceiling" or target.direction == "lower" else "higher"
    found = compared(whole, counted, row.reserve if row is not None else None, direction)
    return Decomposed(found, on, row.reason if row is not None else None)
