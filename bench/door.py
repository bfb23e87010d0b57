"""What each check of the progress door costs, in one process: `python -m bench.door [entries] [submissions]`.

No network and no server: the application is called as ASGI, the log is the embedded one on this machine's disk.
First each step of the good path alone, in microseconds a submission; then the whole way, by 16 callers at a time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from services.projects.door import Door, Visit
from services.projects.main import build
from services.projects.submission import SUBJECT, Sent, read_submission
from shared.admission import Known, judge
from shared.canonical import sha256_hex
from shared.contracts import organisation, projects, seal, targets
from shared.contracts.logs import LogOpened
from shared.contracts.shapes import Label, Measure, Shape
from shared.event_log.directory import Listing, listing_record
from shared.event_log.embedded import open_embedded
from shared.event_log.ids import event_id, log_id, uuid7
from shared.event_log.port import Topics
from shared.http.tokens import Written, encode_token
from shared.identity.issuer import DevelopmentIssuer
from shared.proofs.receipts import Receipt, instant
from shared.proofs.signing import SigningKey
from shared.quantities import QUANTITY_PATTERN
from shared.sql import engine

YEAR = 2009
TARGETS = 1000
CALLERS = 16
FOLDED = 400
"""Submissions that the reader folds, to see what one costs it."""
SOURCE = "urn:jikao:source:county"


def fill(topics: Topics, log: str) -> None:
    """A city of one unit and a thousand targets, its clock at the year's end."""
    versions: dict[str, int] = {}

    def sealed(fact: Shape, stream: str) -> tuple[str, bytes]:
        versions[stream] = versions.get(stream, 0) + 1
        return log, seal(
            fact, id=uuid7(), source="urn:jikao:service:targets", subject=stream, log=log, actor="bench",
            authrole="office", authscope="all", stream=stream, streamversion=versions[stream],
        )  # fmt: skip

    opened = sealed(
        LogOpened(log=log, jurisdiction="430300", origin=f"jikao/{log}", zone="Asia/Shanghai", clock="simulated",
                  instant="2010-01-01T08:00:00+08:00"), "log",
    )  # fmt: skip
    topics.listings.append_all(0, [listing_record(Listing(log, "430300", 0, sha256_hex(opened[1])), 0)])
    unit, new_year = uuid7(), date(YEAR, 1, 1)
    facts = [
        opened,
        sealed(organisation.UnitRegistered(unit=unit, code="transport", name=Label(zh="交通局"), kind="department",
                                      valid_from=new_year), "unit:transport"),
        sealed(targets.SourceRegistered(source="county", client="county"), "source:county"),
        sealed(targets.YearOpened(year=YEAR, time_progress="by_month"), f"year:{YEAR}"),
    ]  # fmt: skip
    for n in range(TARGETS):
        target = uuid7()
        facts.append(sealed(
            targets.TargetIssued(
                target=target, year=YEAR, code=f"target-{n}", name=Label(zh="目标"), issuer="city", category="economy",
                kind="cumulative", direction="higher", value="100", roll_up="sum", tags=[], effective_on=new_year,
                measures=[Measure(code="length", name=Label(zh="里程"), unit_of_measure="km")],
            ), f"target:{YEAR}:{n}"))  # fmt: skip
        facts.append(sealed(
            targets.AssignmentMade(assignment=uuid7(), target=target, unit=unit, role="lead", valid_from=new_year),
            f"assignments:{YEAR}:{n}"))  # fmt: skip
    topics.events.append_all(0, facts)


def body(n: int, entries: int) -> bytes:
    """The n-th submission."""
    on = date(YEAR, 1, 1) + timedelta(days=n % 365)
    return json.dumps({"entries": [
        {"kind": "target", "target": f"target-{(n + at) % TARGETS}", "value": f"{n % 100}.25", "unit_of_measure": "km",
         "effective_on": on.isoformat()}
        for at in range(entries)
    ]}).encode()  # fmt: skip


