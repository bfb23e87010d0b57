"""Withdrawal of a target: from a date on it does not stand; what was, stays answerable."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from services.targets.api.floors import read_floor
from services.targets.api.shapes import DECIDES_ADJUSTMENTS, Body, ReasonStr, Sha256Str, TargetCode, example
from services.targets.errors.adjustments import ProvinceStillAsks, TargetIsWithdrawn
from services.targets.errors.targets import DateBeforeTarget
from services.targets.errors.years import DateOutsideYear
from services.targets.target import WithdrawTarget, target_stream, withdraw_target
from services.targets.year import while_allowed
from shared.admission.errors import TargetUnknown, YearDoesNotAllow
from shared.contracts.targets import TargetWithdrawn
from shared.http.answers import changed
from shared.http.fields import StrictDate
from shared.http.ordering import ChangingDep, Recorded, YearNumber

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}/targets", tags=["targets"])


class WithdrawalBody(Body):
    """The decision that from `effective_on` the target no longer stands. `evidence`: sha256 of documents, in hex."""

    model_config = example({"effective_on": "2009-09-01", "reason": "省级取消该项任务", "evidence": []})

    effective_on: StrictDate
    reason: ReasonStr
    evidence: list[Sha256Str] = Field(default_factory=list, max_length=20)


@router.post(
    "/{target}/withdrawals",
    status_code=201,
    responses=changed(
        TargetUnknown,
        TargetIsWithdrawn,
        DateOutsideYear,
        DateBeforeTarget,
        ProvinceStillAsks,
        YearDoesNotAllow,
    ),
)
async def withdraw_year_target(
    year: YearNumber, target: TargetCode, body: WithdrawalBody, ordering: ChangingDep
) -> Recorded:
    """Withdraw a target from a date on: no entry dated then counts, and no figure of then has it.

    The assessment office or a leader; needs the target's ETag. Never while the province's own target stands.
    """
    role = ordering.permit_whole(*DECIDES_ADJUSTMENTS)
    now = await run_in_threadpool(read_floor, ordering, year, target)
    command = WithdrawTarget(year, target, body.effective_on, body.reason, body.evidence)
    done = await ordering.execute(
        role,
        target_stream(year, target),
        while_allowed("adjust", year, lambda standing, _: withdraw_target(command, standing, demand=now.demand)),
        basis=now.position,
    )
    fact = done.facts[0]
    assert isinstance(fact, TargetWithdrawn)
    return ordering.recorded(fact.target, done)
