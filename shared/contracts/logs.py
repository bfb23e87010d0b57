"""Facts about a log itself: its listing, opening, clock and engine."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from shared.contracts.registry import contract
from shared.contracts.shapes import (
    END,
    Instant,
    Jurisdiction,
    LogId,
    Position,
    Reason,
    Sha256,
    Shape,
    refuse_no_instant,
)

Zone = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*" + END, max_length=64)]


@contract("jikao.log.listed.v1")
class LogListed(Shape, frozen=True, kw_only=True):
    """On the control topic: this log lives in this partition and begins with the record of this hash."""

    log: LogId
    jurisdiction: Jurisdiction
    partition: Annotated[int, Meta(ge=0, lt=10_000)]
    record0_sha256: Sha256


@contract("jikao.log.opened.v1")
class LogOpened(Shape, frozen=True, kw_only=True):
    """Record 0 of every log. `instant` is the first instant of a simulated clock, absent under the broker's."""

    log: LogId
    jurisdiction: Jurisdiction
    origin: Annotated[str, Meta(pattern=r"^jikao/", max_length=80)]
    zone: Zone
    clock: Literal["broker", "simulated"]
    instant: Instant | UnsetType = UNSET

    def __post_init__(self) -> None:
        """The instant exists."""
        if isinstance(self.instant, str):
            refuse_no_instant(self.instant)


@contract("jikao.clock.set.v1")
class ClockSet(Shape, frozen=True, kw_only=True):
    """The simulated clock of a `sim-` log stands at this instant; it only moves forward."""

    instant: Instant

    def __post_init__(self) -> None:
        """The instant exists."""
        refuse_no_instant(self.instant)


@contract("jikao.engine.adopted.v1")
class EngineAdopted(Shape, frozen=True, kw_only=True):
    """From here on records and questions are judged by this engine."""

    engine: Annotated[int, Meta(ge=1, lt=1000)]


@contract("jikao.log.reopened.v1")
class LogReopened(Shape, frozen=True, kw_only=True):
    """The topic was made anew from the archive: the `size` records before this one have this root, as they ever had."""

    size: Position
    root: Sha256
    reason: Reason