class PlainTarget(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["target"]
    target: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    value: Annotated[str, Field(pattern=QUANTITY_PATTERN)]
    unit_of_measure: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    effective_on: date


class PlainProject(PlainTarget):
    kind: Literal["project"]  # type: ignore[assignment]


class PlainSubmission(BaseModel):
    model_config = ConfigDict(extra="forbid")
    entries: list[Annotated[PlainTarget | PlainProject, Field(discriminator="kind")]]


def plain(topics: Topics, log: str) -> FastAPI:
    """What a plain endpoint costs: pydantic in, the same log, 202 out; no caller, no identity, no rule."""
    app = FastAPI()

    @app.post("/v1/jurisdictions/{jurisdiction}/progress", status_code=202)
    async def submit(jurisdiction: str, submission: PlainSubmission) -> dict[str, int]:
        ack = await topics.events.append(0, log, submission.model_dump_json().encode())
        return {"offset": ack.offset}

    return app


async def call(app: Any, token: str, key: str, payload: bytes) -> int:
    """One POST …/progress by ASGI; its status."""
    headers = [(b"authorization", f"Bearer {token}".encode()), (b"idempotency-key", key.encode()),
               (b"content-type", b"application/json")]  # fmt: skip
    path = "/v1/jurisdictions/430300/progress"
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
             "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
             "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)}  # fmt: skip
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": payload, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    return status


async def timed(payloads: list[bytes], app: Any, token: str, name: str) -> float:
    """Seconds for all payloads, by CALLERS callers at a time."""
    waiting = iter(enumerate(payloads))

    async def caller() -> None:
        for n, payload in waiting:
            status = await call(app, token, f"{name}-{n}", payload)
            assert status == 202, status

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return time.perf_counter() - began


def best(times: int, do: Callable[[], object]) -> float:
    """The microseconds of processor that `do` takes, the best of five rounds."""
    rounds = []
    for _ in range(5):
        began = time.thread_time()
        for _ in range(times):
            do()
        rounds.append((time.thread_time() - began) / times * 1e6)
    return min(rounds)


def steps(door: Door, visit: Visit, payload: bytes, token: str) -> dict[str, float]:
    """Each step of the good path alone, in microseconds."""
    read = read_submission(payload)
    fact = projects.ProgressSubmitted(entries=read.entries)
    sent = Sent(SOURCE, event_id(SOURCE, "k"), SUBJECT, read.time, fact)
    value = door._seal(visit, sent)
    registry, log = visit.copy.registry, visit.listing.log
    today = door.service.clock(visit.listing)[1]
    written = Written(log, door.service.topics.events.incarnation, 0, 1000)
    receipt = Receipt(log, SOURCE, sent.id, sha256_hex(value), instant(0))
    return {
        "decode the body by the contract": best(500, lambda: read_submission(payload)),
        "caller of a remembered token": best(2000, lambda: door.service.verifier.remembered(token)),
        "event id from source and key": best(2000, lambda: event_id(SOURCE, "2009-07-31-unit-12")),
        "mirror: what the reader told": best(5000, lambda: door.mirror.of(log)),
        "identity: certainly new?": best(5000, lambda: door.seen.perhaps(log, SOURCE, "another")),
        "(for comparison: the same by SQL)": best(200, lambda: door._taken(log, sent)),
        "clock and local date": best(2000, lambda: door.service.clock(visit.listing)),
        "(for comparison: judging every entry)": best(
            200, lambda: judge(fact, (SOURCE, "k"), "", today, registry, Known())
        ),
        "source, scope, and precedents of all entries": best(200, lambda: door._refusal(visit, sent)),
        "seal": best(500, lambda: door._seal(visit, sent)),
        "hash of the stored bytes": best(1000, lambda: sha256_hex(value)),
        "Jikao-Token": best(2000, lambda: encode_token(written)),
        "receipt, signed": best(1000, lambda: receipt.signed(door.key)),
    }


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Topics, Any, Door, str]]:
    """The service on a city of a thousand targets in the embedded log; its application, door and a token."""
    with tempfile.TemporaryDirectory() as folder:
        topics = open_embedded(Path(folder) / "log")
        fill(topics, log_id(True))
        issuer = DevelopmentIssuer(Path(folder))
        token = issuer.mint("bench", "county", ["430300"], ["office"], sources=["county"])
        service, app = build(
            engine(f"sqlite:///{folder}/projects.db"), topics, issuer.verifier(), alone=True, key=SigningKey.generate()
        )
        async with service.lifespan(app):
            await service.read_side.reached_end(0, 60)
            yield topics, app, app.state.door, token
        topics.close()


def profile(entries: int) -> dict[str, float]:
    """What each check costs a submission of so many entries, in microseconds."""

    async def measured() -> dict[str, float]:
        async with opened() as (_, app, door, token):
            assert await call(app, token, "warm", body(0, entries)) == 202
            visit = await door.enter(door.service.verifier.verify(token), "430300")
            found = steps(door, visit, body(0, entries), token)
            found["(beside it, its reader folds and stores one)"] = await folded(app, door, token, entries)
            return found

    return asyncio.run(measured())


async def folded(app: Any, door: Door, token: str, entries: int) -> float:
    """Microseconds of processor that the reader's own thread takes for a submission, full batches at a time."""
    read_side = door.service.read_side
    await asyncio.to_thread(read_side.stop)
    [reader] = read_side.readers
    reader.open()
    reader.catch_up()
    payloads = [body(n, entries) for n in range(FOLDED)]
    await timed(payloads, app, token, "folded")

    def caught_up() -> float:
        began = time.thread_time()
        reader.catch_up()
        return time.thread_time() - began

    try:
        return await asyncio.to_thread(caught_up) / FOLDED * 1e6
    finally:
        read_side.start()


async def main(entries: int, submissions: int) -> None:
    async with opened() as (topics, app, door, token):
        service, payloads = door.service, [body(n, entries) for n in range(submissions)]
        assert await call(app, token, "warm", payloads[0]) == 202
        visit = await door.enter(service.verifier.verify(token), "430300")
        print(f"{entries} entries a submission, {len(payloads[0])} octets; microseconds a submission:")
        for name, microseconds in steps(door, visit, payloads[0], token).items():
            print(f"  {name:<52}{microseconds:9.1f} µs")
        for name, reads in (
            ("with its reader at work beside it", True),
            ("the door alone, its reader stopped", False),
        ):
            if not reads:
                await service.read_side.reached_end(0, 120)
                await asyncio.to_thread(service.read_side.stop)
            seconds = await timed(payloads, app, token, name[:8].replace(" ", "-"))
            rate = submissions / seconds
            print(f"whole way, {CALLERS} at a time, {name}:")
            print(f"  {rate:,.0f} submissions/s, {rate * entries:,.0f} entries/s")
        for _ in range(3):  # in turns, so that what else the machine does falls on both
            for name, measured in (
                ("the door alone", app),
                ("a plain pydantic endpoint", plain(topics, log_id(True))),
            ):
                seconds = await timed(payloads, measured, token, uuid7())
                print(f"  {name:<28}{submissions / seconds:9,.0f} submissions/s")


if __name__ == "__main__":
    logging.getLogger("jikao.access").setLevel(logging.WARNING)
    numbers = [int(argument) for argument in sys.argv[1:]]
    asyncio.run(main(*(numbers + [50, 2000][len(numbers) :])))
