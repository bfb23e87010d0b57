"""The rules of an entry's standing, without a log or a database."""

from __future__ import annotations

from functools import reduce

import pytest

from services.evaluation.errors import EntryIsCertified, EntryIsNotVerified, EntryIsReturned, ValueNotConvertible
from services.evaluation.standing import (
    LONGEST_STREAM,
    Line,
    State,
    Stated,
    certify,
    evolve,
    return_,
    stream_of,
    verify,
)
from shared.admission.errors import NotABand
from shared.contracts.evaluation import ValueCertified, ValueReturned, ValueVerified
from shared.contracts.shapes import EntryRef, Shape

ENTRY = EntryRef(source="urn:jikao:source:county", id="2009-08/roads", entry=3)
KM = Stated("54.2", "km")
IN_KM = Line("km", lambda _: None)
VERIFIED = ValueVerified(entry=ENTRY, value="54.2")
CERTIFIED = ValueCertified(entry=ENTRY, value="54.2")
RETURNED = ValueReturned(entry=ENTRY, reason="不符")


def given(*facts: Shape) -> State:
    initial: State = "reported"
    return reduce(evolve, facts, initial)


def test_a_reported_value_is_verified_in_the_unit_of_measure_of_its_series() -> None:
    assert verify(given(), ENTRY, Stated("54200", "m"), IN_KM) == VERIFIED


def test_a_verified_value_may_be_verified_anew_certified_and_certified_anew() -> None:
    assert verify(given(VERIFIED), ENTRY, KM, IN_KM) == VERIFIED
    assert certify(given(VERIFIED), ENTRY, KM, IN_KM) == CERTIFIED
    assert certify(given(VERIFIED, CERTIFIED), ENTRY, KM, IN_KM) == CERTIFIED


def test_nothing_is_certified_before_it_is_verified() -> None:
    with pytest.raises(EntryIsNotVerified):
        certify(given(), ENTRY, KM, IN_KM)


def test_a_reported_or_verified_value_may_be_returned() -> None:
    assert return_(given(), ENTRY, "不符") == return_(given(VERIFIED), ENTRY, "不符") == RETURNED


def test_what_was_returned_is_neither_verified_certified_nor_returned_again() -> None:
    for rule in (verify, certify):
        with pytest.raises(EntryIsReturned):
            rule(given(RETURNED), ENTRY, KM, IN_KM)
    with pytest.raises(EntryIsReturned):
        return_(given(RETURNED), ENTRY, "不符")


def test_what_was_certified_is_neither_verified_nor_returned() -> None:
    with pytest.raises(EntryIsCertified):
        verify(given(VERIFIED, CERTIFIED), ENTRY, KM, IN_KM)
    with pytest.raises(EntryIsCertified):
        return_(given(VERIFIED, CERTIFIED), ENTRY, "不符")


@pytest.mark.parametrize("stated", [Stated("5", "person"), Stated("5", "furlong"), Stated("0.0000000000001", "m")])
def test_a_value_that_does_not_convert_exactly_is_refused(stated: Stated) -> None:
    with pytest.raises(ValueNotConvertible):
        verify(given(), ENTRY, stated, IN_KM)


def test_a_value_that_could_not_have_been_reported_is_neither_verified_nor_certified() -> None:
    bands = Line("percent", lambda value: None if value == "80" else NotABand)
    assert verify(given(), ENTRY, Stated("80.0", "percent"), bands).value == "80"
    for rule in (verify, certify):
        with pytest.raises(NotABand) as refused:
            rule(given(VERIFIED), ENTRY, Stated("75", "percent"), bands)
        assert [fault.pointer for fault in refused.value.faults] == ["/value"]


def test_a_stream_is_named_after_its_entry_and_never_too_long() -> None:
    assert stream_of(ENTRY) == "value:county:2009-08/roads:3"
    longest = EntryRef(source="urn:jikao:source:" + "a" * 64, id="值" * 128, entry=999)
    assert len(stream_of(longest)) <= LONGEST_STREAM
    assert stream_of(longest) != stream_of(EntryRef(source=longest.source, id="值" * 127, entry=999))
