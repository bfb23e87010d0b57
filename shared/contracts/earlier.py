"""Shapes that are no longer written, and how they become today's: the log keeps them for ever.

A model here has the name it was written under, for its schema says that name.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, structs

from shared.contracts import targets
from shared.contracts.registry import UPCASTERS, contract
from shared.contracts.shapes import Code, Label, Measure, Quantity, Shape, Uuid, Year


@contract("jikao.target.issued.v1")
class TargetIssued(Shape, frozen=True, kw_only=True):
    """A target in force from `effective_on`. `value` is in the first measure's unit of measure."""

    target: Uuid
    year: Year
    code: Code
    name: Label
    issuer: targets.Issuer
    category: targets.Category
    kind: Literal["cumulative", "floor", "ceiling", "rate", "maintain"]
    direction: targets.Direction
    value: Quantity
    measures: Annotated[list[Measure], Meta(min_length=1, max_length=20)]
    roll_up: targets.RollUp
    tags: list[targets.Tag]
    weight: Quantity | UnsetType = UNSET
    points: Quantity | UnsetType = UNSET
    indicator: Code | UnsetType = UNSET
    effective_on: date


def _issued(earlier: TargetIssued) -> targets.TargetIssued:
    """It had no steps, no bands and no text, and no scoring method was stated."""
    return targets.TargetIssued(**structs.asdict(earlier))


UPCASTERS["jikao.target.issued.v1"] = _issued
