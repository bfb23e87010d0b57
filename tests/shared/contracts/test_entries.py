"""Read quickly or one by one, a submission comes to the same, and so does what is said of one that is none."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.contracts import InvalidData, decode_data
from shared.contracts.projects import ProgressSubmitted

STRICT = msgspec.json.Decoder(ProgressSubmitted)

CODES = st.sampled_from(["roads", "a.b_c-1", "9", "x" * 64, "x" * 65, "", "-a", "a\n", "a\nb", "路", "a b", 7, None])
VALUES = st.sampled_from(["1", "-0", "0.5", "01", "1.", ".5", "1e3", "1\n", "1\n2", "9" * 21, "0." + "1" * 13, "1", 1])
DATES = st.sampled_from(["2009-07-31", "2009-02-30", "2009-7-1", 0])
REFS = st.sampled_from([
    {"source": "urn:jikao:source:x", "id": "1", "entry": 0}, {"source": "x", "id": "1", "entry": 0}, {},
])  # fmt: skip

TARGETS = st.fixed_dictionaries(
    {"kind": st.just("target"), "target": CODES, "value": VALUES, "unit_of_measure": CODES, "effective_on": DATES},
    optional={"unit": CODES, "measure": CODES, "corrects": REFS, "project": CODES},
)
PROJECTS = st.fixed_dictionaries(
    {"kind": st.just("project"), "project": CODES, "value": VALUES, "unit_of_measure": CODES, "effective_on": DATES},
    optional={"measure": CODES, "corrects": REFS, "unit": CODES},
)
WITHDRAWALS = st.fixed_dictionaries({"kind": st.just("withdrawal"), "withdraws": REFS}, optional={"value": VALUES})
SOUND: dict[str, Any] = {
    "kind": "target", "target": "roads", "value": "54.50", "unit_of_measure": "km", "effective_on": "2009-07-31",
}  # fmt: skip


def outcome(decode: Any, data: bytes) -> object:
    try:
        return decode(data)
    except (msgspec.DecodeError, InvalidData) as refused:
        return str(refused)


def same(document: object) -> object:
    data = msgspec.json.encode(document)
    read = outcome(lambda data: decode_data("jikao.progress.submitted.v1", data), data)
    assert read == outcome(STRICT.decode, data)
    return read


@given(st.lists(TARGETS | PROJECTS | WITHDRAWALS | st.just({"kind": "other"}) | st.none(), max_size=4))
@example([SOUND])
@example([SOUND | {"unit": "transport", "measure": "length"}])
def test_what_is_read_quickly_is_what_the_contract_reads(entries: list[Any]) -> None:
    same({"entries": entries})


@pytest.mark.parametrize("change", [
    {"target": "a\nb"}, {"value": "1\n2"}, {"unit_of_measure": "km\n"}, {"unit": ""}, {"measure": "路"},
    {"value": "01"}, {"extra": 1},
])  # fmt: skip
def test_one_bad_text_among_many_good_ones_is_found(change: dict[str, Any]) -> None:
    refused = same({"entries": [SOUND] * 30 + [SOUND | change] + [SOUND] * 30})
    assert isinstance(refused, str)
    assert "entries[30]" in refused or "30" in refused or "unknown field" in refused


@pytest.mark.parametrize(("entries", "valid"), [(0, False), (1, True), (1000, True), (1001, False)])
def test_a_submission_has_one_entry_to_a_thousand(entries: int, valid: bool) -> None:
    assert isinstance(same({"entries": [SOUND] * entries}), ProgressSubmitted) is valid
