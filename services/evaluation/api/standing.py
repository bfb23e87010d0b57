"""Verify, return or certify the value of one entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.evaluation import standing
from services.evaluation.errors import (
    EntryIsCertified,
    EntryIsNotVerified,
    EntryIsReturned,
    EntryUnknown,
    ValueNotConvertible,
)
from services.evaluation.read_models.ledger import entry_state, last_read
from services.evaluation.standing import Line, State, Stated, stream_of
from shared.admission import EntryState
from shared.admission.errors import EntryNotCurrent, NotABand, StepIsReachedOrNot, YearDoesNotAllow
from shared.admission.values import refused_value
from shared.admission.year import not_allowed
from shared.commands import execute
from shared.contracts.shapes import EntryRef, Shape
from shared.deciding import Fact, Look, Stream
from shared.errors import Refusal
from shared.event_log.directory import Listing
from shared.http.answers import commanded
from shared.http.asking import units_in_scope
from shared.http.fields import QuantityStr, Text
from shared.http.ordering import Ordering, OrderingDep, Recorded
from shared.registry import Registry

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}", tags=["evaluation"])

READ_WITHIN = 2.0
"""Seconds for which we wait to have read the log's end, before we say how an entry stands."""

_REFUSED = (EntryUnknown, YearDoesNotAllow, EntryNotCurrent, EntryIsReturned)
_VALUE = (ValueNotConvertible, NotABand, StepIsReachedOrNot)
_ENTRY: dict[str, JsonValue] = {"source": "urn:jikao:source:transport", "id": "2009-08/roads", "entry": 0}


class Input(BaseModel):
    """A body: nothing that is not documented."""

    model_config = ConfigDict(extra="forbid")


class EntryNamed(Input):
    """An entry: the submission's source and id, and the 0-based place among its entries."""

    source: Annotated[str, Field(strict=True, pattern=r"^urn:jikao:source:[a-z0-9][a-z0-9._-]{0,63}$")]
    id: Annotated[str, Field(strict=True, min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
    entry: Annotated[int, Field(strict=True, ge=0, lt=1000)]

    @property
    def ref(self) -> EntryRef:
        """As facts name it."""
        return EntryRef(source=self.source, id=self.id, entry=self.entry)


class ValueBody(Input):
    """The value that the entry should have said. It is converted exactly into the unit of measure of its series."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"entry": _ENTRY, "value": "54.2", "unit_of_measure": "km"}]},
    )

    entry: EntryNamed
    value: QuantityStr
    unit_of_measure: Annotated[str, Field(strict=True, pattern=r"^[a-z0-9_]{1,64}$", examples=["km"])]

    @property
    def stated(self) -> Stated:
        """The value as it was stated."""
        return Stated(self.value, self.unit_of_measure)


class ReturnBody(Input):
    """Why the entry goes back to its reporter. No names of persons."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"entry": _ENTRY, "reason": "附件与填报数不符"}]}
    )

    entry: EntryNamed
    reason: Text


_NOWHERE = Line("", lambda _: None)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the read side knows of the entry as of a position: its series, or why nothing can be decided."""

    line: Line
    refusal: Refusal | None
    position: int


@router.post("/verifications", status_code=201, responses=commanded(*_REFUSED, EntryIsCertified, *_VALUE))
async def verify_value(body: ValueBody, ordering: OrderingDep) -> Recorded:
    """State the verified value (审核值) of an entry that is current; again to replace an earlier one.

    The assessment office or the certifying body. A correction of the entry drops its verification.
    """
    role = ordering.permit("office", "certifier")
    ref = body.entry.ref
    return await _decide(ordering, role, ref, lambda state, line: standing.verify(state, ref, body.stated, line))


@router.post("/returns", status_code=201, responses=commanded(*_REFUSED, EntryIsCertified))
async def return_value(body: ReturnBody, ordering: OrderingDep) -> Recorded:
    """Return an entry to its reporter: from here on it counts as not reported.

    The assessment office or the certifying body.
    """
    role = ordering.permit("office", "certifier")
    ref = body.entry.ref
    return await _decide(ordering, role, ref, lambda state, _: standing.return_(state, ref, body.reason))


@router.post("/certifications", status_code=201, responses=commanded(*_REFUSED, EntryIsNotVerified, *_VALUE))
async def certify_value(body: ValueBody, ordering: OrderingDep) -> Recorded:
    """State the certified value (认定值) of an entry that has been verified; again to replace an earlier one.

    The certifying body, or the assessment office for it.
    """
    role = ordering.permit("certifier", "office")
    ref = body.entry.ref
    return await _decide(ordering, role, ref, lambda state, line: standing.certify(state, ref, body.stated, line))


async def _decide(ordering: Ordering, role: str, ref: EntryRef, rule: Callable[[State, Line], Shape]) -> Recorded:
    """Look the entry up, decide by the rule, publish. A repeat is answered without looking: the first time decided."""
    service = ordering.service
    listing = await run_in_threadpool(service.read_side.listing, ordering.jurisdiction)
    # To the log's end first: what is refused for good here, the fold would have to refuse too.
    await service.read_side.reached_end(listing.partition, READ_WITHIN)
    found = await run_in_threadpool(_look_up, ordering, listing, ref)

    def decide(state: State, _: Look) -> list[Fact]:
        if found.refusal is not None and state != "returned":  # an entry that was returned is told so
            raise found.refusal
        return [Fact(rule(state, found.line))]

    stream: Stream[State] = Stream(stream_of(ref), "reported", standing.evolve)
    order = replace(await run_in_threadpool(ordering.order, listing, role), basis=found.position)
    done = await run_in_threadpool(execute, service.store, order, stream, decide)
    await ordering.publish(done)
    return ordering.recorded(stream.name, done)


def _look_up(ordering: Ordering, listing: Listing, ref: EntryRef) -> _Found:
    read_side = ordering.service.read_side
    with read_side.reading() as (db, tables):
        position = last_read(db, tables.core, listing.log)
        state = entry_state(db, tables, listing.log, ref)
        registry = read_side.registry(db, tables, listing.log, position)
        if state is None or not _within(ordering, registry, state):
            return _Found(_NOWHERE, EntryUnknown(source=ref.source, id=ref.id, entry=ref.entry), position)
        closed: Refusal | None = None if state.open else EntryNotCurrent(source=ref.source, id=ref.id, entry=ref.entry)
        year = state.effective_on.year
        closed = not_allowed("verify", year, registry.years.latest(str(year)).state) or closed
        line = Line(
            _unit_of_measure(registry, state),
            lambda value: refused_value(state.series, state.effective_on, value, registry),
        )
        return _Found(line, closed, position)


def _within(ordering: Ordering, registry: Registry, state: EntryState) -> bool:
    scope = units_in_scope(ordering.caller, registry, state.effective_on)
    return scope is None or _unit(registry, state) in scope


def _unit(registry: Registry, state: EntryState) -> str:
    """The id of the unit that answers for the entry's part."""
    part = state.series.part
    if state.series.subject == "target":
        return registry.assignments.latest(part).unit
    return registry.projects.latest(part).unit


def _unit_of_measure(registry: Registry, state: EntryState) -> str:
    """The unit of measure of the entry's series."""
    series = state.series
    if series.subject == "target":
        measures = registry.targets.first(series.subject_id).measures
    else:
        measures = registry.projects.first(series.subject_id).measures
    return next(m.unit_of_measure for m in measures if m.code == series.measure)
