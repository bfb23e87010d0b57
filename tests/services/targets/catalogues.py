"""The example catalogues of 2009 as the contract has them; their files use a few names of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from shared.contracts.targets import CatalogueItem

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "year2009"
EXPECTED: dict[str, Any] = json.loads((EXAMPLES / "expected.json").read_text(encoding="utf-8"))["alignment"]
_AS_THEY_ARE = ("code", "indicator", "name", "category", "kind", "direction", "basis", "period", "value", "weight",
                "points", "bonus", "assesses_us", "tags")  # fmt: skip


def bodies(issuer: str) -> list[dict[str, Any]]:
    """The items as they are sent."""
    rows = json.loads((EXAMPLES / f"catalogue-{issuer}.json").read_text(encoding="utf-8"))["targets"]
    return [_body(row) for row in rows]


def items(issuer: str) -> list[CatalogueItem]:
    """The items as facts carry them."""
    return [msgspec.convert(body, CatalogueItem) for body in bodies(issuer)]


def item(indicator: str = "roads", **changes: object) -> CatalogueItem:
    """One item of a test's own."""
    body: dict[str, Any] = {
        "code": f"x-{indicator}", "indicator": indicator, "name": {"zh": "改造县乡公路"}, "category": "livelihood",
        "kind": "cumulative", "direction": "higher", "basis": "value", "period": "year", "value": "60",
        "unit_of_measure": "km", "bonus": False, "assesses_us": True, "tags": [],
    } | changes  # fmt: skip
    return msgspec.convert({name: value for name, value in body.items() if value is not None}, CatalogueItem)


def _body(row: dict[str, Any]) -> dict[str, Any]:
    body = {"basis": "value"} | {name: row[name] for name in _AS_THEY_ARE if name in row}
    if "unit" in row:
        body["unit_of_measure"] = row["unit"]
    if "text" in row:
        body["text"] = row["text"]["zh"]
    return body
