"""A small city for reader tests: its facts as sealed records, in an order a test can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from msgspec import UNSET

from shared.canonical import sha256_hex
from shared.contracts import TYPE_OF, organisation, projects, seal, targets
from shared.contracts.logs import ClockSet, LogOpened
from shared.contracts.owners import owner
from shared.contracts.shapes import EntryRef, Label, Measure, Shape
from shared.event_log.directory import Listing, listing_record
from shared.event_log.ids import event_id, log_id
from shared.event_log.port import Topics

COUNTY_SOURCE = "urn:jikao:source:county"
ROADS = "11111111-0000-7000-8000-000000000001"
UNIT = "11111111-0000-7000-8000-000000000002"
PART = "11111111-0000-7000-8000-000000000003"
OTHER_UNIT = "11111111-0000-7000-8000-000000000004"
OTHER_PART = "11111111-0000-7000-8000-000000000005"


@dataclass
class City:
    """Writes to a real log; every write has the next stream version of its stream."""

    topics: Topics
    log: str = field(default_factory=lambda: log_id(True))
    versions: dict[str, int] = field(default_factory=dict)
    count: int = 0

    def open(self, now: str = "2009-01-05T09:00:00+08:00") -> None:
        simulated = self.log.startswith("sim-")
        opened = self.sealed(
            LogOpened(log=self.log, jurisdiction="430300", origin=f"jikao/{self.log}", zone="Asia/Shanghai",
                      clock="simulated" if simulated else "broker", instant=now if simulated else UNSET), "log"
        )  # fmt: skip
        key, listing = listing_record(Listing(self.log, "430300", 0, sha256_hex(opened)), 0)
        self.topics.listings.append_all(0, [(key, listing)])
        self.append(opened)

    def sealed(
        self, fact: Shape, stream: str | None = None, *, source: str | None = None, id: str | None = None
    ) -> bytes:
        """By the service whose fact it is, unless a source is given."""
        source = source or owner(TYPE_OF[type(fact)])
        self.count += 1
        version = None
        if stream is not None:
            version = self.versions[stream] = self.versions.get(stream, 0) + 1
        return seal(
            fact, id=id or event_id(source, str(self.count)), source=source, subject=stream or "progress", log=self.log,
            actor="actor", authrole="office", authscope="all", stream=stream or UNSET, streamversion=version or UNSET,
        )  # fmt: skip

    def append(self, *values: bytes | None) -> None:
        self.topics.events.append_all(0, [(self.log, value) for value in values])  # type: ignore[misc]

    def says(self, fact: Shape, stream: str) -> None:
        self.append(self.sealed(fact, stream))

    def clock(self, instant: str) -> None:
        self.says(ClockSet(instant=instant), "clock")

    def reports(self, *entries: projects.Entry, id: str, source: str = COUNTY_SOURCE) -> None:
        self.append(self.sealed(projects.ProgressSubmitted(entries=list(entries)), source=source, id=id))

    def issues_roads(self) -> None:
        """A target of 60 km of roads, its lead unit, and a second unit that could take over."""
        for unit, code in ((UNIT, "transport"), (OTHER_UNIT, "county")):
            self.says(
                organisation.UnitRegistered(unit=unit, code=code, name=Label(zh=code), kind="department",
                                       valid_from=date(2009, 1, 1)), f"unit:{code}"
            )  # fmt: skip
        self.says(targets.YearOpened(year=2009, time_progress="by_month"), "year:2009")
        self.says(
            targets.TargetIssued(
                target=ROADS, year=2009, code="roads", name=Label(zh="公路"), issuer="city", category="livelihood",
                kind="cumulative", direction="higher", value="60", roll_up="sum", tags=[],
                measures=[Measure(code="length", name=Label(zh="里程"), unit_of_measure="km")],
                effective_on=date(2009, 1, 1),
            ), "target:roads"
        )  # fmt: skip
        self.says(
            targets.AssignmentMade(assignment=PART, target=ROADS, unit=UNIT, role="lead", valid_from=date(2009, 1, 1)),
            "assignments:roads",
        )


def roads(value: str, on: date, *, unit_of_measure: str = "km", corrects: EntryRef | None = None) -> projects.Entry:
    """The level of the roads target."""
    return projects.TargetFigure(
        target="roads", value=value, unit_of_measure=unit_of_measure, effective_on=on, corrects=corrects or UNSET
    )
