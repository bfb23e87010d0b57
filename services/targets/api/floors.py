"""What does the province demand of a target, as far as this service has read? For decisions to adjust it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.targets.alignment import Demand, Floor, demand_of, floor_of
from services.targets.api.asking import as_read
from services.targets.read_models.parts import parts_of
from shared.contracts.targets import AlignmentOutcome
from shared.http.asking import View
from shared.http.ordering import Ordering
from shared.registry import ALWAYS, rows


@dataclass(frozen=True, slots=True)
class Read:
    """The floor as known at `position`, which goes into the decided facts as their basis; the log's local today.

    `demand` is the province's own target, also where no value of it can be compared.
    """

    floor: Floor | None
    demand: Demand | None
    position: int
    today: date


def read_floor(ordering: Ordering, year: int, target: str) -> Read:
    """`floor_in` what this service has read so far. Blocks."""
    with as_read(ordering) as view:
        return floor_in(view, year, target)


def floor_in(view: View, year: int, target: str) -> Read:
    """The province's value by the year's latest complete alignment. An unknown target has no floor."""
    at = view.standpoint
    id = view.registry.target_id(year, target)
    issued = view.registry.targets.latest(id) if id is not None else None
    found = _outcome(view, year, issued) if issued is not None and issued.indicator is not None else None
    if issued is None or found is None:
        return Read(None, None, at.position, at.as_of)  # a question that names no date is about the log's today
    outcome, edition = found
    floor = floor_of(outcome, issued.unit_of_measure, edition)
    return Read(floor, demand_of(outcome, edition), at.position, at.as_of)


def _outcome(view: View, year: int, target: rows.Target) -> tuple[AlignmentOutcome, int] | None:
    """What the year's latest complete alignment says of the target's indicator, and the province's edition in it."""
    parts, log, registry = parts_of(view.tables), view.standpoint.log, view.registry
    incomplete = parts.incomplete(view.db, log)
    complete = [
        (closed_at, id, row)
        for id, row in registry.alignments.on(ALWAYS)
        if row.year == year and (closed_at := registry.alignments.position(id)) not in incomplete
    ]
    if not complete:
        return None
    closed_at, id, alignment = max(complete, key=lambda run: run[0])
    edition = registry.catalogues.latest(alignment.province).edition
    outcomes = parts.outcomes(view.db, log, id, closed_at)
    of_target = (each for each in outcomes if target.indicator in (each.indicator, each.city_indicator))
    outcome = next(of_target, None)
    return (outcome, edition) if outcome is not None else None
