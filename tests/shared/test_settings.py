"""Settings: read strictly, refused in one sentence, every one of them documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.settings import (
    EVERY,
    GatewaySettings,
    ServiceSettings,
    SettingRefused,
    StandaloneSettings,
    read,
    variable,
)

REFERENCE = Path(__file__).resolve().parents[2] / "deploy" / "README.md"
SERVICE = {
    "JIKAO_DATABASE_URL": "postgresql://u:secret@db/x",
    "JIKAO_KAFKA_BOOTSTRAP": "a:9092,b:9092",
    "JIKAO_JWKS_URL": "https://issuer.example/keys",
}


def test_an_empty_environment_is_enough_for_the_standalone_form() -> None:
    found = read(StandaloneSettings, {"PATH": "/bin"})

    assert (found.host, found.port, found.data) == ("127.0.0.1", 8000, Path("data"))


def test_the_command_line_goes_before_the_environment() -> None:
    environ = {
        "JIKAO_PORT": "9000",
        "JIKAO_DATA": "/there",
        "JIKAO_CORS_ORIGINS": "https://a.example, https://b.example",
    }
    found = read(StandaloneSettings, environ, port=9001, data=None)

    assert (found.port, found.data) == (9001, Path("/there"))
    assert found.cors_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize(
    ("kind", "environ", "sentence"),
    [
        (StandaloneSettings, {"JIKAO_PROT": "1"}, r"^JIKAO_PROT is not a setting: did you mean JIKAO_PORT\?$"),
        (StandaloneSettings, {"JIKAO_QQQQ": "1"}, r"^JIKAO_QQQQ is not a setting: unset it"),
        (StandaloneSettings, {"JIKAO_DATABASE_URL": "x"}, r"^JIKAO_DATABASE_URL is of no use to StandaloneSettings"),
        (StandaloneSettings, {"JIKAO_PORT": "http"}, r"^JIKAO_PORT has a value it does not take .*: set it to port to"),
        (StandaloneSettings, {"JIKAO_CORS_ORIGINS": "example"}, r"^JIKAO_CORS_ORIGINS has a value"),
        (ServiceSettings, {}, r"^JIKAO_DATABASE_URL is missing: set it to the service's own database"),
        (ServiceSettings, SERVICE | {"JIKAO_DATABASE_URL": "mysql://x"}, r"^JIKAO_DATABASE_URL has a value"),
        (
            ServiceSettings,
            SERVICE | {"JIKAO_JWKS_FILE": "x"},
            r"^JIKAO_JWKS_URL and JIKAO_JWKS_FILE exclude each other",
        ),
        (ServiceSettings, SERVICE | {"JIKAO_KAFKA_SECURITY": "SASL_SSL"}, r"^JIKAO_KAFKA_SASL_MECHANISM is missing"),
        (GatewaySettings, {"JIKAO_JWKS_URL": "https://x"}, r"^JIKAO_TARGETS_URL is missing"),
    ],
)
def test_what_will_not_do_is_refused_in_one_sentence(
    kind: type[StandaloneSettings], environ: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SettingRefused, match=sentence) as refused:
        read(kind, environ)
    assert "\n" not in str(refused.value)


def test_keys_are_needed_wherever_there_is_no_development_issuer() -> None:
    with pytest.raises(SettingRefused, match="JIKAO_JWKS_URL is missing"):
        read(ServiceSettings, {name: value for name, value in SERVICE.items() if "JWKS" not in name})


def test_a_password_never_shows() -> None:
    login = {"JIKAO_KAFKA_SECURITY": "SASL_SSL", "JIKAO_KAFKA_SASL_MECHANISM": "PLAIN"}
    found = read(
        ServiceSettings, SERVICE | login | {"JIKAO_KAFKA_SASL_USERNAME": "u", "JIKAO_KAFKA_SASL_PASSWORD": "hush"}
    )

    assert "hush" not in repr(found)
    with pytest.raises(SettingRefused) as refused:
        read(ServiceSettings, SERVICE | {"JIKAO_DATABASE_URL": "postgres://u:hush@db/x"})
    assert "hush" not in str(refused.value)


def test_every_setting_is_in_the_reference_and_nothing_else() -> None:
    documented = set(re.findall(r"^\| `(JIKAO_[A-Z_]+)` \|", REFERENCE.read_text(), re.MULTILINE))
    settings = {variable(name) for kind in EVERY for name in kind.model_fields}

    assert documented == settings
