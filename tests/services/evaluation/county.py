"""A log with two targets, filled with whatever a test makes up: several logs may lie in one topic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import count

from msgspec import UNSET
from sqlalchemy import Connection, Engine, MetaData

from services.evaluation.main import tables
from services.evaluation.tables import ARCHIVE
from shared.canonical import sha256_hex
from shared.contracts import decomposition, earlier, projects, targets
from shared.contracts.evaluation import ValueCertified, ValueReturned, ValueVerified
from shared.contracts.logs import LogOpened
from shared.contracts.shapes import EntryRef, Label, Measure, Shape
from shared.event_log.directory import Directory, Listing, listing_record
from shared.event_log.port import Topics
from shared.projections import Folded, LogFold, ProjectionSet, Reader
from tests.shared.projections.city import COUNTY_SOURCE, OTHER_PART, OTHER_UNIT, PART, ROADS, UNIT, City

JOBS = "11111111-0000-7000-8000-000000000011"
JOBS_LEAD = "11111111-0000-7000-8000-000000000012"
JOBS_SUPPORTING = "11111111-0000-7000-8000-000000000013"
JOBS_MERGED = "11111111-0000-7000-8000-000000000014"
NEW_YEAR = date(2009, 1, 1)

_JURISDICTIONS: Iterator[int] = count(100_000)


@dataclass
class County(City):
    """Roads (one part, perhaps handed over) and jobs (two parts). Facts wait until `send`."""

    jurisdiction: str = field(default_factory=lambda: str(next(_JURISDICTIONS)))
    waiting: list[bytes | None] = field(default_factory=list)
    handed_over: bool = False
    merged: bool = False
    sent: list[EntryRef] = field(default_factory=list)

    def open(self, now: str = "2009-01-05T09:00:00+08:00") -> None:
        opened = self.sealed(
            LogOpened(log=self.log, jurisdiction=self.jurisdiction, origin=f"jikao/{self.log}", zone="Asia/Shanghai",
                      clock="simulated", instant=now), "log"
        )  # fmt: skip
        listing = Listing(self.log, self.jurisdiction, 0, sha256_hex(opened))
        self.topics.listings.append_all(0, [listing_record(listing, 0)])
        self.append(opened)
        self.issues_roads()
        self._issues_jobs()
        self.clock("2009-12-31T20:00:00+08:00")
        self.send()

    def append(self, *values: bytes | None) -> None:
        self.waiting += values

    def send(self) -> None:
        """Write what waits."""
        super().append(*self.waiting)
        self.waiting = []

    def sends(self, entries: list[projects.Entry], *, reuse: bool = False) -> None:
        """Report under an id of its own, or (`reuse`) under the last one, which was something else's."""
        id = self.sent[-1].id if reuse and self.sent else f"s{len(self.sent)}"
        self.reports(*entries, id=id)
        self.sent += [ref(id, at) for at in range(len(entries))]

    def nth(self, back: int) -> EntryRef:
        """An entry sent before, counted from the last one; one that never was, before the first."""
        return self.sent[-1 - back % len(self.sent)] if self.sent else ref("never")

    def stands(self, fact: ValueVerified | ValueCertified | ValueReturned) -> None:
        """A fact about an entry, whether or not it is current: the fold judges."""
        self.append(self.sealed(fact))

    def hands_over_roads(self, on: date, carries_levels: bool) -> None:
        """Once: afterwards the roads are another unit's part. Told as it was before several could be handed over."""
        if not self.handed_over:
            self.handed_over = True
            self.says(
                earlier.AssignmentHandedOver(
                    assignment=PART, successor=OTHER_PART, unit=OTHER_UNIT, on=on, carries_levels=carries_levels
                ), "assignments:roads"
            )  # fmt: skip

    def merges_jobs(self, on: date, carries: list[str]) -> None:
        """Once: the second unit takes over the lead's part and keeps its own, as one."""
        if not self.merged:
            self.merged = True
            merged = decomposition.OpenedPart(
                assignment=JOBS_MERGED, unit=OTHER_UNIT, role="lead", value="60000", carries=carries
            )
            fact = decomposition.AssignmentHandedOver(on=on, ends=[JOBS_LEAD, JOBS_SUPPORTING], opens=[merged])
            self.says(fact, "assignments:jobs")

    def _issues_jobs(self) -> None:
        self.says(
            targets.TargetIssued(
                target=JOBS, year=2009, code="jobs", name=Label(zh="就业"), issuer="city", category="livelihood",
                kind="cumulative", direction="higher", value="60000", roll_up="sum", tags=[], effective_on=NEW_YEAR,
                measures=[Measure(code="persons", name=Label(zh="人数"), unit_of_measure="person"),
                          Measure(code="money", name=Label(zh="金额"), unit_of_measure="wan_yuan")],
            ), "target:jobs"
        )  # fmt: skip
        for assignment, unit, role, value in (
            (JOBS_LEAD, UNIT, "lead", None), (JOBS_SUPPORTING, OTHER_UNIT, "supporting", "20000"),
        ):  # fmt: skip
            made = targets.AssignmentMade(assignment=assignment, target=JOBS, unit=unit, role=role,  # type: ignore[arg-type]
                                          valid_from=NEW_YEAR, value=value or UNSET)  # fmt: skip
            self.says(made, "assignments:jobs")


@dataclass
class Overheard:
    """A projection that only listens: what the judge said, for models to be told the same."""

    folded: dict[str, list[Folded]] = field(default_factory=dict)

    def project(self, db: Connection, log: LogFold, batch: Sequence[Folded]) -> None:
        self.folded.setdefault(log.place.log, []).extend(batch)


@dataclass
class ReadSide:
    """One generation, read by a reader of its own."""

    into: ProjectionSet
    reader: Reader
    overheard: Overheard


def read_side(engine: Engine, topics: Topics, suffix: str) -> ReadSide:
    """The evaluation service's own tables, with an ear to the judge."""
    metadata = MetaData()
    made = tables(metadata, suffix)
    overheard = Overheard()
    into = ProjectionSet(suffix, made.core, (*made.projections, overheard), index=made.index)
    metadata.create_all(engine)
    ARCHIVE.records.metadata.create_all(engine)
    return ReadSide(into, Reader(engine, topics.events, Directory(topics.listings), 0, into), overheard)


def ref(id: str, entry: int = 0) -> EntryRef:
    return EntryRef(source=COUNTY_SOURCE, id=id, entry=entry)


__all__ = [
    "COUNTY_SOURCE", "JOBS", "JOBS_LEAD", "JOBS_MERGED", "JOBS_SUPPORTING", "OTHER_PART", "OTHER_UNIT", "PART",
    "ROADS", "UNIT", "County", "Overheard", "ReadSide", "Shape", "projects", "read_side", "ref",
]  # fmt: skip
