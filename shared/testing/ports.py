"""Ports for servers that are stopped and started again during a test.

They lie below the range from which the system takes ports for outgoing connections (32768 and up on Linux).
A port of that range can be lost to somebody's connection while its server is away, and a client that knocks
there again and again may even be connected to itself.
"""

from __future__ import annotations

import random
import socket

_BELOW_OUTGOING = range(15_000, 32_000)
_TRIED = 500
_ours: list[socket.socket] = []
"""Datagram sockets on the ports given out: no server of ours wants those, and they go with this process."""


class NoFreePort(Exception):
    """None of many ports tried on 127.0.0.1 is free."""


def free_ports(count: int) -> list[int]:
    """Return `count` different ports of 127.0.0.1 on which nobody listens.

    They are this process's to its end: until a server listens there, and while one is away, no other process that
    asks here is given them.
    """
    chosen: list[int] = []
    # Not the seeded generator: a test run with a fixed seed must not meet the ports of the run beside it.
    for port in random.SystemRandom().sample(_BELOW_OUTGOING, min(_TRIED, len(_BELOW_OUTGOING))):
        if len(chosen) == count:
            break
        claim = socket.socket(type=socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _ours.append(claim)
        chosen.append(port)
    if len(chosen) < count:
        raise NoFreePort(f"{count} free ports of 127.0.0.1 are needed and {len(chosen)} were found")
    return chosen
