"""Progress in: one submission as JSON, or submissions as CloudEvents, alone and in batches.

Nothing here goes through pydantic: a body's bytes are decoded by the contract itself, and the answer is encoded
from structs, whose schemas go into the OpenAPI document by name (`components`).
"""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Struct

from services.projects import submission as reading
from services.projects.door import Admitted, Door, Given, Visit
from services.projects.errors import (
    BatchNotSent,
    EventTypeNotTaken,
    ReferenceOutOfScope,
    SourceNotAllowed,
    SourceNotNamed,
    SourceNotRegistered,
    SubmissionMalformed,
    TooManyEntries,
    TooManyEvents,
)
from services.projects.submission import ProgressEvent, ProgressSubmission, Sent
from shared.admission import errors as admission
from shared.contracts.projects import ProgressSubmitted
from shared.errors import Fault, IdReused, Refusal, Unavailable
from shared.event_log.ids import event_id
from shared.event_log.port import ClockSkewed, LogBusy, LogUnavailable, RecordTooLarge
from shared.http.fields import Flag
from shared.http.languages import Language, preferred
from shared.http.ordering import JURISDICTION_PATTERN, JurisdictionCode
from shared.http.preconditions import IdempotencyKey, sound_key
from shared.http.problems import documented, problems
from shared.http.shortcuts import Shortcuts
from shared.http.strictness import ContentTypeNotTaken, media_type
from shared.http.tokens import TOKEN_HEADER
from shared.identity.callers import Caller
from shared.identity.http import CallerDep, JurisdictionNotFound, RoleMissing, remembered_caller
from shared.projections import JurisdictionUnknown, NotYetRead
from shared.strict_json import MemberRepeated, NotJson

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}", tags=["projects"])

JSON = "application/json"
EVENT = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
TOGETHER = 100
"""Events of one batch that go to the log together, so that one client does not keep it to itself."""


class ReceiptFault(Struct, frozen=True):
    """Why a submission was rejected: a JSON pointer into it, a stable code, a sentence."""

    pointer: str
    code: str
    message: str


class Receipt(Struct, frozen=True):
    """What became of one submission at the door.

    `accepted`: durable on the log, `sha256` being that of the stored bytes; what comes of each entry is told at
    `submissions`. `duplicate`: it was taken in before, and this is its first receipt. `rejected`: see `errors`.
    `signed` is the receipt as a signed note (C2SP signed-note): log, source, id, sha256 and the log's time, which
    proves to anybody who has the verifier key of receipts that this was taken in.
    """

    id: str | None
    status: Literal["accepted", "duplicate", "rejected"]
    sha256: str | None
    token: str | None
    signed: str | None
    errors: list[ReceiptFault]


class Receipts(Struct, frozen=True):
    """One receipt an event, in the order in which the events were sent."""

    receipts: list[Receipt]


_ENTRY = {"kind": "target", "target": "c-county-township-roads", "value": "54.5", "unit_of_measure": "km",
          "effective_on": "2009-08-31"}  # fmt: skip
_EVENT = {"specversion": "1.0", "id": "2009-08/roads", "source": "urn:jikao:source:transport",
          "type": reading.PROGRESS, "time": "2009-08-31T17:20:00+08:00", "data": {"entries": [_ENTRY]}}  # fmt: skip
_NOTE = "jikao/receipt/v1\nlog …\nsource …\nid …\nsha256 …\ntime 2009-08-31T09:20:00.000Z\n\n— jikao/receipts …\n"
_RECEIPT = {
    "id": "2009-08/roads", "status": "accepted", "sha256": "0" * 64, "token": "…", "signed": _NOTE, "errors": [],
}  # fmt: skip
# What is null in a receipt of this kind cannot stand in an example: FastAPI leaves nulls out of its document.
_REJECTED = {**_RECEIPT, "status": "rejected"}

