"""Every route with every role and scope: what was not granted is refused, and what is refused tells nothing."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from httpx2 import Response

from shared.identity.callers import ROLES, Scope
from tests.services.standalone.whole import OURS, THEIRS, Whole, figure, fill, whole

EVERYBODY = frozenset(ROLES)
OFFICE, ADMIN = frozenset({"office"}), frozenset({"admin"})
CITY = frozenset({"office", "leader", "auditor", "inspector", "certifier"})
UNITS = frozenset({"unit", "county_system"})
NOBODY_NEEDED = {"list_labels", "list_problems", "explain_problem"}

# Who may: for what is about the whole jurisdiction, and needs a scope of `all`, first.
WHOLE: dict[str, frozenset[str]] = {
    "open_jurisdiction_log": ADMIN, "set_simulation_clock": ADMIN, "create_unit": ADMIN, "create_source": ADMIN,
    "create_person": ADMIN, "erase_person_name": ADMIN,
    "rename_responsible_unit": ADMIN, "move_responsible_unit": ADMIN, "end_responsible_unit": OFFICE | ADMIN,
    "take_unit_post": ADMIN, "leave_unit_post": ADMIN,
    "set_year_peer_group": OFFICE, "add_peer_group_member": OFFICE, "remove_peer_group_member": OFFICE,
    "list_sources": OFFICE | ADMIN | {"auditor"}, "get_source": OFFICE | ADMIN | {"auditor"},
    "list_persons": OFFICE | ADMIN, "get_person": OFFICE | ADMIN,
    "create_year": OFFICE, "import_year_catalogue": OFFICE, "align_year_catalogues": OFFICE,
    "issue_year_target": OFFICE, "adjust_year_target": OFFICE | {"leader"},
    "withdraw_year_target": OFFICE | {"leader"}, "assign_year_target": OFFICE,
    "hand_over_assignment": OFFICE, "state_target_decomposition": OFFICE,
    "lock_year_month": OFFICE, "unlock_year_month": OFFICE,
    "list_catalogues": CITY, "get_catalogue": CITY, "list_alignments": CITY, "get_alignment": CITY,
    "import_catalogue_workbook": OFFICE, "get_catalogue_template": CITY,
    "issue_aligned_targets": OFFICE,
    "list_edition_changes": CITY, "add_to_catalogue": OFFICE, "withdraw_catalogue_addition": OFFICE,
    "list_catalogue_additions": CITY, "set_year_weight_rule": OFFICE,
    "confirm_alignment_match": OFFICE, "revoke_alignment_match": OFFICE, "decide_alignment_outcome": OFFICE,
    "list_proposed_matches": CITY, "list_alignment_matches": CITY, "list_alignment_changes": CITY,
    "set_adjustment_cut_off": OFFICE, "review_target_adjustment": OFFICE,
    "approve_target_adjustment": frozenset({"leader"}), "refuse_target_adjustment": frozenset({"leader"}),
    "issue_target_tables": OFFICE, "move_assessment_year": OFFICE, "get_target_tables_workbook": CITY,
    "get_letter_template": CITY, "replace_letter_template": OFFICE,
    "define_group": OFFICE, "register_project": OFFICE,
    "get_completion": CITY | UNITS, "get_category_completion": CITY | UNITS, "get_practical_matters": CITY | UNITS,
    "get_groups_completion": CITY | UNITS, "get_group_completion": CITY | UNITS,
    "seal_audit": frozenset({"office", "inspector"}),
    "list_audits": CITY - {"certifier"}, "get_audit": CITY - {"certifier"}, "replay_audit": CITY - {"certifier"},
    "list_records": CITY, "export_records": CITY, "get_record_proof": CITY,
    "get_audit_document": CITY - {"certifier"},
    "sign_checkpoint": OFFICE | ADMIN | {"auditor"}, "list_checkpoints": CITY, "get_latest_checkpoint": CITY,
    "get_checkpoint": CITY, "get_consistency_proof": CITY, "adopt_log_engine": ADMIN,
}  # fmt: skip
WITHIN: dict[str, frozenset[str]] = {
    "get_jurisdiction": EVERYBODY, "list_units": EVERYBODY, "get_unit": EVERYBODY, "list_years": EVERYBODY,
    "get_unit_history": EVERYBODY, "list_posts": EVERYBODY,
    "list_peer_groups": CITY | UNITS, "get_peer_group": CITY | UNITS,
    "get_year": EVERYBODY, "list_groups": EVERYBODY,
    "list_targets": CITY | UNITS, "get_target": CITY | UNITS,
    "get_target_chronicle": CITY | UNITS, "list_target_changes": CITY | UNITS, "list_assignments": CITY | UNITS,
    "break_down_assignment": OFFICE, "state_part_decomposition": OFFICE, "get_matrix": CITY | UNITS,
    "get_adjustment_cut_off": EVERYBODY, "request_target_adjustment": OFFICE | {"unit"},
    "list_weights": CITY | UNITS,
    "list_adjustment_requests": CITY | UNITS, "get_adjustment_request": CITY | UNITS,
    "list_target_tables": CITY | UNITS, "get_target_table": CITY | UNITS, "get_responsibility_letter": CITY | UNITS,
    "sign_target_table": frozenset({"unit"}),
    "list_locks": EVERYBODY, "list_projects": CITY | UNITS, "get_project": CITY | UNITS,
    "plan_project": OFFICE, "change_plan": OFFICE, "start_project": OFFICE | {"unit"},
    "submit_progress": OFFICE | UNITS, "submit_events": OFFICE | UNITS,
    "get_target_completion": CITY | UNITS, "get_target_history": CITY | UNITS, "get_unit_completion": CITY | UNITS,
    "get_project_completion": CITY | UNITS, "list_unreported": CITY | UNITS,
    "verify_value": frozenset({"office", "certifier"}), "return_value": frozenset({"office", "certifier"}),
    "certify_value": frozenset({"office", "certifier"}),
    "list_submissions": CITY | UNITS, "get_submission": CITY | UNITS, "get_submission_proof": CITY | UNITS,
    "list_verifier_keys": EVERYBODY,
}  # fmt: skip
NEEDED = {
    "import_catalogue_workbook": {"issuer": "city"},
    "list_unreported": {"month": "8"},
    "list_target_changes": {"compare_as_of": "2009-07-31"},
    "list_edition_changes": {"since": "0190b2d6-4a00-7000-8000-000000000001"},
    "list_alignment_changes": {"since": "0190b2d6-4a00-7000-8000-000000000001"},
}
"""What some questions cannot do without."""

OPERATIONS = "rebuild_"
"""What an operator does to a service, rather than anybody to a jurisdiction."""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole(tmp_path_factory.mktemp("roles") / "data") as running:
        fill(running)
        yield running


@pytest.fixture(scope="module")
def document(city: Whole) -> dict[str, Any]:
    found: dict[str, Any] = city.client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, offered in document["paths"].items():
        for method, operation in offered.items():
            if not operation["operationId"].startswith(OPERATIONS):
                yield method.upper(), path, operation


def body_of(operation: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """The example that the document gives, as keyword arguments of a request."""
    if "requestBody" not in operation:
        return {}
    kind, content = next(iter(operation["requestBody"]["content"].items()))
    schema = content["schema"]
    if schema.get("format") == "binary":
        return {"content": b"synthetic", "headers": {"Content-Type": kind}}
    named = document["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
    example = content.get("example") or named.get("examples", [None])[0]
    assert example is not None, f"{operation['operationId']} has no example"
    return {"json": example, "headers": {"Content-Type": kind}}


def at(path: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: values[name[1]], path)


def places(city: Whole, unit: str) -> dict[str, str]:
    """What stands for the parts of a path, when it is about this unit."""
    ours = unit == OURS
    return {
        "jurisdiction": "430300", "year": "2009", "unit": unit, "source": unit, "id": city.ids[unit],
        "target": "roads" if ours else "health-only",
        "project": "bridge" if ours else "health-centre", "group": "all",
        "person": city.ids["person"], "slug": "malformed",
        "catalogue": city.ids["province"], "alignment": city.ids["alignment"], "audit": city.ids["audit"],
        "category": "livelihood", "peer_group": "bureaus" if ours else "health-bureaus",
        "post": city.ids["our post" if ours else "their post"], "match": city.ids["alignment"],
        "addition": city.ids["addition"],
        "size": city.ids["checkpoint"], "position": "7",
        "request": city.ids["our request" if ours else "their request"],
    }  # fmt: skip


def codes(path: str, unit: str) -> list[dict[str, str]]:
    """The targets, projects or groups that a path may name, one by one, as places beside those of `places`."""
    ours = unit == OURS
    several = {
        "group": ["all"],
        "project": ["bridge", "sites", "ward"] if ours else ["health-centre", "health-sites", "stop"],
        "target": ["roads", "shared", "taken"] if ours else ["health-only"],
    }
    name = next((name for name in several if f"{{{name}}}" in path), None)
    return [{}] if name is None else [{name: code} for code in several[name]]


def test_every_route_says_here_who_may_use_it(document: dict[str, Any]) -> None:
    offered = {operation["operationId"] for _, _, operation in operations(document)}
    assert offered == NOBODY_NEEDED | set(WHOLE) | set(WITHIN)
    open_to_all = {o["operationId"] for _, _, o in operations(document) if not o.get("security")}
    assert open_to_all == NOBODY_NEEDED


def test_every_combination_that_was_not_granted_is_refused(city: Whole, document: dict[str, Any]) -> None:
    scopes: tuple[Scope, ...] = ("all", "own", "own+below", (OURS,))
    wrong = []
    for (method, path, operation), role, scope in product(operations(document), ROLES, scopes):
        name = operation["operationId"]
        if name in NOBODY_NEEDED:
            continue
        needs_all = name in WHOLE
        granted = role in (WHOLE | WITHIN)[name] and (scope == "all" or not needs_all)
        if granted and method != "GET":
            continue  # what it does is the business of other tests
        token = city.token(role, scope=scope, unit=OURS)
        address = at(path, places(city, OURS) | codes(path, OURS)[0])
        headers = {"If-Match": '"1"'}
        body = body_of(operation, document)
        query = NEEDED.get(name, {})
        headers |= body.pop("headers", {})
        answer = city.send(method, address, token, headers=headers, params=query, **body)
        if (answer.status_code == 403) is granted or answer.status_code in (422, 500):
            wrong.append((name, role, scope, answer.status_code, answer.text[:200]))
    assert not wrong


def test_without_a_token_or_for_another_jurisdiction_nothing_is_told(city: Whole, document: dict[str, Any]) -> None:
    elsewhere = city.issuer.mint("tester", "tests", ["430400"], ROLES)
    for method, path, operation in operations(document):
        if operation["operationId"] in NOBODY_NEEDED:
            continue
        address = at(path, places(city, OURS) | codes(path, OURS)[0])
        body = body_of(operation, document)
        headers = body.pop("headers", {}) | {"If-Match": '"1"'}
        nobody = city.client.request(method, address, headers=headers, **body)
        assert nobody.status_code == 401, path
        assert nobody.headers["WWW-Authenticate"].startswith("Bearer"), path
        query = NEEDED.get(operation["operationId"], {})
        other = city.send(method, address, elsewhere, headers=headers, params=query, **body)
        assert (other.status_code, other.json()["code"]) == (404, "JURISDICTION_NOT_FOUND"), path


@pytest.mark.parametrize("role", ["unit", "county_system", "office", "auditor", "certifier"])
@pytest.mark.parametrize("scope", ["own", "own+below", (OURS,)])
def test_no_answer_to_a_narrow_scope_names_anything_of_another_unit(
    city: Whole, document: dict[str, Any], role: str, scope: Scope
) -> None:
    token = city.token(role, scope=scope, unit=OURS)
    for method, path, operation in operations(document):
        if method != "GET" or operation["operationId"] in NOBODY_NEEDED:
            continue
        named = {parameter["name"] for parameter in operation.get("parameters", ())}
        for unit in (OURS, THEIRS):
            for code in codes(path, unit):
                address = at(path, places(city, unit) | code)
                queries: list[dict[str, str]] = [NEEDED.get(operation["operationId"], {})]
                queries += [{"unit": THEIRS}] if "unit" in named and "{unit}" not in path else []
                queries += [{"compare_as_of": "2009-07-31"}] if "compare_as_of" in named else []
                for query in queries:
                    answer = city.send(method, address, token, params=query)
                    assert answer.status_code in (200, 403, 404), (address, answer.text)
                    said = answer.text
                    for asked in (address, *code.values(), unit):  # a refusal repeats what was asked, and no more
                        said = said.replace(asked, "") if unit == THEIRS else said
                    assert "health" not in said, (address, query, answer.text)
                    assert "卫生" not in said, (address, query, answer.text)
                    if unit == THEIRS and re.search(r"\{(unit|target|project|source|peer_group)\}", path):
                        assert answer.status_code in (403, 404), (address, answer.text)


ASKED_OTHERWISE: dict[str, tuple[str, ...]] = {
    "unit": (THEIRS,), "source": (THEIRS,), "target": ("health-only", "shared"), "outcome": ("refused", "counted"),
    "status": ("submitted",), "group": ("all",), "locked": ("true",), "month": ("1", "7"), "limit": ("1",),
    "as_of": ("2009-01-01", "2009-07-31"), "known_at": ("position:30", "2009-08-31"),
    "compare_as_of": ("2009-03-01",), "compare_known_at": ("position:20",),
}  # fmt: skip
"""Filters that name what is another unit's, short pages, other days and states of knowledge."""


