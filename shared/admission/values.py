"""Which values can be reported of a target? Every quantity, but of some kinds: see `shared.kinds`."""

from __future__ import annotations

from datetime import date

from shared.admission.errors import NotABand, StepIsReachedOrNot
from shared.admission.verdicts import Series
from shared.errors import Refusal
from shared.kinds import OUT_OF_100, REACHED, band_of
from shared.quantities import canonical_text
from shared.registry import Registry


def refused_value(series: Series, on: date, value: str, registry: Registry) -> type[Refusal] | None:
    """Why this value, in the measure's unit of measure, cannot be reported or verified; None if it can.

    Of a step only 0 and 1, of a qualitative target only what one of its bands stands for.
    """
    target = registry.targets.get(series.subject_id, on) if series.subject == "target" else None
    if target is None:
        return None
    if target.kind == "milestone" and any(step.measure == series.measure for step in target.steps):
        return None if canonical_text(value) in ("0", REACHED) else StepIsReachedOrNot
    if target.kind == "qualitative" and series.measure == target.measures[0].code:
        return NotABand if band_of(target.bands, value) is None else None
    return None


def takes_any_value(series: Series, on: date, registry: Registry) -> bool:
    """Can every quantity be reported of it?"""
    target = registry.targets.get(series.subject_id, on) if series.subject == "target" else None
    return target is None or target.kind not in OUT_OF_100
