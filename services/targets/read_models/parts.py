"""What lies in a catalogue or in an alignment? Their parts, kept as they came, to be shown once the whole is there.

Nothing is asked of the parts unless the registry, at the asked position, has the closing fact; all parts lie
before it. A catalogue's items and an alignment's outcomes never change afterwards, so one axis is enough.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, MetaData, String, Table, select

from services.targets.catalogue import hash_of
from shared.contracts.shapes import Shape
from shared.contracts.targets import (
    AlignmentCompleted,
    AlignmentOutcome,
    AlignmentPartRecorded,
    CatalogueImported,
    CatalogueItem,
    CataloguePartRecorded,
)
from shared.projections import Folded, LogFold, ProjectionSet
from shared.sql import Code, insert_if_absent

P = TypeVar("P", bound=Shape)
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PartTables:
    """One generation: the parts, and the closing facts that close nothing (`unfit`)."""

    parts: Table
    unfit: Table


def part_tables(metadata: MetaData, suffix: str) -> PartTables:
    """`whole` is the id of the catalogue or alignment, `position` that of the part or of the closing fact."""
    parts = Table(
        f"recorded_parts{suffix}",
        metadata,
        Column("log", Code(64), primary_key=True),
        Column("whole", Code(36), primary_key=True),
        Column("part", Integer, primary_key=True, autoincrement=False),
        Column("position", BigInteger, nullable=False),
        Column("body", LargeBinary, nullable=False),
    )
    unfit = Table(
        f"unfit_closings{suffix}",
        metadata,
        Column("log", Code(64), primary_key=True),
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("whole", Code(36), nullable=False),
        Column("why", String(200), nullable=False),
    )
    return PartTables(parts, unfit)


@dataclass(frozen=True, slots=True)
class Parts:
    """Fills and reads the tables."""

    tables: PartTables

    def project(self, db: Connection, log: LogFold, batch: Sequence[Folded]) -> None:
        """Keep each part, and hold every closing fact against the parts before it."""
        rows: list[dict[str, object]] = []
        closings: list[tuple[int, CatalogueImported | AlignmentCompleted]] = []
        for folded in batch:
            if folded.status != "counted":
                continue
            match folded.record.fact:
                case CataloguePartRecorded(catalogue=whole, part=part, items=body):
                    rows.append(_row(folded, whole, part, body))
                case AlignmentPartRecorded(alignment=whole, part=part, outcomes=body):
                    rows.append(_row(folded, whole, part, body))
                case CatalogueImported() | AlignmentCompleted() as closing:
                    closings.append((folded.record.position, closing))
                case _:
                    pass
        insert_if_absent(db, self.tables.parts, rows, on=("log", "whole", "part"))
        # A closing fact that its parts do not bear out leaves the whole incomplete, and what is incomplete is never
        # shown. Stopping there instead would take every later record of the city away for one bad catalogue, from
        # which nothing else follows: targets are issued by facts of their own.
        for position, closing in closings:
            whole, why = self._held_against_parts(db, log.place.log, position, closing)
            if why is not None:
                logger.error(
                    "log %s position %s closes %s, which stays incomplete: %s", log.place.log, position, whole, why
                )
                row = {"log": log.place.log, "position": position, "whole": whole, "why": why}
                insert_if_absent(db, self.tables.unfit, [row], on=("log", "position"))

    def incomplete(self, db: Connection, log: str) -> frozenset[int]:
        """The positions of closing facts that close nothing: not all was there, or it was something else."""
        c = self.tables.unfit.c
        return frozenset(db.execute(select(c.position).where(c.log == log)).scalars())

    def items(self, db: Connection, log: str, catalogue: str, closed_at: int) -> list[CatalogueItem]:
        """All items of a catalogue that the fact at `closed_at` closed, in its own order."""
        return list(chain.from_iterable(self._read(db, log, catalogue, closed_at, CatalogueItem).values()))

    def outcomes(self, db: Connection, log: str, alignment: str, closed_at: int) -> list[AlignmentOutcome]:
        """All outcomes of an alignment that the fact at `closed_at` closed, ordered by indicator."""
        return list(chain.from_iterable(self._read(db, log, alignment, closed_at, AlignmentOutcome).values()))

    def _held_against_parts(
        self, db: Connection, log: str, position: int, closing: CatalogueImported | AlignmentCompleted
    ) -> tuple[str, str | None]:
        """The whole that is closed, and what is wrong with it."""
        whole: str
        found: dict[int, list[CatalogueItem]] | dict[int, list[AlignmentOutcome]]
        if isinstance(closing, CatalogueImported):
            whole, found = closing.catalogue, self._read(db, log, closing.catalogue, position, CatalogueItem)
        else:
            whole, found = closing.alignment, self._read(db, log, closing.alignment, position, AlignmentOutcome)
        if list(found) != list(range(1, closing.parts + 1)):
            return whole, f"it has {len(found)} parts, not those from 1 to {closing.parts}"
        if (sha256 := hash_of(list(chain.from_iterable(found.values())))) != closing.sha256:
            return whole, f"its parts hash to {sha256}, not to {closing.sha256}"
        return whole, None

    def _read(self, db: Connection, log: str, whole: str, before: int, of: type[P]) -> dict[int, list[P]]:
        """The parts that lie before a position, by number. One that came later belongs to nothing."""
        c = self.tables.parts.c
        asked = select(c.part, c.body).where(c.log == log, c.whole == whole, c.position < before).order_by(c.part)
        decoder = msgspec.json.Decoder(list[of])  # type: ignore[valid-type]
        return {part: decoder.decode(body) for part, body in db.execute(asked)}


def parts_of(tables: ProjectionSet) -> Parts:
    """The read model of a generation."""
    return next(projection for projection in tables.projections if isinstance(projection, Parts))


def _row(folded: Folded, whole: str, part: int, body: Sequence[Shape]) -> dict[str, object]:
    return {
        "log": folded.record.log, "whole": whole, "part": part, "position": folded.record.position,
        "body": msgspec.json.encode(body),
    }  # fmt: skip
