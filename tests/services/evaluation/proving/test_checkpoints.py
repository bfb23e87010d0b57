"""Checkpoints are signed when they are due, once each, and never over a history that was changed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from services.evaluation import signed
from services.evaluation.api import texts
from services.evaluation.checkpoint import EVERY, Due, checkpoint_stream, due
from services.evaluation.read_models.archive import grow_missing_trees
from services.evaluation.signing import Draft
from services.evaluation.tables import SIGNED, TILES
from shared.commands import execute
from shared.contracts.evaluation import CheckpointSigned
from shared.errors import VersionConflict
from shared.event_log.port import Topics
from shared.identity.issuer import DevelopmentIssuer
from shared.proofs.checkpoints import Checkpoint, origin_of
from shared.proofs.consistency import ConsistencyProof
from shared.proofs.notes import Signed, VerifierKey
from shared.proofs.receipts import KEY_NAME
from shared.proofs.signing import SigningKey
from shared.sql import engine as open_engine
from shared.sql import reading, writing
from tests.services.evaluation.county import County, read_side
from tests.services.evaluation.proving.witness import NOISE, PATIENCE, Witness, witness

AUDIT = {"parts": [{"question": "targets", "as_of": "2009-07-31"}]}


@pytest.mark.parametrize(
    ("size", "sealed", "wanted"),
    [(0, None, 0), (999, None, 0), (1000, None, 1000), (2999, None, 2000), (700, 512, 513), (1400, 512, 1000),
     (1400, 1399, 1400)],
)  # fmt: skip
def test_a_checkpoint_is_due_every_thousand_records_and_at_each_sealing(
    size: int, sealed: int | None, wanted: int
) -> None:
    assert due(size, sealed) == wanted
    hint = Due()
    hint.note("a log", size, sealed)
    hint.note("a log", size, None)
    assert hint.sizes().get("a log", 0) == wanted


def test_a_thousand_records_get_a_checkpoint_that_anybody_can_verify(city: Witness) -> None:
    city.noise(EVERY - city.size)
    fact = city.until(EVERY)

    note = city.get(f"checkpoints/{EVERY}")
    assert note.headers["Content-Type"] == "text/plain; charset=utf-8"
    keys = city.get("verifier-keys", "county_system", scope="own").json()
    checkpoint = Checkpoint.verified(note.text, [VerifierKey.parse(keys["checkpoints"])])
    record = city.get("records", from_position=EVERY - 1, limit=1).json()["items"][0]
    assert (checkpoint.origin, checkpoint.size) == (origin_of(city.county.log), EVERY)
    assert checkpoint.root.hex() == record["root"] == fact.root
    assert city.get("checkpoints/latest").text == note.text
    listed = city.get("checkpoints").json()
    assert [(row["size"], row["root"], row["position"], row["note"]) for row in listed["items"]] == [
        (EVERY, fact.root, EVERY, note.text)
    ]
    assert city.app.state.service.checks["checkpoints"]() is None


def test_a_log_at_rest_gets_no_further_checkpoint(small_city: Witness) -> None:
    city = small_city
    city.noise(EVERY - city.size - 1)
    first = city.sign()
    assert (first.size, city.size) == (EVERY - 1, EVERY)  # its own record is the thousandth

    again = city.post("checkpoints")
    assert (again.status_code, again.json()["size"]) == (200, first.size)
    city.signer.wake()
    assert [fact.size for _, fact in city.signed()] == [first.size]
    city.noise(1)
    assert city.sign().size == EVERY + 1


def test_a_sealing_is_covered_by_a_checkpoint_that_the_audit_names(city: Witness) -> None:
    done = city.post("years/2009/audits", AUDIT, "office")
    assert done.status_code == 201, done.text
    id, sealed_at = done.json()["id"], city.get(f"years/2009/audits/{done.json()['id']}").json()["position"]
    fact = city.until(sealed_at + 1)

    shown = city.get(f"years/2009/audits/{id}").json()
    assert shown["checkpoint"] == {"size": sealed_at + 1, "root": fact.root}
    city.verified(city.get(f"checkpoints/{sealed_at + 1}").text)
    sealed = city.get(f"years/2009/audits/{id}/document")
    assert sealed.headers["ETag"] == f'"{shown["sha256"]}"'
    assert sealed.json() == shown["document"]


def test_whoever_asks_gets_all_that_was_acknowledged_before_signed(city: Witness) -> None:
    city.noise(7)
    before = city.size
    done = city.post("checkpoints", None, "office", key="mine")
    assert (done.status_code, done.json()["status"]) == (201, "recorded")
    assert done.json()["size"] == before
    assert city.verified(done.json()["note"]).root.hex() == done.json()["root"]

    assert city.post("checkpoints", None, "office", key="mine").json()["size"] == before
    last = city.post("checkpoints", None, "admin")
    assert (last.status_code, last.json()["note"]) == (200, done.json()["note"])
    # Whether it names the place or the fact that was sent there, depends on when the relay wrote the place down.
    assert city.get("checkpoints", params={"after": last.headers["Jikao-Token"]}).status_code == 200
    city.noise(1)
    assert city.post("checkpoints", None, "office", key="mine").json()["size"] == before  # a repeat, not an order
    assert city.sign().size == before + 2


def test_the_newest_log_proves_that_it_continues_any_older_one(city: Witness) -> None:
    older = [city.sign()]
    for records in (1, 1, 300, 5):
        city.noise(records)
        older.append(city.sign())
    newest = older[-1]

    for checkpoint in older:
        proof = city.get(f"checkpoints/{newest.size}/consistency", params={"from": checkpoint.size})
        assert proof.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert ConsistencyProof.parse(proof.text).verified(checkpoint, city.trusted) == newest
    unless_given = ConsistencyProof.parse(city.get(f"checkpoints/{newest.size}/consistency").text)
    assert unless_given.verified(older[-2], city.trusted) == newest
    first = ConsistencyProof.parse(city.get(f"checkpoints/{older[0].size}/consistency").text)
    assert (first.old_size, first.path) == (0, ())


def test_what_there_is_no_checkpoint_of_is_refused(small_city: Witness) -> None:
    city = small_city
    assert city.get("checkpoints/latest").json()["code"] == "CHECKPOINT_UNKNOWN"
    size = city.sign().size
    for path in (f"checkpoints/{size + 1}", f"checkpoints/{size - 1}", f"checkpoints/{size + 1}/consistency"):
        missing = city.get(path)
        assert (missing.status_code, missing.json()["code"]) == (404, "CHECKPOINT_UNKNOWN")
    larger = city.get(f"checkpoints/{size}/consistency", params={"from": size + 1})
    assert (larger.status_code, larger.json()["code"]) == (422, "OLDER_SIZE_TOO_LARGE")
    as_then_known = city.get("checkpoints/latest", known_at=f"position:{size - 1}")
    assert as_then_known.json()["code"] == "CHECKPOINT_UNKNOWN"


def test_checkpoints_are_listed_in_pages(small_city: Witness) -> None:
    sizes = []
    for _ in range(3):
        small_city.noise(1)
        sizes.append(small_city.sign().size)
    found: list[int] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = small_city.get("checkpoints", **query).json()
        found += [row["size"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == sizes


def test_checkpoints_are_for_those_who_may_see_everything_and_keys_for_everybody(small_city: Witness) -> None:
    size = small_city.sign().size
    for path in ("checkpoints", "checkpoints/latest", f"checkpoints/{size}", f"checkpoints/{size}/consistency"):
        for role, scope, status in (
            ("auditor", "all", 200), ("leader", "all", 200), ("auditor", "own", 403), ("unit", "all", 403),
            ("county_system", "own", 403),
        ):  # fmt: skip
            assert small_city.get(path, role, scope=scope).status_code == status, (path, role)
    for role, status in (("leader", 403), ("unit", 403), ("inspector", 403), ("auditor", 200)):
        assert small_city.post("checkpoints", None, role).status_code == status
    assert small_city.post("checkpoints", None, "office", scope="own").status_code == 403
    keys = small_city.get("verifier-keys", "unit", scope="own").json()
    assert keys["receipts"] == str(small_city.key.verifier(KEY_NAME))


def forged(hashes: bytes) -> bytes:
    return bytes([hashes[0] ^ 1]) + hashes[1:]


@pytest.mark.parametrize("rewritten", ["a tile", "the memory", "the newest of the memory is gone from the tree"])
def test_nothing_is_signed_over_a_history_that_was_changed_and_everything_else_goes_on(
    city: Witness, rewritten: str
) -> None:
    first = city.sign()
    assert city.get("records", limit=1).status_code == 200  # all is read: no reader grows the tile meanwhile
    with writing(city.service.engine) as db:
        tile = db.execute(select(TILES.c.hashes).where(TILES.c.level == 0, TILES.c.tile == 0)).scalar_one()
        if rewritten == "a tile":
            db.execute(update(TILES).where(TILES.c.level == 0, TILES.c.tile == 0).values(hashes=forged(tile)))
        elif rewritten == "the memory":
            db.execute(update(SIGNED).values(root="0" * 64))
        else:
            signed.remember(db, city.county.log, CheckpointSigned(
                size=first.size + 500, root="0" * 64, key="0" * 8, signature="A" * 86 + "==",
            ))  # fmt: skip
    city.noise(3)

    refused = city.post("checkpoints")
    assert (refused.status_code, refused.json()["code"]) == (503, "CHECKPOINTS_HALTED")
    told = city.client.get("/readyz").json()
    assert not told["ready"]
    assert told["checks"]["checkpoints"].startswith(f"nothing is signed for log {city.county.log}: ")
    assert f'jikao_checkpoints_halted{{log="{city.county.log}"}} 1.0' in city.client.get("/metrics").text
    city.noise(EVERY)  # one would be due
    assert city.get("records", limit=1).status_code == 200
    assert [fact.size for _, fact in city.signed()] == [first.size]

    with writing(city.service.engine) as db:
        if rewritten == "a tile":
            db.execute(delete(TILES))  # those above it may have been made from it
        elif rewritten == "the memory":
            db.execute(update(SIGNED).values(root=first.root.hex()))
        else:
            db.execute(delete(SIGNED).where(SIGNED.c.size > first.size))
    grow_missing_trees(city.service.engine)  # as at a start
    assert city.sign().size >= EVERY
    until = monotonic() + PATIENCE  # the signer may have looked just before, and looks again after five seconds
    while told := city.client.get("/readyz").json()["checks"]["checkpoints"]:
        assert monotonic() < until, told


def test_a_checkpoint_under_our_key_that_our_key_did_not_sign_halts_the_signer(small_city: Witness) -> None:
    city = small_city
    root = city.get("records", from_position=3, limit=1).json()["items"][0]["root"]
    fact = CheckpointSigned(size=4, root=root, key=city.trusted[0].id.hex(), signature="A" * 86 + "==")
    city.county.append(city.county.sealed(fact, "checkpoint:4"))
    city.county.send()
    assert city.get("checkpoints/4").status_code == 200  # it is read

    refused = city.post("checkpoints")
    assert (refused.status_code, refused.json()["code"]) == (503, "CHECKPOINTS_HALTED")


def test_a_changed_tree_is_noticed_at_the_start_when_nothing_is_due(
    county: County, tmp_path: Path, issuer: DevelopmentIssuer, key: SigningKey
) -> None:
    url = f"sqlite:///{tmp_path / 'evaluation.db'}"
    with witness(county, url, issuer, key) as city:
        city.sign()
        with writing(city.service.engine) as db:
            db.execute(update(SIGNED).values(root="0" * 64))
    with witness(county, url, issuer, key) as city:
        refused = city.post("checkpoints")
        assert (refused.status_code, refused.json()["code"]) == (503, "CHECKPOINTS_HALTED")


def test_a_restart_signs_nothing_twice_and_what_became_due_meanwhile(
    county: County, database_url: str, issuer: DevelopmentIssuer, key: SigningKey
) -> None:
    with witness(county, database_url, issuer, key) as city:
        city.noise(EVERY - city.size)
        city.until(EVERY)
    county.append(*[NOISE] * (3 * EVERY))
    county.send()
    with witness(county, database_url, issuer, key) as city:
        city.until(4 * EVERY)
        assert [fact.size for _, fact in city.signed()] == [EVERY, 4 * EVERY]
    with witness(county, database_url, issuer, key) as city:
        assert city.get("checkpoints/latest").text.splitlines()[1] == str(4 * EVERY)
        assert [fact.size for _, fact in city.signed()] == [EVERY, 4 * EVERY]


def test_two_processes_that_sign_at_one_moment_sign_once(city: Witness) -> None:
    city.noise(5)
    listing = city.service.read_side.listing(city.county.jurisdiction)
    assert city.get("records", limit=1).status_code == 200  # it is read
    one, other = (city.signer.draft(listing) for _ in range(2))
    assert isinstance(one, Draft)
    assert one == other
    order = city.signer._order(listing, one.fact.size)
    stream = checkpoint_stream(one.fact.size)
    execute(city.service.store, order, stream, city.signer.decision(one))
    with pytest.raises(VersionConflict):
        execute(city.service.store, replace(order, key="another"), stream, city.signer.decision(one))
    city.until(one.fact.size)
    assert [fact.size for _, fact in city.signed()] == [one.fact.size]


def test_a_database_restored_from_before_a_checkpoint_learns_it_from_the_log(
    county: County, tmp_path: Path, issuer: DevelopmentIssuer, key: SigningKey
) -> None:
    database = tmp_path / "evaluation.db"
    url = f"sqlite:///{database}"
    with witness(county, url, issuer, key) as city:
        city.sign()
    shutil.copy(database, tmp_path / "older.db")
    with witness(county, url, issuer, key) as city:
        city.noise(9)
        newer = city.sign()
    for beside in tmp_path.glob("evaluation.db*"):
        beside.unlink()
    shutil.copy(tmp_path / "older.db", database)

    with witness(county, url, issuer, key) as city:
        assert city.post("checkpoints").json()["size"] == newer.size
        city.noise(1)
        city.sign()
        with reading(city.service.engine) as db:
            kept = db.execute(select(SIGNED.c.size, SIGNED.c.root)).all()
    assert (newer.size, newer.root.hex()) in [tuple(row) for row in kept]


def test_a_new_key_goes_on_where_the_old_one_ended(
    county: County, tmp_path: Path, issuer: DevelopmentIssuer, key: SigningKey
) -> None:
    url = f"sqlite:///{tmp_path / 'evaluation.db'}"
    with witness(county, url, issuer, key) as city:
        old = city.sign()
        old_keys = city.trusted
    with witness(county, url, issuer, SigningKey.generate()) as city:
        city.noise(2)
        new = city.sign()
        note = city.get(f"checkpoints/{old.size}").text
        assert Checkpoint.verified(note, old_keys) == old
        proof = ConsistencyProof.parse(city.get(f"checkpoints/{new.size}/consistency").text)
        assert proof.verified(old, city.trusted) == new


def test_a_reader_stops_at_a_checkpoint_whose_root_is_not_its_own(
    topics: Topics, county: County, tmp_path: Path
) -> None:

    engine = open_engine(f"sqlite:///{tmp_path / 'service.db'}")
    right = read_side(engine, topics, "_g1")
    right.reader.catch_up()
    root = right.reader.logs[county.log].place.frontier.root().hex()
    size = right.reader.logs[county.log].place.frontier.size
    signature = "A" * 86 + "=="
    county.append(
        county.sealed(CheckpointSigned(size=size, root=root, key="0" * 8, signature=signature)),
        county.sealed(CheckpointSigned(size=size, root="1" * 64, key="0" * 8, signature=signature)),
    )
    county.send()
    right.reader.catch_up()
    stopped = right.reader.stopped[county.log]
    assert stopped.position == size + 1
    assert "another root than the checkpoint says" in stopped.reason
    right.reader.close()
    engine.dispose()


@pytest.mark.parametrize("text", [texts.CHECKPOINT, texts.INCLUSION, texts.CONSISTENCY])
def test_the_examples_in_the_document_verify(text: str) -> None:
    key = VerifierKey.parse(texts.KEY_OF_CHECKPOINTS)
    assert Checkpoint.verified(text[text.index("jikao/0") :], [key]).size == 3
    assert VerifierKey.parse(texts.KEY_OF_RECEIPTS).name == KEY_NAME
    assert Signed.parse(texts.CHECKPOINT).signatures[0].key_id == key.id
