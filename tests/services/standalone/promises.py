"""What a back end has promised: pinned answers, sealed audits, proofs. Asked again they are the same, whatever fell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from shared.proofs.checkpoints import Checkpoint
from shared.proofs.consistency import ConsistencyProof
from shared.proofs.inclusion import InclusionProof
from shared.proofs.notes import VerifierKey
from tests.services.standalone.whole import CITY, YEAR, Whole

QUESTIONS = {
    "targets": f"{YEAR}/completion",
    "one target": f"{YEAR}/targets/roads/completion",
    "its history": f"{YEAR}/targets/roads/history",
    "groups": f"{YEAR}/groups",
}


OLD = 1
"""The position of a record that has an inclusion proof."""


@dataclass(frozen=True, slots=True)
class Promised:
    """Answers by question, each with the pin it was given under; the raw records; the sealed audit; what was signed.

    `trusted` is the key that an auditor was given, `checkpoint` the newest one, `proof` that of an old record below it.
    """

    pin: str
    answers: dict[str, bytes]
    records: list[Any]
    audit: str
    trusted: VerifierKey
    checkpoint: Checkpoint
    proof: str


def made(city: Whole) -> Promised:
    """Ask everything, as of now."""
    auditor = city.token("auditor")
    first = city.send("GET", QUESTIONS["targets"], auditor, params={"as_of": "2009-08-31", "after": city.after})
    assert first.is_success, first.text
    pin = pin_of(first.json())
    keys = city.send("GET", f"{CITY}/verifier-keys", auditor)
    trusted = VerifierKey.parse(keys.json()["checkpoints"])
    checkpoint = Checkpoint.verified(_text(city, "checkpoints/latest"), [trusted])
    proof = _text(city, f"records/{OLD}/proof", checkpoint=checkpoint.size)
    return Promised(pin, _answers(city, pin), _records(city), city.ids["audit"], trusted, checkpoint, proof)


def still_hold(city: Whole, promised: Promised) -> None:
    """Same pins, same bytes; the audit is folded again from the archive and equal; the first records are the same.

    What was signed before is continued by what is signed now, and the old record is proved by either.
    """
    assert _answers(city, promised.pin) == promised.answers
    assert _records(city)[: len(promised.records)] == promised.records
    replay = city.send("POST", f"{YEAR}/audits/{promised.audit}/replays", city.token("auditor"), key=str(uuid4()))
    assert replay.is_success, replay.text
    assert replay.json()["equal"] is True
    _proofs_hold(city, promised)


def pin_of(answer: dict[str, Any]) -> str:
    pin = answer["pin"]
    return f"{pin['log']}.{pin['as_of']}.{pin['position']}.{pin['root']}"


def _proofs_hold(city: Whole, promised: Promised) -> None:
    older, trusted = promised.checkpoint, [promised.trusted]
    assert _text(city, f"records/{OLD}/proof", checkpoint=older.size) == promised.proof
    assert InclusionProof.parse(promised.proof).verified(trusted) == older
    signed = city.send("POST", f"{CITY}/checkpoints", city.token("auditor"), headers={"Prefer": "wait=30"})
    assert signed.is_success, signed.text
    size = signed.json()["size"]
    note = _text(city, f"checkpoints/{size}", after=city.after)
    consistency = _text(city, f"checkpoints/{size}/consistency", **{"from": older.size})
    newer = ConsistencyProof.parse(consistency).verified(older, trusted)
    assert newer == Checkpoint.verified(note, trusted)
    again = InclusionProof.parse(_text(city, f"records/{OLD}/proof", checkpoint=size))
    assert again.verified(trusted) == newer
    assert again.leaf == InclusionProof.parse(promised.proof).leaf


def _text(city: Whole, path: str, **params: object) -> str:
    answer = city.send("GET", f"{CITY}/{path}", city.token("auditor"), params=params)
    assert answer.is_success, (path, answer.text)
    return answer.text


def _answers(city: Whole, pin: str) -> dict[str, bytes]:
    auditor = city.token("auditor")
    found = {}
    for question, path in QUESTIONS.items():
        answer = city.send("GET", path, auditor, params={"pin": pin})
        assert answer.is_success, answer.text
        found[question] = answer.content
    return found


def _records(city: Whole) -> list[Any]:
    """Every raw record with its leaf hash and the running root; without its place in the topic, which may change."""
    answer = city.send("GET", f"{CITY}/records", city.token("auditor"), params={"limit": 1000})
    assert answer.is_success, answer.text
    assert answer.json()["next_position"] is None
    return [{name: value for name, value in item.items() if name != "offset"} for item in answer.json()["items"]]
