"""Sends submissions over real HTTP connections, as many at a time as there are connections, and notes each answer.

A client of its own, because a general one costs more than the server that is measured: each connection is kept open,
sends its next request the moment the answer to the last one is whole, and looks at nothing but status and length.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

import uvloop

ANSWERED_WITHIN = 60.0
"""Seconds after its time in which a drive must have its last answer."""


class Unexpected(Exception):
    """An answer that is not the one asked for; the message is its beginning."""


@dataclass(slots=True)
class Driven:
    """What came of one drive: how many were answered as expected, in how many seconds, after how long each."""

    answered: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    """Seconds from the request's first byte to the answer's last, in order of the answers."""
    last: bytes = b""
    """The last answer, head and body."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds

    def after(self, share: float) -> float:
        """The latency, in milliseconds, within which this share of the answers came."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], into: Driven, until: float, done: asyncio.Future[None]) -> None:
        self._requests, self._into, self._until, self._done = requests, into, until, done
        self._got, self._whole, self._sent_at = b"", 0, 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by descent
        self._next()

    def data_received(self, data: bytes) -> None:
        self._got += data
        if not self._whole:
            head = self._got.find(b"\r\n\r\n")
            if head < 0:
                return
            length = self._got.lower().find(b"content-length:", 0, head)
            end = self._got.find(b"\r\n", length)
            self._whole = head + 4 + int(self._got[length + 15 : end])
        if len(self._got) < self._whole:
            return
        now = time.perf_counter()
        if not self._got.startswith(b"HTTP/1.1 202"):
            self._finish(Unexpected(self._got[:2000].decode(errors="replace")))
            return
        self._into.answered += 1
        self._into.latencies.append(now - self._sent_at)
        self._into.last = self._got
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        self._finish(error or Unexpected("the server closed the connection"))

    def _next(self) -> None:
        self._got, self._whole = b"", 0
        request = next(self._requests, None) if time.perf_counter() < self._until else None
        if request is None:
            self._finish(None)
            return
        self._sent_at = time.perf_counter()
        assert self._transport is not None
        self._transport.write(request)

    def _finish(self, error: Exception | None) -> None:
        if self._done.done():
            return
        if error is None:
            self._done.set_result(None)
        else:
            self._done.set_exception(error)
        if self._transport is not None:
            self._transport.close()


def drive(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Driven:
    """Send requests for so many seconds, or until there are no more. Unexpected for any answer but 202."""
    into = Driven()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        began = time.perf_counter()
        waiting = []
        for _ in range(connections):
            done: asyncio.Future[None] = loop.create_future()
            made = _factory(requests, into, began + seconds, done)
            await loop.create_connection(made, "127.0.0.1", port)
            waiting.append(done)
        async with asyncio.timeout(seconds + ANSWERED_WITHIN):
            await asyncio.gather(*waiting)
        into.seconds = time.perf_counter() - began

    gc.collect()
    gc.disable()  # a pause of ours would be counted as the server's
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run())
    finally:
        gc.enable()
    return into


def _factory(
    requests: Iterator[bytes], into: Driven, until: float, done: asyncio.Future[None]
) -> Callable[[], _Connection]:
    return lambda: _Connection(requests, into, until, done)


def post(path: str, token: str, key: str, body: bytes) -> bytes:
    """One request as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


def get(target: str, token: str) -> bytes:
    """One question as it goes over the wire; `target` is path and query."""
    return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode("ascii")


class Line:
    """One connection, for whoever looks at the answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Line:
        """Connect to a port of this machine."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send one request; the answer's status and body, which must come with its length or in chunks."""
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        if b"transfer-encoding: chunked" in head:
            return status, await self._chunks()
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        return status, await self._reader.readexactly(int(length))

    async def _chunks(self) -> bytes:
        whole = b""
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            whole += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readexactly(2)
        return whole

    async def close(self) -> None:
        """Close the connection."""
        self._writer.close()
        await self._writer.wait_closed()
