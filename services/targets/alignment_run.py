"""A run of the alignment over two complete catalogues of a year, recorded as parts and a closing fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.targets.additions import Additions
from services.targets.alignment import RULE, align
from services.targets.catalogue import Catalogue, hash_of, in_parts
from services.targets.errors.alignments import AlignmentUnknown
from services.targets.errors.catalogues import CatalogueIsUnknown, CatalogueOfOtherIssuer
from shared.contracts.shapes import Shape
from shared.contracts.targets import AlignmentCompleted, AlignmentOutcome, AlignmentPartRecorded, Issuer
from shared.deciding import Fact, Stream


@dataclass(frozen=True, slots=True)
class AlignCatalogues:
    """Align the catalogue `province` with `city` (ids); `alignment` is the new run's id."""

    alignment: str
    year: int
    province: str
    city: str


@dataclass(frozen=True, slots=True)
class Run:
    """What has come of a run; complete once `closed` is there."""

    outcomes: tuple[AlignmentOutcome, ...] = ()
    closed: AlignmentCompleted | None = None


def alignment_stream(alignment: str) -> Stream[Run]:
    """The stream of one run: written once."""
    return Stream(f"alignment:{alignment}", Run(), evolve)


def require_run(run: Run, alignment: str, year: int) -> Sequence[AlignmentOutcome]:
    """The outcomes of the run at a command's address. AlignmentUnknown."""
    if run.closed is None or run.closed.year != year:
        raise AlignmentUnknown(alignment=alignment)
    return run.outcomes


def align_catalogues(
    command: AlignCatalogues,
    *,
    province: Catalogue,
    city: Catalogue,
    additions: Additions,
    confirmed: Mapping[str, str],
) -> list[Fact]:
    """CatalogueIsUnknown, CatalogueOfOtherIssuer.

    `additions`: what the city adds to its edition; `confirmed`: the matches that stand (alignment_decisions.py).
    """
    _require(province, command.province, command.year, "province")
    _require(city, command.city, command.year, "city")
    outcomes = align(province.items, additions.over(city.items), confirmed)
    parts = list(in_parts(outcomes))
    facts: list[Fact] = [
        Fact(AlignmentPartRecorded(alignment=command.alignment, part=n, parts=len(parts), outcomes=part))
        for n, part in enumerate(parts, start=1)
    ]
    closing = AlignmentCompleted(
        alignment=command.alignment, year=command.year, province=command.province, city=command.city, rule=RULE,
        parts=len(parts), outcomes=len(outcomes), sha256=hash_of(outcomes),
    )  # fmt: skip
    return [*facts, Fact(closing)]


def _require(catalogue: Catalogue, id: str, year: int, issuer: Issuer) -> None:
    pointer = f"/{issuer}"
    if catalogue.closed is None or catalogue.closed.year != year:
        raise CatalogueIsUnknown(catalogue=id, year=year, faults=[CatalogueIsUnknown().fault(pointer)])
    if catalogue.closed.issuer != issuer:
        raise CatalogueOfOtherIssuer(
            catalogue=id, issuer=catalogue.closed.issuer, faults=[CatalogueOfOtherIssuer().fault(pointer)]
        )


def evolve(run: Run, fact: Shape) -> Run:
    """Remember."""
    match fact:
        case AlignmentPartRecorded():
            return Run((*run.outcomes, *fact.outcomes), run.closed)
        case AlignmentCompleted():
            return Run(run.outcomes, fact)
        case _:
            return run
