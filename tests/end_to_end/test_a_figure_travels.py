"""A figure travels from its submission to a replayed date, through the public HTTP interface alone, in both forms."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from services.standalone.cli import main
from shared.identity.issuer import DevelopmentIssuer
from shared.testing.readiness import becomes_ready

from .conftest import Running

Json = dict[str, Any]
CODE = "430300"
J = f"/v1/jurisdictions/{CODE}"
YEAR = f"{J}/years/2009"
ROADS: Json = {
    "code": "roads",
    "name": {"zh": "改造县乡公路", "en": "County and township roads"},
    "issuer": "city",
    "category": "livelihood",
    "kind": "cumulative",
    "direction": "higher",
    "value": "60",
    "measures": [{"code": "length", "name": {"zh": "里程"}, "unit_of_measure": "km"}],
    "roll_up": "sum",
    "tags": ["practical_matter"],
    "effective_on": "2009-01-01",
}


@dataclass
class City:
    """One city's address, and everybody's tokens."""

    http: httpx.Client
    issuer: DevelopmentIssuer
    token: str = ""

    def headers(self, role: str) -> dict[str, str]:
        unit, source = ("transport", ["transport"]) if role == "unit" else (None, [])
        minted = self.issuer.mint(
            f"a person as {role}", "transport-system", [CODE], [role], unit, "own" if unit else "all", source
        )
        return {"Authorization": f"Bearer {minted}", "Prefer": "wait=30"}

    def post(self, role: str, path: str, body: object, key: str | None = None, **headers: str) -> httpx.Response:
        sent = {**self.headers(role), "Idempotency-Key": key or str(uuid.uuid4()), **headers}
        answer = self.http.post(path, json=body, headers=sent)
        self.token = answer.headers.get("Jikao-Token", self.token)
        return answer

    def done(self, role: str, path: str, body: object, key: str | None = None) -> Json:
        answer = self.post(role, path, body, key)
        assert answer.status_code in (201, 202), (path, answer.text)
        if answer.status_code == 202:  # a slow machine's log has it in a moment, and what comes next builds on it
            self.told("office", J)
        result: Json = answer.json()
        return result

    def get(self, role: str, path: str, **query: str) -> httpx.Response:
        after = {"after": self.token} if self.token else {}
        return self.http.get(path, params={**after, **query}, headers=self.headers(role))

    def told(self, role: str, path: str, **query: str) -> Json:
        answer = self.get(role, path, **query)
        assert answer.status_code == 200, (path, answer.text)
        result: Json = answer.json()
        return result

    def report(self, value: str, on: str, key: str | None = None, **more: object) -> httpx.Response:
        entry = {
            "kind": "target",
            "target": "roads",
            "value": value,
            "unit_of_measure": "km",
            "effective_on": on,
            **more,
        }
        return self.post("unit", f"{J}/progress", {"entries": [entry]}, key)


@pytest.fixture(scope="module")
def empty_city(running: Running) -> Iterator[City]:
    with httpx.Client(base_url=running.url, timeout=60, trust_env=False) as http:
        yield City(http, running.issuer)


@dataclass(frozen=True)
class Year:
    """The year as played: the city, the position before the correction, and the receipts."""

    city: City
    before: int
    first: Json
    corrected: Json


@pytest.fixture(scope="module")
def year(empty_city: City) -> Year:
    city = empty_city
    opening = {
        "jurisdiction": CODE,
        "zone": "Asia/Shanghai",
        "clock": "simulated",
        "instant": "2009-01-05T09:00:00+08:00",
    }
    city.done("admin", "/v1/jurisdictions", opening)
    for unit, name in (("transport", "市交通局"), ("finance", "市财政局")):
        body = {"code": unit, "name": {"zh": name}, "kind": "department", "valid_from": "2009-01-01"}
        city.done("admin", f"{J}/units", body)
    city.done("admin", f"{J}/sources", {"name": "transport", "client": "transport-system"})
    city.done("office", f"{J}/years", {"year": 2009})
    city.done("office", f"{YEAR}/targets", ROADS)
    part = {"unit": "transport", "role": "lead", "value": "60", "valid_from": "2009-01-01"}
    city.done("office", f"{YEAR}/targets/roads/assignments", part)
    city.done("admin", f"{J}/simulation/clock", {"instant": "2009-07-31T18:00:00+08:00"})
    first = city.report("30", "2009-07-31", key="july")
    assert first.status_code == 202, first.text
    before = city.told("office", J)["position"]
    city.done("admin", f"{J}/simulation/clock", {"instant": "2009-08-10T09:00:00+08:00"})
    entry = {"source": "urn:jikao:source:transport", "id": first.json()["id"], "entry": 0}
    corrected = city.report("36", "2009-07-31", corrects=entry)
    assert corrected.status_code == 202, corrected.text
    return Year(city, before, first.json(), corrected.json())


def figure(answer: Json) -> str:
    (part,) = answer["target"]["parts"]
    value: str = part["level"]["value"]
    return value


def code(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["trace_id"] == answer.headers["X-Request-Id"]
    assert problem["type"] == "/problems/" + problem["code"].lower().replace("_", "-")
    return answer.status_code, problem["code"]


def test_the_three_questions_have_three_answers(year: Year) -> None:
    path = f"{YEAR}/targets/roads/completion"
    now = year.city.told("leader", path)
    as_now_known = year.city.told("leader", path, as_of="2009-07-31")
    as_then_known = year.city.told("leader", path, as_of="2009-07-31", known_at=f"position:{year.before}")

    assert (figure(now), figure(as_now_known), figure(as_then_known)) == ("36", "36", "30")
    assert as_then_known["pin"]["position"] == year.before


def test_a_pin_gives_the_same_answer_for_ever(year: Year) -> None:
    path = f"{YEAR}/targets/roads/completion"
    first = year.city.get("leader", path, as_of="2009-07-31", known_at=f"position:{year.before}")
    pin = first.json()["pin"]
    text = pin if isinstance(pin, str) else f"{pin['log']}.{pin['as_of']}.{pin['position']}.{pin['root']}"

    assert year.city.get("leader", path, pin=text).content == first.content


def test_the_reporter_sees_what_came_of_it(year: Year) -> None:
    found = year.city.told("unit", f"{J}/submissions/transport/{year.first['id']}")

    (record,) = found["records"]
    assert [entry["outcome"] for entry in record["entries"]] == ["counted"]
    assert record["sha256"] == year.first["sha256"]


def test_a_sealed_audit_replays_equal(year: Year) -> None:
    sealed = year.city.done("office", f"{YEAR}/audits", {"parts": [{"question": "targets", "as_of": "2009-07-31"}]})
    replay = year.city.post("auditor", f"{YEAR}/audits/{sealed['id']}/replays?after={year.city.token}", None)

    assert replay.status_code == 200, replay.text
    assert (replay.json()["equal"], replay.json()["differences"]) == (True, [])


def test_the_command_line_replays_a_date_and_an_audit(year: Year, capsys: pytest.CaptureFixture[str]) -> None:
    sealed = year.city.done("office", f"{YEAR}/audits", {"parts": [{"question": "targets", "as_of": "2009-07-31"}]})
    year.city.told("auditor", f"{YEAR}/audits/{sealed['id']}")
    token = year.city.headers("auditor")["Authorization"].removeprefix("Bearer ")
    url = str(year.city.http.base_url)
    asked = ["replay", "--url", url, "--token", token, "--jurisdiction", CODE, "--year", "2009"]

    for what, expected in (
        (["--audit", sealed["id"]], '"equal": true'),
        (["--as-of", "2009-07-31", "--known-at", f"position:{year.before}"], f'"position": {year.before}'),
    ):
        with pytest.raises(SystemExit) as ended:
            main([*asked, *what])
        assert (ended.value.code, expected in capsys.readouterr().out) == (0, True)


def test_a_repeat_gets_the_first_outcome(year: Year) -> None:
    again = year.city.report("30", "2009-07-31", key="july")
    other = year.city.report("31", "2009-07-31", key="july")

    assert (again.status_code, again.json()["status"]) == (202, "duplicate")
    assert again.json()["sha256"] == year.first["sha256"]
    assert code(other) == (409, "ID_REUSED")


def test_raw_records_are_handed_out_in_order(year: Year) -> None:
    found = year.city.told("auditor", f"{J}/records", limit="3")

    assert [record["position"] for record in found["items"]] == [0, 1, 2]


def test_without_a_token_it_is_401(year: Year) -> None:
    answer = year.city.http.get(f"{YEAR}/completion")

    assert code(answer) == (401, "TOKEN_MISSING")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_without_the_role_it_is_403(year: Year) -> None:
    assert code(year.city.post("unit", f"{YEAR}/targets", {**ROADS, "code": "more-roads"})) == (403, "ROLE_MISSING")


def test_what_is_not_there_is_404(year: Year) -> None:
    elsewhere = year.city.get("office", "/v1/jurisdictions/430400/years/2009/completion")
    unknown = year.city.get("office", f"{YEAR}/targets/none/completion")
    nowhere = year.city.get("office", f"{J}/nothing")

    assert (code(elsewhere), unknown.status_code) == ((404, "JURISDICTION_NOT_FOUND"), 404)
    assert code(nowhere) == (404, "NO_SUCH_ADDRESS")


def test_what_a_rule_forbids_is_409(year: Year) -> None:
    assert code(year.city.post("office", f"{YEAR}/targets", ROADS)) == (409, "TARGET_CODE_TAKEN")


def test_what_is_malformed_is_422_and_says_where(year: Year) -> None:
    answer = year.city.report("1e3", "2009-07-31")

    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/entries/0/value"]
    assert code(year.city.get("leader", f"{YEAR}/completion", as_of="31.7.2009")) == (422, "AS_OF_INVALID")
    assert year.city.get("leader", f"{YEAR}/completion", as_of="2010-01-01").status_code == 422


def test_a_closed_month_is_423(year: Year) -> None:
    year.city.done("office", f"{YEAR}/locks", {"month": 3, "reason": "季度已结"})
    # The door judges by its own copy, which may be a moment behind: then the figure would be refused once it is read.
    year.city.told("office", f"{J}/groups")

    assert code(year.city.report("10", "2009-03-31")) == (423, "PERIOD_IS_LOCKED")


def test_one_document_describes_all_of_it(empty_city: City) -> None:
    document = empty_city.http.get("/openapi.json").json()

    assert {"targets", "projects", "evaluation", "gateway"} <= {tag["name"] for tag in document["tags"]}
    assert "post" in document["paths"]["/v1/jurisdictions/{jurisdiction}/progress"]


def test_every_problem_of_every_service_is_explained(year: Year) -> None:
    problem = year.city.post("office", f"{YEAR}/targets", ROADS).json()
    page = year.city.http.get(problem["type"], headers={"Accept-Language": "zh"})

    assert (page.status_code, page.json()["code"]) == (200, "TARGET_CODE_TAKEN")


def test_it_is_alive_and_ready(running: Running, empty_city: City) -> None:
    becomes_ready(running.url)
    for path in ("/healthz", "/v1/labels"):
        assert empty_city.http.get(path).status_code == 200


def test_read_models_are_rebuilt_beside_the_running_ones_and_say_the_same(year: Year) -> None:
    city = year.city
    before = city.told("auditor", f"{YEAR}/completion", as_of="2009-07-31")
    for service in ("targets", "projects", "evaluation"):
        assert code(city.post("office", f"/v1/operations/{service}/rebuilds", {})) == (403, "ROLE_MISSING")
        rebuilt = city.post("admin", f"/v1/operations/{service}/rebuilds", {})
        assert rebuilt.status_code == 200, rebuilt.text
        assert (rebuilt.json()["switched"], rebuilt.json()["differing"]) == (True, [])
    assert city.told("auditor", f"{YEAR}/completion", as_of="2009-07-31") == before
    assert city.report("37", "2009-08-05").status_code == 202
    assert city.told("auditor", f"{YEAR}/completion", as_of="2009-07-31")["pin"]["position"] > before["pin"]["position"]
