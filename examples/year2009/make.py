"""Writes the generated files of the example year: `python -m examples.year2009.make`.

The report of 2009 publishes totals; what stands below them is filled in here so that the totals come out
exactly. No chance and no clock: the same bytes every time. units.json, groups.json and expected.json are
written by hand, so that what is expected never comes from here.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path

from examples.year2009 import tables
from examples.year2009.tables import Named, New, Practical, Shared

Row = dict[str, object]

HERE = Path(__file__).parent
ISSUED_ON = {"city": "2009-01-15", "province": "2009-08-12"}
PROJECTS_REPORT = "published report of 2009, key projects"
MONTH_ENDS = (
    "2009-01-31",
    "2009-02-28",
    "2009-03-31",
    "2009-04-30",
    "2009-05-31",
    "2009-06-30",
    "2009-07-31",
    "2009-08-31",
    "2009-09-30",
)
# When the figures of each of MONTH_ENDS are submitted. Those of August are in on the day itself.
PUNCTUAL = (
    "2009-02-05",
    "2009-03-05",
    "2009-04-05",
    "2009-05-05",
    "2009-06-05",
    "2009-07-05",
    "2009-08-05",
    "2009-08-31",
)
AFTER_ISSUE = ("2009-08-14",) * 7 + ("2009-08-31",)  # targets that came in August
OUTPATIENT_BILLS = (*PUNCTUAL[:7], "2009-09-10", "2009-10-10")
# Share of the value of 31 August that stands at each month's end, in percent.
CUMULATIVE = (6, 13, 23, 36, 50, 66, 83, 100)
LEVEL = (93, 94, 95, 96, 97, 98, 99, 100)


def main() -> None:
    """Write all generated files beside this one."""
    for name, content in files().items():
        (HERE / name).write_text(content, encoding="utf-8")


def files() -> dict[str, str]:
    """The generated files, by name."""
    targets, projects = issued_targets(), all_projects()
    progress = [*project_progress(projects), *target_progress(targets)]
    progress.sort(key=lambda row: (row["reported_on"], row["effective_on"]))  # stable: else as made
    shown = [{key: value for key, value in row.items() if key != "done"} for row in projects]
    return {
        "catalogue-province.json": catalogue("province", "430000", province_catalogue()),
        "catalogue-city.json": catalogue("city", "430300", city_catalogue()),
        "targets.json": lines(targets),
        "projects.json": lines(shown),
        "progress.json": lines(progress),
    }


# Catalogues


def province_catalogue() -> list[Row]:
    """The province's 125 targets; 79 of them assess the city."""
    rows = [practical_row("p", row, row.province or (row.target, row.unit)) for row in tables.PRACTICAL]
    rows += [new_row(row) for row in tables.NEW]
    rows += [shared_row("p", row, row.province) for row in tables.SHARED]
    for slug, zh, en, category, kind, unit, value, count in tables.ELSEWHERE:
        for code, city_zh, city_en in tables.OTHER_CITIES[:count]:
            rows.append(
                target(
                    "p",
                    f"{slug}-{code}",
                    city_zh + zh,
                    f"{en} {city_en}",
                    category,
                    kind,
                    value,
                    unit,
                    assesses_us=False,
                )
            )
    return rows


def city_catalogue() -> list[Row]:
    """The city's own 59 targets; 47 of them are also the province's."""
    rows = [practical_row("c", row, (row.target, row.unit)) for row in tables.PRACTICAL if row.issuer == "city"]
    rows += [shared_row("c", row, row.city) for row in tables.SHARED]
    rows += [
        target("c", slug, zh, en, category, kind, value, unit, bonus=bonus)
        for slug, zh, en, category, kind, unit, value, bonus in tables.CITY_ONLY
    ]
    return rows


