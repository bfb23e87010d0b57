"""Runs every benchmark and writes what they found: `python -m bench [--quick] [--long] [--only NAME …]`

Every single sample goes into bench/results/<name>.json, medians and spreads into bench/results/summary.json, and the
tables of docs/performance.md are written anew. With --quick everything is small and nothing is written but to --to: it
shows that all of it works, and says nothing about speed.
"""

from __future__ import annotations

import argparse
import json
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.machine import described
from bench.tables import TABLES

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "performance.md"
ORDER = ("ingest", "visible", "memory", "asof", "rebuild", "ledger", "growth", "proofs", "alignment")
"""What the machine's other work disturbs most comes first; memory before the questions that share its directory."""
RAW = ("samples", "samples_ms", "rounds")
"""Members that hold single samples: left out of the summary."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small and short, to see that all of it works")
    parser.add_argument("--long", action="store_true", help="with 10^7 entries")
    parser.add_argument("--only", nargs="+", choices=ORDER, default=list(ORDER), help="not all of them")
    parser.add_argument("--to", type=Path, help="write results here instead, and leave the page alone")
    args = parser.parse_args()
    folder = args.to or (None if args.quick else RESULTS)
    summary = _earlier(folder) | {"machine": described()}
    failed: list[str] = []
    for name in (name for name in ORDER if name in args.only):
        began = time.monotonic()
        print(f"== {name}", flush=True)
        try:
            module = import_module(f"bench.{name}")
            found = module.run(quick=args.quick, **({"long": args.long} if name == "growth" else {}))
            module.show(found)
        except Exception:  # whatever it is: the others are measured all the same, and the end says that it failed
            traceback.print_exc()
            failed.append(name)
            continue
        finally:
            print(f"== {name}: {time.monotonic() - began:.0f} s", flush=True)
        summary[name] = without_samples(found)
        if folder is not None:  # after each, so that what a later one fails in costs only that one
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / f"{name}.json", found)
            _write(folder / "summary.json", summary)
    if args.to is None and not args.quick:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), summary), encoding="utf-8")
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}; their tables are those of the run before")


def without_samples(found: Any) -> Any:
    """The same without the single samples."""
    if isinstance(found, dict):
        return {name: without_samples(of) for name, of in found.items() if name not in RAW}
    return found


def filled(page: str, summary: dict[str, Any]) -> str:
    """The page with its tables written anew, each between the marks that name its benchmark."""
    for name, found in summary.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, mark, rest = page.partition(begin)
        _, other, after = rest.partition(end)
        if not mark or not other:
            raise ValueError(f"{PAGE.name} has no place for {name}: {begin.strip()} … {end}")
        page = before + begin + TABLES[name](found) + end + after
    return page


def _earlier(folder: Path | None) -> dict[str, Any]:
    kept = None if folder is None else folder / "summary.json"
    earlier: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept and kept.exists() else {}
    return earlier


def _write(path: Path, found: object) -> None:
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
