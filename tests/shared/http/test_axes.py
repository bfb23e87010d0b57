from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from shared.http.axes import (
    AtDay,
    AtInstant,
    AtPosition,
    Axes,
    ComparedAxesDep,
    KnownAt,
    Pin,
    read_date,
    read_instant,
    read_known_at,
    read_pin,
)

LOG = "sim-0197a3c2-7b1e-7c3d-8f00-0123456789ab"
ROOT = "0f" * 32
PIN = f"{LOG}.2009-07-31.1234.{ROOT}"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOON = (datetime(2009, 7, 31, 12, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)

zones = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.dates())
def test_a_date_is_read_as_it_is_written(day: date) -> None:
    assert read_date(day.isoformat()) == day


@pytest.mark.parametrize(
    "text",
    ["", "0", "20090731", "2009-7-31", "2009-02-30", "0000-01-01", "2009-07-31 ", "2009-07-31\n", "２００９-07-31",
     "2009-W31-5", "2009-212", "+2009-07-31", "2009-07-31T00:00:00Z", "1248998400"],
)  # fmt: skip
def test_nothing_else_is_a_date(text: str) -> None:
    assert read_date(text) is None


@given(st.datetimes(timezones=zones), st.booleans())
def test_an_instant_is_read_to_the_microsecond_in_any_offset(instant: datetime, unescaped: bool) -> None:
    text = instant.isoformat(timespec="microseconds")
    if unescaped:
        text = text.replace("+", " ")
    midnight = datetime(instant.year, instant.month, instant.day, tzinfo=UTC)
    offset = instant.utcoffset()
    assert offset is not None
    expected = (midnight - EPOCH) + (instant.replace(tzinfo=UTC) - midnight) - offset
    assert read_instant(text) == expected // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "known_at"),
    [
        ("2009-07-31T12:00:00Z", AtInstant(NOON)),
        ("2009-07-31t12:00:00z", AtInstant(NOON)),
        ("2009-07-31T20:00:00+08:00", AtInstant(NOON)),
        ("2009-07-31T20:00:00 08:00", AtInstant(NOON)),
        ("2009-07-31T12:00:00.5Z", AtInstant(NOON + 500_000)),
        ("2009-07-31T12:00:00.123456789Z", AtInstant(NOON + 123_456)),
        ("1969-12-31T23:59:59.999999Z", AtInstant(-1)),
        ("0001-01-01T00:00:00+14:00", AtInstant(-62_135_647_200_000_000)),
        ("2009-07-31", AtDay(date(2009, 7, 31))),
        ("position:0", AtPosition(0)),
        ("position:1234", AtPosition(1234)),
    ],
)
def test_what_was_known_is_a_position_an_instant_or_a_day(text: str, known_at: KnownAt) -> None:
    assert read_known_at(text) == known_at


@pytest.mark.parametrize(
    "text",
    ["", "now", "1234", "1248998400", "position:", "position:-1", "position:01", "position:1e3", "position:１",
     f"position:{2**63 - 1}", "position:99999999999999999999", "2009-07-31T12:00:00", "2009-07-31 12:00:00Z",
     "2009-07-31T12:00Z", "2009-07-31T24:00:00Z", "2009-07-31T12:60:00Z", "2009-07-31T12:00:60Z",
     "2009-07-31T12:00:00+8", "2009-07-31T12:00:00+24:00", "2009-07-31T12:00:00+08:60", "2009-07-31T12:00:00.Z",
     "2009-02-30T12:00:00Z", "2009-07-31T12:00:00Z\n", "2009-07-31T12:00:00  08:00"],
)  # fmt: skip
def test_nothing_else_says_what_was_known(text: str) -> None:
    assert read_known_at(text) is None


@given(st.booleans(), st.uuids(), st.dates(), st.integers(0, 2**63 - 2), st.binary(min_size=32, max_size=32))
def test_a_pin_comes_back_as_it_was(simulated: bool, log: object, day: date, position: int, root: bytes) -> None:
    pin = Pin(("sim-" if simulated else "") + str(log), day, position, root.hex())
    assert read_pin(pin.text()) == pin


@given(st.text())
def test_garbage_is_nothing(text: str) -> None:
    assert read_pin(text) is None
    read_date(text)
    read_instant(text)
    read_known_at(text)


@pytest.mark.parametrize(
    "text",
    [PIN.upper(), PIN[:-1], PIN + "0", PIN.replace("1234", "01234"), PIN.replace("1234", str(2**63 - 1)),
     PIN.replace("07-31", "02-30"), PIN.replace("sim-", "SIM-"), PIN.replace("-7b1e", ""), PIN + "\n"],
)  # fmt: skip
def test_nothing_else_is_a_pin(text: str) -> None:
    assert read_pin(text) is None


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    @app.get("/figures")
    def figures(axes: ComparedAxesDep) -> Axes:
        return axes

    return TestClient(app)


def test_axes_left_open_are_open(client: TestClient) -> None:
    assert client.get("/figures").json() == asdict(Axes())


def test_both_axes_and_both_comparisons_are_read(client: TestClient) -> None:
    query = "as_of=2009-07-31&known_at=2009-07-31T20:00:00+08:00&compare_as_of=2009-06-30&compare_known_at=position:9"
    assert client.get(f"/figures?{query}").json() == {
        "as_of": "2009-07-31",
        "known_at": {"instant": NOON},
        "pin": None,
        "compare_as_of": "2009-06-30",
        "compare_known_at": {"position": 9},
    }


def test_a_pin_may_be_compared_with(client: TestClient) -> None:
    answer = client.get(f"/figures?pin={PIN}&compare_as_of=2009-06-30").json()
    assert answer["pin"] == {"log": LOG, "as_of": "2009-07-31", "position": 1234, "root": ROOT}
    assert answer["compare_as_of"] == "2009-06-30"


@pytest.mark.parametrize(
    ("query", "code", "pointers"),
    [
        ("as_of=0", "AS_OF_INVALID", ["/query/as_of"]),
        ("as_of=", "AS_OF_INVALID", ["/query/as_of"]),
        ("compare_as_of=2009-02-30", "AS_OF_INVALID", ["/query/compare_as_of"]),
        ("known_at=yesterday", "KNOWN_AT_INVALID", ["/query/known_at"]),
        ("compare_known_at=1", "KNOWN_AT_INVALID", ["/query/compare_known_at"]),
        ("pin=x", "PIN_INVALID", ["/query/pin"]),
        (f"pin={PIN}&as_of=2009-07-31", "PIN_EXCLUDES_AXES", ["/query/as_of"]),
        (f"pin={PIN}&known_at=position:1&as_of=2009-07-31", "PIN_EXCLUDES_AXES", ["/query/as_of", "/query/known_at"]),
    ],
)
def test_what_cannot_be_read_is_pointed_at(client: TestClient, query: str, code: str, pointers: list[str]) -> None:
    answer = client.get(f"/figures?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert [fault["pointer"] for fault in answer.json()["errors"]] == pointers
