"""The distributed form on one machine: a Kafka broker, PostgreSQL, each service and the gateway as processes.

For development and for the end-to-end tests; deploy/ holds what a real installation uses. Everything listens on
127.0.0.1 only, everything that was started is stopped again, each by its own process id.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Protocol

import httpx

from services.gateway.routing import SERVICES
from services.standalone.data_directory import issuer_directory, signing_key_file
from shared.http.serving import listen
from shared.identity.issuer import DevelopmentIssuer
from shared.proofs.signing import SigningKey
from shared.settings import PREFIX
from shared.starting import StartRefused
from shared.testing.broker import Broker, BrokerUnavailable
from shared.testing.ports import free_ports
from shared.testing.postgres import Postgres, PostgresUnavailable

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN = 180.0
"""Seconds for each process; a slow start is no failed one, and one that ends instead is not waited for."""
STOPPED_WITHIN = 20.0
_LOOK_AGAIN = 0.1


class Process(Protocol):
    """What is needed of a process that was started; subprocess.Popen has it."""

    @property
    def returncode(self) -> int | None:
        """How it ended; None while it runs."""

    def poll(self) -> int | None:
        """How it ended; None while it runs."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""

    def wait(self, timeout: float | None = None) -> int:
        """How it ended, once it has; subprocess.TimeoutExpired."""


Launch = Callable[[Sequence[str], Mapping[str, str], Path], Process]
"""Starts a process from what stands behind `python -m`, its environment, and where its output is added."""


