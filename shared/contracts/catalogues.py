"""What the target service promises beside its catalogues: the city's own additions, and how weights tilt."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from shared.contracts.registry import contract
from shared.contracts.shapes import Quantity, Reason, Shape, Uuid, Year
from shared.contracts.targets import CatalogueItem


@contract("jikao.catalogue-addition.made.v1")
class CatalogueAdditionMade(Shape, frozen=True, kw_only=True):
    """The city's own indicator beside its catalogue of the year: it stays when a new edition comes."""

    addition: Uuid
    year: Year
    item: CatalogueItem


@contract("jikao.catalogue-addition.withdrawn.v1")
class CatalogueAdditionWithdrawn(Shape, frozen=True, kw_only=True):
    """Runs of the alignment from here on no longer take it in."""

    addition: Uuid
    reason: Reason


@contract("jikao.weight-rule.set.v1")
class WeightRuleSet(Shape, frozen=True, kw_only=True):
    """The province's least share of every unit's weight, in per cent; tilted weights have so many decimals."""

    year: Year
    province_share: Quantity
    decimals: Annotated[int, Meta(ge=0, le=6)]
