"""Starts what is measured as processes of their own, waits until they are ready, and ends them by their own ids."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import httpx

from shared.settings import PREFIX

ROOT = Path(__file__).resolve().parents[1]
READY_WITHIN = 60.0
STOPPED_WITHIN = 20.0


class DidNotStart(Exception):
    """A process ended, or was not ready in time; the message holds its last words."""


@contextmanager
def running(
    arguments: Sequence[str],
    port: int,
    log: Path,
    settings: Mapping[str, str] | None = None,
    ready: str = "/readyz",
    within: float = READY_WITHIN,
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m <arguments>` with these JIKAO_ settings and no others, from when `ready` is answered to the end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment |= {PREFIX + name: value for name, value in (settings or {}).items()}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(process, f"http://127.0.0.1:{port}{ready}", log, within)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path, within: float) -> None:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            if httpx.get(address, timeout=5, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            pass  # not listening yet
        time.sleep(0.1)
    raise DidNotStart(log.read_text(errors="replace")[-2000:])


def lag(port: int) -> int:
    """How many records the readers of a service are behind the log's end."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10, trust_env=False).text
    lines = [line for line in text.splitlines() if line.startswith("jikao_reader_lag_records{")]
    return round(sum(float(line.rsplit(" ", 1)[1]) for line in lines))


def caught_up(port: int, within: float = 600.0) -> float:
    """Seconds until the readers of a service have read all there is. TimeoutError after `within` seconds."""
    began = time.perf_counter()
    while lag(port):
        if time.perf_counter() - began > within:
            raise TimeoutError(f"{lag(port)} records behind after {within:.0f} s")
        time.sleep(0.05)
    return time.perf_counter() - began


class Running(Protocol):
    """A process that runs."""

    @property
    def pid(self) -> int:
        """Its id."""
        ...


def cpu_seconds(process: Running) -> float:
    """Processor time that a process has used so far, in seconds (Linux)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
