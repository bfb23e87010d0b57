"""A real Apache Kafka, so that what we rely on (order, durability, broker time) is tested against no fake.

One broker in KRaft mode, or several that form a cluster; each is broker and controller in one Java process of
about 180 MB, ready in about 3 s, started again in 2 s. Its jars come by Maven from `deploy/kafka/pom.xml`:
`make kafka`.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from shared.event_log.kafka.opening import administrator
from shared.event_log.kafka.settings import KafkaSettings
from shared.testing.ports import free_ports

_ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = _ROOT / ".cache" / "kafka" / "libs"
"""Where `make kafka` puts the jars."""

_CLASSES = "classes.jsa"
"""Beside the jars: the classes that a broker loads, as Java wrote them down. A start takes half as long with them."""

_LOG4J = _ROOT / "deploy" / "kafka" / "log4j2.properties"
_SMALL_JVM = ("-Xms128m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_LOOK_AGAIN_S = 0.05
_STARTED_WITHIN_S = 180.0
"""Three at once take 20 s on a quiet machine of two cores; one that ends instead is not waited for."""
_GONE_WITHIN_S = 60.0
"""After SIGKILL: a process that waits for a busy disk is gone once that has answered."""


class BrokerUnavailable(Exception):
    """The broker cannot be started or did not become ready in time; the message says why or what to do."""


def _kafka_id() -> str:
    """Return a new identifier as Kafka writes them: 16 bytes, URL-safe base64 without its padding."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):  # on the command line it would be taken for an option
            return text


@dataclass(frozen=True, slots=True)
class Member:
    """One broker's place in its cluster."""

    node: int
    port: int
    controller_port: int
    directory_id: str = field(default_factory=_kafka_id)


@dataclass(frozen=True, slots=True)
class Quorum:
    """The members that vote together; a single broker is a quorum of one."""

    members: Sequence[Member]
    cluster_id: str = field(default_factory=_kafka_id)

    @property
    def bootstrap(self) -> str:
        """The addresses a client is given: `host:port`, separated by commas."""
        return ",".join(f"127.0.0.1:{member.port}" for member in self.members)

    @property
    def _controllers(self) -> str:
        return ",".join(f"127.0.0.1:{member.controller_port}" for member in self.members)

    def initial_controllers(self) -> str:
        """Return the first voters, as the format command of every member has to be told them."""
        return ",".join(f"{m.node}@127.0.0.1:{m.controller_port}:{m.directory_id}" for m in self.members)

    def settings(self, member: Member, data: Path) -> dict[str, str]:
        """Return the server.properties of one member."""
        size = len(self.members)
        factor, in_sync = str(min(size, 3)), str(min(size, 2))
        listeners = f"PLAINTEXT://127.0.0.1:{member.port},CONTROLLER://127.0.0.1:{member.controller_port}"
        return {
            "process.roles": "broker,controller",
            "node.id": str(member.node),
            "controller.quorum.bootstrap.servers": self._controllers,
            "listeners": listeners,
            "advertised.listeners": listeners,
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "log.dirs": str(data),
            "auto.create.topics.enable": "false",
            "default.replication.factor": factor,
            "min.insync.replicas": in_sync,
            "offsets.topic.replication.factor": factor,
            "offsets.topic.num.partitions": "1",
            "transaction.state.log.replication.factor": factor,
            "transaction.state.log.min.isr": in_sync,
            "transaction.state.log.num.partitions": "1",
            "share.coordinator.state.topic.replication.factor": factor,
            "share.coordinator.state.topic.min.isr": in_sync,
            "share.coordinator.state.topic.num.partitions": "1",
            "group.initial.rebalance.delay.ms": "0",
            # 128 MB by default, taken and filled with zeros at each start, for topics that are compacted: none of ours.
            "log.cleaner.dedupe.buffer.size": "4194304",
            # A killed broker returns once its registration has expired: 12 s by default, 4 s with these.
            "broker.session.timeout.ms": "2000",
            "broker.heartbeat.interval.ms": "500",
        }


def quorum_of(size: int) -> Quorum:
    """Return a new quorum of `size` brokers on free ports."""
    ports = free_ports(2 * size)
    return Quorum([Member(node, ports[2 * node - 2], ports[2 * node - 1]) for node in range(1, size + 1)])


def cluster(size: int) -> list[Broker]:
    """Return the brokers of a new cluster, to be launched all before the first is waited for."""
    quorum = quorum_of(size)
    return [Broker(quorum=quorum, member=member) for member in quorum.members]


def leader(brokers: Sequence[Broker], topic: str, partition: int = 0) -> Broker:
    """Return the broker through which a partition is written just now; one that runs is asked."""
    asked = next(each for each in brokers if each.pid is not None)
    with closing(administrator(KafkaSettings(bootstrap=asked.bootstrap))) as admin:
        [described] = admin.describe_topics([topic])
    return next(each for each in brokers if each.member.node == described["partitions"][partition]["leader_id"])


