"""Prints what the back end computes beside what was published: ✓, a declared difference, or a difference.

Nothing is rounded to match. A difference that the data does not declare fails the demo, and so does a declared one
that is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from examples.demo.client import Client, Json
from examples.demo.table import table
from shared.quantities import shown

TICK = "✓"


@dataclass
class Comparison:
    """Keeps count of the figures that agree with the published ones and of those that do not."""

    declared: Mapping[str, Json]
    agreed: int = 0
    undeclared: list[str] = field(default_factory=list)
    met: set[str] = field(default_factory=set)

    def cell(self, id: str, published: object, computed: object) -> str:
        """A computed figure with its mark: ✓, `≈ published` where declared, `✗ published` otherwise."""
        if str(published) == str(computed):
            self.agreed += 1
            return f"{computed} {TICK}"
        declared = self.declared.get(id)
        if declared is not None and (declared["published"], declared["computed"]) == (str(published), str(computed)):
            self.met.add(id)
            return f"{computed} ≈ {published}"
        self.undeclared.append(f"{id}: published {published}, computed {computed}")
        return f"{computed} ✗ {published}"

    @property
    def off(self) -> int:
        """Differences that are not declared, and declared ones that are gone."""
        return len(self.undeclared) + len(self.gone)

    @property
    def gone(self) -> list[str]:
        """Declared differences that did not occur."""
        return sorted(set(self.declared) - self.met)


async def report(client: Client, expected: dict[str, Any]) -> int:
    """Print everything; how many figures are off."""
    comparison = Comparison({row["id"]: row for row in expected["declared_differences"]})
    await _alignment(client, expected["alignment"], comparison)
    audit = await _sealed_audit(client, expected)
    answers = {part["question"]: part["answer"] for part in audit["document"]["parts"]}
    _projects(answers["projects"], expected["projects"], comparison)
    _practical_matters(answers["practical_matters"], expected["practical_matters"], comparison)
    await _late_bills(client, expected["late_bills"], comparison)
    replayed = await client.command(
        f"years/2009/audits/{audit['id']}/replays", {}, key="2009/audit/replay", role="auditor"
    )
    equal = replayed["equal"]
    print(f"\nThe sealed audit, folded again from the archive: {'equal ' + TICK if equal else replayed}")
    print(f"  sha256 {audit['sha256']} at position {audit['pin']['position']}, root {audit['pin']['root'][:16]}…")
    _sum_up(comparison)
    return comparison.off + (0 if equal else 1)


async def _sealed_audit(client: Client, expected: dict[str, Any]) -> Json:
    """The mid-year audit: projects at the end of July, practical matters at the end of August, as known then."""
    practical = expected["practical_matters"]["as_of"]
    parts = [
        {"question": "projects", "as_of": expected["projects"]["as_of"]},
        {"question": "practical_matters", "as_of": practical},
    ]
    sealed = await client.command("years/2009/audits", {"parts": parts, "known_at": practical}, key="2009/audit")
    return await client.question(f"years/2009/audits/{sealed['id']}")


async def _alignment(client: Client, expected: Json, comparison: Comparison) -> None:
    known = await client.question("years/2009/alignments")
    aligned = await client.question(f"years/2009/alignments/{known['items'][-1]['id']}", limit="1")
    totals = aligned["totals"]
    print("\nAlignment of the province's catalogue with the city's 省市目标对接")
    rows = [
        [label, comparison.cell(f"alignment/{name}", expected[wanted], totals[name])]
        for label, name, wanted in (
            ("in the province's catalogue 目标总数", "catalogue", "in_catalogue"),
            ("assess this city 考核我市", "assessing_us", "assess_us"),
            ("already among the city's 已列入", "matched", "matched"),
            ("new to the city 新增", "new", "new"),
        )
    ]
    rows += [
        [
            f"  of these {category}",
            comparison.cell(f"alignment/new/{category}", wanted, totals["new_by_category"][category]),
        ]
        for category, wanted in expected["new_by_category"].items()
    ]
    rows += [
        [f"reason {reason}", comparison.cell(f"alignment/reason/{reason}", wanted, totals["by_reason"].get(reason, 0))]
        for reason, wanted in expected["reasons"].items()
    ]
    print(table(["", "targets"], rows))


def _projects(answer: Json, expected: Json, comparison: Comparison) -> None:
    groups = {group["code"]: group for group in answer["groups"]}
    print(f"\nKey projects as of {expected['as_of']}, known on 2009-08-31 (亿元) 重点项目")
    print(f"  time progress {_percent(answer['time_progress'])} % 序时进度")
    rows = []
    for row in expected["rows"]:
        computed = dict(_project_figures(groups[row["group"]]))
        cells = [
            comparison.cell(f"{row['id']}/{name}", row[name], computed[name]) if name in row else ""
            for name in ("projects", "with_sub_projects", "plan", "done", "rate", "lead_pp")
        ]
        more = [
            f"{label} " + comparison.cell(f"{row['id']}/{name}", row[name], computed[name])
            for label, name in (
                ("started", "started"), ("not started", "not_started"), ("start rate", "start_rate"),
                ("over the city", "over_city_pp"), ("share", "share_of_city"), ("continued", "continued"),
                ("new", "new"),
            ) if name in row
        ]  # fmt: skip
        rows.append([row["group"], *cells, ", ".join(more)])
    print(table(["group", "projects", "with sub", "plan", "done", "rate %", "lead pp", ""], rows))


def _project_figures(group: Json) -> Iterator[tuple[str, object]]:
    """A group's figures by the names of the published ones, shown as published: rates to one decimal."""
    start = group["start"]
    phases = {phase["code"]: phase["projects"] for phase in group["phases"]}
    yield from (("projects", group["projects"]), ("with_sub_projects", group["with_sub_projects"]))
    yield from (("plan", group["planned_investment"]), ("done", group["investment"]), ("rate", _percent(group["rate"])))
    yield from (("lead_pp", _one(group["lead_pp"])), ("over_city_pp", _one(group["over_city_pp"])))
    yield from (("share_of_city", _percent(group["share_of_city"])), ("start_rate", _percent(start["rate"])))
    yield from (("started", start["started"]), ("not_started", group["projects"] - start["started"]))
    yield from (("continued", phases.get("continued", 0)), ("new", phases.get("new", 0)))


