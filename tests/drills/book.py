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

    def happened(self, what: str) -> None:
        """One more of what can be waited for: `acknowledged`, `recorded by targets`, `read`."""
        with self._changed:
            self._counts[what] += 1
            self._changed.notify_all()

    def count(self, what: str) -> int:
        """How often it has happened."""
        with self._changed:
            return self._counts[what]

    def wait(self, what: str, at_least: int, timeout: float, given_up: Callable[[], bool] = lambda: False) -> None:
        """Return once it has happened so often; TimeoutError after `timeout` seconds or when `given_up`."""
        with self._changed:
            done = self._changed.wait_for(lambda: given_up() or self._counts[what] >= at_least, timeout)
            if not done or given_up():
                raise TimeoutError(f"{what}: {self._counts[what]} after {timeout:.0f} s, waited for {at_least}")

    def wake(self) -> None:
        """Let whoever waits look whether it should give up."""
        with self._changed:
            self._changed.notify_all()

    def acknowledged(self) -> list[Submission]:
        """The submissions that the back end has taken in."""
        return [s for s in list(self.submissions) if s.outcome == "acknowledged"]
