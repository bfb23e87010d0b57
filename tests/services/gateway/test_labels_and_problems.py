"""What codes and problems are called."""

from __future__ import annotations

from typing import get_args

import pytest
from fastapi.testclient import TestClient

from services.evaluation.steps_and_bands import StepStatus
from services.gateway.labels import NAMES
from services.targets.chronicle import Happening
from services.targets.issuing import IssuingStatus
from services.targets.signature import SignatureStatus
from shared.contracts import evaluation, logs, organisation, projects, target_kinds, targets
from shared.identity.callers import ROLES
from shared.year_states import Act, YearState

CODES = {
    "alignment_reasons": targets.AlignmentReason,
    "assignment_roles": targets.AssignmentRole,
    "audit_questions": evaluation.AuditPart.__annotations__["question"],
    "categories": targets.Category,
    "clocks": logs.LogOpened.__annotations__["clock"],
    "directions": targets.Direction,
    "issuers": targets.Issuer,
    "issuing_statuses": IssuingStatus,
    "project_levels": projects.ProjectLevel,
    "project_phases": projects.ProjectPhase,
    "roll_ups": targets.RollUp,
    "scoring_methods": target_kinds.ScoringMethod,
    "step_statuses": StepStatus,
    "tags": targets.Tag,
    "adjustment_statuses": targets.AdjustmentStatus,
    "alignment_choices": targets.AlignmentChoice,
    "target_kinds": targets.TargetKind,
    "target_happenings": Happening,
    "time_progress": targets.TimeProgress,
    "unit_kinds": organisation.UnitKind,
    "unit_changes": organisation.UnitChange,
    "post_kinds": organisation.PostKind,
    "signature_statuses": SignatureStatus,
    "year_acts": Act,
    "year_states": YearState,
}


@pytest.mark.parametrize("kind", CODES)
def test_every_code_of_the_contracts_has_a_label_and_no_other(kind: str) -> None:
    code = CODES[kind]
    if isinstance(code, str):  # an annotation of a module with postponed evaluation
        code = eval(code, {**vars(evaluation), **vars(logs)})
    assert set(NAMES[kind]) == set(get_args(code))


def test_every_role_has_a_label() -> None:
    assert set(NAMES["caller_roles"]) == set(ROLES)


def test_labels_are_open_to_everybody_in_both_languages(client: TestClient) -> None:
    del client.headers["Authorization"]
    labels = client.get("/v1/labels").json()["labels"]

    assert labels["unit_kinds"]["county"] == {"zh": "县市区", "en": "County or district"}
    assert labels["units_of_measure"]["wan_yuan"]["zh"] == "万元"
    assert labels["refusal_codes"]["PERIOD_IS_LOCKED"]["zh"]
    assert all(name["zh"] and name["en"] for names in labels.values() for name in names.values())


def test_the_type_of_a_problem_leads_to_its_explanation(client: TestClient) -> None:
    problem = client.get("/v1/unknown").json()
    answer = client.get(problem["type"], headers={"Accept-Language": "zh"})

    assert answer.json() == {
        "type": "/problems/no-such-address",
        "code": "NO_SUCH_ADDRESS",
        "status": 404,
        "meaning": "此地址没有任何内容。",
    }
    assert client.get("/problems/nothing").status_code == 404
    listed = [item["code"] for item in client.get("/problems/").json()["items"]]
    assert listed == sorted(listed)
    assert {"RATE_EXCEEDED", "SERVICE_SILENT", "SERVICE_UNREACHABLE"} <= set(listed)
