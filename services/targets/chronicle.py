"""A target's whole history as sentences: issued, assigned, raised from 36 to 40, handed over, withdrawn. Pure.

Facts are told in the order of the log; a sentence says what the fact changed, so each is told with what stood before
it. What the province asks is told where an alignment changed it: its edition set the floor. Units are named as they
were called then, days as people write them: in Chinese without the year where it is the assessment year.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from msgspec import UnsetType

from services.targets.alignment import Demand, Floor, undercuts
from shared.contracts.decomposition import AssignmentHandedOver, DecompositionStated
from shared.contracts.shapes import Shape
from shared.contracts.target_tables import TargetTableSigned, TargetTablesIssued
from shared.contracts.targets import (
    AdjustmentApproved,
    AdjustmentRefused,
    AdjustmentRequested,
    AdjustmentReviewed,
    AssignmentMade,
    Direction,
    PeriodLocked,
    PeriodUnlocked,
    TargetAdjusted,
    TargetIssued,
    TargetWithdrawn,
)
from shared.quantities import NOT_CONVERTIBLE, UNITS, canonical_text, convert_text, parse

Happening = Literal[
    "issued", "assigned", "handed_over", "decomposed", "adjustment_requested", "adjustment_reviewed",
    "adjustment_approved", "adjustment_refused", "raised", "cut", "adjusted", "withdrawn", "month_locked",
    "month_unlocked", "tables_issued", "table_signed", "province_asked", "province_changed", "province_ended",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Named:
    """A unit that the reader may see, as it was called then; `en` is the Chinese name where there is no other."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact, or what an alignment found that the province asks (None: nothing any more), at its place in the log.

    `recorded_at` is in microseconds since 1970; `role` is that of whoever decided it.
    """

    position: int
    recorded_at: int
    effective_on: date | None
    role: str
    what: Shape | Demand | None


NameOf = Callable[[str, Stated], Named | None]
"""A unit (its id) as it was called when something was stated; None where the reader may not see it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the history. `from_value` and `to_value` are in the target's unit of measure.

    `units` are the codes of the units it is about; `edition` is that of the province's catalogue whose target stood
    then (or, of a line about the province, from then on).
    """

    position: int
    recorded_at: int
    effective_on: date | None
    role: str
    happened: Happening
    sentence: Sentence
    units: tuple[str, ...] = ()
    from_value: str | None = None
    to_value: str | None = None
    reason: str | None = None
    request: str | None = None
    month: int | None = None
    edition: int | None = None
    evidence: tuple[str, ...] = ()


@dataclass(slots=True)
class _Told:
    """What stands, as far as the history is told."""

    unit_of: NameOf
    whole: bool
    """May the reader see all units?"""
    year: int = 0
    direction: Direction = "higher"
    unit_of_measure: str = ""
    values: list[tuple[date, str]] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    asked: dict[str, AdjustmentRequested] = field(default_factory=dict)
    province: Demand | None = None

    def value_on(self, day: date) -> str:
        """The target's value on a day, as told so far."""
        return max((each for each in self.values if each[0] <= day), default=self.values[0], key=lambda at: at[0])[1]

    def set_value(self, day: date, value: str) -> None:
        """Another value from a day on."""
        self.values = [each for each in self.values if each[0] != day] + [(day, value)]

    def day(self, day: date) -> str:
        """A day for people, in Chinese."""
        return f"{day.month}月{day.day}日" if day.year == self.year else f"{day.year}年{day.month}月{day.day}日"

    def zh(self, value: str) -> str:
        """A value for people."""
        return f"{value}{UNITS[self.unit_of_measure].zh}"

    def en(self, value: str) -> str:
        """A value for people."""
        return f"{value} {UNITS[self.unit_of_measure].en}"


def tell(stated: Iterable[Stated], unit_of: NameOf, *, whole: bool) -> list[Line]:
    """The history, in the order of the log.

    Lines that are only about units which the reader may not see are left out. `whole`: the reader may see all units.
    """
    told = _Told(unit_of, whole)
    return [line for each in sorted(stated, key=_place) for line in _lines(each, told)]