@pytest.mark.parametrize("role", ["unit", "office"])
def test_no_filter_page_date_or_mixed_address_brings_another_units_names_to_light(
    city: Whole, document: dict[str, Any], role: str
) -> None:
    token = city.token(role, scope="own", unit=OURS)
    ours, theirs, answered = places(city, OURS), places(city, THEIRS), 0
    for method, path, operation in operations(document):
        if method != "GET" or operation["operationId"] in NOBODY_NEEDED | set(WHOLE):
            continue
        named = set(re.findall(r"{(\w+)}", path))
        addresses = {at(path, ours | code) for code in codes(path, OURS)}
        # One part of the address is ours, another theirs: our source and their submission, our unit and their target.
        addresses |= {at(path, ours | codes(path, OURS)[0] | {name: theirs[name]}) for name in named & set(theirs)}
        for address in addresses:
            asked = [NEEDED.get(operation["operationId"], {})]
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query":
                    asked += [
                        asked[0] | {parameter["name"]: each} for each in ASKED_OTHERWISE.get(parameter["name"], ())
                    ]
            for query in asked:
                for answer in walked(city, address, token, query):
                    assert answer.status_code in (200, 403, 404, 422), (address, query, answer.text)
                    answered += answer.is_success
                    reveals_nothing(answer, address, query)
    assert answered > 200, "hardly anything was answered, so hardly anything could have been revealed"


