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
    organisation,
    targets,
    weights,
    withdrawals,
    workbooks,
    years,
)

ROUTERS = (
    logs.router,
    organisation.router,
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
)