def _place(stated: Stated) -> tuple[int, bool]:
    return stated.position, isinstance(stated.what, Demand) or stated.what is None


def _lines(at: Stated, told: _Told) -> Iterator[Line]:
    """The line of one fact, and what stands after it."""
    match at.what:
        case Demand() | None:
            yield _province(at, at.what, told)
        case TargetIssued() as fact:
            yield _issued(at, fact, told)
        case TargetAdjusted() as fact:
            yield _adjusted(at, fact, told)
        case TargetWithdrawn() as fact:
            yield _line(
                at, "withdrawn", f"自{told.day(fact.on)}起撤销", f"withdrawn from {_en(fact.on)} on", told,
                reason=fact.reason, evidence=tuple(fact.evidence),
            )  # fmt: skip
        case AssignmentMade() | AssignmentHandedOver() as fact:
            yield from _parts(at, fact, told)
        case DecompositionStated() as fact:
            yield from _decomposed(at, fact, told)
        case AdjustmentRequested() | AdjustmentReviewed() | AdjustmentApproved() | AdjustmentRefused() as fact:
            yield from _request(at, fact, told)
        case PeriodLocked() | PeriodUnlocked() as fact:
            yield _lock(at, fact, told)
        case TargetTablesIssued() | TargetTableSigned() as fact:
            yield from _table(at, fact, told)
        case _:
            return


def _issued(at: Stated, fact: TargetIssued, told: _Told) -> Line:
    told.year, told.direction = fact.year, fact.direction
    told.unit_of_measure = "percent" if fact.kind == "milestone" else fact.measures[0].unit_of_measure
    value = canonical_text(fact.value)
    told.values = [(fact.effective_on, value)]
    return _line(
        at, "issued", f"下达,自{told.day(fact.effective_on)}起目标值为{told.zh(value)}",
        f"issued with {told.en(value)} from {_en(fact.effective_on)} on", told, to_value=value,
    )  # fmt: skip


def _adjusted(at: Stated, fact: TargetAdjusted, told: _Told) -> Line:
    before, after = told.value_on(fact.effective_on), canonical_text(fact.value)
    told.set_value(fact.effective_on, after)
    more = parse(after) > parse(before)
    happened: Happening = "adjusted" if parse(after) == parse(before) else "raised" if more else "cut"
    zh, en = {"raised": ("上调", "raised"), "cut": ("下调", "cut")}.get(happened, ("调整", "adjusted"))
    by_zh, by_en, beside = "", "", ""
    if told.province is not None:
        edition = told.province.edition
        if _set_by(told.province, before, after, told):
            by_zh, by_en = f"按省级目录第{edition}版", f" by edition {edition} of the province's catalogue"
        else:
            beside, by_en = (
                f"(省级目录第{edition}版有此目标)",
                f" (edition {edition} of the province's catalogue asks for it)",
            )
    return _line(
        at, happened, f"自{told.day(fact.effective_on)}起{by_zh}由{before}{zh}为{told.zh(after)}{beside}",
        f"{en} from {before} to {told.en(after)} from {_en(fact.effective_on)} on{by_en}", told,
        from_value=before, to_value=after, reason=fact.reason,
    )  # fmt: skip


def _parts(at: Stated, fact: AssignmentMade | AssignmentHandedOver, told: _Told) -> Iterator[Line]:
    if isinstance(fact, AssignmentMade):
        told.parts[fact.assignment] = fact.unit
        unit = told.unit_of(fact.unit, at)
        value = None if isinstance(fact.value, UnsetType) else canonical_text(fact.value)
        if unit is not None:
            zh, en = _ROLES[fact.role]
            with_zh, with_en = (f",承担{told.zh(value)}", f" with {told.en(value)}") if value is not None else ("", "")
            yield _line(
                at, "assigned", f"自{told.day(fact.valid_from)}起由{unit.zh}{zh}{with_zh}",
                f"assigned to {unit.en} ({en}){with_en} from {_en(fact.valid_from)} on", told, units=(unit,),
                to_value=value,
            )  # fmt: skip
        return
    before = [told.parts.get(id) for id in fact.ends]
    told.parts |= {opened.assignment: opened.unit for opened in fact.opens}
    old = [None if unit is None else told.unit_of(unit, at) for unit in before]
    new = [told.unit_of(opened.unit, at) for opened in fact.opens]
    units = tuple(dict.fromkeys(unit for unit in (*old, *new) if unit is not None))
    if units:
        from_zh, to_zh = ("、".join(_each(side, "zh", "其他单位")) for side in (old, new))
        from_en, to_en = (" and ".join(_each(side, "en", "another unit")) for side in (old, new))
        yield _line(
            at, "handed_over", f"自{told.day(fact.on)}起由{from_zh}移交{to_zh}",
            f"handed over from {from_en} to {to_en} on {_en(fact.on)}", told, units=units,
            reason=None if isinstance(fact.reason, UnsetType) else fact.reason,
        )  # fmt: skip


