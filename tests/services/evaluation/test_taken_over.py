"""What was known before is taken over, not read or worked out again: the outcome must be the same as from nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from services.evaluation.plans import Plan, Plans, plan_of
from shared.projections import ReadSide
from shared.registry import Registry, versions
from tests.services.evaluation.served import Served, served
from tests.services.evaluation.year2009 import LOG

DAYS = (date(2009, 2, 1), date(2009, 7, 31), date(2009, 12, 31))


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("taken-over")) as city:
        assert city.get("/completion").status_code == 200  # so all of it has been read
        yield city


def positions(city: Served) -> list[int]:
    """Every seventh, so that most steps change something and none changes all."""
    return list(range(0, len(city.year.writing.records), 7))


def loaded(city: Served, at: int, earlier: tuple[int, Registry] | None = None) -> Registry:
    read_side: ReadSide = city.client.app.state.service.read_side  # type: ignore[attr-defined]
    with read_side.reading() as (db, tables):
        return versions.load(db, tables.core.versions, LOG, at, earlier)


def told(registry: Registry) -> dict[str, Any]:
    """All that it says, in an order of our own."""
    kinds = {kind: {id: of.history(id) for id in sorted(of)} for kind, of in registry._kinds.items()}
    parts = {id: sorted(registry.parts_of(id), key=lambda part: part[0]) for id in registry.targets}
    locked = {(month, id): registry.locked(2009, month, id) for month in range(1, 13) for id in registry.targets}
    subs = {id: sorted(registry.subs_of(id)) for id in registry.projects}
    return {"kinds": kinds, "parts": parts, "locked": locked, "subs": subs, "codes": registry._by_code}


def test_a_registry_made_of_an_earlier_one_says_the_same_as_one_read_from_the_beginning(city: Served) -> None:
    earlier: tuple[int, Registry] | None = None
    for at in positions(city):
        registry = loaded(city, at, earlier)
        assert told(registry) == told(loaded(city, at))
        earlier = at, registry


def test_what_is_put_into_a_copy_does_not_show_in_the_registry_it_was_made_of(city: Served) -> None:
    at = len(city.year.writing.records) - 1
    registry = loaded(city, at // 3)
    before = told(registry)
    taken_further = loaded(city, at, (at // 3, registry))
    assert told(taken_further) != before
    assert told(registry) == before


def test_a_plan_made_of_an_earlier_one_is_the_same_as_one_worked_out_anew(city: Served) -> None:
    plans, registry = Plans(), loaded(city, 0)
    known, kept = 0, 0
    for at in positions(city):
        registry, known = loaded(city, at, (known, registry) if at else None), at
        for day in DAYS:
            plan, anew = plans.of(registry, 2009, day), plan_of(registry, 2009, day)
            assert content(plan) == content(anew)
            kept += sum(target is not anew.targets[id] for id, target in plan.targets.items())
    assert kept  # else nothing was ever taken over, and this proves nothing


def content(plan: Plan) -> tuple[object, ...]:
    """The plan without the registry that it stands on."""
    return plan.holds_from, plan.holds_until, plan.units, plan.targets, plan.of_unit, plan.coordinated
