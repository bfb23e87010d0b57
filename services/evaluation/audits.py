"""A mid-year audit: several questions answered at one position, sealed by hash, and answered again from the archive.

What was sealed can be superseded by a later sealing, with a reason; it is never changed. Nothing here touches the
world: the archive's records and the kept bytes come in with the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import msgspec
from msgspec import UNSET

from services.evaluation.comparison import Json, differences
from services.evaluation.documents import ENGINE, Kind, Question, canonical, figures
from services.evaluation.ledger import Levels
from services.evaluation.replay import Archived, ArchiveHasGaps, Replayed, replay
from services.evaluation.target_documents import Document
from shared.canonical import sha256_hex
from shared.contracts.evaluation import AuditPart, AuditSealed, PinPart
from shared.contracts.registry import UnknownType
from shared.contracts.shapes import Shape
from shared.deciding import Decide, Fact, Look, Stream
from shared.errors import Malformed, NotFound, RuleBroken
from shared.projections.judging import CannotProcess
from shared.registry import Registry

ASKED: Mapping[str, Kind] = {"projects": "groups", "practical_matters": "practical_matters", "targets": "completion"}
"""The question that each part of an audit stands for."""

CANNOT_REPLAY = (ArchiveHasGaps, CannotProcess, UnknownType, LookupError, ValueError)
"""What folding a damaged archive may end in."""


class AuditUnknown(NotFound):
    """There is no such audit in this year."""

    zh = "该年度没有此审计。"


class SupersededAuditUnknown(RuleBroken):
    """The audit that this one is to supersede has not been sealed in this year."""

    zh = "要取代的审计在该年度尚未封存。"


class ReasonMissing(Malformed):
    """An audit that supersedes another one needs a reason."""

    zh = "取代已有审计须说明理由。"


class PartStatedTwice(Malformed):
    """The same question about the same date stands in this audit twice."""

    zh = "同一日期的同一问题在此审计中重复出现。"


@dataclass(frozen=True, slots=True)
class SealAudit:
    """The command: everything that the fact will say, and the canonical bytes that its hash is of."""

    audit: str
    year: int
    parts: tuple[AuditPart, ...]
    pin: PinPart
    content: bytes
    later: tuple[int, ...]
    supersedes: str | None = None
    reason: str | None = None


def audit_stream(audit: str) -> Stream[AuditSealed | None]:
    """An audit's stream: sealed once, or not at all."""
    return Stream(f"audit:{audit}", None, _evolve)


def _evolve(state: AuditSealed | None, fact: Shape) -> AuditSealed | None:
    return fact if isinstance(fact, AuditSealed) else state


def seal(command: SealAudit, keep: Callable[[Look, bytes], str]) -> Decide[AuditSealed | None]:
    """The decision to seal. `keep` stores the bytes in the decision's own transaction, so the fact never lacks them.

    ReasonMissing, SupersededAuditUnknown.
    """

    def decide(state: AuditSealed | None, look: Look) -> Sequence[Fact]:
        if command.supersedes is not None:
            if command.reason is None:
                raise ReasonMissing(faults=[ReasonMissing().fault("/reason")])
            earlier = look.at(audit_stream(command.supersedes))
            if earlier is None or earlier.year != command.year:
                raise SupersededAuditUnknown(
                    audit=command.supersedes, faults=[SupersededAuditUnknown().fault("/supersedes")]
                )
        fact = AuditSealed(
            audit=command.audit, year=command.year, parts=list(command.parts), pin=command.pin,
            sha256=keep(look, command.content), later=list(command.later),
            supersedes=command.supersedes or UNSET, reason=command.reason or UNSET,
        )  # fmt: skip
        return [Fact(fact)]

    return decide


def ordered(parts: Iterable[AuditPart]) -> tuple[AuditPart, ...]:
    """The parts in the order in which they stand in the document. PartStatedTwice, with the place of the second."""
    told: set[tuple[str, object]] = set()
    given = list(parts)
    for at, part in enumerate(given):
        if (part.question, part.as_of) in told:
            raise PartStatedTwice(faults=[PartStatedTwice().fault(f"/parts/{at}")])
        told.add((part.question, part.as_of))
    return tuple(sorted(given, key=lambda part: (part.question, part.as_of)))


def audit_document(year: int, parts: Iterable[AuditPart], pin: PinPart, registry: Registry, levels: Levels) -> Document:
    """The canonical document of an audit. Raises what the questions refuse."""
    return {
        "pin": {"log": pin.log, "position": pin.position, "root": pin.root},
        "question": {"kind": "audit", "year": year},
        "engine": ENGINE,
        "parts": [
            {
                "id": f"{part.question}@{part.as_of.isoformat()}",
                "question": part.question,
                "as_of": part.as_of.isoformat(),
                "answer": figures(Question(ASKED[part.question], year), part.as_of, registry, levels),
            }
            for part in parts
        ],
    }


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of answering a sealed audit again from the archive.

    `intact`: the kept bytes still have the sealed hash. `recomputed_sha256` is None where the archive cannot be
    folded, which `failure` then explains.
    """

    equal: bool
    intact: bool
    recomputed_sha256: str | None
    recomputed_root: str | None
    differences: list[dict[str, Json]]
    failure: str | None


def prove(sealed: AuditSealed, content: bytes | None, records: Iterable[Archived]) -> Proof:
    """Fold the archive in memory up to the pin, answer again, and compare with what was sealed."""
    intact = content is not None and sha256_hex(content) == sealed.sha256
    try:
        replayed: Replayed = replay(records, sealed.pin.position)
        pin = PinPart(log=replayed.place.log, position=replayed.place.position, root=replayed.root)
        again = audit_document(sealed.year, sealed.parts, pin, replayed.registry, replayed.levels)
    except (*CANNOT_REPLAY, NotFound) as fault:
        return Proof(False, intact, None, None, [], f"{type(fault).__name__}: {fault}")
    recomputed, sha256 = canonical(again)
    found: list[dict[str, Json]] = []
    if content is not None and content != recomputed:
        found = differences(cast(Json, msgspec.json.decode(content)), cast(Json, msgspec.json.decode(recomputed)))
    return Proof(intact and sha256 == sealed.sha256, intact, sha256, pin.root, found, None)
