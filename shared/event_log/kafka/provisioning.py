"""Both topics as they must be: made where they are missing, grown, and checked before anything is written."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import InvalidPartitionsError, TopicAlreadyExistsError

from shared.event_log.kafka.senders import BATCH_OCTETS
from shared.event_log.kafka.settings import KafkaSettings
from shared.event_log.port import EVENTS, LISTINGS

REQUIRED: Final[Mapping[str, str]] = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "message.timestamp.type": "LogAppendTime",
    "unclean.leader.election.enable": "false",
}

REPLICAS: Final = 3

IN_SYNC_REPLICAS: Final = 2

log = logging.getLogger(__name__)


class TopicMisconfigured(Exception):
    """A topic is not as it must be.

    The message says in one sentence what to change. Stops the start, reaches no caller.
    """


def topics_of(settings: KafkaSettings) -> dict[str, int]:
    """The names of the two topics, events first, each with its number of partitions."""
    return {settings.prefix + EVENTS: settings.partitions, settings.prefix + LISTINGS: 1}


def prepare(
    admin: KafkaAdminClient, settings: KafkaSettings, required: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """Make, grow and check the topics, each by what is required of it; returns their ids by name."""
    wanted = topics_of(settings)
    existing = set(admin.list_topics())
    production = settings.profile == "production"
    configs = {"max.message.bytes": str(2 * BATCH_OCTETS)}
    if production:
        configs["min.insync.replicas"] = str(IN_SYNC_REPLICAS)
    missing = {
        name: {
            "num_partitions": partitions,
            "replication_factor": REPLICAS if production else 1,
            "configs": {**required[name], **configs},
        }
        for name, partitions in wanted.items()
        if name not in existing
    }
    if missing:
        try:
            admin.create_topics(missing, wait_for_metadata=True)
        except TopicAlreadyExistsError:
            log.info("another service made the topics at the same moment")
            admin.wait_for_topics(list(missing))
    described = {topic["name"]: topic for topic in admin.describe_topics(list(wanted))}
    grown = {name: partitions for name, partitions in wanted.items() if len(described[name]["partitions"]) < partitions}
    if grown:
        try:
            admin.create_partitions(grown)
        except InvalidPartitionsError:
            log.info("another service added the partitions at the same moment")
        admin.wait_for_topics(list(grown))
        described = {topic["name"]: topic for topic in admin.describe_topics(list(wanted))}
    for name, configs_in_force in in_force(admin, list(wanted)).items():
        _check(name, described[name], configs_in_force, production, required[name])
    if len(described[settings.prefix + LISTINGS]["partitions"]) != 1:
        raise TopicMisconfigured(
            f"Topic {settings.prefix + LISTINGS}: it must have exactly one partition; make it anew."
        )
    return {name: str(described[name]["topic_id"]) for name in wanted}


def in_force(admin: KafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Every setting of each of these topics, by name."""
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found = admin.describe_configs(resources, config_filter="all")["topic"]
    return {name: {key: entry["value"] for key, entry in found[name].items()} for name in names}


def misconfigured(admin: KafkaAdminClient, settings: KafkaSettings) -> list[str]:
    """What is wrong with the topics as they are, a sentence for each of them; nothing is made or changed."""
    existing = set(admin.list_topics())
    faults = [f"Topic {name}: it does not exist." for name in topics_of(settings) if name not in existing]
    names = [name for name in topics_of(settings) if name in existing]
    described = {topic["name"]: topic for topic in admin.describe_topics(names)} if names else {}
    for name, configs in (in_force(admin, names) if names else {}).items():
        try:
            _check(name, described[name], configs, settings.profile == "production", REQUIRED)
        except TopicMisconfigured as fault:
            faults.append(str(fault))
    return faults


def _check(
    name: str,
    described: Mapping[str, Any],
    configs: Mapping[str, str],
    production: bool,
    required: Mapping[str, str],
) -> None:
    """Raise TopicMisconfigured for the first thing that must be changed."""
    for key, value in required.items():
        if configs[key] != value:
            raise TopicMisconfigured(f"Topic {name}: set {key} to {value} (it is {configs[key]}).")
    if int(configs["max.message.bytes"]) < BATCH_OCTETS:
        raise TopicMisconfigured(
            f"Topic {name}: set max.message.bytes to at least {BATCH_OCTETS} (it is {configs['max.message.bytes']})."
        )
    replicas = min(len(partition["replica_nodes"]) for partition in described["partitions"])
    if production and replicas < REPLICAS:
        raise TopicMisconfigured(
            f"Topic {name}: give every partition {REPLICAS} replicas (one has {replicas}),"
            " or choose the profile single-broker and live with one copy."
        )
    if production and int(configs["min.insync.replicas"]) < IN_SYNC_REPLICAS:
        raise TopicMisconfigured(
            f"Topic {name}: set min.insync.replicas to {IN_SYNC_REPLICAS} (it is {configs['min.insync.replicas']})."
        )
