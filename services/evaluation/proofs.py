"""Proofs from what is stored: that a record is in the log, and that a log goes on from an older one.

What is handed out is checked here first, as whoever gets it will check it: a record or a tile that was changed on
disk is found when it is asked for.
"""

from __future__ import annotations

import logging

from sqlalchemy import Connection

from services.evaluation.errors import ProofDoesNotHold
from services.evaluation.read_models.archive import archived
from services.evaluation.read_models.checkpoints import KeptCheckpoint
from services.evaluation.read_models.tiles import tree
from shared.merkle import leaf, leaf_hash
from shared.proofs.consistency import ConsistencyProof
from shared.proofs.failures import CheckFailed
from shared.proofs.inclusion import InclusionProof
from shared.proofs.tree import check_consistency, check_inclusion, consistency_path, inclusion_path, root_of

logger = logging.getLogger(__name__)


def inclusion(db: Connection, position: int, below: KeptCheckpoint) -> InclusionProof:
    """The record at `position` is among the first records that a checkpoint covers (it must). ProofDoesNotHold."""
    log, size, root = below.log, below.fact.size, bytes.fromhex(below.fact.root)
    try:
        record = next(archived(db, log, first=position, up_to=position), None)
        if record is None:
            raise LookupError(f"the archive lacks position {position}")
        stands_for = leaf(record.position, record.recorded_at, record.value)
        path = inclusion_path(position, size, tree(db, log))
        check_inclusion(leaf_hash(stands_for), position, size, root, path)
    except (LookupError, CheckFailed) as fault:
        _alarm(log, fault)
        raise ProofDoesNotHold(position=position, checkpoint=size) from fault
    return InclusionProof(stands_for, position, tuple(path), below.note)


def consistency(db: Connection, old: int, new: KeptCheckpoint) -> ConsistencyProof:
    """A checkpoint's log goes on from that of its first `old` records, 0 <= old <= its size. ProofDoesNotHold."""
    log, size, root = new.log, new.fact.size, bytes.fromhex(new.fact.root)
    nodes = tree(db, log)
    try:
        path = consistency_path(old, size, nodes)
        check_consistency(old, root_of(old, nodes), size, root, path)
    except (LookupError, CheckFailed) as fault:
        _alarm(log, fault)
        raise ProofDoesNotHold(older=old, checkpoint=size) from fault
    return ConsistencyProof(old, tuple(path), new.note)


def _alarm(log: str, fault: Exception) -> None:
    logger.critical("log %s: what is stored does not lead to the checkpoint that was signed (%s)", log, fault)
