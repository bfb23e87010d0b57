"""Checkpoints, proofs and receipts as text: read back as written, and nothing else passes for one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shared.proofs.checkpoints import Checkpoint, log_of
from shared.proofs.consistency import ConsistencyProof
from shared.proofs.failures import KeyUnknown, Malformed, OriginDiffers
from shared.proofs.inclusion import InclusionProof
from shared.proofs.notes import Signed, VerifierKey
from shared.proofs.receipts import KEY_NAME, Receipt, instant
from shared.proofs.signing import SigningKey
from tests.shared.proofs.history import BEGIN, LOG, ORIGIN, Sealed

# The example of the specification, c2sp.org/tlog-checkpoint.
FOREIGN = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_a_checkpoint_is_read_as_the_specification_writes_it() -> None:
    checkpoint = Checkpoint.parse(FOREIGN)

    assert (checkpoint.origin, checkpoint.size, len(checkpoint.root)) == ("example.com/behind-the-sofa", 20852163, 32)
    assert checkpoint.text() == FOREIGN
    assert Checkpoint.parse(FOREIGN + "of another maker\n").text() == FOREIGN + "of another maker\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "origin\n1\n",
        FOREIGN[:-1],
        FOREIGN + "\n",
        "\n" + FOREIGN,
        FOREIGN.replace("20852163", "020852163"),
        FOREIGN.replace("20852163", "-1"),
        FOREIGN.replace("20852163", "２０"),
        FOREIGN.replace("20852163", ""),
        FOREIGN.replace("CsUY", ""),
        FOREIGN.replace("q2I=", "q2J="),
        FOREIGN.replace("CsUY", "CsU"),
        FOREIGN.replace("CsUY", "CsÜY"),
    ],
)
def test_what_is_no_checkpoint_is_malformed(text: str) -> None:
    with pytest.raises(Malformed, match="checkpoint"):
        Checkpoint.parse(text)


def test_a_checkpoint_is_made_again_from_its_stored_signature(sealed: Sealed) -> None:
    history = sealed.history
    checkpoint = history.checkpoint(700)
    stored = history.key.signature(ORIGIN, checkpoint.text())

    assert checkpoint.with_signature(history.key.verifier(ORIGIN).id, stored) == checkpoint.signed(history.key)


def test_a_checkpoint_is_signed_under_its_own_logs_name_and_asked_about_by_it(sealed: Sealed) -> None:
    history = sealed.history
    checkpoint = history.checkpoint(700)
    under_another_name = history.key.sign_note("jikao/other", checkpoint.text())
    trusted = [*history.trusted, history.key.verifier("jikao/other")]

    assert Checkpoint.verified(checkpoint.signed(history.key), trusted, ORIGIN) == checkpoint
    with pytest.raises(OriginDiffers, match="not jikao/other"):
        Checkpoint.verified(checkpoint.signed(history.key), trusted, "jikao/other")
    with pytest.raises(OriginDiffers, match=f"no key named {ORIGIN}"):
        Checkpoint.verified(under_another_name, trusted)
    with pytest.raises(KeyUnknown):
        Checkpoint.verified(under_another_name, history.trusted)


def test_a_log_is_named_by_its_origin() -> None:
    assert log_of(ORIGIN) == LOG
    with pytest.raises(OriginDiffers):
        log_of("example.com/behind-the-sofa")


@pytest.mark.parametrize("position", [0, 5, 699])
def test_a_proof_of_inclusion_is_read_as_it_was_written(sealed: Sealed, position: int) -> None:
    proof = sealed.history.proof(position, 700)
    text = proof.text()

    assert InclusionProof.parse(text) == proof
    assert text.startswith("c2sp.org/tlog-proof@v1\nextra ")
    assert f"\nindex {position}\n" in text
    assert InclusionProof.parse(text).verified(sealed.history.trusted, ORIGIN) == sealed.history.checkpoint(700)


def test_a_proof_in_a_log_of_one_record_has_no_hashes(sealed: Sealed) -> None:
    proof = sealed.history.proof(0, 1)

    assert proof.path == ()
    assert InclusionProof.parse(proof.text()).verified(sealed.history.trusted).size == 1


def test_a_leaf_says_what_the_record_is(sealed: Sealed) -> None:
    proof = sealed.history.proof(12)
    record = sealed.history.records[12]

    assert (proof.position, proof.recorded_at) == (12, record.recorded_at)
    proof.covers(record.value)


Change = Callable[[str], str]

NOT_A_PROOF: list[Change] = [
    lambda text: text.replace("@v1", "@v2"),
    lambda text: text.replace("extra ", "ekstra ", 1),
    lambda text: re.sub("extra .*\n", "", text),
    lambda text: re.sub("extra .*\n", "extra AAAA\n", text),
    lambda text: text.replace("index 5", "index 05"),
    lambda text: text.replace("index 5\n", ""),
    lambda text: text.replace("index 5\n", "index 5\nAAAA\n"),
    lambda text: text.replace("index 5\n", "index 5\n" + ("A" * 43 + "=\n") * 64),
    lambda text: text.replace("\n\n", "\n"),
    lambda text: text.replace("\n", "\r\n"),
    lambda text: "",
]


@pytest.mark.parametrize("change", NOT_A_PROOF)
def test_what_is_no_proof_of_inclusion_is_malformed(sealed: Sealed, change: Change) -> None:
    text = sealed.history.proof(5, 700).text()

    with pytest.raises(Malformed):
        InclusionProof.parse(change(text)).verified(sealed.history.trusted)


@pytest.mark.parametrize(("old", "new"), [(0, 700), (1, 700), (255, 700), (256, 512), (700, 700)])
def test_a_consistency_proof_is_read_as_it_was_written(sealed: Sealed, old: int, new: int) -> None:
    history = sealed.history
    proof = history.consistency(old, new)

    assert ConsistencyProof.parse(proof.text()) == proof
    assert proof.text().startswith(f"old {old}\n")
    assert proof.verified(history.checkpoint(old), history.trusted) == history.checkpoint(new)


def test_a_consistency_proof_from_another_size_is_told_apart_from_a_fork(sealed: Sealed) -> None:
    with pytest.raises(Malformed, match="from size 256"):
        sealed.history.consistency(256, 700).verified(sealed.history.checkpoint(300), sealed.history.trusted)


@pytest.mark.parametrize(
    "text", ["", "old 3\n", "old 3\n\n", "old x\n\n", "new 3\n\n", "old 3\nAAAA\n\n", "old 03\n\n"]
)
def test_what_is_no_consistency_proof_is_malformed(sealed: Sealed, text: str) -> None:
    with pytest.raises(Malformed):
        ConsistencyProof.parse(text).verified(sealed.history.checkpoint(3), sealed.history.trusted)


RECEIPT = Receipt(LOG, "urn:jikao:source:county-synthetic", "2009-08/道路 7", "0f" * 32, instant(BEGIN + 1_999))


def test_a_receipt_says_what_was_taken_in() -> None:
    assert RECEIPT.text() == (
        "jikao/receipt/v1\n"
        f"log {LOG}\n"
        "source urn:jikao:source:county-synthetic\n"
        "id 2009-08/道路 7\n"
        f"sha256 {'0f' * 32}\n"
        "time 2009-01-01T00:00:00.001Z\n"
    )
    assert Receipt.parse(RECEIPT.text()) == RECEIPT


def test_a_receipt_is_verified_by_the_key_of_receipts_alone() -> None:
    key = SigningKey.generate()
    note = RECEIPT.signed(key)

    assert Receipt.verified(note, [key.verifier(KEY_NAME)]) == RECEIPT
    with pytest.raises(KeyUnknown, match="no key named jikao/receipts"):
        Receipt.verified(key.sign_note(ORIGIN, RECEIPT.text()), [key.verifier(ORIGIN)])
    with pytest.raises(KeyUnknown):
        Receipt.verified(note, [SigningKey.generate().verifier(KEY_NAME)])


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("receipt/v1", "receipt/v2"),
        lambda text: text.replace("source ", "from "),
        lambda text: text.replace("0f", "0F"),
        lambda text: text.replace("0f", "0", 1),
        lambda text: text.replace(".001Z", "Z"),
        lambda text: text.replace("01-01", "02-30"),
        lambda text: text.replace("01-01", "０1-01"),
        lambda text: text + "more\n",
        lambda text: text[:-1],
        lambda text: "",
    ],
)
def test_what_is_no_receipt_is_malformed(change: Change) -> None:
    with pytest.raises(Malformed, match="receipt"):
        Receipt.parse(change(RECEIPT.text()))


def test_no_part_of_a_receipt_smuggles_in_another_line() -> None:
    with pytest.raises(ValueError, match="line's end"):
        replace(RECEIPT, id="a\nsha256 " + "0" * 64).text()


def test_a_simulated_time_before_1970_is_written_too() -> None:
    assert instant(-1) == "1969-12-31T23:59:59.999Z"


def test_every_text_survives_a_file(sealed: Sealed, tmp_path: Path) -> None:
    key: VerifierKey = sealed.history.trusted[0]
    for text in (sealed.history.note(), sealed.history.proof(3).checkpoint):
        path = tmp_path / "note"
        path.write_bytes(text.encode())
        assert Signed.parse(path.read_bytes().decode()).verified([key])
