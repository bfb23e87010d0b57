"""What does the province demand of a target, as far as this service has read? For decisions to adjust it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.targets.alignment import Demand, Floor, demand_of, floor_of
from services.targets.api.asking import as_read
from services.targets.api.complete import complete
from services.targets.read_models.parts import parts_of
from shared.contracts.targets import AlignmentOutcome
from shared.http.asking import View
from shared.http.ordering import Ordering
from shared.registry import rows


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
    runs = complete(view, year, view.registry.alignments)
    if not runs:
        return None
    outcome, edition = outcome_in(view, list(runs)[-1], target)
    return (outcome, edition) if outcome is not None else None


def outcome_in(view: View, run: str, target: rows.Target) -> tuple[AlignmentOutcome | None, int]:
    """What one complete alignment says of the target's indicator, if anything, and the province's edition in it."""
    alignments = view.registry.alignments
    outcomes = parts_of(view.tables).outcomes(view.db, view.standpoint.log, run, alignments.position(run))
    of_target = (each for each in outcomes if target.indicator in (each.indicator, each.city_indicator))
    return next(of_target, None), view.registry.catalogues.latest(alignments.latest(run).province).edition
