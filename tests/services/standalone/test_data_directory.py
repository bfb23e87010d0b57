"""What may be a data directory, and who may use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.standalone.data_directory import KIND, MARKER, VERSION, DataDirectoryRefused, open_directory


def test_a_new_directory_is_made_and_marked(tmp_path: Path) -> None:
    with open_directory(tmp_path / "new" / "data") as directory:
        assert json.loads((directory.path / MARKER).read_text()) == {"kind": KIND, "version": VERSION}
        assert directory.database_url("targets") == f"sqlite:///{tmp_path}/new/data/targets.db"
    with open_directory(tmp_path / "new" / "data"):
        pass


def test_a_second_process_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from services.standalone.data_directory import open_directory;"
        f"open_directory(Path({str(tmp_path)!r}))"
    )
    with open_directory(tmp_path):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert f"is in use by process {os.getpid()} (jikao): stop that process" in done.stderr
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(DataDirectoryRefused, match="is a file: name a directory"):
        open_directory(tmp_path / "data")


def test_a_directory_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(DataDirectoryRefused, match="holds something else"):
        open_directory(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize("words", ["", "[]", '{"kind": "other", "version": 1}', "\x00"])
def test_a_marker_of_something_else_is_refused(tmp_path: Path, words: str) -> None:
    (tmp_path / MARKER).write_text(words)
    with pytest.raises(DataDirectoryRefused, match="is not a data directory of Jikao"):
        open_directory(tmp_path)


def test_a_directory_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text(json.dumps({"kind": KIND, "version": VERSION + 1}))
    with pytest.raises(DataDirectoryRefused, match="run the newer program"):
        open_directory(tmp_path)


def test_maintenance_makes_no_directory(tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryRefused, match="There is no data directory"):
        open_directory(tmp_path / "none", make=False)
    with pytest.raises(DataDirectoryRefused, match="holds something else"):
        open_directory(tmp_path, make=False)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataDirectoryRefused, match="cannot be used"):
        open_directory(tmp_path / "file" / "data")
