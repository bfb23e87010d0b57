"""The doctor finds what was changed behind the program's back, each thing by its code; also while it serves."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from services.standalone.cli import main
from services.standalone.doctor import CODES, examine_directory
from tests.services.standalone.whole import fill, whole


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a small city in it; looked at while it served."""
    data = tmp_path_factory.mktemp("doctor") / "data"
    with whole(data) as city:
        fill(city)
        assert wrong(data) == set()
    return data


@pytest.fixture
def data(sound: Path, tmp_path: Path) -> Path:
    copied = tmp_path / "data"
    main(["backup", "--data", str(sound), "--to", str(copied)])
    return copied


def wrong(data: Path) -> set[tuple[str, str]]:
    """(code, first word of what it is about) of each finding that is wrong."""
    return {(finding.code, finding.about.split()[0]) for finding in examine_directory(data) if finding.wrong}


def change(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        for statement in statements:
            assert db.execute(statement).rowcount != 0, statement


def test_a_sound_directory_is_found_sound_in_every_respect(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--data", str(data)])

    lines = capsys.readouterr().out.splitlines()
    assert ended.value.code == 0
    assert all(line.startswith("ok    ") for line in lines), lines
    assert {line.split()[1] for line in lines} == set(CODES)


@pytest.mark.parametrize(
    ("file", "statement", "found"),
    [
        ("evaluation.db", "UPDATE archive SET value = x'00' WHERE position = 3", {("ARCHIVE", "evaluation")}),
        ("evaluation.db", "DELETE FROM archive WHERE position = 3", {("ARCHIVE", "evaluation")}),
        ("projects.db", "UPDATE log_records_g1 SET root = zeroblob(32) WHERE position = 3", {("ROOTS", "projects")}),
        ("targets.db", "DELETE FROM stream_events WHERE stream = 'year:2009'", {("STREAMS", "targets")}),
        ("projects.db", "UPDATE places_g1 SET incarnation = 'another'", {("PLACE", "projects")}),
        ("evaluation.db", "UPDATE tiles SET hashes = zeroblob(length(hashes))", {("TILES", "evaluation"),
                                                                                ("CHECKPOINTS", "evaluation")}),
        ("evaluation.db", "UPDATE signed_checkpoints SET root = hex(zeroblob(32))", {("CHECKPOINTS", "evaluation")}),
        ("evaluation.db", f"UPDATE signed_checkpoints SET signature = '{'A' * 86}=='", {("SIGNATURES", "evaluation")}),
    ],
)  # fmt: skip
def test_what_was_changed_in_a_database_is_found_by_its_code(
    data: Path, file: str, statement: str, found: set[tuple[str, str]]
) -> None:
    change(data / file, statement)

    assert wrong(data) == found


def test_another_key_than_the_one_that_signed_is_told_and_so_is_its_loss(data: Path) -> None:
    key = data / "keys" / "signing.pem"
    key.unlink()
    assert wrong(data) == {("SIGNATURES", "evaluation")}

    main(["signing-key", "--out", str(key)])
    [told] = [finding for finding in examine_directory(data) if finding.code == "SIGNATURES"]
    assert not told.wrong  # a key that took the place of another has nothing to say of what that one signed
    assert "another key" in told.sentence


def test_a_record_changed_in_the_log_is_found_by_every_service(data: Path) -> None:
    change(
        data / "log" / "log.db",
        "DROP TRIGGER records_are_never_changed",
        "UPDATE records SET value = cast(replace(value, 'transport', 'transparl') AS BLOB) "
        "WHERE topic = 'jikao.events.v1' AND \"offset\" > 0",
    )

    found = wrong(data)

    assert ("LOG", "jikao.events.v1") in found
    assert {about for code, about in found if code == "ROOTS"} == {"targets", "projects", "evaluation"}
    assert ("ARCHIVE", "evaluation") in found


def test_a_log_whose_tail_was_cut_is_found(data: Path) -> None:
    change(
        data / "log" / "log.db",
        "DROP TRIGGER records_are_never_deleted",
        "DELETE FROM records WHERE topic = 'jikao.events.v1' AND \"offset\" > 20",
    )

    assert {about for code, about in wrong(data) if code == "PLACE"} == {"targets", "projects", "evaluation"}


def test_a_lost_log_and_a_lost_database_are_named(data: Path) -> None:
    (data / "projects.db").unlink()
    (data / "log" / "log.db").unlink()

    assert wrong(data) == {("DATABASE", "projects"), ("LOG", "jikao.events.v1")}


def test_a_record_from_the_future_is_told(data: Path) -> None:
    change(
        data / "log" / "log.db",
        "DROP TRIGGER records_are_never_changed",
        "UPDATE records SET appended_at = 4102444800000000 WHERE topic = 'jikao.events.v1'",
    )

    assert ("CLOCK", "partition") in wrong(data)
