"""What the target service promises about parts of a target: who takes them over, and when they are complete."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from shared.contracts.registry import contract
from shared.contracts.shapes import Quantity, Reason, Shape, Uuid
from shared.contracts.targets import AssignmentRole

MOST_PARTS = 100
"""Parts that one hand-over ends or opens."""


class OpenedPart(Shape, frozen=True, kw_only=True):
    """A part that opens. Without a role it has role and value of the one part that ends.

    `carries` are those of the ending parts whose levels count on until it reports itself: of several, their sum.
    """

    assignment: Uuid
    unit: Uuid
    role: AssignmentRole | UnsetType = UNSET
    value: Quantity | UnsetType = UNSET
    carries: Annotated[list[Uuid], Meta(max_length=MOST_PARTS)]


@contract("jikao.assignment.handed-over.v2")
class AssignmentHandedOver(Shape, frozen=True, kw_only=True):
    """Parts of one target end the day before `on` and others open on it: reassignment, merger, split.

    `reserve` is what of the ending parts' values nobody answers for from then on, with the reason.
    """

    on: date
    ends: Annotated[list[Uuid], Meta(min_length=1, max_length=MOST_PARTS)]
    opens: Annotated[list[OpenedPart], Meta(min_length=1, max_length=MOST_PARTS)]
    reserve: Quantity | UnsetType = UNSET
    reason: Reason | UnsetType = UNSET


@contract("jikao.decomposition.stated.v1")
class DecompositionStated(Shape, frozen=True, kw_only=True):
    """The office says: on that day the parts of this target (or of `part`, one part of it) are complete.

    `reserve` is what is held back of the value, in the unit of measure of the target's first measure.
    """

    target: Uuid
    part: Uuid | UnsetType = UNSET
    on: date
    reserve: Quantity | UnsetType = UNSET
    reason: Reason | UnsetType = UNSET
