"""Notes are those of C2SP: other people's are read, ours are read by others, and a changed byte is noticed."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.proofs.failures import CheckFailed, KeyUnknown, Malformed, SignatureInvalid
from shared.proofs.notes import MOST_SIGNATURES, Signature, Signed, VerifierKey
from shared.proofs.signing import SigningKey

# The example in the documentation of golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = (
    f"{GO_TEXT}\n— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

KEY = SigningKey.generate()
NAME = "example.com/synthetic"
NOTE = KEY.sign_note(NAME, "a text\n\nof two paragraphs\n")


def test_a_note_of_the_go_checksum_database_is_verified() -> None:
    assert Signed.parse(GO_NOTE).verified([VerifierKey.parse(GO_KEY)]) == GO_TEXT
    assert str(Signed.parse(GO_NOTE)) == GO_NOTE


def test_a_verifier_key_is_read_as_it_was_written() -> None:
    assert str(VerifierKey.parse(GO_KEY)) == GO_KEY
    assert VerifierKey.parse(f" {KEY.verifier(NAME)}\n") == KEY.verifier(NAME)


def test_a_text_may_hold_blank_lines() -> None:
    assert Signed.parse(NOTE).verified([KEY.verifier(NAME)]) == "a text\n\nof two paragraphs\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("PeterNeumann", "peterneumann"),
        GO_KEY.replace("PeterNeumann", "Peter Neumann"),
        GO_KEY[:-4],
        GO_KEY[:-1] + "!",
        "x+00000000+" + base64.b64encode(b"\x02" + bytes(32)).decode(),
        "x+00000000+" + base64.b64encode(b"\x01" + bytes(31)).decode(),
    ],
)
def test_what_is_no_verifier_key_is_malformed(text: str) -> None:
    with pytest.raises(Malformed, match="verifier key"):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "\n\n— a AAAAAAA=\n",
        "text\n\n",
        "text\n\nno dash\n",
        "text\n\n- a AAAAAAA=\n",
        "text\n\n—  AAAAAAA=\n",
        "text\n\n— a+b AAAAAAA=\n",
        "text\n\n— a AAAA\n",
        "text\n\n— a AAAAAAB=\n",
        "text\n\n— a AAAAAAA= \n",
        "text\n\n— a AAAAAAA=",
        "te\rxt\n\n— a AAAAAAA=\n",
        NOTE.replace("\n", "\r\n"),
        "text\n\n" + "— a AAAAAAA=\n" * (MOST_SIGNATURES + 1),
    ],
)
def test_what_is_no_note_is_malformed(note: str) -> None:
    with pytest.raises(Malformed):
        Signed.parse(note)


def test_signatures_of_strangers_are_ignored_and_one_trusted_key_is_enough() -> None:
    note = Signed.parse(NOTE)
    stranger = Signature("witness.example", b"abcd", b"a cosignature of another type")
    both = replace(note, signatures=(stranger, *note.signatures))

    assert Signed.parse(str(both)).verified([KEY.verifier(NAME)]) == note.text
    with pytest.raises(KeyUnknown, match=r"witness\.example"):
        replace(note, signatures=(stranger,)).verified([KEY.verifier(NAME)])


@pytest.mark.parametrize("trusted", [[], [SigningKey.generate().verifier(NAME)], [KEY.verifier("example.com/other")]])
def test_a_key_is_trusted_under_its_name_only(trusted: list[VerifierKey]) -> None:
    with pytest.raises(KeyUnknown):
        Signed.parse(NOTE).verified(trusted)


def test_a_false_signature_beside_a_good_one_spoils_the_note() -> None:
    note, other = Signed.parse(NOTE), SigningKey.generate()
    false = Signature("other", other.verifier("other").id, bytes(64))
    spoilt = replace(note, signatures=(*note.signatures, false))

    with pytest.raises(SignatureInvalid, match="key other"):
        spoilt.verified([KEY.verifier(NAME), other.verifier("other")])


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(0, 7))
def test_no_byte_of_a_note_can_be_changed(at: int, bit: int) -> None:
    stored = bytearray(NOTE.encode())
    stored[at] ^= 1 << bit
    try:
        changed = stored.decode()
    except UnicodeDecodeError:
        return  # not even text any more

    with pytest.raises(CheckFailed):
        Signed.parse(changed).verified([KEY.verifier(NAME)])


@pytest.mark.parametrize("text", ["no line's end", "a\ttab\n", "a return\r\n"])
def test_a_text_that_no_note_can_carry_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="newline"):
        KEY.sign_note(NAME, text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\nb", "a\x01b"])
def test_a_name_that_no_key_can_have_does_not_sign(name: str) -> None:
    with pytest.raises(ValueError, match="no key can be called"):
        KEY.sign_note(name, "text\n")


def test_an_ed25519_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        VerifierKey("a", b"short")