def target(
    prefix: str,
    slug: str,
    zh: str,
    en: str,
    category: str,
    kind: str,
    value: str,
    unit: str,
    *,
    basis: str = "value",
    period: str = "year",
    direction: str = "",
    bonus: bool = False,
    assesses_us: bool = True,
    practical: bool = False,
    source: str = "",
) -> Row:
    """One row of a catalogue; `prefix` is p or c."""
    weight, points = ("0", "5") if bonus else ("1.5", "15") if practical else ("1", "10")
    row: Row = {
        "code": f"{prefix}-{slug}",
        "indicator": slug,
        "name": {"zh": zh, "en": en},
        "category": category,
        "kind": kind,
        "direction": direction or ("lower" if kind == "ceiling" else "higher"),
    }
    if kind == "qualitative":
        by = {
            "p": ("按省评估方案评定。", "Judged by the province's scheme."),
            "c": ("按市考核方案评定。", "Judged by the city's scheme."),
        }
        row["text"] = {"zh": by[prefix][0], "en": by[prefix][1]}
    else:
        row |= {"value": value, "unit": unit, "basis": basis}
    row |= {
        "period": period,
        "weight": weight,
        "points": points,
        "bonus": bonus,
        "assesses_us": assesses_us,
        "tags": ["practical_matter"] if practical else [],
    }
    return row | provenance(source)


def practical_row(prefix: str, row: Practical, value: tuple[str, str]) -> Row:
    made = target(
        prefix,
        row.slug,
        row.zh,
        row.en,
        "livelihood",
        row.kind,
        *value,
        practical=True,
        source=published(row, "year's target derived") if prefix == "c" else "",
    )
    return made | measures(row)


def measures(row: Practical) -> Row:
    """A second measure is counted but not judged, so it has no value of the year."""
    if row.number != 9:
        return {}
    return {
        "measures": [
            {"code": "amount", "unit": row.unit, "value": row.target},
            {"code": "person_time", "unit": "person_time"},
        ]
    }


def new_row(row: New) -> Row:
    return target("p", row.slug, row.zh, row.en, row.category, row.kind, row.target, row.unit, bonus=row.bonus)


def shared_row(prefix: str, row: Shared, side: Sequence[str]) -> Row:
    value, unit, basis, period = (*side, *("", "", "value", "year")[len(side) :])
    # Only the province says what is a bonus item to it; to the city these are ordinary targets.
    return target(
        prefix,
        row.slug,
        row.zh,
        row.en,
        row.category,
        row.kind,
        value,
        unit,
        basis=basis,
        period=period,
        direction=row.direction,
        bonus=prefix == "p" and row.reason == "BONUS_ITEM",
    )


# Issued targets


def issued_targets() -> list[Row]:
    """The 33 practical matters and the rest of the 32 targets that are new to the city."""
    rows = [
        issued(
            practical_row(row.issuer[0], row, (row.target, row.unit)),
            row.issuer,
            row.lead,
            row.supporting,
            row.coordination,
            practical_parts(row),
        )
        for row in tables.PRACTICAL
    ]
    return rows + [issued(new_row(row), "province", row.lead, (), (), {row.lead: row.target}) for row in tables.NEW]


def issued(
    row: Row,
    issuer: str,
    lead: str,
    supporting: Sequence[str],
    coordination: Sequence[str],
    parts: Mapping[str, str],
) -> Row:
    marks = {key: row.pop(key) for key in ("source", "synthetic") if key in row}
    for key in ("basis", "period", "assesses_us"):
        del row[key]
    return (
        row
        | {
            "issuer": issuer,
            "lead_unit": lead,
            "supporting_units": list(supporting),
            "coordination": list(coordination),
            "roll_up": "sum" if len(parts) > 1 else "lead",
            "parts": [{"unit": unit, "value": value} for unit, value in parts.items()],
            "issued_on": ISSUED_ON[issuer],
            "effective_on": "2009-01-01",
        }
        | marks
    )


def practical_parts(row: Practical) -> dict[str, str]:
    """Value of the year by unit: the lead unit's alone, or the counties'."""
    if not row.counties:
        return {row.lead: row.target}
    return dict(zip(tables.COUNTIES, split(row.target, row.counties, step(row.target)), strict=True))


# Projects


def all_projects() -> list[Row]:
    """115 projects and their 25 sub-projects; `done` is for project_progress and never reaches the file."""
    rows: list[Row] = []
    for group in tables.SETS:
        rows += project_set(group)
    return rows


