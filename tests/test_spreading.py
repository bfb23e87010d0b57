"""What the tests are spread by names files that are there."""

from __future__ import annotations

from pathlib import Path

from tests.spreading import FIRST, place

ROOT = Path(__file__).resolve().parents[1]


def test_what_begins_first_is_there() -> None:
    assert [name for files in FIRST for name in files if not (ROOT / name).exists()] == []


def test_drills_are_one_process_s_and_begin_first() -> None:
    drills = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("tests/drills/test_*.py")]
    assert len(drills) > 3
    assert {place(f"{file}::test_something") for file in [*drills, "tests/faults/test_postgresql.py"]} == {0}
    assert place("tests/test_structure.py::test_something") == len(FIRST)
