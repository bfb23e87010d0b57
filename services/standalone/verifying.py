"""`jikao verify`: the offline checks of `shared.proofs`, and the one that takes the engine: folding an audit again."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shared.proofs import command_line

if TYPE_CHECKING:
    from shared.proofs.exported import Exported
    from shared.proofs.verifying import AuditProved


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `verify record|receipt|checkpoint|audit`."""
    described = "check a record, receipt, checkpoint or sealed audit offline"
    command_line.add_to(commands.add_parser("verify", help=described), refold)


def refold(proved: AuditProved, document: bytes, records: Iterator[Exported]) -> None:
    """Answer the sealed audit's questions again from the records alone. Raises AnswerDiffers, Malformed."""
    import msgspec

    from services.evaluation.audits import prove
    from services.evaluation.replay import Archived
    from shared.contracts.evaluation import AuditSealed
    from shared.proofs.failures import AnswerDiffers, Malformed

    try:
        sealed = msgspec.convert(proved.sealed, AuditSealed)
    except msgspec.ValidationError as fault:
        raise Malformed(f"audit: the fact that sealed it is not valid ({fault})") from fault
    archived = (Archived(each.position, each.offset, each.recorded_at, each.value) for each in records)
    proof = prove(sealed, document, archived)
    if not proof.equal:
        differing = ", ".join(str(each["pointer"]) for each in proof.differences[:5])
        raise AnswerDiffers(proof.failure or differing or f"sha256 {proof.recomputed_sha256}")
