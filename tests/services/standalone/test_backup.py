"""A backup is taken while the back end serves, is proved when restored, and keeps what was promised until then."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from services.standalone.backup import LOG, MANIFEST, BackupRefused, back_up, ends, heads, read_manifest
from services.standalone.cli import main
from services.standalone.data_directory import DataDirectoryRefused
from services.standalone.restoring import restore
from shared.projections import LogIsShorter
from tests.services.standalone.promises import made, still_hold
from tests.services.standalone.whole import CITY, OURS, Whole, figure, fill, unit, whole


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def reports(city: Whole, key: str) -> int:
    sent = {"entries": [figure("roads", OURS)]}
    return city.send("POST", f"{CITY}/progress?source={OURS}", city.token("office"), sent, key=key).status_code


def test_a_restored_backup_keeps_every_promise_and_serves_on(
    data: Path, kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with whole(data) as city:
        fill(city)
        promised = made(city)
        main(["backup", "--data", str(data), "--to", str(kept)])
        city.done(f"{CITY}/units", unit("after-the-backup"), key="after-the-backup")

    restored = tmp_path / "restored"
    main(["restore", "--from", str(kept), "--data", str(restored)])

    assert capsys.readouterr().out.count("nothing differs") == 3
    with whole(restored) as city:
        still_hold(city, promised)
        city.done(f"{CITY}/units", unit("after-the-backup"), key="after-the-backup")
        assert reports(city, "later") == 202


def test_the_copy_of_the_log_is_never_behind_a_copy_of_a_database(data: Path, kept: Path) -> None:
    with whole(data) as city:
        fill(city)
        back_up(data, kept)
        [head] = heads(kept / "evaluation.db")
        assert head.position + 1 <= ends(kept / LOG)["0"]
        assert read_manifest(kept).heads == (head,)


def test_older_databases_beside_a_newer_log_are_caught_up_and_refilled(
    data: Path, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with whole(data) as city:
        fill(city)
        back_up(data, kept)
        city.done(f"{CITY}/units", unit("after-the-backup"), key="after-the-backup")
        assert reports(city, "after-the-backup") == 202
        promised = made(city)

    main(["restore", "--from", str(kept), "--data", str(data), "--databases-only"])

    told = capsys.readouterr().out
    assert "targets has read the log to its end; 1 facts were refilled" in told
    assert told.count("nothing differs") == 3
    with whole(data) as city:
        still_hold(city, promised)
        again = city.send("POST", f"{CITY}/units", city.token("office", "admin"), unit("after-the-backup"), key="again")
        assert again.status_code == 409, again.text
        city.done(f"{CITY}/units", unit("later-still"), key="later-still")
    assert next(data.glob("replaced-*/targets.db")).exists()


def test_newer_databases_beside_an_older_log_are_refused(data: Path, kept: Path, tmp_path: Path) -> None:
    with whole(data) as city:
        fill(city)
        back_up(data, kept)
        city.done(f"{CITY}/units", unit("after-the-backup"), key="after-the-backup")
        city.read_by_all()
        newer = tmp_path / "newer"
        back_up(data, newer)
    restored = tmp_path / "restored"
    list(restore(kept, restored))

    with pytest.raises(LogIsShorter, match="restore the log"):
        list(restore(newer, restored, databases_only=True))


@pytest.mark.parametrize("name", ["targets.db", "evaluation.db", LOG])
def test_a_backup_in_which_one_byte_was_changed_is_refused_by_name(data: Path, kept: Path, name: str) -> None:
    with whole(data):
        back_up(data, kept)
    changed = bytearray((kept / name).read_bytes())
    changed[len(changed) // 2] ^= 1
    (kept / name).write_bytes(changed)

    with pytest.raises(BackupRefused, match=f"{name} in the backup .* was changed"):
        list(restore(kept, data.with_name("restored")))
    assert not data.with_name("restored").exists()


def test_a_folder_without_a_manifest_or_a_file_of_it_is_no_backup(data: Path, kept: Path) -> None:
    with whole(data):
        back_up(data, kept)
    (kept / "projects.db").rename(kept / "elsewhere.db")
    with pytest.raises(BackupRefused, match=r"lacks projects\.db"):
        read_manifest(kept)
    (kept / MANIFEST).unlink()
    with pytest.raises(BackupRefused, match="is no backup"):
        read_manifest(kept)
    (kept / MANIFEST).write_text(json.dumps({"kind": "another", "version": 1}))
    with pytest.raises(BackupRefused, match="written by another program"):
        read_manifest(kept)


def test_nothing_is_written_over(data: Path, kept: Path) -> None:
    with whole(data):
        back_up(data, kept)
        with pytest.raises(BackupRefused, match="is not empty"):
            back_up(data, kept)
        with pytest.raises(BackupRefused, match="in the data directory itself"):
            back_up(data, data / "kept")
    with pytest.raises(DataDirectoryRefused, match="is not empty"):
        list(restore(kept, data))
    with pytest.raises(DataDirectoryRefused, match="There is no data directory"):
        back_up(data.with_name("none"), kept.with_name("other"))


def test_an_unfinished_restore_is_thrown_away_by_the_next_one(data: Path, kept: Path, tmp_path: Path) -> None:
    with whole(data):
        back_up(data, kept)
    unfinished = tmp_path / "restored.restoring"
    unfinished.mkdir()
    (unfinished / "half.db").write_bytes(b"half")

    list(restore(kept, tmp_path / "restored"))

    assert not unfinished.exists()
    shutil.rmtree(tmp_path / "restored")
