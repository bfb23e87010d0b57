"""`python -m shared.proofs`: the offline checks, with nothing but this package and `cryptography`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from shared.proofs.command_line import add_to


def main(arguments: Sequence[str] | None = None) -> None:
    """Make one check; exit 0 when it holds, 1 when it does not."""
    parser = argparse.ArgumentParser(prog="python -m shared.proofs", description="Check what a back end has signed.")
    add_to(parser)
    asked = parser.parse_args(arguments)
    asked.run(asked)


if __name__ == "__main__":
    main()