def _decomposed(at: Stated, fact: DecompositionStated, told: _Told) -> Iterator[Line]:
    """Of the whole target everybody is told, of a part who may see its unit.

    What is held in reserve, and why, only who may see all units: it tells what the parts of others come to.
    """
    of_unit = None if isinstance(fact.part, UnsetType) else told.parts.get(fact.part)
    unit = None if of_unit is None else told.unit_of(of_unit, at)
    if of_unit is not None and unit is None:
        return
    reserve = canonical_text(fact.reserve) if told.whole and not isinstance(fact.reserve, UnsetType) else None
    reason = fact.reason if told.whole and not isinstance(fact.reason, UnsetType) else None
    held_zh, held_en = (f",预留{told.zh(reserve)}", f", {told.en(reserve)} held in reserve") if reserve else ("", "")
    whose_zh, whose_en = (f"{unit.zh}所承担部分的", f" of the part of {unit.en}") if unit else ("", "")
    yield _line(
        at, "decomposed", f"确认{whose_zh}分解完整{held_zh}", f"parts{whose_en} stated to be complete{held_en}", told,
        units=(unit,) if unit else (), reason=reason,
    )  # fmt: skip


def _each(units: list[Named | None], language: Literal["zh", "en"], other: str) -> list[str]:
    """Each once; whom the reader may not see, together."""
    return list(dict.fromkeys(other if unit is None else getattr(unit, language) for unit in units))


def _request(
    at: Stated, fact: AdjustmentRequested | AdjustmentReviewed | AdjustmentApproved | AdjustmentRefused, told: _Told
) -> Iterator[Line]:
    if isinstance(fact, AdjustmentRequested):
        told.asked[fact.request] = fact
    asked = told.asked[fact.request]
    unit, value = told.unit_of(asked.unit, at), canonical_text(asked.value)
    if unit is None:
        return
    match fact:
        case AdjustmentRequested():
            before, day = told.value_on(fact.effective_on), told.day(fact.effective_on)
            yield _line(
                at, "adjustment_requested", f"{unit.zh}申请自{day}起由{before}调整为{told.zh(value)}",
                f"{unit.en} asks to adjust from {before} to {told.en(value)} from {_en(fact.effective_on)} on", told,
                units=(unit,), from_value=before, to_value=value, reason=fact.reason, request=fact.request,
                evidence=tuple(fact.evidence),
            )  # fmt: skip
        case AdjustmentReviewed():
            zh, en = ("建议批准", "recommended") if fact.recommended else ("不建议批准", "not recommended")
            yield _line(
                at, "adjustment_reviewed", f"考核办审核{unit.zh}的调整申请:{zh}",
                f"the request of {unit.en} reviewed: {en}", told, units=(unit,), reason=fact.reason,
                request=fact.request,
            )  # fmt: skip
        case AdjustmentApproved():
            yield _line(
                at, "adjustment_approved", f"批准{unit.zh}的调整申请", f"the request of {unit.en} approved", told,
                units=(unit,), request=fact.request,
            )  # fmt: skip
        case AdjustmentRefused():
            yield _line(
                at, "adjustment_refused", f"不批准{unit.zh}的调整申请", f"the request of {unit.en} refused", told,
                units=(unit,), reason=fact.reason, request=fact.request,
            )  # fmt: skip


