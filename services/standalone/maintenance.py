"""The commands that look after a back end's data: `backup`, `restore`, `doctor`, `move`, `reopen`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from services.gateway.routing import SERVICES

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from shared.settings import ServiceSettings


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    backup = commands.add_parser("backup", help="copy a data directory, also while it serves")
    backup.add_argument("--data", type=Path, default=Path("data"), help="the data directory")
    backup.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="an empty or a new folder")
    backup.set_defaults(run=_backup)

    restore = commands.add_parser("restore", help="make a data directory from a backup")
    restore.add_argument("--from", dest="source", type=Path, required=True, metavar="FOLDER", help="the backup")
    restore.add_argument("--data", type=Path, default=Path("data"), help="the data directory, empty or new")
    restore.add_argument(
        "--databases-only", action="store_true", help="put the databases beside the (newer) log of a data directory"
    )
    restore.set_defaults(run=_restore)

    doctor = commands.add_parser("doctor", help="check log, databases, archive, roots, checkpoints, disk and clock")
    doctor.add_argument("--data", type=Path, help="a data directory; without it, the environment of a service")
    doctor.add_argument("--service", choices=SERVICES, help="only this one; without --data: whose environment it is")
    doctor.set_defaults(run=_doctor)

    reopen = commands.add_parser("reopen", help="make a lost log anew from the archive, while no service runs")
    reopen.add_argument("--data", type=Path, help="a data directory; without it, the environment of evaluation")
    reopen.add_argument("--reason", required=True, help="kept in the log for ever: no names of persons")
    reopen.set_defaults(run=_reopen)

    move = commands.add_parser("move", help="copy a service's database into the one of its environment")
    move.add_argument("--data", type=Path, required=True, help="the data directory to move from")
    move.add_argument("--service", choices=SERVICES, required=True, help="whose database, and whose environment it is")
    move.set_defaults(run=_move)


def _backup(asked: argparse.Namespace) -> None:
    from services.standalone.backup import back_up

    manifest = back_up(asked.data, asked.to)
    print(f"{asked.to}: {len(manifest.files)} files, {sum(file.octets for file in manifest.files)} octets")
    for head in manifest.heads:
        print(f"log {head.log} up to position {head.position}, root {head.root}")


def _restore(asked: argparse.Namespace) -> None:
    from services.standalone.restoring import restore

    for line in restore(asked.source, asked.data, databases_only=asked.databases_only):
        print(line, flush=True)


def _doctor(asked: argparse.Namespace) -> None:
    from services.standalone.doctor import examine_directory, examine_service

    if asked.data is not None:
        findings = examine_directory(asked.data, asked.service)
    else:
        from shared.starting import StartRefused

        if asked.service is None:
            raise StartRefused("Whose environment is this? Name the service by --service, or a directory by --data.")
        findings = examine_service(asked.service, _settings())
    wrong = False
    for finding in findings:
        print(finding.line(), flush=True)
        wrong |= finding.wrong
    sys.exit(1 if wrong else 0)


def _reopen(asked: argparse.Namespace) -> None:
    from services.standalone.reopening import reopen

    if asked.data is not None:
        from services.standalone.data_directory import open_directory
        from shared.event_log.embedded import open_embedded
        from shared.event_log.reopening import EmbeddedAnew

        with open_directory(asked.data, make=False) as directory:
            folder = directory.log
            with _database(directory.database_url("evaluation")) as database:
                reopened = reopen(
                    database,
                    lambda partitions: EmbeddedAnew(folder, partitions),
                    lambda: open_embedded(folder),
                    asked.reason,
                )
    else:
        from shared.event_log.kafka.opening import open_kafka
        from shared.event_log.kafka.reopening import KafkaAnew

        found = _settings()
        kafka = found.kafka()
        with _database(found.database_url) as database:
            reopened = reopen(
                database,
                lambda partitions: KafkaAnew(replace(kafka, partitions=max(partitions, kafka.partitions))),
                lambda: open_kafka(kafka),
                asked.reason,
            )
    for log in reopened:
        print(f"log {log.listing.log} is reopened with {log.size} records, root {log.root}")


def _move(asked: argparse.Namespace) -> None:
    from services.standalone.data_directory import open_directory
    from services.standalone.moving import move

    found = _settings()
    with (
        open_directory(asked.data, make=False) as directory,
        _database(directory.database_url(asked.service)) as source,
        _database(found.database_url) as target,
    ):
        for table, rows in move(asked.service, source, target):
            print(f"{table}: {rows} rows", flush=True)


@contextmanager
def _database(url: str) -> Iterator[Engine]:
    from shared.sql import engine

    made = engine(url)
    try:
        yield made
    finally:
        made.dispose()


def _settings() -> ServiceSettings:
    from shared import settings

    return settings.read(settings.ServiceSettings)
