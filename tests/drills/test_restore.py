"""Restore drills on a real broker and a real PostgreSQL: what was promised holds afterwards, and no start is silent.

The topic is deleted and refilled from the archive; a database is restored from an older copy; an embedded log moves
into Kafka.
"""

from __future__ import annotations

import gc
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from kafka import KafkaAdminClient
from sqlalchemy import create_engine, text

from services.gateway.main import build as build_gateway
from services.gateway.routing import SERVICES
from services.gateway.upstreams import in_process
from services.standalone.cli import main
from services.standalone.data_directory import issuer_directory, signing_key_file
from services.standalone.main import builds
from shared.event_log.kafka.opening import open_kafka
from shared.event_log.kafka.provisioning import TopicMisconfigured
from shared.event_log.kafka.reopening import KafkaAnew
from shared.event_log.kafka.settings import KafkaSettings
from shared.event_log.port import EVENTS, LISTINGS
from shared.event_log.reopening import Old
from shared.identity.issuer import DevelopmentIssuer
from shared.projections import LogIsShorter
from shared.proofs.signing import SigningKey
from shared.settings import StandaloneSettings
from shared.sql import engine
from shared.testing.broker import Broker
from shared.testing.postgres import Postgres
from tests.services.standalone.promises import Promised, made, still_hold
from tests.services.standalone.whole import CITY, OURS, Whole, figure, fill, unit, whole

# kafka-python leaves the socket of a refused connection to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(autouse=True)
def sockets_collected() -> Iterator[None]:
    """Sees to it that they are collected here, where that is no error."""
    yield
    gc.collect()


