"""The city's own layer over its catalogue: indicators that it adds itself, and that survive every new edition.

An alignment takes in the city's edition and on top of it the additions that stand. An edition that has an addition's
code or indicator itself covers it: what the edition says counts, and the addition waits until it is withdrawn or a
later edition leaves it out again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.targets.catalogue import faults
from services.targets.errors.catalogues import AdditionFaulty, AdditionTaken, AdditionUnknown
from services.targets.year import require_open
from shared.contracts.catalogues import CatalogueAdditionMade, CatalogueAdditionWithdrawn
from shared.contracts.shapes import Shape
from shared.contracts.targets import CatalogueItem
from shared.deciding import Fact, Stream


@dataclass(frozen=True, slots=True)
class Additions:
    """The additions that stand, by id, in the order in which they were made."""

    standing: Mapping[str, CatalogueItem] = field(default_factory=dict)

    def over(self, edition: Sequence[CatalogueItem]) -> list[CatalogueItem]:
        """The edition's items, and those added to it that it doesn't cover."""
        covers = Covering(edition)
        return [*edition, *(item for item in self.standing.values() if not covers(item))]


class Covering:
    """What an edition has itself, by code and by indicator."""

    def __init__(self, edition: Iterable[CatalogueItem]) -> None:
        self._said: set[tuple[str, str]] = set()
        for item in edition:
            self._said |= {("code", item.code), ("indicator", item.indicator)}

    def __call__(self, item: CatalogueItem) -> bool:
        """Does the edition have it itself?"""
        return ("code", item.code) in self._said or ("indicator", item.indicator) in self._said


def additions_stream(year: int) -> Stream[Additions]:
    """All of a year's additions are one stream, so that no code stands twice."""
    return Stream(f"catalogue-additions:{year}", Additions(), evolve)


def make_addition(
    addition: str, year: int, item: CatalogueItem, additions: Additions, *, year_open: bool
) -> list[Fact]:
    """AdditionFaulty by the rules of any catalogue; AdditionTaken for a code or indicator that was added before."""
    require_open(year, year_open)
    if found := faults([(0, item)]):
        placed = [replace(fault, pointer=f"/item{fault.pointer.removeprefix('/items/0')}") for fault in found]
        raise AdditionFaulty(faults=placed)
    for other in additions.standing.values():
        for member in ("code", "indicator"):
            if getattr(other, member) == getattr(item, member):
                raise AdditionTaken(
                    code=other.code, indicator=other.indicator, faults=[AdditionTaken().fault(f"/{member}")]
                )
    return [Fact(CatalogueAdditionMade(addition=addition, year=year, item=item))]


def withdraw_addition(addition: str, reason: str, additions: Additions) -> list[Fact]:
    """AdditionUnknown, also for one that was withdrawn before."""
    if addition not in additions.standing:
        raise AdditionUnknown(addition=addition)
    return [Fact(CatalogueAdditionWithdrawn(addition=addition, reason=reason))]


def evolve(additions: Additions, fact: Shape) -> Additions:
    """Remember."""
    match fact:
        case CatalogueAdditionMade():
            return Additions({**additions.standing, fact.addition: fact.item})
        case CatalogueAdditionWithdrawn():
            return Additions({id: item for id, item in additions.standing.items() if id != fact.addition})
        case _:
            return additions
