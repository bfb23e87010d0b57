"""Everything that the published document offers, attacked through the document itself: the same test for both forms.

Schemathesis draws what the document allows and what it forbids. No answer may be a fault of ours, none may be one that
the document does not tell of, and what is malformed is refused. Each form is a file of its own, so that they may be
attacked side by side.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import schemathesis
import schemathesis.engine
from hypothesis import strategies as st
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import Status, StopReason, events

from services.targets.default_letter import default_letter
from services.targets.workbook import template
from shared.identity.callers import ROLES
from shared.testing.readiness import becomes_ready
from tests.end_to_end.conftest import Running
from tests.services.standalone.test_roles_and_scopes import codes, places
from tests.services.standalone.whole import OURS, THEIRS, Whole

REFUSALS = ["401", "403", "404", "405", "406", "409", "410", "412", "413", "415", "422", "423", "428", "429"]
"""What may come of a request that the document forbids. A fault (5xx) is no refusal."""

SHORT = 5
"""Requests drawn for an operation by `make test`; beyond, everything that takes longer is done too."""
METHODS = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE"]

CHECKS: dict[str, Any] = {
    # A request of the right form may still break a rule of the city.
    "positive_data_acceptance": {"enabled": False},
    "negative_data_rejection": {"expected-statuses": REFUSALS},
    "missing_required_header": {"expected-statuses": REFUSALS},
}


BODY = ParameterLocation.BODY
LETTER = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def may_be_taken(case: schemathesis.Case[Any]) -> bool:
    """Is there a good reason to grant a request that Schemathesis takes for one that the document forbids?

    `mode=check` is there to take what is faulty and to answer what its faults are. And no file's bytes break a schema
    that says no more than `binary`, but Schemathesis, looking again after the hook below, has it that they do.
    """
    elsewhere = [of.mode for place, of in case.meta.components.items() if place is not BODY] if case.meta else []
    only_a_file = isinstance(case.body, bytes) and not any(mode.is_negative for mode in elsewhere)
    return case.query.get("mode") == "check" or only_a_file


def known(city: Whole, path: str) -> dict[str, list[str]]:
    """The parts of an address, and what of this city they may name: of either unit."""
    found = [places(city, unit) for unit in (OURS, THEIRS)]
    there = {name: {of[name] for of in found} for name in found[0]}
    for each in (*codes(path, OURS), *codes(path, THEIRS)):
        for name, code in each.items():
            there[name].add(code)
    return {name: sorted(codes) for name, codes in there.items()}


def named(body: Any, city: Whole, turn: int) -> Any:
    """The body, naming what is there by the members that name something; of entries another one each turn."""
    unit = (OURS, THEIRS)[turn // 2 % 2]
    there = {
        "unit": OURS, "successor": THEIRS, "target": "roads", "project": "bridge", "unit_of_measure": "km",
        "province": city.ids["province"], "city": city.ids["city"], "effective_on": "2009-07-31",
        "entry": {"source": f"urn:jikao:source:{unit}", "id": city.ids[unit], "entry": turn % 2},
    }  # fmt: skip
    if isinstance(body, dict):
        return {name: there.get(name, named(value, city, turn)) for name, value in body.items()}
    return [named(each, city, turn) for each in body] if isinstance(body, list) else body


def aimed(document: dict[str, Any], city: Whole, most: int) -> dict[str, Any]:
    """The document, its addresses narrowed to what is there: an address drawn at random would only ever find a 404.

    A parameter that many operations take in the same words is read by the same code: `most` of them keep it.
    """
    taken: Counter[str] = Counter()
    for path, offered in document["paths"].items():
        there = known(city, path)
        for operation in offered.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path" and parameter["name"] in there:
                    numbers = parameter["schema"].get("type") == "integer"
                    meant = [int(each) if numbers else each for each in there[parameter["name"]]]
                    parameter["schema"] = {"type": "integer" if numbers else "string", "enum": meant}
            taken.update(map(json.dumps, operation.get("parameters", ())))
            operation["parameters"] = [
                parameter for parameter in operation.get("parameters", ())
                if parameter["in"] != "query" or parameter.get("required") or taken[json.dumps(parameter)] <= most
            ]  # fmt: skip
    return document


class Attacks:
    """What must be true of a form; `running` says of which."""

    @pytest.fixture
    def attacked(
        self, city: Whole, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[schemathesis.BaseSchema]:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        for kind, sound in ((WORKBOOK, template()), (LETTER, default_letter())):
            schemathesis.openapi.media_type(kind, st.just(sound) | st.binary(max_size=200))
            schemathesis.serializer(kind)(lambda context, value: value)
        examples = int(request.config.getoption("--attacks"))
        # Going through every bound of every field takes most of the time; both forms read requests by the same code.
        thorough = examples > SHORT or request.node.callspec.params["running"] == "standalone"
        config = schemathesis.Config.from_dict(
            {
                "seed": 20091231,
                "base-url": str(city.client.base_url),
                "request-timeout": 60,
                "headers": {"Authorization": f"Bearer {city.token(*ROLES)}"},
                "generation": {
                    "max-examples": examples, "deterministic": True, "no-shrink": True,
                },
                "checks": CHECKS,
                "phases": {
                    "coverage": {"enabled": thorough, "unexpected-methods": METHODS if examples > SHORT else ["PUT"]},
                    "stateful": {"enabled": False},
                },
            }
        )  # fmt: skip
        schema = schemathesis.openapi.from_dict(
            aimed(city.client.get("/openapi.json").raise_for_status().json(), city, 1_000 if examples > SHORT else 3),
            config=config,
        )
        keys = count()

        @schemathesis.hook  # this one exists only for all documents, so it is taken back below
        def before_call(
            context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]
        ) -> None:
            """A key of its own: under the key of an earlier request it would be answered without being looked at."""
            headers = case.meta.components.get(ParameterLocation.HEADER) if case.meta else None
            if headers is not None and headers.mode.is_positive and "Idempotency-Key" in case.headers:
                case.headers["Idempotency-Key"] = f"attack-{(key := next(keys))}"
                if "If-Match" in case.headers and key % 3:
                    case.headers["If-Match"] = f'"{key % 5 + 1}"'
                body = case.meta.components.get(BODY) if case.meta else None
                if body is not None and body.mode.is_positive and key % 2:
                    case.body = named(case.body, city, key // 2)

        yield schema
        schemathesis.hooks.unregister(before_call)

    def test_no_request_is_answered_by_a_fault_or_by_what_the_document_does_not_say(
        self, attacked: schemathesis.BaseSchema, running: Running
    ) -> None:
        """Every operation of the document is reached; the number of requests is printed."""
        wrong: dict[str, str] = {}
        reached: Counter[str] = Counter()
        granted: set[str] = set()
        for event in schemathesis.engine.from_schema(attacked).execute():
            match event:
                case events.ScenarioFinished(recorder=recorder):
                    reached[recorder.label] += len(recorder.interactions)
                    answers = [made.response for made in recorder.interactions.values() if made.response is not None]
                    if any(200 <= answer.status_code < 300 for answer in answers):
                        granted.add(recorder.label)
                    for case, checks in recorder.checks.items():
                        sent = recorder.cases[case].value
                        for check in checks:
                            if check.name == "negative_data_rejection" and may_be_taken(sent):
                                continue
                            if check.status is Status.FAILURE and check.failure_info is not None:
                                failure = check.failure_info.failure
                                answer = recorder.interactions[case].response
                                told = "" if answer is None else f"{answer.status_code} {answer.content[:300]!r}"
                                wrong.setdefault(
                                    f"{recorder.label} {failure.title}",
                                    f"{failure.message}\n{told}\n{check.failure_info.code_sample}",
                                )
                case events.NonFatalError(label=label, value=value):
                    wrong.setdefault(f"{label} {type(value).__name__}", str(value))
                case events.FatalError(exception=exception):
                    raise exception
                case events.EngineFinished(stop_reason=reason):
                    assert reason is StopReason.COMPLETED
        print(f"{sum(reached.values())} requests for {len(reached)} operations, {len(granted)} granted at least once")
        print("never granted:", sorted(set(reached) - granted))
        offered = sum(len(operations) for operations in attacked.raw_schema["paths"].values())
        assert not wrong, f"{len(wrong)} faults\n\n" + "\n\n".join(f"{what}\n{how}" for what, how in wrong.items())
        assert len(reached) >= offered, "some operation was never reached"
        becomes_ready(running.url)
