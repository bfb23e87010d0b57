"""The signer: puts a checkpoint on each log when one is due, and never one that does not continue what it signed.

Before it signs, it takes the tree as it is stored now and compares it with every root that was signed last: the one
it remembers itself, and the one that the log carries. If they differ, somebody has rewritten history (or restored
part of it): then it signs nothing for that log, says so to the operator, and everything else goes on.
"""

from __future__ import annotations

import base64
import logging
import threading
from dataclasses import dataclass
from functools import partial
from operator import attrgetter

from sqlalchemy import Connection, func, select

from services.evaluation import signed
from services.evaluation.checkpoint import Due, checkpoint_stream, sign
from services.evaluation.errors import CheckpointsHalted
from services.evaluation.read_models import checkpoints
from services.evaluation.read_models.audits import audits_of
from services.evaluation.read_models.tiles import tree
from shared.canonical import sha256_hex
from shared.commands import Order, execute, transaction_of
from shared.contracts.evaluation import CheckpointSigned
from shared.deciding import Decide, Look
from shared.errors import VersionConflict
from shared.event_log.directory import Listing
from shared.http.metrics import Metrics, Reading
from shared.identity.callers import Caller
from shared.liveness import Heartbeat, why
from shared.projections import NotYetRead, ProjectionSet
from shared.proofs.checkpoints import Checkpoint, origin_of
from shared.proofs.failures import CheckFailed
from shared.proofs.notes import unbase64
from shared.proofs.signing import SigningKey
from shared.proofs.tiles import TileNodes
from shared.proofs.tree import check_consistency, consistency_path, root_of
from shared.service import Service
from shared.sql import writing

logger = logging.getLogger(__name__)
BACK_OFF = 1.0
LOOK_AGAIN = 5.0
"""Seconds until the signer looks by itself, also at logs for which it has halted."""


class TreeDisagrees(Exception):
    """A log's tree is not the one that was signed; the message says where they part."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A checkpoint to be signed into the log, and the size that was remembered when it was drawn up (0: none)."""

    listing: Listing
    fact: CheckpointSigned
    since: int


