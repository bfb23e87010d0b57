"""One request to each door of a back end that cannot write or read just now: what it is told, and that it is true."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import httpx

from tests.drills.book import Command, Json, Submission
from tests.drills.city import IN_YEAR, NEVER_LOCKED, UNITS, YEAR, J, source
from tests.drills.clients import Auditor, Stage

GOES_ON_WITHIN = 180.0
"""Seconds until a back end that can write and read again does so."""
LOOK_AGAIN = 0.1
NOTHING_WAS_STORED = {"DATABASE_IS_FULL", "LOG_IS_FULL"}
"""Codes whose sentence says that nothing of the request was stored."""
FIGURE = {"kind": "target", "target": "t0", "unit": UNITS[0], "unit_of_measure": "km", "value": "7"}


@dataclass
class Door:
    """One request that changes something, by the door it comes in through; `told` are the codes of its refusals."""

    name: str
    sent: Submission | Command
    role: str
    path: str
    told: list[str] = field(default_factory=list)


class Caller(Auditor):
    """Sends one request to each door, once, and keeps what it was told."""

    def __init__(self, stage: Stage, name: str) -> None:
        super().__init__(stage, name)
        self.http = stage.city.client(30.0)

    def doors(self, key: str) -> list[Door]:
        """A figure, and a command for each service that takes commands; not sent yet."""
        book = self.stage.book
        figure: Json = {"entries": [FIGURE | {"effective_on": f"{YEAR}-{NEVER_LOCKED:02d}-30"}]}
        submission = Submission(f"urn:jikao:source:{source(0)}", key, figure)
        book.submissions.append(submission)
        found = [Door("progress", submission, "county_system", f"{J}/progress")]
        name = {"zh": "演练"}
        unit = {"code": f"unit-{key}", "name": name, "kind": "department", "valid_from": f"{YEAR}-01-01"}
        group = {"code": f"group-{key}", "name": name, "valid_from": f"{YEAR}-01-01"}
        audit = {"parts": [{"question": "targets", "as_of": f"{YEAR}-{NEVER_LOCKED:02d}-30"}]}
        for service, role, path, body in (
            ("targets", "admin", f"{J}/units", unit),
            ("projects", "office", f"{J}/groups", group),
            ("evaluation", "office", f"{IN_YEAR}/audits", audit),
        ):
            command = Command(f"urn:jikao:service:{service}", key, body, path=path)
            book.commands.append(command)
            found.append(Door(service, command, role, path))
        return found

    def knock(self, door: Door) -> httpx.Response:
        """Send it once; written down is what it was told."""
        sent, reporter = door.sent, (UNITS[0], (source(0),))
        whose = reporter if isinstance(sent, Submission) else (None, ())
        headers = self.stage.city.headers(door.role, *whose) | {"Idempotency-Key": sent.key, "Accept-Language": "zh"}
        sent.tries += 1
        answer = self.http.post(door.path, json=sent.body, headers=headers)
        self.stage.book.answered(f"{door.name} {answer.status_code}")
        if answer.status_code in (201, 202):
            if isinstance(sent, Submission):
                sent.sha256 = answer.json()["sha256"]
            sent.token = answer.headers["Jikao-Token"]
            sent.outcome = "acknowledged"  # at last: from here on others take it up
        else:
            door.told.append(code_of(answer))
            sent.outcome = "refused" if door.told[-1] in NOTHING_WAS_STORED else "unknown"
        return answer

    def knock_again(self, door: Door) -> httpx.Response:
        """Send it until it is not told to come later; what it was told before is kept apart from this."""
        door, until = replace(door, told=[]), time.monotonic() + GOES_ON_WITHIN
        while (answer := self.knock(door)).status_code == 503 and time.monotonic() < until:
            self.stage.cut.wait(int(answer.headers["Retry-After"]))
        return answer

    def ready(self, once: Callable[[bool, Json], bool]) -> tuple[bool, Json]:
        """Whether the back end is ready, and why not: as it says once it says so, or still when the time is over.

        It gives its services three seconds to tell, so on a slow machine one of them may be late once.
        """
        until = time.monotonic() + GOES_ON_WITHIN
        while True:
            answer = self.http.get("/readyz")
            ready, checks = answer.json()["ready"], answer.json()["checks"]
            assert answer.status_code == (200 if ready else 503)
            if once(ready, checks) or time.monotonic() > until:
                return ready, checks
            self.stage.cut.wait(LOOK_AGAIN)


def code_of(answer: httpx.Response, language: str = "zh") -> str:
    """The code of a refusal that says: later, and when. Anything else is a failure."""
    problem = answer.json()
    assert answer.status_code == 503, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) >= 1
    assert problem["title"].endswith("。" if language == "zh" else "."), problem
    return str(problem["code"])
