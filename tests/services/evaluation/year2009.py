"""The example year as records of a log, without HTTP: every fact sealed, in the order in which it became known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from msgspec import UNSET

from services.evaluation.replay import Archived, Replayed, replay
from shared.contracts import TYPE_OF, organisation, projects, seal, targets
from shared.contracts.logs import ClockSet, LogOpened
from shared.contracts.owners import owner
from shared.contracts.shapes import Label, Measure, Shape
from shared.event_log.ids import event_id

DATA = Path(__file__).resolve().parents[3] / "examples" / "year2009"
LOG = "sim-01900000-0000-7000-8000-000000000000"
COUNTIES = "urn:jikao:source:counties"
NEW_YEAR = date(2009, 1, 1)


def read(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def id_of(kind: str, code: str) -> str:
    """A stable id."""
    return event_id("urn:jikao:test", f"{kind}:{code}")


def label(row: dict[str, str]) -> Label:
    return Label(zh=row["zh"], en=row.get("en", UNSET))


@dataclass
class Writing:
    """Seals facts one after another, each at the next position."""

    records: list[Archived] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    now: str = ""

    def open(self, instant: str) -> None:
        self.now = instant
        opened = LogOpened(log=LOG, jurisdiction="430300", origin=f"jikao/{LOG}", zone="Asia/Shanghai",
                           clock="simulated", instant=instant)  # fmt: skip
        self.says(opened, "log")

    def clock(self, day: str) -> None:
        """The day's evening, if it is not reached yet."""
        instant = f"{day}T18:00:00+08:00"
        if instant > self.now:
            self.now = instant
            self.says(ClockSet(instant=instant), "clock")

    def says(self, fact: Shape, stream: str) -> int:
        version = self.versions[stream] = self.versions.get(stream, 0) + 1
        return self._append(fact, owner(TYPE_OF[type(fact)]), None, stream, version)

    def reports(self, *entries: projects.Entry, id: str) -> int:
        return self._append(projects.ProgressSubmitted(entries=list(entries)), COUNTIES, id, None, None)

    def _append(self, fact: Shape, source: str, id: str | None, stream: str | None, version: int | None) -> int:
        at = len(self.records)
        value = seal(
            fact, id=id or event_id(source, str(at)), source=source, subject=stream or "progress", log=LOG,
            actor="actor", authrole="office", authscope="all", stream=stream or UNSET, streamversion=version or UNSET,
        )  # fmt: skip
        self.records.append(Archived(at, at, 1_700_000_000_000_000 + at * 1_000, value))
        return at

    def replayed(self, up_to: int | None = None) -> Replayed:
        """What the records come to."""
        return replay(self.records, len(self.records) - 1 if up_to is None else up_to)


@dataclass
class Year2009:
    """All of it, and the last position of every day on which something became known."""

    writing: Writing
    known_on: dict[str, int]


def year_2009() -> Year2009:
    """Units, groups, projects and the city's targets in January, the province's in August, progress as it came in."""
    writing = Writing()
    writing.open("2009-01-05T09:00:00+08:00")
    writing.says(targets.YearOpened(year=2009, time_progress="by_month"), "year:2009")
    for row in read("units"):
        unit = organisation.UnitRegistered(unit=id_of("unit", row["code"]), code=row["code"], name=label(row["name"]),
                                      kind=row["kind"], valid_from=date.fromisoformat(row["valid_from"]))  # fmt: skip
        writing.says(unit, f"unit:{row['code']}")
    for row in read("groups"):
        group = projects.GroupDefined(group=id_of("group", row["code"]), code=row["code"], name=label(row["name"]),
                                      parent=id_of("group", row["parent"]) if row["parent"] else UNSET,
                                      valid_from=NEW_YEAR)  # fmt: skip
        writing.says(group, f"group:{row['code']}")
    for row in read("projects"):
        for fact in project_facts(row):
            writing.says(fact, f"project:2009:{row['code']}")
    events: list[tuple[str, int, Any]] = [(row["issued_on"], 0, row) for row in read("targets")]
    events += [(row["reported_on"], 1, row) for row in read("progress")]
    events += [(row["started_on"], 2, row) for row in read("projects") if row["started_on"]]
    events.sort(key=lambda event: event[:2])
    known_on: dict[str, int] = {}
    for at, (day, what, row) in enumerate(events):
        writing.clock(day)
        if what == 0:
            for fact in target_facts(row):
                stream = f"target:2009:{row['code']}" if isinstance(fact, targets.TargetIssued) else f"a:{row['code']}"
                writing.says(fact, stream)
        elif what == 1:
            writing.reports(entry(row), id=f"e{at}")
        else:
            started = projects.ProjectStarted(project=id_of("project", row["code"]),
                                              started_on=date.fromisoformat(row["started_on"]))  # fmt: skip
            writing.says(started, f"project:2009:{row['code']}")
        known_on[day] = len(writing.records) - 1
    return Year2009(writing, known_on)


def project_facts(row: dict[str, Any]) -> Iterator[Shape]:
    """A project and its plan."""
    id = id_of("project", row["code"])
    yield projects.ProjectRegistered(
        project=id, year=2009, code=row["code"], name=label(row["name"]), level=row["level"], phase=row["phase"],
        unit=id_of("unit", row["unit"]), parent=id_of("project", row["parent"]) if row["parent"] else UNSET,
        groups=[id_of("group", code) for code in row["groups"]],
        measures=[Measure(code="investment", name=Label(zh="完成投资"), unit_of_measure="yi_yuan")],
        planned_start=date.fromisoformat(row["planned_start"]) if row["planned_start"] else UNSET,
        valid_from=NEW_YEAR,
    )  # fmt: skip
    if "planned_investment" in row:
        yield projects.ProjectPlanned(project=id, planned_investment=row["planned_investment"], effective_on=NEW_YEAR)


def target_facts(row: dict[str, Any]) -> Iterator[Shape]:
    """A target and its assignments."""
    id = id_of("target", row["code"])
    measures = row.get("measures") or [{"code": "value", "unit": row["unit"]}]
    yield targets.TargetIssued(
        target=id, year=2009, code=row["code"], name=label(row["name"]), issuer=row["issuer"],
        category=row["category"], kind=row["kind"], direction=row["direction"], value=row["value"],
        measures=[Measure(code=m["code"], name=Label(zh=m["code"]), unit_of_measure=m["unit"]) for m in measures],
        roll_up=row["roll_up"], tags=row["tags"], effective_on=date.fromisoformat(row["effective_on"]),
    )  # fmt: skip
    values = {part["unit"]: part["value"] for part in row["parts"]}
    roles = {row["lead_unit"]: "lead"} | {code: "coordination" for code in row["coordination"]}
    roles |= {code: "supporting" for code in [*row["supporting_units"], *values] if code not in roles}
    for code, role in roles.items():
        yield targets.AssignmentMade(
            assignment=id_of("assignment", f"{row['code']}:{code}"), target=id, unit=id_of("unit", code),
            role=role, value=values.get(code, UNSET), valid_from=NEW_YEAR,  # type: ignore[arg-type]
        )  # fmt: skip


def entry(row: dict[str, Any]) -> projects.Entry:
    """One row of progress."""
    on = date.fromisoformat(row["effective_on"])
    if "project" in row:
        return projects.ProjectFigure(project=row["project"], measure=row["measure"], value=row["value"],
                                      unit_of_measure=row["unit"], effective_on=on)  # fmt: skip
    return projects.TargetFigure(target=row["target"], unit=row["part"], measure=row["measure"], value=row["value"],
                                 unit_of_measure=row["unit"], effective_on=on)  # fmt: skip
