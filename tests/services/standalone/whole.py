"""The whole back end in this process, with a small city in it: two units that share a target, and have their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Client, Response

from services.standalone.data_directory import DataDirectory, open_directory
from services.standalone.main import build
from shared.identity.callers import ROLES, Scope
from shared.identity.issuer import DevelopmentIssuer
from shared.settings import StandaloneSettings

CITY = "/v1/jurisdictions/430300"
YEAR = f"{CITY}/years/2009"
OURS, THEIRS = "transport", "health"
"""Two units: the one whose token asks, and the one whose names must never be in its answers."""


@dataclass
class Whole:
    """A client of the gateway, and tokens for it."""

    client: Client
    issuer: DevelopmentIssuer
    after: str | None = None
    ids: dict[str, str] = field(default_factory=dict)
    _keys: Iterator[int] = field(default_factory=count)

    def token(self, *roles: str, scope: Scope = "all", unit: str | None = None, client: str = "tests") -> str:
        sources = (unit,) if unit else (OURS, THEIRS)
        return self.issuer.mint("tester", client, ["430300", "430400"], roles, unit=unit, scope=scope, sources=sources)

    def send(self, method: str, path: str, token: str, body: object = None, **more: Any) -> Response:
        """One request; its key is new unless `key` is given."""
        key = more.pop("key", f"key-{next(self._keys)}")
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key, "Prefer": "wait=30"}
        given = {"headers": headers | more.pop("headers", {}), **more} | ({} if body is None else {"json": body})
        answer: Response = self.client.request(method, path, **given)
        self.after = answer.headers.get("Jikao-Token", self.after)
        return answer

    def done(self, path: str, body: object, **more: Any) -> str:
        """A command by somebody who may give it, once it is on the log; the id of what it made."""
        answer = self.send("POST", path, self.token(*ROLES), body, **more)
        assert answer.is_success, (path, answer.text)
        if answer.status_code == 202:  # a slow machine's log has it in a moment, and what comes next builds on it
            told = self.send("GET", CITY, self.token("auditor"), params={"after": self.after})
            assert told.is_success, told.text
        return str(answer.json().get("id"))

    def read_by_all(self) -> None:
        """Return once every service has read all that was written; before somebody looks at their tables."""
        for of_each in ("years", "groups", "records"):
            told = self.send("GET", f"{CITY}/{of_each}", self.token("auditor"), params={"after": self.after})
            assert told.is_success, told.text


@contextmanager
def whole(path: Path) -> Iterator[Whole]:
    """Start on a data directory, stop at the end: twice on one directory is a restart."""
    with served(open_directory(path)) as city:
        yield city


@contextmanager
def served(directory: DataDirectory) -> Iterator[Whole]:
    """The same on a directory that is open; it is closed at the end."""
    with directory:
        issuer = DevelopmentIssuer(directory.issuer)
        settings = StandaloneSettings(rate_per_second=1_000_000, rate_burst=1_000_000)
        with TestClient(build(directory, settings)) as client:
            yield Whole(client, issuer)


def fill(city: Whole) -> None:
    """One of everything. What is the other unit's has `health` in its code or its name."""
    opening = {"jurisdiction": "430300", "zone": "Asia/Shanghai", "clock": "simulated",
               "instant": "2009-08-31T09:00:00+08:00"}  # fmt: skip
    city.done("/v1/jurisdictions", opening)
    city.done(f"{CITY}/units", unit("health-upper"))
    for code in (OURS, THEIRS):
        city.done(f"{CITY}/units", unit(code) | {"parent": "health-upper"})
        city.done(f"{CITY}/sources", {"name": code, "client": "tests"})
    city.done(f"{CITY}/units", unit("health-old"))
    ending = {"effective_on": "2009-07-01", "successors": [THEIRS], "reason": "卫生"}
    city.done(f"{CITY}/units/health-old/endings", ending, headers={"If-Match": '"1"'})
    city.ids["person"] = city.done(f"{CITY}/persons", {"name": "卫生", "unit": THEIRS})
    city.done(f"{CITY}/years", {"year": 2009})
    for whose, holder, group, seen in (("our", OURS, "bureaus", '"0"'), ("their", THEIRS, "health-bureaus", '"2"')):
        post = {"person": city.ids["person"], "kind": "leader", "valid_from": "2009-01-01"}
        city.ids[f"{whose} post"] = city.done(f"{CITY}/units/{holder}/posts", post)
        named = {"code": group, "name": {"zh": "卫生" if holder == THEIRS else "部门"}}
        city.done(f"{YEAR}/peer-groups", named, headers={"If-Match": seen})
        member = {"unit": holder, "valid_from": "2009-01-01"}
        city.done(f"{YEAR}/peer-groups/{group}/members", member)
    city.done(f"{YEAR}/peer-groups/bureaus/members", {"unit": "health-upper", "valid_from": "2009-01-01"})
    for code, units in (
        ("roads", (OURS,)),
        ("shared", (OURS, THEIRS)),
        ("health-only", (THEIRS,)),
        ("taken", (THEIRS,)),
    ):
        city.done(f"{YEAR}/targets", target(code))
        for role, holder in zip(("lead", "supporting"), units, strict=False):
            part = {"unit": holder, "role": role, "value": "30", "valid_from": "2009-01-01"}
            city.done(f"{YEAR}/targets/{code}/assignments", part)
    # A town that had a part below ours, and has moved to the other unit since: what it reports is not ours to see.
    city.done(f"{CITY}/units", unit("health-town") | {"parent": OURS})
    below = {"unit": "health-town", "value": "10", "valid_from": "2009-01-01"}
    city.done(f"{YEAR}/targets/shared/assignments/{OURS}/parts", below)
    moving = {"parent": THEIRS, "effective_on": "2009-02-01", "reason": "卫生"}
    city.done(f"{CITY}/units/health-town/moves", moving, headers={"If-Match": '"1"'})
    seen = city.send("GET", YEAR, city.token("office"), params={"after": city.after}).headers["ETag"]
    city.done(f"{YEAR}/target-tables", {"issued_on": "2009-08-01"}, headers={"If-Match": seen})
    seen = city.send("GET", YEAR, city.token("office"), params={"after": city.after}).headers["ETag"]
    city.done(f"{YEAR}/moves", {"state": "running"}, headers={"If-Match": seen})
    hand_over_what_was_signed_for(city)
    city.done(f"{CITY}/groups", {"code": "all", "name": {"zh": "全部"}, "valid_from": "2009-01-01"})
    for code, holder in (("bridge", OURS), ("health-centre", THEIRS)):
        city.done(f"{YEAR}/projects", project(code, holder))
        city.done(f"{YEAR}/projects/{code}/plans", {"planned_investment": "2"})
    for code, holder in (("health-ward", OURS), ("stop", THEIRS)):
        parent = {"parent": "health-sites" if holder == OURS else "sites"}
        city.done(f"{YEAR}/projects", project(parent["parent"], THEIRS if holder == OURS else OURS))
        city.done(f"{YEAR}/projects", project(code.replace("health-", ""), holder) | parent)
    for source, targets in ((OURS, ("roads", "shared")), (THEIRS, ("shared", "health-only"))):
        entries = [figure(code, source) for code in targets]
        entries += [figure("shared", "health-town")] if source == THEIRS else []
        path = f"{CITY}/progress?source={source}"
        answer = city.send("POST", path, city.token("office"), {"entries": entries}, key=f"{source}-august")
        assert answer.status_code == 202, answer.text
        city.ids[source] = answer.json()["id"]
    city.done(f"{YEAR}/locks", {"month": 1, "target": "health-only", "reason": "卫生"})
    for whose, code, holder in (("our", "roads", OURS), ("their", "health-only", THEIRS)):
        asked = {"unit": holder, "value": "50", "effective_on": "2009-07-01", "reason": code}
        city.ids[f"{whose} request"] = city.done(f"{YEAR}/targets/{code}/adjustment-requests", asked)
    body = {"parts": [{"question": "targets", "as_of": "2009-08-31"}]}
    city.ids["audit"] = city.done(f"{YEAR}/audits", body)
    city.ids["checkpoint"] = city.done(f"{CITY}/checkpoints", None)
    for issuer in ("province", "city"):
        item = {"code": f"{issuer}-1", "indicator": "roads", "name": {"zh": "公路"}, "category": "livelihood",
                "kind": "cumulative", "direction": "higher", "value": "60", "unit_of_measure": "km"}  # fmt: skip
        city.ids[issuer] = city.done(f"{YEAR}/catalogues", {"issuer": issuer, "items": [item]})
    added = {"code": "own-parks", "indicator": "parks", "name": {"zh": "公园"}, "category": "livelihood",
             "kind": "cumulative", "direction": "higher", "value": "20", "unit_of_measure": "piece"}  # fmt: skip
    city.ids["addition"] = city.done(f"{YEAR}/catalogue-additions", {"item": added})
    city.ids["alignment"] = city.done(f"{YEAR}/alignments", {name: city.ids[name] for name in ("province", "city")})
    signed = city.send("POST", f"{CITY}/checkpoints", city.token("auditor"))
    assert signed.status_code == 201, signed.text
    city.after, city.ids["size"] = signed.headers["Jikao-Token"], str(signed.json()["size"])
    city.read_by_all()