def walked(city: Whole, address: str, token: str, query: dict[str, str]) -> Iterator[Response]:
    """The answer, and the pages after it."""
    answer = city.send("GET", address, token, params=query)
    yield answer
    for _ in range(5):
        kind = answer.headers.get("Content-Type", "")
        cursor = answer.json().get("next_cursor") if kind == "application/json" else None
        if cursor is None:
            return
        answer = city.send("GET", address, token, params=query | {"cursor": cursor})
        yield answer


def reveals_nothing(answer: Response, address: str, query: dict[str, str]) -> None:
    """Neither body nor headers nor what a cursor is made of names what is the other unit's, but as it was asked."""
    said = answer.text + str(dict(answer.headers))
    for opaque in re.findall(r"[A-Za-z0-9_-]{24,}", said):
        said += (
            base64.urlsafe_b64decode(opaque + "=" * (-len(opaque) % 4)).decode("latin-1")
            if len(opaque) % 4 != 1
            else ""
        )
    for asked in sorted({*address.split("/"), *query.values()}, key=len, reverse=True):
        said = said.replace(asked, "") if "health" in asked else said
    assert "health" not in said, (address, query, answer.text)
    assert "卫生" not in said, (address, query, answer.text)


@pytest.mark.parametrize("scope", ["own", "own+below", (OURS,)])
def test_a_narrow_scope_changes_nothing_of_another_unit(city: Whole, document: dict[str, Any], scope: Scope) -> None:
    for method, path, operation in operations(document):
        name = operation["operationId"]
        if method == "GET" or name not in WITHIN or name.startswith("submit_"):
            continue  # what is submitted names its units inside: see below
        for role, at_entry in product(sorted(WITHIN[name]), (0, 1)):
            named = {"entry": {"source": f"urn:jikao:source:{THEIRS}", "id": city.ids[THEIRS], "entry": at_entry}}
            body = body_of(operation, document)["json"]
            body = body | (named if "entry" in body else {"unit": THEIRS} if "unit" in body else {})
            for code in (*codes(path, THEIRS), *([{"target": "shared"}] if "{target}" in path else [])):
                address = at(path, places(city, THEIRS) | code)
                token = city.token(role, scope=scope, unit=OURS)
                refused = city.send(method, address, token, body, headers={"If-Match": '"1"'})
                assert refused.status_code in (403, 404), (name, role, code, refused.text)
                reveals_nothing(refused, address, {"": THEIRS, "id": city.ids[THEIRS]})