_REFUSED = (
    SubmissionMalformed, NotJson, MemberRepeated, ContentTypeNotTaken, TooManyEntries, RecordTooLarge, SourceNotNamed,
    SourceNotAllowed, SourceNotRegistered, ReferenceOutOfScope, JurisdictionNotFound, JurisdictionUnknown,
    RoleMissing, NotYetRead, LogBusy, LogUnavailable, ClockSkewed,
)  # fmt: skip
_RULES = (
    IdReused, admission.YearIsNotOpen, admission.YearDoesNotAllow, admission.DateInFuture, admission.TargetUnknown,
    admission.ProjectUnknown,
    admission.PartUnknown, admission.PartIsAmbiguous, admission.MeasureUnknown, admission.UnitOfMeasureDiffers,
    admission.ProjectHasSubProjects, admission.PeriodIsLocked, admission.StatedTwice, admission.TargetWithdrawn,
    admission.NotABand, admission.StepIsReachedOrNot,
)  # fmt: skip


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(description: str, schema: str, example: object) -> dict[str, Any]:
    token = {"description": "For `after=`, to read what this wrote.", "schema": {"type": "string"}}
    return {
        "description": description,
        "headers": {TOKEN_HEADER: token},
        "content": {JSON: {"schema": _ref(schema), "example": example}},
    }


_SOME_OR_NONE = _answer("None was accepted.", "Receipts", {"receipts": [_REJECTED]})
_SOME_OR_NONE["content"] |= documented(SubmissionMalformed)["content"]

PROGRESS_BODY = {
    "requestBody": {
        "required": True,
        "content": {JSON: {"schema": _ref("ProgressSubmission"), "example": {"entries": [_ENTRY]}}},
    }
}
EVENTS_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            EVENT: {"schema": _ref("ProgressEvent"), "example": _EVENT},
            BATCH: {
                "schema": {
                    "type": "array", "items": _ref("ProgressEvent"), "minItems": 1, "maxItems": reading.MAX_EVENTS,
                },
                "example": [_EVENT],
            },
        },
    }
}  # fmt: skip


_JURISDICTION = re.compile(JURISDICTION_PATTERN)
_NAMES_SOURCE = re.compile(rb"source=([a-z0-9][a-z0-9._-]{0,63})")


def _framed(request: Request) -> tuple[str, Caller] | None:
    """Jurisdiction and caller, where neither is to be refused and nothing has to be fetched to know them."""
    jurisdiction, caller = request.path_params["jurisdiction"], remembered_caller(request)
    return (jurisdiction, caller) if caller is not None and _JURISDICTION.fullmatch(jurisdiction) else None


def _progress_arguments(request: Request) -> tuple[str, Caller, str, str | None] | None:
    query, source = request.scope["query_string"], None
    if query:
        named = _NAMES_SOURCE.fullmatch(query)
        if named is None:
            return None
        source = named[1].decode("ascii")
    framed, key = _framed(request), sound_key(request)
    return None if framed is None or key is None else (*framed, key, source)


def _events_arguments(request: Request) -> tuple[str, Caller, bool] | None:
    framed = None if request.scope["query_string"] else _framed(request)
    return None if framed is None else (*framed, False)


@router.post(
    "/progress",
    status_code=202,
    response_class=Response,
    openapi_extra=PROGRESS_BODY,
    responses={
        **problems(*_REFUSED, *_RULES),
        202: _answer("Durable on the log, or taken in before.", "Receipt", _RECEIPT),
    },
)
async def submit_progress(
    request: Request,
    jurisdiction: JurisdictionCode,
    caller: CallerDep,
    key: IdempotencyKey,
    source: Annotated[
        str | None,
        Query(
            description="The name of the source that reports; needed when your token may use several.",
            pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$",
            examples=["transport"],
        ),
    ] = None,
) -> Response:
    """Submit one set of figures: at most 1,000 entries, judged one by one; 900 KiB as stored.

    A value is the year-to-date level at the end of `effective_on`. A submission with any faulty entry is refused
    as a whole, with a fault for each; the first one's code decides the status. Repeat it under the same
    Idempotency-Key as often as you like: it counts once. `kind` is `target`, `project` or `withdrawal`.
    """
    door: Door = request.app.state.door
    media_type(request, JSON)
    visit = await door.enter(caller, jurisdiction)
    urn = door.source(caller, source)
    sent = reading.read_submission(await request.body())
    id = event_id(urn, key)
    admitted = await door.admit(
        visit, Sent(urn, id, reading.SUBJECT, sent.time, ProgressSubmitted(entries=sent.entries))
    )
    status: Literal["accepted", "duplicate"] = "accepted" if admitted.given is None else "duplicate"
    given = admitted.given or await door.append(visit, admitted)
    receipt = Receipt(id, status, admitted.sha256, given.token, given.signed, [])
    return _response(202, receipt, receipt.token)


