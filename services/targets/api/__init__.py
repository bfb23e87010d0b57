"""The routes, one file for each thing they are about: parse, call, answer."""

from __future__ import annotations

from services.targets.api import (
    adjustments,
    alignment_decisions,
    alignments,
    assignments,
    catalogues,
    locks,
    logs,
    peer_groups,
    persons,
    posts,
    sources,
    targets,
    unit_changes,
    units,
    workbooks,
    years,
)

ROUTERS = (
    logs.router,
    units.router,
    unit_changes.router,
    sources.router,
    persons.router,
    posts.router,
    peer_groups.router,
    years.router,
    catalogues.router,
    workbooks.router,
    alignments.router,
    alignment_decisions.router,
    targets.router,
    assignments.router,
    locks.router,
    adjustments.router,
)
