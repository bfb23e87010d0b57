"""Starts the back end on a fresh directory, plays the year, prints the audit, and keeps serving."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from examples.demo.client import Client, Refused
from examples.demo.play import play
from examples.demo.report import report
from shared.identity.issuer import DevelopmentIssuer

DIRECTORY = Path("demo-data")
CITY = "city"
"""The back end's data directory, in the demo's."""
MARK = ".jikao-demo"
DATA = Path(__file__).parent.parent / "year2009"
READY_WITHIN = 60.0
"""Seconds for the back end to come up."""


def main(port: int, once: bool, directory: Path = DIRECTORY) -> int:
    """Play the year 2009; 1 if a figure is off other than by a declared difference, 2 if it could not be played."""
    if sentence := _obstacle(port, directory):
        print(sentence, file=sys.stderr)
        return 2
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    (directory / MARK).write_text("made by `make demo`; the next run removes it\n", encoding="utf-8")
    data = directory / CITY
    log = (directory / "server.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "services.standalone", "serve", "--port", str(port), "--data", str(data)],
        stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        if not _ready(server, port):
            print(f"the back end did not come up; {directory / 'server.log'} says why", file=sys.stderr)
            return 2
        began = time.monotonic()
        try:
            off = asyncio.run(_play_and_report(port, data))
        except Refused as refused:
            print(f"\nthe year could not be played: {refused}", file=sys.stderr)
            return 2
        print(f"\nplayed and audited in {time.monotonic() - began:.0f} s; {where(data)}")
        if once:
            return 1 if off else 0
        print(_invitation(port, data))
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        server.wait()
    except KeyboardInterrupt:
        print()
    finally:
        if server.poll() is None:
            server.terminate()
            server.wait(timeout=30)
    return 0


def where(data: Path) -> str:
    """What a command has to be told to work on what the demo left."""
    return f"jikao's commands find it with --data {data}"


def _obstacle(port: int, directory: Path) -> str | None:
    """Why the demo cannot start, in one sentence."""
    if directory.exists() and not (directory / MARK).exists():
        return f"{directory}/ is not a demo's directory; move it away (only what a demo made is ever removed)"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return f"port {port} is taken; choose another one: make demo PORT={port + 1}"
    return None


def _ready(server: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + READY_WITHIN
    while server.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200:
                return True
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    return False


async def _play_and_report(port: int, data: Path) -> int:
    year = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in DATA.glob("*.json")}
    jurisdiction: str = year["expected"]["jurisdiction"]
    limits = httpx.Limits(max_connections=16)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits) as http:
        client = Client(http, DevelopmentIssuer(data / "issuer"), jurisdiction)
        await play(client, year)
        return await report(client, year["expected"])


def _invitation(port: int, data: Path) -> str:
    issuer = DevelopmentIssuer(data / "issuer")
    token: Any = issuer.mint(
        subject="demo auditor", client="demo", jurisdictions=["430300"], roles=["auditor"], scope="all", ttl=30 * 86_400
    )
    base = f"http://127.0.0.1:{port}"
    year = f"{base}/v1/jurisdictions/430300/years/2009"
    return f"""
still serving; Ctrl-C ends. Open {base}/openapi.json, {base}/problems/, {base}/v1/labels, or ask as an auditor:

TOKEN={token}
curl -s -H "Authorization: Bearer $TOKEN" "{year}/practical-matters?as_of=2009-08-31&known_at=2009-08-31"
curl -s -H "Authorization: Bearer $TOKEN" "{year}/groups/industrial-and-park/completion?as_of=2009-07-31"
curl -s -H "Authorization: Bearer $TOKEN" "{year}/targets/c-cooperative-outpatient-pooling/completion\\
?as_of=2009-08-31&compare_known_at=2009-08-31"
"""
