"""What the parts of a target come to, as answers show it; also the answer to an adjustment, which changes no part.

Whoever raises a target is told what its parts now fall short of, rather than refused: the province may ask for more
before anybody knows which unit will do it. Until the parts follow, the decomposition is not complete.
"""

from __future__ import annotations

from datetime import date

from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from services.targets.breakdown import broken_down_on, stated_parts_stream
from services.targets.decomposition import Decomposed, aim_stream, sum_text
from shared.commands import Done, Looking
from shared.contracts.targets import TargetAdjusted
from shared.http.answers import Responses
from shared.http.ordering import Ordering, Recorded
from shared.sql import reading


class DecompositionShown(BaseModel):
    """What the parts come to at `as_of`, against what is to be broken down: nothing is rounded.

    `surplus` is by how much they ask for more than the whole (层层加码), in `surplus_pp` in percentage points of it;
    `missing` what they fall short of it. `stated_on`: the day from which the office says that they are complete.
    """

    value: str
    parts: str
    reserve: str
    surplus: str
    surplus_pp: str | None
    missing: str
    complete: bool
    stated_on: date | None
    reason: str | None


class Adjusted(Recorded):
    """The target is adjusted; its parts keep the values that they were given.

    `decomposition` is what they come to on the day from which the new value holds, as given by now; null where nothing
    is added up. What is `missing` is given out by hand-overs and further assignments.
    """

    decomposition: DecompositionShown | None


ADJUSTED_LATER: Responses = {202: {"model": Adjusted, "description": "Stored; the log has not confirmed it yet."}}


def decomposition_shown(found: Decomposed | None) -> DecompositionShown | None:
    """As answers show it."""
    if found is None:
        return None
    sums = found.comparison
    return DecompositionShown(
        value=sum_text(sums.value), parts=sum_text(sums.parts), reserve=sum_text(sums.reserve),
        surplus=sum_text(sums.surplus), surplus_pp=sums.surplus_pp, missing=sum_text(sums.missing),
        complete=not sums.missing, stated_on=found.stated_on, reason=found.reason,
    )  # fmt: skip


async def adjusted(ordering: Ordering, id: str, done: Done, year: int, target: str) -> Adjusted:
    """The answer to a command that adjusted a target (its code)."""
    on = next(fact.effective_on for fact in done.facts if isinstance(fact, TargetAdjusted))

    def look() -> Decomposed | None:
        service = ordering.service
        with reading(service.engine) as db:
            at = Looking(service.store, db, done.log)
            return broken_down_on(on, at.at(aim_stream(year, target)), at.at(stated_parts_stream(year, target)))

    found = decomposition_shown(await run_in_threadpool(look))
    return Adjusted(**ordering.recorded(id, done).model_dump(), decomposition=found)
