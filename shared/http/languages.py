"""Which of our two languages does the caller want to read?"""

from __future__ import annotations

from typing import Literal

Language = Literal["zh", "en"]


def preferred(accept_language: str | None) -> Language:
    """`zh` when an Accept-Language header (RFC 9110) asks for Chinese before English, otherwise `en`."""
    best: dict[str, float] = {}
    first = ""
    for item in (accept_language or "").split(","):
        tag, *parameters = (part.strip().lower() for part in item.split(";"))
        primary = tag.split("-")[0]
        if primary in ("zh", "en"):
            first = first or primary
            best[primary] = max(best.get(primary, 0.0), _weight(parameters))
    zh, en = best.get("zh", 0.0), best.get("en", 0.0)
    return "zh" if zh > en or (zh == en > 0 and first == "zh") else "en"


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0  # an unreadable weight is no wish
    return 1.0
