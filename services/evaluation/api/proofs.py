"""Inclusion proofs over HTTP: of any record for those who see everything, of their own submissions for reporters."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import PlainTextResponse

from services.evaluation import proofs
from services.evaluation.api import texts
from services.evaluation.api.checkpoints import of_size
from services.evaluation.api.records import READERS
from services.evaluation.api.submissions import URN, SourceName, own_sources
from services.evaluation.errors import (
    CheckpointUnknown,
    NotCoveredYet,
    ProofDoesNotHold,
    RecordUnknown,
    SubmissionUnknown,
)
from services.evaluation.read_models import checkpoints
from services.evaluation.read_models.checkpoints import checkpoints_of
from services.evaluation.read_models.submissions import of_identity, submissions_of
from shared.http.asking import AskedDep, View
from shared.http.fields import WholeNumber
from shared.identity.http import WholeJurisdictionOnly
from shared.proofs.inclusion import InclusionProof

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}", tags=["evaluation"])

Below = Annotated[
    WholeNumber | None,
    Query(
        alias="checkpoint",
        ge=1,
        lt=2**53,
        description="Size of the checkpoint that the proof is to lead to; the latest unless given.",
    ),
]
_REFUSALS = (CheckpointUnknown, NotCoveredYet, ProofDoesNotHold)


@router.get(
    "/records/{position}/proof",
    response_class=PlainTextResponse,
    responses=texts.answered("The proof.", texts.INCLUSION, WholeJurisdictionOnly, RecordUnknown, *_REFUSALS),
)
def get_record_proof(
    asked: AskedDep,
    position: Annotated[WholeNumber, Path(ge=0, lt=2**53, description="The record's position.", examples=[1])],
    below: Below = None,
) -> Response:
    """A proof that this record is in the log below a signed checkpoint (C2SP tlog-proof).

    Its `extra` data is the record's leaf: position and recorded_at (8 bytes each, big-endian; microseconds), sha256
    of the stored bytes. `jikao verify record` checks it offline.
    """
    asked.permit_whole(*READERS)
    with asked.view() as view:
        if position > view.standpoint.position:
            raise RecordUnknown(position=position, last=view.standpoint.position)
        proof = _proof(view, position, below)
    return texts.answer(asked, proof)


@router.get(
    "/submission-proofs/{source}/{id:path}",
    response_class=PlainTextResponse,
    responses=texts.answered("The proof.", texts.INCLUSION, SubmissionUnknown, *_REFUSALS),
)
def get_submission_proof(
    asked: AskedDep,
    source: SourceName,
    id: Annotated[
        str,
        Path(max_length=128, pattern=r"^[^\x00]+$", description="The submission's id.", examples=["2009-08/roads"]),
    ],
    below: Below = None,
    position: Annotated[
        WholeNumber | None,
        Query(ge=0, lt=2**53, description="Which of its records, if it was sent more than once; the first."),
    ] = None,
) -> Response:
    """A proof that one submission is in the log below a signed checkpoint (C2SP tlog-proof).

    Units and county systems get it for their own sources. The sha256 in its leaf is that of the receipt.
    """
    own, urn = own_sources(asked), URN + source
    if own is not None and urn not in own:
        raise SubmissionUnknown(source=source, id=id)
    with asked.view() as view:
        at = view.standpoint
        rows = of_identity(view.db, submissions_of(view.tables), at.log, urn, id, at.position)
        positions = [row["position"] for row in rows if position in (None, row["position"])]
        if not positions:
            raise SubmissionUnknown(source=source, id=id)
        proof = _proof(view, positions[0], below)
    return texts.answer(asked, proof)


def _proof(view: View, position: int, below: int | None) -> InclusionProof:
    at, table = view.standpoint, checkpoints_of(view.tables)
    kept = (
        checkpoints.latest(view.db, table, at.log, at.position) if below is None
        else of_size(view, below)
    )  # fmt: skip
    if kept is None or kept.fact.size <= position:
        raise NotCoveredYet(position=position, checkpoint=0 if kept is None else kept.fact.size)
    return proofs.inclusion(view.db, position, kept)