def project_set(group: tables.Set) -> list[Row]:
    rows: list[Row] = []
    given = {place: named.figures for place, named in group.named.items() if named.figures}
    plans, dones = figures(group, given)
    for place, (plan, done) in enumerate(zip(plans, dones, strict=True)):
        known = known_by_name(group, place)
        head: Row = {"code": known.slug, "name": {"zh": known.zh, "en": known.en}}
        kind: Row = {
            "level": "provincial" if group.provincial else "municipal",
            "phase": "continued" if place < group.continued else "new",
            "unit": known.unit or group.units[place % len(group.units)],
        }
        start = start_dates(group, place)
        mark = provenance(PROJECTS_REPORT if known.published else "")
        groups: Row = {"groups": list(known.groups or groups_of(group, place))}
        if not known.subs:
            own: Row = {"planned_investment": plan, **start, **mark, "done": done}
            rows.append(head | kind | groups | {"parent": None} | own)
            continue
        rows.append(head | kind | groups | {"parent": None} | start | mark)
        plans_of_subs = split(plan, (5, 3, 2, 2)[: len(known.subs)], CENT)
        shares = zip(plans_of_subs, split(done, (5, 4, 2, 1)[: len(known.subs)], CENT), strict=True)
        for (slug, zh, en), (sub_plan, sub_done) in zip(known.subs, shares, strict=True):
            head = {"code": f"{known.slug}-{slug}", "name": {"zh": known.zh + zh, "en": f"{known.en}: {en}"}}
            own = {"planned_investment": sub_plan, **start, **provenance(""), "done": sub_done}
            rows.append(head | kind | {"groups": [], "parent": known.slug} | own)
    return rows


def known_by_name(group: tables.Set, place: int) -> Named:
    """The project the report names, or one of ours with a number for a name."""
    if place in group.named:
        return group.named[place]
    number = f"{place + 1:02}"
    phases = range(1, group.subs.get(place, 0) + 1)
    subs = tuple((f"phase-{n}", f"{n}期", f"phase {n}") for n in phases)
    return Named(f"{group.prefix}-{number}", f"{group.zh}{number}号", f"{group.en} {number}", subs)


def groups_of(group: tables.Set, place: int) -> tuple[str, ...]:
    turn = group.groups[place % len(group.groups)]
    return ("provincial", turn) if group.provincial else (turn,)


def start_dates(group: tables.Set, place: int) -> Row:
    """Planned and actual start. Every second project not yet started is already overdue on 31 July."""
    if place < group.continued:
        day = f"2008-{4 + place % 8:02}-15"
        return {"planned_start": day, "started_on": day}
    month = 2 + place % 5
    if place < group.started:
        return {"planned_start": f"2009-{month:02}-01", "started_on": f"2009-{month:02}-{10 + place % 15}"}
    return {"planned_start": "2009-06-01" if place % 2 else "2009-10-01", "started_on": None}


