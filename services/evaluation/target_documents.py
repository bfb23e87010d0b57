"""Figures of targets as canonical documents: codes and text, arrays in order, absent instead of null. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from services.evaluation.completion import TargetFigure, Targets
from services.evaluation.exact import quantity_text, ratio_text, scaled
from services.evaluation.judged import AT_LEAST_80, AT_LEAST_100, COMPLETE, MET, REPORTED, Judged, Tally
from services.evaluation.ledger import LedgerRow, Level, Stood
from services.evaluation.parts import Part, PartLevel, Together, each, only, owed, predecessors
from services.evaluation.plans import TargetPlan
from services.evaluation.steps_and_bands import StepPlan, band_code, step_document
from shared.kinds import REACHED
from shared.quantities import canonical_text
from shared.registry import Registry

Document = dict[str, object]


def city_document(targets: Targets) -> Document:
    """The whole city: totals, categories, units, and every target in one row."""
    progress = targets.progress
    totals = Tally()
    categories = {category: Tally() for category in {plan.target.category for plan in targets.plan.targets.values()}}
    units = {unit: Tally() for unit in targets.plan.of_unit}
    rows: list[Document] = []
    for figure in targets.all():
        plan, marks, of_parts = figure.plan, figure.whole.marks, figure.marks_of_parts()
        totals.add(marks)
        categories[plan.target.category].add(marks)
        for unit, at in plan.answering:
            units[unit].by_marks[marks if at is None else of_parts[at]] += 1
        rows.append(target_row(figure, progress))
    return {
        "time_progress": progress_text(progress),
        "totals": _counts(totals),
        "categories": [{"code": code} | _counts(categories[code]) for code in sorted(categories)],
        "units": [{"code": code} | _counts(units[code]) for code in sorted(units)],
        "targets": rows,
    }


def list_document(targets: Targets, figures: list[TargetFigure]) -> Document:
    """Some targets in full, and how many there are of them."""
    totals = Tally()
    for figure in figures:
        totals.add(figure.whole.marks)
    return {
        "time_progress": progress_text(targets.progress),
        "totals": _counts(totals),
        "targets": [target_document(targets, figure) for figure in figures],
    }


def unit_document(targets: Targets, code: str) -> Document:
    """What one unit answers for: the whole of targets it leads, else its part; and what it coordinates."""
    totals, rows = Tally(), list[Document]()
    for figure in targets.of_unit(code):
        plan, at, target = figure.plan, figure.at, figure.plan.target
        totals.add(figure.judged.marks)
        own = [place for place, part in enumerate(plan.parts) if part.unit == code]
        row: Document = {
            "code": target.code, "category": target.category, "kind": target.kind, "direction": target.direction,
            "unit_of_measure": target.unit_of_measure, "answers_for": "whole" if at is None else "part",
            "coverage": _coverage(figure.levels[place] for place in (plan.counted if at is None else own)),
            "parts": [_part_document(plan, place, figure.levels[place], figure.values[place]) for place in own],
        }  # fmt: skip
        rows.append(row | _judged_document(plan, figure.judged))
    return {
        "time_progress": progress_text(targets.progress),
        "totals": _counts(totals),
        "targets": rows,
        "coordinates": list(targets.plan.coordinated.get(code, ())),
    }


def target_document(targets: Targets, figure: TargetFigure) -> Document:
    """One target in full: its figure, its parts, its further measures."""
    plan, target = figure.plan, figure.plan.target
    judged_by = [step.at for step in plan.steps] or [0]
    document = target_row(figure, targets.progress) | {
        "issuer": target.issuer,
        "roll_up": target.roll_up,
        "tags": sorted(target.tags),
        "standings": _standings(figure.levels[measure][at] for measure in judged_by for at in plan.counted),
        "parts": _part_documents(figure),
        "measures": [_measure_document(figure, at) for at in range(0 if plan.steps else 1, len(target.measures))],
    }
    if plan.steps:
        document["steps"] = [_step_document(figure, step, targets.day) for step in plan.steps]
    else:
        document["measure"] = target.measures[0].code
    if plan.kept is not None and figure.whole.actual is not None:
        document["misses"] = [{"effective_on": on.isoformat(), "unit": unit} for on, unit in figure.misses]
    return document


def history_document(registry: Registry, rows: Iterable[LedgerRow], day: date) -> Document:
    """Every entry of a target up to a date, in the order of the log, those that count no more included.

    `closed_at` is the position that corrected, replaced, withdrew or returned it; absent while it counts.
    """
    entries: list[Document] = []
    for row in rows:
        if row.effective_on > day:
            continue
        unit = registry.assignments.latest(row.series.part).unit
        entry: Document = {
            "id": f"{row.key.position}/{row.key.entry}",
            "part": row.series.part,
            "unit": registry.units.latest(unit).code,
            "measure": row.series.measure,
            "effective_on": row.effective_on.isoformat(),
            "value": canonical_text(row.value),
            "entry": {"source": row.source, "id": row.event_id, "entry": row.key.entry},
            "position": row.key.position,
            "standings": [_stood_document(stood) for stood in row.stood],
        }
        if row.known_until is not None:
            entry["closed_at"] = row.known_until
        entries.append(entry)
    return {"entries": entries}


def _stood_document(stood: Stood) -> Document:
    document: Document = {
        "standing": stood.standing,
        "value": canonical_text(stood.value),
        "position": stood.known_from,
    }
    return document if stood.known_until is None else document | {"closed_at": stood.known_until}


def target_row(figure: TargetFigure, progress: Fraction) -> Document:
    """One target in a list."""
    plan = figure.plan
    reported, of = figure.coverage
    document: Document = {**plan.row, "coverage": {"reported": reported, "of": of}}
    document.update(_judged_document(plan, figure.whole))
    rate = figure.whole.rate
    if rate is not None and plan.rule.kind == "cumulative":
        document["lead_pp"] = lead_pp(rate.above, rate.below, progress)
    return document


def _judged_document(plan: TargetPlan, judged: Judged) -> Document:
    """Numerator, denominator, the rate by the rule of the kind, the band chosen, and whether the value is met."""
    rule, (actual, against, rate, met, _) = plan.rule, judged
    document: Document = {"denominator": quantity_text(against)}
    if actual is None:
        return document
    document["numerator"] = quantity_text(actual)
    if rate is not None:
        document["rate"] = ratio_text(rate.above, rate.below)
        if rule.lower:
            document["ratio"] = ratio_text(actual, against)  # a/t itself, where the rate is 2 - a/t
    if rule.kind == "rate":
        document["difference_pp"] = quantity_text(actual - against)
    if plan.target.bands and (band := band_code(plan.target, actual)) is not None:
        document["band"] = band
    if met is not None:
        document["met"] = met
    return document


def _part_documents(figure: TargetFigure) -> list[Document]:
    """The parts that the target is broken down to, each with its own beneath it."""
    plan, top = figure.plan, list[Document]()
    documents = {
        part.id: _part_document(plan, at, level, figure.values[at])
        for (at, part), level in zip(enumerate(plan.parts), figure.levels[0], strict=True)
    }
    for part in plan.parts:
        above = documents.get(part.below) if part.below is not None else None
        if above is None:
            top.append(documents[part.id])
        else:
            beneath = above.setdefault("parts", [])
            assert isinstance(beneath, list)
            beneath.append(documents[part.id])
    return top


def _step_document(figure: TargetFigure, step: StepPlan, day: date) -> Document:
    """How a step of a milestone target stands, by the parts that the target is made of."""
    plan, levels = figure.plan, figure.levels[step.at]
    reached = [
        (plan.parts[at].unit, (level := only(levels[at])) is not None and level.best[0] == REACHED)
        for at in plan.counted
    ]
    return step_document(step, reached, plan.target.roll_up == "worst", day)


def _part_document(plan: TargetPlan, at: int, level: PartLevel, value: int | None) -> Document:
    """One part: its level, or how far the steps have come that it has reached, and its rate."""
    part = plan.parts[at]
    document: Document = {"id": part.id, "unit": part.unit, "role": part.assignment.role}
    if part.assignment.value is not None:
        document["target_value"] = part.assignment.value
    if part.below is not None:
        document["below"] = part.below
    if plan.steps:
        if value is not None:
            document["reached_share"] = quantity_text(value)
    elif isinstance(level, Together):
        document["carried"] = _carried_documents(part, level)
        document["coverage"] = _coverage([level])
        if value is not None:
            document["total"] = quantity_text(value)
            _tell_rate(document, plan, part, value)
    elif level is not None and value is not None:
        document["level"] = level_document(level)
        _tell_rate(document, plan, part, value)
        if plan.target.bands and (band := band_code(plan.target, value)) is not None:
            document["band"] = band
        if level.series.part != part.id:
            document["carried_from"] = level.series.part
    return document


def _tell_rate(document: Document, plan: TargetPlan, part: Part, actual: int) -> None:
    rate = None if part.wanted is None else plan.rule.rate(actual, part.wanted)
    if rate is not None:
        document["rate"] = ratio_text(rate.above, rate.below)


def _carried_documents(part: Part, together: Together[Level], measure: int = 0) -> list[Document]:
    """The levels that a merged part carries on, by the parts they were reported for."""
    units = {carried.series.part: carried.unit for carried, _ in predecessors(part.carried[measure], date.max)}
    found = sorted(together.found, key=lambda level: level.series.part)
    return [{"id": level.series.part, "unit": units[level.series.part], **level_document(level)} for level in found]


def _measure_document(figure: TargetFigure, at: int) -> Document:
    """A further measure: reported and added up, never judged."""
    plan, levels = figure.plan, figure.levels[at]
    measure = plan.target.measures[at]
    counted = [levels[place] for place in plan.counted]
    shown: list[Document] = []
    for part, level in zip(plan.parts, levels, strict=True):
        if isinstance(level, Together):
            shown += _carried_documents(part, level, at)
        elif level is not None:
            shown.append({"id": part.id, "unit": part.unit, **level_document(level)})
    document: Document = {
        "code": measure.code, "unit_of_measure": measure.unit_of_measure, "coverage": _coverage(counted),
        "standings": _standings(counted), "levels": shown,
    }  # fmt: skip
    found = [level for stood in counted for level in each(stood)]
    if found and plan.target.roll_up in ("sum", "lead"):
        document["total"] = quantity_text(sum(scaled(level.best[0]) for level in found))
    return document


def _counts(tally: Tally) -> Document:
    """`reported` of `targets` have a figure, `complete` of them from all that they are made of."""
    return {
        "targets": tally.targets, "reported": tally.having(REPORTED), "complete": tally.having(COMPLETE),
        "met": tally.having(MET), "at_least_80": tally.having(AT_LEAST_80),
        "at_least_100": tally.having(AT_LEAST_100),
    }  # fmt: skip


def level_document(level: Level) -> Document:
    """A level in a document: the value that counts, its standing, its date and the entry it comes from."""
    value, standing = level.best
    document: Document = {
        "value": canonical_text(value), "standing": standing, "effective_on": level.effective_on.isoformat(),
        "entry": {"source": level.source, "id": level.event_id, "entry": level.key.entry},
        "position": level.key.position,
    }  # fmt: skip
    if standing != "reported":
        document["reported"] = level.reported
    return document


def coverage(levels: Iterable[Level | None]) -> Document:
    """How many have reported: "5 of 6"."""
    reported = of = 0
    for level in levels:
        of += 1
        reported += level is not None
    return {"reported": reported, "of": of}


def _coverage(levels: Iterable[PartLevel]) -> Document:
    """The same of parts: what carries on the levels of several counts as so many."""
    stood = list(levels)
    return {"reported": sum(len(each(level)) for level in stood), "of": sum(owed(level) for level in stood)}


def _standings(levels: Iterable[PartLevel]) -> list[str]:
    return standings(level for stood in levels for level in each(stood))


def standings(levels: Iterable[Level | None]) -> list[str]:
    """The standings of the values used, in order of their names."""
    return sorted({level.best[1] for level in levels if level is not None})


def lead_pp(above: int, below: int, progress: Fraction) -> str:
    """How far a rate is ahead of the time that has passed, in percentage points; negative: behind."""
    return ratio_text(100 * (above * progress.denominator - progress.numerator * below), below * progress.denominator)


def progress_text(progress: Fraction) -> str:
    """The share of the year that has passed."""
    return ratio_text(progress.numerator, progress.denominator)
