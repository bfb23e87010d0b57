"""What every benchmark is called with: `python -m bench.<name> [--quick] [--raw FILE]`"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def measure(about: str | None, run: Callable[..., dict[str, Any]], show: Callable[[dict[str, Any]], None]) -> None:
    """Run one benchmark by itself and print what it found; `about` is its module's docstring."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small and short, to see that all of it works")
    parser.add_argument("--raw", type=Path, help="write every sample into this file, as JSON")
    arguments = parser.parse_args()
    found = run(quick=arguments.quick)
    show(found)
    if arguments.raw is not None:
        arguments.raw.write_text(json.dumps(found, indent=1))
