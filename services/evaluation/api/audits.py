"""Audits over HTTP: seal a report at one position, read it, and have it answered again from the archive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NotRequired, cast

import msgspec
from fastapi import APIRouter, Path, Response
from fastapi.concurrency import run_in_threadpool
from msgspec import UNSET
from pydantic import BaseModel, ConfigDict, Field, with_config
from typing_extensions import TypedDict

from services.evaluation import audits, sealed
from services.evaluation.api.figures import READ_REFUSALS, answered, respond
from services.evaluation.api.shapes import Count, Day, Difference, Hash
from services.evaluation.audits import (
    AuditUnknown,
    PartStatedTwice,
    ReasonMissing,
    SealAudit,
    SupersededAuditUnknown,
    audit_document,
    audit_stream,
    ordered,
    prove,
)
from services.evaluation.documents import NoSuchYear, canonical
from services.evaluation.errors import DocumentNotKept
from services.evaluation.read_models.archive import archived
from services.evaluation.read_models.audits import (
    KeptAudit,
    audits_of,
    sealed_as,
    sealed_in,
    superseded_by,
    touched_after,
)
from services.evaluation.read_models.checkpoints import checkpoints_of, first_covering
from services.evaluation.read_models.levels import levels
from services.evaluation.target_documents import Document
from shared.commands import transaction_of
from shared.contracts.evaluation import AuditPart, AuditSealed, PinPart
from shared.contracts.shapes import END, UUID_PATTERN
from shared.event_log.directory import Listing
from shared.event_log.ids import event_id
from shared.http.answers import commanded
from shared.http.asking import AskedDep, View
from shared.http.axes import Axes, KnownAt, KnownAtInvalid, read_known_at
from shared.http.fields import StrictDate
from shared.http.ordering import OrderingDep, Recorded, YearNumber
from shared.http.pages import CursorInvalid, Page, Place, next_cursor
from shared.http.problems import problems
from shared.identity.http import WholeJurisdictionOnly
from shared.projections import resolve
from shared.projections.asking import AsOfInFuture, KnownAtOutOfBounds
from shared.service import Service

SEALERS = ("office", "inspector")
READERS = ("office", "leader", "auditor", "inspector")

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}/years/{year}/audits", tags=["evaluation"])
_UUID = UUID_PATTERN.removesuffix(END) + "$"
AuditId = Annotated[str, Path(pattern=_UUID, examples=["01978d5e-0000-7000-8000-000000000001"])]
_CLOSED = with_config(ConfigDict(extra="forbid"))


class AuditPartIn(BaseModel):
    """One question of an audit and the date it is about."""

    model_config = ConfigDict(extra="forbid")

    question: Literal["projects", "practical_matters", "targets"] = Field(examples=["projects"])
    as_of: StrictDate = Field(examples=["2009-07-31"])


class AuditIn(BaseModel):
    """What to seal. All parts stand at one position: the newest, unless `known_at` says otherwise."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "parts": [
                        {"question": "projects", "as_of": "2009-07-31"},
                        {"question": "practical_matters", "as_of": "2009-08-31"},
                    ],
                    "known_at": "2009-08-31",
                }
            ]
        },
    )

    parts: list[AuditPartIn] = Field(min_length=1, max_length=20)
    known_at: str | None = Field(
        default=None,
        max_length=64,
        description="`position:1234`, an RFC 3339 instant, or a date (the end of that day); the newest unless given.",
    )
    supersedes: str | None = Field(default=None, pattern=_UUID, description="The audit that this one replaces.")
    reason: str | None = Field(
        default=None, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f\ufffe\uffff]+$",
        description="Needed to supersede an audit. No names of persons.",
    )  # fmt: skip


class AuditRecorded(Recorded):
    """A sealed audit: the hash of its canonical bytes, the position it knows, and later positions that touch it."""

    sha256: str
    position: int
    root: str
    later: list[int]


@_CLOSED
class AuditPinShown(TypedDict):
    """The one position at which all parts of an audit stand."""

    log: str
    position: Count
    root: Hash


@_CLOSED
class AuditPartShown(TypedDict):
    """One question of an audit."""

    question: str
    as_of: Day


@_CLOSED
class AuditRow(TypedDict):
    """A sealed audit in a list."""

    id: str
    year: int
    parts: list[AuditPartShown]
    pin: AuditPinShown
    sha256: Hash
    later: list[Count]
    position: Count
    sealed_at: str
    superseded_by: list[str]
    supersedes: NotRequired[str]
    reason: NotRequired[str]


@_CLOSED
class CheckpointNamed(TypedDict):
    """The first signed checkpoint that covers the sealing's own record."""

    size: Count
    root: Hash


