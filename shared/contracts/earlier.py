"""Shapes that are no longer written, and how they become today's: the log keeps them for ever.

A model here has the name it was written under, for its schema says that name.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, structs

from shared.contracts import decomposition, targets
from shared.contracts.registry import contract, upcaster
from shared.contracts.shapes import Code, Label, Measure, Quantity, Shape, Uuid, Year
from shared.contracts.targets import AssignmentRole


@contract("jikao.assignment.made.v1")
class AssignmentMade(Shape, frozen=True, kw_only=True):
    """A target is given to a unit. With a `value` the unit answers for that part of it."""

    assignment: Uuid
    target: Uuid
    unit: Uuid
    role: AssignmentRole
    value: Quantity | UnsetType = UNSET
    valid_from: date


@upcaster("jikao.assignment.made.v1")
def _made(fact: AssignmentMade) -> targets.AssignmentMade:
    """Before, no part lay below another."""
    return targets.AssignmentMade(
        assignment=fact.assignment, target=fact.target, unit=fact.unit, role=fact.role, value=fact.value,
        valid_from=fact.valid_from,
    )  # fmt: skip


@contract("jikao.assignment.handed-over.v1")
class AssignmentHandedOver(Shape, frozen=True, kw_only=True):
    """One part ends the day before `on` and its successor, with another unit, opens on it."""

    assignment: Uuid
    successor: Uuid
    unit: Uuid
    on: date
    carries_levels: bool


@upcaster("jikao.assignment.handed-over.v1")
def _handed_over(fact: AssignmentHandedOver) -> decomposition.AssignmentHandedOver:
    """One successor only, with role and value as they were."""
    carries = [fact.assignment] if fact.carries_levels else []
    opened = decomposition.OpenedPart(assignment=fact.successor, unit=fact.unit, carries=carries)
    return decomposition.AssignmentHandedOver(on=fact.on, ends=[fact.assignment], opens=[opened])


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


@upcaster("jikao.target.issued.v1")
def _issued(earlier: TargetIssued) -> targets.TargetIssued:
    """It had no steps, no bands and no text, and no scoring method was stated."""
    return targets.TargetIssued(**structs.asdict(earlier))