def test_a_narrow_scope_sends_no_events_for_another_unit(city: Whole) -> None:
    token = city.token("county_system", scope="own", unit=OURS)
    for source, target in ((OURS, "health-only"), (THEIRS, "roads"), (THEIRS, "health-only")):
        entry = figure(target, THEIRS if target == "health-only" else OURS)
        event: dict[str, Any] = {
            "specversion": "1.0", "id": f"{source}-{target}", "source": f"urn:jikao:source:{source}",
            "type": "jikao.progress.submitted.v1", "data": {"entries": [entry]},
        }  # fmt: skip
        kind = {"Content-Type": "application/cloudevents+json"}
        refused = city.send("POST", "/v1/jurisdictions/430300/events", token, event, headers=kind)
        assert refused.status_code == 422, refused.text
        assert [receipt["status"] for receipt in refused.json()["receipts"]] == ["rejected"]
        reveals_nothing(refused, f"/{target}", {"id": event["id"], "source": THEIRS})


def test_a_narrow_scope_reports_nothing_for_another_unit(city: Whole) -> None:
    token = city.token("unit", scope="own", unit=OURS)
    for entry in (
        {"target": "health-only"}, {"target": "shared", "unit": THEIRS}, {"target": "nowhere"}, {"project": "stop"},
    ):  # fmt: skip
        kind = "project" if "project" in entry else "target"
        sent = {"kind": kind, "value": "1", "unit_of_measure": "km", "effective_on": "2009-07-31"} | entry
        refused = city.send("POST", "/v1/jurisdictions/430300/progress", token, {"entries": [sent]})
        assert refused.status_code in (404, 409), refused.text
        assert refused.json()["code"] in ("TARGET_UNKNOWN", "PART_UNKNOWN", "PROJECT_UNKNOWN")
        assert "health" not in refused.text.replace(entry.get("target", ""), "").replace(THEIRS, "")