@_CLOSED
class AuditShown(AuditRow):
    """A sealed audit with its document, whose canonical bytes (RFC 8785) have the hash `sha256`.

    `checkpoint` is absent until one has been signed, which is a moment after the sealing.
    """

    document: NotRequired[dict[str, Any]]
    checkpoint: NotRequired[CheckpointNamed]


@_CLOSED
class AuditList(TypedDict):
    """Audits in the order of their sealing."""

    items: list[AuditRow]
    next_cursor: str | None


@_CLOSED
class AuditReplay(TypedDict):
    """A sealed audit answered again from the archive alone.

    `intact`: the kept bytes still have the sealed hash. Without `recomputed_sha256` the archive cannot be folded;
    `failure` says why.
    """

    id: str
    equal: bool
    intact: bool
    sha256: Hash
    position: Count
    root: Hash
    recomputed_sha256: NotRequired[Hash]
    recomputed_root: NotRequired[Hash]
    differences: list[Difference]
    failure: NotRequired[str]


@router.post(
    "",
    status_code=201,
    responses=commanded(
        PartStatedTwice, ReasonMissing, SupersededAuditUnknown, KnownAtInvalid, KnownAtOutOfBounds, AsOfInFuture,
        NoSuchYear,
    ) | {202: {"model": AuditRecorded, "description": "Sealed; its fact is on its way to the log."}},
)  # fmt: skip
async def seal_audit(ordering: OrderingDep, year: YearNumber, body: AuditIn) -> AuditRecorded:
    """Answer several questions at one position, keep the answer's bytes by hash, and append the fact that says so."""
    role = ordering.permit_whole(*SEALERS)
    listing = await run_in_threadpool(ordering.service.read_side.listing, ordering.jurisdiction)
    drafted = await run_in_threadpool(_draft, ordering.service, listing, year, body)
    # From the key, so that a repeat names the stream in which the first one stands.
    audit = event_id(ordering.service.store.source, f"audit {ordering.key}")
    command = SealAudit(
        audit, year, drafted.parts, drafted.pin, drafted.content, drafted.later, body.supersedes, body.reason
    )
    decide = audits.seal(command, lambda look, content: sealed.keep(transaction_of(look).db, content))
    done = await ordering.execute_in(listing, role, audit_stream(command.audit), decide)
    fact = cast(AuditSealed, done.facts[0])
    recorded = ordering.recorded(fact.audit, done)
    return AuditRecorded(
        **recorded.model_dump(), sha256=fact.sha256, position=fact.pin.position, root=fact.pin.root, later=fact.later
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    parts: tuple[AuditPart, ...]
    pin: PinPart
    content: bytes
    later: tuple[int, ...]


def _draft(service: Service, listing: Listing, year: int, body: AuditIn) -> _Draft:
    """The answer at the position asked for, and what came after it, all in one snapshot."""
    known_at: KnownAt | None = None
    if body.known_at is not None and (known_at := read_known_at(body.known_at)) is None:
        raise KnownAtInvalid(faults=[KnownAtInvalid().fault("/known_at")])
    parts = ordered([AuditPart(question=part.question, as_of=part.as_of) for part in body.parts])
    with service.read_side.reading() as (db, tables):
        core, log = tables.core, listing.log
        for at, part in enumerate(body.parts):
            try:
                standpoint = resolve(db, core, log, Axes(as_of=part.as_of, known_at=known_at))
            except AsOfInFuture as refusal:
                fault = AsOfInFuture().fault(f"/parts/{at}/as_of")
                raise AsOfInFuture(faults=[fault], **refusal.about) from None
        registry = service.read_side.registry(db, tables, log, standpoint.position)
        pin = PinPart(log=log, position=standpoint.position, root=standpoint.root)
        document = audit_document(year, parts, pin, registry, levels(db, tables, log, standpoint.position))
        newest = resolve(db, core, log, Axes()).position
        now = service.read_side.registry(db, tables, log, newest)
        later = touched_after(db, tables, log, standpoint.position, now, year, parts)
    content, _ = canonical(document)
    return _Draft(parts, pin, content, tuple(later))


@router.get("", response_model=AuditList, responses=problems(*READ_REFUSALS, WholeJurisdictionOnly, CursorInvalid))
def list_audits(asked: AskedDep, year: YearNumber, page: Page) -> Response:
    """The audits sealed in a year, in the order of their sealing."""
    asked.permit_whole(*READERS)
    of = f"audits {asked.listing.log} {year}"
    start = asked.turn_to(page, of, int)
    with asked.view() as view:
        at = view.standpoint.position
        after = int(start.key[0]) if start is not None else -1
        table, log = audits_of(view.tables), view.standpoint.log
        found = sealed_in(view.db, table, log, year, at, after=after, limit=page.limit + 1)
        everything = sealed_in(view.db, table, log, year, at)
        as_of = view.standpoint.as_of
    shown, more = found[: page.limit], len(found) > page.limit
    cursor = next_cursor(of, Place(at, (shown[-1].position,), as_of)) if more else None
    # A list is no canonical document: the end of its pages is a null, as in every list.
    answer = {"items": [_row(kept, everything) for kept in shown], "next_cursor": cursor}
    return Response(msgspec.json.encode(answer), media_type="application/json", headers=asked.headers())


@router.get("/{audit}", response_model=AuditShown, responses=answered(WholeJurisdictionOnly, AuditUnknown))
def get_audit(asked: AskedDep, year: YearNumber, audit: AuditId) -> Response:
    """One sealed audit with its document, exactly as it was sealed."""
    asked.permit_whole(*READERS)
    with asked.view() as view:
        kept, content = _sealed(view, year, audit)
        at = view.standpoint
        everything = sealed_in(view.db, audits_of(view.tables), at.log, year, at.position)
        signed = first_covering(view.db, checkpoints_of(view.tables), at.log, kept.position, at.position)
    document = _row(kept, everything)
    if signed is not None:
        document["checkpoint"] = {"size": signed.fact.size, "root": signed.fact.root}
    if content is not None:
        document["document"] = msgspec.json.decode(content)
    return respond(asked, document)


@router.get(
    "/{audit}/document",
    response_class=Response,
    responses={
        200: {
            "description": "The bytes of which the sealed hash is.",
            "content": {"application/json": {"schema": {"type": "object"}}},
            "headers": {"ETag": {"description": "The sealed sha256.", "schema": {"type": "string"}}},
        },
        **problems(*READ_REFUSALS, WholeJurisdictionOnly, AuditUnknown, DocumentNotKept),
    },
)
def get_audit_document(asked: AskedDep, year: YearNumber, audit: AuditId) -> Response:
    """The sealed document alone, byte by byte as it was sealed (RFC 8785): its sha256 is the audit's `sha256`."""
    asked.permit_whole(*READERS)
    with asked.view() as view:
        kept, content = _sealed(view, year, audit)
    if content is None:
        raise DocumentNotKept(audit=audit, sha256=kept.fact.sha256)
    headers = asked.headers() | {"ETag": f'"{kept.fact.sha256}"'}
    return Response(content, media_type="application/json", headers=headers)


@router.post(
    "/{audit}/replays",
    response_model=AuditReplay,
    responses=answered(WholeJurisdictionOnly, AuditUnknown),
)
def replay_audit(asked: AskedDep, year: YearNumber, audit: AuditId) -> Response:
    """Fold the archive again in memory up to the audit's pin, answer it again, and say equal or what differs."""
    asked.permit_whole(*READERS)
    with asked.view() as view:
        kept, content = _sealed(view, year, audit)
        pin = kept.fact.pin
        proof = prove(kept.fact, content, archived(view.db, pin.log, up_to=pin.position))
    answer: Document = {
        "id": audit, "equal": proof.equal, "intact": proof.intact, "sha256": kept.fact.sha256,
        "position": pin.position, "root": pin.root, "differences": proof.differences,
    }  # fmt: skip
    for name, value in (
        ("recomputed_sha256", proof.recomputed_sha256),
        ("recomputed_root", proof.recomputed_root),
        ("failure", proof.failure),
    ):
        if value is not None:
            answer[name] = value
    return respond(asked, answer)


def _sealed(view: View, year: int, audit: str) -> tuple[KeptAudit, bytes | None]:
    at = view.standpoint
    kept = sealed_as(view.db, audits_of(view.tables), at.log, year, audit, at.position)
    if kept is None:
        raise AuditUnknown(audit=audit)
    return kept, sealed.kept(view.db, kept.fact.sha256)


def _row(kept: KeptAudit, everything: list[KeptAudit]) -> Document:
    fact = kept.fact
    moment = datetime.fromtimestamp(kept.recorded_at / 1_000_000, UTC)
    row: Document = {
        "id": fact.audit, "year": fact.year,
        "parts": [{"question": part.question, "as_of": part.as_of.isoformat()} for part in fact.parts],
        "pin": {"log": fact.pin.log, "position": fact.pin.position, "root": fact.pin.root},
        "sha256": fact.sha256, "later": fact.later, "position": kept.position,
        "sealed_at": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "superseded_by": superseded_by(everything, fact.audit),
    }  # fmt: skip
    if fact.supersedes is not UNSET:
        row["supersedes"] = fact.supersedes
    if fact.reason is not UNSET:
        row["reason"] = fact.reason
    return row
