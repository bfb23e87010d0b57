"""How fast are submissions taken in over HTTP, beside an endpoint of forty lines? `python -m bench.ingest [--quick]`

One real broker and one real PostgreSQL; the projects service with every check on, and bench/forty_lines.py, each a
process of its own that is sent the same requests over the same number of connections. They are measured in turns, so
that what else the machine does falls on both; before each turn of the other one the service's reader has read all that
was sent. Each turn of the service gives two rates: answers a second while its reader works beside it in the same
process, and submissions a second counted to the moment at which the reader was through as well.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from bench.command_line import measure
from bench.door import TARGETS, body, fill, profile
from bench.running import caught_up, cpu_seconds, running
from bench.wire import Driven, drive, post
from shared.event_log.ids import log_id, uuid7
from shared.event_log.kafka.opening import open_kafka
from shared.event_log.kafka.settings import KafkaSettings
from shared.event_log.port import EVENTS
from shared.identity.issuer import DevelopmentIssuer
from shared.settings import ServiceSettings
from shared.testing.broker import Broker
from shared.testing.ports import free_ports
from shared.testing.postgres import Postgres

SHAPES = ((1, 16), (50, 8), (500, 4))
"""Entries in a submission, and connections that send them."""
PATH = "/v1/jurisdictions/430300/progress"
DIFFERENT = 400
"""Bodies that are sent in turn, each with keys of its own: nothing is a repeat."""


def run(quick: bool = False) -> dict[str, Any]:
    """Measure; the answer holds medians, lowest and highest, and every single round."""
    rounds, seconds = (1, 2.0) if quick else (7, 6.0)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jikao-ingest-")))
        folder.chmod(0o755)
        broker = stack.enter_context(Broker())
        postgres = stack.enter_context(Postgres(durable=True))
        issuer = DevelopmentIssuer(folder)
        (folder / "jwks.json").write_text(json.dumps(issuer.jwks()))
        token = issuer.mint("bench", "county", ["430300"], ["office"], sources=["county"])
        door_port, plain_port = free_ports(2)
        plain_topic = _topics(broker.bootstrap)
        settings = {
            "DATABASE_URL": postgres.database("projects"), "KAFKA_BOOTSTRAP": broker.bootstrap,
            "KAFKA_PROFILE": "single-broker", "KAFKA_PREFIX": "door.", "JWKS_FILE": str(folder / "jwks.json"),
            "PORT": str(door_port), "LOG_LEVEL": "WARNING", **_signing_key(folder),
        }  # fmt: skip
        service = stack.enter_context(running(["services.projects"], door_port, folder / "projects.log", settings))
        arguments = ["bench.forty_lines", broker.bootstrap, plain_topic, str(plain_port)]
        plain = stack.enter_context(running(arguments, plain_port, folder / "forty_lines.log", ready="/openapi.json"))
        found: dict[str, Any] = {}
        for entries, connections in SHAPES:
            found[str(entries)] = _shape(
                entries, connections, rounds, seconds, token, (door_port, service), (plain_port, plain)
            )
    found["profile_us"] = {str(entries): profile(entries) for entries, _ in SHAPES[1:]}
    return found


def _topics(bootstrap: str) -> str:
    """A city on the door's topics; and a topic for the forty lines, made like ours. Returns its name."""
    for prefix in ("door.", "plain."):
        topics = open_kafka(KafkaSettings(bootstrap, "single-broker", prefix=prefix))
        if prefix == "door.":
            fill(topics, log_id(True))
        topics.close()
    return "plain." + EVENTS


def _signing_key(folder: Path) -> dict[str, str]:
    if "signing_key_file" not in ServiceSettings.model_fields:
        return {}
    from shared.proofs.signing import SigningKey

    path = folder / "signing.pem"
    SigningKey.load_or_make(path)
    return {"SIGNING_KEY_FILE": str(path)}


def _shape(
    entries: int, connections: int, rounds: int, seconds: float, token: str,
    door: tuple[int, subprocess.Popen[bytes]], plain: tuple[int, subprocess.Popen[bytes]],
) -> dict[str, Any]:  # fmt: skip
    bodies = [body(n * entries, entries) for n in range(DIFFERENT)]
    for port, _ in (door, plain):
        drive(port, _requests(bodies, token), connections, seconds / 4)
    caught_up(door[0])
    samples: dict[str, list[dict[str, float]]] = {"door": [], "forty_lines": []}
    for at in range(rounds):
        turns = [("door", door), ("forty_lines", plain)]
        for name, (port, process) in turns if at % 2 else reversed(turns):
            before = cpu_seconds(process)
            driven = drive(port, _requests(bodies, token), connections, seconds)
            sample = _sample(driven)
            if name == "door":
                waited = caught_up(port)
                sample |= {"with_reader_per_s": driven.answered / (driven.seconds + waited), "reader_behind_s": waited}
            sample["cpu_us"] = (cpu_seconds(process) - before) / driven.answered * 1e6
            samples[name].append(sample)
    return {
        "connections": connections,
        "targets": TARGETS,
        **{name: _summary(of) for name, of in samples.items()},
        "ratio": median(d["per_s"] / p["per_s"] for d, p in zip(samples["door"], samples["forty_lines"], strict=True)),
        "rounds": samples,
    }


def _requests(bodies: list[bytes], token: str) -> Iterator[bytes]:
    drive_id = uuid7()
    for n in itertools.count():
        yield post(PATH, token, f"{drive_id}-{n}", bodies[n % len(bodies)])


def _sample(driven: Driven) -> dict[str, float]:
    return {
        "per_s": driven.rate,
        "p50_ms": driven.after(0.5),
        "p99_ms": driven.after(0.99),
        "answered": driven.answered,
    }


def _summary(samples: list[dict[str, float]]) -> dict[str, Any]:
    return {
        name: {"median": median(s[name] for s in samples), "low": min(s[name] for s in samples),
               "high": max(s[name] for s in samples)}
        for name in samples[0] if name != "answered"
    }  # fmt: skip


def show(found: dict[str, Any]) -> None:
    """Print what `run` found."""
    for entries, of in ((name, of) for name, of in found.items() if name.isdigit()):
        print(f"{entries} entries a submission, {of['connections']} connections, {of['targets']} targets known:")
        for name in ("door", "forty_lines"):
            got = of[name]
            rate = got["per_s"]
            print(
                f"  {name:<12}{rate['median']:8,.0f} submissions/s ({rate['low']:,.0f} to {rate['high']:,.0f}),"
                f" {rate['median'] * int(entries):9,.0f} entries/s; p50 {got['p50_ms']['median']:.1f} ms,"
                f" p99 {got['p99_ms']['median']:.1f} ms; {got['cpu_us']['median']:,.0f} µs of processor each"
            )
        reader = of["door"]["with_reader_per_s"]["median"]
        print(f"  door, counted until its reader was through: {reader:,.0f} submissions/s")
        print(f"  door / forty lines: {of['ratio']:.2f}")
    for entries, steps in found["profile_us"].items():
        print(f"where the door's time goes, {entries} entries, µs a submission:")
        for name, microseconds in steps.items():
            print(f"  {name:<52}{microseconds:9.1f}")


if __name__ == "__main__":
    measure(__doc__, run, show)
