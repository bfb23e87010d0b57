"""What benchmarks found, as the tables of docs/performance.md: medians, with the spread beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Found = dict[str, Any]


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown, figures to the right."""
    lines = [heads, ["---", *("---:" for _ in heads[1:])], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def _spread(of: Found, digits: int = 1) -> list[str]:
    return [f"{of['median']:,.{digits}f}", f"{of['low']:,.{digits}f} to {of['high']:,.{digits}f}"]


def machine(found: Found) -> str:
    """What it ran on."""
    packages = ", ".join(f"{name} {version}" for name, version in found["packages"].items())
    return (
        f"{found['processor']}, {found['cores']} cores, {found['memory_gib']} GiB, {found['system']}, "
        f"Python {found['python']}, SQLite {found['sqlite']}; {packages}. "
        f"Load average when it began: {found['load_before']}.\n"
    )


def _ledger(found: Found) -> str:
    questions = ("whole_city_ms", "reading_levels_ms", "one_unit_ms")
    rows = [
        [name, f"{found[key]['entries_per_s']:,}", *_spread(found[key]["slices"], 0), found[key]["seconds"],
         *(" (".join(_spread(found[key][question])) + ")" for question in questions)]
        for name, key in (("SQLite", "sqlite"), ("PostgreSQL", "postgresql"))
    ]  # fmt: skip
    heads = [f"{found['entries']:,} entries", "entries/s", "median of slices", "slices", "seconds"]
    return table([*heads, "whole city, ms", "of that reading levels, ms", "one unit, ms"], rows)


def _rebuild(found: Found) -> str:
    rows = [
        [what, *_spread(found[key], 2)]
        for what, key in (("rebuild", "rebuild_s"), ("replay of a sealed audit", "replay_s"))
    ]
    return table([f"{found['entries']:,} entries", "median s", "spread"], rows)


def _asof(found: Found) -> str:
    peers = found["eventsourcing"]
    rows = [
        [name, *_spread(of), f"{peers[name]['median']:,.1f}" if name in peers else ""]
        for name, of in found["http"].items()
    ]
    heads = [f"{found['series']:,} series, {found['entries']:,} entries", "median ms", "spread", "eventsourcing, ms"]
    return table(heads, rows)


def _matrix(found: Found) -> str:
    rows = [[name, *_spread(of)] for name, of in found["http"].items()]
    heads = [f"{found['targets']:,} targets, {found['assignments']:,} assignments", "median ms", "spread"]
    spent = found["whole_table_processor_ms"]
    return table(heads, rows) + f"\nThe back end spends {spent} ms of processor time on a whole table.\n"


def _memory(found: Found) -> str:
    rows = [
        [when, *(f"{found[key][name]:,.0f}" for name in ("resident", "anonymous", "peak"))]
        for when, key in (("when ready", "when_ready_mb"), ("after questions", "after_questions_mb"))
    ]
    heads = [f"standalone, {found['entries']:,} entries", "resident MB", "not mapped from files", "peak"]
    return table(heads, rows) + f"\nReady {found['ready_s']} s after the start on a log that nothing had read yet.\n"


def _growth(found: Found) -> str:
    rows = [
        [f"{size} {axis}", f"{of['entries']:,}", f"{of['entries_per_s']:,}", f"{of['whole_city_ms']['median']:,.1f}",
         f"{of['one_unit_ms']['median']:,.1f}", f"{of['judge_50_entries_ms']['median']:.3f}"]
        for axis, sizes in found.items() for size, of in sizes.items()
    ]  # fmt: skip
    return table(["", "entries", "folded/s", "whole city ms", "one unit ms", "judging 50 entries ms"], rows)


def _proofs(found: Found) -> str:
    rows = [
        [
            f"{int(size):,}",
            question.replace("_", " "),
            *(f"{of[question][who]['median_ms']:.3f}" for who in of[question]),
        ]
        for size, of in found.items()
        for question in ("root_after_restart", "inclusion", "consistency")
    ]
    return table(["records", "question", "tiles, ms", "pymerkle, ms"], rows)


def _ingest(found: Found) -> str:
    rows = []
    for entries, of in ((name, of) for name, of in found.items() if name.isdigit()):
        for who, name in (("the door", "door"), ("forty lines", "forty_lines")):
            got = of[name]
            rate = got["per_s"]
            rows.append([
                f"{entries} × {of['connections']}, {who}", f"{rate['median'] * int(entries):,.0f}",
                f"{rate['low'] * int(entries):,.0f} to {rate['high'] * int(entries):,.0f}",
                f"{got['p50_ms']['median']:.1f}", f"{got['p99_ms']['median']:.1f}", f"{got['cpu_us']['median']:,.0f}",
            ])  # fmt: skip
    heads = ["entries × connections", "entries/s", "spread", "p50 ms", "p99 ms", "processor µs a submission"]
    profiles = found["profile_us"]
    steps = [
        [step, *(f"{of[step]:,.1f}" for of in profiles.values())] for step in next(iter(profiles.values()), {})
    ]  # fmt: skip
    beside = [f"processor µs a submission of {entries}" for entries in profiles]
    return table(heads, rows) + "\n" + table(["where the door's time goes", *beside], steps)


def _visible(found: Found) -> str:
    rows = [
        [
            f"{form}, {name.replace('_', ' ')}",
            *(f"{of[name][label]:,.1f}" for label in ("p50_ms", "p99_ms", "worst_ms")),
        ]
        for form, of in found.items()
        for name in ("acknowledged", "visible_by_token", "visible_by_asking")
    ]
    return table(["", "p50 ms", "p99 ms", "worst ms"], rows)


def _alignment(found: Found) -> str:
    rows = [[name, *_spread(found[name], 0)] for name in ("import", "alignment")]
    return table([f"{found['indicators']:,} indicators in each catalogue", "median ms", "spread"], rows)


TABLES: Mapping[str, Callable[[Found], str]] = {
    "ingest": _ingest, "visible": _visible, "ledger": _ledger, "asof": _asof, "matrix": _matrix, "rebuild": _rebuild,
    "memory": _memory, "growth": _growth, "proofs": _proofs, "alignment": _alignment, "machine": machine,
}  # fmt: skip
"""By the name of the benchmark."""
