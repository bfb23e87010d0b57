"""The routes, one file for each thing they are about: parse, call, answer."""

from __future__ import annotations

from services.targets.api import (
    adjustments,
    alignment_decisions,
    alignments,
    assignments,
    catalogues,
    decompositions,
    locks,
    logs,
    matrix,
    organisation,
    targets,
    workbooks,
    years,
)

ROUTERS = (
    logs.router,
    organisation.router,
    years.router,
    catalogues.router,
    workbooks.router,
    alignments.router,
    alignment_decisions.router,
    targets.router,
    assignments.router,
    decompositions.router,
    matrix.router,
    locks.router,
    adjustments.router,
)
