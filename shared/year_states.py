"""What may be done in which state of an assessment year (考核年度): the one table.

A year goes forward one state at a time; back to an earlier one it goes only with a reason (reopening). A year that was
never moved is a draft in name and takes everything (docs/decisions/0014-a-year-is-moved-by-hand.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

YearState = Literal[
    "draft", "targets_issued", "running", "closing", "scoring", "publicity", "appeals", "final", "archived"
]
Act = Literal["plan", "adjust", "issue_tables", "sign", "lock", "group", "report", "verify"]
"""What somebody does to a year.

`plan`: take in catalogues and align them, set the rule for weights, issue targets, give parts of them to units, also
those of a unit that ends; register and plan key projects, and say that they have started.
`adjust`: ask for another value, decide it. `issue_tables`, `sign`: the units' target tables. `lock`: close months and
open them again. `group`: say which units are ranked against one another. `report`: send in figures. `verify`: verify,
certify or return what was reported. What the public is shown stands still, but for an appeal that is upheld; what is
final changes only after a reopening.

No state is asked by what changes nothing that is judged: what units are called and where they belong, who holds a post,
until when adjustments could be requested, and a review or a refusal of a request that was left open.
"""

ORDER: tuple[YearState, ...] = get_args(YearState)

ALLOWED: Mapping[Act, tuple[YearState, ...]] = {
    "plan": ("draft", "targets_issued", "running"),
    "adjust": ("targets_issued", "running"),
    "issue_tables": ("draft", "targets_issued", "running"),
    "sign": ("targets_issued", "running"),
    "lock": ("draft", "targets_issued", "running", "closing", "scoring", "publicity", "appeals"),
    "group": ("draft", "targets_issued", "running", "closing", "scoring"),
    "report": ("running",),
    "verify": ("targets_issued", "running", "closing", "scoring", "appeals"),
}


def allows(state: YearState | None, act: Act) -> bool:
    """May this be done to a year in that state? `None` is that of a year which was never moved."""
    return state is None or state in ALLOWED[act]


def following(state: YearState) -> YearState | None:
    """The state that comes next; None after the last."""
    at = ORDER.index(state) + 1
    return ORDER[at] if at < len(ORDER) else None
