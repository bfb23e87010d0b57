"""What stands, on two axes: live memory, SQL, and SQL asked about the past always agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, MetaData, Table

from shared.contracts import decomposition, organisation, targets
from shared.contracts.shapes import Label, Measure, Shape
from shared.registry import Registry, changes, versions
from shared.sql import engine as open_engine
from shared.sql import reading, writing

NEW_YEAR = date(2009, 1, 1)
KM = Measure(code="length", name=Label(zh="里程"), unit_of_measure="km")
DAYS = st.dates(date(2009, 1, 1), date(2009, 12, 31))


def issued(code: str = "roads", value: str = "60.0") -> Shape:
    return targets.TargetIssued(
        target=code, year=2009, code=code, name=Label(zh=code), issuer="city", category="livelihood",
        kind="cumulative", direction="higher", value=value, measures=[KM], roll_up="sum", tags=[],
        effective_on=NEW_YEAR,
    )  # fmt: skip


def adjusted(value: str, on: date, code: str = "roads") -> Shape:
    return targets.TargetAdjusted(target=code, value=value, effective_on=on, reason="r")


def assigned(part: str = "part", unit: str = "lead") -> Shape:
    return targets.AssignmentMade(assignment=part, target="roads", unit=unit, role="lead", valid_from=NEW_YEAR)


def fold(facts: Sequence[Shape]) -> Registry:
    registry = Registry()
    for position, fact in enumerate(facts):
        for change in changes(fact, "actor", registry):
            registry.put(change.kind, change.id, change.effective_on, change.row, position)
    return registry


def value(registry: Registry, on: date) -> str | None:
    target = registry.targets.get("roads", on)
    return target.value if target else None


def test_an_adjustment_holds_from_its_effective_date_on() -> None:
    registry = fold([issued(), adjusted("65", date(2009, 8, 12))])
    assert value(registry, date(2008, 12, 31)) is None
    assert value(registry, date(2009, 8, 11)) == "60"
    assert value(registry, date(2009, 8, 12)) == "65"


def test_a_second_decision_for_the_same_date_replaces_the_first() -> None:
    assert (
        value(fold([issued(), adjusted("65", date(2009, 8, 12)), adjusted("66", date(2009, 8, 12))]), date(2009, 9, 1))
        == "66"
    )


def test_an_adjustment_for_an_earlier_date_leaves_a_later_one_standing() -> None:
    registry = fold([issued(), adjusted("70", date(2009, 9, 1)), adjusted("65", date(2009, 3, 1))])
    assert [value(registry, date(2009, month, 1)) for month in (2, 3, 9)] == ["60", "65", "70"]


def test_a_hand_over_ends_one_part_and_opens_its_successor_on_the_same_day() -> None:
    over = decomposition.AssignmentHandedOver(
        on=date(2009, 7, 1), ends=["part"],
        opens=[decomposition.OpenedPart(assignment="next", unit="county", carries=["part"])],
    )  # fmt: skip
    parts = dict(fold([issued(), assigned(), over]).parts_of("roads"))
    assert parts["part"].valid_on(date(2009, 6, 30))
    assert not parts["part"].valid_on(date(2009, 7, 1))
    assert parts["next"].valid_on(date(2009, 7, 1))
    assert (parts["next"].follows, parts["next"].unit, parts["next"].role) == (("part",), "county", "lead")


def test_the_same_part_stands_for_one_that_was_split_in_memory_and_as_loaded_from_sql(engine: Engine) -> None:
    july = date(2009, 7, 1)
    opens = [decomposition.OpenedPart(assignment=id, unit=id, role="lead", carries=[]) for id in ("z", "b")]
    facts = [issued(), assigned(), decomposition.AssignmentHandedOver(on=july, ends=["part"], opens=opens)]
    metadata = MetaData()
    table: Table = versions.versions_table(metadata, "_split")
    metadata.drop_all(engine)
    metadata.create_all(engine)
    live, changed = Registry(), []
    for position, fact in enumerate(facts):
        for change in changes(fact, "actor", live):
            live.put(change.kind, change.id, change.effective_on, change.row, position)
            changed.append((position, change))
    with writing(engine) as db:
        versions.write(db, table, "log", changed)
    with reading(engine) as db:
        loaded = versions.load(db, table, "log", len(facts))
    assert [each.standing_for("part", "roads", july) for each in (live, loaded)] == ["b", "b"]


def test_units_below_a_unit_are_found_at_any_depth() -> None:
    def unit(code: str, parent: str | None = None) -> Shape:
        more = {"parent": parent} if parent else {}
        return organisation.UnitRegistered(
            unit=code, code=code, name=Label(zh=code), kind="county", valid_from=NEW_YEAR, **more
        )

    registry = fold([unit("city"), unit("county", "city"), unit("town", "county"), unit("other")])
    assert registry.below("county") == {"county", "town"}
    assert registry.below("city") == {"city", "county", "town"}


def test_what_is_below_a_unit_depends_on_the_date_and_what_has_ended_stays_where_it_was() -> None:
    def unit(code: str, parent: str | None = None, since: date = NEW_YEAR) -> Shape:
        more = {"parent": parent} if parent else {}
        return organisation.UnitRegistered(
            unit=code, code=code, name=Label(zh=code), kind="county", valid_from=since, **more
        )

    july, october = date(2009, 7, 1), date(2009, 10, 1)
    registry = fold([
        unit("a"), unit("b"), unit("town", "a"), unit("new", "b", october),
        organisation.UnitMoved(unit="town", parent="b", on=july, reason="r"),
        organisation.UnitEnded(unit="town", on=october, successors=["new"], reason="r"),
    ])  # fmt: skip
    assert (registry.below("a", NEW_YEAR), registry.below("b", NEW_YEAR)) == ({"a", "town"}, {"b"})
    assert (registry.below("a", july), registry.below("b", july)) == ({"a"}, {"b", "town"})
    assert registry.below("b", october) == {"b", "town", "new"}
    assert registry.inherited({"new"}, july) == {"new"}
    assert registry.inherited({"new"}, october) == {"new", "town"}
    assert (registry.unit_on("town", july) is None, registry.unit_on("town", october)) == (False, None)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


HISTORY = st.lists(
    st.one_of(
        st.builds(adjusted, st.sampled_from(["61", "62", "63"]), DAYS),
        st.builds(
            lambda month, locked: (targets.PeriodLocked if locked else targets.PeriodUnlocked)(
                year=2009, month=month, reason="r"
            ),
            st.integers(1, 12), st.booleans(),
        ),
    ),
    max_size=12,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(more=HISTORY, batch=st.integers(1, 5), on=DAYS)
def test_sql_gives_the_registry_of_any_position_whatever_came_later(
    engine: Engine, more: list[Shape], batch: int, on: date
) -> None:
    facts = [issued(), assigned(), *more]
    metadata = MetaData()
    table: Table = versions.versions_table(metadata, "_t")
    metadata.drop_all(engine)
    metadata.create_all(engine)
    live = Registry()
    for start in range(0, len(facts), batch):
        changed = []
        for position, fact in enumerate(facts[start : start + batch], start):
            for change in changes(fact, "actor", live):
                live.put(change.kind, change.id, change.effective_on, change.row, position)
                changed.append((position, change))
        with writing(engine) as db:
            versions.write(db, table, "log", changed)
    with reading(engine) as db:
        for position in range(len(facts)):
            then, expected = versions.load(db, table, "log", position), fold(facts[: position + 1])
            assert value(then, on) == value(expected, on)
            assert then.targets.history("roads") == expected.targets.history("roads")
            assert {id: then.locks.latest(id) for id in then.locks} == {
                id: expected.locks.latest(id) for id in expected.locks
            }
            assert versions.last_change(db, table, "log", position) == position
