"""Runs one application in this process until it is told to stop; a start that is refused says so in one sentence.

The lifespan runs outside of uvicorn, which would report a refused start as a traceback and an exit code.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from shared.starting import StartRefused, in_one_sentence

KEEP_ALIVE_SECONDS = 30
"""An idle connection is kept this long: longer than the gateway keeps its own, so it never meets a closing one."""
GRACE_SECONDS = 10

THREADS_TAKE_TURNS_AFTER = 0.001
"""Seconds after which a thread that computes gives way to one that wants to (Python's own: 0.005).

A reader lets go of the interpreter with every row that it writes; waiting 5 ms each time to have it back, it would fall
behind a busy door.
"""

Ready = Callable[[str], None]


def serve(build: Callable[[], FastAPI], host: str, port: int, ready: Ready = lambda address: None) -> None:
    """Build the application, serve it and return when SIGTERM or SIGINT came; `ready` is told the address.

    StartRefused when anything that is known to go wrong at a start does.
    """
    sys.setswitchinterval(THREADS_TAKE_TURNS_AFTER)
    try:
        with listen(host, port) as listening:
            name = f"[{host}]" if ":" in host else host
            _run(build(), listening, lambda: ready(f"http://{name}:{listening.getsockname()[1]}"))
    except Exception as error:
        sentence = in_one_sentence(error)
        if sentence is None:
            raise
        raise StartRefused(sentence) from error


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections on this address; StartRefused when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        advice = "stop what listens there or choose another port" if port else "choose another address"
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise StartRefused(f"Cannot listen on {host}:{port} ({why}): {advice}.") from error


def _run(app: FastAPI, listening: socket.socket, ready: Callable[[], None]) -> None:
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)

    async def run() -> None:
        async with app.router.lifespan_context(app):
            ready()
            await server.serve(sockets=[listening])

    # uvicorn raises the signal again once it has served the last request; this lets the lifespan end as well.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        try:
            runner.run(run())
        except SystemExit as stopped:
            if stopped.code:
                raise


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(0)
