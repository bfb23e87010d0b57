"""Writes the JSON Schemas of all messages to `shared/contracts/schemas/`, where other languages find them.

`python -m shared.contracts.schemas` after adding a message. A schema that is there never changes: changed shape is
the next version (tests/shared/contracts hold every file against the models).
"""

from __future__ import annotations

import json
from pathlib import Path

from shared.contracts import CONTRACTS, json_schema

DIRECTORY = Path(__file__).parent / "schemas"


def text(type_: str) -> str:
    """The schema file of one message."""
    return json.dumps(json_schema(type_), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Write every schema that is missing; an existing one is left as it is."""
    DIRECTORY.mkdir(exist_ok=True)
    for type_ in CONTRACTS:
        file = DIRECTORY / f"{type_}.json"
        if not file.exists():
            file.write_text(text(type_), encoding="utf-8")


if __name__ == "__main__":
    main()