@router.post(
    "/events",
    status_code=202,
    response_class=Response,
    openapi_extra=EVENTS_BODY,
    responses={
        **problems(*(r for r in _REFUSED if r is not SourceNotNamed), TooManyEvents, EventTypeNotTaken),
        202: _answer("All were accepted or taken in before.", "Receipts", {"receipts": [_RECEIPT]}),
        207: _answer("Some were accepted, some were not.", "Receipts", {"receipts": [_RECEIPT]}),
        422: _SOME_OR_NONE,
    },
)
async def submit_events(
    request: Request,
    jurisdiction: JurisdictionCode,
    caller: CallerDep,
    atomic: Annotated[
        Flag, Query(description="Send nothing unless all events are valid at the door. Delivery is not atomic.")
    ] = False,
) -> Response:
    """Submit progress as CloudEvents: one event, or a batch of at most 1,000. One receipt an event.

    Only `jikao.progress.submitted.v1` is taken, from `urn:jikao:source:<name>`. The event's own id makes repeats
    safe: the same id with the same content is a duplicate, with other content it is rejected. Attributes that
    are not documented here are not taken.
    """
    door: Door = request.app.state.door
    kind = media_type(request, EVENT, BATCH)
    visit = await door.enter(caller, jurisdiction)
    body = await request.body()
    language = preferred(request.headers.get("accept-language"))
    events: Sequence[bytes | msgspec.Raw] = reading.read_batch(body) if kind == BATCH else [body]
    if kind == EVENT:
        reading.refuse_what_is_not_json(body)
    outcomes: list[_Outcome] = []
    for event in events:
        outcomes.append(await _admit(door, visit, event))
        await asyncio.sleep(0)  # let other requests in: a full batch takes half a second
    _settle_repeats(outcomes)
    if atomic and any(isinstance(outcome.came_to, Refusal) for outcome in outcomes):
        for outcome in outcomes:
            if not outcome.settled:
                outcome.came_to = BatchNotSent()
    await _append_all(door, visit, outcomes)
    return _receipts([outcome.receipt(language) for outcome in outcomes], outcomes)


def shortcuts() -> Shortcuts:
    """The way round the framework for both."""
    made = Shortcuts()
    made.add("POST", f"{router.prefix}/progress", _progress_arguments, submit_progress)
    made.add("POST", f"{router.prefix}/events", _events_arguments, submit_events)
    return made


class _Outcome:
    """One event on its way through the door."""

    def __init__(self, id: str | None, came_to: Admitted | Refusal) -> None:
        self.id = id
        self.came_to = came_to
        self.given: Given | None = None
        self.repeats: _Outcome | None = None

    @property
    def settled(self) -> bool:
        """Nothing is left to be appended."""
        return isinstance(self.came_to, Refusal) or self.came_to.given is not None or self.repeats is not None

    def receipt(self, language: Language) -> Receipt:
        """As the caller gets it."""
        first = self.repeats or self
        if isinstance(first.came_to, Refusal):
            return Receipt(self.id, "rejected", None, None, None, _faults(first.came_to, language))
        repeated = self.repeats is not None or first.came_to.given is not None
        given = first.came_to.given or first.given
        assert given is not None
        status: Literal["accepted", "duplicate"] = "duplicate" if repeated else "accepted"
        return Receipt(self.id, status, first.came_to.sha256, given.token, given.signed, [])


