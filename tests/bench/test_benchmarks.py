"""Every benchmark of reads and proofs runs to its end on a small city, and what it found fits into the page."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bench.__main__ import ORDER, PAGE, ROOT, filled, without_samples
from bench.tables import TABLES

READS = ("memory", "asof", "matrix", "rebuild", "ledger", "growth", "proofs", "alignment")


def test_the_benchmarks_of_reads_and_proofs_run_small_and_fill_the_page(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "bench", "--quick", "--to", str(tmp_path), "--only", *READS]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert set(summary) == {"machine", *READS}
    page = filled(PAGE.read_text(encoding="utf-8"), summary)
    for name in READS:
        raw = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
        assert summary[name] == without_samples(raw)
        assert TABLES[name](summary[name]) in page


def test_every_benchmark_has_its_table_and_its_place_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in ("machine", *ORDER):
        assert name in TABLES
        assert f"<!-- {name} -->" in page
        assert f"<!-- end of {name} -->" in page
