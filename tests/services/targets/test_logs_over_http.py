"""Opening a log, its clock, and what stands in the log afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from services.targets.main import build
from shared.canonical import sha256_hex
from shared.contracts import decode, decode_data
from shared.contracts.logs import LogOpened
from shared.event_log.directory import Directory, Listing, listing_record
from shared.event_log.ids import log_id
from shared.event_log.port import Topics
from shared.event_store.relay import Relay
from shared.identity.issuer import DevelopmentIssuer
from shared.sql import engine as open_engine
from tests.services.targets.conftest import CITY, Office


def listing(topics: Topics) -> Listing | None:
    """The listing of the city, after waiting for it a moment."""
    directory = Directory(topics.listings)
    directory.refresh(timeout=30)
    found = directory.by_jurisdiction("430300")
    directory.close()
    return found


def test_a_log_begins_with_the_record_that_its_listing_names(office: Office, topics: Topics) -> None:
    opened = office.opens()
    assert opened.status_code == 201, opened.text
    said = opened.json()
    assert said["log"].startswith("sim-")
    assert said == {"log": said["log"], "jurisdiction": "430300", "origin": f"jikao/{said['log']}",
                    "zone": "Asia/Shanghai", "clock": "simulated"}  # fmt: skip
    listed = listing(topics)
    assert listed is not None
    assert listed.log == said["log"]
    [record] = topics.events.reader(listed.partition).read(0, timeout=30)
    assert record.value is not None
    assert (record.key, sha256_hex(record.value)) == (said["log"], listed.record0_sha256)
    envelope = decode(record.value)
    assert isinstance(decode_data(envelope.type, envelope.data), LogOpened)
    assert not envelope.stream


def test_a_log_says_where_it_stands(office: Office) -> None:
    log = office.opens().json()["log"]
    said = office.get(CITY, who="auditor").json()
    assert (said["log"], said["zone"], said["clock"]) == (log, "Asia/Shanghai", "simulated")
    assert (said["position"], said["today"], said["pin"]["position"]) == (0, "2009-01-05", 0)


def test_a_log_under_the_brokers_clock(office: Office) -> None:
    opened = office.opens(clock="broker", instant=None)
    assert opened.status_code == 201
    assert not opened.json()["log"].startswith("sim-")
    assert office.get(CITY).json()["clock"] == "broker"
    refused = office.post(f"{CITY}/simulation/clock", {"instant": "2009-08-01T00:00:00Z"}, who="admin")
    assert (refused.status_code, refused.json()["code"]) == (404, "CLOCK_IS_NOT_SIMULATED")


def test_a_repeat_gets_the_first_opening_and_a_second_one_is_refused(office: Office) -> None:
    body = {"jurisdiction": "430300", "zone": "Asia/Shanghai", "clock": "broker"}
    first = office.post("/v1/jurisdictions", body, who="admin", key="open")
    again = office.post("/v1/jurisdictions", body, who="admin", key="open")
    assert (again.status_code, again.json()) == (201, first.json())
    reused = office.post("/v1/jurisdictions", body | {"zone": "Asia/Urumqi"}, who="admin", key="open")
    assert (reused.status_code, reused.json()["code"]) == (409, "ID_REUSED")
    second = office.post("/v1/jurisdictions", body, who="admin", key="other")
    assert (second.status_code, second.json()["code"]) == (409, "LOG_IS_OPEN_ALREADY")


def test_only_an_administrator_whose_token_names_the_jurisdiction_opens_its_log(
    office: Office, tokens: Callable[..., str]
) -> None:
    body = {"jurisdiction": "430300", "zone": "Asia/Shanghai", "clock": "broker"}
    assert office.post("/v1/jurisdictions", body, who="office").status_code == 403
    assert office.post("/v1/jurisdictions", body | {"jurisdiction": "430400"}, who="admin").status_code == 404
    assert office.get(CITY).status_code == 404


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"zone": "Asia/Atlantis"}, "ZONE_UNKNOWN", "/zone"),
        ({"instant": None}, "INSTANT_MISSING", "/instant"),
        ({"clock": "broker"}, "INSTANT_NOT_WANTED", "/instant"),
        ({"instant": "2009-02-30T09:00:00+08:00"}, "INSTANT_INVALID", "/instant"),
        ({"instant": "2009-01-05T09:00:00"}, "INSTANT_INVALID", "/instant"),
        ({"instant": "0001-01-01T00:00:00+14:00"}, "INSTANT_INVALID", "/instant"),
        ({"partition": 2}, "PARTITION_UNKNOWN", "/partition"),
        ({"partition": -1}, "MALFORMED", "/partition"),
        ({"jurisdiction": "4303"}, "MALFORMED", "/jurisdiction"),
        ({"clock": "sundial"}, "MALFORMED", "/clock"),
    ],
)
def test_what_is_no_opening(
    office: Office, topics: Topics, changes: dict[str, object], code: str, pointer: str
) -> None:
    refused = office.opens(**changes)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    assert topics.listings.end(0) == 0


def test_the_partition_can_be_chosen_and_else_the_emptiest_is_taken(
    office: Office, topics: Topics, tokens: Callable[..., str]
) -> None:
    office.minted["admin"] = tokens("admin", jurisdictions=("430300", "430400", "430500"))
    assert office.opens(partition=1).status_code == 201
    assert office.opens(jurisdiction="430400").status_code == 201
    directory = Directory(topics.listings)
    directory.refresh()
    assert [[each.jurisdiction for each in directory.in_partition(p)] for p in (0, 1)] == [["430400"], ["430300"]]
    directory.close()


def list_elsewhere(topics: Topics) -> None:
    key, value = listing_record(Listing(log_id(False), "430300", 0, "0" * 64), 0)
    topics.listings.append_all(0, [(key, value)])


def test_another_installation_was_there_before(office: Office, topics: Topics) -> None:
    list_elsewhere(topics)
    refused = office.opens()
    assert (refused.status_code, refused.json()["code"]) == (409, "LISTED_ELSEWHERE")
    assert topics.events.end(0) == 0


def test_another_installation_won_the_listing_while_we_stored_ours(
    office: Office, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    passing = Relay._pass

    def lose(self: Relay) -> int:
        if self.depth() and topics.listings.end(0) == 0:
            list_elsewhere(topics)
        return passing(self)

    monkeypatch.setattr(Relay, "_pass", lose)
    refused = office.opens()
    assert (refused.status_code, refused.json()["code"]) == (409, "LISTED_ELSEWHERE")


def test_an_opening_that_a_crash_interrupted_is_published_after_the_restart(
    engine: Engine,
    topics: Topics,
    issuer: DevelopmentIssuer,
    tokens: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as crash:
        crash.setattr(Relay, "_pass", lambda self: 0)
        crash.setattr("services.targets.api.logs.PUBLISHED_WITHIN", 0.05)
        with TestClient(build(engine, topics, issuer.verifier(), alone=True)[1]) as client:
            office = Office(client, tokens)
            accepted = office.opens()
            assert accepted.status_code == 202
    again = open_engine(str(engine.url))
    with TestClient(build(again, topics, issuer.verifier(), alone=True)[1]) as client:
        restarted = Office(client, tokens, after=office.after)
        assert listing(topics) is not None
        assert restarted.get(CITY).json()["log"] == accepted.json()["log"]


def test_the_clock_moves_forward_and_every_answer_with_it(office: Office) -> None:
    office.opens()
    office.clock("2009-08-31T18:00:00+08:00")
    assert office.get(CITY).json()["today"] == "2009-08-31"
    path = f"{CITY}/simulation/clock"
    back = office.post(path, {"instant": "2009-08-31T17:59:59+08:00"}, who="admin")
    assert (back.status_code, back.json()["code"]) == (409, "CLOCK_ONLY_MOVES_FORWARD")
    invalid = office.post(path, {"instant": "2009-13-01T00:00:00Z"}, who="admin")
    assert (invalid.status_code, invalid.json()["code"]) == (422, "INSTANT_INVALID")
    assert office.post(path, {"instant": "2009-09-01T00:00:00Z"}, who="office").status_code == 403
    body, key = {"instant": "2009-09-10T08:00:00+08:00"}, "september"
    first = office.post(path, body, who="admin", key=key)
    assert office.post(path, body, who="admin", key=key).json() == first.json()


def test_a_jurisdiction_without_a_log_is_unknown(office: Office) -> None:
    assert office.get(CITY).json()["code"] == "JURISDICTION_UNKNOWN"
    assert office.registers("transport").status_code == 404


def test_the_key_of_the_opening_may_be_used_again_for_a_command_in_the_log(office: Office) -> None:
    opening = {"jurisdiction": "430300", "zone": "Asia/Shanghai", "clock": "simulated",
               "instant": "2009-01-05T09:00:00+08:00"}  # fmt: skip
    assert office.post("/v1/jurisdictions", opening, who="admin", key="1").status_code == 201
    for key, month in (("1", "02"), ("2", "03")):
        instant = {"instant": f"2009-{month}-01T09:00:00+08:00"}
        assert office.post(f"{CITY}/simulation/clock", instant, who="admin", key=key).status_code == 201
    assert office.get(CITY, who="admin").json()["today"] == "2009-03-01"


@pytest.mark.parametrize("zone", ["EST5EDT", "Etc/GMT+1", "W-SU", "Asia/Shanghai"])
def test_every_time_zone_there_is_opens_a_log_that_can_be_read(office: Office, zone: str) -> None:
    assert office.opens(zone=zone).status_code == 201
    assert office.get(CITY, who="admin").json()["zone"] == zone
