"""How long from "acknowledged" to "visible" under a steady load? `python -m bench.visible [--quick]`

5,000 entries a second in submissions of 50 for a minute, sent by the clock and not by the answers, through the gateway
to the whole back end: in one process on SQLite, and as separate processes on Kafka and PostgreSQL. What became of every
tenth submission is asked for over HTTP the moment its receipt comes, with the receipt's token (`after=`, which waits);
of one in a hundred again and again without it, every 20 ms. What asking takes is in it.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import uvloop

from bench.command_line import measure
from bench.door import TARGETS, body, fill
from bench.running import running
from bench.wire import Line, Unexpected, get, post
from services.standalone.data_directory import issuer_directory, open_directory
from services.standalone.stack import Stack
from shared.event_log.embedded import open_embedded
from shared.event_log.ids import log_id, uuid7
from shared.event_log.kafka.opening import open_kafka
from shared.event_log.kafka.settings import KafkaSettings
from shared.identity.issuer import DevelopmentIssuer
from shared.testing.ports import free_ports

J = "/v1/jurisdictions/430300"
ENTRIES = 50
PER_SECOND = 100
"""Submissions a second: 5,000 entries."""
LOOKED_AT = 10
"""Every so manieth submission is waited for by its token."""
ASKED_FOR = 101
"""Every so manieth is asked for again and again: seldom, because that is a load of its own."""
ASK_AGAIN = 0.02
LINES = 32
SHARES = {"p50": 0.5, "p99": 0.99, "worst": 1.0}


@dataclass(slots=True)
class Seen:
    """Seconds, in order: from the due moment of a request to its receipt, and from receipts to being visible."""

    acknowledged: list[float] = field(default_factory=list)
    by_token: list[float] = field(default_factory=list)
    by_asking: list[float] = field(default_factory=list)
    sent_late: list[float] = field(default_factory=list)
    """How far behind the clock each request was sent."""


def run(quick: bool = False) -> dict[str, Any]:
    """Measure both forms; medians, tails, and every sample."""
    seconds = 5 if quick else 60
    found: dict[str, Any] = {}
    for form in (standalone, distributed):
        with form() as (port, token):
            asyncio_run(_steady(port, token, 2 if quick else 10))  # what is needed for the first time is made then
            seen = asyncio_run(_steady(port, token, seconds))
        found[form.__name__] = {
            "entries_per_s": ENTRIES * len(seen.acknowledged) / seconds,
            **{
                name: {f"{label}_ms": _share(of, share) for label, share in SHARES.items()} | {"samples": of}
                for name, of in (
                    ("acknowledged", seen.acknowledged), ("visible_by_token", seen.by_token),
                    ("visible_by_asking", seen.by_asking), ("sent_late", seen.sent_late),
                )
            },
        }  # fmt: skip
    return found


def asyncio_run(work: Any) -> Any:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


@contextmanager
def standalone() -> Iterator[tuple[int, str]]:
    """Everything in one process; the port of its gateway, and a token."""
    with tempfile.TemporaryDirectory(prefix="jikao-visible-") as folder:
        data = Path(folder) / "data"
        with open_directory(data) as directory:
            topics = open_embedded(directory.log)
            fill(topics, log_id(True))
            topics.close()
            token = _token(directory.issuer)
        port = free_ports(1)[0]
        arguments = ["services.standalone", "serve", "--data", str(data), "--port", str(port)]
        with running(arguments, port, Path(folder) / "serve.log"):
            yield port, token


@contextmanager
def distributed() -> Iterator[tuple[int, str]]:
    """A broker, PostgreSQL, and each service and the gateway as processes; the port of the gateway, and a token."""
    with ExitStack() as everything:
        folder = Path(everything.enter_context(tempfile.TemporaryDirectory(prefix="jikao-visible-")))
        folder.chmod(0o755)
        stack = Stack(folder, 0, everything)
        stack.start()
        topics = open_kafka(KafkaSettings(stack.brokers[0].quorum.bootstrap, "single-broker"))
        fill(topics, log_id(True))
        topics.close()
        yield int(stack.address("gateway").rsplit(":", 1)[1]), _token(issuer_directory(folder))


def _token(issuer: Path) -> str:
    return DevelopmentIssuer(issuer).mint("bench", "county", ["430300"], ["office"], sources=["county"])


async def _steady(port: int, token: str, seconds: int) -> Seen:
    """Send by the clock; a line that is still waiting for an answer delays no other."""
    seen, drive = Seen(), uuid7()
    free: asyncio.Queue[Line] = asyncio.Queue()
    for _ in range(LINES):
        free.put_nowait(await Line.open(port))
    bodies = [body(n * ENTRIES, ENTRIES) for n in range(400)]
    began, sending = time.perf_counter(), []
    for n in range(seconds * PER_SECOND):
        due = began + n / PER_SECOND
        if (early := due - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        request = post(f"{J}/progress", token, f"{drive}-{n}", bodies[n % len(bodies)])
        sending.append(asyncio.create_task(_one(free, token, request, due, n, seen)))
    await asyncio.gather(*sending)
    while not free.empty():
        await free.get_nowait().close()
    return seen


async def _one(free: asyncio.Queue[Line], token: str, request: bytes, due: float, n: int, seen: Seen) -> None:
    line = await free.get()
    try:
        seen.sent_late.append(time.perf_counter() - due)
        status, answer = await line.ask(request)
        acknowledged = time.perf_counter()
        if status != 202:
            raise Unexpected(answer[:2000].decode(errors="replace"))
        seen.acknowledged.append(acknowledged - due)
        by_token, by_asking = n % LOOKED_AT == 0, n % ASKED_FOR == 1
        if by_token or by_asking:
            receipt = json.loads(answer)
            await _look(line, token, receipt, by_token)
            (seen.by_token if by_token else seen.by_asking).append(time.perf_counter() - acknowledged)
    finally:
        free.put_nowait(line)


async def _look(line: Line, token: str, receipt: dict[str, Any], by_token: bool) -> None:
    """Return once what became of the submission's entries is answered. Unexpected for anything but that or a 404."""
    path = f"{J}/submissions/county/{quote(receipt['id'], safe='')}"
    asked = get(f"{path}?after={receipt['token']}" if by_token else path, token)
    while True:
        status, answer = await line.ask(asked)
        if status == 200:
            (record,) = json.loads(answer)["records"]
            if record["counted"] != ENTRIES:
                raise Unexpected(answer[:2000].decode(errors="replace"))
            return
        if status != 404 or by_token:
            raise Unexpected(answer[:2000].decode(errors="replace"))
        await asyncio.sleep(ASK_AGAIN)


def _share(seconds: list[float], share: float) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def show(found: dict[str, Any]) -> None:
    """Print what `run` found."""
    for form, of in found.items():
        print(f"{form}, {of['entries_per_s']:,.0f} entries/s in submissions of {ENTRIES}, {TARGETS} targets:")
        for name in ("acknowledged", "visible_by_token", "visible_by_asking", "sent_late"):
            got = of[name]
            print(
                f"  {name:<20}p50 {got['p50_ms']:8.1f} ms, p99 {got['p99_ms']:8.1f} ms, worst {got['worst_ms']:8.1f} ms"
                f" ({len(got['samples']):,} samples)"
            )


if __name__ == "__main__":
    measure(__doc__, run, show)
