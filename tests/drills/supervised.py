"""Back ends whose processes a drill kills and starts again, as the machine's supervisor would."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Protocol

import httpx

from services.gateway.routing import SERVICES
from services.standalone.data_directory import issuer_directory
from services.standalone.stack import Stack
from shared.identity.issuer import DevelopmentIssuer
from shared.settings import PREFIX
from shared.starting import StartRefused
from shared.testing.broker import Broker
from shared.testing.ports import free_ports
from tests.drills.forked import Forked

NO_BROKER = "No Kafka broker answers"
"""Why a service may end by itself while brokers are being killed: its supervisor starts it again."""
MOST_STARTS = 20
BROKER_WITHIN = 180.0
STOPPED_WITHIN = 60.0
SERVES_WITHIN = 180.0
LOOK_AGAIN = 0.02
BACK_AT_ONCE = {"broker.session.timeout.ms": "1000", "broker.heartbeat.interval.ms": "200"}
"""A killed broker is let in again once its registration has expired; so long its start takes anyway."""


class Victim(Protocol):
    """What is killed by SIGKILL, and comes back."""

    def kill(self) -> bool:
        """Kill it and return when the process is gone; False where it had ended by itself."""

    def launch(self) -> None:
        """Start the process again where it was, and do not wait for it."""

    def ready(self) -> None:
        """Return when it answers; it is started again as often as it ends by itself for an excusable reason."""


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
        self._log = folder / "standalone.log"
        self._port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: Forked | None = None
        running.callback(self.stop)
        self.launch()
        self.ready()
        self.issuer = DevelopmentIssuer(issuer_directory(self._data))
        self.databases = {name: f"sqlite:///{self._data / name}.db" for name in SERVICES}
        self.victims: dict[str, Victim] = {"standalone": self}

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process is not None
        assert self._process.pid is not None
        return self._process.pid

    def kill(self) -> bool:
        """Kill it; see Victim. Nothing excuses that it ends by itself."""
        assert self._process is not None
        if self._process.poll() is not None:
            raise StartRefused(self._log.read_text()[-2000:])
        self._process.kill()
        self._process.wait(STOPPED_WITHIN)
        return True

    def launch(self) -> None:
        """Start it; see Victim."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        arguments = ["services.standalone", "serve", "--port", str(self._port), "--data", str(self._data)]
        self._process = Forked(arguments, environment, self._log)

    def ready(self) -> None:
        """Return when it serves; StartRefused with its last words when it ends instead."""
        assert self._process is not None
        # From the moment that it listens a request is kept for it, and answered once it serves.
        with httpx.Client(base_url=self.url, timeout=SERVES_WITHIN, trust_env=False, verify=False) as http:
            while self._process.poll() is None:
                try:
                    http.get("/healthz")
                    return
                except httpx.ConnectError:
                    with suppress(subprocess.TimeoutExpired):
                        self._process.wait(LOOK_AGAIN)
        raise StartRefused(self._log.read_text()[-2000:])

    def stop(self) -> None:
        """Stop it in order."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOPPED_WITHIN)


class Distributed:
    """Kafka, PostgreSQL and a process for each service."""

    def __init__(self, folder: Path, running: ExitStack, brokers: list[Broker] | None = None) -> None:
        alone = Broker(folder / "kafka", settings=BACK_AT_ONCE)
        self.stack = Stack(folder, 0, running, brokers or [alone], launch=Forked)
        self.stack.start()
        running.callback(self._end)
        self.issuer = DevelopmentIssuer(issuer_directory(folder))
        self.url = self.stack.address("gateway")
        self.databases = self.stack.databases
        broker = BrokerProcess(self.stack.brokers[0])
        self.victims: dict[str, Victim] = {name: ServiceProcess(self.stack, name, broker) for name in SERVICES}
        self.victims["broker"] = broker

    def _end(self) -> None:
        self.stack.stop_processes()
        # Brokers that stop in order take their time, and of three the last ones have no majority to take leave from.
        for broker in self.stack.brokers:
            broker.kill()


class ServiceProcess:
    """One service of a stack, which is started when a broker runs; that one may be gone again before it serves."""

    def __init__(self, stack: Stack, name: str, broker: BrokerProcess) -> None:
        self._stack = stack
        self._name = name
        self._broker = broker

    def kill(self) -> bool:
        """Kill it; see Victim."""
        ran = self._stack.kill(self._name)
        if not ran and NO_BROKER not in self._stack.last_words(self._name):
            raise StartRefused(f"{self._name} has ended by itself: {self._stack.last_words(self._name)}")
        return ran

    def launch(self) -> None:
        """Start it once a broker runs; see Victim."""
        self._broker.runs.wait(BROKER_WITHIN)
        self._stack.launch(self._name)

    def ready(self) -> None:
        """Return when it serves; without a broker it ends by itself, with one sentence, and is started again."""
        for _ in range(MOST_STARTS):
            try:
                self._stack.wait(self._name)
                return
            except StartRefused as refused:
                if NO_BROKER not in str(refused):
                    raise
            self.launch()
        raise StartRefused(f"{self._name} did not start in {MOST_STARTS} tries")


class BrokerProcess:
    """One broker; `runs` while it does."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.runs = threading.Event()
        self.runs.set()

    def kill(self) -> bool:
        """Kill it; see Victim."""
        self.runs.clear()
        self._broker.kill()
        return True

    def launch(self) -> None:
        """Start it on its records and ports; see Victim."""
        self._broker.launch()

    def ready(self) -> None:
        """Return when its port is open; BrokerUnavailable where it ends instead."""
        self._broker.wait_until_ready()
        self.runs.set()
