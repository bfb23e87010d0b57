"""The OpenAPI document that is checked in: written by `jikao openapi`, compared by `jikao openapi --check`.

The rule for a change: openapi.json is what the code offers now, and CHANGELOG.md names the first twelve hex digits
of its sha256. So the document cannot change without a line for those who build on it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
from pathlib import Path

import httpx

from services.standalone.data_directory import open_directory
from services.standalone.main import build
from shared.settings import StandaloneSettings

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = "openapi.json"
CHANGELOG = "CHANGELOG.md"


def current() -> str:
    """The document that this code offers, as text. Nothing is started: only what is told about routes is asked."""
    with tempfile.TemporaryDirectory(prefix="jikao-openapi-") as folder, open_directory(Path(folder)) as directory:
        app = build(directory, StandaloneSettings())

        async def ask() -> dict[str, object]:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://jikao") as client:
                answer: dict[str, object] = (await client.get("/openapi.json")).raise_for_status().json()
                return answer

        return json.dumps(asyncio.run(ask()), ensure_ascii=False, indent=1) + "\n"


def fingerprint(document: str) -> str:
    """What CHANGELOG.md must name."""
    return hashlib.sha256(document.encode()).hexdigest()[:12]


def write(root: Path = ROOT) -> str:
    """Write the document; what is to be done next, in one sentence."""
    document = current()
    (root / DOCUMENT).write_text(document, encoding="utf-8")
    return _missing_line(root, document) or f"{DOCUMENT} is written, and {CHANGELOG} names it."


def fault(root: Path = ROOT) -> str | None:
    """None when the checked-in document is what the code offers and is announced, else what to do."""
    document = current()
    path = root / DOCUMENT
    if not path.exists() or path.read_text(encoding="utf-8") != document:
        return f"{DOCUMENT} is not what the code offers: run `jikao openapi` and announce the change in {CHANGELOG}."
    return _missing_line(root, document)


def _missing_line(root: Path, document: str) -> str | None:
    changelog = root / CHANGELOG
    if changelog.exists() and fingerprint(document) in changelog.read_text(encoding="utf-8"):
        return None
    return f"Say in {CHANGELOG} what changed in the HTTP interface, with `{DOCUMENT} {fingerprint(document)}`."