def hand_over_what_was_signed_for(city: Whole) -> None:
    """The other unit signs for its table, and gives one of its targets to ours."""
    theirs = city.token("unit", unit=THEIRS, scope="own")
    path = f"{YEAR}/target-tables/{THEIRS}"
    table = city.send("GET", path, theirs, params={"after": city.after}).json()["table"]
    signature = {"sha256": table["sha256"], "person": city.ids["person"]}
    signed = city.send("POST", f"{path}/signatures", theirs, signature)
    assert signed.status_code == 201, signed.text
    handing = {"effective_on": "2009-08-15", "successor": OURS, "carries_levels": True}
    city.done(f"{YEAR}/targets/taken/assignments/{THEIRS}/hand-overs", handing, headers={"If-Match": '"1"'})


def unit(code: str) -> dict[str, Any]:
    return {"code": code, "name": {"zh": f"{code}局"}, "kind": "department", "valid_from": "2009-01-01"}


def target(code: str) -> dict[str, Any]:
    measure = {"code": "length", "name": {"zh": "里程"}, "unit_of_measure": "km"}
    return {
        "code": code, "name": {"zh": code}, "issuer": "city", "category": "livelihood", "kind": "cumulative",
        "direction": "higher", "value": "60", "roll_up": "sum", "measures": [measure], "effective_on": "2009-01-01",
    }  # fmt: skip


def project(code: str, holder: str) -> dict[str, Any]:
    return {"code": code, "name": {"zh": code}, "level": "municipal", "phase": "continued", "unit": holder,
            "groups": ["all"]}  # fmt: skip


def figure(code: str, holder: str) -> dict[str, Any]:
    return {"kind": "target", "target": code, "unit": holder, "value": "20", "unit_of_measure": "km",
            "effective_on": "2009-07-31"}  # fmt: skip
