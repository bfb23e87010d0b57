"""`python -m services.projects`: this service as a process of its own, told by its environment."""

from __future__ import annotations

from functools import partial

from services.projects.main import build
from shared.service_process import main

if __name__ == "__main__":
    main("projects", lambda found: partial(build, key=found.signing_key()))
