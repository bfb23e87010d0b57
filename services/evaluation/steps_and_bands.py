"""How far along are milestone and qualitative targets? Steps reached by a day, and the band that was chosen. Pure.

The rules are told in `shared.kinds`; everything else that holds of a target is in `judged`, `roll_up` and `completion`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Literal, NamedTuple

from services.evaluation.exact import quantity_text, scaled
from services.evaluation.ledger import Level
from shared.kinds import REACHED, band_of
from shared.registry.rows import Target

Document = dict[str, object]
StepStatus = Literal["reached", "pending", "overdue"]


class StepPlan(NamedTuple):
    """One step of a milestone target: the place of its measure, and its share of 100 per cent."""

    at: int
    measure: str
    share: int
    due_on: date


def steps_of(target: Target) -> tuple[StepPlan, ...]:
    """The steps of a target, in the order of their due dates; none unless it is a milestone target."""
    places = {measure.code: at for at, measure in enumerate(target.measures)}
    steps = [StepPlan(places[step.measure], step.measure, scaled(step.share), step.due_on) for step in target.steps]
    return tuple(sorted(steps, key=lambda step: (step.due_on, step.at)))


def reached_share(steps: Sequence[StepPlan], value: Callable[[int], str | None]) -> int | None:
    """The shares of the steps that one part has reached; None while it has reported on no step.

    `value` gives what counts of the measure at a place.
    """
    found = [(step, value(step.at)) for step in steps]
    if all(text is None for _, text in found):
        return None
    return sum(step.share for step, text in found if text == REACHED)


def reached_by(steps: Sequence[StepPlan], levels: Sequence[Level | None]) -> int | None:
    """The same of the levels of one part, which has one for each measure."""

    def value(at: int) -> str | None:
        level = levels[at]
        return None if level is None else level.best[0]

    return reached_share(steps, value)


def step_document(step: StepPlan, reached: Sequence[tuple[str, bool]], worst: bool, day: date) -> Document:
    """How a step stands on a day. `reached` says of each unit whose part counts whether it has reached the step.

    The step is reached when one of them has or, where the target is as far as the worst of them, when all have.
    """
    by = [unit for unit, done in reached if done]
    done = len(by) == len(reached) and bool(by) if worst else bool(by)
    status: StepStatus = "reached" if done else "overdue" if step.due_on < day else "pending"
    return {
        "measure": step.measure,
        "share": quantity_text(step.share),
        "due_on": step.due_on.isoformat(),
        "status": status,
        "reached_by": by,
    }


def band_code(target: Target, actual: int | None) -> str | None:
    """The code of the band that was chosen; None while none is, and for targets without bands."""
    band = None if actual is None else band_of(target.bands, quantity_text(actual))
    return None if band is None else band.code
