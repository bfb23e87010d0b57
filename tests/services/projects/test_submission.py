"""From bytes to submissions: what has not the contract's form is told with a pointer for every fault."""

from __future__ import annotations

import json

import msgspec
import pytest

from services.projects.errors import EventTypeNotTaken, SubmissionMalformed, TooManyEntries, TooManyEvents
from services.projects.submission import id_of, read_batch, read_event, read_submission
from shared.contracts.projects import Entry
from shared.errors import Refusal
from shared.strict_json import MemberRepeated, NotJson
from tests.services.projects.conftest import event, figure

COUNTY = "urn:jikao:source:county"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"entries":[}', b'"\\ud800"', b"[" * 100_000])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson) as refused:
        read_submission(body)
    assert [(fault.code, fault.pointer) for fault in refused.value.faults] == [("JSON_INVALID", "")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([], [("DICT_TYPE", "")]),
        (None, [("DICT_TYPE", "")]),
        ({}, [("MISSING", "/entries")]),
        ({"entries": []}, [("TOO_SHORT", "/entries")]),
        ({"entries": {}}, [("VALUE_INVALID", "/entries")]),
        ({"entries": [figure()], "a~/b": 1}, [("EXTRA_FORBIDDEN", "/a~0~1b")]),
        ({"entries": [figure()], "time": "2009-07-31"}, [("VALUE_INVALID", "/time")]),
        ({"entries": [figure()], "time": "2009-02-30T00:00:00Z"}, [("TIME_INVALID", "/time")]),
        ({"entries": [None, 3]}, [("VALUE_INVALID", "/entries/0"), ("VALUE_INVALID", "/entries/1")]),
        ({"entries": [{"target": "roads"}]}, [("MISSING", "/entries/0/kind")]),
        ({"entries": [figure(kind="other")]}, [("VALUE_INVALID", "/entries/0/kind")]),
        (
            {"entries": [figure(), figure(54.5, on="31.7.2009", extra=None), figure(), figure("1e3")]},  # type: ignore[arg-type]
            [
                ("NOT_A_QUANTITY", "/entries/1/value"),
                ("VALUE_INVALID", "/entries/1/effective_on"),
                ("EXTRA_FORBIDDEN", "/entries/1/extra"),
                ("NOT_A_QUANTITY", "/entries/3/value"),
            ],
        ),
        (
            {"entries": [figure(corrects={"source": "county", "id": "", "entry": 1})]},
            [("VALUE_INVALID", "/entries/0/corrects/source")],
        ),
        (
            {"entries": [figure(corrects={"source": COUNTY, "id": "a\0b", "entry": 1})]},
            [("VALUE_INVALID", "/entries/0/corrects/id")],
        ),
        (
            {"entries": [{"kind": "target"}]},
            [("MISSING", f"/entries/0/{m}") for m in ("target", "value", "unit_of_measure", "effective_on")],
        ),
    ],
)  # fmt: skip
def test_every_fault_of_form_is_named(body: object, expected: list[tuple[str, str]]) -> None:
    with pytest.raises(SubmissionMalformed) as refused:
        read_submission(json.dumps(body).encode())
    assert sorted((fault.code, fault.pointer) for fault in refused.value.faults) == sorted(expected)


