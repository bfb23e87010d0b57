"""A city's log folded by the evaluation service's own reader, in this process, without a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Engine, MetaData

from services.evaluation.documents import Question, answer, canonical
from services.evaluation.main import tables
from services.evaluation.plans import Plans
from services.evaluation.read_models.levels import levels
from services.evaluation.tables import ARCHIVE
from shared.event_log.directory import Directory
from shared.event_log.embedded import open_embedded
from shared.event_log.port import Topics
from shared.garbage import no_collections
from shared.projections import Reader
from shared.sql import engine as open_engine
from shared.sql import reading


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a question stands, as far as a document needs it."""

    as_of: date
    pin: dict[str, object]


@dataclass(slots=True)
class Folding:
    """A reader at work, and the way to ask what it has read."""

    engine: Engine
    reader: Reader
    plans: Plans

    def ask(self, log: str, question: Question, as_of: date, known_at: int | None = None) -> bytes:
        """The canonical bytes of an answer; of what stood only that of one registry is kept between questions."""
        fold = self.reader.logs[log]
        at = fold.place.position if known_at is None else known_at
        stand = Stand(as_of, {"log": log, "as_of": as_of.isoformat(), "position": at, "root": "0" * 64})
        with reading(self.engine) as db, no_collections():
            found = levels(db, self.reader.into, log, at)
            return canonical(answer(question, stand, fold.registry, found, self.plans))[0]

    def read_levels(self, log: str, year: int, as_of: date) -> None:
        """Only read what a whole city's answer is made of: its part of what the answer takes."""
        with reading(self.engine) as db, no_collections():
            levels(db, self.reader.into, log, self.reader.logs[log].place.position).values(as_of, year)


@contextmanager
def folding(topics: Topics, database_url: str) -> Iterator[Folding]:
    """A reader of partition 0 on an empty database."""
    directory = Directory(topics.listings)
    directory.refresh()
    engine = open_engine(database_url)
    metadata = MetaData()
    into = tables(metadata, "_g1")
    metadata.create_all(engine)
    ARCHIVE.records.metadata.create_all(engine)
    reader = Reader(engine, topics.events, directory, 0, into)
    try:
        yield Folding(engine, reader, Plans())
    finally:
        reader.close()
        engine.dispose()


@contextmanager
def embedded(folder: Path) -> Iterator[Topics]:
    """A log on this machine's disk."""
    with closing(open_embedded(folder / "log")) as topics:
        yield topics
