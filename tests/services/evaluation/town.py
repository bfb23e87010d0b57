"""A small registry and small levels, built by hand, for worked values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from services.evaluation.ledger import LedgerRow, Level, Levels
from shared.admission.verdicts import EntryKey, Series
from shared.contracts.shapes import Label, Measure
from shared.contracts.target_kinds import Band, Step
from shared.registry import Registry, rows

NEW_YEAR = date(2009, 1, 1)
JULY = date(2009, 7, 31)
AUGUST = date(2009, 8, 31)
ZH = Label(zh="名")


@dataclass
class Town(Levels):
    """Targets and projects are named by their codes, which are their ids too; a part is `target:unit`."""

    registry: Registry = field(default_factory=Registry)
    entries: list[Level] = field(default_factory=list)
    known_at: int = 1_000

    def __post_init__(self) -> None:
        self.registry.put("year", "2009", NEW_YEAR, rows.AssessmentYear(time_progress="by_month"), 1)

    def unit(self, code: str) -> None:
        unit = rows.Unit(code=code, name=ZH, kind="department", parent=None, valid_from=NEW_YEAR)
        self.registry.put("unit", code, NEW_YEAR, unit, 1)

    def target(
        self, code: str, value: str, parts: Sequence[tuple[str, str | None]] = (("lead", None),), *,
        kind: str = "cumulative", direction: str = "higher", roll_up: str = "sum", unit_of_measure: str = "km",
        measures: Sequence[str] = ("value",), on: date = NEW_YEAR, tags: tuple[str, ...] = (),
        steps: Sequence[Step] = (), bands: Sequence[Band] = (), withdrawn: bool = False,
    ) -> None:  # fmt: skip
        """The first of `parts` (unit, own value) leads."""
        target = rows.Target(
            year=2009,
            code=code,
            name=ZH,
            issuer="city",
            category="economy",
            kind=cast(Any, kind),
            direction=cast(Any, direction),
            value=value,
            roll_up=cast(Any, roll_up),
            tags=tags,
            weight=None,
            points=None,
            indicator=None,
            measures=tuple(Measure(code=m, name=ZH, unit_of_measure=unit_of_measure) for m in measures),
            steps=tuple(steps),
            bands=tuple(bands),
            withdrawn=withdrawn,
        )
        new = code not in self.registry.targets
        self.registry.put("target", code, on, target, 1)
        for at, (unit, own) in enumerate(parts if new else ()):
            if unit not in self.registry.units:
                self.unit(unit)
            self.part(code, unit, own, "supporting" if at else "lead")

    def part(
        self, target: str, unit: str, value: str | None, role: str, *, valid_from: date = NEW_YEAR,
        valid_until: date | None = None, follows: Sequence[str] = (), carries: Sequence[str] = (),
        below: str | None = None,
    ) -> None:  # fmt: skip
        part = rows.Assignment(
            target=target, unit=unit, role=role, value=value, valid_from=valid_from,  # type: ignore[arg-type]
            valid_until=valid_until, follows=tuple(follows), carries=tuple(carries), below=below,
        )  # fmt: skip
        self.registry.put("assignment", f"{target}:{unit}", valid_from, part, 1)

    def group(self, code: str, parent: str | None = None, on: date = NEW_YEAR) -> None:
        self.registry.put("group", code, on, rows.Group(code=code, name=ZH, parent=parent), 1)

    def project(
        self, code: str, plan: str | None, *, groups: tuple[str, ...] = (), parent: str | None = None,
        level: str = "municipal", phase: str = "new", planned_start: date | None = None,
        started_on: date | None = None, unit_of_measure: str = "yi_yuan", on: date = NEW_YEAR,
    ) -> None:  # fmt: skip
        project = rows.Project(
            year=2009, code=code, name=ZH, level=level, phase=phase, unit="lead", parent=parent, groups=groups,
            measures=(Measure(code="investment", name=ZH, unit_of_measure=unit_of_measure),),
            planned_start=planned_start, valid_from=on,
        )  # fmt: skip
        self.registry.put("project", code, on, project, 1)
        if plan is not None:
            self.registry.put("plan", code, on, rows.Plan(planned_investment=plan), 1)
        if started_on is not None:
            self.registry.put("start", code, date(1, 1, 1), rows.Start(started_on=started_on), 1)

    def reports(
        self, target: str, unit: str, value: str, on: date = JULY, *, measure: str = "value",
        verified: str | None = None, certified: str | None = None,
    ) -> None:  # fmt: skip
        self._entry(Series(2009, "target", target, measure, f"{target}:{unit}"), value, on, verified, certified)

    def invests(self, project: str, value: str, on: date = JULY) -> None:
        self._entry(Series(2009, "project", project, "investment", project), value, on, None, None)

    def _entry(self, series: Series, value: str, on: date, verified: str | None, certified: str | None) -> None:
        key = EntryKey(100 + len(self.entries), 0)
        source = "urn:jikao:source:s"
        self.entries.append(Level(series, on, key, source, f"e{key.position}", value, verified, certified))

    def latest(self, as_of: date, year: int | None = None) -> dict[Series, Level]:
        found: dict[Series, Level] = {}
        for level in sorted(self.entries, key=lambda level: level.effective_on):
            if level.effective_on <= as_of:
                found[level.series] = level
        return found

    def latest_of(self, subject_ids: Collection[str], as_of: date) -> dict[Series, Level]:
        latest = self.latest(as_of)
        return {series: level for series, level in latest.items() if series.subject_id in subject_ids}

    def history(self, subject_id: str) -> list[LedgerRow]:
        return [
            LedgerRow(level.series, level.effective_on, level.key, level.source, level.event_id, level.reported,
                      level.key.position, None, ())
            for level in self.entries if level.series.subject_id == subject_id
        ]  # fmt: skip