def test_over_a_thousand_entries_are_too_many() -> None:
    with pytest.raises(TooManyEntries):
        read_submission(json.dumps({"entries": [figure()] * 1001}).encode())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"specversion": "0.3"}, [("VALUE_INVALID", "/specversion")]),
        ({"id": ""}, [("VALUE_INVALID", "/id")]),
        ({"id": "x" * 129}, [("VALUE_INVALID", "/id")]),
        ({"id": "a\0"}, [("VALUE_INVALID", "/id")]),
        ({"subject": ""}, [("VALUE_INVALID", "/subject")]),
        ({"subject": "a\tb"}, [("VALUE_INVALID", "/subject")]),
        ({"source": "/counties/1"}, [("VALUE_INVALID", "/source")]),
        ({"datacontenttype": "text/xml"}, [("VALUE_INVALID", "/datacontenttype")]),
        ({"actor": "me"}, [("EXTRA_FORBIDDEN", "/actor")]),
        ({"data": {}}, [("MISSING", "/data/entries")]),
        ({"data": []}, [("DICT_TYPE", "/data")]),
        (
            {"id": 7, "data": {"entries": [figure("x")]}},
            [("VALUE_INVALID", "/id"), ("NOT_A_QUANTITY", "/data/entries/0/value")],
        ),
    ],
)
def test_every_fault_of_an_event_is_named(change: dict[str, object], expected: list[tuple[str, str]]) -> None:
    with pytest.raises(SubmissionMalformed) as refused:
        read_event(json.dumps(event("a") | change).encode())
    assert [(fault.code, fault.pointer) for fault in refused.value.faults] == expected


def test_what_is_no_event_lacks_what_an_event_has() -> None:
    with pytest.raises(SubmissionMalformed) as refused:
        read_event(b"{}")
    missing = [fault.pointer for fault in refused.value.faults if fault.code == "MISSING"]
    assert sorted(missing) == ["/data", "/id", "/source", "/specversion", "/type"]


@pytest.mark.parametrize("kind", ["jikao.unit.registered.v1", "jikao.progress.submitted.v2", "org.example.said"])
def test_another_type_is_not_taken(kind: str) -> None:
    with pytest.raises(EventTypeNotTaken) as refused:
        read_event(json.dumps(event("a") | {"type": kind, "data": 1}).encode())
    assert refused.value.faults[0].pointer == "/type"


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"", NotJson),
        (b"{}", SubmissionMalformed),
        (b"[]", SubmissionMalformed),
        (b"[" + b"1," * 1000 + b"1]", TooManyEvents),
    ],
)
def test_a_batch_is_an_array_of_one_to_a_thousand(body: bytes, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        read_batch(body)


def test_the_id_of_a_faulty_event_is_told_where_it_has_one() -> None:
    assert id_of(b'{"id":"a"}') == "a"
    assert [id_of(body) for body in (b"{", b"[]", b'{"id":7}', b'{"id":"' + b"x" * 129 + b'"}')] == [None] * 4


def test_a_right_submission_is_decoded_as_the_contract_has_it() -> None:
    submission = read_submission(json.dumps({"entries": [figure()]}).encode())
    assert submission.entries == [msgspec.convert(figure(), Entry)]


ENTRY = b'"kind":"target","target":"roads","unit_of_measure":"km","effective_on":"2009-08-31"'


@pytest.mark.parametrize(
    ("entry", "pointer"),
    [
        (b'{%s,"value":"1","value":"2"}', "/entries/0/value"),
        (b'{%s,"value":"1","v\\u0061lue":"2"}', "/entries/0/value"),
        (b'{%s,"value":"1","corrects":{"source":"urn:jikao:source:a","id":"x","id":"y","entry":0}}',
         "/entries/0/corrects/id"),
    ],
)  # fmt: skip
def test_a_member_that_is_named_twice_is_refused(entry: bytes, pointer: str) -> None:
    with pytest.raises(MemberRepeated) as refused:
        read_submission(b'{"entries":[' + entry % ENTRY + b"]}")
    assert [fault.pointer for fault in refused.value.faults] == [pointer]
    whole = json.dumps(event("a") | {"data": 0}).encode().replace(b'"data": 0', b'"data":{"entries":[%s]}' % entry)
    with pytest.raises(MemberRepeated) as refused:
        read_event(whole % ENTRY)
    assert [fault.pointer for fault in refused.value.faults] == ["/data" + pointer]


def test_escapes_in_a_submission_are_no_repetition() -> None:
    entry = figure() | {"corrects": {"source": COUNTY, "id": 'a "quoted" \\ id', "entry": 0}}
    assert read_submission(json.dumps({"entries": [entry]}).encode()).entries == [msgspec.convert(entry, Entry)]
