"""What an installation may set: `JIKAO_…` variables, read once at the start into one frozen model.

A variable that is missing, misspelt or of no use to the process stops the start with one sentence: a setting that
is silently ignored is found out in production. deploy/README.md is the reference; a test keeps the two together.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from shared.starting import StartRefused

if TYPE_CHECKING:
    from shared.event_log.kafka.settings import KafkaSettings
    from shared.event_log.port import Topics
    from shared.proofs.signing import SigningKey

PREFIX = "JIKAO_"
MiB = 1024 * 1024

Url = Annotated[str, Field(pattern=r"^https?://[^\s/?#]+[^\s?#]*$")]
Origin = Annotated[str, Field(pattern=r"^(\*|https?://[^\s/?#]+)$")]


class SettingRefused(StartRefused):
    """The environment will not do; the message is one sentence that names the variable and what to do."""


class Served(BaseModel):
    """What every process that answers HTTP is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least severe line logged")


class Identified(Served):
    """Whose tokens count."""

    issuer: str = Field("jikao-development", min_length=1, description="`iss` of the tokens taken")
    audience: str = Field("jikao", min_length=1, description="`aud` of the tokens taken")
    jwks_url: Url | None = Field(None, description="where the issuer's public keys are read")
    jwks_file: Path | None = Field(None, description="a file with the issuer's public keys, instead of JIKAO_JWKS_URL")

    @model_validator(mode="after")
    def _one_source_of_keys(self) -> Self:
        if self.jwks_url is not None and self.jwks_file is not None:
            raise ValueError("JIKAO_JWKS_URL and JIKAO_JWKS_FILE exclude each other: set one of them")
        return self


class _KeysNeeded(Identified):
    @model_validator(mode="after")
    def _keys_are_somewhere(self) -> Self:
        if self.jwks_url is None and self.jwks_file is None:
            raise ValueError("JIKAO_JWKS_URL is missing: set it, or JIKAO_JWKS_FILE, so that tokens can be verified")
        return self


class ServiceSettings(_KeysNeeded):
    """One of targets, projects and evaluation as a process of its own."""

    database_url: str = Field(
        pattern=r"^(postgresql://|sqlite:////)\S+$", description="the service's own database, `postgresql://…`"
    )
    kafka_bootstrap: str = Field(
        pattern=r"^[^\s,:]+:[0-9]+(,[^\s,:]+:[0-9]+)*$", description="brokers, `host:port` with commas between"
    )
    kafka_profile: Literal["production", "single-broker"] = Field(
        "production", description="`production` insists on three replicas, two in sync; `single-broker` keeps one copy"
    )
    kafka_prefix: str = Field("", pattern=r"^[A-Za-z0-9._-]*$", description="before the topics' names")
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how brokers are spoken to"
    )
    kafka_sasl_mechanism: Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"] | None = Field(
        None, description="with SASL_…: how to log in"
    )
    kafka_sasl_username: str | None = Field(None, min_length=1, description="with SASL_…: as whom")
    kafka_sasl_password: SecretStr | None = Field(None, min_length=1, description="with SASL_…: the password")
    kafka_ssl_cafile: Path | None = Field(None, description="with …SSL: certificates that brokers are checked by")
    kafka_ssl_certfile: Path | None = Field(None, description="with …SSL: our own certificate")
    kafka_ssl_keyfile: Path | None = Field(None, description="with …SSL: its key")
    partitions: int = Field(1, ge=1, le=1000, description="partitions of the events topic; only ever added")
    signing_key_file: Path | None = Field(
        None, description="the private key that signs receipts (projects) and checkpoints (evaluation)"
    )

    @model_validator(mode="after")
    def _a_login_is_whole(self) -> Self:
        if self.kafka_security.startswith("SASL"):
            for name in ("kafka_sasl_mechanism", "kafka_sasl_username", "kafka_sasl_password"):
                if getattr(self, name) is None:
                    raise ValueError(
                        f"{variable(name)} is missing: JIKAO_KAFKA_SECURITY={self.kafka_security} needs it"
                    )
        return self

    def signing_key(self) -> SigningKey:
        """The key of a service that signs; SettingRefused when it is not set or cannot be used."""
        from shared.proofs.signing import KeyUnusable, SigningKey  # OpenSSL, which most commands can do without

        name = variable("signing_key_file")
        if self.signing_key_file is None:
            raise SettingRefused(
                f"{name} is missing: set it to the private key that signs, which `jikao signing-key --out FILE` makes."
            )
        try:
            return SigningKey.load(self.signing_key_file)
        except KeyUnusable as error:
            raise SettingRefused(f"{name} will not do: {error}") from error

    def open_topics(self) -> Topics:
        """Connect to the brokers; TopicMisconfigured, LogUnavailable."""
        from shared.event_log.kafka.opening import open_kafka  # slow to import, and only this form needs it

        return open_kafka(self.kafka())

    def kafka(self) -> KafkaSettings:
        """How to reach the brokers."""
        from shared.event_log.kafka.settings import KafkaSettings

        def text(path: Path | None) -> str | None:
            return None if path is None else str(path)

        password = self.kafka_sasl_password
        return KafkaSettings(
            bootstrap=self.kafka_bootstrap,
            profile=self.kafka_profile,
            partitions=self.partitions,
            prefix=self.kafka_prefix,
            security_protocol=self.kafka_security,
            sasl_mechanism=self.kafka_sasl_mechanism,
            sasl_username=self.kafka_sasl_username,
            sasl_password=None if password is None else password.get_secret_value(),
            ssl_cafile=text(self.kafka_ssl_cafile),
            ssl_certfile=text(self.kafka_ssl_certfile),
            ssl_keyfile=text(self.kafka_ssl_keyfile),
        )