def _practical_matters(answer: Json, expected: Json, comparison: Comparison) -> None:
    targets = {target["code"]: target for target in answer["targets"]}
    totals = answer["totals"]

    def count(published: str, computed: str) -> str:
        return comparison.cell(f"practical/{published}", expected[published], totals[computed])

    print(f"\nPractical matters for the people as of {expected['as_of']}, known on that day 为民办实事")
    print(
        f"  indicators {count('indicators', 'targets')}, at 80 % or more {count('at_least_80', 'at_least_80')}"
        f", at 100 % or more {count('at_least_100', 'at_least_100')}"
    )
    rows = []
    for row in expected["rows"]:
        target = targets[row["target"]]
        done = comparison.cell(f"{row['id']}/done", row["done"], target["numerator"])
        value = comparison.cell(f"{row['id']}/value", row["value"], target["target_value"]) if "value" in row else ""
        rate = comparison.cell(f"{row['id']}/rate", row["rate"], _percent(target["rate"])) if "rate" in row else ""
        note = ""
        if "done_as_of" in row:
            note = f"latest known: {target['parts'][0]['level']['effective_on']}"
        if "person_time" in row:
            counted = comparison.cell(f"{row['id']}/person_time", row["person_time"], target["measures"][0]["total"])
            note += f", {counted} person-times"
        rows.append([row["id"].split("/")[1], row["target"], done, value, target["unit_of_measure"], rate, note])
    print(table(["#", "indicator", "done", "target", "unit", "rate %", ""], rows))


async def _late_bills(client: Client, expected: Json, comparison: Comparison) -> None:
    """Row 9: the bills of August come in by 10 September, so the three questions have three answers."""
    print(f"\nThree questions about {expected['target']} (the log's clock stands at {expected['clock']})")
    rows = []
    for question in expected["questions"]:
        asked = {name: question[name] for name in ("as_of", "known_at") if name in question}
        answer = await client.question(f"years/2009/targets/{expected['target']}/completion", **asked)
        target, id = answer["target"], question["id"]
        level = target["parts"][0]["level"]
        rows.append([
            id.removeprefix("late-bills/").replace("-", " "), question["as_of"], question.get("known_at", "today"),
            comparison.cell(f"{id}/effective_on", question["effective_on"], level["effective_on"]),
            comparison.cell(f"{id}/done", question["done"], target["numerator"]),
            comparison.cell(f"{id}/rate", question["rate"], _percent(target["rate"])),
            comparison.cell(f"{id}/person_time", question["person_time"], target["measures"][0]["total"]),
            str(answer["pin"]["position"]),
        ])  # fmt: skip
    print(table(["question", "as of", "known", "level of", "万元", "rate %", "person-times", "position"], rows))


def _sum_up(comparison: Comparison) -> None:
    print(f"\n{comparison.agreed} figures as published {TICK}")
    for id in sorted(comparison.met):
        row = comparison.declared[id]
        print(f"declared difference {id}: computed {row['computed']}, published {row['published']}: {row['reason']}")
    for sentence in comparison.undeclared:
        print(f"✗ {sentence}")
    for id in comparison.gone:
        print(f"✗ the declared difference {id} is gone")


def _percent(rate: str) -> str:
    """A ratio as per cent with one decimal, HALF_UP."""
    return shown(Fraction(Decimal(rate)) * 100, 1)


def _one(points: str) -> str:
    return shown(Fraction(Decimal(points)), 1)
