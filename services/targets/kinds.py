"""What can be issued as a target of each kind; what the kinds mean is told in `shared.kinds`.

Refused is what could never be judged: a value that nothing can be divided by, a direction against the kind, steps
whose shares do not make a whole, percentages that would be added up, bands of which nobody could say which is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.targets.errors import at
from services.targets.errors.kinds import (
    BandsAreInPercent,
    BandsNotDescending,
    BandsNotWanted,
    BandStatedTwice,
    RollUpDoesNotFit,
    ShareOutOfBounds,
    SharesDoNotAddUp,
    StepHasNoMeasure,
    StepsMissing,
    StepsNotWanted,
    StepStatedTwice,
    TextMissing,
    ValueIsNotHundred,
)
from services.targets.errors.targets import (
    DirectionDoesNotFit,
    MeasureStatedTwice,
    RateIsNotPercent,
    TargetValueIsNegative,
    TargetValueIsZero,
    UnitOfMeasureIsUnknown,
)
from services.targets.year import require_within
from shared.contracts.shapes import Measure
from shared.contracts.target_kinds import Band, Step
from shared.contracts.targets import Direction, RollUp, TargetKind
from shared.kinds import DIRECTION_OF, OUT_OF_100, USUAL_BANDS
from shared.quantities import UNITS, canonical_text, parse

WHOLE = Decimal(100)
"""Per cent."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What of a target its kind says something about."""

    year: int
    kind: TargetKind
    direction: Direction
    value: str
    measures: Sequence[Measure]
    roll_up: RollUp
    text: str | None = None
    steps: Sequence[Step] = ()
    bands: Sequence[Band] = ()


def require_fit(target: Judged) -> None:
    """Refuse what could never be judged, each thing at its place in the request."""
    kind = target.kind
    if target.direction != DIRECTION_OF.get(kind, target.direction):
        raise at(DirectionDoesNotFit, "/direction", kind=kind, direction=target.direction)
    require_judgeable(target.value, kind)
    _require_measures(target.measures, kind)
    judged = target.measures[0].unit_of_measure
    if target.roll_up == "sum" and (kind in OUT_OF_100 or judged == "percent"):
        raise at(RollUpDoesNotFit, "/roll_up", kind=kind, roll_up=target.roll_up, unit_of_measure=judged)
    _require_steps(target)
    _require_bands(target)


def require_judgeable(value: str, kind: TargetKind) -> None:
    """A completion rate divides by the value, and only a rate can sensibly be below zero."""
    number = parse(value)
    if number == 0:
        raise at(TargetValueIsZero, "/value")
    if number < 0 and kind != "rate":
        raise at(TargetValueIsNegative, "/value", value=value)
    if kind in OUT_OF_100 and number != WHOLE:
        raise at(ValueIsNotHundred, "/value", kind=kind, value=value)


def canonical_steps(steps: Sequence[Step]) -> list[Step]:
    """As facts carry them."""
    return [Step(measure=step.measure, share=canonical_text(step.share), due_on=step.due_on) for step in steps]


def canonical_bands(kind: TargetKind, bands: Sequence[Band]) -> list[Band]:
    """As facts carry them: a qualitative target without bands of its own has the usual four."""
    stated = bands or (USUAL_BANDS if kind == "qualitative" else ())
    return [Band(code=band.code, name=band.name, share=canonical_text(band.share)) for band in stated]


def _require_measures(measures: Sequence[Measure], kind: TargetKind) -> None:
    seen: set[str] = set()
    for n, measure in enumerate(measures):
        if measure.unit_of_measure not in UNITS:
            raise at(UnitOfMeasureIsUnknown, f"/measures/{n}/unit_of_measure", unit_of_measure=measure.unit_of_measure)
        if measure.code in seen:
            raise at(MeasureStatedTwice, f"/measures/{n}/code", measure=measure.code)
        seen.add(measure.code)
    judged = measures[0].unit_of_measure
    if kind == "rate" and judged != "percent":
        raise at(RateIsNotPercent, "/measures/0/unit_of_measure", unit_of_measure=judged)
    if kind == "qualitative" and judged != "percent":
        raise at(BandsAreInPercent, "/measures/0/unit_of_measure", unit_of_measure=judged)


def _require_steps(target: Judged) -> None:
    """Milestone (形象进度): dated steps with shares, r = the sum of the shares reached."""
    if target.kind != "milestone":
        if target.steps:
            raise at(StepsNotWanted, "/steps", kind=target.kind)
        return
    if not target.steps:
        raise at(StepsMissing, "/steps")
    declared = {measure.code: measure.unit_of_measure for measure in target.measures}
    seen: set[str] = set()
    for n, step in enumerate(target.steps):
        if declared.get(step.measure) != "item":
            raise at(StepHasNoMeasure, f"/steps/{n}/measure", measure=step.measure)
        if step.measure in seen:
            raise at(StepStatedTwice, f"/steps/{n}/measure", measure=step.measure)
        seen.add(step.measure)
        if not 0 < parse(step.share) <= WHOLE:
            raise at(ShareOutOfBounds, f"/steps/{n}/share", share=step.share)
        require_within(target.year, step.due_on, f"/steps/{n}/due_on")
    total = sum((parse(step.share) for step in target.steps), Decimal(0))
    if total != WHOLE:
        raise at(SharesDoNotAddUp, "/steps", sum=str(total))


def _require_bands(target: Judged) -> None:
    """Qualitative (定性): a band is chosen with a reason, and stands for a share of 100 per cent."""
    if target.kind != "qualitative":
        if target.bands:
            raise at(BandsNotWanted, "/bands", kind=target.kind)
        return
    if target.text is None:
        raise at(TextMissing, "/text")
    seen: set[str] = set()
    above: Decimal | None = None
    for n, band in enumerate(target.bands):
        share = parse(band.share)
        if not 0 <= share <= WHOLE:
            raise at(ShareOutOfBounds, f"/bands/{n}/share", share=band.share)
        if above is not None and share >= above:
            raise at(BandsNotDescending, f"/bands/{n}/share", share=band.share, above=str(above))
        if band.code in seen:
            raise at(BandStatedTwice, f"/bands/{n}/code", band=band.code)
        seen.add(band.code)
        above = share
