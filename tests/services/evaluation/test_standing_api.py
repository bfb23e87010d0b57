"""Over HTTP: standings of values, outcomes of submissions, raw records, who has not reported."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from msgspec import UNSET
from sqlalchemy import Engine

from services.evaluation.main import build
from shared import merkle
from shared.contracts import projects, targets
from shared.contracts.evaluation import ValueCertified
from shared.contracts.shapes import EntryRef
from shared.contracts.target_tables import YearMoved
from shared.event_log.port import Topics
from shared.http.tokens import Written, encode_token
from shared.identity.issuer import DevelopmentIssuer
from shared.proofs.signing import SigningKey
from shared.sql import engine as open_engine
from shared.year_states import ALLOWED, ORDER, YearState
from tests.services.conftest import Tokens
from tests.services.evaluation.county import COUNTY_SOURCE, ROADS, County
from tests.shared.projections.city import roads

JULY = date(2009, 7, 31)


both_databases = pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)


def jobs(value: str, unit: str, on: date = JULY) -> projects.Entry:
    return projects.TargetFigure(target="jobs", unit=unit, value=value, unit_of_measure="person", effective_on=on)


@pytest.fixture
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """SQLite, or what a test asks for."""
    kind = getattr(request, "param", "sqlite")
    url = f"sqlite:///{tmp_path / 'service.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    engine = open_engine(url)
    yield engine
    engine.dispose()


@dataclass
class Office:
    """Asks and commands as one of several callers, always after everything written so far."""

    client: TestClient
    county: County
    tokens: Tokens

    def _caller(self, role: str, about: dict[str, Any]) -> dict[str, str]:
        token = self.tokens(role, jurisdictions=(self.county.jurisdiction,), **about)
        return {"Authorization": f"Bearer {token}"}

    def get(self, path: str, role: str = "office", **about: Any) -> Any:
        events = self.county.topics.events
        after = encode_token(Written(self.county.log, events.incarnation, 0, events.end(0) - 1))
        joint = "&" if "?" in path else "?"
        return self.client.get(
            f"/v1/jurisdictions/{self.county.jurisdiction}/{path}{joint}after={after}",
            headers=self._caller(role, about) | {"Prefer": "wait=10"},
        )

    def post(self, path: str, body: object, key: str, role: str = "office", **about: Any) -> Any:
        return self.client.post(
            f"/v1/jurisdictions/{self.county.jurisdiction}/{path}", json=body,
            headers=self._caller(role, about) | {"Idempotency-Key": key},
        )  # fmt: skip


@pytest.fixture
def office(engine: Engine, topics: Topics, issuer: DevelopmentIssuer, tokens: Tokens) -> Iterator[Office]:
    county = County(topics)
    county.open()
    county.reports(roads("54.5", JULY), id="roads/july")
    county.reports(jobs("40000", "transport"), jobs("1", "nobody"), id="jobs")
    county.reports(jobs("1", "nobody"), id="lost")
    county.send()
    _, app = build(engine, topics, issuer.verifier(), alone=True, key=SigningKey.generate())
    with TestClient(app) as client:
        yield Office(client, county, tokens)


def entry(id: str = "roads/july", at: int = 0) -> dict[str, object]:
    return {"source": COUNTY_SOURCE, "id": id, "entry": at}


def stated(value: str, unit_of_measure: str = "km", **named: Any) -> dict[str, object]:
    return {"entry": entry(**named), "value": value, "unit_of_measure": unit_of_measure}


@both_databases
def test_a_value_is_verified_in_any_unit_of_measure_then_certified_and_each_repeat_gets_the_first_outcome(
    office: Office,
) -> None:
    first = office.post("verifications", stated("54200", "m"), "v1")
    again = office.post("verifications", stated("54200", "m"), "v1")
    assert (first.status_code, again.status_code) == (201, 201), first.text
    assert first.json() == again.json()
    assert office.post("certifications", stated("54.1"), "c1", role="certifier").status_code == 201
    texts = [r["text"] for r in office.get("records?limit=1000").json()["items"] if "jikao.value." in (r["text"] or "")]
    assert ['"value":"54.2"' in texts[0], '"value":"54.1"' in texts[1], len(texts)] == [True, True, 2]


def test_a_value_that_was_not_verified_cannot_be_certified(office: Office) -> None:
    refused = office.post("certifications", stated("54"), "c1")
    assert (refused.status_code, refused.json()["code"]) == (409, "ENTRY_IS_NOT_VERIFIED")


@both_databases
def test_what_was_returned_counts_as_not_reported_and_stays_returned(office: Office) -> None:
    body = {"entry": entry(), "reason": "附件不符"}
    assert office.post("returns", body, "r1").status_code == 201
    units = {u["unit"]: u for u in office.get("years/2009/unreported?month=7").json()["units"]}
    assert {m["code"] for m in units["transport"]["missing"]} == {"roads"}
    assert office.post("returns", body, "r1").status_code == 201
    later = office.post("verifications", stated("54"), "v1")
    assert (later.status_code, later.json()["code"]) == (409, "ENTRY_IS_RETURNED")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (stated("54", id="never"), 404, "ENTRY_UNKNOWN"),
        (stated("54", at=7), 404, "ENTRY_UNKNOWN"),
        (stated("1", "person", id="jobs", at=1), 404, "ENTRY_UNKNOWN"),
        (stated("54", "person"), 422, "VALUE_NOT_CONVERTIBLE"),
        (stated("54", "furlong"), 422, "VALUE_NOT_CONVERTIBLE"),
    ],
)
def test_what_cannot_be_verified_is_refused_by_name(office: Office, body: object, status: int, code: str) -> None:
    refused = office.post("verifications", body, "v1")
    assert (refused.status_code, refused.json()["code"]) == (status, code)


def test_a_malformed_body_is_refused_with_pointers(office: Office) -> None:
    refused = office.post("verifications", stated("5e3") | {"extra": 1}, "v1")
    assert refused.status_code == 422
    assert {e["pointer"] for e in refused.json()["errors"]} == {"/value", "/extra"}


def test_an_entry_that_was_corrected_is_no_longer_current(office: Office) -> None:
    office.county.reports(roads("55", JULY), id="again")
    office.county.send()
    refused = office.post("verifications", stated("54"), "v1")
    assert (refused.status_code, refused.json()["code"]) == (409, "ENTRY_NOT_CURRENT")


def test_units_and_auditors_verify_nothing_and_a_narrow_office_only_its_own(office: Office) -> None:
    for role in ("unit", "auditor", "leader", "county_system", "admin"):
        assert office.post("verifications", stated("54"), "v1", role=role).status_code == 403
    assert office.post("verifications", stated("54"), "v1", scope=("county",)).json()["code"] == "ENTRY_UNKNOWN"
    assert office.post("verifications", stated("54"), "v1", scope=("transport",)).status_code == 201


def test_a_submission_says_what_became_of_each_entry(office: Office) -> None:
    (record,) = office.get("submissions/county/jobs").json()["records"]
    assert [(e["entry"], e["outcome"], e["code"]) for e in record["entries"]] == [
        (0, "counted", None), (1, "refused", "PART_UNKNOWN"),
    ]  # fmt: skip
    assert record["entries"][1]["message_zh"].startswith("该单位")
    assert office.get("submissions/county/roads/july").json()["records"][0]["counted"] == 1
    assert office.get("submissions/county/never").status_code == 404


@both_databases
def test_an_entry_that_met_a_lock_says_who_locked_it_why_and_how_to_have_it_reopened(office: Office) -> None:
    county = office.county
    county.says(targets.PeriodLocked(year=2009, month=7, target=ROADS, reason="取数"), "locks:2009")
    county.sends([roads("55", JULY), jobs("1", "nobody")])
    county.says(targets.PeriodUnlocked(year=2009, month=7, target=ROADS, reason="补报"), "locks:2009")
    county.send()
    (record,) = office.get("submissions/county/" + county.sent[-1].id).json()["records"]
    met, other = record["entries"]
    assert (met["code"], other["code"], other["lock"]) == ("PERIOD_IS_LOCKED", "PART_UNKNOWN", None)
    assert met["lock"]["how_to_reopen"].isascii() is False
    del met["lock"]["how_to_reopen"]
    assert met["lock"] == {"month": "2009-07", "target": "roads", "locked_by": "actor", "reason": "取数"}
    listed = office.get("submissions?outcome=refused").json()["items"][-1]
    assert listed["entries"][0]["lock"]["locked_by"] == "actor"


@both_databases
def test_refused_submissions_are_listed_page_by_page_at_one_position(office: Office) -> None:
    first = office.get("submissions?outcome=refused&limit=1").json()
    office.county.reports(jobs("1", "nobody"), id="later")
    office.county.send()
    second = office.get(f"submissions?outcome=refused&limit=1&cursor={first['next_cursor']}").json()
    assert [s["id"] for s in first["items"] + second["items"]] == ["jobs", "lost"]
    assert second["next_cursor"] is None
    assert office.get("submissions?outcome=counted&limit=1&cursor=" + first["next_cursor"]).status_code == 422


def test_a_county_system_sees_its_own_sources_only(office: Office) -> None:
    own: dict[str, Any] = {"role": "county_system", "unit": "transport", "scope": "own", "sources": ("county",)}
    other = own | {"sources": ("elsewhere",)}
    assert len(office.get("submissions", **own).json()["items"]) == 3
    assert office.get("submissions", **other).json()["items"] == []
    assert office.get("submissions?source=county", **other).json()["items"] == []
    assert office.get("submissions/county/jobs", **own).status_code == 200
    assert office.get("submissions/county/jobs", **other).status_code == 404
    assert office.get("submissions", role="admin").status_code == 403


@both_databases
def test_records_prove_their_own_root(office: Office) -> None:
    items: list[dict[str, Any]] = []
    following: int | None = 0
    while following is not None:
        page = office.get(f"records?from_position={following}&limit=5", role="auditor").json()
        items += page["items"]
        following = page["next_position"]
    leaves = [
        merkle.leaf_hash(merkle.leaf(r["position"], r["recorded_at"], base64.b64decode(r["value"]))) for r in items
    ]
    assert [leaf.hex() for leaf in leaves] == [r["leaf_hash"] for r in items]
    assert merkle.naive_root(leaves).hex() == items[-1]["root"]
    assert office.get("records", role="unit", unit="transport", scope="own").status_code == 403
    assert office.get("records", role="auditor", scope=("transport",)).json()["code"] == "WHOLE_JURISDICTION_ONLY"
    assert office.get("records?from_position=999", role="auditor").json()["items"] == []


@both_databases
def test_who_has_not_reported_is_told_unit_by_unit_on_both_axes(office: Office) -> None:
    now = office.get("years/2009/unreported?month=7").json()
    assert {u["unit"]: (u["coverage"], [m["code"] for m in u["missing"]]) for u in now["units"]} == {
        "county": ("0 of 1", ["jobs"]), "transport": ("1 of 1", []),
    }  # fmt: skip
    assert now["coverage"] == "1 of 2", "transport leads jobs without a value of its own: the county answers for them"
    before = now["pin"]["position"] - 3
    then = office.get(f"years/2009/unreported?month=7&known_at=position:{before}").json()
    assert then["coverage"] == "0 of 2"
    mid_july = office.get("years/2009/unreported?month=7&as_of=2009-07-15").json()
    assert mid_july["coverage"] == "0 of 2"
    own = office.get("years/2009/unreported?month=7", role="unit", unit="county", scope="own").json()
    assert [u["unit"] for u in own["units"]] == ["county"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("years/2009/unreported?month=13", 422, None),
        ("years/2009/unreported", 422, None),
        ("years/2009/unreported?month=7&as_of=2009-05-01", 422, "MONTH_NOT_BEGUN"),
        ("years/2010/unreported?month=1", 404, "YEAR_IS_UNKNOWN"),
        ("records?from_position=-1", 422, None),
        ("submissions/county/%00", 422, None),
        ("submissions?outcome=lost", 422, None),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(office: Office, path: str, status: int, code: str | None) -> None:
    refused = office.get(path)
    assert refused.status_code == status
    assert code is None or refused.json()["code"] == code


def moved(office: Office, *states: YearState, reason: str | None = None) -> None:
    for state in states:
        office.county.says(YearMoved(year=2009, state=state, reason=reason or UNSET), "year:2009")
    office.county.send()


@both_databases
def test_what_is_final_is_neither_verified_nor_certified_nor_returned_until_it_is_reopened(office: Office) -> None:
    assert office.post("verifications", stated("54.2"), "v1").status_code == 201
    moved(office, *ORDER[1:])
    acts = {
        "verifications": stated("50"),
        "certifications": stated("50"),
        "returns": {"entry": entry(), "reason": "误"},
    }
    for at, (act, body) in enumerate(acts.items()):
        refused = office.post(act, body, f"late{at}")
        assert (refused.status_code, refused.json()["code"]) == (409, "YEAR_DOES_NOT_ALLOW"), refused.text
        assert refused.json()["about"] == {
            "year": 2009, "state": "archived", "asked": "verify", "allowed_in": list(ALLOWED["verify"])
        }  # fmt: skip
    assert office.post("verifications", stated("54.2"), "v1").status_code == 201, "a repeat has its first outcome"
    moved(office, "appeals", reason="申诉成立")
    assert office.post("certifications", stated("50"), "c1").status_code == 201


def certified(office: Office) -> str | None:
    (told,) = office.get("years/2009/targets/roads/history").json()["entries"]
    return next((str(each["value"]) for each in told["standings"] if "closed_at" not in each), None)


@both_databases
def test_what_came_too_late_counts_as_before_until_the_second_engine_is_adopted(office: Office) -> None:
    moved(office, *ORDER[1:])
    ref = EntryRef(source=COUNTY_SOURCE, id="roads/july", entry=0)
    office.county.stands(ValueCertified(entry=ref, value="51"))
    office.county.send()
    assert certified(office) == "51", "older logs are judged as they were"
    assert office.post("engines", {"engine": 2}, "e1", role="admin").status_code == 201
    office.county.stands(ValueCertified(entry=ref, value="50"))
    office.county.send()
    assert certified(office) == "51"


def test_an_engine_is_adopted_once_and_only_if_it_is_here(office: Office) -> None:
    assert office.post("engines", {"engine": 2}, "e1").status_code == 403
    unknown = office.post("engines", {"engine": 999}, "e2", role="admin")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "ENGINE_IS_NOT_HERE")
    assert office.post("engines", {"engine": 2}, "e3", role="admin").status_code == 201
    for engine in (1, 2):
        again = office.post("engines", {"engine": engine}, f"again{engine}", role="admin")
        assert (again.status_code, again.json()["code"]) == (409, "ENGINE_IS_IN_FORCE")
        assert again.json()["about"] == {"engine": engine, "in_force": 2}
