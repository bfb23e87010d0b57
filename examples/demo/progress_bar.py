"""A bar on one line of the terminal; silent lines, one a tenth, where the output is no terminal."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Iterable
from types import TracebackType
from typing import Self

WIDTH = 40


class ProgressBar:
    """Counts steps up to a total that is known beforehand."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._day = ""
        self._shown = -1

    async def all(self, commands: Iterable[Awaitable[object]]) -> None:
        """Run the commands side by side, one step each."""

        async def one(command: Awaitable[object]) -> None:
            await command
            self.step()

        try:
            async with asyncio.TaskGroup() as group:
                for command in commands:
                    group.create_task(one(command))
        except ExceptionGroup as failures:  # the first says it all: the group ends the others
            raise failures.exceptions[0] from None

    def on(self, day: str) -> None:
        """The clock stands at this day."""
        self._day = day
        self.step()

    def step(self) -> None:
        """One more is done."""
        self._done = min(self._done + 1, self._total)
        self._show()

    def _show(self) -> None:
        part = self._done * WIDTH // self._total
        if sys.stderr.isatty():
            bar = "█" * part + "░" * (WIDTH - part)
            print(f"\r{bar} {self._done}/{self._total} {self._day}", end="", file=sys.stderr, flush=True)
        elif part // 4 != self._shown:
            self._shown = part // 4
            print(f"{self._done}/{self._total} {self._day}", file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        print(file=sys.stderr)
