"""How long does it take to align two large catalogues? `python -m bench.alignment [--quick]`

Two catalogues of 5,000 indicators each are imported into a standalone back end over HTTP; of the province's two fifths
are new, the others are in either catalogue, half of them in another unit of measure. Then they are aligned again and
again: the whole request, until the log has acknowledged every outcome. The import is timed too.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from bench.command_line import measure
from bench.machine import milliseconds, summary
from bench.running import running
from services.standalone.data_directory import issuer_directory
from shared.identity.issuer import DevelopmentIssuer
from shared.testing.ports import free_ports

J = "/v1/jurisdictions/430300"
YEAR = f"{J}/years/2009"


def run(quick: bool = False) -> dict[str, Any]:
    """Measure; milliseconds of each request, with every sample."""
    size, rounds = (100, 2) if quick else (5_000, 9)
    with ExitStack() as everything:
        folder = Path(everything.enter_context(tempfile.TemporaryDirectory(prefix="jikao-alignment-")))
        port = free_ports(1)[0]
        arguments = ["services.standalone", "serve", "--data", str(folder / "data"), "--port", str(port)]
        everything.enter_context(running(arguments, port, folder / "serve.log"))
        token = DevelopmentIssuer(issuer_directory(folder / "data")).mint(
            "bench", "bench", ["430300"], ["office", "admin"]
        )
        client = everything.enter_context(
            httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False,
                headers={"Authorization": f"Bearer {token}"},
            )
        )  # fmt: skip
        keys = iter(range(1_000))

        def post(path: str, body: object) -> str:
            sent = client.post(path, json=body, headers={"Idempotency-Key": f"bench-{next(keys)}"})
            return str(sent.raise_for_status().json().get("id"))

        post("/v1/jurisdictions", {"jurisdiction": "430300", "zone": "Asia/Shanghai", "clock": "simulated",
                                   "instant": "2009-01-05T09:00:00+08:00"})  # fmt: skip
        post(f"{J}/years", {"year": 2009})
        ids: dict[str, str] = {}

        def imports(issuer: str) -> None:
            ids[issuer] = post(f"{YEAR}/catalogues", {"issuer": issuer, "items": catalogue(issuer, size)})

        imported = [milliseconds(partial(imports, issuer)) for issuer in ("province", "city")]
        aligned = [milliseconds(partial(post, f"{YEAR}/alignments", ids)) for _ in range(rounds)]
    return {"indicators": size, "import": summary(imported), "alignment": summary(aligned)}


def catalogue(issuer: str, size: int) -> list[dict[str, Any]]:
    """A synthetic catalogue: of the city's, every other one in metres, and one in three a kilometre stricter."""
    city = issuer == "city"
    first = 2 * size // 5 if city else 0
    items = []
    for n in range(first, first + size):
        kilometres, metres = n % 97 + 1 + (city and n % 3 == 0), city and n % 2 == 1
        items.append({
            "code": f"{issuer}-{n}", "indicator": f"indicator-{n}", "name": {"zh": f"合成指标{n}"},
            "category": ("economy", "government", "key_work", "livelihood", "society")[n % 5], "kind": "cumulative",
            "direction": "higher", "weight": "1.5", "value": f"{kilometres}000" if metres else f"{kilometres}",
            "unit_of_measure": "m" if metres else "km",
        })  # fmt: skip
    return items


def show(found: dict[str, Any]) -> None:
    """Print what `run` found."""
    print(f"{found['indicators']:,} indicators in each catalogue; medians in ms")
    for name in ("import", "alignment"):
        of = found[name]
        print(f"  {name:<12}{of['median']:8.1f} ({of['low']:.1f} to {of['high']:.1f})")


if __name__ == "__main__":
    measure(__doc__, run, show)
