"""Each service's migrations make exactly the tables that its code declares, on both databases."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import MetaData
from sqlalchemy import inspect as inspect_database

import services
from shared.service import base_tables
from shared.sql import drift, engine, migrate

ROOT = Path(services.__file__).parent
SERVICES = sorted(folder.parent.name for folder in ROOT.glob("*/migrations") if (folder.parent / "main.py").exists())


def declared(service: str) -> MetaData:
    """The durable tables: what every service has, and what the service's own modules declare beside it.

    They do so by functions `…_table(metadata)`. Those of projections take a generation's suffix too: such tables
    are made by code, not by migrations.
    """
    metadata = MetaData()
    base_tables(metadata)
    package = importlib.import_module(f"services.{service}")
    for found in pkgutil.iter_modules(package.__path__, f"services.{service}."):
        if found.ispkg or found.name.endswith("__main__"):
            continue
        module = importlib.import_module(found.name)
        for name, declare in vars(module).items():
            if name.endswith(("_table", "_tables")) and declare.__module__ == module.__name__ and _durable(declare):
                declare(metadata)
    return metadata


def _durable(declare: Callable[..., object]) -> bool:
    return list(inspect.signature(declare).parameters) == ["metadata"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_migrated_database_is_what_the_code_declares(service: str, database_url: str) -> None:
    database = engine(database_url)
    try:
        migrate(database, ROOT / service / "migrations", f"{service}_migrations")
        assert drift(database, declared(service), f"{service}_migrations") == []
    finally:
        database.dispose()


@pytest.mark.parametrize("service", SERVICES)
def test_migrating_twice_changes_nothing(service: str, tmp_path: Path) -> None:
    database = engine(f"sqlite:///{tmp_path / 'service.db'}")
    try:
        for _ in range(2):
            migrate(database, ROOT / service / "migrations", f"{service}_migrations")
        assert set(inspect_database(database).get_table_names()) == {*declared(service).tables, f"{service}_migrations"}
    finally:
        database.dispose()


def test_every_service_with_tables_is_looked_at() -> None:
    assert {"evaluation", "projects", "targets"} >= set(SERVICES) >= {"targets"}
