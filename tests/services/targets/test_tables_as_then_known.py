"""A target table as then known never changes when later facts arrive: whatever they are, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from sqlalchemy import Engine, MetaData, Table

from services.targets.signature import UnitTable, units_on
from shared.contracts import decomposition, organisation, target_tables, targets
from shared.contracts.shapes import Label, Measure, Shape
from shared.registry import Registry, changes, versions
from shared.sql import engine as open_engine
from shared.sql import reading, writing
from shared.year_states import YearState

NEW_YEAR = date(2009, 1, 1)
KM = Measure(code="length", name=Label(zh="里程"), unit_of_measure="km")
UNITS, TARGETS = ("transport", "county", "park"), ("roads", "jobs")
DAYS = st.dates(NEW_YEAR, date(2009, 12, 31))
ASKED = (NEW_YEAR, date(2009, 3, 1), date(2009, 7, 1), date(2009, 12, 31))


@dataclass
class Year:
    """A year's facts in their order, and the registry that they have come to."""

    facts: list[Shape] = field(default_factory=list)
    registry: Registry = field(default_factory=Registry)
    open_parts: list[str] = field(default_factory=list)

    def says(self, fact: Shape) -> None:
        for change in changes(fact, "actor", self.registry):
            self.registry.put(change.kind, change.id, change.effective_on, change.row, len(self.facts))
        self.facts.append(fact)

    def begins(self) -> None:
        self.says(targets.YearOpened(year=2009, time_progress="by_month"))
        for code in UNITS:
            self.says(organisation.UnitRegistered(unit=code, code=code, name=Label(zh=code), kind="county",
                                                  valid_from=NEW_YEAR))  # fmt: skip
        for code in TARGETS:
            self.says(
                targets.TargetIssued(
                    target=code, year=2009, code=code, name=Label(zh=code), issuer="city", category="livelihood",
                    kind="cumulative", direction="higher", value="60", measures=[KM], roll_up="sum", tags=[],
                    effective_on=NEW_YEAR,
                )
            )  # fmt: skip

    def adjusts(self, target: str, value: int, on: date) -> None:
        self.says(targets.TargetAdjusted(target=target, value=str(value), effective_on=on, reason="r"))

    def assigns(self, target: str, unit: str, value: int | None, on: date) -> None:
        part = f"part {len(self.facts)}"
        self.says(targets.AssignmentMade(assignment=part, target=target, unit=unit, role="lead", valid_from=on,
                                         value=str(value) if value else UNSET))  # fmt: skip
        self.open_parts.append(part)

    def hands_over(self, nth: int, unit: str, on: date) -> None:
        if self.open_parts:
            part, successor = self.open_parts.pop(nth % len(self.open_parts)), f"part {len(self.facts)}"
            opened = decomposition.OpenedPart(assignment=successor, unit=unit, carries=[part])
            self.says(decomposition.AssignmentHandedOver(on=on, ends=[part], opens=[opened]))
            self.open_parts.append(successor)

    def issues(self, on: date) -> None:
        tables = units_on(self.registry, 2009, on)
        if tables:
            issued = [target_tables.IssuedTable(unit=each.unit, sha256=each.sha256) for each in tables]
            self.says(target_tables.TargetTablesIssued(year=2009, on=on, position=len(self.facts) - 1, tables=issued))

    def signs(self, unit: str, on: date) -> None:
        for table in units_on(self.registry, 2009, on, frozenset({unit})):
            self.says(target_tables.TargetTableSigned(year=2009, unit=unit, sha256=table.sha256, on=on))

    def moves(self, state: YearState) -> None:
        self.says(target_tables.YearMoved(year=2009, state=state))


Act = Callable[[Year], None]


def act(name: str, *arguments: st.SearchStrategy[object]) -> st.SearchStrategy[Act]:
    return st.tuples(*arguments).map(lambda drawn: lambda year: getattr(year, name)(*drawn))


UNIT, TARGET, VALUE = st.sampled_from(UNITS), st.sampled_from(TARGETS), st.integers(1, 99)
ACTS = st.lists(
    st.one_of(
        act("adjusts", TARGET, VALUE, DAYS),
        act("assigns", TARGET, UNIT, st.none() | VALUE, DAYS),
        act("hands_over", st.integers(0, 9), UNIT, DAYS),
        act("issues", DAYS),
        act("signs", UNIT, DAYS),
        act("moves", st.sampled_from(get_args(YearState))),
    ),
    min_size=1,
    max_size=20,
)
Said = list[list[UnitTable]]


def tables(registry: Registry) -> Said:
    """Everything that can be said of every unit's table, on each of the days asked about."""
    return [units_on(registry, 2009, day) for day in ASKED]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(acts=ACTS)
def test_a_table_as_then_known_never_changes_when_later_facts_arrive(engine: Engine, acts: Sequence[Act]) -> None:
    metadata = MetaData()
    stored: Table = versions.versions_table(metadata, "_t")
    metadata.drop_all(engine)
    metadata.create_all(engine)
    year, live, then = Year(), Registry(), dict[int, Said]()
    year.begins()
    for do in (lambda _: None, *acts):
        do(year)
        then[len(year.facts) - 1] = tables(year.registry)
    with writing(engine) as db:
        for position, fact in enumerate(year.facts):
            changed = changes(fact, "actor", live)
            for change in changed:
                live.put(change.kind, change.id, change.effective_on, change.row, position)
            versions.write(db, stored, "log", ((position, change) for change in changed))
    with reading(engine) as db:
        for position, said in then.items():
            assert tables(versions.load(db, stored, "log", position)) == said
