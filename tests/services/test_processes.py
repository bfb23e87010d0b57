"""Each service as a process of its own: what it refuses to start with, in one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.testing.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]


def started(process: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", f"services.{process}"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, ""), done
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("process", "sentence"),
    [
        ("targets", "targets: JIKAO_DATABASE_URL is missing: set it to the service's own database"),
        ("projects", "projects: JIKAO_DATABASE_URL is missing"),
        ("evaluation", "evaluation: JIKAO_DATABASE_URL is missing"),
        ("gateway", "gateway: JIKAO_TARGETS_URL is missing: set it to where the targets service listens."),
    ],
)
def test_a_process_that_was_told_nothing_says_what_it_needs(process: str, sentence: str) -> None:
    assert started(process).startswith(sentence)


@pytest.mark.parametrize("process", ["projects", "evaluation"])
def test_a_service_that_signs_is_not_started_without_its_key(process: str, tmp_path: Path) -> None:
    told = {
        "JIKAO_DATABASE_URL": f"sqlite:///{tmp_path / 'service.db'}",
        "JIKAO_KAFKA_BOOTSTRAP": "127.0.0.1:9",
        "JIKAO_JWKS_URL": "https://issuer.example/keys",
    }

    assert started(process, **told) == (
        f"{process}: JIKAO_SIGNING_KEY_FILE is missing: set it to the private key that signs, "
        "which `jikao signing-key --out FILE` makes."
    )
    assert started(process, **told, JIKAO_SIGNING_KEY_FILE=str(tmp_path / "none")).startswith(
        f"{process}: JIKAO_SIGNING_KEY_FILE will not do: There is no signing key at"
    )


def test_a_service_without_a_broker_says_so(tmp_path: Path) -> None:
    sentence = started(
        "targets",
        JIKAO_DATABASE_URL=f"sqlite:///{tmp_path / 'targets.db'}",
        JIKAO_KAFKA_BOOTSTRAP=f"127.0.0.1:{free_ports(1)[0]}",
        JIKAO_JWKS_URL="https://issuer.example/keys",
        JIKAO_PORT="0",
    )

    assert sentence == "targets: No Kafka broker answers: check JIKAO_KAFKA_BOOTSTRAP and that the brokers run."
