"""Which tests begin first where several processes run them, and which are one process's.

A file is one process's. By itself pytest-xdist begins with the files of most tests and ends with the few that take
minutes each, when the other processes may have nothing left to do.
"""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

DRILLS = "tests/drills/", "tests/faults/test_postgresql.py"
"""Each keeps two processors busy; beside one another they starve until something takes longer than it may."""
FORMS = ("tests/end_to_end/",)
"""They share the back ends that they drive: started once for one process, and again for each further one."""
FIRST = [
    DRILLS,
    ("tests/fuzz/test_the_standalone_form.py",),
    FORMS,
    ("tests/fuzz/test_the_stack.py",),
    ("tests/histories/",),
    ("tests/services/standalone/test_roles_and_scopes.py",),
    ("tests/services/standalone/test_command_line.py",),
    ("tests/test_readme.py",),
    ("tests/bench/",),
]
"""What takes longest, in this order; each is one process's."""


def place(nodeid: str) -> int:
    """Where a test comes in the order; what is not named comes last, as it was found."""
    return next((place for place, files in enumerate(FIRST) if nodeid.startswith(files)), len(FIRST))


class Spreading(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """File by file, in the order in which they were collected; what stands together above is one process's."""

    def _split_scope(self, nodeid: str) -> str:
        found = place(nodeid)
        return nodeid.partition("::")[0] if found == len(FIRST) else FIRST[found][0]
