"""`python -m services.targets`: this service as a process of its own, told by its environment."""

from __future__ import annotations

from services.targets.main import build
from shared.service_process import main

if __name__ == "__main__":
    main("targets", lambda _: build)
