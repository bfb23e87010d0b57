"""What targets of some kinds are made of beside their value: steps, bands, and the scoring method kept for later."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from shared.contracts.shapes import Code, Label, Quantity, Shape

ScoringMethod = Literal[
    "proportional", "reverse", "per_point", "tiered", "efficacy", "band", "met", "rank", "expert"
]  # fmt: skip
ParameterText = Annotated[str, Meta(min_length=1, max_length=64)]
ParameterRow = dict[Code, ParameterText]


class Step(Shape, frozen=True, kw_only=True):
    """One dated step of a milestone target (形象进度). `measure` is the target's own; 1 says the step is reached.

    `share` is in per cent; the shares of all steps add to 100.
    """

    measure: Code
    share: Quantity
    due_on: date


class Band(Shape, frozen=True, kw_only=True):
    """One band of a qualitative target (定性), such as 良. `share` is the completion it stands for, in per cent."""

    code: Code
    name: Label
    share: Quantity


class Scoring(Shape, frozen=True, kw_only=True):
    """By what method the target is going to be scored. Which parameters a method has, and what they may be, is a rule.

    A parameter is a quantity or a word, or a list of rows of such, as the points of bands are.
    """

    method: ScoringMethod
    parameters: dict[Code, ParameterText | Annotated[list[ParameterRow], Meta(min_length=1, max_length=50)]]
