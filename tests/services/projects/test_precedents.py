"""A precedent opens the door only within the caller's reach."""

from __future__ import annotations

from datetime import date

import pytest

from services.projects.scope import Reach, covers
from shared.admission.precedents import Precedent
from shared.admission.verdicts import Series
from shared.contracts import projects
from shared.contracts.shapes import EntryRef

NEW_YEAR = date(2009, 1, 1)
PLANT = Precedent(Series(2009, "project", "plant", "length", "plant"), NEW_YEAR, date.max, unit="a")
ENTRY = projects.ProjectFigure(project="plant", value="1", unit_of_measure="km", effective_on=NEW_YEAR)


@pytest.mark.parametrize(("units", "within"), [({"a"}, True), ({"b"}, False), (set(), False)])
def test_a_precedent_holds_within_the_callers_reach_only(units: set[str], within: bool) -> None:
    assert covers(Reach(lambda _: units, "urn:jikao:source:county"), [ENTRY], [PLANT]) is within
    assert covers(None, [ENTRY], [PLANT])


@pytest.mark.parametrize(("source", "within"), [("county", True), ("other", False)])
def test_what_another_source_said_is_not_corrected_by_precedent(source: str, within: bool) -> None:
    correction = projects.ProjectFigure(
        project="plant", value="2", unit_of_measure="km", effective_on=NEW_YEAR,
        corrects=EntryRef(source=f"urn:jikao:source:{source}", id="x", entry=0),
    )  # fmt: skip
    assert covers(Reach(lambda _: {"a"}, "urn:jikao:source:county"), [correction], [PLANT]) is within
