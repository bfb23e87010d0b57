"""The pin of an answer, as answers carry it."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from shared.projections import Standpoint


class StandsAt(BaseModel):
    """The pin of an answer: what it is about, and what it knows. `text` is to be sent as `pin=`."""

    model_config = ConfigDict(extra="forbid")

    log: str
    as_of: date
    position: int
    root: str = Field(description="Merkle root of the log of size position + 1, hex.")
    text: str


def stands_at(at: Standpoint) -> StandsAt:
    """The pin of an answer."""
    return StandsAt(log=at.log, as_of=at.as_of, position=at.position, root=at.root, text=at.text)
