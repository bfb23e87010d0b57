from typing import Any

import msgspec
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from shared.http import opaque
from shared.http.tokens import (
    After,
    FreshnessTokenInvalid,
    Token,
    Unsent,
    Wait,
    Written,
    decode_token,
    encode_token,
    wait_seconds,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=128)
offsets = st.integers(0, 2**63 - 1)
tokens = st.one_of(st.builds(Written, texts, texts, offsets, offsets), st.builds(Unsent, texts, texts))


@given(tokens)
def test_a_token_comes_back_as_it_was(token: Token) -> None:
    text = encode_token(token)
    assert decode_token(text) == token
    assert text.isascii()
    assert set("+/=, ").isdisjoint(text)


@given(st.text(max_size=200))
def test_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(FreshnessTokenInvalid) as refused:
        decode_token(text)
    assert refused.value.faults[0].pointer == "/query/after"


@given(tokens, st.data())
def test_a_damaged_token_is_refused(token: Token, data: st.DataObject) -> None:
    text = encode_token(token)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_ =").filter(lambda letter: letter != text[place]))
    with pytest.raises(FreshnessTokenInvalid):
        decode_token(text[:place] + other + text[place + 1 :])
    with pytest.raises(FreshnessTokenInvalid):
        decode_token(text[:place])


class Foreign(msgspec.Struct):
    t: Any


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        ["written", "log", "topic", 0],
        ["written", "log", "topic", "0", 0],
        ["written", "log", "topic", 0, 0, 0],
        ["unsent", "log", 1],
        ["other", "log", "id"],
        {"log": "log"},
    ],
)
def test_a_well_summed_text_of_another_shape_is_refused(value: Any) -> None:
    with pytest.raises(FreshnessTokenInvalid):
        decode_token(opaque.encode(Foreign(value)))


def test_a_huge_text_is_refused_unread() -> None:
    with pytest.raises(FreshnessTokenInvalid):
        decode_token("A" * 10_000_000)


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        (None, 5),
        ("", 5),
        ("wait=0", 0),
        ("wait=12", 12),
        ("Wait = 12", 12),
        ('wait="12"', 12),
        ("respond-async, wait=12; x=1", 12),
        ("wait=31", 30),
        ("wait=999999999", 30),
        ("wait=-1", 5),
        ("wait=1.5", 5),
        ("wait=１２", 5),
        ("await=12", 5),
        ("wait", 5),
    ],
)
def test_how_long_to_wait(prefer: str | None, seconds: int) -> None:
    assert wait_seconds(prefer) == seconds


def test_a_read_takes_the_token_and_the_wait(app: FastAPI, client: TestClient) -> None:
    seen: list[tuple[Token | None, int]] = []

    @app.get("/read")
    def read(after: After, wait: Wait) -> None:
        seen.append((after, wait))

    token = Written("log", "topic", 0, 7)
    client.get("/read", params={"after": encode_token(token)}, headers={"Prefer": "wait=9"})
    client.get("/read")
    assert seen == [(token, 9), (None, 5)]
    answer = client.get("/read?after=nonsense")
    assert (answer.status_code, answer.json()["code"]) == (422, "FRESHNESS_TOKEN_INVALID")
    assert answer.json()["errors"][0]["pointer"] == "/query/after"
