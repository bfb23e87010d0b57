"""Which files of tests begin first where several processes run them, and which of them never run beside one another.

A file is one process's. By itself pytest-xdist begins with the files of most tests and ends with the few that take
minutes each, so that all but one of the processes had nothing to do for a third of the time.
"""

from __future__ import annotations

from itertools import chain

from xdist.scheduler import LoadFileScheduling

DRILLS = (
    "tests/drills/test_kills.py",
    "tests/drills/test_restore.py",
    "tests/drills/test_three_brokers.py",
    "tests/drills/test_kills_standalone.py",
    "tests/faults/test_postgresql.py",
)
"""Each keeps two processors busy; beside one another they starve until something takes longer than it may."""
LONG = (
    "tests/fuzz/test_the_standalone_form.py",
    "tests/fuzz/test_the_stack.py",
    "tests/histories/test_histories.py",
    "tests/services/standalone/test_roles_and_scopes.py",
    "tests/bench/test_benchmarks.py",
    "tests/end_to_end/test_year_2009.py",
    "tests/services/standalone/test_command_line.py",
    "tests/test_readme.py",
)
"""Those of the others that take longest."""
BEGINS = {file: place for place, file in enumerate(chain(DRILLS, LONG))}


def file_of(nodeid: str) -> str:
    """The file in which a test stands, from the root of the project."""
    return nodeid.partition("::")[0]


def place(nodeid: str) -> int:
    """Where a test's file comes in the order; those that are not named come last, as they are."""
    return BEGINS.get(file_of(nodeid), len(BEGINS))


class Spreading(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """File by file, in the order in which they were collected; the drills are one process's."""

    def _split_scope(self, nodeid: str) -> str:
        file = file_of(nodeid)
        return "drills" if file in DRILLS else file
