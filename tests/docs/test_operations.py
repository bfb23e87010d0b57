"""The operator's page names everything that the program can say to an operator, and nothing else."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import services.standalone
from services.gateway.routing import SERVICES
from services.standalone import cli
from services.standalone.data_directory import open_directory
from services.standalone.doctor import CODES
from services.standalone.main import build, builds
from shared import starting
from shared.event_log.embedded import open_embedded
from shared.identity.issuer import DevelopmentIssuer
from shared.proofs.signing import SigningKey
from shared.settings import StandaloneSettings
from shared.sql import engine
from shared.starting import StartRefused

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
OF_ANY_KIND = {"StartRefused", "Refusal", "OperationalError"}
"""What `in_one_sentence` takes as a family, or from a library: its members have entries, or it is told as another."""


def entries(heading: str) -> set[str]:
    """The names in code in the first column of a section's table."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    found = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert len(found) == len(set(found)), found
    return set(found)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], set[str]]:
    """Checks and metrics of every service and of the gateway, as they answer over HTTP."""
    checks: set[str] = set()
    metrics: set[str] = set()
    data = tmp_path_factory.mktemp("operations") / "data"
    with ExitStack() as opened:
        directory = opened.enter_context(open_directory(data))
        verifier = DevelopmentIssuer(directory.issuer).verifier()
        key = SigningKey.load_or_make(directory.signing_key)
        topics = opened.enter_context(closing(open_embedded(directory.log)))
        apps = [
            build_one(engine(directory.database_url(name)), topics, verifier, alone=True)[1]
            for name, build_one in builds(key).items()
        ]
        for app in apps:
            asked(opened.enter_context(TestClient(app)), checks, metrics)
    with open_directory(data) as directory, TestClient(build(directory, StandaloneSettings())) as gateway:
        asked(gateway, checks, metrics)
    assert set(SERVICES) <= checks
    return checks, metrics


def asked(client: TestClient, checks: set[str], metrics: set[str]) -> None:
    checks.update(client.get("/readyz").json()["checks"])
    families = re.findall(r"^# HELP (\S+)", client.get("/metrics").text, re.MULTILINE)
    metrics.update(family for family in families if not family.endswith("_created"))


def refusals(family: type[Exception]) -> Iterator[str]:
    for refusal in family.__subclasses__():
        yield refusal.__name__
        yield from refusals(refusal)


def test_every_refusal_of_a_start_or_a_command_has_its_entry() -> None:
    for module in pkgutil.iter_modules(services.standalone.__path__):
        if module.name != "__main__":
            importlib.import_module(f"services.standalone.{module.name}")
    matched = {
        node.cls.id
        for node in ast.walk(ast.parse(inspect.getsource(starting.in_one_sentence)))
        if isinstance(node, ast.MatchClass) and isinstance(node.cls, ast.Name)
    }

    assert entries("A start or a command is refused") == {*refusals(StartRefused)} | (matched - OF_ANY_KIND)


def test_every_check_of_readiness_has_its_entry(told: tuple[set[str], set[str]]) -> None:
    assert entries("Readiness") == told[0]


def test_every_metric_has_its_entry(told: tuple[set[str], set[str]]) -> None:
    assert entries("Metrics") == told[1]


def test_every_code_of_the_doctor_has_its_entry() -> None:
    assert entries("What the doctor finds") == set(CODES)


def test_every_command_of_the_page_exists_and_every_maintaining_one_is_named() -> None:
    [commands] = [action for action in cli._parser()._actions if action.choices]
    assert commands.choices is not None
    named = set(re.findall(r"`jikao ([a-z-]+)", PAGE.read_text(encoding="utf-8")))

    assert named <= set(commands.choices)
    assert {"backup", "restore", "doctor", "rebuild", "reopen", "move", "verify", "signing-key"} <= named


def test_every_situation_that_the_page_refers_to_is_told() -> None:
    page = PAGE.read_text(encoding="utf-8")
    told = re.findall(r"^\*\*([^*]+?)\.?\*\*", page, re.MULTILINE)
    for named in re.findall(r"(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)", page):
        assert named in told, named