class Signer:
    """Signs for every log that the service reads; its thread lives between `start` and `stop`."""

    def __init__(self, service: Service, key: SigningKey, due: Due) -> None:
        self._service = service
        self._key = key
        self._due = due
        self._settled: dict[str, int] = {}  # by log: the size that was due when it was last seen to
        self._newest: dict[str, int] = {}
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.halted: dict[str, str] = {}  #: why nothing is signed, by log
        self.last_error: str | None = None  #: why the last pass failed; None once one has worked
        self._heart = service.heartbeats["checkpoints"] = Heartbeat()
        service.checks["checkpoints"] = self.check
        service.read_side.on_read = self.wake

    def start(self) -> None:
        """Look at every log, then sign whatever becomes due. A signer that was stopped may be started again."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is at hand."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def wake(self) -> None:
        """Something was read: look, if that made a checkpoint due."""
        if self._waiting():
            self._wake.set()

    def check(self) -> str | None:
        """For readiness: what an operator must look into."""
        if halted := sorted(dict(self.halted).items()):
            return "; ".join(f"nothing is signed for log {log}: {why}" for log, why in halted)
        if self.last_error is not None:
            return f"the signer waits: {self.last_error}"
        if self._thread is None:
            return None
        return (
            self._heart.stuck("the signer") if self._thread.is_alive() else "the signer has ended: restart the service"
        )

    def observe(self, metrics: Metrics) -> None:
        """What an operator watches."""

        def sizes() -> Reading:
            return {(log,): size for log, size in list(self._newest.items())}

        def halted() -> Reading:
            return {(log,): 1 for log in list(self.halted)}

        metrics.gauge("jikao_checkpoint_size", "Records below the newest signed checkpoint.", sizes, ("log",))
        metrics.gauge("jikao_checkpoints_halted", "1 where the tree is not the one that was signed.", halted, ("log",))

    def draft(self, listing: Listing, size: int | None = None) -> Draft | CheckpointSigned | None:
        """A checkpoint of a log's first `size` records, all that are read unless given; the last one if that will do.

        It will do when nothing but checkpoints was recorded after it; None where nothing is to be signed and nothing
        has been. CheckpointsHalted, NotYetRead.
        """
        try:
            with self._service.read_side.reading() as (db, tables):
                drafted = self._draft(db, tables, listing, size)
        except TreeDisagrees as fault:
            self._halt(listing.log, str(fault))
            raise CheckpointsHalted(log=listing.log) from fault
        if self.halted.pop(listing.log, None) is not None:
            logger.warning("log %s has the tree again that was signed: signing goes on", listing.log)
        return drafted

    def decision(self, draft: Draft) -> Decide[CheckpointSigned | None]:
        """What the command to sign decides. VersionConflict when somebody else has signed meanwhile."""
        return sign(draft.fact, partial(_keep, draft))

    def _run(self) -> None:
        looked = False
        while not self._stopping.is_set():
            self._wake.clear()
            self._heart.beat()
            try:
                if not looked:
                    self._look()
                    looked = True
                for log in dict.fromkeys([*self.halted, *self._waiting()]):
                    self._attend(log)
                self.last_error = None
            except Exception as error:  # the database is away, for instance: nothing was signed, so look again
                self.last_error = why(error)
                logger.warning("no checkpoint could be signed", exc_info=True)
                self._stopping.wait(BACK_OFF)
                continue
            if self.halted:
                self._stopping.wait(LOOK_AGAIN)  # every look at a tree that disagrees costs, and helps nobody
            self._wake.wait(LOOK_AGAIN)

    def _waiting(self) -> list[str]:
        """The logs that are due for a checkpoint."""
        return [log for log, size in self._due.sizes().items() if size > self._settled.get(log, 0)]

    def _look(self) -> None:
        """Compare every log with what was signed, also where nothing is due: right after a start, or a restore."""
        for reader in self._service.read_side.readers:
            for log in list(reader.logs):
                with self._service.read_side.reading() as (db, tables):
                    sealed = select(func.max(audits_of(tables).c.position)).where(audits_of(tables).c.log == log)
                    self._due.note(log, _size(db, tables, log), db.execute(sealed).scalar())
                self._attend(log)

    def _attend(self, log: str) -> None:
        listing = self._service.directory.by_log(log)
        if listing is None:
            return
        wanted = self._due.sizes().get(log, 0)
        try:
            drafted = self.draft(listing, wanted)
        except CheckpointsHalted:
            return
        except NotYetRead:  # what made it due was not committed
            return
        if isinstance(drafted, Draft):
            fact, size = drafted.fact, drafted.fact.size
            order = self._order(listing, size)
            try:
                execute(self._service.store, order, checkpoint_stream(size), self.decision(drafted))
            except VersionConflict:
                logger.info("another process has signed a checkpoint of log %s", log)
                return
            logger.info("log %s has a checkpoint of its first %s records", log, size)
        elif drafted is not None:
            fact = drafted
            with writing(self._service.engine) as db:  # a memory that was restored may lack what the log carries
                signed.remember(db, log, fact)
        if drafted is not None:
            self._newest[log] = fact.size
        self._settled[log] = wanted

    def _order(self, listing: Listing, size: int) -> Order:
        moment, today = self._service.clock(listing)
        key = f"checkpoint {size}"  # with a space, which no caller's key can have
        return Order(
            log=listing.log, partition=listing.partition, actor=self._service.actors.of(_ITSELF), authrole="service",
            authscope="all", key=key, request_sha256=sha256_hex(key.encode()), time=moment, today=today,
        )  # fmt: skip

    def _draft(
        self, db: Connection, tables: ProjectionSet, listing: Listing, size: int | None
    ) -> Draft | CheckpointSigned | None:
        log, read = listing.log, _size(db, tables, listing.log)
        size = read if size is None else size
        if size > read or read == 0:
            raise NotYetRead(retry_after=1)
        nodes = tree(db, log)
        remembered = signed.newest(db, log)
        carried = checkpoints.latest(db, checkpoints.checkpoints_of(tables), log, read)
        known = [fact for fact in (remembered, None if carried is None else carried.fact) if fact is not None]
        last = max(known, key=attrgetter("size"), default=None)
        try:
            for fact in known:
                self._recognise(log, fact, nodes)
            if last is not None and (size <= last.size or self._nothing_new(db, tables, log, last.size, read)):
                return last
            if size == 0:
                return None
            root = root_of(size, nodes)
            if root != _folded_root(db, tables, log, size):
                raise TreeDisagrees(f"the stored tree of its first {size} records is not the one that was read")
            if last is not None:
                path = consistency_path(last.size, size, nodes)
                check_consistency(last.size, bytes.fromhex(last.root), size, root, path)
        except (LookupError, CheckFailed) as fault:
            raise TreeDisagrees(str(fault)) from fault
        checkpoint = Checkpoint(origin_of(log), size, root)
        fact = CheckpointSigned(
            size=size, root=root.hex(), key=self._key.verifier(checkpoint.origin).id.hex(),
            signature=base64.b64encode(self._key.signature(checkpoint.origin, checkpoint.text())).decode(),
        )  # fmt: skip
        return Draft(listing, fact, 0 if remembered is None else remembered.size)

    def _recognise(self, log: str, fact: CheckpointSigned, nodes: TileNodes) -> None:
        """This is still the tree of which that was signed, and where it names our key, we did sign it."""
        root = root_of(fact.size, nodes).hex()
        if root != fact.root:
            raise TreeDisagrees(f"its first {fact.size} records have the root {root}, {fact.root} was signed")
        checkpoint = Checkpoint(origin_of(log), fact.size, bytes.fromhex(root))
        ours = self._key.verifier(checkpoint.origin)
        if fact.key == ours.id.hex():
            ours.check(checkpoint.text(), unbase64(fact.signature))

    def _nothing_new(self, db: Connection, tables: ProjectionSet, log: str, since: int, read: int) -> bool:
        table = checkpoints.checkpoints_of(tables)
        return checkpoints.recorded_from(db, table, log, since) == read - since

    def _halt(self, log: str, why: str) -> None:
        if self.halted.get(log) != why:
            logger.critical("no further checkpoint of log %s is signed: %s", log, why)
        self.halted[log] = why


_ITSELF = Caller(
    subject="signer", client="evaluation", jurisdictions=(), roles=(), unit=None, scope="all", sources=(),
    issuer="urn:jikao:service:evaluation",
)  # fmt: skip


def _keep(draft: Draft, look: Look, fact: CheckpointSigned) -> None:
    """Remember it together with its fact, unless another process has signed since it was drawn up."""
    db, log = transaction_of(look).db, draft.listing.log
    newest = signed.newest(db, log)
    since = 0 if newest is None else newest.size
    if since != draft.since:
        raise VersionConflict(stream=checkpoint_stream(fact.size).name, expected=draft.since, current=since)
    signed.remember(db, log, fact)


def _size(db: Connection, tables: ProjectionSet, log: str) -> int:
    """How many records of the log have been read."""
    records = tables.core.records
    last = db.execute(select(func.max(records.c.position)).where(records.c.log == log)).scalar()
    return 0 if last is None else int(last) + 1


def _folded_root(db: Connection, tables: ProjectionSet, log: str, size: int) -> bytes:
    """The root that the reader itself came to."""
    records = tables.core.records
    asked = select(records.c.root).where(records.c.log == log, records.c.position == size - 1)
    return bytes(db.execute(asked).scalar_one())
