"""Two clerks edit one target at once, from two machines: one is told what stands now, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Barrier
from uuid import uuid4

import httpx2
import pytest

from shared.identity.callers import ROLES
from tests.end_to_end.conftest import Running

CITY = "/v1/jurisdictions/430500"
"""A city of this file's own."""
TARGET = f"{CITY}/years/2009/targets/roads"
PATIENCE = 60.0


@dataclass
class Clerk:
    """A connection of their own, and the freshness token of what they wrote last."""

    client: httpx2.Client
    after: str | None = None

    def post(self, path: str, body: object, **headers: str) -> httpx2.Response:
        answer = self.client.post(path, json=body, headers={"Idempotency-Key": uuid4().hex, **headers})
        self.after = answer.headers.get("Jikao-Token", self.after)
        return answer

    def get(self, path: str) -> httpx2.Response:
        return self.client.get(path, params={"after": self.after} if self.after else {})


@contextmanager
def clerk(running: Running) -> Iterator[Clerk]:
    token = running.issuer.mint(uuid4().hex, "tests", ["430500"], ROLES, sources=())
    headers = {"Authorization": f"Bearer {token}", "Prefer": "wait=30"}
    with httpx2.Client(base_url=running.url, timeout=PATIENCE, headers=headers) as client:
        yield Clerk(client)


@pytest.fixture(scope="module")
def clerks(running: Running) -> Iterator[tuple[Clerk, Clerk]]:
    with clerk(running) as first, clerk(running) as second:
        issue_roads(first)
        second.after = first.after
        yield first, second


def issue_roads(office: Clerk) -> None:
    opening = {"jurisdiction": "430500", "zone": "Asia/Shanghai", "clock": "simulated",
               "instant": "2009-08-12T09:00:00+08:00"}  # fmt: skip
    measure = {"code": "length", "name": {"zh": "里程"}, "unit_of_measure": "km"}
    target = {
        "code": "roads", "name": {"zh": "公路"}, "issuer": "city", "category": "livelihood", "kind": "cumulative",
        "direction": "higher", "value": "36", "roll_up": "sum", "measures": [measure], "effective_on": "2009-01-01",
    }  # fmt: skip
    for path, body in (
        ("/v1/jurisdictions", opening), (f"{CITY}/years", {"year": 2009}), (f"{CITY}/years/2009/targets", target),
    ):  # fmt: skip
        made = office.post(path, body)
        assert made.is_success, made.text
        assert office.get(CITY).is_success, "it is on the log, and what comes next builds on it"


def test_of_two_who_adjust_at_once_one_is_told_the_version_that_stands(clerks: tuple[Clerk, Clerk]) -> None:
    read = [each.get(TARGET) for each in clerks]
    assert [answer.headers["ETag"] for answer in read] == ['"1"', '"1"']
    together = Barrier(2)

    def adjust(each: Clerk, value: str) -> httpx2.Response:
        body = {"value": value, "effective_on": "2009-07-01", "reason": "追加"}
        together.wait(PATIENCE)
        return each.post(f"{TARGET}/adjustments", body, **{"If-Match": '"1"'})

    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(adjust, clerks, ("40", "42")))
    written = dict(zip(("40", "42"), (answer.status_code for answer in answers), strict=True))
    assert sorted(written.values()) in ([201, 412], [202, 412]), [answer.text for answer in answers]
    late = next(answer for answer in answers if answer.status_code == 412)
    assert (late.json()["code"], late.json()["about"]["current"]) == ("VERSION_CONFLICT", 2)

    stands = next(value for value, status in written.items() if status != 412)
    winner = next(each for each, value in zip(clerks, ("40", "42"), strict=True) if value == stands)
    loser = next(each for each in clerks if each is not winner)
    loser.after = winner.after
    again = loser.get(TARGET)
    assert (again.json()["target"]["value"], again.headers["ETag"]) == (stands, '"2"')
    assert [version["value"] for version in again.json()["history"]] == ["36", stands], (
        "nothing of the other's is there"
    )

    body = {"value": "45", "effective_on": "2009-08-01", "reason": "再次追加"}
    assert loser.post(f"{TARGET}/adjustments", body, **{"If-Match": again.headers["ETag"]}).is_success
    told = loser.get(f"{TARGET}/chronicle").json()["items"]
    assert [(line["from_value"], line["to_value"]) for line in told] == [
        (None, "36"), ("36", stands), (stands, "45"),
    ]  # fmt: skip


def test_a_withdrawal_does_not_overtake_an_adjustment_that_was_not_read(clerks: tuple[Clerk, Clerk]) -> None:
    first, second = clerks
    etag = first.get(TARGET).headers["ETag"]
    body = {"value": "48", "effective_on": "2009-08-10", "reason": "追加"}
    assert first.post(f"{TARGET}/adjustments", body, **{"If-Match": etag}).is_success
    late = second.post(f"{TARGET}/withdrawals", {"effective_on": "2009-08-11", "reason": "取消"}, **{"If-Match": etag})
    assert (late.status_code, late.json()["code"]) == (412, "VERSION_CONFLICT")
    assert first.get(TARGET).json()["target"]["withdrawn"] is False
