"""What goes in by POST …/progress, and what is refused there, where and why."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection

from services.projects import door
from shared.canonical import sha256_hex
from shared.contracts import decode, target_tables
from shared.event_log.ids import event_id
from shared.event_log.port import LogBusy
from shared.projections import Folded, LogFold
from shared.proofs.receipts import KEY_NAME, Receipt, instant
from shared.year_states import YearState
from tests.services.projects.conftest import (
    ROADWORKS,
    THIRD_PART,
    J,
    Town,
    below_transport,
    event,
    faults,
    figure,
    second_part,
)

COUNTY = "urn:jikao:source:county"


def last(town: Town) -> bytes:
    reader = town.service.topics.events.reader(0)
    try:
        value = reader.read(town.records() - 1)[0].value
    finally:
        reader.close()
    assert value is not None
    return value


def test_a_submission_is_durable_when_its_receipt_is_given(any_town: Town) -> None:
    headers = any_town.headers("county_system", unit="transport", scope="own")
    answer = any_town.submit(figure(), headers=headers, time="2009-07-31T17:00:00+08:00")
    assert answer.status_code == 202, answer.text
    receipt = answer.json()
    stored = last(any_town)
    envelope = decode(stored)
    assert receipt == {
        "id": event_id(COUNTY, headers["Idempotency-Key"]), "status": "accepted", "sha256": sha256_hex(stored),
        "token": answer.headers["Jikao-Token"], "signed": receipt["signed"], "errors": [],
    }  # fmt: skip
    assert (envelope.source, envelope.id, envelope.subject) == (COUNTY, receipt["id"], "progress")
    assert (envelope.authrole, envelope.authscope) == ("county_system", "own")
    assert envelope.time == "2009-07-31T17:00:00+08:00"
    assert "somebody" not in stored.decode()
    assert msgspec.json.decode(envelope.data) == {"entries": [figure()]}
    assert any_town.get(f"{J}/groups", after=receipt["token"]).status_code == 200


def test_a_receipt_is_signed_and_says_what_was_taken_in_and_when(any_town: Town) -> None:
    receipt = any_town.submit(figure()).json()
    assert Receipt.verified(receipt["signed"], [any_town.key.verifier(KEY_NAME)]) == Receipt(
        any_town.city.log, COUNTY, receipt["id"], sha256_hex(last(any_town)), "2009-08-01T00:00:00.000Z"
    )


@pytest.mark.parametrize("simulated", [False])
def test_a_receipt_bears_the_time_at_which_the_log_appended_the_record_and_its_repeat_the_same(town: Town) -> None:
    headers = town.office()
    receipt = town.submit(figure(), headers=headers).json()
    reader = town.service.topics.events.reader(0)
    appended_at = reader.read(town.records() - 1)[0].appended_at
    reader.close()
    signed = Receipt.verified(receipt["signed"], [town.key.verifier(KEY_NAME)])
    assert signed.time == instant(appended_at)
    assert town.submit(figure(), headers=headers).json()["signed"] == receipt["signed"]


def test_what_was_refused_gets_no_signature(town: Town) -> None:
    answer = town.batch(event("1"), event("2", figure(unit_of_measure="person")))
    taken, refused = answer.json()["receipts"]
    assert Receipt.verified(taken["signed"], [town.key.verifier(KEY_NAME)]).id == "1"
    assert (refused["status"], refused["signed"]) == ("rejected", None)


def test_a_repeat_gets_the_first_receipt_and_appends_nothing(any_town: Town) -> None:
    headers = any_town.office()
    first = any_town.submit(figure(), headers=headers).json()
    before = any_town.records()
    again = any_town.submit(figure(), headers=headers)
    assert again.status_code == 202
    assert again.json() == first | {"status": "duplicate"}
    assert any_town.records() == before


def test_a_repeat_is_recognised_after_a_restart_and_after_its_month_was_locked(town: Town, make_town: Any) -> None:
    headers = town.office()
    first = town.submit(figure(), headers=headers).json()
    town.get(f"{J}/groups", after=first["token"])
    town.locks(7)
    url = str(town.service.engine.url)
    town.client.__exit__(None, None, None)
    town.client.__enter__ = lambda: town.client  # type: ignore[method-assign]
    again = make_town(url)
    assert again.submit(figure(), headers=headers).json() == first | {"status": "duplicate"}


class Held:
    """A projection that keeps the reader in its transaction: what is folded is told to the door, and not committed."""

    def __init__(self) -> None:
        self.entered, self.released = threading.Event(), threading.Event()

    def project(self, db: Connection, log: LogFold, batch: Sequence[Folded]) -> None:
        self.entered.set()
        assert self.released.wait(30)


@pytest.mark.parametrize("corrects", [False, True])
def test_a_repeat_is_no_refusal_though_its_first_try_is_still_being_read_and_its_month_locked(
    town: Town, corrects: bool
) -> None:
    named = {"source": COUNTY, "id": town.submit(figure()).json()["id"], "entry": 0}
    town.caught_up()
    read_side, door, headers, held = town.service.read_side, town.client.app.state.door, town.office(), Held()  # type: ignore[attr-defined]
    said = figure("55", corrects=named) if corrects else figure("55", on="2009-07-30")
    read_side.current = read_side.readers[0].into = replace(
        read_side.current, projections=(*read_side.current.projections, held)
    )
    with ThreadPoolExecutor() as pool:
        read_side.stop()
        first = town.submit(said, headers=headers).json()
        town.locks(7)
        read_side.start()
        door.recent.clear()  # as in a process that was started since
        assert held.entered.wait(30)
        read_side._hurry.clear()
        again = pool.submit(town.submit, said, headers=headers)
        again.add_done_callback(lambda _: read_side._hurry.set())  # it should wait, but need not
        assert read_side._hurry.wait(30)
        held.released.set()
        answer = again.result(30)
    assert answer.status_code == 202
    assert answer.json()["sha256"] == first["sha256"]
    assert answer.json()["status"] == ("accepted" if corrects else "duplicate")


def test_what_is_on_its_way_to_the_log_is_not_refused_before_it_is_there(town: Town) -> None:
    town.locks(7)
    town.caught_up()
    headers = town.office()
    refused = town.submit(figure(), headers=headers)
    assert refused.json()["code"] == "PERIOD_IS_LOCKED"
    door = town.client.app.state.door  # type: ignore[attr-defined]
    identity = (town.city.log, COUNTY, event_id(COUNTY, headers["Idempotency-Key"]))
    door.seen.add(*identity)
    door.on_their_way.add(identity)
    assert town.submit(figure(), headers=headers).json()["code"] == "NOT_YET_READ"
    door.on_their_way.clear()
    assert town.submit(figure(), headers=headers).json()["code"] == "PERIOD_IS_LOCKED"


def test_another_body_under_one_key_is_refused(any_town: Town) -> None:
    headers = any_town.office()
    any_town.submit(figure(), headers=headers)
    for body in ({"entries": [figure("55")]}, {"entries": [figure()], "time": "2009-07-31T17:00:00Z"}):
        answer = any_town.post(f"{J}/progress", body, headers)
        assert answer.status_code == 409
        assert answer.json()["code"] == "ID_REUSED"
        assert faults(answer) == [("ID_REUSED", "/header/Idempotency-Key")]


def test_what_was_refused_may_be_sent_again_under_its_key(town: Town) -> None:
    headers = town.office()
    assert town.submit(figure(on="2009-08-31"), headers=headers).status_code == 409
    town.city.clock("2009-08-31T18:00:00+08:00")
    assert town.submit(figure(on="2009-08-31"), headers=headers).status_code == 202


def test_a_repeated_withdrawal_goes_to_the_fold_which_knows_what_became_of_it(town: Town) -> None:
    first = town.submit(figure()).json()
    named = {"source": COUNTY, "id": first["id"], "entry": 0}
    headers = town.office()
    assert town.submit({"kind": "withdrawal", "withdraws": named}, headers=headers).json()["status"] == "accepted"
    before = town.records()
    assert town.submit({"kind": "withdrawal", "withdraws": named}, headers=headers).json()["status"] == "accepted"
    assert town.records() == before + 1


def test_a_correction_that_the_fold_may_have_refused_does_not_hold_its_identity(any_town: Town) -> None:
    town, headers = any_town, any_town.office()
    nothing = {"source": COUNTY, "id": "never-counted", "entry": 0}
    assert town.submit(figure("54", corrects=nothing), headers=headers).json()["status"] == "accepted"
    first = town.submit(figure(), headers=headers)
    assert first.json()["status"] == "accepted"
    before = town.records()
    for _ in range(2):
        assert town.submit(figure(), headers=headers).json() == first.json() | {"status": "duplicate"}
    assert town.records() == before
    assert town.submit(figure("55"), headers=headers).json()["code"] == "ID_REUSED"


def test_a_plain_figure_beside_a_correction_makes_the_identity_certain(town: Town) -> None:
    headers = town.office()
    correction = figure("54", on="2009-06-30", corrects={"source": COUNTY, "id": "never-counted", "entry": 0})
    first = town.submit(correction, figure(), headers=headers).json()
    assert town.submit(correction, figure(), headers=headers).json() == first | {"status": "duplicate"}


@pytest.mark.parametrize(
    ("entry", "status", "code", "member"),
    [
        (figure(on="2009-08-02"), 409, "DATE_IN_FUTURE", "/effective_on"),
        (figure(on="2008-12-31"), 409, "YEAR_IS_NOT_OPEN", "/effective_on"),
        (figure(target="nowhere"), 404, "TARGET_UNKNOWN", "/target"),
        ({**figure(), "kind": "project", "project": "nowhere"}, 422, "SUBMISSION_MALFORMED", "/target"),
        (figure(unit="county"), 404, "PART_UNKNOWN", "/unit"),
        (figure(measure="people"), 409, "MEASURE_UNKNOWN", "/measure"),
        (figure(unit_of_measure="person"), 409, "UNIT_OF_MEASURE_DIFFERS", "/unit_of_measure"),
        (figure("0.0000000000001", unit_of_measure="m"), 422, "SUBMISSION_MALFORMED", "/value"),
        (figure("0.000000000001", unit_of_measure="m"), 409, "UNIT_OF_MEASURE_DIFFERS", "/unit_of_measure"),
    ],
)
def test_each_refusal_names_the_entry_and_its_member(
    town: Town, entry: dict[str, Any], status: int, code: str, member: str
) -> None:
    before = town.records()
    answer = town.submit(figure(), entry)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert answer.json()["errors"][0]["pointer"] == f"/entries/1{member}"
    assert town.records() == before


def test_all_faulty_entries_are_named_and_the_first_decides_the_status(town: Town) -> None:
    answer = town.submit(figure(target="nowhere"), figure(on="2009-08-02"), figure(), figure(measure="people"))
    assert answer.status_code == 404
    assert faults(answer) == [
        ("TARGET_UNKNOWN", "/entries/0/target"),
        ("DATE_IN_FUTURE", "/entries/1/effective_on"),
        ("MEASURE_UNKNOWN", "/entries/3/measure"),
    ]


def test_one_series_and_date_stated_twice_is_refused(town: Town) -> None:
    answer = town.submit(figure("1"), figure("2", unit="transport"))
    assert answer.status_code == 409
    assert faults(answer) == [("STATED_TWICE", "/entries/0"), ("STATED_TWICE", "/entries/1")]


def test_a_locked_month_says_who_locked_it_why_and_how_to_have_it_reopened(town: Town) -> None:
    assert town.submit(figure()).status_code == 202
    town.locks(7)
    town.caught_up()
    answer = town.submit(figure())
    assert answer.status_code == 423
    problem = answer.json()
    assert problem["code"] == "PERIOD_IS_LOCKED"
    about = problem["about"]
    assert (about["month"], about["locked_by"], about["reason"]) == ("2009-07", "actor", "closed")
    assert about["position"] == town.records() - 1
    assert "reopen" in about["how_to_reopen"]
    assert "解锁" in about["how_to_reopen"]
    assert faults(answer) == [("PERIOD_IS_LOCKED", "/entries/0/effective_on")]


def test_a_year_that_does_not_run_says_its_state_and_when_it_takes_figures(town: Town) -> None:
    states: tuple[YearState, ...] = ("targets_issued", "running")
    for state in states:
        town.city.says(target_tables.YearMoved(year=2009, state=state), "year:2009")
    assert town.submit(figure()).status_code == 202
    town.city.says(target_tables.YearMoved(year=2009, state="closing"), "year:2009")
    town.caught_up()
    answer = town.submit(figure())
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "YEAR_DOES_NOT_ALLOW")
    about = problem["about"]
    assert (about["state"], about["asked"], about["allowed_in"]) == ("closing", "report", ["running"])
    assert about["position"] == town.records() - 1
    assert faults(answer) == [("YEAR_DOES_NOT_ALLOW", "/entries/0/effective_on")]


def test_the_door_hears_of_new_facts_before_it_refuses(town: Town) -> None:
    assert town.submit(figure()).status_code == 202
    assert town.submit(figure(unit="county")).status_code == 404
    second_part(town.city)
    assert town.submit(figure(unit="county")).status_code == 202
    below_transport(town.city)
    second_part(town.city, THIRD_PART, ROADWORKS)
    assert town.submit(figure(unit="roadworks")).status_code == 202
    ambiguous = town.submit(figure())
    assert (ambiguous.status_code, faults(ambiguous)) == (409, [("PART_IS_AMBIGUOUS", "/entries/0/unit")])


def test_what_is_out_of_scope_is_said_not_to_exist(town: Town) -> None:
    second_part(town.city)
    county = town.headers("county_system", unit="county", scope="own")
    assert town.submit(figure(unit="county"), headers=county).status_code == 202
    other = town.submit(figure(unit="transport"), headers=town.headers("unit", unit="county", scope="own"))
    assert (other.status_code, faults(other)) == (404, [("PART_UNKNOWN", "/entries/0/unit")])
    below_transport(town.city)
    stranger = town.headers("unit", unit="roadworks", scope="own")
    for unit in ({}, {"unit": "transport"}, {"unit": "nowhere"}):
        answer = town.submit(figure(**unit), headers=stranger)
        assert (answer.status_code, faults(answer)) == (404, [("TARGET_UNKNOWN", "/entries/0/target")])
    above = town.headers("unit", unit="transport", scope="own+below")
    assert town.submit(figure(unit="transport"), headers=above).status_code == 202
    listed = town.headers("unit", scope=("transport", "county"))
    assert town.submit(figure(unit="transport"), headers=listed).status_code == 202


def test_a_lock_outside_the_scope_is_not_told_of(town: Town) -> None:
    town.locks(7)
    below_transport(town.city)
    town.caught_up()
    answer = town.submit(figure(), headers=town.headers("unit", unit="roadworks", scope="own"))
    assert answer.json()["code"] == "TARGET_UNKNOWN"


def test_only_a_scope_of_all_corrects_what_another_source_reported(town: Town) -> None:
    first = town.submit(figure(), headers=town.headers("unit", unit="transport", scope="own")).json()
    named = {"source": COUNTY, "id": first["id"], "entry": 0}
    bureau: dict[str, Any] = {"unit": "transport", "scope": "own", "sources": ("bureau",)}
    for entry in (figure("55", corrects=named), {"kind": "withdrawal", "withdraws": named}):
        answer = town.submit(entry, headers=town.headers("unit", **bureau))
        assert (answer.status_code, faults(answer)) == (403, [("REFERENCE_OUT_OF_SCOPE", "/entries/0")])
    assert (
        town.submit(figure("55", corrects=named), headers=town.headers("office", sources=("bureau",))).status_code
        == 202
    )


def test_a_source_must_be_the_tokens_own_and_registered_for_its_client(town: Town) -> None:
    two = {"sources": ("county", "bureau")}
    path = f"{J}/progress"
    body = {"entries": [figure()]}
    unnamed = town.post(path, body, town.headers("office", **two))  # type: ignore[arg-type]
    assert (unnamed.status_code, faults(unnamed)) == (422, [("SOURCE_NOT_NAMED", "/query/source")])
    named = town.post(f"{path}?source=bureau", body, town.headers("office", **two))  # type: ignore[arg-type]
    assert named.status_code == 202
    foreign = town.post(f"{path}?source=bureau", body, town.headers("office"))
    assert (foreign.status_code, foreign.json()["code"]) == (403, "SOURCE_NOT_ALLOWED")
    none = town.post(path, body, town.headers("office", sources=()))
    assert (none.status_code, none.json()["code"]) == (403, "SOURCE_NOT_ALLOWED")
    unregistered = town.post(path, body, town.headers("office", sources=("ghost",)))
    assert (unregistered.status_code, unregistered.json()["code"]) == (403, "SOURCE_NOT_REGISTERED")
    stolen = town.post(path, body, town.headers("office", client="another-client"))
    assert (stolen.status_code, stolen.json()["code"]) == (403, "SOURCE_NOT_REGISTERED")


@pytest.mark.parametrize("role", ["leader", "auditor", "inspector", "certifier", "admin"])
def test_roles_that_only_read_submit_nothing(town: Town, role: str) -> None:
    answer = town.submit(figure(), headers=town.headers(role))
    assert (answer.status_code, answer.json()["code"]) == (403, "ROLE_MISSING")


def test_without_a_token_or_in_another_jurisdiction_nothing_is_taken(town: Town) -> None:
    body = {"entries": [figure()]}
    assert town.client.post(f"{J}/progress", json=body, headers={"Idempotency-Key": "k"}).status_code == 401
    assert town.post("/v1/jurisdictions/430200/progress", body).status_code == 404


def raw(town: Town, body: bytes, type_: str = "application/json") -> Any:
    return town.client.post(f"{J}/progress", content=body, headers=town.office() | {"Content-Type": type_})


def test_a_faulty_form_is_a_problem_with_pointers_and_nothing_is_written(town: Town) -> None:
    before = town.records()
    answer = raw(town, b'{"entries":[}')
    assert (answer.status_code, faults(answer)) == (422, [("JSON_INVALID", "")])
    answer = town.submit(figure(), figure(54.5), figure("1e3"))  # type: ignore[arg-type]
    assert answer.status_code == 422
    assert faults(answer) == [("NOT_A_QUANTITY", "/entries/1/value"), ("NOT_A_QUANTITY", "/entries/2/value")]
    assert town.records() == before
    chinese = town.submit(headers=town.office(**{"Accept-Language": "zh"}))
    assert chinese.json()["errors"] == [{"pointer": "/entries", "code": "TOO_SHORT", "message": "项数不足。"}]


@pytest.mark.parametrize("type_", ["text/plain", "application/cloudevents+json", ""])
def test_another_content_type_is_refused(town: Town, type_: str) -> None:
    answer = raw(town, b'{"entries":[]}', type_)
    assert (answer.status_code, faults(answer)) == (422, [("CONTENT_TYPE_NOT_TAKEN", "/header/Content-Type")])


def test_a_content_type_may_say_its_charset(town: Town) -> None:
    assert raw(town, json.dumps({"entries": [figure()]}).encode(), "application/json; charset=utf-8").status_code == 202


def test_over_a_thousand_entries_or_the_largest_record_is_too_large(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = town.submit(*(figure() for _ in range(1001)))
    assert (many.status_code, many.json()["code"]) == (413, "TOO_MANY_ENTRIES")
    monkeypatch.setattr(door, "LARGEST_RECORD", 100_000)
    large = town.submit(*(figure(on=(date(2009, 1, 1) + timedelta(days=n % 200)).isoformat(), corrects={
        "source": "urn:jikao:source:" + "a" * 64, "id": "绩" * 128, "entry": n}) for n in range(200)))  # fmt: skip
    assert (large.status_code, large.json()["code"]) == (413, "RECORD_TOO_LARGE")
    body = raw(town, b'{"entries":[' + b" " * (8 * 1024 * 1024) + b"]}")
    assert (body.status_code, body.json()["code"]) == (413, "BODY_TOO_LARGE")


def test_a_key_is_needed(town: Town) -> None:
    headers = town.office()
    del headers["Idempotency-Key"]
    answer = town.submit(figure(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_KEY_MISSING")


def test_a_full_log_says_when_to_come_back(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*_: object) -> None:
        raise LogBusy(retry_after=1)

    assert town.submit(figure()).status_code == 202
    monkeypatch.setattr(town.service.topics.events, "append", busy)
    headers = town.office()
    answer = town.submit(figure(), headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    monkeypatch.undo()
    assert town.submit(figure(), headers=headers).json()["status"] == "accepted"
