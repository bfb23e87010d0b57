"""How to reach the brokers, and how much to ask of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from shared.event_log.port import MOST_OCTETS_IN_FLIGHT, MOST_RECORDS_IN_FLIGHT

Profile = Literal["production", "single-broker"]


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """How to reach the brokers, and how much to ask of them."""

    bootstrap: str
    """`host:port`, several separated by commas."""
    profile: Profile = "production"
    """`production` insists on three replicas, two in sync; `single-broker` has one copy of every fact."""
    partitions: int = 1
    """Of the events topic; added if it has fewer, never removed."""
    prefix: str = ""
    """Before both topics' names, so that installations (or tests) can share brokers."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"] | None = None
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    delivery_timeout: float = 10.0
    """Seconds until an append that was not acknowledged is LogUnavailable; longer than an election takes."""
    request_timeout: float = 5.0
    """Seconds to wait for one answer of a broker, or for the first connection."""
    records_in_flight: int = MOST_RECORDS_IN_FLIGHT
    octets_in_flight: int = MOST_OCTETS_IN_FLIGHT

    def connection(self) -> dict[str, Any]:
        """What every kafka-python client needs to connect."""
        return {
            "bootstrap_servers": self.bootstrap.split(","),
            "security_protocol": self.security_protocol,
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": self.sasl_password,
            "ssl_cafile": self.ssl_cafile,
            "ssl_certfile": self.ssl_certfile,
            "ssl_keyfile": self.ssl_keyfile,
            "request_timeout_ms": round(self.request_timeout * 1000),
            "bootstrap_timeout_ms": round(self.request_timeout * 1000),
            "reconnect_backoff_max_ms": 500,
            "metadata_max_age_ms": 60_000,
        }
