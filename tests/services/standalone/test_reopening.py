"""A lost log is made anew from the archive: what was promised holds, and what must not go on is refused."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from services.standalone.cli import main
from shared.projections import LogIsShorter
from tests.services.standalone.promises import made, still_hold
from tests.services.standalone.whole import CITY, OURS, figure, fill, unit, whole


def reopen(data: Path) -> None:
    main(["reopen", "--data", str(data), "--reason", "the log was lost"])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_a_lost_log_is_made_anew_and_every_promise_holds(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with whole(data) as city:
        fill(city)
        promised, token = made(city), city.after
    shutil.rmtree(data / "log")
    with pytest.raises(LogIsShorter, match=r"jikao reopen"), whole(data):
        pass

    reopen(data)

    assert "is reopened with" in capsys.readouterr().out
    with whole(data) as city:
        still_hold(city, promised)
        auditor = city.token("auditor")
        assert city.send("GET", f"{CITY}/records", auditor, params={"after": token}).status_code == 410
        items = city.send("GET", f"{CITY}/records", auditor, params={"limit": 1000}).json()["items"]
        assert any('"type":"jikao.log.reopened.v1"' in item["text"] for item in items[len(promised.records) :])
        city.done(f"{CITY}/units", unit("schools"), key="schools")
        sent = {"entries": [figure("roads", OURS)]}
        assert (
            city.send("POST", f"{CITY}/progress?source={OURS}", city.token("office"), sent, key="later").status_code
            == 202
        )
        assert city.send("GET", f"{CITY}/records", auditor, params={"after": city.after}).is_success
        still_hold(city, promised)
    main(["rebuild", "--data", str(data)])
    assert capsys.readouterr().out.count("nothing differs") == 3


def altered(data: Path, *statements: str) -> None:
    with closing(sqlite3.connect(data / "evaluation.db")) as db, db:
        for statement in statements:
            assert db.execute(statement).rowcount != 0


@pytest.fixture
def lost(data: Path) -> Path:
    """A data directory whose log is lost."""
    with whole(data) as city:
        fill(city)
    shutil.rmtree(data / "log")
    return data


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE archive SET value = x'00' WHERE position = 3", "is not the one that was kept"),
        ("DELETE FROM archive WHERE position = 3", "lacks or misdates the record at position 3"),
        ("DELETE FROM archive WHERE position > 20", "the archive ends at size 21, before what was read and signed"),
        ("UPDATE signed_checkpoints SET root = hex(zeroblob(32))", "is not the one that was kept"),
        ("DELETE FROM archived_listings", "The archive holds no log"),
    ],
)
def test_an_archive_that_does_not_prove_itself_refills_nothing(lost: Path, statement: str, sentence: str) -> None:
    altered(lost, statement)

    with pytest.raises(SystemExit, match=sentence):
        reopen(lost)
    assert not (lost / "log" / "log.db").exists()


def test_a_log_that_is_in_use_is_not_reopened(data: Path) -> None:
    with whole(data) as city:
        fill(city)
    with pytest.raises(SystemExit, match="nothing was lost"):
        reopen(data)


def test_a_reopening_cut_off_before_it_said_so_is_finished_by_the_next_one(lost: Path) -> None:
    reopen(lost)
    with closing(sqlite3.connect(lost / "log" / "log.db")) as db, db:
        db.execute("DROP TRIGGER records_are_never_deleted")
        db.execute("DELETE FROM records WHERE CAST(value AS TEXT) LIKE '%jikao.log.reopened.v1%'")
    with pytest.raises(LogIsShorter, match="does not say that it was reopened"), whole(lost):
        pass

    reopen(lost)

    with whole(lost) as city:
        assert city.send("GET", f"{CITY}/records", city.token("auditor")).is_success


def test_facts_that_the_archive_had_not_read_are_sent_again(data: Path) -> None:
    with whole(data) as city:
        fill(city)
    # As if every reader had been behind when the log was lost: each stands where an older copy stands.
    older = data.with_name("older")
    main(["backup", "--data", str(data), "--to", str(older)])
    with whole(data) as city:
        city.done(f"{CITY}/units", unit("schools"), key="schools")
    for name in ("projects.db", "evaluation.db"):
        shutil.copy2(older / name, data / name)
    shutil.rmtree(data / "log")
    with closing(sqlite3.connect(data / "targets.db")) as newer, newer:
        # The targets service's reader, too; its event store has the newer fact and its acknowledgement.
        newer.execute("ATTACH ? AS older", (str(older / "targets.db"),))
        for (table,) in newer.execute("SELECT name FROM older.sqlite_master WHERE name LIKE '%_g1' AND type = 'table'"):
            newer.execute(f"DELETE FROM main.{table}")
            newer.execute(f"INSERT INTO main.{table} SELECT * FROM older.{table}")

    reopen(data)

    with whole(data) as city:
        city.done(f"{CITY}/units", unit("parks"), key="parks")
        units = city.send("GET", f"{CITY}/units", city.token("auditor"), params={"after": city.after}).json()["items"]
    assert {"schools", "parks"} <= {item["code"] for item in units}
