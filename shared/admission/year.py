"""May this be done to a year in its state? Whoever may not is told the state, and the states that allow it. Pure."""

from __future__ import annotations

from shared.admission.errors import YearDoesNotAllow
from shared.year_states import ALLOWED, Act, YearState, allows


def not_allowed(act: Act, year: int, state: YearState | None) -> YearDoesNotAllow | None:
    """The refusal; None where it is allowed."""
    if allows(state, act):
        return None
    return YearDoesNotAllow(year=year, state=state, asked=act, allowed_in=ALLOWED[act])
