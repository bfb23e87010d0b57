"""`python -m services.evaluation`: this service as a process of its own, told by its environment."""

from __future__ import annotations

from functools import partial

from services.evaluation.main import build
from shared.service_process import main

if __name__ == "__main__":
    main("evaluation", lambda found: partial(build, key=found.signing_key()))
