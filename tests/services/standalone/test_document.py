"""The checked-in document changes only with a line for those who build on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.standalone import document
from shared.errors import PreconditionMissing
from shared.http.preconditions import IF_MATCH_HEADER, IfMatchInvalid, IfMatchMissing


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> str:
    text = '{"openapi": "3.1.0"}\n'
    monkeypatch.setattr(document, "current", lambda: text)
    return text


def test_a_change_needs_the_document_and_a_line_that_names_it(tmp_path: Path, offered: str) -> None:
    assert "run `jikao openapi`" in (document.fault(tmp_path) or "")

    told = document.write(tmp_path)
    assert (tmp_path / document.DOCUMENT).read_text() == offered
    line = f"{document.DOCUMENT} {document.fingerprint(offered)}"
    assert line in told
    assert line in (document.fault(tmp_path) or "")

    (tmp_path / document.CHANGELOG).write_text(f"- The first document ({line}).\n")
    assert document.fault(tmp_path) is None
    assert "names it" in document.write(tmp_path)


def test_the_document_is_the_same_each_time() -> None:
    assert document.current() == document.current()


def test_the_document_says_what_a_change_without_its_version_is_refused_with() -> None:
    needing = 0
    for path in json.loads(document.current())["paths"].values():
        for operation in path.values():
            name, answers = operation["operationId"], operation["responses"]
            assert PreconditionMissing.code() not in answers.get("428", {}).get("description", ""), name
            needed = {each["name"]: each["required"] for each in operation.get("parameters", ())}.get(IF_MATCH_HEADER)
            if needed is not None:
                assert f"`{IfMatchInvalid.code()}`" in answers["422"]["description"], name
                assert (f"`{IfMatchMissing.code()}`" in answers.get("428", {}).get("description", "")) is needed, name
                needing += needed
    assert needing > 10


def test_what_is_still_on_its_way_to_the_log_is_answered_in_the_same_shape() -> None:
    for path in json.loads(document.current())["paths"].values():
        for operation in path.values():
            if {"201", "202"} <= operation["responses"].keys():
                done, accepted = (
                    operation["responses"][status]["content"]["application/json"]["schema"] for status in ("201", "202")
                )
                assert accepted in (done, *done.get("anyOf", ())), operation["operationId"]
