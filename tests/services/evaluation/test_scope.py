"""What of a target's document lies within a narrow scope: a unit's own part, and nothing of what others reported."""

from __future__ import annotations

from collections.abc import Set
from datetime import date
from typing import Any, cast

import pytest

from services.evaluation.documents import Question, figures
from services.evaluation.scope import within
from shared.canonical import encode
from shared.contracts.target_kinds import Step
from tests.services.evaluation.town import AUGUST, JULY, Town

Document = dict[str, Any]


def county() -> Town:
    """A county that leads, its two towns, and a hamlet below one of them; each has reported but the west town."""
    town = Town()
    town.target("t", "100", [("county", "60"), ("park", "40")])
    for unit, above in (("east-town", "county"), ("west-town", "county"), ("hamlet", "east-town")):
        town.unit(unit)
        town.part("t", unit, "20", "supporting", below=f"t:{above}")
    for at, unit in enumerate(("county", "park", "east-town", "hamlet")):
        town.reports("t", unit, str(10 + at))
    return town


def seen_by(town: Town, units: Set[str], code: str = "t") -> Document:
    question = Question("target", 2009, code)
    document = figures(question, AUGUST, town.registry, town)
    before = encode(document)
    found = cast(Document, within(document, question, town.registry, units)["target"])
    assert encode(document) == before, "what others are shown of it is untouched"
    return found


def tree(parts: list[Document]) -> Document:
    assert parts == sorted(parts, key=lambda part: part["unit"])
    return {part["unit"]: tree(part["parts"]) if "parts" in part else None for part in parts}


@pytest.mark.parametrize(
    ("units", "shown"),
    [
        ({"county"}, {"county": None}),
        ({"east-town"}, {"east-town": None}),
        ({"hamlet"}, {"hamlet": None}),
        ({"west-town", "hamlet"}, {"hamlet": None, "west-town": None}),
        ({"county", "hamlet"}, {"county": {"hamlet": None}}),
        ({"county", "east-town", "west-town"}, {"county": {"east-town": None, "west-town": None}}),
        ({"park", "hamlet"}, {"hamlet": None, "park": None}),
        (set(), {}),
    ],
)
def test_parts_of_parts_are_shown_to_whom_they_belong_and_to_nobody_else(units: set[str], shown: Document) -> None:
    found = seen_by(county(), units)
    assert tree(found["parts"]) == shown
    assert found["numerator"] == "21"  # the figure of the whole stays


def test_a_part_that_is_shown_keeps_its_level_and_its_rate() -> None:
    [own] = seen_by(county(), {"east-town"})["parts"]
    assert (own["level"]["value"], own["rate"], own["below"]) == ("12", "0.6", "t:county")


def test_who_reached_a_step_is_told_of_units_in_scope_only() -> None:
    town = Town()
    open_by = date(2009, 12, 1)
    steps = [Step(measure="design", share="40", due_on=JULY), Step(measure="open", share="60", due_on=open_by)]
    town.target("m", "100", [("east", "100"), ("west", "100")], kind="milestone", roll_up="best",
                measures=("design", "open"), unit_of_measure="item", steps=steps)  # fmt: skip
    for unit in ("east", "west"):
        town.reports("m", unit, "1", measure="design")
    town.reports("m", "west", "1", measure="open")
    assert tree(seen_by(town, {"east"}, "m")["parts"]) == {"east": None}
    found = seen_by(town, {"east"}, "m")["steps"]
    assert [(step["status"], step["reached_by"]) for step in found] == [("reached", ["east"]), ("reached", [])]
