"""Catalogues: an issuer's targets for a year, taken in whole or not at all.

A catalogue may be larger than a record of the log, so it travels as parts and a closing fact with the hash of all;
nothing of it shows before that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from msgspec import UnsetType

from services.targets.errors.catalogues import EditionTaken, EditionUnchanged
from services.targets.year import require_open
from shared.canonical import encode, encode_trusted, sha256_hex
from shared.contracts.shapes import Shape
from shared.contracts.targets import CatalogueImported, CatalogueItem, CataloguePartRecorded, Issuer
from shared.deciding import Fact, Stream
from shared.errors import Fault
from shared.kinds import DIRECTION_OF
from shared.quantities import UNITS, parse

MOST_ITEMS = 200
"""Items in one part."""
MOST_OCTETS = 700 * 1024
"""Octets of items in one part, so that the record around them stays well below 900 KiB."""

P = TypeVar("P", bound=Shape)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What has come of a catalogue; complete once `closed` is there."""

    items: tuple[CatalogueItem, ...] = ()
    closed: CatalogueImported | None = None


@dataclass(frozen=True, slots=True)
class ImportCatalogue:
    """A checked catalogue; `catalogue` is its id, which follows from year, issuer and edition."""

    catalogue: str
    year: int
    issuer: Issuer
    edition: int
    items: Sequence[CatalogueItem]


def catalogue_stream(catalogue: str) -> Stream[Catalogue]:
    """The stream of one catalogue: its parts, then the closing fact."""
    return Stream(f"catalogue:{catalogue}", Catalogue(), evolve)


def import_catalogue(
    command: ImportCatalogue, catalogue: Catalogue, *, before: Catalogue, year_open: bool
) -> list[Fact]:
    """EditionTaken; EditionUnchanged if the edition `before` has the same content. The items passed `faults` before."""
    require_open(command.year, year_open)
    if catalogue.items or catalogue.closed:
        raise EditionTaken(issuer=command.issuer, year=command.year, edition=command.edition)
    sha256 = hash_of(command.items)
    if before.closed is not None and before.closed.sha256 == sha256:
        raise EditionUnchanged(issuer=command.issuer, edition=before.closed.edition, sha256=sha256)
    parts = list(in_parts(command.items))
    facts: list[Fact] = [
        Fact(CataloguePartRecorded(catalogue=command.catalogue, part=n, parts=len(parts), items=items))
        for n, items in enumerate(parts, start=1)
    ]
    closing = CatalogueImported(
        catalogue=command.catalogue, year=command.year, issuer=command.issuer, edition=command.edition,
        parts=len(parts), items=len(command.items), sha256=sha256,
    )  # fmt: skip
    return [*facts, Fact(closing)]


def hash_of(shapes: Sequence[Shape]) -> str:
    """sha256 over the canonical JSON of all of them in order."""
    return sha256_hex(encode(list(shapes)))


def in_parts(shapes: Sequence[P]) -> Iterator[list[P]]:
    """Split so that each part fits into a record. At least one part, perhaps an empty one."""
    part: list[P] = []
    octets = 0
    for shape in shapes:
        size = len(encode_trusted(shape)) + 1
        if part and (len(part) == MOST_ITEMS or octets + size > MOST_OCTETS):
            yield part
            part, octets = [], 0
        part.append(shape)
        octets += size
    yield part


def faults(
    items: Sequence[tuple[int, CatalogueItem]], shown: Callable[[int], int] = lambda row: row + 1
) -> list[Fault]:
    """Everything that is wrong with well-formed items, each beside its row's 0-based place in the request.

    `shown` says what people call the row at such a place: they count from 1, Excel counts its heading too.
    """
    found = [fault for row, item in items for fault in _of_item(row, item)]
    for member in ("code", "indicator"):
        rows: dict[str, list[int]] = defaultdict(list)
        for row, item in items:
            rows[getattr(item, member)].append(row)
        found += [
            fault for value, same in rows.items() if len(same) > 1 for fault in _twice(member, value, same, shown)
        ]
    return found


def _of_item(row: int, item: CatalogueItem) -> Iterator[Fault]:
    at = f"/items/{row}"
    if item.kind == "qualitative":
        if isinstance(item.text, UnsetType):
            yield Fault(
                f"{at}/text", "TEXT_MISSING", "A qualitative target is judged by its text.", "定性目标须有文字要求。"
            )
        if not isinstance(item.value, UnsetType):
            yield Fault(f"{at}/value", "VALUE_NOT_WANTED", "A qualitative target has no value.", "定性目标不设目标值。")
    else:
        if isinstance(item.value, UnsetType):
            yield Fault(f"{at}/value", "VALUE_MISSING", "This kind of target needs a value.", "此类目标须有目标值。")
        if isinstance(item.unit_of_measure, UnsetType):
            yield Fault(f"{at}/unit_of_measure", "UNIT_OF_MEASURE_MISSING",
                        "A value needs its unit of measure.", "目标值须有计量单位。")  # fmt: skip
    if not isinstance(item.unit_of_measure, UnsetType) and item.unit_of_measure not in UNITS:
        yield Fault(f"{at}/unit_of_measure", "UNIT_OF_MEASURE_IS_UNKNOWN",
                    f"There is no unit of measure {item.unit_of_measure}.",
                    f"没有计量单位 {item.unit_of_measure}。")  # fmt: skip
    if item.direction != DIRECTION_OF.get(item.kind, item.direction):
        yield Fault(f"{at}/direction", "DIRECTION_DOES_NOT_FIT",
                    f"The direction of {item.kind} is {DIRECTION_OF[item.kind]}.", "方向与目标类型不符。")  # fmt: skip
    for member in ("weight", "points"):
        quantity = getattr(item, member)
        if not isinstance(quantity, UnsetType) and parse(quantity) < 0:
            yield Fault(f"{at}/{member}", "NEGATIVE_NOT_ALLOWED", "This cannot be negative.", "此数值不得为负。")


_ROWS_NAMED = 5
"""All of them at each of ten thousand rows would be half a gigabyte."""


def _twice(member: str, value: str, rows: Sequence[int], shown: Callable[[int], int]) -> Iterator[Fault]:
    """A fault at each of the rows, naming the first few of them."""
    named = [str(shown(row)) for row in rows[:_ROWS_NAMED]] + (["…"] if len(rows) > _ROWS_NAMED else [])
    for row in rows:
        yield Fault(
            f"/items/{row}/{member}",
            f"{member.upper()}_STATED_TWICE",
            f"The {member} {value} stands in rows {' and '.join(named)}.",
            f"{'编号' if member == 'code' else '指标'} {value} 在第 {'、'.join(named)} 行重复。",
        )


def evolve(catalogue: Catalogue, fact: Shape) -> Catalogue:
    """Remember."""
    match fact:
        case CataloguePartRecorded():
            return Catalogue((*catalogue.items, *fact.items), catalogue.closed)
        case CatalogueImported():
            return Catalogue(catalogue.items, fact)
        case _:
            return catalogue
