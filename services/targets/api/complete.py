"""Which catalogues and alignments of a year are complete: what was closed without all its parts is never shown."""

from __future__ import annotations

from typing import TypeVar

from services.targets.read_models.parts import parts_of
from shared.http.asking import View
from shared.registry import ALWAYS, Versions, rows

R = TypeVar("R", rows.Catalogue, rows.Alignment)


def complete(view: View, year: int, wholes: Versions[R]) -> dict[str, tuple[int, R]]:
    """Where each was closed, and what it is, by id in the order of the log."""
    incomplete = parts_of(view.tables).incomplete(view.db, view.standpoint.log)
    found = [(wholes.position(id), id, row) for id, row in wholes.on(ALWAYS) if row.year == year]
    found.sort(key=lambda each: each[0])
    return {id: (closed_at, row) for closed_at, id, row in found if closed_at not in incomplete}
