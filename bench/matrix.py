"""What does a year's target table cost over HTTP? `python -m bench.matrix [--quick]`

A standalone back end serves the city of bench.city (2,500 targets, 12,500 assignments) through its gateway, each part
reported once: figures play no part in this. One client on one connection asks for the matrix of targets and units as
of a date, in turns: the whole of it, in pages of 1,000 targets that are asked for one after the other; one page of
1,000; one category; one unit; one target with its versions. Each as now known, and as known when the first figure came
in. The processor time that the back end spends on a whole table is told too: it is what other work on the machine
disturbs least.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import httpx

from bench.city import AS_OF, JURISDICTION, YEAR, City
from bench.command_line import measure
from bench.machine import in_turns, summaries
from bench.running import cpu_seconds
from bench.standing import Server, made, served

BASE = f"/v1/jurisdictions/{JURISDICTION}/years/{YEAR}"


Axes = dict[str, str]
Question = Callable[[httpx.Client, Axes], object]


def run(quick: bool = False) -> dict[str, Any]:
    """Measure; milliseconds of each question, with every sample."""
    at = made(quick, None if quick else City(dates=1, rounds=1))
    with served(at) as server:
        found = asked(server, at.city.standing, quick)
    return {"targets": at.city.targets, "assignments": at.city.series} | found


def asked(server: Server, standing: int, quick: bool) -> dict[str, Any]:
    """Each question in turn, after one round that is not counted; then whole tables by processor time."""
    rounds = 2 if quick else 25
    with httpx.Client(
        base_url=f"http://127.0.0.1:{server.port}", headers={"Authorization": f"Bearer {server.token}"},
        timeout=60, trust_env=False,
    ) as client:  # fmt: skip
        known: dict[str, Axes] = {
            "as now known": {}, "as known before the first figure": {"known_at": f"position:{standing}"},
        }  # fmt: skip
        questions = {
            f"{name}, {when}": partial(ask, client, axes)
            for when, axes in known.items() for name, ask in QUESTIONS.items()
        }  # fmt: skip
        in_turns(1, questions)
        found = summaries(in_turns(rounds, questions))
        began = cpu_seconds(server)
        for _ in range(rounds):
            _whole(client, {})
        spent = (cpu_seconds(server) - began) * 1e3 / rounds
    return {"http": found, "whole_table_processor_ms": round(spent, 1)}


def _whole(client: httpx.Client, axes: Axes) -> int:
    """All pages; how many assignments stood in them."""
    query, parts = {"limit": "1000"}, 0
    while True:
        page = _ask(client, "/matrix", axes | query).json()
        parts += sum(len(row["parts"]) for row in page["items"])
        if page["next_cursor"] is None:
            return parts
        query["cursor"] = page["next_cursor"]


def _page(client: httpx.Client, axes: Axes, **query: str) -> bytes:
    return _ask(client, "/matrix", axes | {"limit": "1000"} | query).content


def _target(client: httpx.Client, axes: Axes) -> bytes:
    return _ask(client, "/targets/t1", axes).content


QUESTIONS: dict[str, Question] = {
    "whole table": _whole,
    "page of 1,000 targets": _page,
    "one category": partial(_page, category="economy"),
    "one unit": partial(_page, unit="u1"),
    "one target": _target,
}


def _ask(client: httpx.Client, path: str, query: Axes) -> httpx.Response:
    return client.get(BASE + path, params={"as_of": AS_OF.isoformat()} | query).raise_for_status()


def show(found: dict[str, Any]) -> None:
    """Print what `run` found."""
    print(f"{found['targets']:,} targets, {found['assignments']:,} assignments; medians in ms")
    for name, of in found["http"].items():
        print(f"  {name:<58}{of['median']:8.1f} ({of['low']:.1f} to {of['high']:.1f})")
    print(f"  the back end's processor time of a whole table: {found['whole_table_processor_ms']} ms")


if __name__ == "__main__":
    measure(__doc__, run, show)
