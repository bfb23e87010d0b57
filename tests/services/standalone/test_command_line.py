"""The command line: what it refuses, and that it says so in one sentence."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.standalone.cli import main
from services.standalone.data_directory import MARKER, issuer_directory, open_directory
from shared.identity.issuer import DevelopmentIssuer
from shared.proofs.signing import SigningKey
from shared.testing.readiness import becomes_ready

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60.0


def jikao(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.standalone", *map(str, arguments)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextlib.contextmanager
def serving(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "services.standalone", "serve", "--port", "0", "--data", str(data)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()  # empty, not late, if it ends by itself
        yield process, line.split(" at ")[1].split(" ")[0]
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(PATIENCE)
        process.stdout.close()


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("jikao: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = one_sentence(jikao("serve", "--data", tmp_path / "data", "--port", port))

    assert f"Cannot listen on 127.0.0.1:{port} (Address already in use): stop what listens there" in sentence


def test_a_taken_port_is_refused_before_the_stack_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        sentence = one_sentence(jikao("stack", "--port", taken.getsockname()[1]))

    assert "Cannot listen on 127.0.0.1:" in sentence


def test_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    sentence = one_sentence(jikao("serve", "--data", tmp_path / "data", JIKAO_PROT="1"))

    assert "JIKAO_PROT is not a setting: did you mean JIKAO_PORT?" in sentence
    assert not (tmp_path / "data").exists()


def test_a_directory_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")

    assert "holds something else" in one_sentence(jikao("serve", "--data", tmp_path, "--port", "0"))


def test_the_development_issuer_is_not_offered_to_others(tmp_path: Path) -> None:
    sentence = one_sentence(jikao("serve", "--data", tmp_path / "data", "--port", "0", "--host", "0.0.0.0"))

    assert "development issuer" in sentence


def test_one_directory_serves_once_and_again_after_it_was_stopped(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for number in (signal.SIGTERM, signal.SIGINT):
        with serving(data) as (process, address):
            becomes_ready(address)
            refused = one_sentence(jikao("serve", "--data", data, "--port", "0"))
            assert f"is in use by process {process.pid} (jikao)" in refused
            process.send_signal(number)
            assert process.wait(PATIENCE) == 0

    assert sorted(entry.name for entry in data.iterdir() if entry.suffix not in (".db-wal", ".db-shm")) == [
        "evaluation.db",
        "issuer",
        MARKER,
        "keys",
        "lock",
        "log",
        "projects.db",
        "targets.db",
    ]
    rebuilt = jikao("rebuild", "--data", data)
    assert (rebuilt.returncode, rebuilt.stderr) == (0, "")
    assert rebuilt.stdout.splitlines() == [
        f"{name}: generation 2 is in force; nothing differs" for name in ("targets", "projects", "evaluation")
    ]


def opens_a_city(data: Path, address: str) -> None:
    """Open a log by the interface, and wait until every service has read it."""
    token = DevelopmentIssuer(issuer_directory(data)).mint("admin", "c", ["430300"], ["admin", "auditor"])
    headers = {"Authorization": f"Bearer {token}", "Prefer": "wait=30"}
    with httpx.Client(base_url=address, headers=headers, timeout=PATIENCE, trust_env=False) as http:
        body = {"jurisdiction": "430300", "zone": "Asia/Shanghai", "clock": "broker"}
        opened = http.post("/v1/jurisdictions", json=body, headers={"Idempotency-Key": "open"})
        assert opened.is_success
        after = {"after": opened.headers["Jikao-Token"]}
        for path in ("", "/groups", "/records"):
            assert http.get(f"/v1/jurisdictions/430300{path}", params=after).status_code == 200


def test_a_database_ahead_of_the_log_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data) as (_, address):
        opens_a_city(data, address)
    shutil.rmtree(data / "log")

    assert "The database is ahead of the event log" in one_sentence(jikao("serve", "--data", data, "--port", "0"))


def test_what_an_earlier_program_filled_is_filled_again_by_the_start_and_by_a_rebuild(tmp_path: Path) -> None:
    data = tmp_path / "data"
    services = ("targets", "projects", "evaluation")

    def as_an_earlier_program_left_it(generation: int) -> None:
        for name in services:
            with contextlib.closing(sqlite3.connect(data / f"{name}.db")) as db, db:
                assert db.execute(f"SELECT count(*) FROM log_records_g{generation}").fetchone() == (1,)
                db.execute(f"DROP TABLE generation_form_g{generation}")
                db.execute(
                    f"INSERT INTO registry_versions_g{generation} SELECT log, 'assignment', 'a', '2009-01-01', 0, 9, "
                    f"cast('{{\"follows\":null}}' AS blob) FROM places_g{generation}"
                )

    with serving(data) as (_, address):
        opens_a_city(data, address)
    as_an_earlier_program_left_it(1)
    with serving(data) as (_, address):
        becomes_ready(address)
    as_an_earlier_program_left_it(2)
    rebuilt = jikao("rebuild", "--data", data)
    assert rebuilt.stdout.splitlines() == [f"{name}: generation 4 is in force; nothing differs" for name in services]


def test_a_token_says_what_was_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    issuer = DevelopmentIssuer(issuer_directory(tmp_path))
    main(
        "token --role unit --role office --jurisdiction 430300 --unit roads --scope own+below --source roads "
        f"--client c --days 2 --data {tmp_path}".split()
    )

    caller = issuer.verifier().verify(capsys.readouterr().out.strip())
    assert (caller.roles, caller.unit, caller.scope) == (("unit", "office"), "roads", "own+below")
    assert (caller.jurisdictions, caller.sources, caller.client) == (("430300",), ("roads",), "c")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("token --role office --jurisdiction 430300 --data {}", "There is no development issuer in"),
        ("rebuild --data {}/none", "There is no data directory"),
        (
            "replay --url http://127.0.0.1:9 --token x --jurisdiction 430300 --year 2009 --as-of 2009-07-31",
            "No back end",
        ),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, arguments: str, sentence: str) -> None:
    with pytest.raises(SystemExit, match=f"^jikao: {sentence}"):
        main(arguments.format(tmp_path).split())


def test_a_signing_key_is_made_once_and_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "signing.pem"
    main(f"signing-key --out {file}".split())
    made = file.read_bytes()

    assert "keep it with the backups" in capsys.readouterr().out
    assert (file.stat().st_mode & 0o777, len(SigningKey.load(file).verifier("x").public)) == (0o600, 32)
    with pytest.raises(SystemExit, match=f"^jikao: {file} exists, and no key is ever written over"):
        main(f"signing-key --out {file}".split())
    assert file.read_bytes() == made


def test_a_signing_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with open_directory(tmp_path / "data") as directory:
        SigningKey.make(directory.signing_key)
        directory.signing_key.chmod(0o644)

    assert "Others can read the signing key" in one_sentence(jikao("serve", "--data", tmp_path / "data", "--port", "0"))


def test_a_role_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    DevelopmentIssuer(issuer_directory(tmp_path))
    with pytest.raises(SystemExit, match="no such role: king"):
        main(f"token --role king --jurisdiction 430300 --data {tmp_path}".split())
