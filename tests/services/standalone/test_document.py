"""The checked-in document changes only with a line for those who build on it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from httpx2 import Response

from services.standalone import document
from shared.errors import PreconditionMissing
from shared.http.preconditions import IF_MATCH_HEADER, IfMatchInvalid, IfMatchMissing
from shared.identity.callers import ROLES
from tests.services.standalone.test_roles_and_scopes import NEEDED, at, codes, operations, places
from tests.services.standalone.whole import CITY, OURS, YEAR, fill, whole


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> str:
    text = '{"openapi": "3.1.0"}\n'
    monkeypatch.setattr(document, "current", lambda: text)
    return text


def test_a_change_needs_the_document_and_a_line_that_names_it(tmp_path: Path, offered: str) -> None:
    assert "run `jikao openapi`" in (document.fault(tmp_path) or "")

    told = document.write(tmp_path)
    assert (tmp_path / document.DOCUMENT).read_text() == offered
    line = f"{document.DOCUMENT} {document.fingerprint(offered)}"
    assert line in told
    assert line in (document.fault(tmp_path) or "")

    (tmp_path / document.CHANGELOG).write_text(f"- The first document ({line}).\n")
    assert document.fault(tmp_path) is None
    assert "names it" in document.write(tmp_path)


def test_the_document_is_the_same_each_time() -> None:
    assert document.current() == document.current()


def test_the_document_says_what_a_change_without_its_version_is_refused_with() -> None:
    needing = 0
    for path in json.loads(document.current())["paths"].values():
        for operation in path.values():
            name, answers = operation["operationId"], operation["responses"]
            assert PreconditionMissing.code() not in answers.get("428", {}).get("description", ""), name
            needed = {each["name"]: each["required"] for each in operation.get("parameters", ())}.get(IF_MATCH_HEADER)
            if needed is not None:
                assert f"`{IfMatchInvalid.code()}`" in answers["422"]["description"], name
                assert (f"`{IfMatchMissing.code()}`" in answers.get("428", {}).get("description", "")) is needed, name
                needing += needed
    assert needing > 10


MADE_WITHOUT_IF_MATCH = {
    "makes something new": {
        "open_jurisdiction_log", "create_unit", "create_person", "create_source", "create_year", "take_unit_post",
        "import_year_catalogue", "import_catalogue_workbook", "add_to_catalogue", "align_year_catalogues",
        "confirm_alignment_match", "issue_year_target", "issue_aligned_targets", "request_target_adjustment",
        "register_project", "define_group", "seal_audit", "sign_checkpoint",
    },
    "only adds to the log: what it corrects it names by source, id and entry": {"submit_progress", "submit_events"},
    "names the one entry that it is about, and all that was ever said of it stays": {
        "verify_value", "certify_value", "return_value"
    },
    "names the hash of what is signed": {"sign_target_table"},
    "is final, whoever says so first": {"erase_person_name"},
    "goes forward only": {"set_simulation_clock", "adopt_log_engine"},
    "changes nothing that is recorded": {
        "replay_audit", "rebuild_targets", "rebuild_projects", "rebuild_evaluation"
    },
}  # fmt: skip


IF_MATCH_HEEDED_ONLY = {
    "adds to what others add to as well": {"assign_year_target", "break_down_assignment", "add_peer_group_member"},
    "is refused unless the month stands otherwise, and others close other months": {
        "lock_year_month", "unlock_year_month"
    },
    "is said once": {"plan_project", "start_project"},
    "is said again, and each stays on record": {"decide_alignment_outcome"},
}  # fmt: skip


def test_what_only_heeds_the_version_stands_here_with_the_reason_and_tells_it_to_its_user() -> None:
    found = {
        operation["operationId"]: operation["description"]
        for path in json.loads(document.current())["paths"].values()
        for operation in path.values()
        for each in operation.get("parameters", ())
        if each["name"] == IF_MATCH_HEADER and not each["required"]
    }
    assert sorted(found) == sorted(name for names in IF_MATCH_HEEDED_ONLY.values() for name in names)
    assert all("so it needs no If-Match" in " ".join(told.split()) for told in found.values())


def test_what_changes_a_thing_takes_the_version_that_was_read_or_stands_here_with_the_reason() -> None:
    without = set()
    for path in json.loads(document.current())["paths"].values():
        for method, operation in path.items():
            sent = {each["name"] for each in operation.get("parameters", ())}
            if method in ("post", "put", "patch", "delete") and IF_MATCH_HEADER not in sent:
                without.add(operation["operationId"])
    listed = [name for names in MADE_WITHOUT_IF_MATCH.values() for name in names]
    assert sorted(without) == sorted(listed)


def test_what_is_still_on_its_way_to_the_log_is_answered_in_the_same_shape() -> None:
    for path in json.loads(document.current())["paths"].values():
        for operation in path.values():
            if {"201", "202"} <= operation["responses"].keys():
                done, accepted = (
                    operation["responses"][status]["content"]["application/json"]["schema"] for status in ("201", "202")
                )
                assert accepted in (done, *done.get("anyOf", ())), operation["operationId"]


OURS_TO_DOCUMENT = ("ETag", "Jikao-Token", "Jikao-Position", "Location", "Retry-After", "WWW-Authenticate")


def test_every_header_that_an_answer_carries_is_in_the_document(tmp_path: Path) -> None:
    offered = json.loads(document.current())["paths"]
    routes = [
        (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operation)
        for path, operations in offered.items()
        for method, operation in operations.items()
    ]
    answered, missing = set[str](), set[tuple[str, int, str]]()

    def look(answer: Response) -> None:
        path, method = answer.request.url.path, answer.request.method
        matching = [each for m, pattern, each in routes if m == method and pattern.fullmatch(path)]
        for operation in matching[:1]:
            answered.add(operation["operationId"])
            said = operation["responses"].get(str(answer.status_code), {}).get("headers", {})
            absent = [name for name in OURS_TO_DOCUMENT if name in answer.headers and name not in said]
            missing.update((operation["operationId"], answer.status_code, name) for name in absent)

    with whole(tmp_path / "data") as city:
        city.client.event_hooks = {"response": [look], "request": []}
        fill(city)
        for method, path, operation in operations({"paths": offered}):
            if method == "GET":
                for code in codes(path, OURS):
                    address = at(path, places(city, OURS) | code)
                    query = NEEDED.get(operation["operationId"], {})
                    city.send("GET", address, city.token(*ROLES), params=query | {"after": city.after})
                    city.client.get(address)
        city.send("POST", f"{YEAR}/audits/{city.ids['audit']}/replays", city.token("auditor"))
        city.done(f"{CITY}/checkpoints", None)
        waiting = {"after": city.after, "known_at": "position:999999"}
        city.send("GET", f"{YEAR}/targets", city.token("office"), params=waiting)
    assert len(answered) > 80
    assert not missing


def test_every_operation_that_takes_if_match_says_whose_etag_that_is() -> None:
    offered = [each for path in json.loads(document.current())["paths"].values() for each in path.values()]
    etags = {
        each["operationId"]: each["responses"].get("200", {}).get("headers", {}).get("ETag", {}).get("description", "")
        for each in offered
    }
    for operation in offered:
        for parameter in operation.get("parameters", ()):
            if parameter["name"] == IF_MATCH_HEADER:
                name = operation["operationId"]
                reads = re.findall(r"`(\w+)`", parameter["description"].rpartition("It is in the answer of")[2])
                assert reads, f"{name}: say in the service's versions which read answers with what its If-Match takes"
                assert all(f"`{name}`" in etags[read] for read in reads), name
