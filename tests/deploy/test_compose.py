"""The files of a real installation, as far as they can be checked without a container engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from shared.settings import GatewaySettings, ServiceSettings, read

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
PROCESSES: dict[str, type[BaseModel]] = {
    "targets": ServiceSettings,
    "projects": ServiceSettings,
    "evaluation": ServiceSettings,
    "gateway": GatewaySettings,
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("process", PROCESSES)
def test_each_process_is_told_settings_it_takes_and_all_it_needs(compose: dict[str, Any], process: str) -> None:
    service = compose["services"][process]
    assert service["command"] == ["python", "-m", f"services.{process}"]
    environment = {
        name: re.sub(r"\$\{[A-Z_]+[^}]*\}", "https://issuer.example" if "JWKS" in name else "word", str(value))
        for name, value in service["environment"].items()
    }

    assert read(PROCESSES[process], environment) is not None  # it raises for what will not do


def test_there_are_brokers_enough_for_the_production_profile(compose: dict[str, Any]) -> None:
    brokers = [name for name in compose["services"] if name.startswith("kafka-")]
    told = compose["services"]["targets"]["environment"]["JIKAO_KAFKA_BOOTSTRAP"]

    assert [address.split(":")[0] for address in told.split(",")] == brokers
    assert len(brokers) == 3


def test_the_example_names_exactly_what_must_be_told(compose: dict[str, Any]) -> None:
    text = (DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8")
    example = (DEPLOY / "compose" / "example.env").read_text(encoding="utf-8")

    assert set(re.findall(r"\$\{([A-Z_]+)", text)) == set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))


def test_what_the_image_copies_is_there() -> None:
    text = (DEPLOY / "containers" / "Containerfile").read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (?!--)(.+)$", text, re.MULTILINE):
        *sources, _ = line.split()
        assert all((DEPLOY.parent / source).exists() for source in sources), line


def test_the_database_script_is_where_compose_looks_for_it(compose: dict[str, Any]) -> None:
    volume = next(v for v in compose["services"]["postgres"]["volumes"] if "databases.sql" in v)

    assert (DEPLOY / "compose" / volume.split(":")[0]).exists()
