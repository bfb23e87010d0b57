"""What only the Kafka adapter promises: it checks its topics at the start, and outlives its brokers."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from shared.event_log.kafka.opening import ChecksumPackageMissing, open_kafka
from shared.event_log.kafka.provisioning import TopicMisconfigured
from shared.event_log.kafka.settings import KafkaSettings
from shared.event_log.port import Ack, LogUnavailable, PartitionReader, Raw, Topic, Topics
from shared.testing.broker import Broker, cluster, leader
from shared.testing.ports import free_ports

PATIENCE = 60.0

# kafka-python leaves the socket of a refused connection to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(autouse=True)
def sockets_collected() -> Iterator[None]:
    """Sees to it that they are collected here, where that is no error."""
    yield
    gc.collect()


def single(bootstrap: str, prefix: str, delivery_timeout: float = 10.0) -> KafkaSettings:
    return KafkaSettings(
        bootstrap=bootstrap,
        profile="single-broker",
        prefix=prefix,
        delivery_timeout=delivery_timeout,
        request_timeout=min(5.0, delivery_timeout / 2),
    )


@pytest.fixture
def admin(broker: Broker) -> Iterator[KafkaAdminClient]:
    with closing(KafkaAdminClient(bootstrap_servers=broker.bootstrap)) as admin:
        yield admin


@pytest.fixture
def fragile() -> Iterator[Broker]:
    """A broker of the test's own, to stop and kill."""
    with Broker() as broker:
        yield broker


def made(broker: Broker, prefix: str) -> str:
    """The events topic's name, after both topics were made."""
    topics = open_kafka(single(broker.bootstrap, prefix))
    topics.close()
    return topics.events.name


@pytest.mark.parametrize(
    ("setting", "wrong", "advice"),
    [
        ("cleanup.policy", "compact", "set cleanup.policy to delete"),
        ("retention.ms", "604800000", "set retention.ms to -1"),
        ("retention.bytes", "1000000", "set retention.bytes to -1"),
        ("message.timestamp.type", "CreateTime", "set message.timestamp.type to LogAppendTime"),
        ("unclean.leader.election.enable", "true", "set unclean.leader.election.enable to false"),
        ("max.message.bytes", "900000", "set max.message.bytes to at least 1048576"),
    ],
)
def test_a_topic_that_could_lose_or_misdate_facts_is_refused_in_one_sentence(
    broker: Broker, kafka_prefix: str, admin: KafkaAdminClient, setting: str, wrong: str, advice: str
) -> None:
    name = made(broker, kafka_prefix)
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, {setting: wrong})])

    with pytest.raises(TopicMisconfigured, match=advice) as refusal:
        open_kafka(single(broker.bootstrap, kafka_prefix))

    assert str(refusal.value).startswith(f"Topic {name}: ")
    assert f"(it is {wrong})." in str(refusal.value)


def test_one_copy_of_each_fact_is_not_enough_for_production(broker: Broker, kafka_prefix: str) -> None:
    made(broker, kafka_prefix)

    with pytest.raises(TopicMisconfigured, match="give every partition 3 replicas"):
        open_kafka(KafkaSettings(bootstrap=broker.bootstrap, profile="production", prefix=kafka_prefix))


def test_a_listings_topic_of_two_partitions_is_refused(
    broker: Broker, kafka_prefix: str, admin: KafkaAdminClient
) -> None:
    made(broker, kafka_prefix)
    listings = f"{kafka_prefix}jikao.logs.v1"
    admin.create_partitions({listings: 2})
    admin.wait_for_topics([listings])

    with pytest.raises(TopicMisconfigured, match="exactly one partition"):
        open_kafka(single(broker.bootstrap, kafka_prefix))


def test_a_topic_made_anew_has_another_incarnation(broker: Broker, kafka_prefix: str, admin: KafkaAdminClient) -> None:
    topics = open_kafka(single(broker.bootstrap, kafka_prefix))
    topics.close()
    admin.delete_topics([topics.events.name])

    again = open_kafka(single(broker.bootstrap, kafka_prefix))
    again.close()

    assert again.events.incarnation != topics.events.incarnation
    assert again.listings.incarnation == topics.listings.incarnation


def test_the_start_is_refused_without_fast_checksums(monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "crc32c" else find_spec(name))

    with pytest.raises(ChecksumPackageMissing, match="crc32c"):
        open_kafka(KafkaSettings(bootstrap="127.0.0.1:1"))


def test_a_start_without_a_broker_is_refused_in_time() -> None:
    [port] = free_ports(1)

    with pytest.raises(LogUnavailable):
        open_kafka(single(f"127.0.0.1:{port}", "", delivery_timeout=2.0))


def test_a_password_is_not_shown() -> None:
    settings = KafkaSettings(
        bootstrap="a:1,b:2",
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-256",
        sasl_username="jikao",
        sasl_password="guarded",
    )

    assert "guarded" not in repr(settings)
    assert settings.connection()["sasl_plain_password"] == "guarded"
    assert settings.connection()["bootstrap_servers"] == ["a:1", "b:2"]


async def append_until_taken(topic: Topic, value: bytes) -> Ack:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return await topic.append(0, "log-a", value)
        except LogUnavailable:
            if time.monotonic() > until:
                raise


def read_until(reader: PartitionReader, start: int, end: int) -> list[Raw]:
    records: list[Raw] = []
    until = time.monotonic() + PATIENCE
    while start + len(records) < end and time.monotonic() < until:
        records += reader.read(start + len(records), timeout=1.0)
    return records


