"""The arguments of the offline checks, and what they print: `ok …`, or a code and a sentence.

`python -m shared.proofs` and `jikao verify` are the same but for one thing: only the latter brings the engine that
folds a sealed audit again. What the checks need is imported when one runs, so that other commands start at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.proofs.exported import Exported
    from shared.proofs.notes import VerifierKey
    from shared.proofs.verifying import AuditProved, CheckpointProved

    Refold = Callable[[AuditProved, bytes, Iterator[Exported]], None]
    """Folds the records again and compares with the sealed document. Raises AnswerDiffers."""

    Check = Callable[[argparse.Namespace], str]

FAILED, UNREADABLE = 1, 2
"""Exit statuses: a check failed; a file could not be read, so nothing was checked."""


def add_to(parser: argparse.ArgumentParser, refold: Refold | None = None) -> None:
    """Give a parser the checks as commands; each sets `run`, which prints one line and exits with 0, 1 or 2."""
    commands = parser.add_subparsers(required=True, metavar="WHAT")

    record = _command(commands, "record", "a proof that a record is in a log", _record)
    record.add_argument("--proof", type=Path, required=True, help="the proof (c2sp.org/tlog-proof@v1)")
    record.add_argument("--value", type=Path, help="the record's stored bytes, to be compared with the proof")
    record.add_argument("--log", help="the log id that it must be about")

    receipt = _command(commands, "receipt", "a receipt for what was taken in", _receipt)
    receipt.add_argument("--receipt", type=Path, required=True, help="the receipt, a signed note")
    receipt.add_argument("--value", type=Path, help="the record's stored bytes, to be compared with the receipt")
    receipt.add_argument("--proof", type=Path, help="the proof that the record is in the log")

    checkpoint = _command(commands, "checkpoint", "a checkpoint, and that it continues an older one", _checkpoint)
    newer = checkpoint.add_mutually_exclusive_group(required=True)
    newer.add_argument("--checkpoint", type=Path, help="the checkpoint, a signed note")
    newer.add_argument("--consistency", type=Path, help="a consistency proof from --older, with the checkpoint in it")
    checkpoint.add_argument("--older", type=Path, help="a checkpoint that was kept since")
    checkpoint.add_argument("--records", type=Path, help="with --checkpoint: exported records, to be hashed again")
    checkpoint.add_argument("--log", help="the log id that it must be about")

    described = "a sealed audit against exported records" + ("" if refold else "; `jikao verify` folds them again too")
    audit = _command(commands, "audit", described, lambda asked: _audit(asked, refold))
    audit.add_argument("--document", type=Path, required=True, help="the sealed document, byte for byte")
    audit.add_argument("--records", type=Path, required=True, help="exported records, one JSON object a line")
    audit.add_argument("--checkpoint", type=Path, required=True, help="a checkpoint that covers its sealing")
    audit.add_argument("--audit", metavar="ID", help="the id of the audit that it must be")


def run(asked: argparse.Namespace, check: Check) -> None:
    """Make one check: print `ok …`, or print a code and sentence and exit with 1; 2 when a file cannot be read."""
    from shared.proofs.failures import CheckFailed

    try:
        print(f"ok {check(asked)}")
    except CheckFailed as failed:
        about = f" ({failed.about})" if failed.about else ""
        print(f"{failed.code()}: {failed.sentence(asked.language)}{about}")
        sys.exit(FAILED)
    except OSError as fault:
        print(f"{fault.filename}: {fault.strerror}", file=sys.stderr)
        sys.exit(UNREADABLE)


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, described: str, check: Check
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=described, description=f"Check {described}.")
    parser.add_argument(
        "--key", action="append", required=True, metavar="KEY|FILE",
        help="a trusted verifier key, <name>+<id>+<base64>, or a file with one a line; several times",
    )  # fmt: skip
    parser.add_argument("--language", choices=("en", "zh"), default="en", help="of the sentences; en unless given")
    parser.set_defaults(run=lambda asked: run(asked, check))
    return parser


def _record(asked: argparse.Namespace) -> str:
    from shared.proofs.receipts import instant
    from shared.proofs.verifying import NO_VALUE, check_record

    value = asked.value.read_bytes() if asked.value else NO_VALUE
    proved = check_record(_text(asked.proof), _keys(asked), value=value, log=asked.log)
    proof = proved.proof
    return (
        f"record: position {proof.position} of {proved.checkpoint.origin}, recorded at {instant(proof.recorded_at)}, "
        f"sha256 {proof.sha256}{'' if asked.value else ' (no bytes given to compare)'}, "
        f"below the checkpoint of size {proved.checkpoint.size}"
    )


def _receipt(asked: argparse.Namespace) -> str:
    from shared.proofs.verifying import check_receipt

    proved = check_receipt(
        _text(asked.receipt), _keys(asked),
        value=asked.value.read_bytes() if asked.value else None,
        proof=_text(asked.proof) if asked.proof else None,
    )  # fmt: skip
    receipt = proved.receipt
    where = f", position {proved.record.proof.position}" if proved.record else ""
    return (
        f"receipt: {receipt.source} {receipt.id} was taken into {receipt.log} at {receipt.time}{where}, "
        f"sha256 {receipt.sha256}{'' if asked.value else ' (no bytes given to compare)'}"
    )


def _checkpoint(asked: argparse.Namespace) -> str:
    from shared.proofs.failures import Malformed
    from shared.proofs.verifying import check_checkpoint, check_continues

    keys = _keys(asked)
    if asked.consistency:
        if not asked.older or asked.records:
            raise Malformed("a consistency proof goes with --older, and without --records")
        return _told(check_continues(_text(asked.older), _text(asked.consistency), keys, log=asked.log))
    older = _text(asked.older) if asked.older else None
    if not asked.records:
        return _told(check_checkpoint(_text(asked.checkpoint), keys, older=older, log=asked.log))
    with _exported(asked.records) as records:
        return _told(check_checkpoint(_text(asked.checkpoint), keys, older=older, records=records, log=asked.log))


def _told(proved: CheckpointProved) -> str:
    checkpoint = proved.checkpoint
    older = f", continues the one of size {proved.older.size}" if proved.older else ""
    records = f", {proved.records} exported records agree" if proved.records is not None else ""
    return f"checkpoint: {checkpoint.origin} of size {checkpoint.size}, root {checkpoint.root.hex()}{older}{records}"


def _audit(asked: argparse.Namespace, refold: Refold | None) -> str:
    from shared.proofs.verifying import check_audit

    document = asked.document.read_bytes()
    with _exported(asked.records) as records:
        proved = check_audit(document, records, _text(asked.checkpoint), _keys(asked), audit=asked.audit)
    if refold is not None:
        with _exported(asked.records) as records:
            refold(proved, document, records)
    answer = "its records give the same answer" if refold else "not folded again: that takes `jikao verify audit`"
    return (
        f"audit: {proved.sealed.get('audit')} was sealed at position {proved.position} of {proved.checkpoint.origin} "
        f"about the records up to position {proved.sealed['pin']['position']}; {answer}"
    )


def _keys(asked: argparse.Namespace) -> tuple[VerifierKey, ...]:
    from shared.proofs.verifying import verifier_keys

    return tuple(key for given in asked.key for key in verifier_keys(_text(Path(given)) if _is_file(given) else given))


def _is_file(given: str) -> bool:
    try:
        return Path(given).is_file()
    except OSError:  # a name too long for a file
        return False


def _text(path: Path) -> str:
    from shared.proofs.failures import Malformed

    try:
        return path.read_bytes().decode()  # not read_text: it would take \r\n for \n
    except UnicodeDecodeError as fault:
        raise Malformed(f"{path.name} is not UTF-8") from fault


@contextmanager
def _exported(path: Path) -> Iterator[Iterator[Exported]]:
    from shared.proofs.exported import exported

    with path.open("rb") as lines:
        yield exported(lines)
