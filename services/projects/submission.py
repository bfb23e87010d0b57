"""From a body's bytes to submissions; when they are not what the contract says, every fault with its pointer.

What is right is decoded once, straight into the contract's own structs. Only what is not is read again as plain
JSON and entry by entry, so that a county system learns of all its faults at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, structs

from services.projects.errors import (
    EventTypeNotTaken,
    SubmissionMalformed,
    TooManyEntries,
    TooManyEvents,
)
from shared.contracts import InvalidData, decode_data
from shared.contracts.entries import UnprovedEntries, proved
from shared.contracts.projects import MAX_ENTRIES, Entry, ProgressSubmitted, Withdrawal
from shared.contracts.shapes import PLAIN_PATTERN, EntryRef, EventId, Instant, Source
from shared.errors import Fault, Refusal
from shared.quantities import NotAQuantity
from shared.strict_json import NotJson, not_json, refuse_unsound

PROGRESS = "jikao.progress.submitted.v1"
SUBJECT = "progress"
MAX_EVENTS = 1000

Subject = Annotated[str, Meta(pattern=PLAIN_PATTERN, max_length=256)]


class ProgressSubmission(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One submission: the instant the source claims for it, and its entries, judged one by one."""

    time: Instant | UnsetType = UNSET
    entries: Annotated[list[Entry], Meta(min_length=1, max_length=MAX_ENTRIES)]


class _Attributes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The attributes of a CloudEvents 1.0 event that are taken; others are not."""

    specversion: Literal["1.0"]
    id: EventId
    source: Source
    type: Literal["jikao.progress.submitted.v1"]
    subject: Subject | UnsetType = UNSET
    time: Instant | UnsetType = UNSET
    datacontenttype: Literal["application/json"] | UnsetType = UNSET
    dataschema: Annotated[str, Meta(max_length=256)] | UnsetType = UNSET


class ProgressEvent(_Attributes, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One submission as a CloudEvents 1.0 event in structured JSON. Other attributes are not taken."""

    data: ProgressSubmitted


@dataclass(frozen=True, slots=True)
class Sent:
    """One submission as it was sent. `root` is the JSON pointer of the object that holds its entries."""

    source: str
    id: str
    subject: str
    time: str | UnsetType
    fact: ProgressSubmitted
    root: str = ""


