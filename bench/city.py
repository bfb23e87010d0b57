"""A synthetic city of any size, as records of a log: units, targets with their parts, levels reported on many dates.

The usual one is a year of a large city: 2,500 targets of five parts each (12,500 series) for 90 units, and each part's
level on 26 dates, stated twice: 650,000 entries in submissions of 50. One target in ten is to be kept all year, and is,
so that every entry of it has to be looked at; one in ten has a ceiling; of one submission in a hundred an entry is
verified.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from msgspec import UNSET

from shared.canonical import sha256_hex
from shared.contracts import organisation, projects, seal, targets
from shared.contracts.evaluation import ValueVerified
from shared.contracts.logs import ClockSet, LogOpened
from shared.contracts.shapes import EntryRef, Label, Measure, Shape
from shared.event_log.directory import Listing, listing_record
from shared.event_log.ids import log_id, uuid7
from shared.event_log.port import Topics

ENTRIES = 50
"""Entries in one submission."""
YEAR = 2009
YEAR_BEGINS = date(YEAR, 1, 1)
AS_OF = date(YEAR, 7, 15)
DAYS = [date(YEAR, 1, 31) + timedelta(days=13 * n) for n in range(25)]
"""Dates for questions that nobody has asked before: nearly every figure differs from one to the next."""
JURISDICTION = "430300"
COUNTY = "urn:jikao:source:county"
VERIFIED = 100
"""Of every so manieth submission an entry is verified."""
_KINDS = {8: ("maintain", "higher", 1), 9: ("ceiling", "lower", 80)}
_CUMULATIVE = ("cumulative", "higher", 80)
"""Kind, direction, and what each part is to reach or to keep."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class City:
    """How large it is, and how often it reports."""

    targets: int = 2_500
    parts: int = 5
    units: int = 90
    dates: int = 26
    rounds: int = 2
    """How often each part states its level of each date."""

    @property
    def series(self) -> int:
        """How many lines of figures there are."""
        return self.targets * self.parts

    @property
    def entries(self) -> int:
        """How many entries it reports."""
        return self.series * self.dates * self.rounds

    def answering(self, target: int) -> list[int]:
        """The units that have a part of this target."""
        return [(target * self.parts + part) % self.units for part in range(self.parts)]

    def facts(self, log: str, jurisdiction: str = JURISDICTION) -> Iterator[tuple[Shape, str]]:
        """What stands before the first figure, each fact with its stream."""
        yield (
            LogOpened(log=log, jurisdiction=jurisdiction, origin=f"jikao/{log}", zone="Asia/Shanghai",
                      clock="simulated", instant="2009-01-05T09:00:00+08:00"), "log"
        )  # fmt: skip
        units = [uuid7() for _ in range(self.units)]
        for n, unit in enumerate(units):
            registered = organisation.UnitRegistered(
                unit=unit, code=f"u{n}", name=Label(zh="单位"), kind="county", valid_from=YEAR_BEGINS
            )
            yield registered, f"unit:{n}"
        yield targets.YearOpened(year=YEAR, time_progress="by_month"), f"year:{YEAR}"
        for n in range(self.targets):
            target = uuid7()
            kind, direction, value = _KINDS.get(n % 10, _CUMULATIVE)
            whole = value if kind == "maintain" else value * self.parts  # every part keeps what the target says
            yield (
                targets.TargetIssued(
                    target=target, year=YEAR, code=f"t{n}", name=Label(zh="目标"), issuer="city",
                    category=("economy", "government", "key_work", "livelihood", "society")[n % 5],
                    kind=kind, direction=direction, value=str(whole), roll_up="sum", tags=[],  # type: ignore[arg-type]
                    measures=[Measure(code="level", name=Label(zh="完成额"), unit_of_measure="wan_yuan")],
                    effective_on=YEAR_BEGINS,
                ), f"target:{n}"
            )  # fmt: skip
            for at in self.answering(n):
                made = targets.AssignmentMade(
                    assignment=uuid7(), target=target, unit=units[at], role="supporting", value=str(value),
                    valid_from=YEAR_BEGINS,
                )  # fmt: skip
                yield made, f"assignment:{n}:{at}"
        yield ClockSet(instant="2009-12-31T20:00:00+08:00"), "clock"

    @property
    def standing(self) -> int:
        """How many facts there are before the first figure."""
        return 3 + self.units + self.targets * (1 + self.parts)

    def reports(self) -> Iterator[list[tuple[int, int, date, str]]]:
        """Target, unit, date and value of each entry, a submission at a time: a unit's parts one after the other."""
        parts = sorted((unit, target) for target in range(self.targets) for unit in self.answering(target))
        dates = [YEAR_BEGINS + timedelta(days=(at + 1) * 364 // self.dates) for at in range(self.dates)]
        for turn in range(self.rounds):
            for at, on in enumerate(dates, 1):
                level = at * 100 // self.dates + turn
                for start in range(0, len(parts), ENTRIES):
                    yield [
                        (target, unit, on, f"{level}.{(target * 7919 + unit * 104729 + at) % 9999 + 1:04d}")
                        for unit, target in parts[start : start + ENTRIES]
                    ]

    def fill(self, topics: Topics, jurisdiction: str = JURISDICTION) -> str:
        """Write all of it to the topics, in partition 0; the log's id."""
        log = log_id(True)

        def sealed(fact: Shape, service: str, stream: str) -> bytes:
            return seal(
                fact, id=uuid7(), source=f"urn:jikao:service:{service}", subject=stream, log=log, actor=uuid7(),
                authrole="office", authscope="all", stream=stream, streamversion=1,
            )  # fmt: skip

        facts = [sealed(fact, "targets", stream) for fact, stream in self.facts(log, jurisdiction)]
        listing = Listing(log, jurisdiction, 0, sha256_hex(facts[0]))
        topics.listings.append_all(0, [listing_record(listing, 0)])
        for start in range(0, len(facts), _AT_ONCE):
            topics.events.append_all(0, [(log, value) for value in facts[start : start + _AT_ONCE]])
        waiting: list[tuple[str, bytes]] = []
        for n, report in enumerate(self.reports()):
            id = uuid7()
            entries: list[projects.Entry] = [
                projects.TargetFigure(target=f"t{target}", unit=f"u{unit}", value=value, unit_of_measure="wan_yuan",
                                      effective_on=on)
                for target, unit, on, value in report
            ]  # fmt: skip
            waiting.append((log, seal(
                projects.ProgressSubmitted(entries=entries), id=id, source=COUNTY, subject="progress", log=log,
                actor=uuid7(), authrole="office", authscope="all", stream=UNSET, streamversion=UNSET,
            )))  # fmt: skip
            if n % VERIFIED == 0:
                entry = EntryRef(source=COUNTY, id=id, entry=0)
                verified = ValueVerified(entry=entry, value=report[0][3])
                waiting.append((log, sealed(verified, "evaluation", f"value:county:{id}:0")))
            if len(waiting) >= _AT_ONCE:
                topics.events.append_all(0, waiting)
                waiting = []
        if waiting:
            topics.events.append_all(0, waiting)
        return log


SMALL = City(targets=40, parts=5, units=10, dates=5, rounds=2)
"""For a smoke test: 200 series, 2,000 entries."""


def city(quick: bool) -> City:
    """The usual one, or the one for a smoke test."""
    return SMALL if quick else City()
