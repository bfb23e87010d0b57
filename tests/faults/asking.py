"""One request to each door of a back end that cannot write or read just now: what it is told, and that it is true."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx

from tests.drills.book import Command, Json, Submission
from tests.drills.city import IN_YEAR, NEVER_LOCKED, UNITS, YEAR, J, source
from tests.drills.clients import Auditor, Stage

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
            sent.outcome, sent.token = "acknowledged", answer.headers["Jikao-Token"]
            if isinstance(sent, Submission):
                sent.sha256 = answer.json()["sha256"]
        else:
            door.told.append(code_of(answer))
            sent.outcome = "refused" if door.told[-1] in NOTHING_WAS_STORED else "unknown"
        return answer

    def ready(self) -> tuple[bool, Json]:
        """What the back end says of its readiness: whether it is, and why not."""
        answer = self.http.get("/readyz")
        assert answer.status_code == (200 if answer.json()["ready"] else 503)
        return answer.json()["ready"], answer.json()["checks"]


def code_of(answer: httpx.Response, language: str = "zh") -> str:
    """The code of a refusal that says: later, and when. Anything else is a failure."""
    problem = answer.json()
    assert answer.status_code == 503, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) >= 1
    assert problem["title"].endswith("。" if language == "zh" else "."), problem
    return str(problem["code"])
