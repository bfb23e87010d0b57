"""Whatever is ordered of units: on no date is one above itself, and what was known then is never told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, MetaData

from services.targets.unit import RegisterUnit, RenameUnit, Unit, register_unit, rename_unit, unit_stream
from services.targets.unit_tree import EndUnit, MoveUnit, end_unit, move_unit
from shared.contracts.shapes import Label
from shared.deciding import Fact
from shared.errors import Refusal
from shared.registry import Change, Registry, changes, versions
from shared.sql import engine as open_engine
from shared.sql import reading, writing

FIRST = date(2009, 1, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(6)]
CODES = ["a", "b", "c", "d", "e"]
Units = dict[str, Unit]
Order = Callable[[Units], tuple[str, Sequence[Fact]]]
"""The unit whose stream it is about, and what the rule says."""


def registering(code: str, parent: str | None, on: date) -> Order:
    command = RegisterUnit(code, code, Label(zh=code), "town", parent, on)
    return lambda units: (code, register_unit(command, units[code], units[parent] if parent else None))


def renaming(code: str, name: str, on: date) -> Order:
    return lambda units: (code, rename_unit(RenameUnit(code, Label(zh=name), on, "r"), units[code]))


def moving(code: str, parent: str | None, on: date) -> Order:
    command = MoveUnit(code, parent, on, "r")
    return lambda units: (code, move_unit(command, units[code], units[parent] if parent else None, registered(units)))


def ending(code: str, successors: list[str], on: date) -> Order:
    command = EndUnit(code, on, tuple(successors), "r")
    return lambda units: (code, end_unit(command, units[code], [units[s] for s in successors], registered(units)))


def registered(units: Units) -> Units:
    return {code: unit for code, unit in units.items() if unit.id is not None}


def ordered(orders: Sequence[Order]) -> list[Fact]:
    """The facts of the orders that were not refused; ids are codes."""
    units, facts = dict.fromkeys(CODES, Unit()), list[Fact]()
    for order in orders:
        try:
            code, decided = order(units)
        except Refusal:
            continue
        for fact in decided:
            units[code] = unit_stream(code).evolve(units[code], fact.data)
            facts.append(fact)
    return facts


CODE, DAY = st.sampled_from(CODES), st.sampled_from(DAYS)
ORDERS = st.lists(
    st.one_of(
        st.builds(moving, CODE, st.one_of(st.none(), CODE), DAY),
        st.builds(moving, CODE, CODE, DAY),
        st.builds(renaming, CODE, st.sampled_from(["x", "y"]), DAY),
        st.builds(ending, CODE, st.lists(CODE, max_size=2), DAY),
    ),
    max_size=25,
)
BEGUN = st.lists(st.builds(registering, CODE, st.one_of(st.none(), CODE), st.sampled_from(DAYS[:2])), max_size=8).map(
    lambda more: [registering("a", None, FIRST), registering("b", "a", FIRST), registering("c", "b", FIRST), *more]
)


def told(registry: Registry) -> list[object]:
    """The tree of every date, in full."""
    return [
        (day, id, row.name.zh, row.parent, row.ended_on, row.successors)
        for day in DAYS for id, row in sorted(registry.units.on(day))
    ]  # fmt: skip


def taken_in(registry: Registry, position: int, fact: Fact) -> list[tuple[int, Change]]:
    made = changes(fact.data, "actor", registry)
    for change in made:
        registry.put(change.kind, change.id, change.effective_on, change.row, position)
    return [(position, change) for change in made]


@settings(max_examples=300)
@given(begun=BEGUN, orders=ORDERS)
def test_on_no_date_is_a_unit_above_itself_or_below_one_that_does_not_stand(
    begun: list[Order], orders: list[Order]
) -> None:
    registry = Registry()
    for position, fact in enumerate(ordered([*begun, *orders])):
        taken_in(registry, position, fact)
    for day in DAYS:
        standing = {id: row for id, row in registry.units.on(day) if row.ended_on is None}
        for id, row in standing.items():
            assert row.parent is None or row.parent in standing, (day, id)
            above, seen = row.parent, {id}
            while above is not None:
                assert above not in seen, (day, id, above)
                seen.add(above)
                above = standing[above].parent


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(begun=BEGUN, orders=ORDERS, batch=st.integers(1, 4))
def test_the_tree_as_then_known_never_changes_when_later_facts_arrive(
    engine: Engine, begun: list[Order], orders: list[Order], batch: int
) -> None:
    facts, live, then = ordered([*begun, *orders]), Registry(), list[list[object]]()
    metadata = MetaData()
    table = versions.versions_table(metadata, "_t")
    metadata.drop_all(engine)
    metadata.create_all(engine)
    for start in range(0, len(facts), batch):
        written = []
        for position, fact in enumerate(facts[start : start + batch], start):
            written += taken_in(live, position, fact)
            then.append(told(live))
        with writing(engine) as db:
            versions.write(db, table, "log", written)
    with reading(engine) as db:
        for position, expected in enumerate(then):
            assert told(versions.load(db, table, "log", position)) == expected
