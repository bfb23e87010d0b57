"""One event, one form: canonical bytes, extensions only where they belong, an identity over what was sent."""

from __future__ import annotations

import hashlib
import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import InvalidData, decode, identity_hash, seal
from shared.contracts.envelope import WouldBeInvalid
from shared.contracts.logs import ClockSet
from shared.contracts.targets import PeriodLocked

LOG = "sim-01890a5d-ac96-7001-8000-000000000000"
AT = {"id": "a", "source": "urn:jikao:source:county", "subject": "s", "log": LOG, "actor": "x", "authrole": "office",
      "authscope": "all"}  # fmt: skip


def test_the_sealed_bytes_are_canonical_and_name_type_and_schema() -> None:
    sealed = seal(ClockSet(instant="2009-08-31T18:00:00+08:00"), **AT)  # type: ignore[arg-type]
    document = json.loads(sealed)
    assert sealed == rfc8785.dumps(document)
    assert document["type"] == "jikao.clock.set.v1"
    assert document["dataschema"] == "urn:jikao:schema:jikao.clock.set.v1"
    assert "time" not in document
    assert "stream" not in document


@given(reason=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40), time=st.booleans())
def test_the_identity_is_the_hash_of_type_subject_time_and_data_as_sent(reason: str, time: bool) -> None:
    fact = PeriodLocked(year=2009, month=7, reason=reason)
    when = {"time": "2009-08-31T18:00:00+08:00"} if time else {}
    envelope = decode(seal(fact, **AT, **when))  # type: ignore[arg-type]
    as_sent = {"type": "jikao.period.locked.v1", "subject": "s", "data": {"year": 2009, "month": 7, "reason": reason}}
    document = json.loads(json.dumps({**as_sent, **when}))
    assert identity_hash(envelope) == hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def test_nothing_is_sealed_that_readers_would_find_invalid() -> None:
    with pytest.raises(WouldBeInvalid):
        seal(PeriodLocked(year=2009, month=13, reason="r"), **AT)  # type: ignore[arg-type]
    with pytest.raises(WouldBeInvalid):
        seal(ClockSet(instant="2009-08-31T18:00:00+08:00"), **{**AT, "authscope": ""})  # type: ignore[arg-type]
    with pytest.raises(WouldBeInvalid):
        seal(ClockSet(instant="2009-08-31T18:00:00+08:00"), **{**AT, "subject": "a\x01"}, decoded=True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [None, b"", b"[]", b"{}", b"\xff", b'{"specversion":"0.3"}'],
)
def test_what_is_no_envelope_is_invalid(value: bytes | None) -> None:
    with pytest.raises(InvalidData):
        decode(value)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("log", "430300"), ("source", "county"), ("id", ""), ("id", "x" * 129), ("id", "a\0"),
        ("subject", "a\n"), ("stream", "\x7f"),
        ("basis", "01"), ("streamversion", 0),
        ("time", "2009-08-31T18:00:00"), ("effectiveon", "2009-8-1"), ("surprise", 1), ("datacontenttype", "text/xml"),
    ],
)  # fmt: skip
def test_each_member_keeps_its_form(member: str, value: object) -> None:
    document = json.loads(seal(ClockSet(instant="2009-08-31T18:00:00+08:00"), **AT))  # type: ignore[arg-type]
    with pytest.raises(InvalidData):
        decode(json.dumps({**document, member: value}).encode())
