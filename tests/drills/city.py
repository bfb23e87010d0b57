"""The synthetic city on which drills run: its address, everybody's tokens, and how it is set up over HTTP."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.identity.issuer import DevelopmentIssuer

Json = dict[str, Any]

CODE = "430300"
YEAR = 2009
J = f"/v1/jurisdictions/{CODE}"
IN_YEAR = f"{J}/years/{YEAR}"
UNITS = ("transport", "health", "education")
TARGETS = ("t0", "t1", "t2", "t3", "t4")
"""What the year begins with; each unit has a part of each."""
NEVER_LOCKED = 6
"""The month for which a figure is due to be taken at any moment: the office locks the others."""
SYSTEM = "synthetic-system"
"""The client (as tokens name it) that all sources of figures belong to."""


def source(n: int) -> str:
    """The name of the n-th reporter's source."""
    return f"source-{n}"


@dataclass
class City:
    """One back end: where it answers, and whose tokens it takes."""

    url: str
    issuer: DevelopmentIssuer
    _tokens: dict[object, str] = field(default_factory=dict)
    _minting: threading.Lock = field(default_factory=threading.Lock)

    def headers(self, role: str, unit: str | None = None, sources: tuple[str, ...] = ()) -> dict[str, str]:
        """The headers of a caller with this role, for the whole jurisdiction unless a unit is named."""
        asked = (role, unit, sources)
        with self._minting:
            if asked not in self._tokens:
                self._tokens[asked] = self.issuer.mint(
                    f"somebody as {role}", SYSTEM, [CODE], [role], unit, "own" if unit else "all", sources
                )
            return {"Authorization": f"Bearer {self._tokens[asked]}"}

    def client(self, timeout: float = 60.0) -> httpx.Client:
        """A client of its own, for one thread; `timeout` in seconds."""
        return httpx.Client(base_url=self.url, timeout=timeout, trust_env=False)


def target(code: str) -> Json:
    """A target whose figure is the sum of its parts."""
    return {
        "code": code, "name": {"zh": "演练目标"}, "issuer": "city", "category": "livelihood", "kind": "cumulative",
        "direction": "higher", "value": "300", "roll_up": "sum", "effective_on": f"{YEAR}-01-01",
        "measures": [{"code": "length", "name": {"zh": "里程"}, "unit_of_measure": "km"}],
    }  # fmt: skip


def part(unit: str, role: str) -> Json:
    """A unit's part of a target."""
    return {"unit": unit, "role": role, "value": "100", "valid_from": f"{YEAR}-01-01"}


def parts(lead: int) -> list[Json]:
    """The parts of a target that each unit has one of: the `lead`-th unit leads."""
    units = [UNITS[(lead + n) % len(UNITS)] for n in range(len(UNITS))]
    return [part(unit, "supporting" if n else "lead") for n, unit in enumerate(units)]


def orders(sources: int) -> list[tuple[str, str, Json]]:
    """What sets the city up: (role, path, body), in order. The log has the brokers' clock, not a simulated one."""
    to_open = {"jurisdiction": CODE, "zone": "Asia/Shanghai", "clock": "broker"}
    found: list[tuple[str, str, Json]] = [("admin", "/v1/jurisdictions", to_open)]
    for unit in UNITS:
        body = {"code": unit, "name": {"zh": "演练单位"}, "kind": "department", "valid_from": f"{YEAR}-01-01"}
        found.append(("admin", f"{J}/units", body))
    found += [("admin", f"{J}/sources", {"name": source(n), "client": SYSTEM}) for n in range(sources)]
    found.append(("office", f"{J}/years", {"year": YEAR}))
    for n, code in enumerate(TARGETS):
        found.append(("office", f"{IN_YEAR}/targets", target(code)))
        found += [("office", f"{IN_YEAR}/targets/{code}/assignments", body) for body in parts(n)]
    return found
