"""Locks of months: closed to figures, and opened again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.targets.api.asking import page_of, stream_version
from services.targets.api.shapes import OFFICE, SEES_TARGETS, Body, CodeStr, MonthNumber, ReasonStr, example
from services.targets.errors.targets import TargetIsUnknown
from services.targets.errors.years import MonthIsLockedAlready, MonthIsNotLocked
from services.targets.lock import ChangeLock, Locks, lock_month, locks_stream, unlock_month
from services.targets.target import Target, target_stream
from services.targets.year import while_allowed, year_stream
from shared.admission.errors import YearDoesNotAllow, YearIsNotOpen
from shared.commands import transaction_of
from shared.contracts import decode
from shared.deciding import Fact, Look
from shared.http.answers import asking, commanded
from shared.http.asking import AskedDep, View
from shared.http.fields import Flag
from shared.http.ordering import AddingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page
from shared.http.pins import StandsAt
from shared.http.preconditions import IfMatchInvalid, etag
from shared.registry import ALWAYS, lock_id

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}", tags=["targets"])


class LockBody(Body):
    """A month, of all targets or of the one named by its code."""

    model_config = example({"month": 7, "reason": "半年督查取数"})

    month: MonthNumber
    target: CodeStr | None = None
    reason: ReasonStr


class LockShown(BaseModel):
    """How a month stands; `by` is the opaque id of whoever locked or unlocked it last."""

    month: int
    target: str | None
    locked: bool
    by: str
    reason: str
    position: int


class LockList(BaseModel):
    """Months that were ever locked, by month; whole months before single targets."""

    items: list[LockShown]
    next_cursor: str | None
    pin: StandsAt


@router.post(
    "/locks",
    status_code=201,
    responses=commanded(YearIsNotOpen, YearDoesNotAllow, MonthIsLockedAlready, TargetIsUnknown, IfMatchInvalid),
)
async def lock_year_month(year: YearNumber, body: LockBody, ordering: AddingDep) -> Recorded:
    """Close a month to figures. The assessment office only.

    Refused if it is closed already, so it needs no If-Match: others may close other months at once. One with the ETag
    of the year's locks is heeded.
    """
    role = ordering.permit_whole(*OFFICE)
    command = ChangeLock(year, body.month, body.target, body.reason)

    def decide(locks: Locks, look: Look) -> list[Fact]:
        return lock_month(
            command, locks, year_open=look.at(year_stream(year)), target=_target(year, body.target, look),
            author=_author(year, look),
        )  # fmt: skip

    done = await ordering.execute(role, locks_stream(year), while_allowed("lock", year, decide))
    return ordering.recorded(lock_id(year, body.month, body.target), done)


@router.post(
    "/unlocks",
    status_code=201,
    responses=commanded(YearIsNotOpen, YearDoesNotAllow, MonthIsNotLocked, TargetIsUnknown, IfMatchInvalid),
)
async def unlock_year_month(year: YearNumber, body: LockBody, ordering: AddingDep) -> Recorded:
    """Open a locked month again, with a reason. The assessment office only.

    Refused unless it is locked, so it needs no If-Match: see locking. One with the ETag of the year's locks is heeded.
    """
    role = ordering.permit_whole(*OFFICE)
    command = ChangeLock(year, body.month, body.target, body.reason)

    def decide(locks: Locks, look: Look) -> list[Fact]:
        return unlock_month(
            command, locks, year_open=look.at(year_stream(year)), target=_target(year, body.target, look)
        )

    done = await ordering.execute(role, locks_stream(year), while_allowed("lock", year, decide))
    return ordering.recorded(lock_id(year, body.month, body.target), done)


def _target(year: int, code: str | None, look: Look) -> Target | None:
    return look.at(target_stream(year, code)) if code is not None else None


def _author(year: int, look: Look) -> Callable[[int], str]:
    """Who wrote a version of the year's locks: facts of the log say it outside of their data."""

    def author(version: int) -> str:
        at = transaction_of(look)
        history = at.store.read(at.db, at.log, locks_stream(year).name)
        return decode(history[version - 1].value).actor

    return author


@router.get("/locks", responses=asking(CursorInvalid))
def list_locks(
    year: YearNumber,
    asked: AskedDep,
    page: Page,
    locked: Annotated[Flag | None, Query(description="Only months that are locked, or that are open again.")] = None,
) -> LockList:
    """The months that were ever locked, each as it stands; locks of targets outside your scope are left out.

    The ETag is that of all locks of the year, which a lock or an unlock may be made to match.
    """
    asked.permit(*SEES_TARGETS, "admin")

    def found(view: View) -> list[tuple[tuple[int, str], LockShown]]:
        registry, scope = view.registry, asked.units(view.registry)
        asked.response.headers["ETag"] = etag(stream_version(view, locks_stream(year).name))
        shown = []
        for id, lock in registry.locks.on(ALWAYS):
            if lock.year != year or locked not in (None, lock.locked):
                continue
            parts = registry.parts_of(lock.target) if lock.target else []
            if lock.target and scope is not None and scope.isdisjoint(part.unit for _, part in parts):
                continue
            code = registry.targets.latest(lock.target).code if lock.target else None
            row = LockShown(
                month=lock.month, target=code, locked=lock.locked, by=lock.by, reason=lock.reason,
                position=registry.locks.position(id),
            )  # fmt: skip
            shown.append(((lock.month, code or ""), row))
        return shown

    items, cursor, pin = page_of(asked, page, f"locks {year} {locked}", found)
    return LockList(items=items, next_cursor=cursor, pin=pin)
