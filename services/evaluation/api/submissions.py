"""What became of what was sent in: whole submissions, and entry by entry."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy import RowMapping, select

from services.evaluation.errors import SubmissionUnknown
from services.evaluation.read_models.submissions import of_identity, page, refusals, submissions_of
from shared.admission import errors as admission
from shared.admission.errors import REOPENING, PeriodIsLocked
from shared.errors import IdReused, Refusal
from shared.http.answers import asking
from shared.http.asking import Asked, AskedDep, View
from shared.http.pages import CursorInvalid, Page, Place, next_cursor
from shared.registry import rows
from shared.sql import each_of

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/submissions", tags=["evaluation"])

READERS = ("office", "leader", "auditor", "inspector", "certifier")
REPORTERS = ("unit", "county_system")
URN = "urn:jikao:source:"
_LOCKED = PeriodIsLocked.code()
_REFUSALS: dict[str, type[Refusal]] = {
    leaf.code(): leaf
    for leaf in vars(admission).values()
    if isinstance(leaf, type) and issubclass(leaf, Refusal) and leaf.__module__ == admission.__name__
} | {IdReused.code(): IdReused}

SourceName = Annotated[
    str,
    Path(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="Name of the reporting source.", examples=["transport"]),
]


class LockMet(BaseModel):
    """The lock that an entry met: of which month, of the target of this code alone (null: of all), by whom and why.

    `locked_by` is an opaque id.
    """

    month: str = Field(examples=["2009-07"])
    target: str | None
    locked_by: str
    reason: str
    how_to_reopen: str


class EntryOutcome(BaseModel):
    """What became of one entry; `because` is the position of the fact that forbids it, where there is one.

    If that is a lock, `lock` tells of it.
    """

    entry: int
    outcome: Literal["counted", "refused"]
    code: str | None
    message: str | None
    message_zh: str | None
    because: int | None
    lock: LockMet | None


class SubmissionShown(BaseModel):
    """One record that carried a submission.

    `counted`: judged entry by entry, see `entries`. `duplicate`: the same stands at `because` already. `reused`: its
    id was taken by other content at `because`, so nothing of it counts.
    """

    source: str
    id: str
    position: int
    sha256: str = Field(description="Of the stored bytes, as in the receipt.")
    status: Literal["counted", "duplicate", "reused"]
    because: int | None
    counted: int
    refused: int
    entries: list[EntryOutcome]


class SubmissionRecords(BaseModel):
    """Every record of one source and id, the first one first: what is repeated takes a position of its own."""

    source: str
    id: str
    records: list[SubmissionShown]


class SubmissionList(BaseModel):
    """Submissions in the order of the log. In a list only the refused entries are told one by one."""

    items: list[SubmissionShown]
    next_cursor: str | None
    position: int = Field(description="All pages of one walk stand at this position.")


@router.get("", responses=asking(CursorInvalid))
def list_submissions(
    asked: AskedDep,
    paged: Page,
    outcome: Annotated[
        Literal["counted", "refused", "duplicate", "reused"] | None,
        Query(description="`refused`: with an entry that does not count; `counted`: with one that does."),
    ] = None,
    source: Annotated[
        str | None, Query(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="Name of the reporting source.")
    ] = None,
) -> SubmissionList:
    """What was sent in, and what of it did not count. Units and county systems see their own sources."""
    own = own_sources(asked)
    of = f"submissions {asked.listing.log} {outcome} {source}"
    place = asked.turn_to(paged, of, int)
    sources = own if source is None else {URN + source} & (own if own is not None else {URN + source})
    with asked.view() as view:
        tables, at = submissions_of(view.tables), view.standpoint
        rows = page(
            view.db, tables, at.log, at.position, sources=sources, outcome=outcome,
            after=int(place.key[0]) if place is not None else -1, limit=paged.limit + 1,
        )  # fmt: skip
        shown, more = rows[: paged.limit], len(rows) > paged.limit
        forbidden = _forbidden(view, [row["position"] for row in shown])
    following = next_cursor(of, Place(at.position, (shown[-1]["position"],), at.as_of)) if more else None
    return SubmissionList(
        items=[_shown(row, forbidden.get(row["position"], ()), whole=False) for row in shown],
        next_cursor=following, position=at.position,
    )  # fmt: skip


@router.get("/{source}/{id:path}", responses=asking(SubmissionUnknown))
def get_submission(
    source: SourceName,
    id: Annotated[
        str,
        Path(max_length=128, pattern=r"^[^\x00]+$", description="The submission's id.", examples=["2009-08/roads"]),
    ],
    asked: AskedDep,
) -> SubmissionRecords:
    """What became of one submission, entry by entry. Units and county systems see their own sources."""
    own, urn = own_sources(asked), URN + source
    if own is not None and urn not in own:
        raise SubmissionUnknown(source=source, id=id)
    with asked.view() as view:
        tables, at = submissions_of(view.tables), view.standpoint
        rows = of_identity(view.db, tables, at.log, urn, id, at.position)
        forbidden = _forbidden(view, [row["position"] for row in rows])
    if not rows:
        raise SubmissionUnknown(source=source, id=id)
    records = [_shown(row, forbidden.get(row["position"], ()), whole=True) for row in rows]
    return SubmissionRecords(source=urn, id=id, records=records)


def own_sources(asked: Asked) -> set[str] | None:
    """The sources that the caller may see; None for all."""
    role = asked.permit(*READERS, *REPORTERS)
    if role in READERS and asked.caller.scope == "all":
        return None
    return {URN + name for name in asked.caller.sources}


def _forbidden(view: View, positions: Sequence[int]) -> dict[int, list[EntryOutcome]]:
    """The refused entries of the records at these positions, each with the lock that it met."""
    found = refusals(view.db, submissions_of(view.tables), view.standpoint.log, positions)
    met = {entry["because"] for entries in found.values() for entry in entries if entry["code"] == _LOCKED}
    locks = {position: _lock(view, lock) for position, lock in _locks_set(view, met).items()}
    return {
        position: [_outcome(entry, locks.get(entry["because"])) for entry in entries]
        for position, entries in found.items()
    }


def _locks_set(view: View, positions: Collection[int]) -> dict[int, rows.Lock]:
    """The locks that the facts at these positions set, unlocked since or not."""
    c = view.tables.core.versions.c
    asked = select(c.known_from, c.body).where(c.log == view.standpoint.log, c.kind == "lock")
    found = each_of(view.db, asked, c.known_from, positions)
    return {position: msgspec.json.decode(body, type=rows.Lock) for position, body in found}


def _lock(view: View, lock: rows.Lock) -> LockMet:
    code = view.registry.targets.latest(lock.target).code if lock.target is not None else None
    return LockMet(
        month=f"{lock.year}-{lock.month:02d}", target=code, locked_by=lock.by, reason=lock.reason,
        how_to_reopen=REOPENING,
    )  # fmt: skip


def _shown(row: RowMapping, refused: Sequence[EntryOutcome], *, whole: bool) -> SubmissionShown:
    entries = {entry.entry: entry for entry in refused}
    if whole:
        for at in range(row["counted"] + row["refused"]):
            entries.setdefault(
                at,
                EntryOutcome(
                    entry=at, outcome="counted", code=None, message=None, message_zh=None, because=None, lock=None
                ),
            )
    return SubmissionShown(
        source=row["source"], id=row["id"], position=row["position"], sha256=bytes(row["sha256"]).hex(),
        status=row["status"], because=row["because"], counted=row["counted"], refused=row["refused"],
        entries=[entries[at] for at in sorted(entries)],
    )  # fmt: skip


def _outcome(entry: RowMapping, lock: LockMet | None) -> EntryOutcome:
    why = _REFUSALS[entry["code"]]
    return EntryOutcome(
        entry=entry["entry"], outcome="refused", code=entry["code"], message=why.sentence(),
        message_zh=why.sentence("zh"), because=entry["because"], lock=lock,
    )  # fmt: skip
