"""The year 2009, in the order in which it happened, through the public API, with the simulated clock moved on.

Everything that is known on a day is commanded before the clock leaves that day. That is what makes "known on 31
August" a real question afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from examples.demo.client import Client, Json
from examples.demo.progress_bar import ProgressBar

Row = dict[str, Any]
OPENED = "2009-01-05"
CITY_ISSUED, PROVINCE_ISSUED = "2009-01-15", "2009-08-12"
YEAR_END = "2009-10-10"
MOST_ENTRIES = 500
LEAVES_OUT = ("synthetic", "source")


async def play(client: Client, year: dict[str, Any]) -> None:
    """Open the city's log and live through the year until 10 October."""
    progress = _submissions(year["progress"], {row["code"]: row["unit"] for row in year["projects"]})
    days = _days(year)
    steps = len(year["units"]) * 2 + len(year["groups"]) + 2 * len(year["projects"]) + 2 * len(year["targets"])
    with ProgressBar(steps + sum(map(len, progress.values())) + len(days)) as bar:
        await client.command(
            "/v1/jurisdictions",
            {"jurisdiction": client.jurisdiction, "zone": "Asia/Shanghai", "clock": "simulated",
             "instant": _noon(OPENED)},
            key="2009/open", role="admin",
        )  # fmt: skip
        await _organise(client, year, bar)
        for day in days:
            await client.command("simulation/clock", {"instant": _noon(day)}, key=f"2009/clock/{day}", role="admin")
            bar.on(day)
            if day == CITY_ISSUED:
                await _plan_projects(client, year, bar)
                await _import(client, year["catalogue-city"])
            if day == PROVINCE_ISSUED:
                await _align(client, year)
            await _issue(client, [row for row in year["targets"] if row["issued_on"] == day], bar)
            await _start(client, [row for row in year["projects"] if _starts(row) == day], bar)
            await _report(client, progress.get(day, []), day, bar)
        # One last command after all reports: its token is what every question then waits for.
        await client.command(
            "simulation/clock", {"instant": f"{YEAR_END}T18:00:00+08:00"}, key="2009/clock/evening", role="admin"
        )


def _days(year: dict[str, Any]) -> list[str]:
    """The days on which something happens after the opening, in order."""
    days = {row["reported_on"] for row in year["progress"]} | {row["issued_on"] for row in year["targets"]}
    days |= {day for row in year["projects"] if (day := _starts(row))} | {CITY_ISSUED}
    return sorted(day for day in days if day > OPENED)


def _starts(row: Row) -> str | None:
    """The day on which a start is reported: those of earlier years when the projects are planned."""
    return max(row["started_on"], CITY_ISSUED) if row["started_on"] else None


def _noon(day: str) -> str:
    return f"{day}T12:00:00+08:00"


async def _organise(client: Client, year: dict[str, Any], bar: ProgressBar) -> None:
    """Units (those above first), the source under which each reports, the year, the groups of projects."""
    for level in _by_depth(year["units"]):
        await bar.all(
            client.command(
                "units",
                _some(row, "code", "name", "kind", "parent", "valid_from"),
                key=f"2009/unit/{row['code']}",
                role="admin",
            )
            for row in level
        )
    await bar.all(
        client.command(
            "sources", {"name": row["code"], "client": row["code"]}, key=f"2009/source/{row['code']}", role="admin"
        )
        for row in year["units"]
    )
    await client.command("years", {"year": 2009, "time_progress": "by_month"}, key="2009/year")
    for level in _by_depth(year["groups"]):
        await bar.all(
            client.command(
                "groups",
                _some(row, "code", "name", "parent") | {"valid_from": "2009-01-01"},
                key=f"2009/group/{row['code']}",
            )
            for row in level
        )


async def _plan_projects(client: Client, year: dict[str, Any], bar: ProgressBar) -> None:
    """Register projects, then sub-projects, each leaf with its planned investment of the year."""

    async def plan(row: Row) -> None:
        body = {name: row[name] for name in ("code", "name", "level", "phase", "unit", "groups")}
        optional = {name: row[name] for name in ("parent", "planned_start") if row.get(name)}
        await client.command(
            "years/2009/projects",
            body | optional | {"valid_from": "2009-01-01"},
            key=f"2009/project/{row['code']}",
        )
        if "planned_investment" in row:
            await client.command(
                f"years/2009/projects/{row['code']}/plans",
                {"planned_investment": row["planned_investment"], "effective_on": "2009-01-01"},
                key=f"2009/plan/{row['code']}",
            )

    for level in _by_depth(year["projects"]):
        await bar.all(plan(row) for row in level)


async def _start(client: Client, rows: list[Row], bar: ProgressBar) -> None:
    await bar.all(
        client.command(
            f"years/2009/projects/{row['code']}/starts", {"started_on": row["started_on"]},
            key=f"2009/start/{row['code']}",
        )
        for row in rows
    )  # fmt: skip