class Limited(BaseModel):
    """What the one address for callers allows."""

    max_body_bytes: int = Field(8 * MiB, ge=1024, le=8 * MiB, description="largest request body; beyond: 413")
    cors_origins: tuple[Origin, ...] = Field((), description="origins whose pages may call, with commas between; `*`")
    rate_per_second: int = Field(2000, ge=1, le=1_000_000, description="requests a second for one client, lastingly")
    rate_burst: int = Field(4000, ge=1, le=1_000_000, description="requests at once for one client; beyond: 429")


class GatewaySettings(_KeysNeeded, Limited):
    """The gateway as a process of its own."""

    targets_url: Url = Field(description="where the targets service listens")
    projects_url: Url = Field(description="where the projects service listens")
    evaluation_url: Url = Field(description="where the evaluation service listens")
    service_timeout: float = Field(
        60.0, gt=0, le=600, description="seconds until a service that says nothing is given up (504)"
    )


class StandaloneSettings(Identified, Limited):
    """Every service in one process, on one data directory."""

    data: Path = Field(Path("data"), description="the data directory")
    partitions: int = Field(1, ge=1, le=1000, description="partitions of the events topic; only ever added")
    allow_public_development_issuer: bool = Field(
        False, description="serve development tokens on an address that others reach"
    )


EVERY = (ServiceSettings, GatewaySettings, StandaloneSettings)
S = TypeVar("S", bound=BaseModel)


def variable(field: str) -> str:
    """The variable of a field: `database_url` is JIKAO_DATABASE_URL."""
    return PREFIX + field.upper()


def read(kind: type[S], environ: Mapping[str, str] | None = None, **given: object) -> S:
    """The settings of one kind from the environment; `given` (from a command line) goes before it.

    SettingRefused for a variable that this kind does not have, one that is missing, or a value it does not take.
    """
    found = {name: value for name, value in (os.environ if environ is None else environ).items()}
    known = {variable(name): name for name in kind.model_fields}
    values: dict[str, object] = {}
    for name, value in sorted(found.items()):
        if not name.startswith(PREFIX):
            continue
        if name not in known:
            raise SettingRefused(_not_known(name, known, kind))
        listed = known[name] == "cors_origins"
        values[known[name]] = [part.strip() for part in value.split(",") if part.strip()] if listed else value
    values.update({name: value for name, value in given.items() if value is not None})
    try:
        return kind(**values)
    except ValidationError as error:
        raise SettingRefused(_in_words(error, kind)) from None


def _not_known(name: str, known: Mapping[str, str], kind: type[BaseModel]) -> str:
    if any(name in map(variable, other.model_fields) for other in EVERY):
        return f"{name} is of no use to {kind.__name__}: unset it here, it belongs to another process."
    # Compared without the prefix, which makes any two of them look alike.
    close = difflib.get_close_matches(name.removeprefix(PREFIX), [n.removeprefix(PREFIX) for n in known], n=1)
    advice = f"did you mean {PREFIX}{close[0]}?" if close else "unset it; deploy/README.md lists all settings."
    return f"{name} is not a setting: {advice}"


def _in_words(error: ValidationError, kind: type[BaseModel]) -> str:
    first = error.errors(include_url=False)[0]
    if not first["loc"]:
        return str(first["msg"]).removeprefix("Value error, ") + "."
    field = str(first["loc"][0])
    about = kind.model_fields[field].description
    if first["type"] == "missing":
        return f"{variable(field)} is missing: set it to {about}."
    # The value is not repeated: it may be a password.
    return f"{variable(field)} has a value it does not take ({first['msg']}): set it to {about}."
