"""How the relay's thread tells waiting requests, each on its own event loop, that the log has their fact."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Mapping

from shared.event_log.port import Ack

Identity = tuple[str, str]  # log, event id

_REMEMBERED = 4096


class Acknowledgements:
    """Who waits for which fact, and the last few facts acknowledged; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Identity, list[asyncio.Future[Ack]]] = {}
        # A request begins to wait after its commit, when the relay may already have been quicker.
        self._recent: OrderedDict[Identity, Ack] = OrderedDict()

    def expect(self, identity: Identity) -> asyncio.Future[Ack]:
        """A future of the running loop, done already if the fact was acknowledged just now."""
        future: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        with self._lock:
            known = self._recent.get(identity)
            if known is None:
                self._waiting.setdefault(identity, []).append(future)
        if known is not None:
            future.set_result(known)
        return future

    def forget(self, identity: Identity, future: asyncio.Future[Ack]) -> None:
        """The request no longer waits."""
        with self._lock:
            others = [other for other in self._waiting.pop(identity, ()) if other is not future]
            if others:
                self._waiting[identity] = others
        future.cancel()

    def post(self, acks: Mapping[Identity, Ack]) -> None:
        """These facts are in the log; called by the relay's thread."""
        wake: list[tuple[asyncio.Future[Ack], Ack]] = []
        with self._lock:
            for identity, ack in acks.items():
                self._recent[identity] = ack
                wake += [(future, ack) for future in self._waiting.pop(identity, ())]
            while len(self._recent) > _REMEMBERED:
                self._recent.popitem(last=False)
        for future, ack in wake:
            loop = future.get_loop()
            try:
                loop.call_soon_threadsafe(_resolve, future, ack)
            except RuntimeError:
                if not loop.is_closed():  # a closed loop has nobody left who waits
                    raise


def _resolve(future: asyncio.Future[Ack], ack: Ack) -> None:
    if not future.done():
        future.set_result(ack)
