"""The checked-in document changes only with a line for those who build on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.standalone import document


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
