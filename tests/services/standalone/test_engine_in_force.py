"""Which engine judges a log is asked where the log is, as it was known at any position."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.services.standalone.whole import CITY, Whole, whole


def jurisdiction(city: Whole, **asked: str) -> Any:
    answer = city.send("GET", CITY, city.token("auditor"), params={"after": city.after, **asked})
    assert answer.is_success, answer.text
    return answer.json()


def test_the_read_of_a_jurisdiction_says_which_engine_is_in_force_there_and_since_when(tmp_path: Path) -> None:
    with whole(tmp_path / "data") as city:
        opening = {"jurisdiction": "430300", "zone": "Asia/Shanghai", "clock": "simulated",
                   "instant": "2009-01-05T09:00:00+08:00"}  # fmt: skip
        city.done("/v1/jurisdictions", opening)
        before = jurisdiction(city)
        assert (before["engine"], before["engine_since"]) == (1, None)
        city.done(f"{CITY}/engines", {"engine": 2})
        city.done(f"{CITY}/years", {"year": 2009})
        now = jurisdiction(city)
        assert (now["engine"], now["engine_since"], now["position"]) == (2, 1, 2)
        for position, engine, since in ((0, 1, None), (1, 2, 1)):
            then = jurisdiction(city, known_at=f"position:{position}")
            assert (then["engine"], then["engine_since"]) == (engine, since)
        assert jurisdiction(city, pin="{log}.{as_of}.{position}.{root}".format(**before["pin"]))["engine"] == 1