def figures(group: tables.Set, given: Mapping[int, tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Plan and completed investment of each project of the set; the sums are exactly the set's."""
    # Uneven on purpose; what has not started is small.
    sizes = [(5 + place * 7 % 11) * (3 if place < group.started else 1) for place in range(group.size)]
    speeds = [size * (70 + place * 37 % 60) if place < group.started else 0 for place, size in enumerate(sizes)]
    result = []
    for side, total, weights in ((0, group.plan, sizes), (1, group.done, speeds)):
        fixed = {place: pair[side] for place, pair in given.items()}
        rest = Decimal(total) - sum(map(Decimal, fixed.values()), Decimal(0))
        free = split(
            text(rest),
            [0 if place in fixed else weight for place, weight in enumerate(weights)],
            min(step(text(rest)), CENT),
        )
        result.append([fixed.get(place, share) for place, share in enumerate(free)])
    return result[0], result[1]


# Progress


def project_progress(projects: Sequence[Row]) -> Iterable[Row]:
    """Completed investment to each month's end, January to July, of whatever has no sub-projects."""
    for project in projects:
        if "done" not in project:
            continue
        done, started_on = str(project["done"]), project["started_on"]
        # From the month of the start (January, when it began in an earlier year) evenly up to July.
        first = 8 if started_on is None else int(str(started_on)[5:7]) if str(started_on) >= "2009" else 1
        shares = [max(0, month - first + 1) * 100 // (8 - first) if first < 8 else 0 for month in range(1, 8)]
        for month, value in enumerate(curve(done, shares, min(step(done), CENT))):
            source = project.get("source", "") if month == 6 else ""
            yield {
                "project": project["code"],
                "measure": "investment",
                "value": value,
                "unit": "yi_yuan",
                "effective_on": MONTH_ENDS[month],
                "reported_on": PUNCTUAL[month],
                **provenance(str(source)),
            }


def target_progress(targets: Sequence[Row]) -> Iterable[Row]:
    """The year-to-date level of every part of every issued target at each month's end, January to August."""
    rows: list[Practical | New] = [*tables.PRACTICAL, *tables.NEW]
    for row, made in zip(rows, targets, strict=True):
        if isinstance(row, Practical) and row.number == 9:
            yield from outpatient_progress(row, made)
            continue
        reported_on = PUNCTUAL if made["issuer"] == "city" else AFTER_ISSUE
        counties = row.counties if isinstance(row, Practical) else ()
        done = (
            dict(zip(tables.COUNTIES, split(row.done, counties, step(row.done)), strict=True))
            if counties
            else {row.lead: row.done}
        )
        adds_up = row.kind == "cumulative" or row.unit == "person"
        shares = CUMULATIVE if adds_up else (100,) * 8 if row.kind == "maintain" else LEVEL
        for part, final in done.items():
            for month, value in enumerate(curve(final, shares, step(row.done))):
                source = published(row) if isinstance(row, Practical) and month == 7 and not counties else ""
                yield entry(made, part, "value", value, row.unit, month, reported_on[month], source)


def outpatient_progress(row: Practical, made: Row) -> Iterable[Row]:
    for month, reported_on in enumerate(OUTPATIENT_BILLS):
        for measure, unit in (("amount", row.unit), ("person_time", "person_time")):
            source = "published report of 2009, practical matters row 9" if month == 6 else ""
            yield entry(made, row.lead, measure, tables.OUTPATIENT[measure][month], unit, month, reported_on, source)


def entry(made: Row, part: str, measure: str, value: str, unit: str, month: int, reported_on: str, source: str) -> Row:
    return {
        "target": made["code"],
        "part": part,
        "measure": measure,
        "value": value,
        "unit": unit,
        "effective_on": MONTH_ENDS[month],
        "reported_on": reported_on,
        **provenance(source),
    }


# Exact shares and plain text

CENT = Decimal("0.01")


def split(total: str, weights: Sequence[int], unit: Decimal) -> list[str]:
    """`total` in shares by weight, each a multiple of `unit`; the sum is exact, by largest remainder."""
    whole = int(Decimal(total) / unit)
    assert whole * unit == Decimal(total), (total, unit)
    everything = sum(weights)
    shares = [whole * weight // everything for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % everything), i))
    for i in by_remainder[: whole - sum(shares)]:
        shares[i] += 1
    return [text(share * unit) for share in shares]


def curve(final: str, percents: Sequence[int], unit: Decimal) -> list[str]:
    """`final` times each percentage, rounded down to a multiple of `unit`, a power of ten."""
    return [text((Decimal(final) * percent / 100).quantize(unit, ROUND_FLOOR)) for percent in percents]


def step(value: str) -> Decimal:
    """One of the last decimal place of `value`."""
    return Decimal(1).scaleb(int(Decimal(value).as_tuple().exponent))


def text(value: Decimal) -> str:
    """Plain decimals without trailing zeros."""
    return format(value.normalize(), "f") if value else "0"


def published(row: Practical, note: str = "") -> str:
    """Where the figure is published, or "" when it is synthetic (the target of row 9 is)."""
    if row.number > 12 or row.number == 9:
        return ""
    return f"published report of 2009, practical matters row {row.number}" + (f" ({note})" if note else "")


def provenance(source: str) -> Row:
    return {"source": source} if source else {"synthetic": True}


def catalogue(issuer: str, jurisdiction: str, targets: Sequence[Row]) -> str:
    head = f'"issuer": "{issuer}", "jurisdiction": "{jurisdiction}", "year": "2009"'
    return f'{{{head}, "targets": {lines(targets).rstrip()}}}\n'


def lines(rows: Iterable[Row]) -> str:
    """JSON with one row a line, so that differences read well."""
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


if __name__ == "__main__":
    main()