class _UnprovedSubmission(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ProgressSubmission, but for the texts of its entries."""

    time: Instant | UnsetType = UNSET
    entries: UnprovedEntries


class _UnreadEvent(_Attributes, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ProgressEvent whose data has not been looked at."""

    data: Raw


_SUBMISSION = msgspec.json.Decoder(_UnprovedSubmission)
_EVENT = msgspec.json.Decoder(_UnreadEvent)
_BATCH = msgspec.json.Decoder(list[Raw])
_PLAIN = msgspec.json.Decoder()
_ANY = msgspec.json.Decoder(Raw)
_ENCODER = msgspec.json.Encoder()


def read_submission(body: bytes) -> ProgressSubmission:
    """The submission of a body. Raises NotJson, TooManyEntries, or SubmissionMalformed with all faults."""
    try:
        sent = _SUBMISSION.decode(body)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _why(body, _submission_faults) from None
    entries = proved(sent.entries)
    if entries is None:
        raise _why(body, _submission_faults)
    submission = ProgressSubmission(time=sent.time, entries=entries)
    _refuse_repeated_members(body, submission)
    _refuse(_beyond_form(submission.time))
    return submission


def read_event(body: bytes | Raw) -> Sent:
    """The event of a body. Raises NotJson, TooManyEntries, or a Malformed with all faults."""
    try:
        event = _EVENT.decode(body)
        data = decode_data(PROGRESS, event.data)
    except (InvalidData, msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _why(body, _event_faults) from None
    assert isinstance(data, ProgressSubmitted)
    _refuse_repeated_members(body, structs.replace(event, data=Raw(_ENCODER.encode(data))))
    _refuse(_beyond_form(event.time))
    subject = SUBJECT if isinstance(event.subject, UnsetType) else event.subject
    return Sent(event.source, event.id, subject, event.time, data, "/data")


def read_batch(body: bytes) -> list[Raw]:
    """The events of a batch, still unread. Raises NotJson, SubmissionMalformed, TooManyEvents."""
    try:
        events = _BATCH.decode(body)
    except msgspec.ValidationError:
        not_a_list = _fault("", "LIST_TYPE", "A batch is an array of events.", "应为数组。")
        raise SubmissionMalformed(faults=[not_a_list]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _not_json(error) from None
    if not events:
        raise SubmissionMalformed(faults=[_fault("", "TOO_SHORT", "A batch holds at least one event.", "项数不足。")])
    if len(events) > MAX_EVENTS:
        raise TooManyEvents(events=len(events), limit=MAX_EVENTS)
    return events


def refuse_what_is_not_json(body: bytes) -> None:
    """NotJson. A single event that cannot be read at all gets a problem rather than a receipt."""
    try:
        _ANY.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _not_json(error) from None


def _refuse_repeated_members(body: bytes | Raw, decoded: Struct) -> None:
    """MemberRepeated. What was decoded, written again, has as many quotes as the body, unless a member was dropped.

    Where a text holds escapes, or a default was spelt out, the quotes cannot tell; then the body is read again.
    """
    sent = bytes(body)
    if b"\\" in sent or sent.count(b'"') != _ENCODER.encode(decoded).count(b'"'):
        refuse_unsound(sent)


def id_of(body: bytes | Raw) -> str | None:
    """The id of something that may not be an event, for its receipt."""
    try:
        plain = _PLAIN.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    id = plain.get("id") if isinstance(plain, dict) else None
    return id if isinstance(id, str) and len(id) <= 128 else None


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise SubmissionMalformed(faults=faults)


def _beyond_form(time: str | UnsetType) -> list[Fault]:
    """What the contract's pattern lets pass: an instant on the 30th of February."""
    if isinstance(time, UnsetType):
        return []
    try:
        datetime.fromisoformat(time)
    except ValueError:
        return [_fault("/time", "TIME_INVALID", "There is no such instant.", "该时刻不存在。")]
    return []


def reference(entry: Entry) -> EntryRef | None:
    """The entry that this one corrects or withdraws."""
    named = entry.withdraws if isinstance(entry, Withdrawal) else entry.corrects
    return None if isinstance(named, UnsetType) else named


def _why(body: bytes | Raw, faults_of: Any) -> Refusal:
    try:
        plain = _PLAIN.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _not_json(error)
    refusal: Refusal = faults_of(plain)
    return refusal


def _not_json(error: Exception) -> NotJson:
    return not_json(str(error))


def _submission_faults(plain: object) -> Refusal:
    return _faults(plain, _SubmissionFrame, "")


def _event_faults(plain: object) -> Refusal:
    kind = plain.get("type") if isinstance(plain, dict) else None
    if isinstance(kind, str) and kind != PROGRESS:
        return EventTypeNotTaken(faults=[EventTypeNotTaken().fault("/type")], type=kind[:128])
    if not isinstance(plain, dict) or "data" not in plain:
        return _faults(plain, _EventFrame, "")
    frame = _one_by_one(plain, _EventFrame, "")
    inner = _faults(plain["data"], _DataFrame, "/data")
    if isinstance(inner, TooManyEntries):
        return inner
    return SubmissionMalformed(faults=[*frame, *inner.faults])


class _SubmissionFrame(Struct, forbid_unknown_fields=True):
    entries: list[Any]
    time: Instant | UnsetType = UNSET


class _DataFrame(Struct, forbid_unknown_fields=True):
    entries: list[Any]


class _EventFrame(Struct, forbid_unknown_fields=True):
    specversion: Literal["1.0"]
    id: EventId
    source: Source
    type: Literal["jikao.progress.submitted.v1"]
    data: Any
    subject: Subject | UnsetType = UNSET
    time: Instant | UnsetType = UNSET
    datacontenttype: Literal["application/json"] | UnsetType = UNSET
    dataschema: Annotated[str, Meta(max_length=256)] | UnsetType = UNSET


def _faults(plain: object, frame: type[Struct], root: str) -> Refusal:
    """Every fault of the object that holds `entries`."""
    if not isinstance(plain, dict):
        return SubmissionMalformed(faults=[_fault(root, "DICT_TYPE", "An object is expected.", "应为对象。")])
    faults = _one_by_one(plain, frame, root)
    entries = plain.get("entries")
    if isinstance(entries, list):
        if len(entries) > MAX_ENTRIES:
            return TooManyEntries(
                faults=[TooManyEntries().fault(f"{root}/entries")], entries=len(entries), limit=MAX_ENTRIES
            )
        if not entries:
            faults.append(_fault(f"{root}/entries", "TOO_SHORT", "At least one entry is needed.", "项数不足。"))
        for at, entry in enumerate(entries):
            faults += _one_by_one(entry, Entry, f"{root}/entries/{at}")
    return SubmissionMalformed(faults=faults)


def _one_by_one(plain: object, type_: Any, root: str) -> list[Fault]:
    """All faults of an object: what msgspec names first is taken out or mended, until it finds no more."""
    faults: list[Fault] = []
    left = plain
    for _ in range(len(plain) + len(_SOUND) if isinstance(plain, dict) else 1):
        try:
            msgspec.convert(left, type_)
            break
        except msgspec.ValidationError as error:
            fault, member = _told(str(error), root)
            faults.append(fault)
            if member == "kind":  # then what else it needs is not known
                break
            if not isinstance(left, dict) or (member not in left and member not in _SOUND):
                break
            left = {name: value for name, value in left.items() if name != member}
            if member in _SOUND:
                left[member] = _SOUND[member]
    return faults


# Values that are valid by every frame: put in the place of a faulty member, so that the next fault shows.
_SOUND: dict[str, Any] = {
    "target": "x", "project": "x", "value": "0", "unit_of_measure": "x", "effective_on": "2000-01-01",
    "withdraws": {"source": "urn:jikao:source:x", "id": "x", "entry": 0}, "entries": [], "specversion": "1.0",
    "id": "x", "source": "urn:jikao:source:x", "type": PROGRESS, "data": {},
}  # fmt: skip

_PLACED = re.compile(r"(.*?)(?: - at `\$(.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_EXTRA = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)


def _told(error: str, root: str) -> tuple[Fault, str | None]:
    """msgspec's sentence as a fault, and the member of the outermost object that it is about."""
    placed = _PLACED.fullmatch(error)
    what, path = (placed[1], placed[2] or "") if placed else (error, "")
    parts = [part for part in re.split(r"[.\[\]]+", path) if part]
    if missing := _MISSING.fullmatch(what):
        parts.append(missing[1])
        code, message, zh = "MISSING", "A required member is missing.", "缺少必填项。"
    elif extra := _EXTRA.fullmatch(what):
        parts.append(extra[1])
        code, message, zh = "EXTRA_FORBIDDEN", "There is no such member.", "不允许出现此项。"
    elif parts == ["value"]:
        code, message, zh = NotAQuantity.code(), NotAQuantity.sentence(), NotAQuantity.zh
    else:
        code, message, zh = "VALUE_INVALID", f"{what}.", "不符合要求。"
    pointer = root + "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
    return Fault(pointer, code, message, zh), parts[0] if parts else None


def _fault(pointer: str, code: str, message: str, zh: str) -> Fault:
    return Fault(pointer, code, message, zh)
