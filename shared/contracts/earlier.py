"""Versions that are no longer written, and how each is read as the next one.

A class keeps the name and the words that it had: they stand in its schema, which never changes.
"""

from __future__ import annotations

from datetime import date

from msgspec import UNSET, UnsetType

from shared.contracts import decomposition, targets
from shared.contracts.registry import contract, upcaster
from shared.contracts.shapes import Quantity, Shape, Uuid
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
