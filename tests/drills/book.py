"""The clients' own record: what each of them sent, and what it was told. Nothing else knows what must be there."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.event_log.ids import event_id

Outcome = Literal["unknown", "acknowledged", "refused"]
"""`unknown`: the client gave up without an answer, so it may be on the log or not."""
Json = dict[str, Any]


@dataclass
class Sent:
    """What one client sent under one key, and what it was told: a token, or the code of a refusal."""

    source: str
    key: str
    body: Json
    outcome: Outcome = "unknown"
    tries: int = 0
    begun_at: float = 0.0
    """By time.monotonic(), as the next one."""
    told_at: float = float("inf")
    turned_away: int = 0
    """How often it was answered 503."""
    token: str | None = None
    code: str | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """What the log knows it, or its first fact, by."""
        return self.source, event_id(self.source, self.key)


@dataclass
class Submission(Sent):
    """Figures from a source. `sha256` is the receipt's."""

    sha256: str | None = None


@dataclass
class Command(Sent):
    """An order to a service; `recorded`: it was answered when its facts were on the log."""

    path: str = ""
    recorded: bool = False


@dataclass(frozen=True)
class Seen:
    """An answer that was read in the midst of it all; it must be the same for ever."""

    path: str
    params: tuple[tuple[str, str], ...]
    role: str
    content: Json


class GivenUp(Exception):
    """Whoever waited has been told not to."""


@dataclass
class Book:
    """Everything that was sent and told, by all clients together."""

    submissions: list[Submission] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    """Answers that no fault excuses."""
    answers: Counter[str] = field(default_factory=Counter)
    _counts: Counter[str] = field(default_factory=Counter)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def answered(self, what: str) -> None:
        """Count an answer (`submission 202`) or its lack (`submission ReadTimeout`), for the report."""
        with self._changed:
            self.answers[what] += 1
            self._changed.notify_all()

    def happened(self, what: str) -> None:
        """One more of what can be waited for: `acknowledged`, `recorded by targets`, `read`."""
        with self._changed:
            self._counts[what] += 1
            self._changed.notify_all()

    def wait_until(self, true: Callable[[], bool], timeout: float, given_up: Callable[[], bool]) -> None:
        """Return once it is true, asked after every answer; TimeoutError after `timeout` seconds, GivenUp."""
        with self._changed:
            done = self._changed.wait_for(lambda: given_up() or true(), timeout)
        if given_up():
            raise GivenUp
        if not done:
            raise TimeoutError(f"nothing of the kind in {timeout:.0f} s")

    def count(self, what: str) -> int:
        """How often it has happened."""
        with self._changed:
            return self._counts[what]

    def wait(self, what: str, more: int, timeout: float, given_up: Callable[[], bool]) -> None:
        """Return once it has happened so often more; TimeoutError after `timeout` seconds, GivenUp."""
        enough = self.count(what) + more
        try:
            self.wait_until(lambda: self._counts[what] >= enough, timeout, given_up)
        except TimeoutError:
            raise TimeoutError(f"{what}: {self.count(what)} after {timeout:.0f} s, waited for {enough}") from None

    def wake(self) -> None:
        """Let whoever waits look whether it should give up."""
        with self._changed:
            self._changed.notify_all()

    def acknowledged(self) -> list[Submission]:
        """The submissions that the back end has taken in."""
        return [s for s in list(self.submissions) if s.outcome == "acknowledged"]
