"""Lets work that makes a great many objects at once go on without searches for cycles among them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collections() -> Iterator[None]:
    """Let no search for cycles of garbage run meanwhile: for a batch, or the answer about a whole city.

    Either makes some hundred thousand objects, all needed until its end and none of them in a cycle; looking through
    them (and the registry, again and again) would cost it a tenth of its time.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
