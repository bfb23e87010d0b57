"""A milestone, a qualitative and a withdrawn target on their way through every service, from issue to figure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from shared.identity.callers import ROLES
from tests.services.standalone.whole import CITY, OURS, YEAR, Whole, figure, fill, target, whole

STEPS = [("design", "40", "2009-03-31"), ("build", "60", "2009-08-15")]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole(tmp_path_factory.mktemp("kinds") / "data") as running:
        fill(running)
        yield running


def issue(city: Whole, code: str, **changes: Any) -> None:
    city.done(f"{YEAR}/targets", target(code) | {"roll_up": "lead", "value": "100"} | changes)
    part = {"unit": OURS, "role": "lead", "valid_from": "2009-01-01"}
    city.done(f"{YEAR}/targets/{code}/assignments", part)


def report(city: Whole, code: str, **entry: Any) -> Response:
    entries = [figure(code, OURS) | entry]
    return city.send("POST", f"{CITY}/progress?source={OURS}", city.token(*ROLES), {"entries": entries})


def completion(city: Whole, code: str, **query: str) -> Response:
    address = f"{YEAR}/targets/{code}/completion"
    return city.send("GET", address, city.token("office"), params=query | {"after": str(city.after)})


def refusal(answer: Response) -> tuple[int, str, str]:
    said = answer.json()
    fault = said["errors"][0]
    return answer.status_code, said["code"], fault["pointer"]


def test_a_milestone_target_from_its_issue_to_its_figure(city: Whole) -> None:
    measures = [{"code": code, "name": {"zh": code}, "unit_of_measure": "item"} for code, _, _ in STEPS]
    steps = [{"measure": code, "share": share, "due_on": due_on} for code, share, due_on in STEPS]
    issue(city, "station", kind="milestone", measures=measures, steps=steps)
    half = report(city, "station", measure="build", value="0.5", unit_of_measure="item")
    assert refusal(half) == (409, "STEP_IS_REACHED_OR_NOT", "/entries/0/value")
    assert report(city, "station", measure="design", value="1", unit_of_measure="item").status_code == 202
    said = completion(city, "station").json()["target"]
    assert (said["rate"], said["target_value"], said["unit_of_measure"]) == ("0.4", "100", "percent")
    assert [(step["measure"], step["status"]) for step in said["steps"]] == [
        ("design", "reached"), ("build", "overdue"),
    ]  # fmt: skip


def test_a_qualitative_target_from_its_issue_to_its_verified_band(city: Whole) -> None:
    measures = [{"code": "band", "name": {"zh": "等次"}, "unit_of_measure": "percent"}]
    issue(city, "order", kind="qualitative", measures=measures, text="按方案评定")
    between = report(city, "order", value="90", unit_of_measure="percent")
    assert refusal(between) == (409, "NOT_A_BAND", "/entries/0/value")
    taken = report(city, "order", value="100", unit_of_measure="percent")
    assert taken.status_code == 202
    assert completion(city, "order").json()["target"]["band"] == "excellent"
    entry = {"source": f"urn:jikao:source:{OURS}", "id": taken.json()["id"], "entry": 0}

    def verify(value: str, language: str = "en") -> Response:
        body = {"entry": entry, "value": value, "unit_of_measure": "percent"}
        headers = {"Accept-Language": language}
        return city.send("POST", f"{CITY}/verifications", city.token("certifier"), body, headers=headers)

    assert refusal(verify("85")) == (409, "NOT_A_BAND", "/value")
    assert verify("85", "zh").json()["detail"].startswith("定性目标只能填报其等次所对应的百分比。")
    assert verify("80").status_code == 201
    said = completion(city, "order").json()["target"]
    assert (said["band"], said["rate"], said["parts"][0]["level"]["standing"]) == ("good", "0.8", "verified")


def test_a_withdrawn_target_takes_no_more_entries_and_is_in_no_later_figure(city: Whole) -> None:
    issue(city, "port", value="60")
    assert report(city, "port", effective_on="2009-06-30").status_code == 202
    before = completion(city, "port")
    body = {"effective_on": "2009-07-01", "reason": "省级取消该项任务"}
    withdrawn = city.send("POST", f"{YEAR}/targets/port/withdrawals", city.token("leader"), body,
                          headers={"If-Match": '"1"'})  # fmt: skip
    assert withdrawn.status_code == 201, withdrawn.text
    assert completion(city, "port").status_code == 404
    assert completion(city, "port", as_of="2009-06-30").json()["target"]["numerator"] == "20"
    pin = before.json()["pin"]
    then = completion(city, "port", known_at=f"position:{pin['position']}")
    assert then.json()["target"] == before.json()["target"]
    city.read_by_all()
    assert refusal(report(city, "port")) == (409, "TARGET_WITHDRAWN", "/entries/0/target")
    assert report(city, "port", effective_on="2009-05-31").status_code == 202


def test_an_installation_answers_the_same_after_a_restart(tmp_path: Path) -> None:
    with whole(tmp_path / "data") as running:
        fill(running)
        test_a_milestone_target_from_its_issue_to_its_figure(running)
        before = completion(running, "station").json()
    with whole(tmp_path / "data") as again:
        again.after = running.after
        assert completion(again, "station").json() == before
