"""The signing key: made once, whole, readable by nobody else, never written over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from shared.proofs.notes import Signed
from shared.proofs.signing import KeyUnusable, SigningKey

NAME = "jikao/synthetic"


def test_a_key_made_is_the_key_loaded_later(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "signing.pem"
    made = SigningKey.load_or_make(path)
    loaded = SigningKey.load_or_make(path)

    assert made.verifier(NAME) == loaded.verifier(NAME) == SigningKey.load(path).verifier(NAME)
    assert Signed.parse(made.sign_note(NAME, "text\n")).verified([loaded.verifier(NAME)]) == "text\n"


def test_only_its_owner_can_read_it_and_nothing_else_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "signing.pem"
    SigningKey.make(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_processes_that_start_together_get_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "signing.pem"
    with ThreadPoolExecutor(8) as starting:
        keys = list(starting.map(lambda _: SigningKey.load_or_make(path).verifier(NAME), range(16)))

    assert len(set(keys)) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_no_key_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "signing.pem"
    before = SigningKey.make(path).verifier(NAME)

    with pytest.raises(FileExistsError):
        SigningKey.make(path)
    assert SigningKey.load(path).verifier(NAME) == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "signing.pem"
    SigningKey.make(path)
    path.chmod(0o640)

    with pytest.raises(KeyUnusable, match="chmod 600"):
        SigningKey.load(path)


def test_what_is_missing_or_no_such_key_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "signing.pem"
    with pytest.raises(KeyUnusable, match="There is no signing key at"):
        SigningKey.load(path)

    path.touch(0o600)
    with pytest.raises(KeyUnusable, match="not a PEM file"):
        SigningKey.load_or_make(path)

    other = generate_private_key(SECP256R1())
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(KeyUnusable, match="not an Ed25519 key"):
        SigningKey.load(path)

    with pytest.raises(KeyUnusable, match="cannot be read"):
        SigningKey.load(tmp_path)
