"""The same city kept in the PyPI package `eventsourcing`, and asked by replay: one aggregate a target, in SQLite.

This is how that library is meant to be used where nobody has written a projection: the aggregate is rebuilt from its
events. To answer as then known, the events above a position are left out, so both axes cost the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from bench.city import City

VALUE = Decimal(400)


class Target(Aggregate):
    """One target; its events are what was reported of its parts."""

    def __init__(self, code: str) -> None:
        self.code = code

    @event("Reported")
    def report(self, unit: int, value: str, on: str, position: int) -> None:
        """One entry: the level of a unit's part on a date, and the position of the submission that carried it."""


class ByReplay:
    """The city's entries, target by target."""

    def __init__(self, folder: Path, city: City) -> None:
        path = str(folder / "eventsourcing.db")
        self._app: Application[UUID] = Application(
            env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": path}
        )
        targets = [Target(f"t{n}") for n in range(city.targets)]
        self.last = 0
        for self.last, report in enumerate(city.reports()):
            for target, unit, on, value in report:
                targets[target].report(unit, value, on.isoformat(), self.last)
        self.ids = [target.id for target in targets]
        self._city = city
        for start in range(0, len(targets), 100):
            self._app.save(*targets[start : start + 100])

    def levels(self, id: UUID, as_of: str, known_at: int) -> dict[int, str]:
        """The level of each unit's part: of the latest date up to `as_of` the entry that was made last."""
        dates: dict[int, str] = {}
        found: dict[int, str] = {}
        for each in self._app.events.get(id):
            if not isinstance(each, Target.Reported):  # type: ignore[attr-defined]
                continue
            if each.position > known_at:
                break
            if each.on <= as_of and dates.get(each.unit, "") <= each.on:
                dates[each.unit], found[each.unit] = each.on, each.value
        return found

    def city(self, as_of: str, known_at: int) -> dict[int, int]:
        """How many parts of each unit reach a quarter of their target: the least that totals by unit need."""
        return self._reaching(self.ids, as_of, known_at)

    def unit(self, unit: int, as_of: str, known_at: int) -> dict[int, int]:
        """The same for the targets of one unit."""
        return self._reaching(
            (id for n, id in enumerate(self.ids) if unit in self._city.answering(n)), as_of, known_at
        )  # fmt: skip

    def history(self, target: int) -> int:
        """How many entries one target has, read one by one."""
        return sum(1 for _ in self._app.events.get(self.ids[target]))

    def _reaching(self, ids: Iterable[UUID], as_of: str, known_at: int) -> dict[int, int]:
        reached: dict[int, int] = {}
        for id in ids:
            for unit, value in self.levels(id, as_of, known_at).items():
                reached[unit] = reached.get(unit, 0) + (Decimal(value) * 4 >= VALUE)
        return reached

    def close(self) -> None:
        """Let go of the database."""
        self._app.close()
