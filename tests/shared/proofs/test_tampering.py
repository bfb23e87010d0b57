"""Whatever is changed is found, and each change has its own code.

The adversary here holds everything but the trusted verifier key and what an auditor kept; in the last tests the
private key too.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest

from shared.merkle import HASH_BYTES
from shared.proofs.checkpoints import Checkpoint
from shared.proofs.exported import Exported, exported
from shared.proofs.failures import (
    CheckFailed,
    CheckpointTooOld,
    DocumentDiffers,
    KeyUnknown,
    LogForked,
    LogShrank,
    Malformed,
    NotIncluded,
    OriginDiffers,
    ReceiptDiffers,
    RecordChanged,
    RecordDiffers,
    RecordMissing,
    RecordsOutOfOrder,
    RootDiffers,
    SignatureInvalid,
    TailCut,
)
from shared.proofs.inclusion import InclusionProof
from shared.proofs.notes import Signed
from shared.proofs.receipts import KEY_NAME, Receipt
from shared.proofs.signing import SigningKey
from shared.proofs.verifying import (
    check_audit,
    check_checkpoint,
    check_continues,
    check_receipt,
    check_record,
    verifier_keys,
)
from tests.shared.proofs.history import (
    AUDIT,
    EVALUATION,
    LOG,
    ORIGIN,
    OTHER_LOG,
    History,
    Sealed,
    flipped,
    lines_of,
)

POSITION = 123
SIZE = 700
"""An earlier size, at which a witness kept a checkpoint."""


def changed_record(record: Exported) -> Exported:
    assert record.value is not None
    return replace(record, value=record.value.replace(b'"value":"', b'"value":"9'))


def copy_of(history: History) -> History:
    return History(history.key, list(history.records), dict(history.tiles))


# What holds


def test_an_untouched_record_receipt_checkpoint_and_audit_hold(sealed: Sealed) -> None:
    history = sealed.history
    value = history.records[POSITION].value
    assert value is not None

    proved = check_record(history.proof(POSITION).text(), history.trusted, value=value, log=LOG)
    assert (proved.proof.position, proved.checkpoint.size) == (POSITION, history.size)

    receipt = check_receipt(
        history.receipt(POSITION), history.trusted, value=value, proof=history.proof(POSITION, SIZE).text()
    )
    assert receipt.receipt.id == f"synthetic-{POSITION}"

    records = exported(lines_of(history.records))
    continued = check_checkpoint(history.note(), history.trusted, older=history.note(SIZE), records=records, log=LOG)
    assert (continued.older, continued.records) == (history.checkpoint(SIZE), history.size)
    by_proof = check_continues(history.note(SIZE), history.consistency(SIZE).text(), history.trusted, log=LOG)
    assert by_proof.checkpoint == history.checkpoint()

    audit = check_audit(
        sealed.document, exported(lines_of(history.records)), history.note(), history.trusted, audit=AUDIT
    )
    assert (audit.position, audit.sealed["audit"]) == (sealed.sealed_at, AUDIT)


def test_records_that_go_on_beyond_the_checkpoint_are_no_fault(sealed: Sealed) -> None:
    records = exported(lines_of(sealed.history.records))

    assert check_checkpoint(sealed.history.note(SIZE), sealed.history.trusted, records=records).checkpoint.size == SIZE


# A record, and the row of the archive it comes from


def test_a_changed_record_is_not_the_one_proved(sealed: Sealed) -> None:
    changed = changed_record(sealed.history.records[POSITION]).value

    with pytest.raises(RecordDiffers):
        check_record(sealed.history.proof(POSITION).text(), sealed.history.trusted, value=changed)
    with pytest.raises(RecordDiffers):
        check_record(sealed.history.proof(POSITION).text(), sealed.history.trusted, value=None)


def test_a_record_without_a_value_is_proved_as_such() -> None:
    history = History()
    history.take(Exported(0, 0, 1, None))

    check_record(history.proof(0).text(), history.trusted, value=None)
    with pytest.raises(RecordDiffers):
        check_record(history.proof(0).text(), history.trusted, value=b"something")


@pytest.mark.parametrize(
    "change",
    [
        changed_record,
        lambda record: replace(record, recorded_at=record.recorded_at + 1),
        lambda record: replace(record, value=None),
    ],
)
def test_a_proof_made_for_a_changed_archive_row_leads_nowhere(
    sealed: Sealed, change: Callable[[Exported], Exported]
) -> None:
    history = copy_of(sealed.history)
    history.records[POSITION] = change(history.records[POSITION])

    with pytest.raises(NotIncluded):
        check_record(history.proof(POSITION).text(), history.trusted)


@pytest.mark.parametrize("at", [0, POSITION, SIZE])
def test_a_changed_archive_row_shows_in_the_export_with_its_neighbourhood(sealed: Sealed, at: int) -> None:
    history = sealed.history
    records = list(history.records)
    records[at] = replace(records[at], value=flipped(records[at].value or b"", 40))
    first_checkpoint, second_checkpoint = 401, 802
    between = (0, first_checkpoint - 1) if at < first_checkpoint else (first_checkpoint, second_checkpoint - 1)

    with pytest.raises(RecordChanged) as failed:
        check_checkpoint(history.note(), history.trusted, records=exported(lines_of(records)))
    assert failed.value.about == "between positions {} and {}".format(*between)


def test_a_changed_checkpoint_fact_in_the_log_is_no_witness_and_is_found_itself(sealed: Sealed) -> None:
    history = sealed.history
    records = list(history.records)
    value = records[401].value or b""
    records[401] = replace(records[401], value=value.replace(b'"size":401', b'"size":400'))

    with pytest.raises(RecordChanged, match="between positions 0 and 801"):
        check_checkpoint(history.note(), history.trusted, records=exported(lines_of(records)))


@pytest.mark.parametrize(
    "data", [{}, {"size": "x"}, {"size": 1, "root": 2}, {"size": 1, "root": "zz"}, {"size": 10**9}]
)
def test_a_checkpoint_fact_that_is_none_is_passed_over(data: dict[str, object]) -> None:
    history = History()
    history.report(3)
    key = history.key.verifier(ORIGIN).id.hex()
    history.append("jikao.checkpoint.signed.v1", EVALUATION, {"key": key, "signature": "AAAA", **data})
    history.append("jikao.progress.submitted.v1", "urn:jikao:source:x", {"note": "jikao.checkpoint.signed.v1"})
    history.take(Exported(history.size, 0, 2**60, b"jikao.audit.sealed.v1, but not JSON"))

    check_checkpoint(history.note(), history.trusted, records=exported(lines_of(history.records)))


def test_a_record_passed_off_as_another_is_told_by_its_leaf(sealed: Sealed) -> None:
    history = copy_of(sealed.history)
    moved = History(history.key)
    for record in history.records[:10]:
        moved.take(record)
    moved.take(replace(history.records[10], position=99))  # the log's own maker lies about the position in the leaf

    with pytest.raises(RecordDiffers, match="the leaf at 10 says position 99"):
        check_record(moved.proof(10).text(), history.trusted)


# The order and the number of records


def test_two_records_swapped_are_found_whether_or_not_their_positions_were_swapped_too(sealed: Sealed) -> None:
    history = sealed.history
    lines = list(history.records)
    lines[POSITION], lines[POSITION + 1] = lines[POSITION + 1], lines[POSITION]
    with pytest.raises(RecordMissing, match=f"position {POSITION}"):
        check_checkpoint(history.note(), history.trusted, records=exported(lines_of(lines)))

    values = list(history.records)
    first, second = values[POSITION], values[POSITION + 1]
    values[POSITION], values[POSITION + 1] = replace(first, value=second.value), replace(second, value=first.value)
    with pytest.raises(RecordChanged):
        check_checkpoint(history.note(), history.trusted, records=exported(lines_of(values)))

    times = list(history.records)
    times[POSITION] = replace(first, recorded_at=second.recorded_at)
    times[POSITION + 1] = replace(second, recorded_at=first.recorded_at)
    with pytest.raises(RecordsOutOfOrder, match=f"position {POSITION + 1} is older"):
        check_checkpoint(history.note(), history.trusted, records=exported(lines_of(times)))


def test_a_record_shown_twice_is_out_of_order(sealed: Sealed) -> None:
    records = [*sealed.history.records[:50], *sealed.history.records[49:]]

    with pytest.raises(RecordsOutOfOrder, match="position 49 in the place of 50, line 51"):
        check_checkpoint(sealed.history.note(), sealed.history.trusted, records=exported(lines_of(records)))


def test_a_record_removed_is_missing_and_closing_the_gap_does_not_help(sealed: Sealed) -> None:
    history = sealed.history
    removed = [record for record in history.records if record.position != POSITION]
    with pytest.raises(RecordMissing, match=f"position {POSITION}"):
        check_checkpoint(history.note(), history.trusted, records=exported(lines_of(removed)))

    renumbered = [replace(record, position=at) for at, record in enumerate(removed)]
    with pytest.raises(RecordChanged, match="between positions 0 and 400"):
        check_checkpoint(history.note(), history.trusted, records=exported(lines_of(renumbered)))


def test_a_tail_cut_is_told_as_such(sealed: Sealed) -> None:
    with pytest.raises(TailCut, match=f"{SIZE} records, the checkpoint covers {sealed.history.size}"):
        check_checkpoint(
            sealed.history.note(), sealed.history.trusted, records=exported(lines_of(sealed.history.records[:SIZE]))
        )


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"{}",
        b'{"position":0,"recorded_at":0}',
        b'{"position":0,"recorded_at":0,"value":7}',
        b'{"position":0,"recorded_at":0,"value":"AAAB="}',
        b'{"position":-1,"recorded_at":0,"value":null}',
        b'{"position":0.0,"recorded_at":0,"value":null}',
        b'{"position":true,"recorded_at":0,"value":null}',
        b'{"position":0,"recorded_at":18446744073709551616,"value":null}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_a_line_that_is_no_record_is_named(sealed: Sealed, line: bytes) -> None:
    with pytest.raises(Malformed, match="record on line 1"):
        check_checkpoint(sealed.history.note(), sealed.history.trusted, records=exported([line]))


# Tiles and proofs


@pytest.mark.parametrize(
    ("tile", "changed", "position"),
    [((0, 0), POSITION + 1, POSITION), ((0, 1), 3, 300), ((1, 0), 1, POSITION), ((1, 0), 0, 300)],
)
def test_a_proof_made_from_a_changed_tile_leads_nowhere(
    sealed: Sealed, tile: tuple[int, int], changed: int, position: int
) -> None:
    history = copy_of(sealed.history)
    checkpoint = history.note()
    history.tiles[tile] = flipped(history.tiles[tile], changed * HASH_BYTES + 7)

    with pytest.raises(NotIncluded):
        check_record(replace(history.proof(position), checkpoint=checkpoint).text(), history.trusted)


def test_a_consistency_proof_made_from_a_changed_tile_looks_like_a_fork(sealed: Sealed) -> None:
    history = copy_of(sealed.history)
    checkpoint, older = history.note(), history.note(SIZE)
    history.tiles[1, 0] = flipped(history.tiles[1, 0], 7)
    proof = replace(history.consistency(SIZE), checkpoint=checkpoint)

    with pytest.raises(LogForked):
        check_continues(older, proof.text(), history.trusted)


def test_no_hash_of_a_proof_can_be_changed(sealed: Sealed) -> None:
    proof = sealed.history.proof(POSITION)
    for at in range(len(proof.path)):
        path = (*proof.path[:at], flipped(proof.path[at], at), *proof.path[at + 1 :])
        with pytest.raises(NotIncluded):
            check_record(replace(proof, path=path).text(), sealed.history.trusted)
    consistency = sealed.history.consistency(SIZE)
    for at in range(len(consistency.path)):
        path = (*consistency.path[:at], flipped(consistency.path[at], at), *consistency.path[at + 1 :])
        with pytest.raises(LogForked):
            check_continues(sealed.history.note(SIZE), replace(consistency, path=path).text(), sealed.history.trusted)


def test_no_byte_of_a_proof_can_be_changed_unnoticed(sealed: Sealed) -> None:
    text = sealed.history.proof(POSITION, SIZE).text().encode()
    codes = set()
    for at in range(len(text)):
        with pytest.raises((CheckFailed, UnicodeDecodeError)) as failed:
            check_record(flipped(text, at).decode(), sealed.history.trusted)
        codes.add(type(failed.value))

    assert codes <= {Malformed, NotIncluded, SignatureInvalid, KeyUnknown, OriginDiffers, UnicodeDecodeError}
    assert {Malformed, NotIncluded, SignatureInvalid} <= codes


def test_a_proof_taken_below_another_checkpoint_leads_nowhere(sealed: Sealed) -> None:
    proof = replace(sealed.history.proof(POSITION, SIZE), checkpoint=sealed.history.note(SIZE + 1))

    with pytest.raises(NotIncluded):
        check_record(proof.text(), sealed.history.trusted)


def test_a_proof_for_another_index_leads_nowhere(sealed: Sealed) -> None:
    proof = replace(sealed.history.proof(POSITION, SIZE), index=POSITION + 1)

    with pytest.raises(NotIncluded):
        check_record(proof.text(), sealed.history.trusted)


# Checkpoints


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n700\n", "\n701\n"),
        lambda text: text.replace(ORIGIN, f"jikao/{OTHER_LOG}", 1),
        lambda text: text.replace("=\n\n", "=\nmore\n\n"),
    ],
)
def test_a_changed_checkpoint_was_not_signed(sealed: Sealed, change: Callable[[str], str]) -> None:
    with pytest.raises(SignatureInvalid):
        check_checkpoint(change(sealed.history.note(SIZE)), sealed.history.trusted)


def test_a_checkpoint_with_another_root_or_signature_was_not_signed(sealed: Sealed) -> None:
    history = sealed.history
    checkpoint = history.checkpoint(SIZE)
    signature = history.key.signature(ORIGIN, checkpoint.text())
    key_id = history.key.verifier(ORIGIN).id
    other_root = replace(checkpoint, root=flipped(checkpoint.root, 31))

    for note in (
        other_root.with_signature(key_id, signature),
        checkpoint.with_signature(key_id, flipped(signature, 63)),
        checkpoint.with_signature(key_id, signature[:-1]),
    ):
        with pytest.raises(SignatureInvalid):
            check_checkpoint(note, history.trusted)
    with pytest.raises(KeyUnknown):
        check_checkpoint(checkpoint.with_signature(flipped(key_id, 0), signature), history.trusted)


def test_a_checkpoint_by_a_key_of_ones_own_is_not_trusted(sealed: Sealed) -> None:
    with pytest.raises(KeyUnknown):
        check_checkpoint(sealed.history.checkpoint().signed(SigningKey.generate()), sealed.history.trusted)


def test_another_logs_checkpoint_by_the_same_private_key_proves_nothing_here(sealed: Sealed) -> None:
    history = sealed.history
    other = replace(history.checkpoint(), origin=f"jikao/{OTHER_LOG}")
    trusted = [*history.trusted, history.key.verifier(other.origin)]

    with pytest.raises(OriginDiffers):
        check_checkpoint(other.signed(history.key), trusted, log=LOG)
    with pytest.raises(OriginDiffers):
        check_checkpoint(other.signed(history.key), trusted, older=history.note(SIZE))
    with pytest.raises(OriginDiffers):
        check_record(replace(history.proof(POSITION), checkpoint=other.signed(history.key)).text(), trusted, log=LOG)


# What an auditor kept, against whoever holds the private key


def test_a_fork_signed_with_the_stolen_key_does_not_continue_what_the_witness_kept(sealed: Sealed) -> None:
    history = sealed.history
    kept = history.note(SIZE)
    fork = history.forked(POSITION, changed_record(history.records[POSITION]).value or b"")

    # By itself the fork is flawless: records, tiles, proofs and signatures fit together.
    check_record(fork.proof(POSITION).text(), history.trusted, value=fork.records[POSITION].value)
    check_continues(fork.note(SIZE), fork.consistency(SIZE).text(), history.trusted)

    with pytest.raises(LogForked, match=f"between sizes {SIZE} and {fork.size}"):
        check_continues(kept, fork.consistency(SIZE).text(), history.trusted)
    with pytest.raises(LogForked, match=f"at size {SIZE}"):
        check_checkpoint(fork.note(SIZE), history.trusted, older=kept)
    with pytest.raises(LogForked):
        check_continues(kept, fork.consistency(SIZE, SIZE).text(), history.trusted)
    # The fork's records still hold the checkpoints that were signed before: they convict it too.
    with pytest.raises(RecordChanged):
        check_checkpoint(fork.note(), history.trusted, older=kept, records=exported(lines_of(fork.records)))


def test_a_fork_whose_records_fit_its_checkpoint_does_not_fit_the_kept_one() -> None:
    history = History()
    history.report(300)
    kept = history.note(200)
    fork = history.forked(POSITION, b"another history")

    with pytest.raises(LogForked, match="between sizes 200 and 300"):
        check_checkpoint(fork.note(), history.trusted, older=kept, records=exported(lines_of(fork.records)))


def test_a_log_cut_short_and_signed_again_has_shrunk(sealed: Sealed) -> None:
    history = sealed.history
    kept, cut = history.note(), history.note(SIZE)

    with pytest.raises(LogShrank, match=f"{SIZE} records after {history.size}"):
        check_checkpoint(cut, history.trusted, older=kept)
    with pytest.raises(LogShrank):
        check_continues(kept, history.consistency(SIZE, SIZE).text(), history.trusted)


def test_two_sizes_are_not_called_consistent_without_evidence(sealed: Sealed) -> None:
    with pytest.raises(Malformed, match="give one of them"):
        check_checkpoint(sealed.history.note(), sealed.history.trusted, older=sealed.history.note(SIZE))


def test_the_same_checkpoint_continues_itself(sealed: Sealed) -> None:
    note = sealed.history.note(SIZE)

    assert check_checkpoint(note, sealed.history.trusted, older=note).older == sealed.history.checkpoint(SIZE)


# Sealed audits


def audit(sealed: Sealed, document: bytes, history: History | None = None, note: str | None = None) -> None:
    history = history or sealed.history
    check_audit(document, exported(lines_of(history.records)), note or history.note(), history.trusted)


def test_a_changed_document_was_never_sealed(sealed: Sealed) -> None:
    for at in range(0, len(sealed.document), 11):
        with pytest.raises(DocumentDiffers):
            audit(sealed, flipped(sealed.document, at))


def test_another_audits_document_does_not_stand_for_this_one(sealed: Sealed) -> None:
    records = exported(lines_of(sealed.history.records))

    with pytest.raises(DocumentDiffers, match=OTHER_LOG[4:]):
        check_audit(sealed.document, records, sealed.history.note(), sealed.history.trusted, audit=OTHER_LOG[4:])


def test_a_record_changed_below_a_sealed_audit_is_found(sealed: Sealed) -> None:
    history = copy_of(sealed.history)
    history.records[POSITION] = changed_record(history.records[POSITION])

    with pytest.raises(RecordChanged):
        audit(sealed, sealed.document, history, sealed.history.note())


def test_a_checkpoint_from_before_the_sealing_does_not_cover_it(sealed: Sealed) -> None:
    with pytest.raises(CheckpointTooOld, match=f"sealed at position {sealed.sealed_at}"):
        audit(sealed, sealed.document, note=sealed.history.note(sealed.sealed_at))


def test_a_sealing_that_only_a_county_claims_is_none(sealed: Sealed) -> None:
    history = copy_of(sealed.history)
    told = json.loads(history.records[sealed.sealed_at].value or b"")
    document = sealed.document + b" "
    told["data"]["sha256"] = sha256(document).hexdigest()
    history.append("jikao.audit.sealed.v1", "urn:jikao:source:county-synthetic", told["data"])

    with pytest.raises(DocumentDiffers):
        audit(sealed, document, history)


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        (lambda pin: {**pin, "root": "0" * 64}, RootDiffers),
        (lambda pin: {**pin, "position": pin["position"] - 1}, RootDiffers),
        (lambda pin: {**pin, "position": 10**6}, RootDiffers),
        (lambda pin: {**pin, "log": OTHER_LOG}, OriginDiffers),
        (lambda pin: {**pin, "root": 7}, Malformed),
        (lambda pin: {}, Malformed),
        (lambda pin: None, Malformed),
    ],
)
def test_a_sealing_about_other_records_than_it_says_is_found(
    change: Callable[[dict[str, object]], object], failure: type[CheckFailed]
) -> None:
    history = History()
    history.report(20)
    pin = change({"log": LOG, "position": 19, "root": history.checkpoint().root.hex()})
    document = json.dumps({"pin": pin}).encode()
    sealed: dict[str, object] = {"audit": AUDIT, "pin": pin, "sha256": sha256(document).hexdigest()}
    history.append("jikao.audit.sealed.v1", EVALUATION, sealed)

    with pytest.raises(failure):
        check_audit(document, exported(lines_of(history.records)), history.note(), history.trusted)


@pytest.mark.parametrize("document", [b"not JSON", b"[]", b'{"pin": {"log": 1}}'])
def test_a_sealed_document_that_is_no_audit_is_malformed(document: bytes) -> None:
    history = History()
    history.report(20)
    pin = {"log": LOG, "position": 19, "root": history.checkpoint().root.hex()}
    sealed: dict[str, object] = {"audit": AUDIT, "pin": pin, "sha256": sha256(document).hexdigest()}
    history.append("jikao.audit.sealed.v1", EVALUATION, sealed)

    with pytest.raises(Malformed, match="audit"):
        check_audit(document, exported(lines_of(history.records)), history.note(), history.trusted)


# Receipts


def test_no_byte_of_a_receipt_can_be_changed(sealed: Sealed) -> None:
    note = sealed.history.receipt(POSITION).encode()
    for at in range(len(note)):
        with pytest.raises((SignatureInvalid, KeyUnknown, Malformed, UnicodeDecodeError)):
            check_receipt(flipped(note, at).decode(), sealed.history.trusted)


def test_a_receipt_does_not_stand_for_another_record(sealed: Sealed) -> None:
    history = sealed.history
    receipt, other = history.receipt(POSITION), history.records[POSITION + 1].value

    with pytest.raises(ReceiptDiffers):
        check_receipt(receipt, history.trusted, value=other)
    with pytest.raises(ReceiptDiffers):
        check_receipt(receipt, history.trusted, proof=history.proof(POSITION + 1).text())
    with pytest.raises(NotIncluded):
        broken = replace(history.proof(POSITION), path=history.proof(POSITION + 1).path)
        check_receipt(receipt, history.trusted, proof=broken.text())


def test_a_receipt_names_the_record_it_was_given_for(sealed: Sealed) -> None:
    history = sealed.history
    value = history.records[POSITION].value
    assert value is not None
    honest = Receipt.verified(history.receipt(POSITION), history.trusted)
    for false in (
        replace(honest, id="synthetic-9"),
        replace(honest, source="urn:jikao:source:other"),
        replace(honest, log=OTHER_LOG),
    ):
        with pytest.raises(ReceiptDiffers, match="another log, source or id"):
            check_receipt(false.signed(history.key), history.trusted, value=value)
    with pytest.raises(ReceiptDiffers, match=f"log {OTHER_LOG}"):
        elsewhere = replace(honest, log=OTHER_LOG).signed(history.key)
        check_receipt(elsewhere, history.trusted, proof=history.proof(POSITION).text())
    for text in (b"not JSON", b"[]", b"{}"):
        with pytest.raises(ReceiptDiffers, match="not an event"):
            of_these_bytes = replace(honest, sha256=sha256(text).hexdigest()).signed(history.key)
            check_receipt(of_these_bytes, history.trusted, value=text)


def test_a_checkpoints_key_does_not_sign_receipts(sealed: Sealed) -> None:
    history = sealed.history
    text = Signed.parse(history.receipt(POSITION)).text

    with pytest.raises(KeyUnknown):
        check_receipt(history.key.sign_note(ORIGIN, text), history.trusted)
    with pytest.raises(KeyUnknown):
        check_receipt(history.receipt(POSITION), [history.key.verifier(ORIGIN)])


# Keys, and the words for it all


def test_keys_are_given_one_a_line(sealed: Sealed) -> None:
    trusted = sealed.history.trusted
    text = f"# of the synthetic city\n{trusted[0]}\n\n{trusted[1]}\n"

    assert verifier_keys(text) == trusted
    assert {key.name for key in trusted} == {ORIGIN, KEY_NAME}
    for none in ("", "# only words\n", str(trusted[0])[:-3]):
        with pytest.raises(Malformed):
            verifier_keys(none)


def every_failure(of: type[CheckFailed] = CheckFailed) -> list[type[CheckFailed]]:
    return [found for each in of.__subclasses__() for found in (each, *every_failure(each))]


def test_each_failure_has_a_code_and_a_sentence_of_its_own_in_both_languages() -> None:
    failures = every_failure()
    assert len({failure.code() for failure in failures}) == len(failures)
    for language in ("en", "zh"):
        sentences = [failure.sentence(language) for failure in failures]
        assert len(set(sentences)) == len(failures)
        assert all(sentence.endswith((".", "。")) for sentence in sentences)
    assert RecordsOutOfOrder.code() == "RECORDS_OUT_OF_ORDER"
    assert str(KeyUnknown()) == KeyUnknown.sentence()


def test_a_witnessed_checkpoint_still_counts_and_its_cosignature_is_kept(sealed: Sealed) -> None:
    note = sealed.history.note(SIZE)
    cosigned = note + "— witness.example/w1 " + base64.b64encode(b"abcd" + bytes(72)).decode() + "\n"
    proof = replace(sealed.history.proof(POSITION, SIZE), checkpoint=cosigned)

    assert Checkpoint.verified(cosigned, sealed.history.trusted) == sealed.history.checkpoint(SIZE)
    assert InclusionProof.parse(proof.text()).checkpoint == cosigned
    check_record(proof.text(), sealed.history.trusted)
