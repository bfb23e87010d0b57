from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from shared.testing.broker import LIBRARIES, Broker, BrokerUnavailable

TOPIC = "bills"


def make_topic(broker: Broker) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    admin.create_topics({TOPIC: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
    admin.close()


def write(broker: Broker, value: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, max_block_ms=20_000)
    producer.send(TOPIC, value).get(20)
    producer.close()


def everything(broker: Broker, count: int) -> list[bytes]:
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap, group_id=None, consumer_timeout_ms=20_000)
    consumer.assign([TopicPartition(TOPIC, 0)])
    consumer.seek_to_beginning()
    values = [record.value for record in islice(consumer, count)]
    consumer.close()
    return values


def test_what_it_acknowledged_is_there_after_a_kill_and_after_a_new_start_on_its_directory(
    tmp_path: Path,
) -> None:
    with Broker(tmp_path) as broker:
        make_topic(broker)
        write(broker, b"before the kill")
        broker.kill()
        assert broker.pid is None
        broker.start()
        write(broker, b"after it")

    with Broker(tmp_path) as again:
        assert again.bootstrap == broker.bootstrap
        assert everything(again, 2) == [b"before the kill", b"after it"]


def test_without_its_jars_it_says_what_to_run(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker", libraries=tmp_path / "nothing")

    with pytest.raises(BrokerUnavailable, match="run `make kafka`"):
        broker.start()


def test_classes_that_another_java_wrote_down_are_left_aside(tmp_path: Path) -> None:
    libraries = tmp_path / "libs"
    libraries.symlink_to(LIBRARIES)
    (tmp_path / "classes.jsa").write_bytes(b"of another Java")

    with Broker(tmp_path / "broker", libraries=libraries) as broker:
        assert broker.pid is not None


def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    broker = Broker(tmp_path, settings={"message.max.bytes": "many"})

    with pytest.raises(BrokerUnavailable, match=r"message\.max\.bytes"):
        broker.start()
    assert broker.pid is None
