"""The routes, one file for each thing they are about: parse, call, answer."""

from __future__ import annotations

from services.targets.api import (
    adjustments,
    alignment_decisions,
    alignments,
    assignments,
    catalogues,
    chronicles,
    editions,
    locks,
    logs,
    persons,
    sources,
    target_tables,
    targets,
    unit_changes,
    units,
    weights,
    withdrawals,
    workbooks,
    years,
)

ROUTERS = (
    logs.router,
    units.router,
    unit_changes.router,
    sources.router,
    persons.router,
    years.router,
    catalogues.router,
    workbooks.router,
    editions.router,
    alignments.router,
    alignment_decisions.router,
    targets.router,
    chronicles.router,
    withdrawals.router,
    assignments.router,
    locks.router,
    adjustments.router,
    weights.router,
    target_tables.router,
)
