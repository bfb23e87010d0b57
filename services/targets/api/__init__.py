"""The routes, one file for each thing they are about: parse, call, answer."""

from __future__ import annotations

from services.targets.api import (
    adjustments,
    alignment_decisions,
    alignments,
    assignments,
    catalogues,
    letters,
    locks,
    logs,
    organisation,
    target_tables,
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
    locks.router,
    adjustments.router,
    target_tables.router,
    letters.router,
)
