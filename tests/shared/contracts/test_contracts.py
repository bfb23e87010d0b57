"""Messages are for ever: names, shapes and stored samples do not change, and validity is what the schema says."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from shared import canonical
from shared.contracts import CONTRACTS, TYPE_OF, UPCASTERS, InvalidData, UnknownType, decode_data, json_schema
from shared.contracts import registry as contract_registry
from shared.contracts.owners import disowned, owner
from shared.contracts.schemas import DIRECTORY, text
from shared.contracts.shapes import Shape

SAMPLES = Path(__file__).parent / "samples"
TYPES = sorted(CONTRACTS)


def sample(type_: str) -> bytes:
    return (SAMPLES / f"{type_}.json").read_bytes().rstrip(b"\n")


def validator(type_: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        json_schema(type_), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


def read(type_: str, document: object) -> bool:
    try:
        decode_data(type_, rfc8785.dumps(document))  # type: ignore[arg-type] # as it would be stored: 2009.0 is 2009
    except InvalidData:
        return False
    return True


@pytest.mark.parametrize("type_", TYPES)
def test_the_stored_sample_still_reads_and_writes_the_same_bytes(type_: str) -> None:
    fact = CONTRACTS[type_].decoder.decode(sample(type_))
    assert canonical.encode_trusted(fact) == sample(type_)


@pytest.mark.parametrize("type_", sorted(UPCASTERS))
def test_the_stored_sample_of_an_older_version_is_read_in_todays_shape(type_: str) -> None:
    today = CONTRACTS[TYPE_OF[type(decode_data(type_, sample(type_)))]].stored_name
    name, _, version = type_.rpartition(".v")
    assert today == max((t for t in TYPES if t.startswith(f"{name}.v")), key=lambda t: int(t.rpartition(".v")[2]))
    assert int(today.rpartition(".v")[2]) > int(version)


@pytest.mark.parametrize("type_", TYPES)
def test_the_exported_schema_has_not_changed(type_: str) -> None:
    assert (DIRECTORY / f"{type_}.json").read_text(encoding="utf-8") == text(type_)


@pytest.mark.parametrize("type_", TYPES)
def test_every_message_has_an_owner_and_is_nobody_elses(type_: str) -> None:
    of_progress = type_ == "jikao.progress.submitted.v1"
    owned_by = owner(type_)
    assert owned_by.rpartition(":")[2] in ({""} if of_progress else {"targets", "projects", "evaluation"})
    assert disowned(type_, owned_by + ("county" if of_progress else "")) is None
    for other in {"urn:jikao:source:county", "urn:jikao:service:targets", "urn:jikao:service:evaluation"}:
        assert (disowned(type_, other) is None) == (other == owned_by or (of_progress and "source" in other))


def test_every_schema_file_belongs_to_a_message() -> None:
    assert sorted(file.stem for file in DIRECTORY.glob("*.json")) == TYPES


@pytest.mark.parametrize("type_", TYPES)
def test_the_sample_is_valid_by_its_schema(type_: str) -> None:
    validator(type_).validate(json.loads(sample(type_)))


def paths(document: Any, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The path of every member and item of a document."""
    found: list[tuple[object, ...]] = []
    children = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in children:
        found.append((*at, key))
        if isinstance(value, dict | list):
            found += paths(value, (*at, key))
    return found


WRONG = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 10**9),
    st.sampled_from([1.0, 2009.0, 0.5]),
    st.text(max_size=5),
    st.sampled_from(
        [
            "",
            "x" * 5000,
            "2009-02-30",
            "2009-2-3",
            "1e3",
            "01",
            "1.",
            "-0",
            "1\n",
            "a\0b",
            "a\x1fb",
            "a\x85b",
            "２",
            "430300\n",
            "A b",
        ]
    ),
    st.just([]),
    st.just({}),
)


@pytest.mark.parametrize("type_", TYPES)
@given(data=st.data())
def test_model_and_schema_judge_alike_whatever_is_wrong(type_: str, data: st.DataObject) -> None:
    document = json.loads(sample(type_))
    *path, last = data.draw(st.sampled_from(paths(document)))
    damaged = copy.deepcopy(document)
    inside = damaged
    for step in path:
        inside = inside[step]
    match data.draw(st.sampled_from(["drop", "replace", "add"])):
        case "drop":
            del inside[last]
        case "replace":
            inside[last] = data.draw(WRONG)
        case _:
            if isinstance(inside, dict):
                inside["unheard-of"] = 1
            else:
                inside.append(data.draw(WRONG))
    assert read(type_, damaged) == validator(type_).is_valid(damaged)


def test_an_unknown_version_is_invalid_and_an_unknown_type_is_unknown() -> None:
    with pytest.raises(InvalidData, match="unknown version"):
        decode_data("jikao.progress.submitted.v9", b"{}")
    with pytest.raises(UnknownType):
        decode_data("jikao.weather.changed.v1", b"{}")


def test_an_upcaster_gives_the_old_shape_in_todays(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old(Shape, frozen=True, kw_only=True):
        km: str

    class New(Shape, frozen=True, kw_only=True):
        value: str
        unit_of_measure: str

    old = contract_registry.Contract("jikao.road.built.v1", Old, msgspec.json.Decoder(Old))
    monkeypatch.setitem(CONTRACTS, "jikao.road.built.v1", old)
    monkeypatch.setitem(UPCASTERS, "jikao.road.built.v1", lambda fact: New(value=fact.km, unit_of_measure="km"))
    assert decode_data("jikao.road.built.v1", b'{"km":"3"}') == New(value="3", unit_of_measure="km")


@pytest.mark.parametrize("type_", ["jikao.clock.set.v1", "jikao.log.opened.v1"])
def test_an_instant_that_does_not_exist_is_invalid_and_stops_no_reader(type_: str) -> None:
    document = json.loads(sample(type_))
    assert not read(type_, {**document, "instant": "2009-02-30T08:00:00+08:00"})
    assert read(type_, {**document, "instant": "2009-02-28T08:00:00+08:00"})