async def _import(client: Client, catalogue: Row) -> str:
    """Import a catalogue; its id."""
    items = [_item(row) for row in catalogue["targets"]]
    body = {"issuer": catalogue["issuer"], "items": items}
    imported = await client.command("years/2009/catalogues", body, key=f"2009/catalogue/{catalogue['issuer']}")
    return str(imported["id"])


async def _align(client: Client, year: dict[str, Any]) -> None:
    """Take the province's catalogue over: import it and align the two."""
    province = await _import(client, year["catalogue-province"])
    known = await client.question("years/2009/catalogues")
    city = next(each["id"] for each in known["items"] if each["issuer"] == "city")
    await client.command("years/2009/alignments", {"province": province, "city": city}, key="2009/alignment")


async def _issue(client: Client, rows: list[Row], bar: ProgressBar) -> None:
    """Issue targets and give their parts to units."""

    async def issue(row: Row) -> None:
        measures = row.get("measures") or [{"code": "value", "unit": row["unit"], "name": row["name"]}]
        body = {
            name: row[name]
            for name in ("code", "name", "issuer", "category", "kind", "direction", "value", "roll_up", "tags",
                         "weight", "points", "indicator", "effective_on")
        }  # fmt: skip
        body["measures"] = [
            {"code": m["code"], "name": m.get("name", row["name"]), "unit_of_measure": m["unit"]} for m in measures
        ]
        await client.command("years/2009/targets", body, key=f"2009/target/{row['code']}")
        bar.step()
        for assignment in _assignments(row):
            await client.command(
                f"years/2009/targets/{row['code']}/assignments", assignment,
                key=f"2009/assignment/{row['code']}/{assignment['unit']}",
            )  # fmt: skip

    await bar.all(issue(row) for row in rows)


def _assignments(row: Row) -> list[Json]:
    """The lead unit first, then the parts of other units, the supporting and the coordinating ones."""
    values = {part["unit"]: part["value"] for part in row["parts"]}
    roles = {row["lead_unit"]: "lead"}
    roles |= {unit: "supporting" for unit in [*values, *row["supporting_units"]] if unit not in roles}
    roles |= {unit: "coordination" for unit in row["coordination"] if unit not in roles}
    return [
        {"unit": unit, "role": role, "valid_from": row["effective_on"]}
        | ({"value": values[unit]} if unit in values else {})
        for unit, role in roles.items()
    ]


async def _report(client: Client, submissions: list[tuple[str, list[Row]]], day: str, bar: ProgressBar) -> None:
    """Every unit submits its own figures, as the source it is registered under."""

    async def submit(unit: str, number: int, rows: list[Row]) -> None:
        body = {"entries": [_entry(row) for row in rows]}
        await client.command("progress", body, key=f"2009/{day}/{number}", role="unit", unit=unit)

    await bar.all(submit(unit, number, rows) for number, (unit, rows) in enumerate(submissions))


def _submissions(rows: list[Row], project_units: dict[str, str]) -> dict[str, list[tuple[str, list[Row]]]]:
    """What each unit submits on each day."""
    by_day: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        unit = row["part"] if "part" in row else project_units[row["project"]]
        by_day[row["reported_on"]][unit].append(row)
    return {
        day: [
            (unit, own[at : at + MOST_ENTRIES])
            for unit, own in units.items()
            for at in range(0, len(own), MOST_ENTRIES)
        ]
        for day, units in by_day.items()
    }


def _entry(row: Row) -> Json:
    """One row of progress as the contract has it."""
    level = {
        "measure": row["measure"], "value": row["value"], "unit_of_measure": row["unit"],
        "effective_on": row["effective_on"],
    }  # fmt: skip
    if "project" in row:
        return {"kind": "project", "project": row["project"]} | level
    return {"kind": "target", "target": row["target"], "unit": row["part"]} | level


def _item(row: Row) -> Json:
    """One row of a catalogue as the API takes it."""
    item = {name: value for name, value in row.items() if name not in (*LEAVES_OUT, "unit", "measures", "text")}
    if "unit" in row:
        item["unit_of_measure"] = row["unit"]
    if "text" in row:
        item["text"] = row["text"]["zh"]
    return item


def _some(row: Row, *names: str) -> Json:
    """These members of a row, as far as it has them."""
    return {name: row[name] for name in names if row.get(name) is not None}


def _by_depth(rows: list[Row]) -> Iterable[list[Row]]:
    """Rows without a parent, then those below them, and so on."""
    waiting, placed = list(rows), set[str]()
    while waiting:
        level = [row for row in waiting if row.get("parent") is None or row["parent"] in placed]
        if not level:
            raise ValueError(f"no parent for {waiting[0]['code']}")
        yield level
        placed |= {row["code"] for row in level}
        waiting = [row for row in waiting if row["code"] not in placed]
