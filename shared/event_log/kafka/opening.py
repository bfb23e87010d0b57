"""Opens the event log on Kafka: what the embedded one promises, on topics checked at the start."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from shared.event_log.clock import OnSkew, WriterClock, wall_clock
from shared.event_log.kafka.provisioning import REQUIRED, prepare, topics_of
from shared.event_log.kafka.senders import Senders
from shared.event_log.kafka.settings import KafkaSettings
from shared.event_log.kafka.topic import KafkaTopic
from shared.event_log.port import LogUnavailable, Topics

log = logging.getLogger(__name__)


class ChecksumPackageMissing(Exception):
    """The package crc32c isn't installed; stops the start."""


def open_kafka(
    settings: KafkaSettings,
    *,
    now: Callable[[], int] = wall_clock,
    on_skew: OnSkew | None = None,
) -> Topics:
    """Connect, make the topics that are missing, check them, and open them.

    `now` is this writer's clock in microseconds; `on_skew` is told when the brokers' clock differs. Raises
    TopicMisconfigured, ChecksumPackageMissing, LogUnavailable (no broker answers).
    """
    admin = administrator(settings)
    wanted = topics_of(settings)
    try:
        ids = prepare(admin, settings, dict.fromkeys(wanted, REQUIRED))
        senders = Senders(settings, list(wanted))
    except KafkaError as error:
        admin.close()
        raise LogUnavailable() from error
    except BaseException:
        admin.close()
        raise

    def topic(name: str) -> KafkaTopic:
        return KafkaTopic(name, ids[name], senders, admin, WriterClock(name, now=now, on_skew=on_skew))

    events, listings = (topic(name) for name in wanted)
    # The start is through, so the way to the brokers is right. From here on this package reports what fails;
    # kafka-python would add several lines a second while a broker is away.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)

    def close() -> None:
        senders.close()
        admin.close()

    return Topics(events=events, listings=listings, on_close=close)


def administrator(settings: KafkaSettings) -> KafkaAdminClient:
    """A connection for looking after topics. ChecksumPackageMissing, LogUnavailable."""
    if importlib.util.find_spec("crc32c") is None:
        raise ChecksumPackageMissing(
            "Install the package crc32c: without it kafka-python check-sums in Python, up to fifteen times slower."
        )
    if settings.profile == "single-broker":
        log.warning("profile single-broker: every fact has one copy; use profile production for what must not be lost")
    try:
        return KafkaAdminClient(**settings.connection())
    except KafkaError as error:
        raise LogUnavailable() from error