@dataclass
class Installation:
    """The distributed form, its services in this process: one broker, a PostgreSQL database for each."""

    kafka: KafkaSettings
    databases: dict[str, str]
    folder: Path

    def environment(self, service: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """What the commands of an operator read who works for this service."""
        keys = self.folder / "jwks.json"
        keys.write_text(json.dumps(DevelopmentIssuer(issuer_directory(self.folder)).jwks()))
        SigningKey.load_or_make(signing_key_file(self.folder))
        for name, value in {
            "DATABASE_URL": self.databases[service],
            "KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "KAFKA_PROFILE": self.kafka.profile,
            "KAFKA_PREFIX": self.kafka.prefix,
            "JWKS_FILE": str(keys),
            "SIGNING_KEY_FILE": str(signing_key_file(self.folder)),
        }.items():
            monkeypatch.setenv(f"JIKAO_{name}", value)

    @contextmanager
    def served(self) -> Iterator[Whole]:
        """Every service and the gateway; stopped at the end."""
        issuer = DevelopmentIssuer(issuer_directory(self.folder))
        key = SigningKey.load_or_make(signing_key_file(self.folder))
        verifier = issuer.verifier()
        with ExitStack() as opened:
            topics = opened.enter_context(closing(open_kafka(self.kafka)))
            engines = {name: engine(url) for name, url in self.databases.items()}
            for database in engines.values():
                opened.callback(database.dispose)
            apps = {name: build(engines[name], topics, verifier, alone=False)[1] for name, build in builds(key).items()}

            @asynccontextmanager
            async def life(_: FastAPI) -> AsyncIterator[None]:
                async with AsyncExitStack() as running:
                    for app in apps.values():
                        await running.enter_async_context(app.router.lifespan_context(app))
                    yield

            settings = StandaloneSettings(rate_per_second=1_000_000, rate_burst=1_000_000)
            upstreams = [in_process(name, app) for name, app in apps.items()]
            with TestClient(build_gateway(upstreams, verifier, settings, lifespan=life)) as client:
                yield Whole(client, issuer)

    def delete(self, *topics: str) -> None:
        """Delete topics, and return once the broker has forgotten them."""
        with closing(KafkaAdminClient(bootstrap_servers=self.kafka.bootstrap)) as admin:
            names = [self.kafka.prefix + topic for topic in topics]
            admin.delete_topics(names)
            while set(names) & set(admin.list_topics()):
                pass


@pytest.fixture
def installation(broker: Broker, postgres: Postgres, kafka_prefix: str, tmp_path: Path) -> Iterator[Installation]:
    kafka = KafkaSettings(bootstrap=broker.bootstrap, profile="single-broker", prefix=kafka_prefix)
    names = {service: f"{kafka_prefix.rstrip('.')}_{service}" for service in SERVICES}
    yield Installation(kafka, {service: postgres.database(name) for service, name in names.items()}, tmp_path)
    for name in names.values():
        postgres.drop(name)


def goes_on(city: Whole, key: str) -> None:
    """A command and a submission are taken and read."""
    city.done(f"{CITY}/units", unit(key), key=key)
    sent = {"entries": [figure("roads", OURS)]}
    assert city.send("POST", f"{CITY}/progress?source={OURS}", city.token("office"), sent, key=key).status_code == 202
    assert city.send("GET", f"{CITY}/records", city.token("auditor"), params={"after": city.after}).is_success


def all_holds_but_the_token(city: Whole, promised: Promised, token: str | None) -> None:
    """What was promised before the reopening still holds, the old token is gone, and the back end goes on."""
    still_hold(city, promised)
    old = city.send("GET", f"{CITY}/records", city.token("auditor"), params={"after": token})
    assert old.status_code == 410
    goes_on(city, "later")
    still_hold(city, promised)


@pytest.mark.parametrize("lost", [(EVENTS, LISTINGS), (EVENTS,)])
def test_a_deleted_topic_is_refilled_from_the_archive(
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lost: tuple[str, ...],
) -> None:
    with installation.served() as city:
        fill(city)
        promised, token = made(city), city.after
    installation.delete(*lost)
    with pytest.raises(LogIsShorter, match="jikao reopen"), installation.served():
        pass

    installation.environment("evaluation", monkeypatch)
    main(["reopen", "--reason", "the topic was deleted"])

    with installation.served() as city:
        all_holds_but_the_token(city, promised, token)
    with pytest.raises(SystemExit, match="nothing was lost"):
        main(["reopen", "--reason", "once more"])
    for service in SERVICES:
        installation.environment(service, monkeypatch)
        with pytest.raises(SystemExit) as ended:
            main(["doctor", "--service", service])
        assert ended.value.code == 0, capsys.readouterr().out
    installation.delete(EVENTS)
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--service", "targets"])
    assert ended.value.code == 1
    assert f"WRONG LOG {installation.kafka.prefix}{EVENTS}: Topic" in capsys.readouterr().out


def test_a_topic_that_is_still_being_filled_is_served_by_nobody(installation: Installation) -> None:
    with closing(KafkaAnew(installation.kafka)) as anew:
        anew.fill(EVENTS, 0, [Old("k", b"one", 1_230_768_000_000_000)])
        with pytest.raises(TopicMisconfigured, match=r"set message\.timestamp\.type to LogAppendTime"):
            open_kafka(installation.kafka)
    with closing(KafkaAnew(installation.kafka)) as again:  # as after an interruption
        assert again.end(EVENTS, 0) == 1
        assert again.read(EVENTS, 0, 0)[0].appended_at == 1_230_768_000_000_000
        again.hand_over()
    with closing(open_kafka(installation.kafka)) as topics:
        [ack] = topics.events.append_all(0, [("k", b"two")])
        assert ack.appended_at > 1_700_000_000_000_000


def test_databases_restored_from_an_older_copy_catch_up_with_the_log(
    installation: Installation, postgres: Postgres
) -> None:
    with installation.served() as city:
        fill(city)
    administration = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    older = {service: f"{url.rpartition('/')[2]}_older" for service, url in installation.databases.items()}
    with administration.connect() as db:
        for service, url in installation.databases.items():
            db.execute(text(f'CREATE DATABASE "{older[service]}" TEMPLATE "{url.rpartition("/")[2]}"'))
    administration.dispose()
    with installation.served() as city:
        goes_on(city, "after-the-copy")
        city.ids["audit"] = audit_of(city)
        promised = made(city)

    installation.databases |= {service: postgres.url(name) for service, name in older.items()}

    with installation.served() as city:
        still_hold(city, promised)
        goes_on(city, "later")
    for name in older.values():
        postgres.drop(name)


def audit_of(city: Whole) -> str:
    listed = city.send("GET", f"{CITY}/years/2009/audits", city.token("auditor"))
    assert listed.is_success, listed.text
    return str(listed.json()["items"][0]["id"])


def test_an_embedded_log_and_its_databases_move_into_kafka_and_postgresql(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    with whole(data) as city:
        fill(city)
        promised, token = made(city), city.after
    installation.folder = data  # the issuer's and the signing key move along

    for service in SERVICES:
        installation.environment(service, monkeypatch)
        main(["move", "--data", str(data), "--service", service])
    with pytest.raises(LogIsShorter, match="jikao reopen"), installation.served():
        pass
    installation.environment("evaluation", monkeypatch)
    main(["reopen", "--reason", "moved into Kafka"])

    with installation.served() as city:
        all_holds_but_the_token(city, promised, token)
