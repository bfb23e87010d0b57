"""How long do a rebuild and the replay of a sealed audit take? `python -m bench.rebuild [--quick]`

Both on a year of a large city (bench.city: 650,000 entries). A rebuild fills evaluation's read models once more from
the embedded log into SQLite, compares them row by row with those in force, and switches. A replay folds the records of
the archive in memory, as the proof of a sealed audit does, and answers the audit's questions again.
"""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any

from bench.city import AS_OF, YEAR
from bench.command_line import measure
from bench.machine import summary
from bench.standing import Made, made
from services.evaluation.audits import audit_document
from services.evaluation.read_models.archive import archived
from services.evaluation.replay import replay
from services.standalone.data_directory import open_directory
from services.standalone.main import service_of
from shared.contracts.evaluation import AuditPart, PinPart
from shared.event_log.embedded import open_embedded
from shared.identity.issuer import DevelopmentIssuer
from shared.service import Service
from shared.sql import reading


def run(quick: bool = False) -> dict[str, Any]:
    """Measure; seconds of each, with every sample."""
    at, rounds = made(quick), 1 if quick else 3
    with open_directory(at.path) as directory, closing(open_embedded(directory.log)) as topics:
        verifier = DevelopmentIssuer(directory.issuer).verifier()
        service = service_of("evaluation", directory, topics, verifier)
        try:
            service.directory.refresh()
            service.read_side.open()
            for reader in service.read_side.readers:
                reader.catch_up()
            rebuilt, replayed = list[float](), list[float]()
            for _ in range(rounds):
                rebuilt.append(_rebuild(service))
                replayed.append(_replay(service, at))
        finally:
            service.read_side.stop()
            service.directory.close()
            service.engine.dispose()
    return {
        "entries": at.city.entries, "rebuild_s": summary(rebuilt, 2), "replay_s": summary(replayed, 2),
    }  # fmt: skip


def _rebuild(service: Service) -> float:
    began = time.perf_counter()
    rebuilt = service.read_side.rebuild()
    if not rebuilt.switched:
        raise RuntimeError(f"the read models differ in {rebuilt.differing}")
    return time.perf_counter() - began


def _replay(service: Service, at: Made) -> float:
    parts = [AuditPart(question="targets", as_of=AS_OF)]
    began = time.perf_counter()
    fold = service.read_side.fold_of(at.log)
    assert fold is not None
    with reading(service.engine) as db:
        replayed = replay(archived(db, at.log, up_to=fold.place.position), fold.place.position)
    pin = PinPart(log=at.log, position=replayed.place.position, root=replayed.root)
    audit_document(YEAR, parts, pin, replayed.registry, replayed.levels)
    return time.perf_counter() - began


def show(found: dict[str, Any]) -> None:
    """Print what `run` found."""
    for name in ("rebuild_s", "replay_s"):
        of = found[name]
        print(f"  {name.removesuffix('_s'):<8} of {found['entries']:,} entries: median {of['median']} s,"
              f" {of['low']} to {of['high']}")  # fmt: skip


if __name__ == "__main__":
    measure(__doc__, run, show)
