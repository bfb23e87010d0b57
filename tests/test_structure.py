"""The shape of the code, kept by a test: what an import, a name or a lock file may not do here.

That services never import one another stands in pyproject.toml, as contracts of import-linter.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[1]

RULES = (
    "shared.admission*",
    "shared.calendars",
    "shared.canonical",
    "shared.contracts*",
    "shared.errors",
    "shared.kinds",
    "shared.merkle",
    "shared.deciding",
    "shared.proofs*",
    "shared.quantities",
    "shared.registry",
    "shared.year_states",
    "services.evaluation.comparison",
    "services.evaluation.completion",
    "services.evaluation.documents",
    "services.evaluation.exact",
    "services.evaluation.judged",
    "services.evaluation.ledger",
    "services.evaluation.maintained",
    "services.evaluation.parts",
    "services.evaluation.plans",
    "services.evaluation.projects_completion",
    "services.evaluation.roll_up",
    "services.evaluation.standing",
    "services.evaluation.steps_and_bands",
    "services.evaluation.target_documents",
    "services.projects.group",
    "services.projects.project",
    "services.targets.adjustment",
    "services.targets.additions",
    "services.targets.alignment",
    "services.targets.alignment_decisions",
    "services.targets.alignment_run",
    "services.targets.assignment",
    "services.targets.breakdown",
    "services.targets.decomposition",
    "services.targets.read_models.decompositions",
    "services.targets.read_models.matrix",
    "services.targets.catalogue",
    "services.targets.changes",
    "services.targets.chronicle",
    "services.targets.kinds",
    "services.targets.inheritance",
    "services.targets.issuing",
    "services.targets.likely_matches",
    "services.targets.clock",
    "services.targets.lock",
    "services.targets.peer_group",
    "services.targets.person",
    "services.targets.post",
    "services.targets.scoring",
    "services.targets.signature",
    "services.targets.source",
    "services.targets.target",
    "services.targets.target_table",
    "services.targets.unit",
    "services.targets.weights",
    "services.targets.unit_tree",
    "services.targets.year",
)
"""The modules that only reason: given the same they say the same, without the web, a database or a log.

A service's rules go here by name, for instance `services.targets.target`.
"""

THE_WORLD = (
    "alembic",
    "fastapi",
    "httpx",
    "joserfc",
    "kafka",
    "prometheus_client",
    "psycopg",
    "socket",
    "sqlalchemy",
    "sqlite3",
    "starlette",
    "threading",
    "time",
    "uvicorn",
)
"""What a rule may not import, not even by way of another module of ours."""

VAGUE = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph(
        "shared",
        "services",
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )


@pytest.mark.parametrize("pattern", RULES)
def test_rules_never_reach_the_web_a_database_or_the_log(imports: grimp.ImportGraph, pattern: str) -> None:
    rules = [module for module in imports.modules if fnmatchcase(module, pattern)]
    assert rules, f"nothing is called {pattern} any more: take it off RULES or give its new name"

    reached = [
        " -> ".join(chain)
        for rule in sorted(rules)
        for outside in THE_WORLD
        if outside in imports.modules and (chain := imports.find_shortest_chain(rule, outside))
    ]

    assert not reached, "move what touches the world into a module of its own:\n" + "\n".join(reached)


def test_an_auditor_needs_one_signature_library_and_nothing_else(imports: grimp.ImportGraph) -> None:
    ours = {"shared.proofs", *imports.find_descendants("shared.proofs")}
    allowed = ours | {"shared.merkle", "cryptography"} | sys.stdlib_module_names

    beyond = {
        f"{module} -> {imported}"
        for module in [*ours, "shared.merkle"]
        for imported in imports.find_modules_directly_imported_by(module)
        if imported not in allowed
    }

    assert not beyond, f"`python -m shared.proofs` runs where nothing of ours is installed: {sorted(beyond)}"


def test_names_say_what_is_inside() -> None:
    vague = [
        str(path.relative_to(ROOT)) for path in sources("shared", "services") if VAGUE & {path.stem, path.parent.name}
    ]

    assert not vague, f"name these by the question they answer: {vague}"


def test_no_test_sleeps() -> None:
    sleeping = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources("tests")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"time.sleep", "asyncio.sleep", "anyio.sleep", "sleep"}
    ]

    assert not sleeping, f"wait for what happens (a place, a port, a condition), not for time: {sleeping}"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_each_locked_package_has_its_hashes_and_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text()
    packages = re.findall(r"^[a-z0-9][^ ]*==.*(?:\n    --hash=sha256:[0-9a-f]{64}.*)*", text, re.MULTILINE)

    assert packages
    assert all("--hash=sha256:" in package for package in packages)
    assert "://" not in text
    assert "index-url" not in text


@pytest.mark.parametrize(("lock", "extras"), [("requirements.lock", ()), ("requirements-dev.lock", ("dev",))])
def test_each_declared_dependency_is_locked(lock: str, extras: tuple[str, ...]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = list(project["dependencies"])
    for extra in extras:
        declared += project["optional-dependencies"][extra]
    locked = set(re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==", (ROOT / lock).read_text(), re.MULTILINE))

    missing = {re.split(r"[^a-z0-9-]", name.lower())[0] for name in declared} - locked

    assert not missing, f"run `make lock`: {sorted(missing)}"