@pytest.mark.anyio
@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_a_broker_that_goes_away_and_comes_back_needs_no_restart_of_ours(
    fragile: Broker, kafka_prefix: str, how: str
) -> None:
    made(fragile, kafka_prefix)  # a broker that has just started takes its time over the first topics
    topics: Topics = open_kafka(single(fragile.bootstrap, kafka_prefix, delivery_timeout=2.0))
    with closing(topics), closing(topics.events.reader(0)) as reader:
        before = [await topics.events.append(0, "log-a", str(n).encode()) for n in range(50)]
        assert len(read_until(reader, 0, 50)) == 50
        getattr(fragile, how)()

        started = time.monotonic()
        outcomes = await asyncio.gather(
            *(topics.events.append(0, "log-a", b"lost") for _ in range(5)), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes] == [LogUnavailable] * 5
        with pytest.raises(LogUnavailable):
            topics.events.append_all(0, [("log-a", b"lost")])
        with pytest.raises(LogUnavailable):
            topics.events.end(0)
        assert reader.read(50, timeout=0.2) == []
        assert time.monotonic() - started < PATIENCE / 2

        await asyncio.to_thread(fragile.start)
        back = await append_until_taken(topics.events, b"back")
        [again] = topics.events.append_all(0, [("log-a", b"relayed")])

        records = read_until(reader, 50, topics.events.end(0))
        values = {record.offset: record.value for record in records}
        assert values[back.offset] == b"back"
        assert values[again.offset] == b"relayed"
        with closing(topics.events.reader(0)) as fresh:
            kept = read_until(fresh, 0, 50)
        assert [Ack(0, record.offset, record.appended_at) for record in kept[:50]] == before


@pytest.mark.anyio
async def test_appends_go_on_after_the_time_of_one_that_the_broker_had_got_ran_out(
    fragile: Broker, kafka_prefix: str
) -> None:
    made(fragile, kafka_prefix)  # a broker that has just started takes its time over the first topics
    topics = open_kafka(single(fragile.bootstrap, kafka_prefix, delivery_timeout=2.0))
    with closing(topics):
        await topics.events.append(0, "log-a", b"before")
        topics.events.append_all(0, [("log-a", b"before")])
        assert fragile.pid is not None
        os.kill(fragile.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, fragile.pid, os.WSTOPPED | os.WNOWAIT)
        appended = asyncio.create_task(topics.events.append(0, "log-a", b"on its way"))
        relayed = asyncio.create_task(asyncio.to_thread(topics.events.append_all, 0, [("log-a", b"on its way")]))
        done, _ = await asyncio.wait([appended, relayed], timeout=0.5)
        assert done == set()  # the broker has them and does not answer
        fragile.kill()
        outcomes = await asyncio.gather(appended, relayed, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [LogUnavailable] * 2

        await asyncio.to_thread(fragile.start)

        await append_until_taken(topics.events, b"back")
        until = time.monotonic() + PATIENCE
        while not await asyncio.to_thread(taken, topics.events, [("log-a", b"back")]):
            assert time.monotonic() < until


@pytest.fixture(scope="module")
def three() -> Iterator[list[Broker]]:
    """A cluster as production has it."""
    brokers = cluster(3)
    with ExitStack() as running:
        for each in brokers:
            running.callback(each.close)
            each.launch()
        for each in brokers:
            each.wait_until_ready()
        yield brokers


def production(brokers: list[Broker], prefix: str) -> KafkaSettings:
    return KafkaSettings(bootstrap=brokers[0].quorum.bootstrap, profile="production", prefix=prefix)


def test_production_insists_on_a_second_copy_before_it_acknowledges(three: list[Broker], kafka_prefix: str) -> None:
    topics = open_kafka(production(three, kafka_prefix))
    topics.close()
    weaker = ConfigResource(ConfigResourceType.TOPIC, topics.events.name, {"min.insync.replicas": "1"})
    with closing(KafkaAdminClient(bootstrap_servers=three[0].bootstrap)) as admin:
        admin.alter_configs([weaker])

    with pytest.raises(TopicMisconfigured, match=r"set min.insync.replicas to 2 \(it is 1\)"):
        open_kafka(production(three, kafka_prefix))


@pytest.mark.anyio
async def test_in_production_a_leader_s_death_loses_nothing_acknowledged_and_reorders_nothing(
    three: list[Broker], kafka_prefix: str
) -> None:
    relayed = [f"relayed {n}".encode() for n in range(2000)]
    acknowledged: dict[int, bytes] = {}
    with closing(await asyncio.to_thread(open_kafka, production(three, kafka_prefix))) as topics:
        doomed = leader(three, topics.events.name)

        async def submit(start: int) -> None:
            for n in range(start, start + 30):
                ack = await append_until_taken(topics.events, str(n).encode())
                acknowledged[ack.offset] = str(n).encode()
                if n == 10:
                    doomed.kill()

        def relay() -> None:
            for start in range(0, len(relayed), 20):
                chunk = [("log-b", value) for value in relayed[start : start + 20]]
                while not taken(topics.events, chunk):
                    pass

        await asyncio.gather(asyncio.to_thread(relay), *(submit(start) for start in range(0, 300, 30)))

        with closing(topics.events.reader(0)) as reader:
            records = read_until(reader, 0, topics.events.end(0))
    await asyncio.to_thread(doomed.start)

    on_log = {record.offset: record.value for record in records}
    assert {offset: on_log.get(offset) for offset in acknowledged} == acknowledged
    assert list(dict.fromkeys(record.value for record in records if record.key == "log-b")) == relayed


def taken(topic: Topic, records: list[tuple[str, bytes]]) -> bool:
    try:
        topic.append_all(0, records)
    except LogUnavailable:
        return False
    return True