def _lock(at: Stated, fact: PeriodLocked | PeriodUnlocked, told: _Told) -> Line:
    month, whole = f"{_MONTHS[fact.month - 1]} {fact.year}", isinstance(fact.target, UnsetType)
    whose_zh, whose_en = ("(全部目标)", " of all targets") if whole else ("", "")
    locked = isinstance(fact, PeriodLocked)
    zh, en = ("锁定", "locked") if locked else ("解锁", "unlocked")
    return _line(
        at, "month_locked" if locked else "month_unlocked", f"{zh}{fact.month}月{whose_zh}",
        f"{month}{whose_en} {en}", told, reason=fact.reason, month=fact.month,
    )  # fmt: skip


def _table(at: Stated, fact: TargetTablesIssued | TargetTableSigned, told: _Told) -> Iterator[Line]:
    """Of the tables of a year, those of units that have, or had, a part of this target."""
    issued = isinstance(fact, TargetTablesIssued)
    meant = {table.unit for table in fact.tables} if isinstance(fact, TargetTablesIssued) else {fact.unit}
    seen = (told.unit_of(unit, at) for unit in meant & set(told.parts.values()))
    units = sorted((unit for unit in seen if unit is not None), key=lambda unit: unit.code)
    if not units:
        return
    names_zh, names_en = "、".join(unit.zh for unit in units), ", ".join(unit.en for unit in units)
    day = told.day(fact.on)
    if issued:
        zh, en = f"{day}下达{names_zh}的目标责任表", f"target tables issued to {names_en} on {_en(fact.on)}"
    else:  # what a unit signs for is what stands on that day
        value = told.value_on(fact.on)
        zh = f"{day}{names_zh}签收目标责任表,其中本目标为{told.zh(value)}"
        en = f"target table, with {told.en(value)} for this target, signed by {names_en} on {_en(fact.on)}"
    yield _line(at, "tables_issued" if issued else "table_signed", zh, en, told, units=units)


def _province(at: Stated, demand: Demand | None, told: _Told) -> Line:
    before, told.province = told.province, demand
    if demand is None:
        assert before is not None  # only changes are told
        edition = before.edition
        zh, en = "省级不再设此目标", "the province asks for it no more"
        return _line(at, "province_ended", zh, en, told, edition=edition)
    happened: Happening = "province_asked" if before is None else "province_changed"
    what_zh, what_en = "以文字提出要求", "it in words"
    if demand.value is not None and demand.unit_of_measure is not None:
        unit = UNITS[demand.unit_of_measure]
        what_zh, what_en = f"{demand.value}{unit.zh}", f"{demand.value} {unit.en}"
    zh = f"省级目录第{demand.edition}版要求:{what_zh}"
    en = f"edition {demand.edition} of the province's catalogue asks for {what_en}"
    return _line(at, happened, zh, en, told)


def _set_by(demand: Demand, before: str, after: str, told: _Told) -> bool:
    """Did this adjustment bring the target up to what the province asks (就高不就低)?"""
    if demand.value is None or demand.unit_of_measure is None:
        return False
    try:
        asked = convert_text(demand.value, demand.unit_of_measure, told.unit_of_measure)
    except NOT_CONVERTIBLE:
        return False
    floor = Floor(asked, told.unit_of_measure, demand.edition, demand.indicator)
    return undercuts(before, floor, told.direction) and not undercuts(after, floor, told.direction)


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def _en(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


_ROLES = {"lead": ("牵头", "lead"), "supporting": ("配合", "supporting"), "coordination": ("协调", "coordination")}


def _line(
    at: Stated,
    happened: Happening,
    zh: str,
    en: str,
    told: _Told,
    *,
    units: Sequence[Named] = (),
    from_value: str | None = None,
    to_value: str | None = None,
    reason: str | None = None,
    request: str | None = None,
    month: int | None = None,
    edition: int | None = None,
    evidence: tuple[str, ...] = (),
) -> Line:
    if edition is None and told.province is not None:
        edition = told.province.edition
    return Line(
        at.position, at.recorded_at, at.effective_on, at.role, happened, Sentence(zh, en),
        tuple(unit.code for unit in units), from_value, to_value, reason, request, month, edition, evidence,
    )  # fmt: skip