async def _admit(door: Door, visit: Visit, event: bytes | msgspec.Raw) -> _Outcome:
    id: str | None = None
    try:
        sent = reading.read_event(event)
        id = sent.id
        return _Outcome(id, await door.admit(visit, sent))
    except Unavailable:
        raise
    except Refusal as refusal:
        return _Outcome(id if id is not None else reading.id_of(event), refusal)


def _settle_repeats(outcomes: Sequence[_Outcome]) -> None:
    """An identity that stands twice in one batch is sent once: the same again is a duplicate, other content is not."""
    first: dict[tuple[str, str], _Outcome] = {}
    for outcome in outcomes:
        if outcome.settled or not isinstance(outcome.came_to, Admitted):
            continue
        sent = outcome.came_to.sent
        earlier = first.setdefault((sent.source, sent.id), outcome)
        if earlier is outcome or not isinstance(earlier.came_to, Admitted):
            continue
        if earlier.came_to.value == outcome.came_to.value:
            outcome.repeats = earlier
        else:
            outcome.came_to = IdReused(faults=[IdReused().fault("/id")], id=sent.id)


async def _append_all(door: Door, visit: Visit, outcomes: Sequence[_Outcome]) -> None:
    """In the order of the batch: an event may correct an earlier one, or report the same date anew.

    Appends that are each on their own may overtake one another, so a batch goes by the log's own way for many; and
    once the log did not take some, what comes after them is not sent. Unavailable when nothing was taken.
    """
    waiting = [outcome for outcome in outcomes if not outcome.settled]
    for start in range(0, len(waiting), TOGETHER):
        some = waiting[start : start + TOGETHER]
        admitted = [outcome.came_to for outcome in some if isinstance(outcome.came_to, Admitted)]
        try:
            if len(waiting) == 1:
                given = [await door.append(visit, admitted[0])]
            else:
                given = await door.append_in_order(visit, admitted)
        except Unavailable as unavailable:
            if start == 0:
                raise  # 503, and when to try again
            for outcome in waiting[start:]:
                outcome.came_to = unavailable
            return
        for outcome, each in zip(some, given, strict=True):
            outcome.given = each


def _receipts(receipts: list[Receipt], outcomes: Sequence[_Outcome]) -> Response:
    rejected = sum(receipt.status == "rejected" for receipt in receipts)
    status = 202 if not rejected else 422 if rejected == len(receipts) else 207
    written = [outcome.given.token for outcome in outcomes if outcome.given is not None]
    before = [receipt.token for receipt in receipts if receipt.token is not None]
    tokens = written or before  # what was written now lies behind all that was written before
    return _response(status, Receipts(receipts), tokens[-1] if tokens else None)


def _response(status: int, answer: Struct, token: str | None) -> Response:
    headers = {TOKEN_HEADER: token} if token is not None else None
    return Response(msgspec.json.encode(answer), status, headers, JSON)


def _faults(refusal: Refusal, language: Language) -> list[ReceiptFault]:
    faults: Sequence[Fault] = refusal.faults or [refusal.fault("")]
    return [ReceiptFault(f.pointer, f.code, f.message_zh if language == "zh" else f.message) for f in faults]


def components() -> Mapping[str, Any]:
    """The schemas of what is taken and answered here, for the OpenAPI document."""
    models = [ProgressSubmission, ProgressEvent, ProgressSubmitted, Receipt, Receipts]
    _, schemas = msgspec.json.schema_components(models, ref_template="#/components/schemas/{name}")
    return {name: _readable(schema) for name, schema in schemas.items()}


def _readable(schema: Any) -> Any:
    """Without our decoder's spelling of "end of text", and with docstrings as they are meant to be read."""
    if isinstance(schema, dict):
        read = {name: _readable(value) for name, value in schema.items()}
        if isinstance(read.get("pattern"), str):
            read["pattern"] = read["pattern"].replace(r"(?!\n)", "")
        if isinstance(read.get("description"), str):
            read["description"] = inspect.cleandoc(read["description"])
        return read
    return [_readable(item) for item in schema] if isinstance(schema, list) else schema
