"""What a benchmark ran on, and how its samples are put together."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

_PACKAGES = ("fastapi", "uvicorn", "pydantic", "msgspec", "sqlalchemy", "kafka-python", "eventsourcing", "pymerkle")


def described() -> dict[str, Any]:
    """The machine and the versions that matter, without anything that names this very machine."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load_before": round(os.getloadavg()[0], 2),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def in_turns(rounds: int, asked: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Milliseconds of each, one after the other and over again, so that what disturbs the machine disturbs all."""
    samples: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(rounds):
        for name, ask in asked.items():
            samples[name].append(milliseconds(ask))
    return samples


def milliseconds(ask: Callable[[], object]) -> float:
    """How long one call takes."""
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1e3


def summary(samples: Sequence[float], digits: int = 1) -> dict[str, Any]:
    """Median, lowest, highest, the 95th percentile, and the samples themselves."""
    high = quantiles(samples, n=20, method="inclusive")[-1] if len(samples) > 1 else samples[0]
    return {
        "median": round(median(samples), digits), "low": round(min(samples), digits),
        "high": round(max(samples), digits), "p95": round(high, digits),
        "samples": [round(sample, digits + 2) for sample in samples],
    }  # fmt: skip


def summaries(samples: Mapping[str, Sequence[float]], digits: int = 1) -> dict[str, Any]:
    """The same of each."""
    return {name: summary(of, digits) for name, of in samples.items()}


def resident_mb(pid: int) -> dict[str, float]:
    """What a process holds in memory, in MB: now, at most so far, and without what it only maps from files (Linux)."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)

    def mb(name: str) -> float:
        return round(int(lines[name].split()[0]) * 1024 / 1e6, 1)

    return {"resident": mb("VmRSS"), "peak": mb("VmHWM"), "anonymous": mb("RssAnon")}
