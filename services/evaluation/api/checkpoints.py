"""Signed checkpoints over HTTP: which there are, that one goes on from another, and another one now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from services.evaluation import proofs
from services.evaluation.api import texts
from services.evaluation.api.records import READERS
from services.evaluation.checkpoint import checkpoint_stream
from services.evaluation.errors import CheckpointsHalted, CheckpointUnknown, OlderSizeTooLarge, ProofDoesNotHold
from services.evaluation.read_models import checkpoints
from services.evaluation.read_models.checkpoints import KeptCheckpoint, checkpoints_of, note_of
from services.evaluation.signing import Draft, Signer
from shared.contracts.evaluation import CheckpointSigned
from shared.errors import VersionConflict
from shared.event_log.directory import Listing
from shared.http.answers import asking, commanded
from shared.http.asking import AskedDep, View
from shared.http.fields import WholeNumber
from shared.http.ordering import OrderingDep, Recorded
from shared.http.pages import CursorInvalid, Page, Place, next_cursor
from shared.http.preconditions import etag
from shared.http.tokens import DEFAULT_WAIT_SECONDS, TOKEN_HEADER, WRITTEN_HEADERS, Unsent, Written, encode_token
from shared.identity.http import WholeJurisdictionOnly
from shared.projections import NotYetRead
from shared.proofs.checkpoints import origin_of
from shared.proofs.receipts import KEY_NAME
from shared.proofs.signing import SigningKey
from shared.service import Service
from shared.sql import reading

ORDERERS = ("auditor", "office", "admin")
TRIES = 3

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}", tags=["evaluation"])
Size = Annotated[WholeNumber, Path(ge=1, lt=2**53, description="How many records the checkpoint covers.", examples=[3])]


class CheckpointShown(BaseModel):
    """A signed checkpoint. `note` is the whole of it (C2SP tlog-checkpoint); the rest is taken from it."""

    size: int = Field(description="Records that it covers: positions 0 to size - 1.")
    root: str = Field(description="Root of the tree of these records, hex.")
    key: str = Field(description="Id of the key that signed it, hex.")
    position: int = Field(description="Where its own fact stands in the log.")
    signed_at: str = Field(description="The log's time of its fact, RFC 3339.")
    note: str = Field(examples=[texts.CHECKPOINT])


class CheckpointList(BaseModel):
    """Checkpoints by size."""

    items: list[CheckpointShown]
    next_cursor: str | None


class CheckpointRecorded(Recorded):
    """The checkpoint as it was signed; a 200 says that it is the last one again, with nothing new to sign."""

    size: int
    root: str
    note: str = Field(examples=[texts.CHECKPOINT])


class VerifierKeys(BaseModel):
    """The public keys to verify with, as C2SP signed-note writes them: name, key id, and key in base64."""

    checkpoints: str = Field(description="Signs this log's checkpoints.", examples=[texts.KEY_OF_CHECKPOINTS])
    receipts: str = Field(description="Signs receipts of submissions.", examples=[texts.KEY_OF_RECEIPTS])


@router.get("/checkpoints", responses=asking(WholeJurisdictionOnly, CursorInvalid))
def list_checkpoints(asked: AskedDep, paged: Page) -> CheckpointList:
    """The signed checkpoints that the log carries, by size. Keep one: later ones must prove that they continue it."""
    asked.permit_whole(*READERS)
    of = f"checkpoints {asked.listing.log}"
    start = asked.turn_to(paged, of, int)
    with asked.view() as view:
        at, after = view.standpoint, int(start.key[0]) if start is not None else 0
        table = checkpoints_of(view.tables)
        found = checkpoints.page(view.db, table, at.log, at.position, after=after, limit=paged.limit + 1)
    shown, more = found[: paged.limit], len(found) > paged.limit
    following = next_cursor(of, Place(at.position, (shown[-1].fact.size,), at.as_of)) if more else None
    return CheckpointList(items=[_shown(kept) for kept in shown], next_cursor=following)


@router.get(
    "/checkpoints/latest",
    response_class=PlainTextResponse,
    responses=texts.answered("The checkpoint.", texts.CHECKPOINT, WholeJurisdictionOnly, CheckpointUnknown),
)
def get_latest_checkpoint(asked: AskedDep) -> Response:
    """The checkpoint of the greatest size, as a signed note (C2SP tlog-checkpoint)."""
    asked.permit_whole(*READERS)
    with asked.view() as view:
        kept = checkpoints.latest(view.db, checkpoints_of(view.tables), view.standpoint.log, view.standpoint.position)
    if kept is None:
        raise CheckpointUnknown
    return texts.answer(asked, kept.note)


@router.get(
    "/checkpoints/{size}",
    response_class=PlainTextResponse,
    responses=texts.answered("The checkpoint.", texts.CHECKPOINT, WholeJurisdictionOnly, CheckpointUnknown),
)
def get_checkpoint(asked: AskedDep, size: Size) -> Response:
    """One checkpoint as a signed note (C2SP tlog-checkpoint), the same bytes for ever."""
    asked.permit_whole(*READERS)
    with asked.view() as view:
        kept = of_size(view, size)
    return texts.answer(asked, kept.note)


@router.get(
    "/checkpoints/{size}/consistency",
    response_class=PlainTextResponse,
    responses=texts.answered(
        "The proof.", texts.CONSISTENCY, WholeJurisdictionOnly, CheckpointUnknown, OlderSizeTooLarge, ProofDoesNotHold
    ),
)
def get_consistency_proof(
    asked: AskedDep,
    size: Size,
    older: Annotated[
        WholeNumber | None,
        Query(alias="from", ge=0, lt=2**53, description="The older size; the checkpoint before unless given."),
    ] = None,
) -> Response:
    """A proof that the log of this checkpoint goes on from the log of `from` records: nothing of it was changed.

    The text is `old <size>`, the path, and the newer checkpoint, as C2SP tlog-witness takes it. Whoever holds an older
    checkpoint verifies it against that one's root: `jikao verify checkpoint`.
    """
    asked.permit_whole(*READERS)
    with asked.view() as view:
        kept = of_size(view, size)
        if older is None:
            previous = checkpoints.before(view.db, checkpoints_of(view.tables), kept.log, size)
            older = 0 if previous is None else previous.fact.size
        if older > size:
            raise OlderSizeTooLarge(faults=[OlderSizeTooLarge().fault("/query/from")], size=size)
        proof = proofs.consistency(view.db, older, kept)
    return texts.answer(asked, proof)


@router.post(
    "/checkpoints",
    status_code=201,
    responses={
        **commanded(CheckpointsHalted),
        200: {
            "model": CheckpointRecorded,
            "description": "Nothing new to sign: the last one again.",
            "headers": WRITTEN_HEADERS,
        },
        202: {"model": CheckpointRecorded, "description": "Signed; its fact is on its way to the log."},
    },
)
async def sign_checkpoint(ordering: OrderingDep, request: Request) -> CheckpointRecorded:
    """Sign a checkpoint now, of all that the log has: what was acknowledged before this call is covered by it.

    Checkpoints are signed by themselves every 1,000 records and at each sealing. Whoever wants one of their own
    sealing or submission at once asks here.
    """
    role = ordering.permit_whole(*ORDERERS)
    service, signer = ordering.service, request.app.state.signer
    listing = await run_in_threadpool(service.read_side.listing, ordering.jurisdiction)
    await service.read_side.reached_end(listing.partition, DEFAULT_WAIT_SECONDS)
    for left in reversed(range(TRIES)):
        drafted = await run_in_threadpool(_drafted, signer, listing)
        if isinstance(drafted, CheckpointSigned):
            return await run_in_threadpool(_again, service, listing, drafted, ordering.response)
        try:
            stream = checkpoint_stream(drafted.fact.size)
            done = await ordering.execute_in(listing, role, stream, signer.decision(drafted))
        except VersionConflict:  # another process signed at this moment: its checkpoint may do
            if not left:
                raise
            continue
        fact = done.facts[0]
        assert isinstance(fact, CheckpointSigned)  # a repeat gets the first outcome
        recorded = ordering.recorded(str(fact.size), done)
        return CheckpointRecorded(
            **recorded.model_dump(), size=fact.size, root=fact.root, note=note_of(listing.log, fact)
        )
    raise NotYetRead(retry_after=1)


@router.get("/verifier-keys", responses=asking())
def list_verifier_keys(asked: AskedDep, request: Request) -> VerifierKeys:
    """The public keys by which checkpoints and receipts are verified. Anybody of the jurisdiction may have them.

    Get them once by a way that you trust, and keep them: a key that comes together with what it signed proves nothing.
    """
    asked.permit(*asked.caller.roles)
    key: SigningKey = request.app.state.signing_key
    return VerifierKeys(
        checkpoints=str(key.verifier(origin_of(asked.listing.log))), receipts=str(key.verifier(KEY_NAME))
    )


def of_size(view: View, size: int) -> KeptCheckpoint:
    """The checkpoint of a size; CheckpointUnknown."""
    at = view.standpoint
    kept = checkpoints.of_size(view.db, checkpoints_of(view.tables), at.log, size, at.position)
    if kept is None:
        raise CheckpointUnknown(size=size)
    return kept


def _drafted(signer: Signer, listing: Listing) -> Draft | CheckpointSigned:
    drafted = signer.draft(listing)
    if drafted is None:
        raise NotYetRead(retry_after=1)
    return drafted


def _again(service: Service, listing: Listing, fact: CheckpointSigned, response: Response) -> CheckpointRecorded:
    """The answer that the last checkpoint's own request got."""
    with reading(service.engine) as db:
        stored = service.store.read(db, listing.log, checkpoint_stream(fact.size).name)[0]
    response.status_code = 200
    response.headers["ETag"] = etag(stored.version)
    incarnation = service.topics.events.incarnation
    token = (
        Unsent(listing.log, stored.event_id) if stored.ack is None
        else Written(listing.log, incarnation, stored.ack.partition, stored.ack.offset)
    )  # fmt: skip
    response.headers[TOKEN_HEADER] = encode_token(token)
    return CheckpointRecorded(
        id=str(fact.size), event_id=stored.event_id, version=stored.version,
        status="accepted" if stored.ack is None else "recorded", size=fact.size, root=fact.root,
        note=note_of(listing.log, fact),
    )  # fmt: skip


def _shown(kept: KeptCheckpoint) -> CheckpointShown:
    moment = datetime.fromtimestamp(kept.recorded_at / 1_000_000, UTC)
    return CheckpointShown(
        size=kept.fact.size, root=kept.fact.root, key=kept.fact.key, position=kept.position,
        signed_at=moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"), note=kept.note,
    )  # fmt: skip
