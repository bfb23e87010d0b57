"""What do answers about a date cost over HTTP? `python -m bench.asof [--quick]`

A standalone back end serves a year of a large city (bench.city: 12,500 series, 650,000 entries) through its gateway.
One client on one connection asks, in turns: the whole city (totals by unit and category, and every target's row), one
unit, one target, one target's history; each as now known, and as known when half of the entries were there. Each time
it asks about another date, so no question is one that was answered before; the whole city is also asked about one date
again and again. A registry change (a locked month) is made before each of some further questions: what stands is then
worked out again.

Beside it the PyPI package `eventsourcing` answers the first, second and last by replay, in this process without HTTP
(bench.by_replay), from the same entries. It computes less: levels and a count for each unit, no document.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from bench.by_replay import ByReplay
from bench.city import AS_OF, DAYS, JURISDICTION, YEAR
from bench.command_line import measure
from bench.machine import in_turns, milliseconds, summaries, summary
from bench.standing import Made, Server, made, served

BASE = f"/v1/jurisdictions/{JURISDICTION}/years/{YEAR}"
PATHS = {
    "whole city": "/completion", "one unit": "/units/u1/completion", "one target": "/targets/t1/completion",
    "history of one target": "/targets/t1/history",
}  # fmt: skip


def run(quick: bool = False) -> dict[str, Any]:
    """Measure; milliseconds of each question, with every sample."""
    at = made(quick)
    with served(at) as server:
        found: dict[str, Any] = {"entries": at.city.entries, "series": at.city.series, "http": asked(server, at, quick)}
    with tempfile.TemporaryDirectory(prefix="jikao-by-replay-") as folder:
        found["eventsourcing"] = _by_replay(Path(folder), at, quick)
    return found


def asked(server: Server, at: Made, quick: bool) -> dict[str, Any]:
    """Each question in turn, after one round that is not counted; then the city after each of some changes."""
    with httpx.Client(
        base_url=f"http://127.0.0.1:{server.port}", headers={"Authorization": f"Bearer {server.token}"},
        timeout=60, trust_env=False,
    ) as client:  # fmt: skip
        last = int(client.get(BASE + "/completion").raise_for_status().headers["jikao-position"])
        known = {"as now known": last, "as known half-way": (at.city.standing + last) // 2}
        days = DAYS[:2] if quick else DAYS
        questions: dict[str, Callable[[], object]] = {
            f"{name}, {when}": partial(_next, client, path, position, iter([AS_OF, *days]))
            for when, position in known.items() for name, path in PATHS.items()
        }  # fmt: skip
        questions["whole city, the same question again"] = partial(_get, client, PATHS["whole city"], last)
        in_turns(1, questions)
        found = summaries(in_turns(len(days), questions))
        changed = [milliseconds(_after_a_change(client, month)) for month in range(1, 3 if quick else 12)]
    return found | {"whole city, first after a registry change": summary(changed)}


def _next(client: httpx.Client, path: str, known_at: int, days: Iterator[date]) -> bytes:
    return _get(client, path, known_at, as_of=next(days))


def _get(
    client: httpx.Client, path: str, known_at: int | None = None, after: str | None = None, as_of: date = AS_OF
) -> bytes:
    query: dict[str, str] = {"as_of": as_of.isoformat()}
    if known_at is not None:
        query["known_at"] = f"position:{known_at}"
    if after is not None:
        query["after"] = after
    return client.get(BASE + path, params=query).raise_for_status().content


def _after_a_change(client: httpx.Client, month: int) -> Callable[[], bytes]:
    """Lock a month, and give the question that is to be measured: it waits until the lock was read."""
    body = {"month": month, "reason": "bench"}
    done = client.post(BASE + "/locks", json=body, headers={"Idempotency-Key": f"lock-{month}"}).raise_for_status()
    token = done.headers["jikao-token"]
    return lambda: _get(client, "/completion", None, token)


def _by_replay(folder: Path, at: Made, quick: bool) -> dict[str, Any]:
    peer = ByReplay(folder, at.city)
    as_of = AS_OF.isoformat()
    try:
        found: dict[str, list[float]] = {}
        for when, position in {"as now known": peer.last, "as known half-way": peer.last // 2}.items():
            found |= in_turns(1 if quick else 2, {f"whole city, {when}": partial(peer.city, as_of, position)})
            found |= in_turns(1 if quick else 9, {
                f"one unit, {when}": partial(peer.unit, 1, as_of, position),
                f"one target, {when}": partial(peer.levels, peer.ids[1], as_of, position),
            })  # fmt: skip
        found |= in_turns(1 if quick else 9, {"history of one target, as now known": partial(peer.history, 1)})
    finally:
        peer.close()
    return summaries(found)


def show(found: dict[str, Any]) -> None:
    """Print what `run` found."""
    print(f"{found['series']:,} series, {found['entries']:,} entries; medians in ms")
    for name, of in found["http"].items():
        peer = found["eventsourcing"].get(name)
        beside = f"   eventsourcing {peer['median']:10,.1f}" if peer else ""
        print(f"  {name:<46}{of['median']:8.1f} ({of['low']:.1f} to {of['high']:.1f}){beside}")


if __name__ == "__main__":
    measure(__doc__, run, show)
