"""`python -m shared.proofs` on files, as an auditor runs it: one line, and an exit status that says which kind."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

import shared
from shared.proofs.__main__ import main
from shared.proofs.signing import SigningKey
from tests.shared.proofs.history import AUDIT, LOG, ORIGIN, History, Sealed, flipped, lines_of

POSITION, OLDER = 123, 700


class Desk:
    """An auditor's folder."""

    def __init__(self, folder: Path, sealed: Sealed) -> None:
        self.folder = folder
        history = sealed.history
        self.put("keys", "".join(f"{key}\n" for key in history.trusted))
        self.put("value", history.records[POSITION].value or b"")
        self.put("record.tlog-proof", history.proof(POSITION).text())
        self.put("receipt", history.receipt(POSITION))
        self.put("checkpoint", history.note())
        self.put("older", history.note(OLDER))
        self.put("consistency", history.consistency(OLDER).text())
        self.put("records", b"".join(lines_of(history.records)))
        self.put("document", sealed.document)

    def put(self, name: str, content: str | bytes) -> None:
        (self.folder / name).write_bytes(content.encode() if isinstance(content, str) else content)

    def arguments(self, *given: str) -> list[str]:
        """The arguments, with names of files in the folder in the place of `:name`."""
        return [str(self.folder / each[1:]) if each.startswith(":") else each for each in (*given, "--key", ":keys")]


@pytest.fixture
def desk(tmp_path: Path, sealed: Sealed) -> Desk:
    return Desk(tmp_path, sealed)


def check(desk: Desk, capsys: pytest.CaptureFixture[str], *given: str) -> tuple[int, str]:
    status = 0
    try:
        main(desk.arguments(*given))
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    written = capsys.readouterr()
    assert written.out.count("\n") <= 1
    return status, written.out or written.err


RECORD = ("record", "--proof", ":record.tlog-proof", "--value", ":value", "--log", LOG)
RECEIPT = ("receipt", "--receipt", ":receipt", "--value", ":value", "--proof", ":record.tlog-proof")
CONTINUES = ("checkpoint", "--older", ":older", "--consistency", ":consistency", "--log", LOG)
RECORDS = ("checkpoint", "--checkpoint", ":checkpoint", "--older", ":older", "--records", ":records")
AUDITED = ("audit", "--document", ":document", "--records", ":records", "--checkpoint", ":checkpoint", "--audit", AUDIT)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (RECORD, f"ok record: position {POSITION} of {ORIGIN}, recorded at 2009-01-01T00:00:00.123Z"),
        (RECORD[:3], "(no bytes given to compare)"),
        (RECEIPT, f"was taken into {LOG} at 2009-01-01T00:00:00.123Z, position {POSITION}"),
        (RECEIPT[:3], "(no bytes given to compare)"),
        (RECORDS[:3], f"ok checkpoint: {ORIGIN} of size "),
        (CONTINUES, f"continues the one of size {OLDER}"),
        (RECORDS, "exported records agree"),
        (AUDITED, "not folded again: that takes `jikao verify audit`"),
    ],
)
def test_what_holds_is_told_in_one_line(
    desk: Desk, capsys: pytest.CaptureFixture[str], given: tuple[str, ...], told: str
) -> None:
    status, line = check(desk, capsys, *given)

    assert status == 0
    assert line.startswith("ok ")
    assert told in line


@pytest.mark.parametrize(
    ("given", "file", "at", "code"),
    [
        (RECORD, "value", 5, "RECORD_DIFFERS"),
        (RECORD, "keys", 3, "MALFORMED"),
        (RECEIPT, "value", 5, "RECEIPT_DIFFERS"),
        (RECEIPT, "receipt", 80, "SIGNATURE_INVALID"),
        (RECORDS, "checkpoint", 20, "SIGNATURE_INVALID"),
        (AUDITED, "document", 30, "DOCUMENT_DIFFERS"),
    ],
)
def test_what_does_not_hold_has_a_code_a_sentence_and_status_1(
    desk: Desk, capsys: pytest.CaptureFixture[str], given: tuple[str, ...], file: str, at: int, code: str
) -> None:
    desk.put(file, flipped((desk.folder / file).read_bytes(), at))
    status, line = check(desk, capsys, *given)
    status_zh, line_zh = check(desk, capsys, *given, "--language", "zh")

    assert (status, status_zh) == (1, 1)
    assert line.startswith(f"{code}: ")
    assert line_zh.startswith(f"{code}: ")
    assert "。" in line_zh


def test_a_fork_is_told_by_its_code(desk: Desk, capsys: pytest.CaptureFixture[str], sealed: Sealed) -> None:
    fork = sealed.history.forked(POSITION, b"another history")
    desk.put("consistency", fork.consistency(OLDER).text())

    status, line = check(desk, capsys, *CONTINUES)

    assert (status, line.split(":")[0]) == (1, "LOG_FORKED")


def test_arguments_that_do_not_belong_together_are_told(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    for given in (CONTINUES[:1] + CONTINUES[3:], (*CONTINUES, "--records", ":records")):
        status, line = check(desk, capsys, *given)
        assert status == 1
        assert "goes with --older" in line


def test_a_file_that_cannot_be_read_is_no_failed_check(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    status, line = check(desk, capsys, "record", "--proof", ":nowhere")

    assert status == 2
    assert "nowhere: No such file or directory" in line


def test_a_file_that_is_no_text_is_malformed(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.put("receipt", b"\xff\xfe")

    assert check(desk, capsys, *RECEIPT[:3])[1].startswith("MALFORMED: ")


def test_line_ends_of_another_system_are_not_taken_for_ours(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.put("checkpoint", (desk.folder / "checkpoint").read_bytes().replace(b"\n", b"\r\n"))

    assert check(desk, capsys, *RECORDS[:3])[1].startswith("MALFORMED: ")


def test_a_key_may_be_given_by_itself(desk: Desk, capsys: pytest.CaptureFixture[str], sealed: Sealed) -> None:
    key = SigningKey.generate()
    history = History(key)
    history.report(3)
    desk.put("checkpoint", history.note())

    assert check(desk, capsys, *RECORDS[:3])[1].startswith("KEY_UNKNOWN: ")
    status, line = check(desk, capsys, *RECORDS[:3], "--key", str(key.verifier(ORIGIN)))
    assert (status, line[:2]) == (0, "ok")
    long = replace(key.verifier(ORIGIN), name="x" * 5000)
    assert check(desk, capsys, *RECORDS[:3], "--key", str(long))[1].startswith("KEY_UNKNOWN: ")


def test_it_runs_where_nothing_is_installed_but_the_signature_library(desk: Desk, tmp_path: Path) -> None:
    """The folder shared/proofs, shared/merkle.py and `cryptography`, and no other package, are enough."""
    alone = tmp_path / "alone"
    (alone / "shared").mkdir(parents=True)
    ours = Path(shared.__file__).parent
    for name in ("__init__.py", "merkle.py", "proofs"):
        (alone / "shared" / name).symlink_to(ours / name)
    for name in ("cryptography", "_cffi_backend"):
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        installed = Path(spec.origin)
        installed = installed.parent if installed.name == "__init__.py" else installed
        (alone / installed.name).symlink_to(installed)

    command = [sys.executable, "-S", "-B", "-m", "shared.proofs", *desk.arguments(*AUDITED)]
    environment = {**os.environ, "PYTHONPATH": str(alone)}
    ran = subprocess.run(command, cwd=alone, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("ok audit: ")
