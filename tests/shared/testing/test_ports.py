"""Ports for servers that come and go: whoever was given one keeps it."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from shared.testing import ports
from shared.testing.ports import NoFreePort, free_ports


@pytest.mark.parametrize("away", [False, True])
def test_a_port_that_was_given_out_is_given_to_nobody_else_though_nobody_listens_there(away: bool) -> None:
    """Two runs side by side, and a broker that is killed and started again."""
    [port] = free_ports(1)
    if away:
        socket.create_server(("127.0.0.1", port)).close()

    code = f"from shared.testing import ports; ports._BELOW_OUTGOING = range({port}, {port + 1}); ports.free_ports(1)"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert "NoFreePort" in other.stderr
    socket.create_server(("127.0.0.1", port)).close()


def test_a_process_is_given_each_port_once(monkeypatch: pytest.MonkeyPatch) -> None:
    [port] = free_ports(1)
    monkeypatch.setattr(ports, "_BELOW_OUTGOING", range(port, port + 1))

    with pytest.raises(NoFreePort, match=r"1 free ports .* are needed and 0 were found"):
        free_ports(1)