def run(port: int, directory: Path | None) -> None:
    """Start everything, print the addresses, stay until SIGTERM, SIGINT or the end of one of the processes.

    StartRefused when a part is missing or does not start, or when it ends by itself later.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    with ExitStack() as running:
        try:
            folder = _folder(directory, running)
            stack = Stack(folder, port, running)
            stack.start()
        except (BrokerUnavailable, PostgresUnavailable) as error:
            raise StartRefused(f"The stack cannot start: {error}") from error
        stack.tell()
        stack.stay()


class Stack:
    """All processes; what `running` closes, in reverse order, is what was started.

    One broker of its own, unless the members of a cluster are given; three of them make it the production profile.
    `databases` are the services' databases by name.
    """

    def __init__(
        self,
        directory: Path,
        port: int,
        running: ExitStack,
        brokers: Sequence[Broker] = (),
        launch: Launch | None = None,
    ) -> None:
        self.brokers = brokers or [Broker(directory / "kafka")]
        self.postgres = Postgres(directory / "postgres", durable=True)
        self.databases: dict[str, str] = {}
        self._directory = directory
        self._port = port
        self._running = running
        self._launcher = launch or _process
        self._addresses: dict[str, str] = {}
        self._processes: dict[str, Process] = {}
        self._settings: dict[str, Mapping[str, str]] = {}
        self._begins: dict[str, int] = {}
        """Where in its log the output of each process begins: the one before may have written there too."""

    def start(self) -> None:
        """Start broker and database, then services, then the gateway; return once the gateway is ready."""
        if self._port:
            listen("127.0.0.1", self._port).close()  # before minutes of starting, not after
        for broker in self.brokers:
            self._running.callback(broker.close)  # before it starts: a signal may come while it does
            broker.launch()
        postgres = self._running.enter_context(self.postgres)
        for broker in self.brokers:
            broker.wait_until_ready()
        bootstrap = self.brokers[0].quorum.bootstrap
        self._addresses |= {"kafka": bootstrap, "postgresql": f"127.0.0.1:{postgres.port}"}
        self._running.callback(self.stop_processes)
        issuer = issuer_directory(self._directory)
        keys = issuer / "jwks.json"
        keys.parent.mkdir(exist_ok=True)
        keys.write_text(json.dumps(DevelopmentIssuer(issuer).jwks()), encoding="ascii")
        signing_key = signing_key_file(self._directory)
        SigningKey.load_or_make(signing_key)
        *ports, gateway_port = free_ports(len(SERVICES) + 1)
        for name, port in zip(SERVICES, ports, strict=True):
            self.databases[name] = postgres.database(f"jikao_{name}")
            self._launch(
                name,
                port,
                {
                    "DATABASE_URL": self.databases[name],
                    "KAFKA_BOOTSTRAP": bootstrap,
                    "KAFKA_PROFILE": "production" if len(self.brokers) >= 3 else "single-broker",
                    "JWKS_FILE": str(keys),
                    "SIGNING_KEY_FILE": str(signing_key),
                },
            )
        for name in SERVICES:
            self._wait(name, "/readyz")
        urls = {f"{name.upper()}_URL": self._addresses[name] for name in SERVICES}
        self._launch("gateway", self._port or gateway_port, {**urls, "JWKS_FILE": str(keys)})
        self._wait("gateway", "/readyz")

    def tell(self) -> None:
        """Print where everything is."""
        for name, address in self._addresses.items():
            print(f"{name:<11}{address}")
        print(f"tokens     jikao token --data {self._directory} --role … --jurisdiction …")
        print(f"jikao serves {self._directory} at {self._addresses['gateway']}", flush=True)

    def stay(self) -> None:
        """Return never; StartRefused when one of the processes ends by itself."""
        while True:
            for name, process in self._processes.items():
                if process.poll() is not None:
                    raise StartRefused(self._ended(name, process))
            time.sleep(_LOOK_AGAIN)

    def address(self, name: str) -> str:
        """Where a service, or the gateway, listens."""
        return self._addresses[name]

    def kill(self, name: str) -> bool:
        """Stop a service by SIGKILL and return when its process is gone; whether it was still running."""
        process = self._processes[name]
        ran = process.poll() is None
        process.kill()
        process.wait()
        return ran

    def launch(self, name: str) -> None:
        """Start the process of a service that has ended again, on its address."""
        self._launch(name, int(self._addresses[name].rpartition(":")[2]), self._settings[name])

    def wait(self, name: str) -> None:
        """Return once a service has started, ready or not; StartRefused when it ends by itself or takes too long."""
        self._wait(name, "/healthz")

    def last_words(self, name: str) -> str:
        """Why a service ended: the last line since its start that is no record of its log, else the last one."""
        with self._log(name).open("rb") as log:
            log.seek(self._begins[name])
            lines = log.read().decode(errors="replace").splitlines()
        # A thread may still have logged something after the sentence.
        return next((line for line in reversed(lines) if not line.startswith("{")), (lines or ["it wrote nothing"])[-1])

    def _launch(self, name: str, port: int, settings: Mapping[str, str]) -> None:
        self._settings[name] = settings
        environment = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        environment |= {PREFIX + key: value for key, value in {**settings, "PORT": str(port)}.items()}
        log = self._log(name)
        self._begins[name] = log.stat().st_size if log.exists() else 0
        self._processes[name] = self._launcher([f"services.{name}"], environment, log)
        self._addresses[name] = f"http://127.0.0.1:{port}"

    def _wait(self, name: str, path: str) -> None:
        process, until = self._processes[name], time.monotonic() + READY_WITHIN
        told = "it does not answer"
        # Nothing here is encrypted, and loading certificates takes longer than asking.
        with httpx.Client(base_url=self._addresses[name], timeout=5, trust_env=False, verify=False) as http:
            while time.monotonic() < until:
                if process.poll() is not None:
                    raise StartRefused(self._ended(name, process))
                try:
                    response = http.get(path)
                    if response.is_success:
                        return
                    told = response.text
                except httpx.HTTPError:
                    pass  # not listening yet
                time.sleep(_LOOK_AGAIN)
        raise StartRefused(f"{name} is not ready after {READY_WITHIN:.0f} s ({told}): see {self._log(name)}.")

    def stop_processes(self) -> None:
        """Stop gateway and services; harmless when repeated."""
        # The gateway first, so that no request meets a service that is gone; then the services side by side.
        gateway = self._processes.pop("gateway", None)
        for together in ([gateway] if gateway else [], list(self._processes.values())):
            for process in together:
                process.terminate()
            for process in together:
                try:
                    process.wait(STOPPED_WITHIN)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _ended(self, name: str, process: Process) -> str:
        return (
            f"The process {name} has ended with {process.returncode} ({self.last_words(name)}): see {self._log(name)}."
        )

    def _log(self, name: str) -> Path:
        return self._directory / f"{name}.log"


def _process(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
    with log.open("ab") as told:
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop them in order
        )


def _folder(directory: Path | None, running: ExitStack) -> Path:
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        return directory.absolute()
    folder = Path(tempfile.mkdtemp(prefix="jikao-stack-"))
    folder.chmod(0o755)  # started by root, PostgreSQL runs as a user of its own that must get through
    running.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _stop(number: int, frame: FrameType | None) -> None:
    # Once only: a second signal must not interrupt the stopping.
    for again in (signal.SIGTERM, signal.SIGINT):
        signal.signal(again, signal.SIG_IGN)
    sys.exit(0)
