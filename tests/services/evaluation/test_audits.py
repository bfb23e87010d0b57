"""A mid-year audit is sealed at one position and answered again from the archive alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ColumnElement, Table, select

from services.evaluation.sealed import SEALED
from services.evaluation.tables import ARCHIVE
from shared.canonical import encode, sha256_hex
from shared.sql import writing
from tests.services.evaluation.served import Served, served

PARTS = [
    {"question": "projects", "as_of": "2009-07-31"},
    {"question": "practical_matters", "as_of": "2009-08-31"},
]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("audits")) as city:
        yield city


def audits(city: Served) -> list[str]:
    """The ids of those sealed so far."""
    return [row["id"] for row in city.get("/audits", limit=1000).json()["items"]]


@contextmanager
def tampered(city: Served, table: Table, row: ColumnElement[bool], **forged: bytes) -> Iterator[None]:
    """A row that somebody has changed, or without `forged` deleted; afterwards it is as it was."""
    with writing(city.engine) as db:
        kept = db.execute(select(table).where(row)).mappings().one()
        db.execute(table.delete().where(row))
        if forged:
            db.execute(table.insert().values(**(dict(kept) | forged)))
    try:
        yield
    finally:
        with writing(city.engine) as db:
            db.execute(table.delete().where(row))
            db.execute(table.insert().values(**kept))


def sealed(city: Served, **more: Any) -> dict[str, Any]:
    answer = city.post("/audits", {"parts": PARTS} | more)
    assert answer.status_code == 201, answer.text
    recorded: dict[str, Any] = answer.json()
    assert city.get(f"/audits/{recorded['id']}").status_code == 200  # it is read
    return recorded


def replayed(city: Served, audit: str) -> dict[str, Any]:
    answer = city.post(f"/audits/{audit}/replays", None, "auditor")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_sealed_audit_has_the_published_figures_and_replays_equal(city: Served) -> None:
    recorded = sealed(city, known_at="2009-08-31")
    audit = city.get(f"/audits/{recorded['id']}").json()
    document = audit["document"]
    assert sha256_hex(encode(document)) == audit["sha256"] == recorded["sha256"]
    practical, projects = document["parts"]
    assert practical["answer"]["totals"]["at_least_80"] == 21
    assert projects["answer"]["city"]["investment"] == "107.2"
    found = replayed(city, recorded["id"])
    assert (found["equal"], found["intact"], found["differences"]) == (True, True, [])
    assert found["recomputed_sha256"] == recorded["sha256"]
    assert found["recomputed_root"] == document["pin"]["root"]


def test_a_sealing_names_the_later_positions_that_touch_its_figures(city: Served) -> None:
    recorded = sealed(city, known_at="2009-08-31")
    bills = city.get("/targets/c-cooperative-outpatient-pooling/completion", as_of="2009-08-31").json()
    positions = {bills["target"]["parts"][0]["level"]["position"]}
    positions |= {level["position"] for level in bills["target"]["measures"][0]["levels"]}
    assert set(recorded["later"]) == positions
    assert sealed(city)["later"] == []


def test_as_now_known_and_as_then_known_are_two_audits(city: Served) -> None:
    then, now = sealed(city, known_at="2009-08-31"), sealed(city)
    assert then["sha256"] != now["sha256"]
    assert replayed(city, then["id"])["equal"]
    assert replayed(city, now["id"])["equal"]


def test_an_audit_stays_equal_when_later_facts_arrive(city: Served) -> None:
    recorded = sealed(city)
    before = city.get(f"/audits/{recorded['id']}").json()["document"]
    city.append(b"not a record")
    assert city.get(f"/audits/{recorded['id']}").json()["document"] == before
    assert replayed(city, recorded["id"])["equal"]


def test_a_replay_says_what_a_changed_record_makes_different(city: Served) -> None:
    recorded = sealed(city)
    archive = ARCHIVE.records
    bills = city.get("/targets/c-township-elderly-homes/completion", as_of="2009-08-31").json()["target"]
    position = bills["parts"][0]["level"]["position"]
    value = city.year.writing.records[position].value
    assert value is not None
    forged = value.replace(b'"value":"4"', b'"value":"5"')
    assert forged != value
    with tampered(city, archive, archive.c.position == position, value=forged):
        found = replayed(city, recorded["id"])
    assert (found["equal"], found["intact"]) == (False, True)
    pointers = {difference["pointer"] for difference in found["differences"]}
    assert "/pin/root" in pointers
    numerator = next(d for d in found["differences"] if d["pointer"].endswith("/numerator"))
    assert (numerator["first"], numerator["second"]) == ("4", "5")


def test_a_replay_says_that_a_record_is_missing(city: Served) -> None:
    recorded = sealed(city)
    with tampered(city, ARCHIVE.records, ARCHIVE.records.c.position == 7):
        found = replayed(city, recorded["id"])
    assert found["equal"] is False
    assert "position 7 is missing" in found["failure"]


def test_a_replay_says_that_the_kept_bytes_are_not_those_that_were_sealed(city: Served) -> None:
    recorded = sealed(city)
    with tampered(city, SEALED, SEALED.c.sha256 == recorded["sha256"], content=b'{"parts":[]}'):
        found = replayed(city, recorded["id"])
    assert (found["equal"], found["intact"]) == (False, False)
    assert found["recomputed_sha256"] == recorded["sha256"]
    assert found["differences"]


def test_sealing_again_supersedes_with_a_reason(city: Served) -> None:
    first = sealed(city, known_at="2009-08-31")
    refused = city.post("/audits", {"parts": PARTS, "supersedes": first["id"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "REASON_MISSING")
    second = sealed(city, supersedes=first["id"], reason="Late bills")
    assert city.get(f"/audits/{first['id']}").json()["superseded_by"] == [second["id"]]
    shown = city.get(f"/audits/{second['id']}").json()
    assert (shown["supersedes"], shown["reason"], shown["superseded_by"]) == (first["id"], "Late bills", [])


def test_audits_are_listed_in_pages_in_the_order_of_their_sealing(city: Served) -> None:
    made = [sealed(city)["id"] for _ in range(2)]
    found: list[str] = []
    query: dict[str, Any] = {"limit": 1}
    while True:
        page = city.get("/audits", **query).json()
        found += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == audits(city)
    assert found[-2:] == made


def test_a_repeat_under_one_key_gets_the_first_audit(city: Served) -> None:
    before = audits(city)
    first = city.post("/audits", {"parts": PARTS}, key="once").json()
    assert city.post("/audits", {"parts": PARTS}, key="once").json() == first
    reused = city.post("/audits", {"parts": PARTS[:1]}, key="once")
    assert (reused.status_code, reused.json()["code"]) == (409, "ID_REUSED")
    assert audits(city) == [*before, first["id"]]


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({"parts": []}, 422, "MALFORMED", "/parts"),
        ({"parts": [{"question": "weather", "as_of": "2009-07-31"}]}, 422, "MALFORMED", "/parts/0/question"),
        ({"parts": [PARTS[0], PARTS[0]]}, 422, "PART_STATED_TWICE", "/parts/1"),
        ({"parts": [PARTS[0], {"question": "targets", "as_of": "2009-12-01"}]}, 422, "AS_OF_IN_FUTURE",
         "/parts/1/as_of"),
        ({"parts": PARTS, "known_at": "yesterday"}, 422, "KNOWN_AT_INVALID", "/known_at"),
        ({"parts": PARTS, "known_at": "2009-12-01"}, 422, "KNOWN_AT_OUT_OF_BOUNDS", None),
        ({"parts": PARTS, "more": 1}, 422, "MALFORMED", "/more"),
        ({"parts": PARTS, "supersedes": "0" * 8 + "-0000-7000-8000-" + "0" * 12, "reason": "r"}, 409,
         "SUPERSEDED_AUDIT_UNKNOWN", "/supersedes"),
    ],
)  # fmt: skip
def test_what_cannot_be_sealed_is_refused_and_nothing_is_written(
    city: Served, body: dict[str, Any], status: int, code: str, pointer: str | None
) -> None:
    before = audits(city)
    answer = city.post("/audits", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [error["pointer"] for error in answer.json()["errors"]] == ([pointer] if pointer else [])
    assert audits(city) == before


def test_only_the_office_and_inspectors_seal(city: Served) -> None:
    assert city.post("/audits", {"parts": PARTS}, "inspector").status_code == 201
    for role in ("leader", "auditor", "unit", "certifier", "admin"):
        assert city.post("/audits", {"parts": PARTS}, role).status_code == 403
    for role, status in (("office", 200), ("auditor", 200), ("leader", 200), ("unit", 403), ("admin", 403)):
        assert city.get("/audits", role).status_code == status


def test_an_unknown_audit_is_404(city: Served) -> None:
    id = "01978d5e-0000-7000-8000-000000000001"
    assert city.get(f"/audits/{id}").json()["code"] == "AUDIT_UNKNOWN"
    assert city.post(f"/audits/{id}/replays", None).status_code == 404


def test_an_audit_is_sealed_and_replayed_on_each_kind_of_database(tmp_path: Path, database_url: str) -> None:
    with served(tmp_path, database_url) as city:
        recorded = sealed(city, known_at="2009-08-31")
        assert len(recorded["later"]) == 2
        assert replayed(city, recorded["id"])["equal"]
