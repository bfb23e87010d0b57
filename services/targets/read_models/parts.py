"""What lies in a catalogue or in an alignment? Their parts, kept as they came, to be shown once the whole is there.

Nothing is asked of this table unless the registry, at the asked position, has the closing fact; all parts lie
before it. A catalogue's items and an alignment's outcomes never change afterwards, so one axis is enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, MetaData, Table, select

from shared.contracts.shapes import Shape
from shared.contracts.targets import AlignmentOutcome, AlignmentPartRecorded, CatalogueItem, CataloguePartRecorded
from shared.projections import Folded, LogFold, ProjectionSet
from shared.sql import Code, insert_if_absent

P = TypeVar("P", bound=Shape)


def parts_table(metadata: MetaData, suffix: str) -> Table:
    """The table of one generation; `whole` is the id of the catalogue or alignment."""
    return Table(
        f"recorded_parts{suffix}",
        metadata,
        Column("log", Code(64), primary_key=True),
        Column("whole", Code(36), primary_key=True),
        Column("part", Integer, primary_key=True, autoincrement=False),
        Column("position", BigInteger, nullable=False),
        Column("body", LargeBinary, nullable=False),
    )


@dataclass(frozen=True, slots=True)
class Parts:
    """Fills and reads the table."""

    table: Table

    def project(self, db: Connection, log: LogFold, batch: Sequence[Folded]) -> None:
        """Keep each part."""
        rows: list[dict[str, object]] = []
        for folded in batch:
            if folded.status != "counted":
                continue
            match folded.record.fact:
                case CataloguePartRecorded(catalogue=whole, part=part, items=body):
                    rows.append(_row(folded, whole, part, body))
                case AlignmentPartRecorded(alignment=whole, part=part, outcomes=body):
                    rows.append(_row(folded, whole, part, body))
                case _:
                    pass
        insert_if_absent(db, self.table, rows, on=("log", "whole", "part"))

    def items(self, db: Connection, log: str, catalogue: str) -> list[CatalogueItem]:
        """All items of a catalogue, in its own order."""
        return self._read(db, log, catalogue, CatalogueItem)

    def outcomes(self, db: Connection, log: str, alignment: str) -> list[AlignmentOutcome]:
        """All outcomes of an alignment, ordered by indicator."""
        return self._read(db, log, alignment, AlignmentOutcome)

    def _read(self, db: Connection, log: str, whole: str, of: type[P]) -> list[P]:
        c = self.table.c
        found = db.execute(select(c.body).where(c.log == log, c.whole == whole).order_by(c.part)).scalars()
        decoder = msgspec.json.Decoder(list[of])  # type: ignore[valid-type]
        return list(chain.from_iterable(decoder.decode(body) for body in found))


def parts_of(tables: ProjectionSet) -> Parts:
    """The read model of a generation."""
    return next(projection for projection in tables.projections if isinstance(projection, Parts))


def _row(folded: Folded, whole: str, part: int, body: Sequence[Shape]) -> dict[str, object]:
    return {
        "log": folded.record.log, "whole": whole, "part": part, "position": folded.record.position,
        "body": msgspec.json.encode(body),
    }  # fmt: skip
