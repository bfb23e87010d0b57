"""What bodies and answers say of a target's kind: steps, bands, and the scoring method."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, JsonValue

from services.targets.api.shapes import Body, CodeStr, label, shown
from services.targets.scoring import StatedScoring
from shared.contracts import target_kinds
from shared.contracts.target_kinds import ScoringMethod
from shared.http.fields import Label, QuantityStr, StrictDate

AskedText = Annotated[
    str, Field(strict=True, min_length=1, max_length=4000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]+$")
]
"""What is asked, in words; may have several lines."""


class StepBody(Body):
    """A dated step of a milestone target. `measure` is one of the target's own, in the unit of measure `item`."""

    measure: CodeStr
    share: QuantityStr = Field(description="In per cent; the shares of all steps add to exactly 100.")
    due_on: StrictDate

    def contract(self) -> target_kinds.Step:
        """As facts carry it."""
        return target_kinds.Step(measure=self.measure, share=self.share, due_on=self.due_on)


class BandBody(Body):
    """A band of a qualitative target, and the completion it stands for."""

    code: CodeStr
    name: Label
    share: QuantityStr = Field(description="In per cent, from 0 to 100.")

    def contract(self) -> target_kinds.Band:
        """As facts carry it."""
        return target_kinds.Band(code=self.code, name=label(self.name), share=self.share)


class ScoringBody(Body):
    """The method by which the target is going to be scored, and its parameters: quantities as text, words, rows."""

    method: ScoringMethod
    parameters: dict[str, JsonValue] = Field(
        default_factory=dict,
        max_length=20,
        description=(
            "per_point: k, max_bonus, max_deduction [step, mode: proportional or whole]; tiered: tiers (rows of from, "
            "per_pp), max_bonus, max_deduction; efficacy: [low and high]; band: points (rows of code, points); "
            "rank: points (rows of points, the first place first); expert: [trim_from]; the others have none. "
            "Every method takes [periods] (rows of code, share), which add to 100."
        ),
        examples=[{"k": "1", "max_bonus": "30", "max_deduction": "30"}],
    )

    def stated(self) -> StatedScoring:
        """As it was stated, to be checked."""
        return StatedScoring(self.method, self.parameters)


class ScoringShown(BaseModel):
    """A scoring method with its parameters."""

    method: ScoringMethod
    parameters: dict[str, str | list[dict[str, str]]]


def step_shown(step: target_kinds.Step) -> StepBody:
    """A step as answers carry it."""
    return StepBody(measure=step.measure, share=step.share, due_on=step.due_on)


def band_shown(band: target_kinds.Band) -> BandBody:
    """A band as answers carry it."""
    return BandBody(code=band.code, name=shown(band.name), share=band.share)


def scoring_shown(scoring: target_kinds.Scoring | None) -> ScoringShown | None:
    """A scoring method as answers carry it."""
    return None if scoring is None else ScoringShown(method=scoring.method, parameters=scoring.parameters)
