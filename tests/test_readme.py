"""The commands of both READMEs run as they stand, one after the other, against a back end of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from examples.demo.main import CITY, DIRECTORY, where
from shared.testing.ports import free_ports
from shared.testing.readiness import becomes_ready

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """`make serve`, on another port and directory."""
    (port,) = free_ports(1)
    data = tmp_path / "data"
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "services.standalone", "serve", "--port", str(port), "--data", str(data)],
            stdout=log, stderr=subprocess.STDOUT, cwd=ROOT,
        )  # fmt: skip
    try:
        transport = httpx.HTTPTransport(retries=60)  # connects again with back-off while it starts
        with httpx.Client(transport=transport, base_url=f"http://127.0.0.1:{port}") as http:
            assert http.get("/healthz", timeout=60).status_code == 200
        becomes_ready(f"http://127.0.0.1:{port}")
        yield f"127.0.0.1:{port}", data
    finally:
        server.terminate()
        server.wait(timeout=60)


def commands(readme: str) -> str:
    """The blocks that talk to a server or look after it, in order."""
    blocks = [block for block in BLOCK.findall((ROOT / readme).read_text(encoding="utf-8")) if "make" not in block]
    assert len(blocks) == 3
    return "set -euo pipefail\n" + "\n".join(blocks)


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_demo_and_the_readme_name_the_directory_that_a_command_takes(readme: str) -> None:
    option = f"--data {DIRECTORY / CITY}"
    assert option in where(DIRECTORY / CITY)
    assert f"`{option}`" in (ROOT / readme).read_text(encoding="utf-8")


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_walk_through_gives_the_answers_it_announces(readme: str, serving: tuple[str, Path]) -> None:
    address, data = serving
    script = commands(readme).replace("127.0.0.1:8000", address).replace("--data data", f"--data {data}")
    script = script.replace(".venv/bin/jikao", f"{sys.executable} -m services.standalone")
    for option, folder in (("to", "backup"), ("from", "backup"), ("data", "restored")):
        script = script.replace(f"--{option} {folder}", f"--{option} {data.parent / folder}")
    ran = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=300, env=os.environ, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    now, then, both = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")][-3:]
    assert now["target"]["numerator"] == "54.5"
    assert then["target"]["numerator"] == "38"
    assert {"pointer": "/target/numerator", "first": "54.5", "second": "38"} in both["differences"]


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md", "deploy/README.md"])
def test_each_readme_names_what_looks_after_a_back_end(readme: str) -> None:
    named = set(re.findall(r"jikao ([a-z-]+)", (ROOT / readme).read_text(encoding="utf-8")))
    assert {"backup", "restore", "doctor", "rebuild", "reopen", "move", "verify", "signing-key"} <= named


def test_both_readmes_have_the_same_commands() -> None:
    strip = re.compile(r"\s*#.*")
    english, chinese = (strip.sub("", commands(readme)) for readme in ("README.md", "README.zh.md"))
    assert english == chinese
