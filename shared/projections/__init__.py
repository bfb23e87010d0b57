"""Readers and projections: places, positions, roots, identities, fencing, stopping, rebuilding, waiting."""

from shared.projections.asking import Standpoint, resolve, resolve_compared
from shared.projections.folding import LogFold, Projection
from shared.projections.judging import CannotProcess, Folded
from shared.projections.read_side import JurisdictionUnknown, NotYetRead, ReadSide, Rebuilt
from shared.projections.reader import Fenced, ProjectionSet, Reader, Stopped
from shared.projections.rebinding import LogIsShorter
from shared.projections.records import Place, Record
from shared.projections.tables import CoreTables, core_tables

__all__ = [
    "CannotProcess", "CoreTables", "Fenced", "Folded", "JurisdictionUnknown", "LogFold", "LogIsShorter",
    "NotYetRead", "Place", "Projection", "ProjectionSet", "ReadSide", "Reader", "Rebuilt", "Record", "Standpoint",
    "Stopped", "core_tables", "resolve", "resolve_compared",
]  # fmt: skip
