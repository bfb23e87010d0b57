"""Back ends whose processes a drill kills and starts again, as the machine's supervisor would."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from services.standalone.data_directory import issuer_directory
from services.standalone.stack import SERVICES, Stack
from shared.identity.issuer import DevelopmentIssuer
from shared.settings import PREFIX
from shared.starting import StartRefused
from shared.testing.broker import Broker
from shared.testing.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
NO_BROKER = "No Kafka broker answers"
"""Why a service may end by itself while brokers are being killed: its supervisor starts it again."""
MOST_STARTS = 20
BROKER_WITHIN = 60.0
STOPPED_WITHIN = 30.0


class Victim(Protocol):
    """What is killed by SIGKILL, and comes back."""

    def kill(self) -> None:
        """Kill it; return when the process is gone."""

    def revive(self) -> None:
        """Start it again where it was; return when it answers."""


class BackEnd(Protocol):
    """A running back end, its victims by name, and where its services keep their tables."""

    @property
    def url(self) -> str:
        """Where it answers."""

    @property
    def issuer(self) -> DevelopmentIssuer:
        """Whose tokens it takes."""

    @property
    def databases(self) -> Mapping[str, str]:
        """The services' databases by name."""

    @property
    def victims(self) -> Mapping[str, Victim]:
        """What may be killed."""


class Standalone:
    """The one process, on a data directory and a port that it keeps."""

    def __init__(self, folder: Path, running: ExitStack) -> None:
        self._data = folder / "data"
        self._errors = folder / "errors.log"
        self._port = free_ports(1)[0]
        self._process: subprocess.Popen[str] | None = None
        running.callback(self.stop)
        self.revive()
        self.issuer = DevelopmentIssuer(issuer_directory(self._data))
        self.url = f"http://127.0.0.1:{self._port}"
        self.databases = {name: f"sqlite:///{self._data / name}.db" for name in SERVICES}
        self.victims: dict[str, Victim] = {"standalone": self}

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """Kill it; return when the process is gone."""
        assert self._process is not None
        self._process.kill()
        self._gone()

    def revive(self) -> None:
        """Start it; return when it serves. StartRefused with its last words when it ends instead."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.standalone", "serve", "--port", str(self._port), "--data", self._data],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self._process.stdout is not None
        if not any(line.startswith("jikao serves") for line in self._process.stdout):
            raise StartRefused(self._errors.read_text()[-2000:])

    def stop(self) -> None:
        """Stop it in order."""
        if self._process is not None:
            self._process.terminate()
            self._gone()

    def _gone(self) -> None:
        assert self._process is not None
        self._process.wait(STOPPED_WITHIN)
        if self._process.stdout is not None:
            self._process.stdout.close()  # open until now: a line that nobody can take would end the process


class Distributed:
    """Kafka, PostgreSQL and a process for each service."""

    def __init__(self, folder: Path, running: ExitStack, brokers: list[Broker] | None = None) -> None:
        self.stack = Stack(folder, 0, running, brokers or [])
        self.stack.start()
        self.issuer = DevelopmentIssuer(issuer_directory(folder))
        self.url = self.stack.address("gateway")
        self.databases = self.stack.databases
        broker = BrokerProcess(self.stack.brokers[0])
        self.victims: dict[str, Victim] = {name: ServiceProcess(self.stack, name, broker) for name in SERVICES}
        self.victims["broker"] = broker


class ServiceProcess:
    """One service of a stack, which is started when a broker runs; that one may be gone again before it is ready."""

    def __init__(self, stack: Stack, name: str, broker: BrokerProcess) -> None:
        self._stack = stack
        self._name = name
        self._broker = broker

    def kill(self) -> None:
        """Kill it; return when the process is gone."""
        self._stack.kill(self._name)

    def revive(self) -> None:
        """Start it until it is ready: without a broker it ends by itself, with one sentence."""
        for _ in range(MOST_STARTS):
            self._broker.runs.wait(BROKER_WITHIN)
            try:
                self._stack.revive(self._name)
                return
            except StartRefused as refused:
                if NO_BROKER not in str(refused):
                    raise
        raise StartRefused(f"{self._name} did not start in {MOST_STARTS} tries")


class BrokerProcess:
    """One broker; `runs` while it does."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.runs = threading.Event()
        self.runs.set()

    def kill(self) -> None:
        """Kill it; return when the process is gone."""
        self.runs.clear()
        self._broker.kill()

    def revive(self) -> None:
        """Start it on its records and ports; return when its port is open."""
        self._broker.start()
        self.runs.set()
