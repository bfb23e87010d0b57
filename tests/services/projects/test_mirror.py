"""The door's copy of a registry: what the reader tells while nobody visits is bounded."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.projects import mirror
from services.projects.door import Door
from shared.contracts import organisation, targets
from shared.contracts.shapes import Label
from shared.projections import ReadSide
from tests.services.projects.conftest import Town, figure, second_part


def registers(town: Town, count: int) -> None:
    """That many changes of the registry."""
    for n in range(count):
        id = f"22222222-0000-7000-8000-{n:012d}"
        town.city.says(
            organisation.UnitRegistered(
                unit=id, code=f"u{n}", name=Label(zh="局"), kind="department", valid_from=date(2009, 1, 1)
            ),
            f"unit:u{n}",
        )


def door_of(town: Town) -> Door:
    door: Door = town.client.app.state.door  # type: ignore[attr-defined]
    return door


def test_a_copy_that_nobody_visits_is_dropped_and_loaded_again(any_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "MOST_TOLD", 3)
    town = any_town
    assert town.submit(figure()).status_code == 202
    copies = door_of(town).mirror
    registers(town, 3)
    town.caught_up()
    kept = copies.of(town.city.log)
    assert kept is not None
    assert kept.registry.unit_id("u2") is not None
    second_part(town.city)
    for code in ("v0", "v1", "v2"):
        town.city.says(targets.SourceRegistered(source=code, client="county-client"), f"source:{code}")
    town.caught_up()
    assert copies.of(town.city.log) is None
    assert town.submit(figure(unit="county")).status_code == 202
    fresh = copies.of(town.city.log)
    assert fresh is not None
    assert fresh is not kept
    assert "v2" in fresh.registry.sources


def test_a_visit_whose_copy_was_dropped_meanwhile_judges_by_a_fresh_one(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert town.submit(figure()).status_code == 202
    monkeypatch.setattr(mirror, "MOST_TOLD", 0)
    reached_end = ReadSide.reached_end

    async def after_much_has_happened(read_side: ReadSide, *asked: Any) -> None:
        second_part(town.city)
        await reached_end(read_side, *asked)

    monkeypatch.setattr(ReadSide, "reached_end", after_much_has_happened)
    assert town.submit(figure(unit="county")).status_code == 202


def test_what_is_told_again_takes_no_room(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    assert town.submit(figure()).status_code == 202
    kept = door_of(town).mirror.of(town.city.log)
    monkeypatch.setattr(mirror, "MOST_TOLD", 1)
    assert town.service.read_side.rebuild().switched
    assert door_of(town).mirror.of(town.city.log) is kept
