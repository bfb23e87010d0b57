"""What is stored proves what was signed: trees, inclusion proofs, exports; and what was changed is found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, func, select, text, update

from services.evaluation.read_models.archive import grow_missing_trees
from services.evaluation.read_models.tiles import TileMissing, grow, tree
from services.evaluation.tables import ARCHIVE, TILES
from shared.identity.issuer import DevelopmentIssuer
from shared.merkle import leaf, leaf_hash, naive_root
from shared.proofs.exported import exported
from shared.proofs.inclusion import InclusionProof
from shared.proofs.signing import SigningKey
from shared.proofs.tree import root_of
from shared.sql import engine as open_engine
from shared.sql import reading, writing
from tests.services.evaluation.county import COUNTY_SOURCE, County
from tests.services.evaluation.proving.witness import NOISE, Witness, witness
from tests.shared.projections.city import roads

NAME = COUNTY_SOURCE.rpartition(":")[2]


def stored_tiles(engine: Engine) -> list[tuple[int, int, bytes]]:
    c = TILES.c
    with reading(engine) as db:
        found = db.execute(select(c.level, c.tile, c.hashes).order_by(c.level, c.tile))
        return [(level, tile, bytes(hashes)) for level, tile, hashes in found]


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


# ---- the tree


@given(st.lists(st.integers(min_value=1, max_value=700), min_size=1, max_size=6))
def test_a_tree_grown_in_any_steps_has_the_root_that_its_leaves_have(steps: list[int]) -> None:
    leaves = [leaf_hash(leaf(n, n, None)) for n in range(sum(steps))]
    with TemporaryDirectory() as folder, opened(f"sqlite:///{folder}/tree.db") as engine, writing(engine) as db:
        TILES.create(db)
        size = 0
        for step in steps:
            grow(db, "a log", size, leaves[size : size + step])
            size += step
            assert root_of(size, tree(db, "a log")) == naive_root(leaves[:size])
        grow(db, "a log", 0, leaves[: steps[0]])  # a rebuild goes over it again, from further behind
        assert root_of(size, tree(db, "a log")) == naive_root(leaves)
        with pytest.raises(TileMissing):
            grow(db, "another log", 1, leaves[:1])


def test_a_rebuild_neither_empties_nor_doubles_the_tree(city: Witness) -> None:
    city.noise(700)
    signed = city.sign()
    assert city.get("records", limit=1).status_code == 200  # all is read, the checkpoint too
    before = stored_tiles(city.service.engine)
    assert city.service.read_side.rebuild().switched
    assert stored_tiles(city.service.engine) == before
    city.noise(1)
    assert city.sign().size == signed.size + 2


def test_an_update_that_changes_the_projections_keeps_archive_tree_and_signatures(
    county: County, database_url: str, issuer: DevelopmentIssuer, key: SigningKey
) -> None:
    def kept(engine: Engine) -> list[list[object]]:
        asked = ("SELECT * FROM archive ORDER BY position", "SELECT * FROM signed_checkpoints ORDER BY size")
        with reading(engine) as db:
            return [list(map(tuple, db.execute(text(each)))) for each in asked]

    with witness(county, database_url, issuer, key) as city:
        city.noise(300)
        signed = city.sign()
        assert city.get("records", limit=1).status_code == 200  # all is read, the checkpoint too
        before, tiles = kept(city.service.engine), stored_tiles(city.service.engine)
    with opened(database_url) as engine, writing(engine) as db:
        db.execute(text("UPDATE generation_form_g1 SET form = 'of an earlier program'"))

    with witness(county, database_url, issuer, key) as city:
        assert city.service.read_side.generation == 2
        assert city.get("records", limit=1).status_code == 200
        assert (kept(city.service.engine), stored_tiles(city.service.engine)) == (before, tiles)
        city.noise(1)
        assert city.sign().size == signed.size + 2


def test_a_database_that_had_an_archive_before_it_had_tiles_gets_its_tree_at_the_start(
    county: County, database_url: str, issuer: DevelopmentIssuer, key: SigningKey
) -> None:
    with witness(county, database_url, issuer, key) as city:
        city.noise(600)
        assert city.get("records", limit=1).status_code == 200  # it is read
        before = stored_tiles(city.service.engine)
    with opened(database_url) as engine, writing(engine) as db:  # as the third migration left it
        db.execute(text("DROP TABLE tiles"))
        db.execute(text("DROP TABLE signed_checkpoints"))
        db.execute(text("UPDATE evaluation_migrations SET version_num = '0003'"))

    with witness(county, database_url, issuer, key) as city:
        assert stored_tiles(city.service.engine) == before
        city.noise(5)
        city.sign()


def test_no_tree_is_grown_over_an_archive_with_a_gap(small_city: Witness) -> None:
    assert small_city.get("records", limit=1).status_code == 200  # it is read
    with writing(small_city.service.engine) as db:
        db.execute(delete(TILES))
        db.execute(delete(ARCHIVE.records).where(ARCHIVE.records.c.position == 4))
    with pytest.raises(LookupError, match="lacks position 4"):
        grow_missing_trees(small_city.service.engine)
    assert stored_tiles(small_city.service.engine) == []


# ---- inclusion


def test_every_record_below_a_checkpoint_has_a_proof(city: Witness) -> None:
    city.noise(260)
    older = city.sign()
    city.noise(5)
    newer = city.sign()
    records = city.get("records", limit=1000).json()["items"]

    for position in (0, 1, 7, 255, 256, older.size - 1):
        for checkpoint in (older, newer):
            answer = city.get(f"records/{position}/proof", checkpoint=checkpoint.size)
            assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
            proof = InclusionProof.parse(answer.text)
            assert proof.verified(city.trusted) == checkpoint
            assert (proof.position, leaf_hash(proof.leaf).hex()) == (position, records[position]["leaf_hash"])
            proof.covers(None if records[position]["text"] is None else records[position]["text"].encode())
    unless_named = InclusionProof.parse(city.get("records/3/proof").text)
    assert unless_named.verified(city.trusted) == newer


def test_what_no_checkpoint_covers_has_no_proof_yet(small_city: Witness) -> None:
    city = small_city
    early = city.get("records/0/proof")
    assert (early.status_code, early.json()["code"]) == (409, "NOT_COVERED_YET")
    size = city.sign().size
    city.noise(2)
    late = city.get(f"records/{size + 1}/proof")
    assert (late.status_code, late.json()["code"], late.json()["about"]) == (
        409, "NOT_COVERED_YET", {"position": size + 1, "checkpoint": size},
    )  # fmt: skip
    beyond = city.get(f"records/{size + 3}/proof")
    assert (beyond.status_code, beyond.json()["code"]) == (404, "RECORD_UNKNOWN")
    other = city.get("records/0/proof", checkpoint=size + 1)
    assert (other.status_code, other.json()["code"]) == (404, "CHECKPOINT_UNKNOWN")
    for role, scope in (("unit", "own"), ("auditor", "own"), ("admin", "all")):
        assert city.get("records/0/proof", role, scope=scope).status_code == 403


@pytest.mark.parametrize("changed", ["a record", "its time", "a tile", "a record is gone", "a tile is gone"])
def test_what_was_changed_on_disk_is_found_when_it_is_asked_for(city: Witness, changed: str) -> None:
    size = city.sign().size
    assert city.get("records", limit=1).status_code == 200  # all is read, the checkpoint too
    records, tiles = ARCHIVE.records, TILES
    with writing(city.service.engine) as db:
        if changed == "a record":
            db.execute(update(records).where(records.c.position == 3).values(value=b"other"))
        elif changed == "its time":
            db.execute(update(records).where(records.c.position == 3).values(recorded_at=1))
        elif changed == "a record is gone":
            db.execute(delete(records).where(records.c.position == 3))
        elif changed == "a tile is gone":
            db.execute(delete(tiles))
        else:
            hashes = db.execute(select(tiles.c.hashes)).scalar_one()
            db.execute(update(tiles).values(hashes=bytes([hashes[0] ^ 1]) + hashes[1:]))
    refused = city.get("records/3/proof", checkpoint=size)
    assert (refused.status_code, refused.json()["code"]) == (503, "PROOF_DOES_NOT_HOLD")
    if "tile" in changed:
        refused = city.get(f"checkpoints/{size}/consistency", params={"from": 2})
        assert (refused.status_code, refused.json()["code"]) == (503, "PROOF_DOES_NOT_HOLD")


def test_a_reporter_proves_their_own_submission_and_nobody_elses(city: Witness) -> None:
    city.county.reports(roads("54.5", date(2009, 7, 31)), id="2009-08/roads")
    city.county.send()
    path = f"submission-proofs/{NAME}/2009-08/roads"
    early = city.get(path, "county_system", scope="own", sources=(NAME,))
    assert (early.status_code, early.json()["code"]) == (409, "NOT_COVERED_YET")
    checkpoint = city.sign()

    proof = InclusionProof.parse(city.get(path, "county_system", scope="own", sources=(NAME,)).text)
    assert proof.verified(city.trusted) == checkpoint
    sent = city.get(f"submissions/{NAME}/2009-08/roads").json()["records"][0]
    assert (proof.position, proof.sha256) == (sent["position"], sent["sha256"])
    assert city.get(path, "auditor").status_code == 200
    assert city.get(path, "auditor", position=sent["position"]).status_code == 200
    for refused in (
        city.get(path, "county_system", scope="own", sources=("bureau",)),
        city.get(path, "office", scope="own", sources=()),
        city.get(path, "auditor", position=0),
        city.get(f"submission-proofs/{NAME}/other", "auditor"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (404, "SUBMISSION_UNKNOWN")


# ---- exports


def test_an_export_has_every_record_and_comes_to_the_same_root(city: Witness) -> None:
    city.noise(120)
    checkpoint = city.sign()

    answer = city.get("records/export", known_at=f"position:{checkpoint.size - 1}")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.headers["Jikao-Position"] == str(checkpoint.size - 1)
    records = list(exported(line.encode() for line in answer.text.splitlines()))
    leaves = [leaf_hash(leaf(record.position, record.recorded_at, record.value)) for record in records]
    assert naive_root(leaves) == checkpoint.root
    assert NOISE in [record.value for record in records]
    rest = city.get("records/export", from_position=checkpoint.size, known_at=f"position:{checkpoint.size}")
    assert rest.text.count("\n") == 1
    assert city.get("records/export", from_position=10_000).text == ""
    assert city.get("records/export", "unit").status_code == 403


def test_an_export_of_an_archive_with_a_gap_is_cut_off_rather_than_short(small_city: Witness) -> None:
    assert small_city.get("records", limit=1).status_code == 200  # it is read
    with writing(small_city.service.engine) as db:
        db.execute(delete(ARCHIVE.records).where(ARCHIVE.records.c.position == 4))
    with pytest.raises(LookupError, match="lacks a record"):
        small_city.get("records/export")


def test_a_sealed_audit_is_handed_out_as_the_very_bytes_that_were_sealed(small_city: Witness) -> None:
    body = {"parts": [{"question": "targets", "as_of": "2009-07-31"}]}
    sealed = small_city.post("years/2009/audits", body, "office").json()
    answer = small_city.get(f"years/2009/audits/{sealed['id']}/document")
    assert hashlib.sha256(answer.content).hexdigest() == sealed["sha256"]
    with writing(small_city.service.engine) as db:
        db.execute(text("DELETE FROM sealed_documents"))
        assert db.execute(select(func.count()).select_from(ARCHIVE.records)).scalar_one() > 0
    gone = small_city.get(f"years/2009/audits/{sealed['id']}/document")
    assert (gone.status_code, gone.json()["code"]) == (404, "DOCUMENT_NOT_KEPT")