class Broker:
    """One broker process on ports and in a directory of its own.

    With no `directory` a temporary one is made, and removed by `close()`; one that is given is kept, and a
    broker started on it again has the old port and records. `settings` are added to server.properties.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        quorum: Quorum | None = None,
        member: Member | None = None,
        settings: Mapping[str, str] | None = None,
        jvm: Sequence[str] = _SMALL_JVM,
        libraries: Path = LIBRARIES,
    ) -> None:
        if quorum is None:
            quorum = _quorum_on(directory) or quorum_of(1)
        self.quorum = quorum
        self.member = member or quorum.members[0]
        self._owned = directory is None
        self.directory = directory or Path(tempfile.mkdtemp(prefix="jikao-kafka-"))
        self._settings = dict(settings or {})
        self._jvm = tuple(jvm)
        self._libraries = libraries
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """The address of this broker alone: `127.0.0.1:port`."""
        return f"127.0.0.1:{self.member.port}"

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None else None

    def start(self, *, timeout: float = _STARTED_WITHIN_S) -> None:
        """Start it and return once its port is open, which is when clients work."""
        self.launch()
        self.wait_until_ready(timeout=timeout)

    def launch(self) -> None:
        """Start the process without waiting for it (the members of a cluster wait for one another)."""
        if self._process is not None:
            raise BrokerUnavailable("the broker is running already")
        command = self._java()
        properties = self._written_properties()
        if not (self._data / "meta.properties").exists():
            self._format(command, properties)
        with self._log.open("ab") as log:
            # A session of its own: Ctrl-C at the terminal reaches us, and we stop it in order.
            self._process = subprocess.Popen(
                [*command, "kafka.Kafka", str(properties)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_ready(self, *, timeout: float = _STARTED_WITHIN_S) -> None:
        """Return once the port is open; BrokerUnavailable if the process ends first or the time runs out."""
        process = self._running()
        until = time.monotonic() + timeout
        while not self._port_is_open():
            try:
                process.wait(_LOOK_AGAIN_S)
            except subprocess.TimeoutExpired:
                if time.monotonic() < until:
                    continue
                self.kill()
                raise BrokerUnavailable(f"not ready after {timeout} s: {self._last_words()}") from None
            self._process = None
            raise BrokerUnavailable(f"ended while starting: {self._last_words()}")

    def stop(self, *, timeout: float = 30.0) -> None:
        """Stop it in order (about 2 s), or by force after `timeout` seconds; nothing if it is not running."""
        self._end(signal.SIGTERM, timeout)

    def kill(self) -> None:
        """Stop it by SIGKILL and return when the process is gone; nothing if it is not running."""
        self._end(signal.SIGKILL, _GONE_WITHIN_S)

    def restart(self, *, timeout: float = _STARTED_WITHIN_S) -> None:
        """Stop it in order and start it on the same ports and records."""
        self.stop()
        self.start(timeout=timeout)

    def close(self) -> None:
        """Stop it in order on a directory that is kept; a temporary one goes with it, and so it is killed.

        In order the members of a cluster would wait for one another: the last have no majority to take leave from.
        """
        if not self._owned:
            self.stop()
            return
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Broker:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    @property
    def _log(self) -> Path:
        return self.directory / "broker.log"

    def _java(self) -> list[str]:
        home = os.environ.get("JAVA_HOME")
        java = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
        if java is None:
            raise BrokerUnavailable("Java is missing: install Java 17 or later")
        if not any(self._libraries.glob("kafka_*.jar")):
            raise BrokerUnavailable(f"there is no Kafka in {self._libraries}: run `make kafka`")
        classes = self._libraries.with_name(_CLASSES)
        # An archive that does not fit (other jars, another Java) is left aside by Java itself.
        shared = [f"-XX:SharedArchiveFile={classes}"] if classes.exists() else []
        # The star is for Java, not for a shell: it means every jar of the folder.
        return [
            java,
            *self._jvm,
            *shared,
            f"-Dlog4j2.configurationFile={_LOG4J}",
            "-cp",
            f"{self._libraries}/*",
        ]

    def _written_properties(self) -> Path:
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / "server.properties"
        settings = self.quorum.settings(self.member, self._data) | self._settings
        path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        return path

    def _format(self, java: Sequence[str], properties: Path) -> None:
        done = subprocess.run(
            [
                *java,
                "kafka.tools.StorageTool",
                "format",
                "--config",
                str(properties),
                "--cluster-id",
                self.quorum.cluster_id,
                "--initial-controllers",
                self.quorum.initial_controllers(),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_STARTED_WITHIN_S,
            check=False,
        )
        if done.returncode != 0:
            raise BrokerUnavailable(f"its storage could not be formatted: {(done.stderr or done.stdout)[-2000:]}")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise BrokerUnavailable("the broker is not running")
        return self._process

    def _port_is_open(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1.0)
            return probe.connect_ex(("127.0.0.1", self.member.port)) == 0

    def _end(self, how: signal.Signals, timeout: float) -> None:
        process = self._process
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_GONE_WITHIN_S)
        self._process = None

    def _last_words(self) -> str:
        return self._log.read_bytes()[-2000:].decode(errors="replace") if self._log.exists() else "it wrote nothing"


def _quorum_on(directory: Path | None) -> Quorum | None:
    """Return the quorum of the single broker that ran here before: its records name its ports."""
    if directory is None or not (directory / "server.properties").exists():
        return None
    lines = (directory / "server.properties").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines)
    port, controller_port = (int(address.rpartition(":")[2]) for address in settings["listeners"].split(","))
    return Quorum([Member(int(settings["node.id"]), port, controller_port)])


def write_classes_down(libraries: Path = LIBRARIES) -> None:
    """Have Java write down what a broker loads, at the end of one that is started for nothing else."""
    classes = libraries.with_name(_CLASSES)
    classes.unlink(missing_ok=True)
    unfinished = classes.with_suffix(".new")
    with Broker(jvm=(*_SMALL_JVM, f"-XX:ArchiveClassesAtExit={unfinished}"), libraries=libraries) as broker:
        broker.stop()  # in order: they are written down by its end
    unfinished.rename(classes)


if __name__ == "__main__":
    write_classes_down()
